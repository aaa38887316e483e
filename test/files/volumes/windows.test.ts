import assert from 'node:assert/strict'
import { SYSTEMS } from '../../../helper/files/volumes/systems.js'
import { deviceRelation, type Described, type Volume } from '../../../helper/files/volumes/volume.js'
import { parseStorage, POWERSHELL, POWERSHELL_ARGUMENTS, windowsVolume } from '../../../helper/files/volumes/windows.js'
import { capturedAsking } from './captured-run.js'
import { STORAGE } from './captures/windows.js'

function describeOn(path: string, storage: unknown = STORAGE): Described {
  const described = windowsVolume(path, parseStorage(JSON.stringify(storage)))
  assert.ok(described, path)
  return described
}

function volumeAt(path: string, storage: unknown = STORAGE): Volume {
  return describeOn(path, storage).volume
}

describe('volumes of Windows', () => {
  it('a folder of C: lies on the internal SSD', () => {
    assert.deepEqual(volumeAt('C:\\Users\\Ann\\Pictures'), {
      mountPoint: 'C:\\',
      volumeId: 'A1B2-C3D4',
      label: 'Windows',
      fileSystem: 'ntfs',
      devices: ['serial:0025_38B1_1140_5F57.:1000204886016'],
      medium: 'internal',
      isRotational: false,
      isReadOnly: false,
    })
  })

  it('a USB drive whose bridge makes up its serial number is known by its partition table', () => {
    assert.deepEqual(volumeAt('d:\\2024\\Öland'), {
      mountPoint: 'D:\\',
      volumeId: '1234-ABCD',
      label: 'Fotos Übersee',
      fileSystem: 'exfat',
      devices: ['partition:deadbeef'],
      medium: 'removable',
      isReadOnly: false,
    })
  })

  it('a volume mounted in a folder of C: is not on the disk of C:, and one device with the partition beside it', () => {
    const mounted = volumeAt('C:\\mounts\\zweite\\Safelight')
    assert.deepEqual([mounted.mountPoint, mounted.label, mounted.isReadOnly], ['C:\\Mounts\\Zweite\\', 'Zweite', true])
    assert.equal(deviceRelation(mounted, volumeAt('D:\\')), 'shared')
    assert.equal(deviceRelation(mounted, volumeAt('C:\\Mounts')), 'separate')
    assert.equal(volumeAt('C:\\Mounts\\Zweiter').mountPoint, 'C:\\')
  })

  it('a Storage Space is every disk that it is spread over, and unknown when these are not told', () => {
    const pool = volumeAt('E:\\Photos')
    assert.deepEqual(pool.devices, ['serial:WD-WX21D36A1111:4000787030016', 'serial:WD-WX21D36A2222:4000787030016'])
    assert.deepEqual([pool.fileSystem, pool.medium, pool.isRotational], ['refs', 'internal', true])
    const untold = volumeAt('E:\\Photos', { ...STORAGE, spaces: [] })
    assert.deepEqual([untold.devices, untold.medium], [[], 'unknown'])
  })

  it('an attached disk image leads to its file', () => {
    const { volume, backing } = describeOn('F:\\')
    assert.deepEqual([volume.medium, volume.devices, backing], ['image', [], ['D:\\Archiv\\Älter.vhdx']])
  })

  it('a mapped drive and a UNC path are one share, and need no disk', async () => {
    const mapped = volumeAt('Z:\\2024')
    assert.deepEqual([mapped.mountPoint, mapped.devices, mapped.medium], ['Z:\\', ['nas/photos'], 'network'])
    for (const path of ['\\\\NAS\\photos\\2024', '\\\\?\\UNC\\nas\\photos\\2024']) {
      const unc = await SYSTEMS.win32?.(path, capturedAsking({}, true))
      assert.deepEqual(
        [unc?.volume.devices, unc?.volume.isReadOnly, unc?.volume.fileSystem],
        [['nas/photos'], true, 'smb'],
      )
    }
  })

  it("a sync client's own drive letter and a RAM disk are not taken for disks", () => {
    const drive = volumeAt('G:\\My Drive')
    assert.deepEqual(
      [drive.devices, drive.medium, drive.label, drive.fileSystem],
      [[], 'unknown', 'Google Drive', 'vfat'],
    )
    assert.deepEqual(volumeAt('L:\\x').devices, ['memory'])
  })

  it('a drive letter that Windows does not know is not described', () => {
    assert.equal(windowsVolume('Q:\\', parseStorage(JSON.stringify(STORAGE))), undefined)
  })

  it('reads what other versions of PowerShell write: numbers for names, wrapped lists, a byte order mark, nothing', () => {
    const numbers = {
      ...STORAGE,
      partitions: {
        value: [{ DiskNumber: 1, AccessPaths: { value: ['D:\\'], Count: 1 }, IsReadOnly: false }],
        Count: 1,
      },
      disks: STORAGE.disks.map((disk) => (disk.BusType === 'USB' ? { ...disk, BusType: 7 } : disk)),
      physical: [{ DeviceId: '1', SerialNumber: null, MediaType: 4, BusType: 7, Size: null }],
      spaces: null,
    }
    const storage = parseStorage(`\uFEFF${JSON.stringify(numbers)}\r\n`)
    const volume = windowsVolume('D:\\', storage)?.volume
    assert.deepEqual([volume?.medium, volume?.isRotational, volume?.volumeId], ['removable', false, '1234-ABCD'])
  })

  it('one script asks for everything, and no path is part of it', async () => {
    const asked = capturedAsking({ [[POWERSHELL, ...POWERSHELL_ARGUMENTS].join(' ')]: JSON.stringify(STORAGE) })
    const described = await SYSTEMS.win32?.("D:\\it's $(a) `path`", asked)
    assert.equal(described?.volume.mountPoint, 'D:\\')
    assert.equal(POWERSHELL_ARGUMENTS.join(' ').includes('"'), false)
    assert.equal(await SYSTEMS.win32?.('D:\\', capturedAsking({})), undefined)
  })
})
