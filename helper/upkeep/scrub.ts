// The scrub: local copies are read again before their proofs run out, the oldest first, a little every day, so that rot is found while another
// copy is still good. What is due is decided from the clock and the journal alone; the reading itself is the verification that anybody can ask
// for, of a few copies at a time, so its findings reach the journal, the logs and a heal the same way. Stopped anywhere, it goes on there.
import { verifyCopies } from '../engine/verify.js'
import type { EngineDeps } from '../engine/run.js'
import type { Journal } from '../journal/journal.js'
import { listShoots } from '../journal/shoots.js'
import { getMeta, setMeta } from '../journal/meta.js'
import { noteTries, oldestLooks, type ScrubCopy } from '../journal/scrubs.js'
import { WORKING } from '../model.js'
import type { OpenPlace } from '../place/places.js'
import type { Finding } from '../../shared/methods.js'

export const DAY_MS = 24 * 60 * 60 * 1000

/** Copies are read again this part of the way to the end of their proofs, so that the last of them is not too late. */
const SHARE_OF_LIFE = 2 / 3

/** One slice: enough to keep a disk busy for a minute or two, little enough to make room for new photos. */
const SLICE_FILES = 2000
const SLICE_BYTES = 4_000_000_000

/** What a slice takes, in its order: the first copies until one of the limits is reached, at least one. Pure. */
export function sliceOf(oldestFirst: readonly ScrubCopy[], bytes = SLICE_BYTES): ScrubCopy[] {
  let left = bytes
  const end = oldestFirst.findIndex(({ sizeBytes }, index) => {
    left -= sizeBytes
    return left < 0 && index > 0
  })
  return end < 0 ? [...oldestFirst] : oldestFirst.slice(0, end)
}

/** Before which time a last look is too long ago. Pure. @param localDays  how long a local proof is believed */
export function dueBefore(nowMs: number, localDays: number): number {
  return nowMs - localDays * SHARE_OF_LIFE * DAY_MS
}

/** What of a day's budget is left. Pure. @param spent  as `budgetSpent` gave it */
export function budgetLeft(
  spent: { readonly day: string; readonly ms: number },
  nowMs: number,
  budgetMs: number,
): number {
  return spent.day === dayOf(nowMs) ? Math.max(0, budgetMs - spent.ms) : budgetMs
}

export interface ScrubRequest {
  /** Open drives. */
  readonly places: readonly OpenPlace[]
  readonly localDays: number
  /** Of reading, a day. */
  readonly budgetMs: number
  exclusively<T>(act: () => Promise<T>): Promise<T>
}

export interface ScrubSlice {
  readonly looked: number
  readonly findings: readonly Finding[]
}

/** Reads one slice of what is due. @returns undefined when nothing is due, or the day's budget is spent */
export async function scrubSlice(
  deps: EngineDeps,
  request: ScrubRequest,
  signal: AbortSignal,
): Promise<ScrubSlice | undefined> {
  const { journal, clock } = deps
  const begunMs = clock()
  const leftMs = budgetLeft(budgetSpent(journal), begunMs, request.budgetMs)
  const ids = [WORKING, ...request.places.map(({ id }) => id)]
  const due = sliceOf(oldestLooks(journal, ids, dueBefore(begunMs, request.localDays), begunMs - DAY_MS, SLICE_FILES))
  if (leftMs <= 0 || due.length === 0) return undefined
  const keys = new Map(listShoots(journal).map(({ id, key }) => [id, key]))
  const isDue = new Set(due.map(nameOf))
  const timed = AbortSignal.any([signal, AbortSignal.timeout(Math.max(1, Math.min(leftMs, TIMER_MAX_MS)))])
  const result = await verifyCopies(
    deps,
    {
      shoots: [...new Set(due.map(({ shootId }) => keys.get(shootId) ?? ''))],
      places: request.places.filter(({ id }) => due.some(({ placeId }) => placeId === id)),
      compareWith: request.places,
      withOriginals: due.some(({ placeId }) => placeId === WORKING),
      only: (copy) => isDue.has(nameOf(copy)),
      exclusively: (act) => request.exclusively(act),
    },
    timed,
    () => undefined,
  )
  // What gave no proof (away, unreadable) makes room for the others until tomorrow; what there was no time for is next.
  if (!timed.aborted) noteTries(journal, due, begunMs)
  spend(journal, begunMs, clock() - begunMs)
  return { looked: result.checked, findings: result.findings }
}

/** The longest that a timer can wait. */
const TIMER_MAX_MS = 2 ** 31 - 1

function nameOf({ versionId, placeId, path }: Pick<ScrubCopy, 'versionId' | 'placeId' | 'path'>): string {
  return `${versionId} ${placeId} ${path}`
}

const SPENT = 'scrub-spent'

export function budgetSpent(journal: Journal): { readonly day: string; readonly ms: number } {
  const known = getMeta(journal, SPENT)
  return known === undefined ? { day: '', ms: 0 } : (JSON.parse(known) as { day: string; ms: number })
}

/** Notes how long was read today. */
export function spend(journal: Journal, nowMs: number, ms: number): void {
  const spent = budgetSpent(journal)
  const before = spent.day === dayOf(nowMs) ? spent.ms : 0
  setMeta(journal, SPENT, JSON.stringify({ day: dayOf(nowMs), ms: before + Math.max(0, ms) }))
}

function dayOf(nowMs: number): string {
  return new Date(nowMs).toISOString().slice(0, 10)
}
