// What the helper does by itself so that a backup stays one: it opens new pictures while their card may still exist, scrubs a little every day,
// and holds a drill every month. Never two at once, never while photos are being copied or the machine is busy with something else.
import { SafelightError } from '../errors.js'
import type { Journal } from '../journal/journal.js'
import { lastDrill } from '../journal/drills.js'
import { isReached } from '../wall-clock.js'

const HOUR_MS = 60 * 60 * 1000
const DAY_MS = 24 * HOUR_MS

export interface RehearsalDeps {
  readonly journal: Journal
  readonly clock: () => number
  /** Whether there is something more urgent to do, or nothing is to be done now; in words. */
  readonly reasonToWait: () => Promise<string | undefined>
  /** Opens some pictures that nobody has opened yet. */
  readonly openSome: (signal: AbortSignal) => Promise<unknown>
  /** Reads catalog backups again: they are few, and hold the edits of everything. */
  readonly scrubCatalogs: (signal: AbortSignal) => Promise<unknown>
  /** @returns undefined when nothing is due */
  readonly scrub: (signal: AbortSignal) => Promise<unknown>
  readonly drill: (signal: AbortSignal) => Promise<unknown>
  readonly onFault: (error: unknown, what: string) => void
}

export interface RehearsalTimes {
  /** Between two looks whether something is due. */
  readonly lookMs: number
  /** How long a drill is believed. */
  readonly drillDays: number
}

/** Whether a drill is to be held now. Pure. The first when there has been something to restore for a day; the next a day before the last
 *  one runs out; after a bad one a week later, to see whether what it found was mended.
 *  @param firstMs  when the first content was seen; undefined when there is none
 *  @param last  the last drill; one from the future says nothing */
export function isDrillDue(
  firstMs: number | undefined,
  last: { readonly atMs: number; readonly ok: boolean } | undefined,
  drillDays: number,
  nowMs: number,
): boolean {
  if (firstMs === undefined) return false
  const isFirstFromTheFuture = firstMs > nowMs + DAY_MS
  if (last === undefined || last.atMs > nowMs + DAY_MS) return isFirstFromTheFuture || nowMs >= firstMs + DAY_MS
  return nowMs >= last.atMs + (last.ok ? Math.max(drillDays - 1, drillDays / 2) : Math.min(7, drillDays / 2)) * DAY_MS
}

/** After an attempt that could not be made (no drive there) it is tried again so much later. */
const TRY_AGAIN_MS = HOUR_MS

export class RehearsalKeeper {
  readonly #deps: RehearsalDeps
  readonly #times: RehearsalTimes
  readonly #stop = new AbortController()
  #timer: NodeJS.Timeout | undefined
  #work: Promise<void> | undefined
  #noDrillBeforeMs = Number.NEGATIVE_INFINITY

  constructor(deps: RehearsalDeps, times: RehearsalTimes) {
    this.#deps = deps
    this.#times = times
  }

  start(): void {
    this.#timer = setInterval(() => this.#begin(), this.#times.lookMs)
    this.#timer.unref()
  }

  /** Does now what is due. Resolves when it is done. */
  async look(): Promise<void> {
    this.#begin()
    while (this.#work) await this.#work
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    this.#stop.abort()
    await this.#work
  }

  #begin(): void {
    if (this.#work || this.#stop.signal.aborted) return
    this.#work = this.#run().finally(() => (this.#work = undefined))
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop
    await this.#try('opening new pictures', () => this.#deps.openSome(signal))
    if (this.#isDrillDue() && !(await this.#try('a drill', () => this.#deps.drill(signal))))
      this.#noDrillBeforeMs = this.#deps.clock() + TRY_AGAIN_MS
    await this.#try('reading old catalog backups again', () => this.#deps.scrubCatalogs(signal))
    await this.#try('reading old copies again', () => this.#deps.scrub(signal))
  }

  #isDrillDue(): boolean {
    const { journal, clock } = this.#deps
    const first = journal.get('SELECT min(first_seen_ms) AS first FROM versions')?.['first']
    const firstMs = typeof first === 'number' ? first : undefined
    const nowMs = clock()
    return (
      isReached(this.#noDrillBeforeMs, nowMs, TRY_AGAIN_MS) &&
      isDrillDue(firstMs, lastDrill(journal, nowMs + DAY_MS), this.#times.drillDays, nowMs)
    )
  }

  /** A place that is away is no fault: the status says what is overdue. @returns whether it could be done */
  async #try(what: string, act: () => Promise<unknown>): Promise<boolean> {
    try {
      if ((await this.#deps.reasonToWait()) !== undefined || this.#stop.signal.aborted) return false
      await act()
      return true
    } catch (error) {
      const isAway = error instanceof SafelightError && error.retry === 'when-volume-returns'
      if (!isAway && !isStopping(error)) this.#deps.onFault(error, what)
      return false
    }
  }
}

/** What a shutdown ends is no fault either. */
function isStopping(error: unknown): boolean {
  return error instanceof SafelightError && error.code === 'INTERRUPTED'
}
