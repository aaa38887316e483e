import assert from 'node:assert/strict'
import { parseFirstPartitions } from '../../../helper/files/volumes/macos.js'
import { SYSTEMS } from '../../../helper/files/volumes/systems.js'
import { deviceRelation, type Described, type Volume } from '../../../helper/files/volumes/volume.js'
import { capturedAsking } from './captured-run.js'
import { APFS, DF, IMAGES, INFO, LIST, MOUNT, plist, RAID } from './captures/macos.js'

const ANSWERS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(Object.entries(DF).map(([path, output]) => [`df -P ${path}`, output])),
  ...Object.fromEntries(Object.entries(INFO).map(([device, output]) => [`diskutil info -plist ${device}`, output])),
  mount: MOUNT,
  'diskutil list -plist': LIST,
  'diskutil apfs list -plist': APFS,
  'diskutil appleRAID list -plist': RAID,
  'hdiutil info -plist': IMAGES,
}

async function describeOn(path: string, answers = ANSWERS): Promise<Described> {
  const described = await SYSTEMS.darwin?.(path, capturedAsking(answers))
  assert.ok(described)
  return described
}

async function volumeAt(path: string, answers = ANSWERS): Promise<Volume> {
  return (await describeOn(path, answers)).volume
}

function without(...commands: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(ANSWERS).filter(([command]) => !commands.includes(command)))
}

describe('volumes of macOS', () => {
  it('a folder of the start-up disk lies in its Data volume, on the internal SSD', async () => {
    assert.deepEqual(await volumeAt('/Users/ann/Pictures/2024'), {
      mountPoint: '/System/Volumes/Data',
      volumeId: '0F6E1F2A-0000-4000-8000-000000000005',
      label: 'Macintosh HD - Data',
      fileSystem: 'apfs',
      devices: ['gpt:AAAAAAAA-0000-4000-8000-000000000001'],
      medium: 'internal',
      isRotational: false,
      isReadOnly: false,
    })
  })

  it('two APFS volumes in one container of a USB drive are one device, and not the internal one', async () => {
    const [first, second] = [await volumeAt('/Volumes/Fotos & Reise'), await volumeAt('/Volumes/Second')]
    assert.deepEqual([first.medium, first.label, first.isRotational], ['removable', 'Fotos & Reise', false])
    assert.equal(deviceRelation(first, second), 'shared')
    assert.equal(deviceRelation(first, await volumeAt('/Users/ann/Pictures/2024')), 'separate')
  })

  it('a write-protected exFAT card with an old partition table is known by its volume', async () => {
    assert.deepEqual(await volumeAt('/Volumes/EOS 2/DCIM'), {
      mountPoint: '/Volumes/EOS 2',
      volumeId: '5D4F1F4E-0000-3000-8000-000000000061',
      label: 'EOS 2',
      fileSystem: 'exfat',
      devices: ['partition:5D4F1F4E-0000-3000-8000-000000000061'],
      medium: 'removable',
      isRotational: true,
      isReadOnly: true,
    })
  })

  it('a disk image leads to its file', async () => {
    const { volume, backing } = await describeOn('/Volumes/Archive')
    assert.deepEqual(
      [volume.medium, volume.devices, backing],
      ['image', [], ['/Volumes/Fotos & Reise/Archive.sparseimage']],
    )
  })

  it('a disk image whose file is not told is on no known device', async () => {
    const { volume, backing } = await describeOn('/Volumes/Archive', without('hdiutil info -plist'))
    assert.deepEqual([volume.medium, volume.devices, backing], ['image', [], []])
  })

  it('a RAM disk is memory', async () => {
    const { volume } = await describeOn('/Volumes/Scratch')
    assert.deepEqual([volume.medium, volume.devices], ['memory', ['memory']])
  })

  it('an Apple RAID mirror is both its disks', async () => {
    const { devices, fileSystem, medium } = await volumeAt('/Volumes/Mirror')
    assert.deepEqual(devices, ['gpt:DDDDDDDD-0000-4000-8000-000000000001', 'gpt:EEEEEEEE-0000-4000-8000-000000000001'])
    assert.deepEqual([fileSystem, medium], ['hfs+', 'removable'])
  })

  it('a disk made of others in a way that nobody tells is on no known device', async () => {
    const mirror = await volumeAt('/Volumes/Mirror', without('diskutil appleRAID list -plist'))
    const data = await volumeAt('/Users/ann/Pictures/2024', without('diskutil apfs list -plist'))
    assert.deepEqual([mirror.devices, mirror.medium], [[], 'unknown'])
    assert.deepEqual([data.devices, data.volumeId], [[], '0F6E1F2A-0000-4000-8000-000000000005'])
  })

  it('shares are on the network, without their user and with blanks', async () => {
    const smb = await volumeAt('/Volumes/My Photos')
    const nfs = await volumeAt('/Volumes/export')
    assert.deepEqual([smb.fileSystem, smb.devices, smb.medium], ['smb', ['nas/My Photos'], 'network'])
    assert.deepEqual([nfs.fileSystem, nfs.devices, nfs.medium], ['nfs', ['nas/volume1/export'], 'network'])
    assert.equal(deviceRelation(smb, nfs), 'shared')
  })

  it('an automatic mount that holds nothing yet is on no known device', async () => {
    const { devices, medium, mountPoint } = await volumeAt('/home/x')
    assert.deepEqual([devices, medium, mountPoint], [[], 'unknown', '/System/Volumes/Data/home'])
  })

  it('without diskutil the mount is known still, and its devices are not invented', async () => {
    const volume = await volumeAt('/Volumes/EOS 2/DCIM', {
      [`df -P /Volumes/EOS 2/DCIM`]: DF['/Volumes/EOS 2/DCIM'] ?? '',
      mount: MOUNT,
    })
    assert.deepEqual(volume, {
      mountPoint: '/Volumes/EOS 2',
      fileSystem: 'exfat',
      devices: [],
      medium: 'unknown',
      isReadOnly: true,
    })
  })

  it('an EFI volume, which has one identity on every Mac, is never the identity of a disk', () => {
    const efi = { Content: 'EFI', VolumeUUID: '0E239BC6-F960-3107-89CF-1C97F78BB46B' }
    const disk = (name: string, volume: string) => ({
      DeviceIdentifier: name,
      Partitions: [efi, { Content: 'Windows_FAT_32', VolumeUUID: volume }],
    })
    const list = plist({ AllDisksAndPartitions: [disk('disk4', 'A'), disk('disk5', 'B')] })
    assert.deepEqual([...parseFirstPartitions(list).values()], ['partition:A', 'partition:B'])
  })

  it('without df nothing is said', async () => {
    assert.equal(await SYSTEMS.darwin?.('/Users/ann', capturedAsking({})), undefined)
  })
})
