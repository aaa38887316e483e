// Waiting for cold storage. A restore that was told to ask for what is cold is written into the journal before the store hears of it, and the
// helper goes on with it by itself: asks for what has not been asked for yet, looks every hour whether all of it can be read, and then runs
// the very restore that was asked for. It waits at most until what was asked for has lapsed; asking again would cost again, so that is said
// and left to the user. May be killed at any point: every step is one that can be done twice.
import { describeError, SafelightError } from '../errors.js'
import type { Journal } from '../journal/journal.js'
import {
  beginThaw,
  forgetThaw,
  setThawObjects,
  thawObjects,
  thawOf,
  updateThaw,
  type ThawObject,
  type ThawRow,
} from '../journal/thaws.js'
import type { ColdFiles, Params, RestoreResult } from '../../shared/methods.js'
import type { OpenBucket } from './bucket.js'
import { isAnyOngoing, READABLE_DAYS, requestAll, type ColdCopy } from './cold.js'

const HOUR_MS = 3600_000
const DAY_MS = 24 * HOUR_MS

/** One restore, one key: the same asked for twice is waited for once. */
export function thawKey({ shoot, files, all, to, from, asOf, first }: Params<'restore/run'>): string {
  return JSON.stringify({ shoot, files, all, to, from, asOf, first })
}

export interface AskRequest {
  readonly params: Params<'restore/run'>
  readonly title: string
  readonly copies: readonly ColdCopy[]
  readonly hours: ColdFiles['hours']
  /** When it is looked at first. */
  readonly lookMs: number
}

/** Notes that these are waited for, and asks for them.
 *  @returns how many were asked for, and what could not be, and why */
export async function askFor(
  journal: Journal,
  clock: () => number,
  { params, title, copies, hours, lookMs }: AskRequest,
  signal: AbortSignal,
): Promise<{ readonly asked: number; readonly failures: readonly SafelightError[] }> {
  if (copies.length === 0) return { asked: 0, failures: [] }
  const nowMs = clock()
  const [readyMs, nextMs] = [nowMs + hours.usual * HOUR_MS, nowMs + lookMs]
  const row = { params: thawKey(params), title, askedMs: nowMs, readyMs, nextMs }
  const id = beginThaw(journal, row, copies.map(toObject))
  const asked: ColdCopy[] = []
  const failures = await requestAll(copies, signal, (copy) => asked.push(copy))
  if (asked.length === 0) forgetThaw(journal, id)
  else if (failures.length === 0) {
    // Stopped by hand: what was not asked for is not going to be.
    if (signal.aborted) setThawObjects(journal, id, asked.map(toObject))
    updateThaw(journal, { id, state: 'waiting', nextMs, said: '' })
  }
  return { asked: asked.length, failures }
}

function toObject({ bucket, path, hash, sizeBytes }: ColdCopy): ThawObject {
  return { placeId: bucket.id, path, hash, sizeBytes }
}

/** A restore has run to its end and nothing of it is cold any more: nobody needs to wait for it. */
export function noLongerWaits(
  journal: Journal,
  clock: () => number,
  params: Params<'restore/run'>,
  said: string,
): void {
  const row = thawOf(journal, thawKey(params))
  if (!row || row.endedMs !== undefined) return
  const nowMs = clock()
  updateThaw(journal, { id: row.id, state: 'done', nextMs: nowMs, endedMs: nowMs, said })
}

export interface ThawDeps {
  readonly journal: Journal
  readonly clock: () => number
  /** Between two looks. */
  readonly lookMs: number
  /** Every bucket that can be read from, for as long as `act` runs. */
  readonly withBuckets: <T>(act: (buckets: readonly OpenBucket[]) => Promise<T>) => Promise<T>
  readonly restore: (params: Params<'restore/run'>, signal: AbortSignal) => Promise<RestoreResult>
}

/** Whether a wait is over, whatever came of it. */
export function isOver({ state }: Pick<ThawRow, 'state'>): boolean {
  return state === 'done' || state === 'ended'
}

/** From then on it is fetched what can be, although some of it is still said to be got ready; and looked at once a day only. */
export function lateMs({ askedMs, readyMs }: Pick<ThawRow, 'askedMs' | 'readyMs'>): number {
  return Math.max(readyMs + DAY_MS, askedMs + 2 * (readyMs - askedMs))
}

/** When what was asked for has surely lapsed. */
export function lapsedMs(row: Pick<ThawRow, 'askedMs' | 'readyMs'>): number {
  return lateMs(row) + READABLE_DAYS * DAY_MS
}

/** Goes one step on with a restore that waits. What stands in the way is kept with it and tried again, until it has lapsed. */
export async function goOn(deps: ThawDeps, row: ThawRow, signal: AbortSignal): Promise<void> {
  try {
    await step(deps, row, signal)
  } catch (error) {
    if (signal.aborted) return
    if (!(error instanceof SafelightError)) {
      putOff(deps, row, describeError(error), false)
      throw error
    }
    const isForGood = error.retry === 'never' && !error.code.startsWith('OFFSITE_')
    putOff(deps, row, `${error.message} ${error.remedy}`, isForGood)
  }
}

async function step(deps: ThawDeps, row: ThawRow, signal: AbortSignal): Promise<void> {
  const { journal, clock, lookMs } = deps
  if (row.state === 'asking') {
    const failures = await deps.withBuckets((buckets) => requestAll(copiesOf(journal, row, buckets), signal))
    if (signal.aborted) return
    const [first] = failures
    if (first) throw first
    const readyMs = clock() + row.readyMs - row.askedMs
    updateThaw(journal, { id: row.id, state: 'waiting', readyMs, nextMs: clock() + lookMs, said: '' })
    return
  }
  const isOngoing = await deps.withBuckets((buckets) => isAnyOngoing(copiesOf(journal, row, buckets), signal))
  if (isOngoing && clock() < lateMs(row)) {
    updateThaw(journal, { id: row.id, state: 'waiting', nextMs: clock() + lookMs, said: '' })
    return
  }
  const result = await deps.restore(JSON.parse(row.params) as Params<'restore/run'>, signal)
  if (signal.aborted) return
  conclude(deps, row, result, isOngoing)
}

/** What is away may come back; what is damaged or refused has been said, and stays so. */
function conclude(deps: ThawDeps, row: ThawRow, result: RestoreResult, isOngoing: boolean): void {
  const { exitCode, summary, cold } = result
  if (cold === undefined && exitCode === 0) {
    const endedMs = deps.clock()
    updateThaw(deps.journal, { id: row.id, state: 'done', nextMs: endedMs, endedMs, said: summary })
    return
  }
  const mayComeBack = isOngoing || (exitCode >= 20 && exitCode < 40 && cold === undefined)
  putOff(deps, row, summary, !mayComeBack)
}

function putOff({ journal, clock, lookMs }: ThawDeps, row: ThawRow, said: string, isForGood: boolean): void {
  const nowMs = clock()
  const isEnded = isForGood || nowMs >= lapsedMs(row)
  const waitMs = nowMs >= lateMs(row) ? 24 * lookMs : lookMs
  updateThaw(journal, {
    id: row.id,
    state: isEnded ? 'ended' : row.state,
    nextMs: nowMs + waitMs,
    said,
    ...(isEnded ? { endedMs: nowMs } : {}),
  })
}

/** What lies at a place that is not there any more is left to the restore, which says so. */
function copiesOf(journal: Journal, { id }: ThawRow, buckets: readonly OpenBucket[]): ColdCopy[] {
  const byId = new Map(buckets.map((bucket) => [bucket.id, bucket]))
  return thawObjects(journal, id).flatMap(({ placeId, path, hash, sizeBytes }) => {
    const bucket = byId.get(placeId)
    return bucket ? [{ bucket, path, hash, sizeBytes }] : []
  })
}
