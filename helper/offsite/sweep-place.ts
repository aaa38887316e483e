// Unfinished uploads of a bucket place, cleared away: those that got lost when something was stopped, those that the journal does not know
// and that are old, and those that it knows and nothing asks for any more (the file changed or went away meanwhile). Anybody else's are
// never touched.
import type { Journal } from '../journal/journal.js'
import { getMeta, setMeta } from '../journal/meta.js'
import { dropUpload, lostEarlier, pendingCopies } from '../journal/offsite.js'
import { listShoots } from '../journal/shoots.js'
import { SafelightError } from '../errors.js'
import { folderOfShoot } from './candidates.js'
import type { JournalLedger } from './journal-ledger.js'
import type { OpenUpload } from './ledger.js'
import type { OpenBucket } from './open-bucket.js'
import { STALE_AFTER_MS, sweepOrphans, type OrphanPlan } from './orphans.js'

const DAY_MS = 24 * 3600 * 1000

/** At every start, which the caller sees to, and daily. Pure. */
export function isSweepDue(lastMs: number | undefined, nowMs: number): boolean {
  return lastMs === undefined || nowMs - lastMs >= DAY_MS || lastMs > nowMs
}

export function lastSweepMs(journal: Journal, placeId: string): number | undefined {
  const kept = getMeta(journal, `offsite-sweep ${placeId}`)
  return kept === undefined ? undefined : Number(kept)
}

export interface SweepDeps {
  readonly journal: Journal
  readonly ledger: JournalLedger
  readonly now: () => number
  readonly staleAfterMs?: number
}

/** @throws OFFSITE_* */
export async function sweepPlace(
  bucket: OpenBucket,
  { journal, ledger, now, staleAfterMs = STALE_AFTER_MS }: SweepDeps,
  signal?: AbortSignal,
): Promise<{ readonly aborted: number; readonly plan: OrphanPlan | undefined }> {
  const { store, place, profile } = bucket
  const forgotten = unasked(bucket, journal, await ledger.open()).filter(
    ({ begunAtMs }) => now() - begunAtMs >= staleAfterMs,
  )
  for (const { key, uploadId } of forgotten) {
    await store.abortUpload(key, uploadId, signal)
    dropUpload(journal, place.id, key, uploadId)
  }
  const plan = profile.listsUploads
    ? await sweepOrphans(bucket.ownPrefix, { store, ledger, now }, signal, staleAfterMs)
    : undefined
  setMeta(journal, `offsite-sweep ${place.id}`, String(now()))
  return { aborted: forgotten.length + (plan?.abort.length ?? 0), plan }
}

/** Uploads of photos that are not waiting to be sent any more. */
function unasked(bucket: OpenBucket, journal: Journal, open: readonly OpenUpload[]): readonly OpenUpload[] {
  const placeId = bucket.place.id
  if (open.length === 0) return open
  const shoots = new Map(listShoots(journal).map((row) => [row.id, row]))
  const wanted = new Set(
    [...pendingCopies(journal, placeId), ...lostEarlier(journal, placeId)].flatMap(({ shootId, path }) => {
      const shoot = shoots.get(shootId)
      return shoot ? keyOrNone(() => bucket.keyOf(`Photos/${folderOfShoot(journal, shoot, placeId)}/${path}`)) : []
    }),
  )
  return open.filter(({ key }) => !wanted.has(key))
}

/** A name that no key can stand for was never begun. */
export function keyOrNone(keyOf: () => string): string[] {
  try {
    return [keyOf()]
  } catch (error) {
    if (error instanceof SafelightError) return []
    throw error
  }
}
