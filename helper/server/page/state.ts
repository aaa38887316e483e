// What the page knows, renewed by itself: the status every few seconds, what is being worked on as it happens. Views read it through
// useKnown and ask for more themselves. Holds the time of everything it holds, because nothing here is believed without it.
import { useEffect, useState } from 'preact/hooks'
import type { Result, StatusResult } from '../../../shared/methods.js'
import { moment, CallError, Wire, type Progress } from './wire.js'
import { trustOf, type Known, type Moment, type Trust } from '../../status/trust.js'

const STATUS_EVERY_MS = 5000
const TICK_MS = 1000

export type Activity = Result<'activity/watch'>['jobs'][number]

export class Store {
  readonly wire: Wire
  readonly openedAt: Moment = moment()
  status: { readonly value: StatusResult; readonly gotAt: Moment } | undefined
  /** What the helper works on now, whoever asked for it. */
  doing: readonly Activity[] = []
  /** Raised when something was done from here, so that views ask anew. */
  round = 0
  readonly #listeners = new Set<() => void>()
  #isAsking = false

  constructor(address: string) {
    this.wire = new Wire(address, () => this.#connected())
    setInterval(() => void this.#askStatus(), STATUS_EVERY_MS)
    setInterval(() => this.tell(), TICK_MS)
    document.addEventListener('visibilitychange', () => void this.#askStatus())
  }

  get known(): Known {
    const { heardAt } = this.wire
    return { ...(heardAt ? { heardAt } : {}), ...(this.status ? { status: this.status } : {}) }
  }

  get trust(): Trust {
    return trustOf(this.known, this.openedAt, moment())
  }

  /** Something was changed: everything shown is asked for again. */
  renew(): void {
    this.round += 1
    void this.#askStatus()
  }

  listen(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  tell(): void {
    for (const listener of this.#listeners) listener()
  }

  #connected(): void {
    this.round += 1
    void this.#askStatus()
    void this.#watch()
  }

  async #askStatus(): Promise<void> {
    if (this.#isAsking || !this.wire.isReady) return
    this.#isAsking = true
    try {
      this.status = { value: await this.wire.call('status/get', {}), gotAt: moment() }
    } catch (error) {
      // What is shown grows old and the page turns red by itself; there is nothing else to do about it here.
      console.warn(error)
    } finally {
      this.#isAsking = false
      this.tell()
    }
  }

  /** Each answer is the newest picture; the next question waits at the helper until it changes. */
  async #watch(): Promise<void> {
    let seen = 0
    while (this.wire.isReady) {
      try {
        const { jobs, change } = await this.wire.call('activity/watch', { seen })
        if (this.doing.length > 0 && jobs.length === 0) this.renew()
        this.doing = jobs
        seen = change
        this.tell()
      } catch (error) {
        console.warn(error)
        this.doing = []
        return
      }
    }
  }
}

/** Draws the view anew whenever the store has news, and once a second. */
export function useKnown(store: Store): Store {
  const [, draw] = useState(0)
  useEffect(() => store.listen(() => draw((count) => count + 1)), [store])
  return store
}

export type Asked<T> =
  | { readonly kind: 'asking'; readonly last?: T }
  | { readonly kind: 'answer'; readonly value: T }
  | { readonly kind: 'failed'; readonly why: string; readonly remedy: string }

/** Asks once for every change of `key` or of what was done from here. */
export function useAnswer<T>(store: Store, key: string, ask: () => Promise<T>): Asked<T> {
  const [asked, setAsked] = useState<Asked<T>>({ kind: 'asking' })
  const { round, wire } = store
  const isReady = wire.isReady
  useEffect(() => {
    let isWanted = isReady
    if (!isReady) return
    setAsked((before) => (before.kind === 'answer' ? { kind: 'asking', last: before.value } : before))
    ask().then(
      (value) => {
        if (isWanted) setAsked({ kind: 'answer', value })
      },
      (error: unknown) => {
        if (isWanted) setAsked({ kind: 'failed', ...wordsOfFailure(error) })
      },
    )
    return () => (isWanted = false)
  }, [key, round, isReady])
  return asked
}

export function valueOf<T>(asked: Asked<T>): T | undefined {
  return asked.kind === 'answer' ? asked.value : asked.kind === 'asking' ? asked.last : undefined
}

export function wordsOfFailure(error: unknown): { why: string; remedy: string } {
  if (error instanceof CallError) return { why: error.message, remedy: error.error.data?.remedy ?? '' }
  throw error
}

export type { Progress }
