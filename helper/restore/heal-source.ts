// Where good bytes are for a copy or an original that is to be made again, and bringing them: every copy that might be good is tried, the
// best first, and only bytes with the reference hash arrive.
import type { Target } from '../engine/jobs.js'
import type { BackupRun } from '../engine/run.js'
import type { CopyRow } from '../journal/files.js'
import type { PastVersion } from '../journal/history.js'
import type { OpenPlace } from '../place/places.js'
import { openCopy } from './bucket.js'
import { canBeTried, type Candidate, type Failed } from './copies.js'
import { badCopy, copyFrom, otherBytes, type CopyStep, type LocalSource } from './copy-from.js'
import type { HealRun, Suspect } from './heal-run.js'
import { planFiles } from './plan.js'
import { placeFacts } from './select.js'

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

export type Came = CopyStep | { readonly kind: 'would-do' }

/** Copies the bytes of a version from one place to another, or, in a dry run, only reads them. */
export async function bring(run: HealRun, version: PastVersion, source: Candidate, target: Target): Promise<Came> {
  const { copy, where } = source
  if ('file' in source) return bringFile(run, version, source, target)
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
  { engine, isDryRun }: HealRun,
  version: PastVersion,
  source: LocalSource,
  target: Target,
): Promise<Came> {
  const { pool } = engine.deps
  if (!isDryRun) return copyFrom(pool, version, source, target)
  const { file } = source
  const { result } = await pool.run({ kind: 'hash', file, sizeBytes: version.sizeBytes, fromDevice: true })
  if ('failure' in result) return badCopy(source, 'unreadable', result.failure.message)
  return result.hash === version.hash
    ? { kind: 'would-do' }
    : badCopy(source, 'damaged', otherBytes(result.hash, version.hash))
}
