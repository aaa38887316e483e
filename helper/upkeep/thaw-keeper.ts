// Goes on with restores that wait for cold storage, with nobody asking: after a restart as before it, because what is waited for and when it is
// looked at again stand in the journal. One at a time.
import { SafelightError } from '../errors.js'
import type { Journal } from '../journal/journal.js'
import { forgetThaw, listThaws, type ThawRow } from '../journal/thaws.js'
import { isOver } from '../restore/thaw.js'
import { isReached } from '../wall-clock.js'

export interface ThawKeeperDeps {
  readonly journal: Journal
  readonly clock: () => number
  /** One step on; what stands in the way is kept with the row. */
  readonly goOn: (row: ThawRow, signal: AbortSignal) => Promise<void>
  readonly onFault: (error: unknown, what: string) => void
}

export interface ThawTimes {
  /** Between two looks at the journal. */
  readonly tickMs: number
  /** Between two looks at the store. */
  readonly lookMs: number
}

/** How long one that is over is remembered. */
const REMEMBERED_MS = 30 * 24 * 3600_000

export class ThawKeeper {
  readonly #deps: ThawKeeperDeps
  readonly #times: ThawTimes
  readonly #stop = new AbortController()
  #timer: NodeJS.Timeout | undefined
  #work: Promise<void> | undefined

  constructor(deps: ThawKeeperDeps, times: ThawTimes) {
    this.#deps = deps
    this.#times = times
  }

  start(): void {
    this.#timer = setInterval(() => this.#begin(), this.#times.tickMs)
    this.#timer.unref()
    this.#begin()
  }

  /** Does now what is due. Resolves when it is done. */
  async look(): Promise<void> {
    this.#begin()
    while (this.#work) await this.#work
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    this.#stop.abort(new Error('the helper stops'))
    await this.#work
  }

  #begin(): void {
    if (this.#work || this.#stop.signal.aborted) return
    this.#work = this.#run()
      .catch((error: unknown) => this.#deps.onFault(error, 'going on with what was asked for from cold storage'))
      .finally(() => (this.#work = undefined))
  }

  async #run(): Promise<void> {
    const { journal, clock, goOn } = this.#deps
    const { signal } = this.#stop
    for (const row of listThaws(journal)) {
      if (signal.aborted) return
      const nowMs = clock()
      if (isOver(row)) {
        if (nowMs - (row.endedMs ?? nowMs) > REMEMBERED_MS) forgetThaw(journal, row.id)
      } else if (isReached(row.nextMs, nowMs, 24 * this.#times.lookMs)) {
        try {
          await goOn(row, signal)
        } catch (error) {
          if (!(error instanceof SafelightError && error.code === 'INTERRUPTED')) throw error
        }
      }
    }
  }
}
