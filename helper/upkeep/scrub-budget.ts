// How much is read again a day, and from which age on: one budget for photos and catalogs, so that together they keep a disk no longer busy than
// the user allows.
import type { Journal } from '../journal/journal.js'
import { getMeta, setMeta } from '../journal/meta.js'

export const DAY_MS = 24 * 60 * 60 * 1000

/** Of one slice: enough to keep a disk busy for a minute or two, little enough to make room for what is new. */
export const SLICE_BYTES = 4_000_000_000

/** Copies are read again this part of the way to the end of their proofs, so that the last of them is not too late. */
const SHARE_OF_LIFE = 2 / 3

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

/** Reads something within what is left of the day's budget, and notes how long it took, however it ended.
 *  @returns undefined when the budget is spent, or nothing was to be read */
export async function withinBudget<T>(
  { journal, clock }: { readonly journal: Journal; readonly clock: () => number },
  budgetMs: number,
  read: (begunMs: number, leftMs: number) => Promise<T | undefined>,
): Promise<T | undefined> {
  const begunMs = clock()
  const leftMs = budgetLeft(budgetSpent(journal), begunMs, budgetMs)
  if (leftMs <= 0) return undefined
  try {
    return await read(begunMs, leftMs)
  } finally {
    spend(journal, begunMs, clock() - begunMs)
  }
}

const SPENT = 'scrub-spent'

function budgetSpent(journal: Journal): { readonly day: string; readonly ms: number } {
  const known = getMeta(journal, SPENT)
  return known === undefined ? { day: '', ms: 0 } : (JSON.parse(known) as { day: string; ms: number })
}

function spend(journal: Journal, nowMs: number, ms: number): void {
  if (ms <= 0) return
  const spent = budgetSpent(journal)
  const before = spent.day === dayOf(nowMs) ? spent.ms : 0
  setMeta(journal, SPENT, JSON.stringify({ day: dayOf(nowMs), ms: before + ms }))
}

function dayOf(nowMs: number): string {
  return new Date(nowMs).toISOString().slice(0, 10)
}
