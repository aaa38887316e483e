// What PowerShell's storage commands say of a Windows machine, as a volume. One script asks for everything that there is; which of it
// holds a path is found here, so that no path ever stands in a script. Pure: its JSON in, a description out. Storage Spaces are
// followed to their physical disks, an attached VHD to its file, which ../volumes.ts then asks about.
import { win32 } from 'node:path'
import { z } from 'zod'
import {
  combinedDisks,
  fileSystemName,
  identityOf,
  isRealSerial,
  MEMORY,
  networkDevice,
  type Described,
  type Disk,
  type Medium,
} from './volume.js'

export type WindowsStorage = z.infer<typeof STORAGE>

/** Windows PowerShell 5.1, which every Windows 10 and 11 has. No double quotes: they do not survive the command line unharmed. */
const SCRIPT = [
  `$ErrorActionPreference = 'SilentlyContinue'`,
  `$ProgressPreference = 'SilentlyContinue'`,
  `[Console]::OutputEncoding = New-Object System.Text.UTF8Encoding $false`,
  `$known = @{}`,
  `$known.partitions = @(Get-Partition | Select-Object DiskNumber, AccessPaths, IsReadOnly)`,
  `$known.disks = @(Get-Disk | Select-Object Number, SerialNumber, UniqueId, Guid, Signature, BusType, Size, IsReadOnly, Location)`,
  `$known.volumes = @(Get-CimInstance Win32_Volume | Select-Object DeviceID, Name, Label, FileSystem, SerialNumber, DriveType)`,
  `$known.drives = @(Get-CimInstance Win32_LogicalDisk | Select-Object DeviceID, DriveType, ProviderName, FileSystem, VolumeName)`,
  `$known.physical = @(Get-PhysicalDisk | Select-Object DeviceId, SerialNumber, MediaType, BusType, Size)`,
  `$known.spaces = @(Get-VirtualDisk | ForEach-Object { @{ UniqueId = $_.UniqueId; Members = @(Get-PhysicalDisk -VirtualDisk $_ | Select-Object DeviceId, SerialNumber, MediaType, BusType, Size) } })`,
  `ConvertTo-Json -InputObject $known -Depth 5 -Compress`,
].join('; ')

export const POWERSHELL = 'powershell.exe'
export const POWERSHELL_ARGUMENTS: readonly string[] = [
  '-NoLogo',
  '-NoProfile',
  '-NonInteractive',
  '-ExecutionPolicy',
  'Bypass',
  '-Command',
  SCRIPT,
]

export function parseStorage(output: string): WindowsStorage {
  return STORAGE.parse(JSON.parse(output.replace(/^\uFEFF/, '')))
}

/** A network share named by its UNC path, which needs no tool. */
export function uncVolume(path: string, isReadOnly: boolean): Described | undefined {
  const [, host, share] = /^\\\\(?:\?\\UNC\\)?([^\\?.][^\\]*)\\([^\\]+)/i.exec(path) ?? []
  if (host === undefined || share === undefined) return undefined
  return {
    volume: {
      mountPoint: `\\\\${host}\\${share}\\`,
      fileSystem: 'smb',
      devices: [networkDevice(host, share)],
      medium: 'network',
      isReadOnly,
    },
    backing: [],
  }
}

/** The volume that holds `path` (`D:\Photos`, also below a folder that a volume is mounted in), if Windows knows one. */
export function windowsVolume(path: string, storage: WindowsStorage): Described | undefined {
  const plain = path.replace(/^\\\\\?\\(?=[a-z]:)/i, '')
  const partition = longest(storage.partitions, ({ AccessPaths }) => longestHolder(plain, AccessPaths))
  const drive = storage.drives.find(({ DeviceID }) => holds(`${DeviceID}\\`, plain))
  const network = networkDrive(drive)
  if (network && !partition) return network
  const volume =
    storage.volumes.find(({ DeviceID }) => partition?.AccessPaths.includes(DeviceID)) ??
    longest(storage.volumes, ({ Name }) => longestHolder(plain, [Name ?? '']))
  const mountPoint = longestHolder(plain, partition?.AccessPaths ?? [volume?.Name ?? '', `${drive?.DeviceID ?? ''}\\`])
  if (mountPoint === '') return undefined

  const label = (volume?.Label ?? drive?.VolumeName) || undefined
  const disk = partition && storage.disks.find(({ Number }) => Number === partition.DiskNumber)
  const common = {
    mountPoint,
    ...(typeof volume?.SerialNumber === 'number' && { volumeId: volumeSerial(volume.SerialNumber) }),
    ...(label !== undefined && { label }),
    fileSystem: fileSystemName(volume?.FileSystem ?? drive?.FileSystem ?? ''),
    isReadOnly: partition?.IsReadOnly === true || disk?.IsReadOnly === true || volume?.DriveType === CD_ROM,
  }
  if (volume?.DriveType === RAM_DISK) return { volume: { ...common, devices: [MEMORY], medium: 'memory' }, backing: [] }
  if (disk?.BusType === 'File Backed Virtual') {
    const backing = disk.Location ? [disk.Location] : []
    return { volume: { ...common, devices: [], medium: 'image' }, backing }
  }
  return { volume: { ...common, ...combinedDisks(disk ? disksOf(disk, storage) : []) }, backing: [] }
}

const TEXT = z.string().nullish()

/** Windows PowerShell writes some arrays as `{"value": […], "Count": n}`. */
function list<T extends z.ZodType>(element: T) {
  return z
    .union([z.array(element), z.object({ value: z.array(element) }).transform(({ value }) => value)])
    .nullish()
    .transform((elements) => elements ?? [])
}

/** The enumerations of MSFT_Disk and MSFT_PhysicalDisk, which some versions of PowerShell write as numbers. */
const BUS_TYPES: Readonly<Record<number, string>> = {
  1: 'SCSI',
  2: 'ATAPI',
  3: 'ATA',
  4: '1394',
  5: 'SSA',
  6: 'Fibre Channel',
  7: 'USB',
  8: 'RAID',
  9: 'iSCSI',
  10: 'SAS',
  11: 'SATA',
  12: 'SD',
  13: 'MMC',
  15: 'File Backed Virtual',
  16: 'Spaces',
  17: 'NVMe',
}
const MEDIA_TYPES: Readonly<Record<number, string>> = { 3: 'HDD', 4: 'SSD', 5: 'SCM' }
const RAM_DISK = 6
const CD_ROM = 5
const NETWORK_DRIVE = 4

function named(names: Readonly<Record<number, string>>): z.ZodType<string> {
  return z
    .union([z.string(), z.number().transform((number) => names[number] ?? String(number)), z.null()])
    .transform(String)
}

const PHYSICAL_DISK = z.object({
  DeviceId: TEXT,
  SerialNumber: TEXT,
  MediaType: named(MEDIA_TYPES),
  BusType: named(BUS_TYPES),
  Size: z.number().nullish(),
})

const DISK = z.object({
  Number: z.number(),
  SerialNumber: TEXT,
  UniqueId: TEXT,
  Guid: TEXT,
  Signature: z.number().nullish(),
  BusType: named(BUS_TYPES),
  Size: z.number().nullish(),
  IsReadOnly: z.boolean().nullish(),
  Location: TEXT,
})

const STORAGE = z.object({
  partitions: list(
    z.object({
      DiskNumber: z.number(),
      /** `D:\`, `C:\Mounts\Photos\`, and always `\\?\Volume{…}\`; null for a partition without a volume. */
      AccessPaths: list(z.string()),
      IsReadOnly: z.boolean().nullish(),
    }),
  ),
  disks: list(DISK),
  volumes: list(
    z.object({
      DeviceID: z.string(),
      Name: TEXT,
      Label: TEXT,
      FileSystem: TEXT,
      SerialNumber: z.number().nullish(),
      DriveType: z.number().nullish(),
    }),
  ),
  drives: list(
    z.object({
      DeviceID: z.string(),
      DriveType: z.number().nullish(),
      ProviderName: TEXT,
      FileSystem: TEXT,
      VolumeName: TEXT,
    }),
  ),
  physical: list(PHYSICAL_DISK),
  spaces: list(z.object({ UniqueId: TEXT, Members: list(PHYSICAL_DISK) })),
})

/** The element with the longest answer, none when all answers are ''. */
function longest<T>(elements: readonly T[], answer: (element: T) => string): T | undefined {
  const [best] = elements.toSorted((a, b) => answer(b).length - answer(a).length)
  return best !== undefined && answer(best) !== '' ? best : undefined
}

function longestHolder(path: string, folders: readonly string[]): string {
  return (
    longest(
      folders.filter((folder) => holds(folder, path)),
      (folder) => folder,
    ) ?? ''
  )
}

/** Windows compares names without regard to case. `folder` ends in a backslash. */
function holds(folder: string, path: string): boolean {
  return /^[a-z]:\\/i.test(folder) && `${win32.normalize(path)}\\`.toLowerCase().startsWith(folder.toLowerCase())
}

function networkDrive(drive: WindowsStorage['drives'][number] | undefined): Described | undefined {
  if (drive?.DriveType !== NETWORK_DRIVE || !drive.ProviderName) return undefined
  const share = uncVolume(drive.ProviderName, false)
  const devices = share?.volume.devices ?? []
  const medium = share ? 'network' : 'unknown'
  const volume = { mountPoint: `${drive.DeviceID}\\`, fileSystem: 'smb', devices, medium, isReadOnly: false } as const
  return { volume: { ...volume, ...(drive.VolumeName && { label: drive.VolumeName }) }, backing: [] }
}

/** As Windows itself prints it: `A1B2-C3D4`. */
function volumeSerial(serial: number): string {
  const digits = serial.toString(16).toUpperCase().padStart(8, '0')
  return `${digits.slice(0, 4)}-${digits.slice(4)}`
}

/** The disk, or those that a Storage Space is spread over; none when they are not told. */
function disksOf(disk: WindowsStorage['disks'][number], { physical, spaces }: WindowsStorage): readonly Disk[] {
  if (disk.BusType === 'Spaces') {
    const members = spaces.find(({ UniqueId }) => UniqueId === disk.UniqueId)?.Members ?? []
    return members.map((member) => ({
      identity:
        diskIdentity(member) ?? identityOf('disk', `physical ${member.DeviceId ?? ''}`, String(member.Size ?? 0)),
      medium: mediumOfBus(member.BusType),
      ...rotationOf(member.MediaType),
    }))
  }
  const below = physical.find(({ DeviceId }) => DeviceId === String(disk.Number))
  return [
    {
      identity: diskIdentity(disk) ?? identityOf('disk', String(disk.Number), String(disk.Size ?? 0)),
      medium: mediumOfBus(disk.BusType),
      ...rotationOf(below?.MediaType),
    },
  ]
}

function diskIdentity(disk: Partial<WindowsStorage['disks'][number]>): string | undefined {
  if (disk.SerialNumber && isRealSerial(disk.SerialNumber))
    return identityOf('serial', disk.SerialNumber, String(disk.Size ?? 0))
  if (disk.Guid) return identityOf('gpt', disk.Guid)
  return disk.Signature ? identityOf('partition', disk.Signature.toString(16)) : undefined
}

function mediumOfBus(bus: string): Medium {
  if (['USB', '1394', 'SD', 'MMC'].includes(bus)) return 'removable'
  return ['iSCSI', 'Fibre Channel'].includes(bus) ? 'network' : 'internal'
}

function rotationOf(mediaType: string | undefined): Pick<Disk, 'isRotational'> {
  if (mediaType === 'HDD') return { isRotational: true }
  return mediaType === 'SSD' || mediaType === 'SCM' ? { isRotational: false } : {}
}
