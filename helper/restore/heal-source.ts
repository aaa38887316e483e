// Where good bytes are for a copy or an original that is to be made again, and bringing them: every copy that might be good is tried, the
// best first, and only bytes with the reference hash arrive.
import type { CopyJob, CopyOutcome, Failure, ReadMethod, Target } from '../engine/jobs.js'
import type { BackupRun } from '../engine/run.js'
import type { CopyRow } from '../journal/files.js'
import type { PastVersion } from '../journal/history.js'
import { WORKING, type FileStat, type Hash } from '../model.js'
import type { OpenPlace } from '../place/places.js'
import { openCopy } from './bucket.js'
import { canBeTried, type Candidate, type Failed } from './copies.js'
import type { HealRun, Suspect } from './heal-run.js'
import { planFiles } from './plan.js'
import { placeFacts } from './select.js'

const WRITES_TRIED = 3

/** Every copy that might be good, the best first; those that cannot be read go to `failed`. */
export function* goodCopies(
  { engine, finder, buckets }: HealRun,
  { shoot, place, file, version, copy }: Omit<Suspect, 'place'> & { readonly place: OpenPlace | undefined },
  failed: Failed[],
): Generator<Candidate> {
  const others = version.copies.filter((each) => each.placeId !== copy.placeId || each.path !== copy.path)
  const wanted = { name: file.name, version, copies: others, isNewest: true, isAsked: true }
  const places = placeFacts(engine.deps.journal, engine.livePlaces(), buckets)
  const [plan] = planFiles({ wanted: [wanted], places, found: new Map() })
  // Before the others, because it is then written down, and seldom there at all.
  if (place) yield* finder.setAside(shoot, place, file.name, version)
  const tried: CopyRow[] = [copy]
  for (const each of plan?.candidates ?? []) {
    tried.push(each)
    const found = finder.locate(shoot, each)
    if (canBeTried(found)) yield found
    else failed.push(found)
  }
  yield* finder.elsewhere(version.hash, tried)
  if (place) yield* finder.original(shoot, file.name, version.copies)
  for (const id of plan?.away ?? []) {
    const away = others.find((each) => each.placeId === id)
    if (away) failed.push({ copy: away, where: nameOf(engine, id), kind: 'away', why: 'connect it and heal again' })
  }
}

function nameOf(engine: BackupRun, placeId: string): string {
  const row = engine.deps.journal.get('SELECT name FROM places WHERE id = ?', [placeId])
  return typeof row?.['name'] === 'string' ? row['name'] : placeId
}

export type Came =
  | {
      readonly kind: 'copied'
      readonly movedOld: boolean
      readonly stat: FileStat
      readonly how: ReadMethod
      readonly hash: Hash
    }
  | { readonly kind: 'would-do' }
  | { readonly kind: 'bad-copy'; readonly failed: Failed }
  | { readonly kind: 'failed'; readonly movedOld: boolean; readonly failure: Failure }

/** Copies the bytes of a version from one place to another, or, in a dry run, only reads them. */
export async function bring(run: HealRun, version: PastVersion, source: Candidate, target: Target): Promise<Came> {
  const { copy, where } = source
  if ('file' in source) return bringFile(run, version, { copy, where, file: source.file }, target)
  const { signal } = run.engine
  const { hash, sizeBytes } = version
  if (run.isDryRun) {
    const found = await openCopy(source.remote.bucket, source.remote.path, hash, signal)
    return found
      ? { kind: 'would-do' }
      : { kind: 'bad-copy', failed: { copy, where, kind: 'missing', why: 'there is no such object' } }
  }
  const fetched = await run.fetcher.fetch({ ...source.remote, hash, sizeBytes, mayGiveWay: false }, signal)
  if (fetched.kind === 'stopped')
    return { kind: 'failed', movedOld: false, failure: { kind: 'stopped', message: fetched.why } }
  if (fetched.kind !== 'fetched') return { kind: 'bad-copy', failed: { ...fetched, kind: fetched.kind, copy, where } }
  try {
    return await bringFile(run, version, { copy, where, file: fetched.file }, target)
  } finally {
    await fetched.release()
  }
}

async function bringFile(
  { engine, finder, isDryRun }: HealRun,
  version: PastVersion,
  { file, copy, where }: { readonly copy: CopyRow; readonly where: string; readonly file: string },
  target: Target,
): Promise<Came> {
  const bad = (kind: Failed['kind'], why: string): Came => ({ kind: 'bad-copy', failed: { copy, where, kind, why } })
  const differs = (hash: Hash): Came =>
    bad('damaged', `it reads ${hash.slice(0, 12)}… where ${version.hash.slice(0, 12)}… was written`)
  const { pool } = engine.deps
  if (isDryRun) {
    const { result } = await pool.run({ kind: 'hash', file, sizeBytes: version.sizeBytes, fromDevice: true })
    if ('failure' in result) return bad('unreadable', result.failure.message)
    return result.hash === version.hash ? { kind: 'would-do' } : differs(result.hash)
  }
  const job: CopyJob = {
    kind: 'copy',
    from: file,
    expected: { sizeBytes: version.sizeBytes, mtimeMs: version.mtimeMs, ctimeMs: 0, inode: 0, device: 0 },
    targets: [target],
    mustHash: version.hash,
    ...(version.mtimeMs > 0 ? { mtimeMs: version.mtimeMs } : {}),
  }
  for (let attempt = 1; ; attempt++) {
    const { source, targets }: CopyOutcome = await pool.run(job)
    if ('failure' in source) {
      if (source.failure.kind === 'stopped') return { kind: 'failed', movedOld: false, failure: source.failure }
      return bad(
        finder.isAway(copy.placeId) && copy.placeId !== WORKING ? 'away' : 'unreadable',
        source.failure.message,
      )
    }
    if (source.hash !== version.hash) return differs(source.hash)
    const [outcome] = targets
    const movedOld = outcome?.movedOld === true
    if (outcome?.result.kind === 'copied') {
      const { stat, how, readBack } = outcome.result
      return { kind: 'copied', movedOld, stat, how, hash: readBack }
    }
    const failure: Failure =
      outcome?.result.kind === 'failed'
        ? outcome.result.failure
        : { kind: 'place-failing', message: 'nothing was written' }
    if (failure.kind !== 'differs-after-write' || attempt >= WRITES_TRIED) return { kind: 'failed', movedOld, failure }
  }
}
