// Unfinished uploads are billed and appear in no listing. Ours are those below `<prefix>/<machine id>/`; of these, what the ledger is still
// working on is kept, and the rest is thrown away once it is old. Uploads of anybody else in the bucket are never touched. The decision is
// pure; `sweepOrphans` carries it out.
import type { UploadLedger } from './ledger.js'
import type { ObjectStore, OpenMultipart } from './object-store.js'

/** Long enough for another session of ours, or a restored journal, to come back to an upload that this ledger does not know. */
export const STALE_AFTER_MS = 2 * 24 * 3600 * 1000

export interface OrphanPlan {
  readonly abort: readonly OpenMultipart[]
  readonly keep: readonly OpenMultipart[]
  readonly foreign: readonly OpenMultipart[]
}

/** @param ownPrefix  `<prefix>/<machine id>/`, with the slash at the end */
export function planOrphans(
  found: readonly OpenMultipart[],
  ownPrefix: string,
  openIds: ReadonlySet<string>,
  nowMs: number,
  staleAfterMs = STALE_AFTER_MS,
): OrphanPlan {
  const foreign = found.filter(({ key }) => !key.startsWith(ownPrefix))
  const own = found.filter(({ key }) => key.startsWith(ownPrefix))
  const isStale = ({ uploadId, initiatedMs }: OpenMultipart): boolean =>
    !openIds.has(uploadId) && initiatedMs !== undefined && nowMs - initiatedMs >= staleAfterMs
  return { abort: own.filter(isStale), keep: own.filter((upload) => !isStale(upload)), foreign }
}

export interface OrphanDeps {
  readonly store: ObjectStore
  readonly ledger: Pick<UploadLedger, 'open'>
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
  const openIds = new Set((await ledger.open()).map(({ uploadId }) => uploadId))
  const plan = planOrphans(found, ownPrefix, openIds, now() + store.clockCorrectionMs(), staleAfterMs)
  for (const { key, uploadId } of plan.abort) await store.abortUpload(key, uploadId, signal)
  return plan
}
