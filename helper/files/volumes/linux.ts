// What findmnt and lsblk of util-linux say, as a volume. Pure: their output in, a description out. Device-mapper, RAID, LUKS and LVM are
// followed down to the disks; loop devices, overlays and encrypted folders to the files below, which ../volumes.ts then asks about.
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

/** One mount, as findmnt names it. */
export interface Mount {
  readonly target: string
  readonly source: string
  readonly type: string
  readonly options: readonly string[]
  readonly uuid: string | null
  readonly label: string | null
  /** `major:minor`; the major is 0 when no block device is mounted directly. */
  readonly numbers: string
}

export type BlockDevice = z.infer<typeof BLOCK_DEVICE> & {
  /** Kernel names of the devices directly below: the disk of a partition, the members of a RAID. */
  readonly parents: readonly string[]
}

/** Asks for the mount of one absolute path. `-v` leaves out the folder in brackets that a bind mount or subvolume adds to the source. */
export function findmntArguments(path: string): readonly string[] {
  return ['-J', '-v', '-T', path, '-o', 'TARGET,SOURCE,FSTYPE,OPTIONS,UUID,LABEL,MAJ:MIN']
}

export const LSBLK_ARGUMENTS: readonly string[] = [
  '-J',
  '-b',
  '-o',
  'NAME,KNAME,PATH,MAJ:MIN,TYPE,ROTA,RM,HOTPLUG,TRAN,FSTYPE,UUID,LABEL,SERIAL,WWN,MODEL,SIZE,RO',
]

/** The mount that holds `path`. Where several lie over one another, the last is the one that is seen. */
export function parseFindmnt(output: string, path: string): Mount | undefined {
  const found = FINDMNT.parse(JSON.parse(output)).filesystems.at(-1)
  if (!found) return undefined
  return {
    target: unescapedTarget(found.target, path),
    source: found.source ?? '',
    type: found.fstype ?? '',
    options: splitOptions(found.options ?? ''),
    uuid: found.uuid,
    label: found.label,
    numbers: found['maj:min'] ?? '',
  }
}

/** Every block device once, though lsblk repeats those that have several parents. */
export function parseLsblk(output: string): readonly BlockDevice[] {
  const devices = new Map<string, BlockDevice>()
  const visit = (node: BlockTree, parent: string | undefined): void => {
    const { children = [], ...device } = node
    const parents = [...(devices.get(device.kname)?.parents ?? []), ...(parent === undefined ? [] : [parent])]
    devices.set(device.kname, { ...device, parents: [...new Set(parents)] })
    for (const child of children) visit(child, device.kname)
  }
  for (const device of LSBLK.parse(JSON.parse(output)).blockdevices) visit(device, undefined)
  return [...devices.values()]
}

/** The volume of a mount.
 *  @param path  the path that was asked about; only GVfs needs it, which mounts all its shares as one
 *  @param backingFile  the file behind a loop device (`/sys/block/<name>/loop/backing_file`), if it can be told */
export function linuxVolume(
  mount: Mount,
  devices: readonly BlockDevice[],
  path: string,
  backingFile: (kernelName: string) => string | undefined,
): Described {
  const members = membersOf(mount, devices)
  const uuid = mount.uuid ?? members[0]?.uuid
  const label = mount.label ?? members[0]?.label
  const type = mount.type === 'fuseblk' ? (members[0]?.fstype ?? 'fuseblk') : mount.type
  const common = {
    mountPoint: mount.target,
    ...(isText(uuid) && { volumeId: uuid }),
    ...(isText(label) && { label }),
    fileSystem: fileSystemName(type),
    isReadOnly: mount.options.includes('ro'),
  }
  const nowhere = { ...common, devices: [], medium: 'unknown' } as const
  const host = networkHostOf(mount, path)
  if (host !== undefined) return { volume: { ...common, devices: [host], medium: 'network' }, backing: [] }
  if (MEMORY_TYPES.has(mount.type) || /^\/dev\/z?ram\d/.test(mount.source))
    return { volume: { ...common, devices: [MEMORY], medium: 'memory' }, backing: [] }
  if (members.length === 0) return { volume: nowhere, backing: foldersBelow(mount) }

  const disks = disksBelow(members, devices)
  const loops = disks.filter(({ type }) => type === 'loop').map(({ kname }) => backingFile(kname))
  if (loops.includes(undefined)) return { volume: { ...nowhere, medium: 'image' }, backing: [] }
  const solid = disks.filter(({ type }) => type !== 'loop').map((disk) => describeDisk(disk, devices))
  const together = combinedDisks(solid)
  const medium = loops.length > 0 ? 'image' : together.medium
  return { volume: { ...common, ...together, medium }, backing: loops.filter((file) => file !== undefined) }
}

const isText = (value: string | null | undefined): value is string => typeof value === 'string' && value !== ''

/** Old versions of lsblk write '0' and '1', and numbers as strings. */
const FLAG = z.union([z.boolean(), z.enum(['0', '1']).transform((flag) => flag === '1')]).nullish()
const TEXT = z
  .string()
  .nullish()
  .transform((text) => text ?? null)

const FINDMNT = z.object({
  filesystems: z.array(
    z.object({
      target: z.string(),
      source: TEXT,
      fstype: TEXT,
      options: TEXT,
      uuid: TEXT,
      label: TEXT,
      'maj:min': TEXT,
    }),
  ),
})

const BLOCK_DEVICE = z.object({
  kname: z.string(),
  path: TEXT,
  'maj:min': TEXT,
  type: z.string(),
  rota: FLAG,
  rm: FLAG,
  hotplug: FLAG,
  tran: TEXT,
  fstype: TEXT,
  uuid: TEXT,
  label: TEXT,
  serial: TEXT,
  wwn: TEXT,
  size: z.coerce.number().nullish(),
})

type BlockTree = z.infer<typeof BLOCK_DEVICE> & { readonly children?: readonly BlockTree[] | undefined }

const BLOCK_TREE: z.ZodType<BlockTree> = BLOCK_DEVICE.extend({
  children: z.lazy(() => z.array(BLOCK_TREE)).optional(),
})

const LSBLK = z.object({ blockdevices: z.array(BLOCK_TREE) })

/** findmnt before 2.36 writes bytes above 127 as `\x..` where the locale has no UTF-8. A folder may also bear such a name, so the
 *  reading that holds `path` decides. */
function unescapedTarget(target: string, path: string): string {
  const holds = (folder: string): boolean => folder === '/' || path === folder || path.startsWith(`${folder}/`)
  const plain = Buffer.from(
    target.replace(/(\\x[0-9a-f]{2})+/gi, (run) => Buffer.from(run.replaceAll('\\x', ''), 'hex').toString('utf8')),
  ).toString('utf8')
  return !holds(target) && holds(plain) ? plain : target
}

/** Mount options end at a comma; overlayfs puts a backslash before one that belongs to a name. */
function splitOptions(options: string): readonly string[] {
  return options.split(/(?<!\\),/)
}

/** The block devices that the file system itself names: one, or every member of a btrfs, ZFS or bcachefs. */
function membersOf(mount: Mount, devices: readonly BlockDevice[]): readonly BlockDevice[] {
  if (mount.type === 'zfs') {
    const pool = mount.source.split('/', 1)[0]
    return devices.filter(({ fstype, label }) => fstype === 'zfs_member' && label === pool)
  }
  const sources = mount.source.startsWith('/dev/') ? mount.source.split(/:(?=\/dev\/)/) : []
  const named = devices.filter(
    (device) =>
      sources.some((source) => source === device.path || source === `/dev/${device.kname}`) ||
      (!mount.numbers.startsWith('0:') && mount.numbers === device['maj:min']),
  )
  if (mount.type !== 'btrfs') return named
  const uuid = mount.uuid ?? named[0]?.uuid
  return devices.filter((device) => named.includes(device) || (device.fstype === 'btrfs' && device.uuid === uuid))
}

/** The whole disks (and loop devices) at the bottom, through any number of layers. */
function disksBelow(members: readonly BlockDevice[], devices: readonly BlockDevice[]): readonly BlockDevice[] {
  const reached = new Set(members)
  // A set may grow while it is walked: what is added is visited too, and nothing twice.
  for (const device of reached)
    for (const parent of device.parents) {
      const below = devices.find(({ kname }) => kname === parent)
      if (below) reached.add(below)
    }
  return [...reached].filter(({ parents }) => parents.length === 0)
}

function describeDisk(disk: BlockDevice, devices: readonly BlockDevice[]): Disk {
  return {
    identity: diskIdentity(disk),
    medium: diskMedium(disk, devices),
    ...(typeof disk.rota === 'boolean' && { isRotational: disk.rota }),
  }
}

/** Serial numbers before WWNs for NVMe only: there each name space of one stick has a WWN of its own. */
function diskIdentity({ kname, serial, wwn, size }: BlockDevice): string {
  if (/^z?ram\d/.test(kname)) return MEMORY
  const hasSerial = isText(serial) && isRealSerial(serial)
  if (kname.startsWith('nvme') && hasSerial) return identityOf('nvme', serial)
  if (isText(wwn)) return identityOf('wwn', wwn)
  // One card reader gives all its slots one serial number; cards of different size are then still told apart.
  if (hasSerial) return identityOf('serial', serial, String(size ?? 0))
  return identityOf('disk', kname, String(size ?? 0))
}

function diskMedium({ kname, tran, rm, hotplug }: BlockDevice, devices: readonly BlockDevice[]): Medium {
  if (/^z?ram\d/.test(kname)) return 'memory'
  if (/^(nbd|rbd|drbd)/.test(kname) || (tran !== null && NETWORK_TRANSPORTS.has(tran))) return 'network'
  // Soldered eMMC counts as pluggable for lsblk, like a card; only it has boot partitions.
  if (devices.some((other) => other.kname === `${kname}boot0`)) return 'internal'
  return rm === true || hotplug === true || tran === 'usb' || tran === 'sbp' ? 'removable' : 'internal'
}

const NETWORK_TRANSPORTS: ReadonlySet<string> = new Set(['iscsi', 'fc', 'fcoe'])

const MEMORY_TYPES: ReadonlySet<string> = new Set(['tmpfs', 'ramfs', 'rootfs', 'devtmpfs', 'hugetlbfs'])

/** Not the shares of a virtual machine's host (9p, virtiofs, vboxsf, drvfs): those may well lie on the same disk. */
const NETWORK_TYPES =
  /^(nfs4?|cifs|smb3?|smbfs|ncpfs|afs|ceph|glusterfs|lustre|beegfs|davfs|fuse\.(sshfs|davfs|rclone|s3fs|glusterfs|ceph|smbnetfs|curlftpfs|goofys|juicefs|gvfsd-fuse))$/

function networkHostOf({ type, source, target }: Mount, path: string): string | undefined {
  if (!NETWORK_TYPES.test(type)) return undefined
  if (type === 'fuse.gvfsd-fuse') return gvfsDevice(path.slice(target.length + 1).split('/', 1)[0] ?? '')
  const [, host = source, share = ''] =
    /^[a-z0-9+]+:\/\/([^/]+)\/?(.*)$/i.exec(source) ?? // https://cloud.example/remote.php/dav
    /^[\\/]{2}([^\\/]+)[\\/]*(.*)$/.exec(source) ?? // //nas/photos
    /^((?:[^@[\]]*@)?\[.*\]|[^:]*):(.*)$/.exec(source) ?? // nas:/export, ann@nas:, [fe80::1]:/export
    []
  return networkDevice(host, share)
}

/** GVfs names a share `smb-share:server=nas,share=photos`, `sftp:host=nas,user=ann`, `dav:host=…`. */
function gvfsDevice(name: string): string {
  const fields = new Map(
    name
      .replace(/^[^:]*:/, '')
      .split(',')
      .map((field) => [field.replace(/=.*$/, ''), decodeURIComponent(field.replace(/^[^=]*=/, ''))] as const),
  )
  return networkDevice(fields.get('server') ?? fields.get('host') ?? name, fields.get('share') ?? '')
}

/** The folders whose bytes an overlay, or an encrypting or mirroring file system, shows. */
function foldersBelow({ type, source, options }: Mount): readonly string[] {
  if (type === 'overlay') {
    const values = (name: string): string =>
      options.find((option) => option.startsWith(`${name}=`))?.slice(name.length + 1) ?? ''
    return [values('upperdir'), ...values('lowerdir').split(/(?<!\\):+/)]
      .filter((folder) => folder !== '')
      .map((folder) => folder.replace(/\\(.)/g, '$1'))
  }
  return source.startsWith('/') && !source.startsWith('/dev/') ? [source] : []
}
