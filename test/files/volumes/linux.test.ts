import assert from 'node:assert/strict'
import { linuxVolume, parseFindmnt, parseLsblk } from '../../../helper/files/volumes/linux.js'
import { deviceRelation, sharesDevice, type Described, type Volume } from '../../../helper/files/volumes/volume.js'
import { findmnt, LSBLK_OLD, LSBLK_STUDIO, type Row } from './captures/linux.js'

const studio = parseLsblk(LSBLK_STUDIO)
const IMAGES: Readonly<Record<string, string>> = { loop7: '/mnt/Mirror/images/archive 2019.img' }

function describeMount(row: Row, path = row.target, devices = studio): Described {
  const mount = parseFindmnt(findmnt(row), path)
  assert.ok(mount)
  return linuxVolume(mount, devices, path, (name) => IMAGES[name])
}

function volumeOf(row: Row, path?: string): Volume {
  return describeMount(row, path).volume
}

const ROOT: Row = { target: '/', source: '/dev/mapper/vg-root', fstype: 'ext4', numbers: '252:1' }
const MIRROR: Row = { target: '/mnt/Mirror', source: '/dev/md0', fstype: 'ext4', numbers: '9:0' }
const SCRATCH: Row = { target: '/scratch', source: '/dev/sdb2', fstype: 'ext4', numbers: '8:18' }
const USB: Row = { target: '/media/ann/Fotos Übersee', source: '/dev/sdc1', fstype: 'exfat', numbers: '8:33' }

describe('volumes of Linux', () => {
  it('a partition is its disk, with the identity that the file system gives itself', () => {
    assert.deepEqual(volumeOf(USB), {
      mountPoint: '/media/ann/Fotos Übersee',
      volumeId: '64F2-8E1A',
      label: 'Fotos Übersee',
      fileSystem: 'exfat',
      devices: ['wwn:0x5000c500c3333333'],
      medium: 'removable',
      isRotational: true,
      isReadOnly: false,
    })
  })

  it('LVM on LUKS on NVMe is followed down to the stick', () => {
    const { devices, medium, isRotational } = volumeOf(ROOT)
    assert.deepEqual(
      { devices, medium, isRotational },
      { devices: ['nvme:S4EWNX0R123456'], medium: 'internal', isRotational: false },
    )
  })

  it('two volumes in one LVM group, and two name spaces of one NVMe stick, are one device', () => {
    const home = volumeOf({ target: '/home', source: '/dev/mapper/vg-home', fstype: 'xfs', numbers: '252:2' })
    const second = volumeOf({ target: '/mnt/n2', source: '/dev/nvme0n2', fstype: 'ext4', numbers: '259:8' })
    assert.equal(deviceRelation(volumeOf(ROOT), home), 'shared')
    assert.equal(deviceRelation(volumeOf(ROOT), second), 'shared')
  })

  it('a RAID 1 is both its disks, and shares one with a partition beside it', () => {
    const mirror = volumeOf(MIRROR)
    assert.deepEqual(mirror.devices, ['wwn:0x50014ee2b1111111', 'wwn:0x50014ee2b2222222'])
    assert.equal(deviceRelation(mirror, volumeOf(SCRATCH)), 'shared')
    assert.equal(deviceRelation(mirror, volumeOf(USB)), 'separate')
  })

  it('two partitions of one USB drive are one device, and ntfs-3g is called by what it holds', () => {
    const windows = volumeOf({ target: '/media/ann/Windows', source: '/dev/sdc2', fstype: 'fuseblk', numbers: '8:34' })
    assert.equal(windows.fileSystem, 'ntfs')
    assert.equal(sharesDevice(windows, volumeOf(USB)), true)
  })

  it('btrfs and ZFS are every disk of their pool', () => {
    const uuid = '0b1b8c3e-5d0e-4d13-8d0a-1f5c52a7b001'
    const pool = volumeOf({ target: '/mnt/pool', source: '/dev/sdd', fstype: 'btrfs', uuid, numbers: '0:45' })
    assert.deepEqual(pool.devices, ['serial:S5SXNS0R400001A:1000204886016', 'serial:S5SXNS0R400002B:1000204886016'])
    const tank = volumeOf({ target: '/tank/photos', source: 'tank/photos', fstype: 'zfs', numbers: '0:60' })
    assert.deepEqual(tank.devices, ['wwn:0x5000c500c7777777'])
    const unknown = volumeOf({ target: '/other', source: 'other/photos', fstype: 'zfs', numbers: '0:61' })
    assert.deepEqual([unknown.devices, unknown.medium], [[], 'unknown'])
  })

  it('a serial number that every cheap bridge has tells nothing apart', () => {
    const card = volumeOf({ target: '/media/ann/EOS_DIGITAL', source: '/dev/sdf1', fstype: 'exfat', numbers: '8:81' })
    assert.deepEqual(card.devices, ['disk:sdf:63864569856'])
    assert.equal(card.medium, 'removable')
  })

  it('soldered eMMC is internal, an iSCSI disk is on the network, a multipath disk is one', () => {
    const emmc = volumeOf({ target: '/mnt/e', source: '/dev/mmcblk0p1', fstype: 'ext4', numbers: '179:1' })
    const san = volumeOf({ target: '/mnt/san', source: '/dev/sdh', fstype: 'ext4', numbers: '8:112' })
    const multipath = volumeOf({ target: '/mnt/m', source: '/dev/mapper/mpatha', fstype: 'xfs', numbers: '252:3' })
    assert.deepEqual([emmc.medium, san.medium], ['internal', 'network'])
    assert.deepEqual(multipath.devices, ['wwn:0x5000c500a1b2c3d4'])
  })

  it('a loop device leads to the file behind it, and to nothing when that cannot be told', () => {
    const row: Row = { target: '/mnt/a', source: '/dev/loop7', fstype: 'ext4', numbers: '7:7' }
    const { volume, backing } = describeMount(row)
    assert.deepEqual(
      [volume.medium, volume.label, backing],
      ['image', 'ARCHIVE', ['/mnt/Mirror/images/archive 2019.img']],
    )
    const mount = parseFindmnt(findmnt(row), '/mnt/a')
    assert.ok(mount)
    const lost = linuxVolume(mount, studio, '/mnt/a', () => undefined)
    assert.deepEqual([lost.volume.devices, lost.backing], [[], []])
  })

  it('a share is its host and share, whoever mounted it and however it is written', () => {
    const shares: readonly (readonly [string, string, string, string])[] = [
      ['nas.local:/volume1/photos', 'nfs4', 'nfs', 'nas/volume1/photos'],
      ['[2001:db8::1]:/export', 'nfs', 'nfs', '2001:db8::1/export'],
      ['//NAS/My Photos', 'cifs', 'smb', 'nas/My Photos'],
      ['ann@backup.example.org:', 'fuse.sshfs', 'sshfs', 'backup.example.org/'],
      ['https://cloud.example.org/remote.php/dav', 'fuse.davfs', 'webdav', 'cloud.example.org/remote.php/dav'],
      ['b2:bucket/photos', 'fuse.rclone', 'rclone', 'b2/bucket/photos'],
    ]
    for (const [source, fstype, fileSystem, device] of shares) {
      const volume = volumeOf({ target: '/mnt/share', source, fstype, numbers: '0:50' })
      assert.deepEqual([volume.fileSystem, volume.devices, volume.medium], [fileSystem, [device], 'network'], source)
      assert.equal('volumeId' in volume, false)
    }
  })

  it('a share below the one mount of GVfs is told by its folder', () => {
    const row: Row = { target: '/run/user/1000/gvfs', source: 'gvfsd-fuse', fstype: 'fuse.gvfsd-fuse', numbers: '0:55' }
    const volume = volumeOf(row, '/run/user/1000/gvfs/smb-share:server=NAS.local,share=my%20photos/2024')
    assert.deepEqual(volume.devices, ['nas/my photos'])
  })

  it('tmpfs is memory', () => {
    const { devices, medium } = volumeOf({ target: '/tmp', source: 'tmpfs', fstype: 'tmpfs', numbers: '0:30' })
    assert.deepEqual({ devices, medium }, { devices: ['memory'], medium: 'memory' })
  })

  it('an overlay and an encrypted folder lead to the folders below', () => {
    const options = String.raw`ro,relatime,lowerdir=/var/l/a\:b:/var/l/c,upperdir=/var/up\,per,workdir=/var/work`
    const overlay = describeMount({ target: '/', source: 'overlay', fstype: 'overlay', options, numbers: '0:70' })
    assert.deepEqual(overlay.backing, ['/var/up,per', '/var/l/a:b', '/var/l/c'])
    assert.equal(overlay.volume.isReadOnly, true)
    const vault = describeMount({
      target: '/mnt/v',
      source: '/home/ann/.vault',
      fstype: 'fuse.gocryptfs',
      numbers: '0:71',
    })
    assert.deepEqual(vault.backing, ['/home/ann/.vault'])
  })

  it("a folder of a virtual machine's host may lie on any disk, and is not called a device of its own", () => {
    const share = volumeOf({ target: '/mnt/c', source: 'C:\\', fstype: '9p', numbers: '0:80' })
    assert.deepEqual([share.devices, share.medium], [[], 'unknown'])
  })

  it('reads the quoted numbers and flags of old lsblk, and finds devices by number when it prints no paths', () => {
    const row: Row = {
      target: '/',
      source: '/dev/root',
      fstype: 'ext4',
      options: 'rw,errors=remount-ro',
      numbers: '8:1',
    }
    const { volume } = describeMount(row, '/', parseLsblk(LSBLK_OLD))
    assert.deepEqual(volume, {
      mountPoint: '/',
      volumeId: '8f0c3d2a-0000-4000-8000-00000000000a',
      fileSystem: 'ext4',
      devices: ['wwn:0x5000c5004fabcdef'],
      medium: 'internal',
      isRotational: true,
      isReadOnly: false,
    })
  })

  it('without lsblk the mount is known still, and its devices are not invented', () => {
    const { volume } = describeMount(USB, undefined, [])
    assert.deepEqual([volume.mountPoint, volume.fileSystem, volume.devices], ['/media/ann/Fotos Übersee', 'exfat', []])
  })

  describe('names of mount points', () => {
    const target = (text: string, path: string): string | undefined => parseFindmnt(text, path)?.target

    it('are taken as they are: blanks, accents, emoji, line breaks', () => {
      for (const name of ['/media/ann/Fotos Übersee', '/mnt/两 📷', '/mnt/a\nb', '/mnt/"q"\\'])
        assert.equal(target(findmnt({ ...USB, target: name }), `${name}/2024`), name)
    })

    it('are unescaped where an old findmnt wrote bytes as \\x.., and only there', () => {
      const escaped = String.raw`/media/ann/Fotos\x20\xc3\x9cbersee`
      assert.equal(
        target(findmnt({ ...USB, target: escaped }), '/media/ann/Fotos Übersee/2024'),
        '/media/ann/Fotos Übersee',
      )
      assert.equal(target(findmnt({ ...USB, target: escaped }), `${escaped}/2024`), escaped)
    })
  })

  it('of mounts over one another, the uppermost counts', () => {
    const below: Row = { target: '/mnt/x', source: '/dev/sdb2', fstype: 'ext4', numbers: '8:18' }
    const above: Row = { target: '/mnt/x', source: 'tmpfs', fstype: 'tmpfs', numbers: '0:31' }
    assert.equal(parseFindmnt(findmnt(below, above), '/mnt/x')?.type, 'tmpfs')
  })
})
