// The scrub: local copies are read again before their proofs run out, the oldest first, a little every day, so that rot is found while another
// copy is still good. What is due is decided from the clock and the journal alone; the reading itself is the verification that anybody can ask
// for, of a few copies at a time, so its findings reach the journal, the logs and a heal the same way. Stopped anywhere, it goes on there.
import { verifyCopies } from '../engine/verify.js'
import type { EngineDeps } from '../engine/run.js'
import { sliceOf } from '../files/slice.js'
import { listShoots } from '../journal/shoots.js'
import { noteTries, oldestLooks, type ScrubCopy } from '../journal/scrubs.js'
import { WORKING } from '../model.js'
import type { OpenPlace } from '../place/places.js'
import type { Finding } from '../../shared/methods.js'
import { DAY_MS, dueBefore, SLICE_BYTES, withinBudget } from './scrub-budget.js'

/** One slice: few enough to make room for new photos, whatever they weigh. */
const SLICE_FILES = 2000

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
  const { journal } = deps
  return withinBudget(deps, request.budgetMs, async (begunMs, leftMs) => {
    const ids = [WORKING, ...request.places.map(({ id }) => id)]
    const oldest = oldestLooks(journal, ids, dueBefore(begunMs, request.localDays), begunMs - DAY_MS, SLICE_FILES)
    const due = sliceOf(oldest, SLICE_BYTES)
    if (due.length === 0) return undefined
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
    return { looked: result.checked, findings: result.findings }
  })
}

/** The longest that a timer can wait. */
const TIMER_MAX_MS = 2 ** 31 - 1

function nameOf({ versionId, placeId, path }: Pick<ScrubCopy, 'versionId' | 'placeId' | 'path'>): string {
  return `${versionId} ${placeId} ${path}`
}
