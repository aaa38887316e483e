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
