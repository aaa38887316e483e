// Unfinished uploads are billed and appear in no listing. Ours are those below `<prefix>/<machine id>/`; of these, what the ledger is still
// working on is kept, what it knows for lost goes at once, and the rest once it is old. Uploads of anybody else in the bucket are never
// touched. The decision is pure; `sweepOrphans` carries it out.
import { NO_UPLOAD_ID, type UploadLedger } from './ledger.js'
import type { ObjectStore, OpenMultipart } from './object-store.js'

/** Long enough for another session of ours, or a restored journal, to come back to an upload that this ledger does not know. */
export const STALE_AFTER_MS = 2 * 24 * 3600 * 1000

export interface KnownUploads {
  readonly openIds: ReadonlySet<string>
  /** Keys under which whatever is open, and is not one of those, is ours and lost. */
  readonly lostKeys: ReadonlySet<string>
}

export interface OrphanPlan {
  readonly abort: readonly OpenMultipart[]
  readonly keep: readonly OpenMultipart[]
  readonly foreign: readonly OpenMultipart[]
}

/** @param ownPrefix  `<prefix>/<machine id>/`, with the slash at the end */
export function planOrphans(
  found: readonly OpenMultipart[],
  ownPrefix: string,
  { openIds, lostKeys }: KnownUploads,
  nowMs: number,
  staleAfterMs = STALE_AFTER_MS,
): OrphanPlan {
  const foreign = found.filter(({ key }) => !key.startsWith(ownPrefix))
  const own = found.filter(({ key }) => key.startsWith(ownPrefix))
  const isOld = ({ initiatedMs }: OpenMultipart): boolean =>
    initiatedMs !== undefined && nowMs - initiatedMs >= staleAfterMs
  const isStale = (upload: OpenMultipart): boolean =>
    !openIds.has(upload.uploadId) && (lostKeys.has(upload.key) || isOld(upload))
  return { abort: own.filter(isStale), keep: own.filter((upload) => !isStale(upload)), foreign }
}

export interface OrphanDeps {
  readonly store: ObjectStore
  readonly ledger: Pick<UploadLedger, 'open' | 'lost' | 'forget'>
  readonly now: () => number
}

/** Run at start and daily. @returns what was aborted */
export async function sweepOrphans(
  ownPrefix: string,
  { store, ledger, now }: OrphanDeps,
  signal?: AbortSignal,
  staleAfterMs = STALE_AFTER_MS,
): Promise<OrphanPlan> {
  if (!ownPrefix.endsWith('/') || ownPrefix === '/')
    throw new Error(`"${ownPrefix}" is no folder of ours; sweeping it could reach uploads of others`)
  const found: OpenMultipart[] = []
  for await (const upload of store.listUploads(ownPrefix, signal)) found.push(upload)
  // Asked after the listing, so that what has been begun since is not among what was found.
  const lostKeys = new Set(await ledger.lost())
  const openIds = new Set((await ledger.open()).map(({ uploadId }) => uploadId))
  const plan = planOrphans(found, ownPrefix, { openIds, lostKeys }, now() + store.clockCorrectionMs(), staleAfterMs)
  for (const { key, uploadId } of plan.abort) await store.abortUpload(key, uploadId, signal)
  for (const key of lostKeys) await ledger.forget(key, NO_UPLOAD_ID)
  return plan
}
