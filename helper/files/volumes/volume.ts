// What is known of a mounted disk, and whether two of them are one. Pure: the words that every system's answers are translated into,
// so that nothing above this folder knows a tool or a platform. Asking the system is left to ../volumes.ts.

/** Where the bytes of a volume end up. `image` is a disk image or loop device; its `devices` are those of the file behind it. */
export type Medium = 'internal' | 'removable' | 'network' | 'memory' | 'image' | 'unknown'

export interface Volume {
  /** Where it is mounted. */
  readonly mountPoint: string
  /** What the file system calls itself (UUID or serial). Survives re-mounting; absent for network shares and memory. */
  readonly volumeId?: string
  readonly label?: string
  /** In the words of `fileSystemName`: ext4, exfat, vfat, apfs, hfs+, ntfs, smb, nfs, tmpfs …, or `unknown`. */
  readonly fileSystem: string
  /** Identities of the physical devices below, never empty: serial or WWN where known, else kernel name and size; several for a
   *  RAID; `host/share` for a network share; `memory`; `dev:<number>` where the system would not say more than a number. */
  readonly devices: readonly string[]
  readonly medium: Medium
  /** As the drive claims; some USB bridges say "spinning" of an SSD. */
  readonly isRotational?: boolean
  readonly isReadOnly: boolean
}

/** `freeBytes` is what this user may still write, not what is kept for root. */
export interface Room {
  readonly freeBytes: number
  readonly totalBytes: number
}

export type DeviceRelation = 'shared' | 'separate' | 'unknown'

/** Whether two volumes must count as one device: they have a device in common, or nobody can tell them apart. */
export function sharesDevice(a: Volume, b: Volume): boolean {
  return deviceRelation(a, b) !== 'separate'
}

/** Like `sharesDevice`, and says whether it is a fact or a want of facts. Two partitions of one disk share it, RAID sets share any
 *  member, and two shares of one host are taken to lie on the same disks. */
export function deviceRelation(a: Volume, b: Volume): DeviceRelation {
  const identities = new Set(b.devices.map(physicalIdentity))
  if (a.devices.some((device) => identities.has(physicalIdentity(device)))) return 'shared'
  if (isOnlyMemory(a) || isOnlyMemory(b)) return 'separate'
  return [...a.devices, ...b.devices].some(isIndistinct) ? 'unknown' : 'separate'
}

/** A volume as far as one answer of the system goes. */
export interface Described {
  /** Its `devices` may be empty still: then nothing is known of them but what `backing` leads to. */
  readonly volume: Volume
  /** Files or folders on other volumes that hold this one's bytes: of a disk image, an overlay, an encrypted folder. */
  readonly backing: readonly string[]
}

/** What a disk says of itself; the identity is one for all its partitions. */
export interface Disk {
  readonly identity: string
  readonly medium: Medium
  readonly isRotational?: boolean
}

/** What several disks are together: the least fixed medium, rotating if any part rotates, and known only if known of all. */
export function combinedDisks(disks: readonly Disk[]): Pick<Volume, 'devices' | 'medium' | 'isRotational'> {
  const rotations = disks.map(({ isRotational }) => isRotational)
  const isRotational = rotations.includes(true) ? true : rotations.includes(undefined) ? undefined : false
  return {
    devices: [...new Set(disks.map(({ identity }) => identity))].sort(),
    medium: LEAST_FIXED_FIRST.find((medium) => disks.some((disk) => disk.medium === medium)) ?? 'unknown',
    ...(isRotational !== undefined && disks.length > 0 && { isRotational }),
  }
}

/** `volume` with what is known of the volumes that hold its bytes. */
export function withBacking(volume: Volume, holders: readonly Volume[]): Volume {
  if (holders.length === 0) return volume
  const disks = holders.flatMap(({ devices, ...disk }) => devices.map((identity) => ({ ...disk, identity })))
  const below = combinedDisks([...disks, ...volume.devices.map((identity) => ({ ...volume, identity }))])
  return { ...volume, ...below, medium: volume.medium === 'unknown' ? below.medium : volume.medium }
}

/** Whether a serial number tells one disk from another. Many cheap USB bridges give the same made-up one to every drive. */
export function isRealSerial(serial: string): boolean {
  const plain = serial.replace(/[^0-9a-z]/gi, '').toUpperCase()
  return plain.length >= 4 && !/^(.)\1*$/.test(plain) && !PLACEHOLDER_SERIALS.some((start) => plain.startsWith(start))
}

/** The part of a serial number or name that may stand in an identity: `/` is kept for shares. */
export function identityOf(kind: 'serial' | 'wwn' | 'nvme' | 'gpt' | 'partition' | 'disk', ...parts: string[]): string {
  return [kind, ...parts.map((part) => part.trim().replaceAll('/', '_').replace(/\s+/g, ' '))].join(':')
}

/** The identity of everything that is kept in memory. */
export const MEMORY = 'memory'

/** The identity of a device of which only the number is known (`st_dev`). */
export function numberedDevice(deviceNumber: number): string {
  return `dev:${deviceNumber}`
}

/** `host/share` in one spelling: no user, no port, lower-case host, without the Bonjour endings that macOS adds. */
export function networkDevice(host: string, share: string): string {
  const name = host
    .replace(/^.*@/, '')
    .replace(/^\[(.*)\](:\d+)?$/, '$1')
    .replace(/^([^:]+):\d+$/, '$1')
    .toLowerCase()
    .replace(/\.$/, '')
    .replace(/(\._[a-z-]+\._tcp)?\.local$/, '')
  const path = share.replaceAll('\\', '/').replace(/^\/+|\/+$/g, '')
  return `${LOOPBACK.test(name) ? 'localhost' : name}/${path}`
}

/** One word per file system, whatever the platform calls it. */
export function fileSystemName(raw: string): string {
  const name = raw.toLowerCase()
  return FILE_SYSTEM_NAMES[name] ?? name.replace(/^fuse\./, '')
}

const FILE_SYSTEM_NAMES: Readonly<Record<string, string>> = {
  '': 'unknown',
  cifs: 'smb',
  smb3: 'smb',
  smbfs: 'smb',
  nfs4: 'nfs',
  afpfs: 'afp',
  msdos: 'vfat',
  fat: 'vfat',
  fat12: 'vfat',
  fat16: 'vfat',
  fat32: 'vfat',
  ntfs3: 'ntfs',
  'ntfs-3g': 'ntfs',
  hfs: 'hfs+',
  hfsplus: 'hfs+',
  ufsd_ntfs: 'ntfs',
  'fuse.davfs': 'webdav',
  davfs: 'webdav',
}

const LEAST_FIXED_FIRST: readonly Medium[] = ['unknown', 'network', 'removable', 'image', 'memory', 'internal']

const PLACEHOLDER_SERIALS = [
  '0123456789',
  '123456789',
  '1234567890',
  'ABCDEF',
  'DD5641988',
  'NONE',
  'UNKNOWN',
  'DEFAULT',
]

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|::1|wsl\$|wsl\.localhost)$/

/** A share is known by its host alone: which disks of a NAS lie behind which share cannot be seen from here. */
function physicalIdentity(device: string): string {
  return device.split('/', 1)[0] ?? device
}

/** A share of this very machine may lie on any of its disks. */
function isIndistinct(device: string): boolean {
  return device.startsWith('dev:') || device.startsWith('localhost/')
}

function isOnlyMemory(volume: Volume): boolean {
  return volume.devices.every((device) => device === MEMORY)
}
