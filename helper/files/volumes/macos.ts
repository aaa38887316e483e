// What df, mount, diskutil and hdiutil of macOS say, as a volume. Pure: their output in, a description out. An APFS container and an
// Apple RAID set are followed to the physical disks; a disk image to its file, which ../volumes.ts then asks about.
import { parse } from 'plist'
import { z } from 'zod'
import {
  combinedDisks,
  fileSystemName,
  identityOf,
  MEMORY,
  networkDevice,
  type Described,
  type Disk,
  type Medium,
} from './volume.js'

/** The two ends of a mount: `/dev/disk3s5` or `//ann@nas/photos`, and where it is seen. */
export interface MountedFrom {
  readonly device: string
  readonly mountPoint: string
}

export type DiskInfo = z.infer<typeof DISK_INFO>

/** How the disks of a Mac are made of one another. */
export interface DiskLayout {
  /** A synthesised disk (APFS container, RAID set) → the partitions that it is made of. */
  readonly members: ReadonlyMap<string, readonly string[]>
  /** A whole disk → the identity of its first partition that has one, which no other disk shares. */
  readonly firstPartition: ReadonlyMap<string, string>
}

/** The line of `df -P PATH` below the heading. Its device column may hold blanks (`map auto_home`), and so may the mount point. */
export function parseDf(output: string): MountedFrom | undefined {
  const [, device, mountPoint] = /^(.*?) +\d+ +-?\d+ +-?\d+ +\d+% +(\/.*)$/m.exec(output) ?? []
  return device !== undefined && mountPoint !== undefined ? { device, mountPoint } : undefined
}

/** The words in brackets of the line of `mount`: the file system first, then `local`, `read-only`, … */
export function parseMountOptions(output: string, { device, mountPoint }: MountedFrom): readonly string[] {
  const start = `${device} on ${mountPoint} (`
  const line = output.split('\n').find((text) => text.startsWith(start))
  return (
    line
      ?.slice(start.length)
      .replace(/\)\s*$/, '')
      .split(/, */) ?? []
  )
}

/** `diskutil info -plist DEVICE`. */
export function parseDiskInfo(output: string): DiskInfo {
  return DISK_INFO.parse(parse(output))
}

/** `diskutil list -plist`: the identities of whole disks. */
export function parseFirstPartitions(output: string): DiskLayout['firstPartition'] {
  const identities = DISK_LIST.parse(parse(output)).AllDisksAndPartitions.map(
    ({ DeviceIdentifier, Partitions }) =>
      [DeviceIdentifier, Partitions.map(partitionIdentity).find((found) => found !== undefined)] as const,
  )
  return new Map(identities.flatMap(([disk, identity]) => (identity === undefined ? [] : [[disk, identity] as const])))
}

/** `diskutil apfs list -plist`: what APFS containers are made of. */
export function parseContainers(output: string): DiskLayout['members'] {
  return new Map(
    APFS_LIST.parse(parse(output)).Containers.map(({ ContainerReference, PhysicalStores }) => [
      ContainerReference,
      PhysicalStores.map(({ DeviceIdentifier }) => DeviceIdentifier),
    ]),
  )
}

/** `diskutil appleRAID list -plist`: what RAID sets are made of. */
export function parseRaidSets(output: string): DiskLayout['members'] {
  return new Map(
    RAID_LIST.parse(parse(output)).AppleRAIDSets.map((set) => [
      set['BSD Name'],
      set.Members.map((member) => member['BSD Name']),
    ]),
  )
}

/** The whole disks at the bottom of a device (`disk3s5` → `disk3` → `disk0s2` → `disk0`). */
export function wholeDisksBelow(device: string, layout: DiskLayout): readonly string[] {
  const reached = new Set([wholeDiskOf(device)])
  // A set may grow while it is walked: what is added is visited too, and nothing twice.
  for (const disk of reached) for (const member of layout.members.get(disk) ?? []) reached.add(wholeDiskOf(member))
  return [...reached].filter((disk) => !layout.members.has(disk))
}

/** The file of the disk image that is attached as `disk`, from `hdiutil info -plist`. A RAM disk has `ram://…` there. */
export function imageFileOf(disk: string, output: string): string | undefined {
  const { images } = HDIUTIL_INFO.parse(parse(output))
  return images.find((image) =>
    image['system-entities'].some((entity) => wholeDiskOf(entity['dev-entry'].replace('/dev/', '')) === disk),
  )?.['image-path']
}

/** A share or a memory file system, which diskutil does not know. */
export function macOtherVolume({ device, mountPoint }: MountedFrom, options: readonly string[]): Described {
  const type = options[0] ?? ''
  const common = { mountPoint, fileSystem: fileSystemName(type), isReadOnly: options.includes('read-only') }
  if (type === 'tmpfs') return { volume: { ...common, devices: [MEMORY], medium: 'memory' }, backing: [] }
  const share = shareOf(device, type)
  if (share === undefined) return { volume: { ...common, devices: [], medium: 'unknown' }, backing: [] }
  return { volume: { ...common, devices: [share], medium: 'network' }, backing: [] }
}

/** A volume on disks.
 *  @param disks  `diskutil info` of each of `wholeDisksBelow`; when not all of them answered, the devices are left unknown
 *  @param imageFile  the file behind it, when it is a disk image */
export function macDiskVolume(
  { mountPoint }: MountedFrom,
  options: readonly string[],
  info: DiskInfo,
  disks: readonly (DiskInfo | undefined)[],
  layout: DiskLayout,
  imageFile: string | undefined,
): Described {
  const common = {
    mountPoint,
    ...(info.VolumeUUID !== undefined && { volumeId: info.VolumeUUID }),
    ...(info.VolumeName !== undefined && info.VolumeName !== '' && { label: info.VolumeName }),
    fileSystem: fileSystemName(info.FilesystemType ?? options[0] ?? ''),
    isReadOnly: options.includes('read-only') || info.WritableVolume === false,
  }
  if (imageFile?.startsWith('ram:')) return { volume: { ...common, devices: [MEMORY], medium: 'memory' }, backing: [] }
  if (imageFile !== undefined) return { volume: { ...common, devices: [], medium: 'image' }, backing: [imageFile] }
  const isImage = disks.some((disk) => disk !== undefined && isDiskImage(disk))
  const physical = disks.flatMap((disk) => (disk && !isSynthesised(disk) ? [describeDisk(disk, layout)] : []))
  if (isImage || physical.length === 0 || physical.length < disks.length)
    return { volume: { ...common, devices: [], medium: isImage ? 'image' : 'unknown' }, backing: [] }
  return { volume: { ...common, ...combinedDisks(physical) }, backing: [] }
}

export function isDiskImage({ BusProtocol }: DiskInfo): boolean {
  return BusProtocol === 'Disk Image'
}

const DISK_INFO = z.object({
  DeviceIdentifier: z.string(),
  VolumeUUID: z.string().optional(),
  VolumeName: z.string().optional(),
  FilesystemType: z.string().optional(),
  WritableVolume: z.boolean().optional(),
  BusProtocol: z.string().optional(),
  Internal: z.boolean().optional(),
  RemovableMedia: z.boolean().optional(),
  SolidState: z.boolean().optional(),
  VirtualOrPhysical: z.string().optional(),
  TotalSize: z.number().optional(),
})

const DISK_PARTITION = z.object({
  Content: z.string().optional(),
  DiskUUID: z.string().optional(),
  VolumeUUID: z.string().optional(),
})

const DISK_LIST = z.object({
  AllDisksAndPartitions: z.array(
    z.object({ DeviceIdentifier: z.string(), Partitions: z.array(DISK_PARTITION).default([]) }),
  ),
})

const APFS_LIST = z.object({
  Containers: z.array(
    z.object({
      ContainerReference: z.string(),
      PhysicalStores: z.array(z.object({ DeviceIdentifier: z.string() })),
    }),
  ),
})

const RAID_LIST = z.object({
  AppleRAIDSets: z.array(z.object({ 'BSD Name': z.string(), Members: z.array(z.object({ 'BSD Name': z.string() })) })),
})

const HDIUTIL_INFO = z.object({
  images: z.array(
    z.object({
      'image-path': z.string(),
      'system-entities': z.array(z.object({ 'dev-entry': z.string() })).default([]),
    }),
  ),
})

/** A partition's own UUID from the partition table. Disks with an old table (MBR) have none: there the file system's must do, but not
 *  that of an EFI partition, which is the same on every Mac. */
function partitionIdentity({ Content, DiskUUID, VolumeUUID }: z.infer<typeof DISK_PARTITION>): string | undefined {
  if (DiskUUID !== undefined) return identityOf('gpt', DiskUUID)
  return VolumeUUID !== undefined && Content !== 'EFI' ? identityOf('partition', VolumeUUID) : undefined
}

function wholeDiskOf(device: string): string {
  return device.replace(/^(disk\d+)(s\d+)+$/, '$1')
}

function describeDisk(disk: DiskInfo, layout: DiskLayout): Disk {
  const byName = identityOf('disk', disk.DeviceIdentifier, String(disk.TotalSize ?? 0))
  return {
    identity: layout.firstPartition.get(disk.DeviceIdentifier) ?? byName,
    medium: diskMedium(disk),
    ...(disk.SolidState !== undefined && { isRotational: !disk.SolidState }),
  }
}

function diskMedium({ BusProtocol = '', Internal, RemovableMedia }: DiskInfo): Medium {
  if (/^(iSCSI|Fibre Channel( Interface)?)$/i.test(BusProtocol)) return 'network'
  return Internal === true && RemovableMedia !== true ? 'internal' : 'removable'
}

/** A disk made of others in a way that the layout does not tell (CoreStorage, third-party RAID): its own name proves nothing. */
function isSynthesised(disk: DiskInfo): boolean {
  return disk.VirtualOrPhysical === 'Virtual' && !isDiskImage(disk)
}

/** `//ann@NAS._smb._tcp.local/My%20Photos`, `nas:/volume1/photos`, `https://cloud.example/dav`. */
function shareOf(device: string, type: string): string | undefined {
  const [, host, share = ''] =
    /^(?:[a-z0-9+]+:)?\/\/([^/]+)\/?(.*)$/i.exec(device) ??
    (/^(nfs|macfuse|osxfuse|sshfs|fusefs.*)$/.test(type)
      ? /^((?:[^@[\]]*@)?\[.*\]|[^:]*):(.*)$/.exec(device)
      : undefined) ??
    []
  return host === undefined ? undefined : networkDevice(unescaped(host), unescaped(share))
}

/** A `%` that begins no escape is itself. */
function unescaped(text: string): string {
  return text.replace(/(%[0-9a-f]{2})+/gi, (run) => Buffer.from(run.replaceAll('%', ''), 'hex').toString('utf8'))
}
