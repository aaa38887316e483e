// Brings one file back: looks what lies under its name, takes the bytes from the first copy that hashes to the reference, and never puts
// them over anything. May be run twice: what came back the first time is found and left.
import path from 'node:path'
import { systemCode } from '../errors.js'
import type { DurableFiles } from '../files/durable.js'
import type { Failure, ReadMethod, Target } from '../engine/jobs.js'
import type { WorkerPool } from '../engine/pool.js'
import type { CopyRow } from '../journal/files.js'
import type { ShootRow } from '../journal/shoots.js'
import { isSafeRelativePath } from '../manifest/manifest.js'
import { WORKING, type FileStat, type Hash } from '../model.js'
import { canBeTried, type Candidate, type CopyFinder, type Failed } from './copies.js'
import { copyFrom, type LocalSource } from './copy-from.js'
import type { Fetcher } from './fetch.js'
import { besideName, isBeside, type FilePlan } from './plan.js'
import type { SlowPlaces } from './slow-places.js'

export interface RestoreFileDeps {
  readonly files: DurableFiles
  readonly pool: WorkerPool
  readonly finder: CopyFinder
  readonly fetcher: Fetcher
  readonly slow: SlowPlaces
  readonly signal: AbortSignal
}

/** Where a shoot is restored to. */
export interface ShootTarget {
  readonly base: string
  /** `device:inode` of the base. */
  readonly identity: string
  readonly folder: string
  /** For the names of what is put beside. */
  readonly day: string
  /** Originals themselves are tried last when they are not what is being restored. */
  readonly mayUseOriginal: boolean
}

export type FileResult = {
  /** Copies that were tried before and were not good. */
  readonly failed: readonly Failed[]
} & (
  | {
      readonly kind: 'restored'
      readonly path: string
      readonly from: string
      readonly isBeside: boolean
      readonly stat: FileStat
      readonly how: ReadMethod
    }
  | {
      readonly kind: 'there'
      readonly path: string
      readonly isBeside: boolean
      readonly stat: FileStat
      readonly how: ReadMethod
    }
  | { readonly kind: 'left-alone' }
  | { readonly kind: 'lost' }
  | { readonly kind: 'refused-by-target'; readonly failure: Failure }
)

/** A target that takes a name for another file's, or whose folder fills with names meanwhile, is asked so often. */
const NAMES_TRIED = 1000

export async function restoreFile(
  deps: RestoreFileDeps,
  shoot: ShootRow,
  plan: FilePlan,
  target: ShootTarget,
): Promise<FileResult> {
  const { name, version } = plan.wanted
  if (!isSafeRelativePath(name) || name.includes('/'))
    return refused('name-not-storable', `${JSON.stringify(name)} is no file name`)
  try {
    const spot = await findSpot(deps, plan, target)
    if ('kind' in spot) return spot
    return await fetch(deps, shoot, plan, target, spot.name)
  } catch (error) {
    if (systemCode(error) === '') throw error
    return refused(
      systemCode(error) === 'ENAMETOOLONG' ? 'name-not-storable' : 'place-failing',
      `${systemCode(error)} at ${path.join(target.folder, name)} (${version.sizeBytes} bytes)`,
    )
  }
}

function refused(kind: Failure['kind'], message: string, failed: readonly Failed[] = []): FileResult {
  return { kind: 'refused-by-target', failure: { kind, message }, failed }
}

// ── under which name ────────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** @returns a free name, or the result when the content is there already */
async function findSpot(
  deps: RestoreFileDeps,
  { wanted: { name, version, isAsked } }: FilePlan,
  { folder, day }: ShootTarget,
): Promise<{ readonly name: string } | FileResult> {
  const own = path.join(folder, name)
  if (deps.files.stat(own) === undefined) return { name }
  const same = await readIfSame(deps, own, version)
  if (same === 'stopped') return refused('stopped', 'stopped')
  if (same) return { kind: 'there', path: own, isBeside: false, ...same, failed: [] }
  if (!isAsked) return { kind: 'left-alone', failed: [] }
  // Restored before, perhaps on another day: then it is not put there again.
  const names = deps.files.list(folder).map((entry) => entry.name)
  for (const candidate of names.filter((each) => isBeside(name, 'restored', each)).sort()) {
    const file = path.join(folder, candidate)
    const again = await readIfSame(deps, file, version)
    if (again === 'stopped') return refused('stopped', 'stopped')
    if (again) return { kind: 'there', path: file, isBeside: true, ...again, failed: [] }
  }
  for (let n = 1; n <= NAMES_TRIED; n++) {
    const candidate = besideName(name, 'restored', day, n)
    if (deps.files.stat(path.join(folder, candidate)) === undefined) return { name: candidate }
  }
  return refused('name-taken', `${NAMES_TRIED} names beside ${own} are taken`)
}

async function readIfSame(
  { files, pool }: RestoreFileDeps,
  file: string,
  version: { readonly hash: Hash; readonly sizeBytes: number },
): Promise<{ stat: FileStat; how: ReadMethod } | 'stopped' | undefined> {
  const stat = files.stat(file)
  if (stat?.kind !== 'file' || stat.sizeBytes !== version.sizeBytes) return undefined
  const { result } = await pool.run({ kind: 'hash', file, sizeBytes: stat.sizeBytes, fromDevice: true })
  if ('failure' in result) return result.failure.kind === 'stopped' ? 'stopped' : undefined
  return result.hash === version.hash ? { stat: result.stat, how: result.how } : undefined
}

// ── from which copy ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────

async function fetch(
  deps: RestoreFileDeps,
  shoot: ShootRow,
  plan: FilePlan,
  target: ShootTarget,
  firstName: string,
): Promise<FileResult> {
  const spot: Spot = { name: firstName, failed: [] }
  const tried: CopyRow[] = []
  const slow: Candidate[] = []
  const planned = deps.slow.last(plan.candidates).map((copy) => deps.finder.point(shoot, copy))
  for (const [index, source] of planned.entries()) {
    tried.push(source.copy)
    const result = await attempt(deps, plan, target, source, spot, planned.slice(index + 1).find(canBeTried))
    if (result) return result
    if (spot.failed.at(-1)?.kind !== 'slow' || !canBeTried(source)) continue
    deps.slow.add(source.copy.placeId)
    if (!deps.pool.isSilent(source.copy.placeId)) slow.push(source)
  }
  for (const source of [...slow, ...lastSources(deps, shoot, plan, target, tried)]) {
    const result = await attempt(deps, plan, target, source, spot, undefined)
    if (result) return result
  }
  return { kind: 'lost', failed: spot.failed }
}

/** Under which name, and what was tried for it so far. */
interface Spot {
  name: string
  readonly failed: Failed[]
}

/** Only when it comes to that: the same bytes under another name, and the original itself. */
function* lastSources(
  { finder, pool }: RestoreFileDeps,
  shoot: ShootRow,
  { wanted }: FilePlan,
  { mayUseOriginal }: ShootTarget,
  tried: readonly CopyRow[],
): Generator<Candidate | Failed> {
  const isSilent = (placeId: string): boolean => pool.isSilent(placeId)
  yield* finder.elsewhere(wanted.version.hash, tried, isSilent)
  if (mayUseOriginal && !isSilent(WORKING)) yield* finder.original(shoot, wanted.name, wanted.copies)
}

/** Brings the file from one copy.
 *  @param next  the one that serves when this one is slow
 *  @returns undefined when the next one is to be tried */
async function attempt(
  deps: RestoreFileDeps,
  plan: FilePlan,
  target: ShootTarget,
  source: Candidate | Failed,
  spot: Spot,
  next: Candidate | undefined,
): Promise<FileResult | undefined> {
  if (!canBeTried(source)) {
    spot.failed.push(source)
    return undefined
  }
  const { copy, where } = source
  if ('file' in source) {
    const least = next && deps.slow.leastWorthWaitingFor(next.copy.placeId)
    return copyToSpot(deps, plan, target, source, spot, least)
  }
  const { hash, sizeBytes } = plan.wanted.version
  const request = { ...source.remote, hash, sizeBytes, mayGiveWay: next !== undefined }
  const fetched = await deps.fetcher.fetch(request, deps.signal)
  if (fetched.kind === 'stopped') return refused('stopped', fetched.why, spot.failed)
  if (fetched.kind !== 'fetched') {
    spot.failed.push({ ...fetched, kind: fetched.kind, copy, where })
    return undefined
  }
  try {
    const { file, mayBeLinked } = fetched
    return await copyToSpot(deps, plan, target, { copy, where, file, mayBeLinked }, spot)
  } finally {
    await fetched.release()
  }
}

async function copyToSpot(
  deps: RestoreFileDeps,
  plan: FilePlan,
  target: ShootTarget,
  source: LocalSource,
  spot: Spot,
  leastBytesPerSecond?: number,
): Promise<FileResult | undefined> {
  const { failed } = spot
  for (let tries = 1; ; tries++) {
    const to = asTarget(target, spot.name)
    const step = await copyFrom(deps.pool, plan.wanted.version, source, to, leastBytesPerSecond)
    if (step.kind === 'copied')
      return {
        kind: 'restored',
        path: path.join(target.folder, spot.name),
        from: source.where,
        isBeside: spot.name !== plan.wanted.name,
        stat: step.stat,
        how: step.how,
        failed,
      }
    if (step.kind === 'bad-copy') {
      failed.push(step.failed)
      return undefined
    }
    const { failure } = step
    if (failure.kind !== 'name-taken' || tries >= NAMES_TRIED) return { kind: 'refused-by-target', failure, failed }
    // Somebody was quicker, or the file system takes two names for one.
    const again = await findSpot(deps, plan, target)
    if ('kind' in again) return { ...again, failed }
    if (again.name === spot.name) return { kind: 'refused-by-target', failure, failed }
    spot.name = again.name
  }
}

function asTarget({ base, identity, folder }: ShootTarget, name: string): Target {
  return { place: 'restore', root: base, marker: identity, rootIsFolder: true, folder, name }
}
