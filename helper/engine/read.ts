// Reading a file to its end through one fixed buffer: from the device where the system lets us past its page cache, else as it comes, and
// saying which of the two it was.
import { directLength, type DurableFiles } from '../files/durable.js'
import { systemCode } from '../errors.js'
import type { HashEngine } from '../files/hash.js'
import type { FileStat, Hash } from '../model.js'
import type { Failure, HashJob, HashOutcome, ReadMethod } from './jobs.js'
import { failureOf, type Trouble } from './failures.js'

/** What a worker has at hand for any job. */
export interface WorkerDeps {
  readonly files: DurableFiles
  readonly hash: HashEngine
  /** One page-aligned buffer, as direct reads demand; used by one job at a time. */
  readonly buffer: Uint8Array
  /** Called after every chunk with the bytes just read. @throws Stopped when the run is to end */
  onBytes(count: number, what: 'source' | 'read-back'): void
  /** Does what may never return, because the device that is asked hangs: meanwhile the main thread may give this worker up.
   *  @throws Stopped when it has */
  readonly asking: <T>(act: () => T) => T
  /** A source is called slow by what it gave in so much time of asking. */
  readonly slowAfterMs: number
  /** Part of every temporary name, so that what a crash left can be told from what others write. */
  readonly temporaryTag: string
}

/** Thrown through a job when the user, or a shutdown, has stopped the run. */
export class Stopped extends Error {}

export function runHashJob(deps: WorkerDeps, job: HashJob): HashOutcome {
  try {
    return { kind: 'hashed', result: hashFile(deps, job.file, job.fromDevice, 'read-back') }
  } catch (error) {
    return { kind: 'hashed', result: { failure: readFailure(error) } }
  }
}

export interface ReadResult {
  readonly hash: Hash
  readonly how: ReadMethod
  readonly stat: FileStat
}

/** Reads a whole file once.
 *  @throws the system's error, or Stopped */
export function hashFile(
  deps: WorkerDeps,
  file: string,
  fromDevice: boolean,
  what: 'source' | 'read-back',
): ReadResult {
  const direct = fromDevice ? deps.asking(() => deps.files.openDirect(file)) : undefined
  if (direct !== undefined) {
    try {
      return { ...hashOpen(deps, direct, what), how: 'direct' }
    } catch (error) {
      // Some file systems take the flag at open and refuse the read (FUSE, network): then it is read as it comes.
      if (systemCode(error) !== 'EINVAL') throw error
    } finally {
      deps.files.close(direct)
    }
  }
  const descriptor = deps.asking(() => deps.files.openRead(file))
  try {
    return { ...hashOpen(deps, descriptor, what), how: 'cached' }
  } finally {
    deps.files.close(descriptor)
  }
}

function hashOpen(deps: WorkerDeps, descriptor: number, what: 'source' | 'read-back'): { hash: Hash; stat: FileStat } {
  const stat = plainStat(deps.files.statOpen(descriptor))
  const hasher = deps.hash.create()
  // Stops at the size instead of asking for more: a direct read from an offset that is no multiple of a sector is refused.
  for (let total = 0; total < stat.sizeBytes;) {
    const wanted = readLength(deps.buffer, stat.sizeBytes - total)
    const count = deps.asking(() => deps.files.read(descriptor, deps.buffer, 0, wanted))
    if (count === 0) break
    hasher.update(deps.buffer.subarray(0, count))
    total += count
    deps.onBytes(count, what)
  }
  return { hash: hasher.digest(), stat }
}

/** How much to ask for at once. Never much more than there is: a direct read prepares memory for all that is asked for, which made twenty
 *  thousand small files cost three times as much. */
export function readLength(buffer: Uint8Array, left: number): number {
  return Math.min(buffer.length, directLength(Math.max(1, left)))
}

export function plainStat({ sizeBytes, mtimeMs, ctimeMs, inode, device }: FileStat): FileStat {
  return { sizeBytes, mtimeMs, ctimeMs, inode, device }
}

const READ_TROUBLE: Trouble = { ENOENT: 'vanished', ENOTDIR: 'vanished', ENODEV: 'vanished', ENXIO: 'vanished' }

function readFailure(error: unknown): Failure {
  return error instanceof Stopped
    ? { kind: 'stopped', message: 'stopped' }
    : failureOf(error, READ_TROUBLE, 'unreadable')
}
