// The narrow surface through which every byte of a copy, a manifest and a log reaches a disk. All calls are synchronous: they run inside
// the copy workers, where that is quickest, and a crash can be placed between any two of them. Tests wrap this interface with faults; the
// code above cannot tell. Errors are the system's own (`ENOSPC`, `EIO` …): what they mean is decided where it is known who was asked. Long,
// because whatever can change a disk, and what is built of it that must survive a crash, is to be read in one place.
import { spawnSync } from 'node:child_process'
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  futimesSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readSync,
  readdirSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeSync,
  type Stats,
} from 'node:fs'
import path from 'node:path'
import { systemCode } from '../errors.js'
import type { FileStat } from '../model.js'

export type EntryKind = 'file' | 'folder' | 'link' | 'other'

export interface Entry {
  readonly name: string
  readonly kind: EntryKind
}

/** A file as `lstat` shows it. */
export interface EntryStat extends FileStat {
  readonly kind: EntryKind
}

export interface DurableFiles {
  /** @returns undefined when nothing has that name (ENOENT, ENOTDIR); a link is not followed */
  stat(file: string): EntryStat | undefined
  statOpen(descriptor: number): EntryStat
  /** Names in no particular order; `.` and `..` left out. */
  list(folder: string): Entry[]

  openRead(file: string): number
  /** Opens past the page cache. @returns undefined where the system or the file system cannot */
  openDirect(file: string): number | undefined
  /** Creates a file that does not exist yet, mode 0644 less the umask. @throws EEXIST */
  create(file: string): number
  /** The same, written past the page cache: every write must come from a page-aligned buffer and be a multiple of `DIRECT_BYTES` long.
   *  @returns undefined, and leaves nothing, where the system or the file system cannot @throws EEXIST */
  createDirect(file: string): number | undefined
  /** Opens for appending, creating it if need be. */
  openAppend(file: string): number
  /** Reads at `position`, or at the descriptor's own when it is left out. @returns bytes read; 0 at the end */
  read(descriptor: number, into: Uint8Array, offset: number, length: number, position?: number): number
  /** Writes all `length` bytes or throws. */
  write(descriptor: number, from: Uint8Array, offset: number, length: number): void
  truncate(descriptor: number, length: number): void
  setTimes(descriptor: number, mtimeMs: number): void
  /** Bytes and size of this one file are on the device when it returns. */
  sync(descriptor: number): void
  close(descriptor: number): void

  /** The names in this folder are on the device when it returns; a no-op where folders cannot be synced (Windows). */
  syncFolder(folder: string): void
  /** Everything written to this folder's file system is on the device. @returns false where the system has no such call */
  syncFileSystem(folder: string): boolean

  /** Creates one folder; its parent must exist. An existing folder is fine. @returns whether it was created */
  makeFolder(folder: string): boolean
  /** A second name for a file. @throws EEXIST when `to` is taken; ENOTSUP or EPERM where there are no hard links */
  link(from: string, to: string): void
  /** Replaces `to` when it exists: only for files that are Safelight's own (manifests, place.json). */
  rename(from: string, to: string): void
  unlink(file: string): void
}

/** What direct reads and writes begin at and are a multiple of: no disk has larger sectors. */
export const DIRECT_BYTES = 4096

/** @returns the length that a direct read or write of so many bytes must have */
export function directLength(bytes: number): number {
  return Math.ceil(bytes / DIRECT_BYTES) * DIRECT_BYTES
}

/** A link in place of a file is refused (ELOOP): a drive may have been in other hands, and what a link leads to is not on the drive. */
const NO_FOLLOW = process.platform === 'win32' ? 0 : constants.O_NOFOLLOW

/** Nor does opening wait for whoever is to write into a pipe that lies under a copy's name: it is refused as soon as it is seen. */
const NO_WAIT = process.platform === 'win32' ? 0 : constants.O_NONBLOCK

/** Page cache bypass is a flag of open() on Linux only; macOS and Windows have theirs where Node does not reach. */
const DIRECT = process.platform === 'linux' ? constants.O_DIRECT : 0

export const systemFiles: DurableFiles = {
  stat(file) {
    const stats = lstatSync(file, { throwIfNoEntry: false })
    return stats && toEntryStat(stats)
  },
  statOpen: (descriptor) => toEntryStat(fstatSync(descriptor)),
  list: (folder) =>
    readdirSync(folder, { withFileTypes: true }).map((entry) => ({ name: entry.name, kind: kindOf(entry) })),

  openRead: (file) => openFile(file, constants.O_RDONLY),
  openDirect(file) {
    if (DIRECT === 0) return undefined
    try {
      return openFile(file, constants.O_RDONLY | DIRECT)
    } catch (error) {
      if (cannotBeDirect(error)) return undefined
      throw error
    }
  },
  create: (file) => openSync(file, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o644),
  createDirect(file) {
    if (DIRECT === 0) return undefined
    try {
      return openSync(file, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | DIRECT, 0o644)
    } catch (error) {
      if (!cannotBeDirect(error)) throw error
      // A file system that knows no such thing has made the file before it says so.
      rmSync(file, { force: true })
      return undefined
    }
  },
  openAppend: (file) => openFile(file, constants.O_RDWR | constants.O_CREAT | constants.O_APPEND),
  read: (descriptor, into, offset, length, position) => readSync(descriptor, into, offset, length, position ?? null),
  write(descriptor, from, offset, length) {
    for (let done = 0; done < length;) done += writeSync(descriptor, from, offset + done, length - done)
  },
  truncate: (descriptor, length) => ftruncateSync(descriptor, length),
  setTimes(descriptor, mtimeMs) {
    // Node cuts seconds off after the microsecond, and a fraction rarely has an exact double: half of one more rounds instead, so that no
    // file comes back a millisecond older than it was.
    const seconds = (mtimeMs + 0.0005) / 1000
    futimesSync(descriptor, seconds, seconds)
  },
  sync: (descriptor) => fsyncSync(descriptor),
  close: (descriptor) => closeSync(descriptor),

  syncFolder(folder) {
    if (process.platform === 'win32') return
    const descriptor = openSync(folder, constants.O_RDONLY)
    try {
      fsyncSync(descriptor)
    } catch (error) {
      // Some network and FUSE file systems refuse to sync a folder (EINVAL, ENOTSUP): their servers order names themselves.
      if (systemCode(error) !== 'EINVAL' && systemCode(error) !== 'ENOTSUP') throw error
    } finally {
      closeSync(descriptor)
    }
  },
  syncFileSystem(folder) {
    if (process.platform !== 'linux') return false
    // Not by execa: every copy worker loads this module, and would spend more time on loading it than on its first files.
    return spawnSync('sync', ['-f', folder], { stdio: 'ignore' }).status === 0
  },

  makeFolder(folder) {
    try {
      mkdirSync(folder, 0o755)
      return true
    } catch (error) {
      if (systemCode(error) === 'EEXIST' && lstatSync(folder).isDirectory()) return false
      throw error
    }
  },
  link: (from, to) => linkSync(from, to),
  rename: (from, to) => renameSync(from, to),
  unlink: (file) => unlinkSync(file),
}

/** Only Linux has it. */
const NO_ACCESS_TIME = process.platform === 'linux' ? constants.O_NOATIME : 0

/** @throws EFTYPE for a pipe, a socket or a device, ELOOP for a link */
function openFile(file: string, flags: number): number {
  const descriptor = openQuietly(file, flags | NO_FOLLOW | NO_WAIT)
  const stats = fstatSync(descriptor)
  // A folder is let through: reading it says EISDIR, in the system's own words.
  if (stats.isFile() || stats.isDirectory()) return descriptor
  closeSync(descriptor)
  throw Object.assign(new Error(`EFTYPE: not a file but a pipe, a socket or a device, open '${file}'`), {
    code: 'EFTYPE',
  })
}

/** Reading a file leaves its time of last access alone where that is allowed (to its owner): otherwise looking at a card writes to it. */
function openQuietly(file: string, flags: number): number {
  const isReading = (flags & (constants.O_WRONLY | constants.O_RDWR)) === 0
  if (NO_ACCESS_TIME === 0 || !isReading) return openSync(file, flags, 0o644)
  try {
    return openSync(file, flags | NO_ACCESS_TIME)
  } catch (error) {
    // Another's file, or a file system that does not know the flag.
    if (systemCode(error) !== 'EPERM' && systemCode(error) !== 'EINVAL') throw error
    return openSync(file, flags)
  }
}

function cannotBeDirect(error: unknown): boolean {
  return systemCode(error) === 'EINVAL' || systemCode(error) === 'ENOTSUP'
}

function toEntryStat(stats: Stats): EntryStat {
  return {
    kind: kindOf(stats),
    sizeBytes: stats.size,
    mtimeMs: stats.mtimeMs,
    ctimeMs: stats.ctimeMs,
    inode: stats.ino,
    device: stats.dev,
  }
}

function kindOf(entry: { isFile(): boolean; isDirectory(): boolean; isSymbolicLink(): boolean }): EntryKind {
  if (entry.isFile()) return 'file'
  if (entry.isDirectory()) return 'folder'
  return entry.isSymbolicLink() ? 'link' : 'other'
}

/** Gives a complete, synced file its final name, which nothing may have yet: by a hard link, which no other writer can overtake, else by
 *  looking first (exFAT, FAT and some network shares have no links).
 *  @throws EEXIST when the final name is taken; the temporary file is then still there */
export function publish(files: DurableFiles, temporary: string, final: string): void {
  if (linkOrNot(files, temporary, final)) files.unlink(temporary)
  else files.rename(temporary, final)
}

/** @returns whether `to` is a second name of `from` now; false where the file system knows no such thing, and then `to` is free */
function linkOrNot(files: DurableFiles, from: string, to: string): boolean {
  try {
    files.link(from, to)
    return true
  } catch (error) {
    if (!NO_HARD_LINKS.has(systemCode(error))) throw error
    if (files.stat(to) !== undefined) throw nameTaken(to)
    return false
  }
}

const NO_HARD_LINKS = new Set([
  'EPERM',
  'ENOTSUP',
  'EOPNOTSUPP',
  'ENOSYS',
  'EMLINK',
  'EXDEV',
  'EINVAL',
  'EACCES',
  'EISDIR',
  'UNKNOWN',
])

/** As the system says it. */
export function nameTaken(file: string): Error {
  return Object.assign(new Error(`EEXIST: file already exists, '${file}'`), { code: 'EEXIST' })
}

/** How the bytes of a file come to lie under a second name. */
export interface Duplication {
  /** Makes a complete, durable, proven copy under a temporary name. @returns that name */
  readonly copy: () => string
  /** Whether what lies under the new name has been read and is the same, byte for byte. */
  readonly isSame: () => boolean
  /** Where another computer may put something else under the name at the same moment. */
  readonly guard?: {
    /** Whether what lies under a name is what is to be moved. */
    readonly isIt: (file: string) => boolean
    /** A temporary name in the folder of the old one. */
    readonly gone: string
  }
}

/** `moved`: it lies under the new name alone. `replaced`: it lies under the new name, and something else, or nothing, under the old one.
 *  `another`: something else lay under the old name, or nothing; nothing was moved. */
export type Moved = 'moved' | 'replaced' | 'another'

/** Moves a copy to a name that is free, or that a move which was killed half-way has given already, within one file system. The new name is
 *  on the device before the old one goes: of two folders, some file systems keep a later change and lose an earlier one when the power
 *  fails. Where there are no hard links the bytes have to go there a second time, because a rename would touch both folders at once.
 *  With a guard nothing is lost whoever writes there meanwhile: the old name is taken away by a rename, looked at, and given back. */
export function moveAside(files: DurableFiles, from: string, to: string, duplication: Duplication): Moved {
  const { copy, isSame, guard } = duplication
  makeFolders(files, path.dirname(path.dirname(from)), path.dirname(to))
  const isThere = files.stat(to)?.kind === 'file' && isSame()
  if (!isThere) {
    const made = unlessGone(() => {
      if (!linkOrNot(files, from, to)) files.rename(copy(), to)
    }, guard !== undefined)
    if (made === 'gone') return 'another'
  }
  files.syncFolder(path.dirname(to))
  const moved = guard ? takeAway(files, from, to, guard) : 'moved'
  if (!guard) files.unlink(from)
  files.syncFolder(path.dirname(from))
  return moved
}

function takeAway(
  files: DurableFiles,
  from: string,
  to: string,
  { isIt, gone }: NonNullable<Duplication['guard']>,
): Moved {
  if (!isIt(to)) {
    files.unlink(to)
    files.syncFolder(path.dirname(to))
    return 'another'
  }
  if (unlessGone(() => files.rename(from, gone), true) === 'gone') return 'replaced'
  if (isIt(gone)) {
    files.unlink(gone)
    return 'moved'
  }
  try {
    publish(files, gone, from)
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error
    // A third content was quicker than that: this one stays beside the one that was to be moved.
    const beside = path.join(`${path.dirname(to)}-other`, path.basename(to))
    makeFolders(files, path.dirname(path.dirname(from)), path.dirname(beside))
    files.rename(gone, beside)
    files.syncFolder(path.dirname(beside))
  }
  return 'replaced'
}

function unlessGone(act: () => void, mayBeGone: boolean): 'gone' | undefined {
  try {
    act()
    return undefined
  } catch (error) {
    if (mayBeGone && systemCode(error) === 'ENOENT') return 'gone'
    throw error
  }
}

/** Copies bytes and date to a name that nothing has; durable when it returns. What a failure left of it is taken away. */
export function copyWhole(files: DurableFiles, from: string, to: string): void {
  const source = files.openRead(from)
  try {
    const { mtimeMs } = files.statOpen(source)
    const target = files.create(to)
    try {
      const buffer = Buffer.allocUnsafe(COPY_BYTES)
      for (
        let read = files.read(source, buffer, 0, COPY_BYTES);
        read > 0;
        read = files.read(source, buffer, 0, COPY_BYTES)
      )
        files.write(target, buffer, 0, read)
      files.setTimes(target, mtimeMs)
      files.sync(target)
    } catch (error) {
      files.unlink(to)
      throw error
    } finally {
      files.close(target)
    }
  } finally {
    files.close(source)
  }
}

const COPY_BYTES = 1024 * 1024

/** Creates the folders between `root`, which must exist, and `folder`, each made durable in its parent. Never creates `root` itself: where
 *  a drive is gone, its root is gone too, and nothing may be written in its stead. */
export function makeFolders(files: DurableFiles, root: string, folder: string): void {
  const link = linkOnTheWay(files, root, folder)
  if (link !== undefined)
    throw Object.assign(new Error(`ELOOP: ${link} is a link and leads elsewhere`), { code: 'ELOOP' })
  const missing: string[] = []
  for (let at = folder; at !== root && files.stat(at) === undefined; at = path.dirname(at)) {
    if (path.dirname(at) === at) break
    missing.push(at)
  }
  for (const each of missing.reverse()) if (files.makeFolder(each)) files.syncFolder(path.dirname(each))
}

/** @returns the first folder below `root` on the way to `folder` that is a link and so leads away from the drive, if there is one */
export function linkOnTheWay(files: DurableFiles, root: string, folder: string): string | undefined {
  let at = root
  for (const part of path.relative(root, folder).split(path.sep)) {
    at = path.join(at, part)
    const kind = files.stat(at)?.kind
    if (kind === undefined) return undefined
    if (kind === 'link') return at
  }
  return undefined
}

/** Replaces one of Safelight's own small files so that a crash leaves the old or the new content, never a part.
 *  @param temporary  a free name in the same folder */
export function replaceFile(files: DurableFiles, file: string, temporary: string, content: string): void {
  writeNew(files, temporary, content)
  files.rename(temporary, file)
  files.syncFolder(path.dirname(file))
}

/** The same for one that nobody else may have made meanwhile. @throws EEXIST when somebody has; nothing is then left */
export function publishFile(files: DurableFiles, file: string, temporary: string, content: string): void {
  writeNew(files, temporary, content)
  try {
    publish(files, temporary, file)
  } catch (error) {
    if (systemCode(error) === 'EEXIST') files.unlink(temporary)
    throw error
  }
  files.syncFolder(path.dirname(file))
}

function writeNew(files: DurableFiles, file: string, content: string): void {
  const bytes = Buffer.from(content, 'utf8')
  const descriptor = files.create(file)
  try {
    files.write(descriptor, bytes, 0, bytes.length)
    files.sync(descriptor)
  } finally {
    files.close(descriptor)
  }
}

/** Appends whole lines and makes them durable. What a crash left of an unfinished last line is cut off first: it was never acknowledged.
 *  @param lines  without their newlines
 *  @param sync  false when the caller syncs the whole file system afterwards
 *  @param keepBytes  what lies behind them is known to be left by a crash, and is cut off too */
export function appendLines(
  files: DurableFiles,
  file: string,
  lines: readonly string[],
  sync = true,
  keepBytes = Number.POSITIVE_INFINITY,
): void {
  const isNew = files.stat(file) === undefined
  const descriptor = files.openAppend(file)
  try {
    const length = files.statOpen(descriptor).sizeBytes
    const whole = Math.min(lengthOfWholeLines(files, descriptor, length), keepBytes)
    if (whole < length) files.truncate(descriptor, whole)
    const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''), 'utf8')
    files.write(descriptor, bytes, 0, bytes.length)
    if (sync) files.sync(descriptor)
  } finally {
    files.close(descriptor)
  }
  if (isNew && sync) files.syncFolder(path.dirname(file))
}

/** @returns `length`, or the offset just after the last newline when the file does not end with one */
function lengthOfWholeLines(files: DurableFiles, descriptor: number, length: number): number {
  if (length === 0) return 0
  const last = Buffer.alloc(1)
  if (files.read(descriptor, last, 0, 1, length - 1) === 1 && last[0] === NEWLINE) return length
  const chunk = Buffer.alloc(64 * 1024)
  for (let end = length; end > 0;) {
    const start = Math.max(0, end - chunk.length)
    const count = files.read(descriptor, chunk, 0, end - start, start)
    const newline = chunk.subarray(0, count).lastIndexOf(NEWLINE)
    if (newline >= 0) return start + newline + 1
    end = start
  }
  return 0
}

const NEWLINE = 0x0a

/** A small file of Safelight's own, whole. */
export function readWhole(files: DurableFiles, file: string): Buffer {
  const descriptor = files.openRead(file)
  try {
    const buffer = Buffer.alloc(files.statOpen(descriptor).sizeBytes)
    let filled = 0
    while (filled < buffer.length) {
      const count = files.read(descriptor, buffer, filled, buffer.length - filled)
      if (count === 0) break
      filled += count
    }
    return buffer.subarray(0, filled)
  } finally {
    files.close(descriptor)
  }
}
