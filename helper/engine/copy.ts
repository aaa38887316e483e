// Copies a batch of whole files, each read once and written to every target from the same buffer, so that a crash leaves under a final
// name either nothing or the whole file:
//
//   for each file   read the source, hash it, write temporary names; take it again when the source changed meanwhile
//   once            make the batch durable: one sync of the file system where there is one, else each file
//   for each copy   read it back from the device, compare with the source's hash, give it its final name
//   once            make the names durable
//
// A target that fails does not hold up the others. Nothing at a target is ever overwritten. Long, because the order of these calls is the promise,
// and is read here from top to bottom.
import path from 'node:path'
import { describeError } from '../errors.js'
import { copyWhole, DIRECT_BYTES, makeFolders, moveAside, nameTaken, publish } from '../files/durable.js'
import { TEMPORARY_SUFFIX } from '../files/scan.js'
import { temporaryName } from '../files/temporary.js'
import type { FileStat, Hash } from '../model.js'
import { failureOf, PLACE_TROUBLE } from './failures.js'
import type { CopyJob, CopyOutcome, Failure, Target, TargetOutcome } from './jobs.js'
import { append, endOutflow, isOpen, openOutflow, reopenOutflow, type Outflow } from './outflow.js'
import { hashFile, plainStat, readLength, Stopped, type ReadResult, type WorkerDeps } from './read.js'
import { SourcePace } from './source-pace.js'
import { closeSource, sourceFailure, withWhyGone } from './source-trouble.js'
import { assertHere, obstacleToSource } from './still-here.js'

/** A source that keeps changing while it is read is reported after this many tries. */
const TRIES = 3

/** From this many files on, one sync of the whole file system costs less than one for each. */
const SYNC_TOGETHER_FROM = 8

/** What a batch does until it waits for a file system to be made durable: it hands out the folder, and is told whether that was done. */
export type Steps<Outcome> = Generator<string, Outcome[], boolean>

export function* runCopyBatch(deps: WorkerDeps, jobs: readonly CopyJob[]): Steps<CopyOutcome> {
  const taken = jobs.map((job) => takeSource(deps, job))
  const copies = taken.flatMap((each) => each.copies)
  yield* makeDurable(deps, copies)
  for (const copy of copies) finish(deps, copy)
  syncNames(deps, copies)
  return taken.map(({ source, copies }) => ({ kind: 'copied', source, targets: copies.map(toOutcome) }))
}

interface Taken {
  readonly source: CopyOutcome['source']
  readonly copies: readonly Copy[]
}

/** One copy on its way to one target. */
interface Copy {
  readonly target: Target
  readonly temporary: string
  result?: TargetOutcome['result']
  out?: Outflow
  isCreated: boolean
  movedOld: boolean
  /** Of the source, once it has been read whole. */
  hash?: Hash
}

function toOutcome({ target, result, movedOld }: Copy): TargetOutcome {
  return { place: target.place, movedOld, result: result ?? failed({ kind: 'stopped', message: 'not finished' }) }
}

function failed(failure: Failure): TargetOutcome['result'] {
  return { kind: 'failed', failure }
}

// ── reading the source and writing temporary names ──────────────────────────────────────────────────────────────────────────────────

function takeSource(deps: WorkerDeps, job: CopyJob): Taken {
  const linked = job.mayBeLinked ? linkSource(deps, job) : undefined
  if (linked) return linked
  for (let attempt = 1; ; attempt++) {
    const copies = job.targets.map((target, index): Copy => ({
      target,
      temporary: temporaryFor(deps, target, index),
      isCreated: false,
      movedOld: false,
    }))
    const source = withWhyGone(deps, job, readOnce(deps, job, copies, attempt === 1))
    if ('failure' in source) {
      for (const copy of copies) abandon(deps, copy, source.failure)
      if (source.failure.kind === 'source-changing' && attempt < TRIES) continue
    } else if (job.mustHash !== undefined && source.hash !== job.mustHash) {
      for (const copy of copies) discard(deps, copy, { kind: 'refused' })
    }
    return { source, copies }
  }
}

/** @returns undefined when the source must be copied: it lies on another file system, or whatever else was in the way will be met again */
function linkSource(deps: WorkerDeps, job: CopyJob): Taken | undefined {
  const { targets, mustHash: hash } = job
  const [target] = targets
  if (!target || targets.length > 1 || hash === undefined) return undefined
  const copy: Copy = { target, temporary: temporaryFor(deps, target, 0), isCreated: false, movedOld: false }
  const taken: Taken[] = []
  attempt(deps, copy, () => {
    const stat = deps.files.stat(job.from)
    if (stat?.kind !== 'file' || stat.sizeBytes !== job.expected.sizeBytes) return
    assertHere(deps.files, target)
    makeFolders(deps.files, target.root, target.folder)
    deps.files.link(job.from, copy.temporary)
    copy.isCreated = true
    copy.out = reopenOutflow(deps.files, copy.temporary, stat.sizeBytes)
    end(deps, copy, hash, job.mtimeMs ?? stat.mtimeMs)
    deps.onBytes(stat.sizeBytes, 'source')
    taken.push({ source: { hash, stat: plainStat(stat) }, copies: [copy] })
  })
  return copy.result === undefined ? taken[0] : undefined
}

let counter = 0

function temporaryFor(deps: WorkerDeps, target: Target, index: number): string {
  counter += 1
  return path.join(target.folder, temporaryName(deps.temporaryTag, `${counter}-${index}`))
}

/** @param direct  past the page cache if that can be: whatever is odd about it is settled by a second, ordinary read */
function readOnce(deps: WorkerDeps, job: CopyJob, copies: readonly Copy[], direct: boolean): CopyOutcome['source'] {
  try {
    const { drive } = job
    const obstacle = drive && deps.asking(() => obstacleToSource(deps.files, drive, job.from))
    if (obstacle) return { failure: obstacle }
    const source = openSource(deps, job.from, direct)
    try {
      return readOpen(deps, job, source, copies)
    } finally {
      closeSource(deps, source.descriptor)
    }
  } catch (error) {
    return { failure: sourceFailure(error, direct) }
  }
}

interface Source {
  readonly descriptor: number
  readonly isDirect: boolean
}

function openSource({ files, asking }: WorkerDeps, from: string, direct: boolean): Source {
  return asking(() => {
    const descriptor = direct ? files.openDirect(from) : undefined
    return { descriptor: descriptor ?? files.openRead(from), isDirect: descriptor !== undefined }
  })
}

function readOpen(deps: WorkerDeps, job: CopyJob, source: Source, copies: readonly Copy[]): CopyOutcome['source'] {
  const before = plainStat(deps.asking(() => deps.files.statOpen(source.descriptor)))
  for (const copy of copies) attempt(deps, copy, () => begin(deps, copy, before.sizeBytes))
  const { hash, count } = pour(deps, source, copies, before.sizeBytes, new SourcePace(job.patience, deps.slowAfterMs))
  const after = deps.asking(() => deps.files.stat(job.from))
  if (after === undefined)
    return { failure: { kind: 'source-vanished', message: 'it was taken away while it was being read' } }
  if (count !== before.sizeBytes || !isSameContent(before, after)) {
    return {
      failure: {
        kind: 'source-changing',
        message: `it changed while it was being read (${before.sizeBytes} bytes, then ${after.sizeBytes})`,
      },
    }
  }
  for (const copy of copies) attempt(deps, copy, () => end(deps, copy, hash, job.mtimeMs ?? before.mtimeMs))
  return { hash, stat: plainStat(after) }
}

function isSameContent(a: FileStat, b: FileStat): boolean {
  return a.sizeBytes === b.sizeBytes && a.mtimeMs === b.mtimeMs && a.inode === b.inode
}

/** Reads as much as there was at first, and no more: a file that grows for as long as it is read would never end, and that it grew is
 *  seen by its size afterwards. */
function pour(
  deps: WorkerDeps,
  source: Source,
  copies: readonly Copy[],
  sizeBytes: number,
  pace: SourcePace,
): { hash: Hash; count: number } {
  const hasher = deps.hash.create()
  const isDirect = source.isDirect || copies.some((copy) => copy.out?.isDirect)
  const step = isDirect ? deps.buffer : deps.buffer.subarray(0, BUFFERED_BYTES)
  let total = 0
  while (total < sizeBytes) {
    const count = pace.timed(() => fill(deps, source, step, sizeBytes - total))
    if (count === 0) break
    hasher.update(deps.buffer.subarray(0, count))
    for (const copy of copies) attempt(deps, copy, () => write(deps, copy, count))
    total += count
    deps.onBytes(count, 'source')
    // Only the end of a file is no whole sector; from anywhere else a direct read, and a direct write, cannot go on.
    if (isDirect && count % DIRECT_BYTES !== 0) break
  }
  return { hash: hasher.digest(), count: total }
}

/** Through the page cache, more at once than this is slower. */
const BUFFERED_BYTES = 1024 * 1024

/** Fills the buffer as far as the file goes: a short read in the middle of it (network shares) is no end. @returns bytes */
function fill(deps: WorkerDeps, source: Source, buffer: Uint8Array, left: number): number {
  const wanted = readLength(buffer, left)
  let filled = 0
  while (filled < Math.min(wanted, left)) {
    const count = deps.asking(() => deps.files.read(source.descriptor, buffer, filled, wanted - filled))
    if (count === 0) break
    filled += count
    if (source.isDirect && filled % DIRECT_BYTES !== 0) break
  }
  return filled
}

function begin(deps: WorkerDeps, copy: Copy, sizeBytes: number): void {
  assertHere(deps.files, copy.target)
  makeFolders(deps.files, copy.target.root, copy.target.folder)
  copy.out = openOutflow(deps.files, copy.temporary, sizeBytes)
  copy.isCreated = true
}

function write(deps: WorkerDeps, copy: Copy, count: number): void {
  if (copy.out) append(deps.files, copy.out, deps.buffer, count)
}

function end(deps: WorkerDeps, copy: Copy, hash: Hash, mtimeMs: number): void {
  if (copy.out === undefined) return
  endOutflow(deps.files, copy.out, mtimeMs)
  copy.hash = hash
}

// ── making them durable, reading them back, naming them ─────────────────────────────────────────────────────────────────────────────

function* makeDurable(deps: WorkerDeps, copies: readonly Copy[]): Generator<string, void, boolean> {
  const waiting = copies.filter((copy) => copy.result === undefined && copy.out !== undefined)
  const roots = new Map<string, Copy[]>()
  for (const copy of waiting) roots.set(copy.target.root, [...(roots.get(copy.target.root) ?? []), copy])
  for (const [root, group] of roots) {
    const together = group.length >= SYNC_TOGETHER_FROM && (yield root)
    for (const copy of group) attempt(deps, copy, () => close(deps, copy, !together))
  }
}

function close(deps: WorkerDeps, copy: Copy, withSync: boolean): void {
  const { out } = copy
  if (out === undefined) return
  if (withSync) deps.files.sync(out.descriptor)
  delete copy.out
  deps.files.close(out.descriptor)
}

function finish(deps: WorkerDeps, copy: Copy): void {
  if (copy.result !== undefined || copy.hash === undefined) return
  const { hash, target, temporary } = copy
  attempt(deps, copy, () => {
    const read = readBack(deps, temporary)
    if (read.hash !== hash) throw new Differs(`${read.hash} was read back where ${hash} had been written`)
    assertHere(deps.files, target)
    const final = path.join(target.folder, target.name)
    if (target.moveOldTo !== undefined && deps.files.stat(final) !== undefined) {
      const aside = target.moveOldTo
      const { old } = target
      const moved = moveAside(deps.files, final, aside, {
        copy: () => copyOfOld(deps, final, `${temporary}.old${TEMPORARY_SUFFIX}`),
        isSame: () => readsTheSame(deps, final, aside),
        ...(old
          ? { guard: { isIt: (file) => isContent(deps, file, old), gone: `${temporary}.gone${TEMPORARY_SUFFIX}` } }
          : {}),
      })
      copy.movedOld = moved !== 'another'
      if (moved !== 'moved') throw nameTaken(final)
    }
    publish(deps.files, temporary, final)
    copy.isCreated = false
    const stat = deps.files.stat(final)
    if (stat === undefined)
      throw Object.assign(new Error('the name is not there after it was given'), { code: 'EINVAL' })
    copy.result = { kind: 'copied', readBack: read.hash, how: read.how, stat: plainStat(stat) }
  })
}

/** An earlier content on a drive without hard links, once more and proven to be the same. @returns where */
function copyOfOld(deps: WorkerDeps, final: string, temporary: string): string {
  copyWhole(deps.files, final, temporary)
  if (readsTheSame(deps, final, temporary)) return temporary
  deps.files.unlink(temporary)
  throw new Differs('other bytes were read back than had been written')
}

function readsTheSame(deps: WorkerDeps, one: string, other: string): boolean {
  const [a, b] = [one, other].map((file) => readBack(deps, file).hash)
  return a === b
}

/** By what its folder shows, and where that is another, by its bytes. */
function isContent(deps: WorkerDeps, file: string, { sizeBytes, mtimeMs, hash }: NonNullable<Target['old']>): boolean {
  const stat = deps.files.stat(file)
  if (stat?.kind !== 'file') return false
  return (stat.sizeBytes === sizeBytes && stat.mtimeMs === mtimeMs) || readBack(deps, file).hash === hash
}

/** From the target: its silence is not the source's, and what is written there is never left to anybody else. */
function readBack(deps: WorkerDeps, file: string): ReadResult {
  return hashFile({ ...deps, asking: (act) => act() }, file, true, 'read-back')
}

class Differs extends Error {}

function syncNames(deps: WorkerDeps, copies: readonly Copy[]): void {
  const folders = new Map<string, Copy[]>()
  for (const copy of copies) {
    if (copy.result?.kind === 'copied')
      folders.set(copy.target.folder, [...(folders.get(copy.target.folder) ?? []), copy])
  }
  for (const [folder, group] of folders) {
    try {
      deps.files.syncFolder(folder)
    } catch (error) {
      for (const copy of group) copy.result = failed(placeFailure(error))
    }
  }
}

// ── failing ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Does one thing for one copy; its failure ends this copy and no other. */
function attempt(deps: WorkerDeps, copy: Copy, act: () => void): void {
  if (copy.result !== undefined) return
  try {
    act()
  } catch (error) {
    const failure = placeFailure(error)
    const isName = failure.kind === 'place-away' && isNameToBlame(deps, copy)
    abandon(deps, copy, isName ? { ...failure, kind: 'name-not-storable' } : failure)
  }
}

/** Some file systems (exFAT in user space) answer "no such file" to a name that they cannot hold. Where the drive and the finished
 *  temporary file are still there, it is the name and not the drive. */
function isNameToBlame(deps: WorkerDeps, copy: Copy): boolean {
  try {
    assertHere(deps.files, copy.target)
    return copy.hash !== undefined && deps.files.stat(copy.temporary) !== undefined
  } catch (error) {
    return error === undefined
  }
}

function placeFailure(error: unknown): Failure {
  if (error instanceof Stopped) return { kind: 'stopped', message: 'stopped' }
  if (error instanceof Differs) return { kind: 'differs-after-write', message: error.message }
  return failureOf(error, PLACE_TROUBLE, 'place-failing')
}

function abandon(deps: WorkerDeps, copy: Copy, failure: Failure): void {
  if (copy.result === undefined) discard(deps, copy, failed(failure))
}

/** Ends a copy and takes its temporary file away. Where that fails too, the drive is gone or failing; the next run on it clears up. */
function discard(deps: WorkerDeps, copy: Copy, result: TargetOutcome['result']): void {
  copy.result = result
  try {
    if (copy.out !== undefined && isOpen(copy.out)) deps.files.close(copy.out.descriptor)
    delete copy.out
    if (copy.isCreated) deps.files.unlink(copy.temporary)
  } catch (error) {
    if (result.kind === 'failed')
      copy.result = failed({ ...result.failure, message: `${result.failure.message}; ${describeError(error)}` })
  }
}
