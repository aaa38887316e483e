// What the helper works on at this moment, whoever asked for it: a request from Lightroom, a command, a page, or nobody. Keeps the newest
// progress of each piece of work and tells whoever waits for a change, at a pace that people can read. It knows nothing of the work itself.
import type { Notifications } from '../../shared/methods.js'

export type ActivityProgress = Omit<Notifications['job/progress'], 'request'>

export interface ActiveJob {
  readonly id: number
  /** What is being done, for a photographer. */
  readonly title: string
  readonly startedAt: string
  readonly progress?: ActivityProgress
}

export interface Picture {
  readonly jobs: readonly ActiveJob[]
  /** Raised with every change; 0 has never been seen. */
  readonly change: number
}

/** At most so often is a change told. */
const EVERY_MS = 400

export class Activity {
  readonly #jobs = new Map<number, ActiveJob>()
  readonly #waiting = new Set<() => void>()
  #nextId = 1
  #change = 1
  #timer: NodeJS.Timeout | undefined

  /** Shows a piece of work for as long as it lasts. */
  async during<T>(title: string, act: (progress: (progress: ActivityProgress) => void) => Promise<T>): Promise<T> {
    const id = this.#nextId++
    const job = { id, title, startedAt: new Date().toISOString() }
    this.#jobs.set(id, job)
    this.#changed()
    try {
      return await act((progress) => {
        this.#jobs.set(id, { ...job, progress })
        this.#changed()
      })
    } finally {
      this.#jobs.delete(id)
      this.#changed()
    }
  }

  /** Answers at once when something has changed since `seen`, otherwise when it does.
   *  @throws the signal's reason when it is aborted */
  async after(seen: number, signal: AbortSignal): Promise<Picture> {
    signal.throwIfAborted()
    if (seen !== this.#change) return this.#picture()
    await new Promise<void>((resolve, reject) => {
      const done = (): void => {
        signal.removeEventListener('abort', aborted)
        resolve()
      }
      const aborted = (): void => {
        this.#waiting.delete(done)
        reject(signal.reason as Error)
      }
      this.#waiting.add(done)
      signal.addEventListener('abort', aborted, { once: true })
    })
    return this.#picture()
  }

  #picture(): Picture {
    return { jobs: [...this.#jobs.values()], change: this.#change }
  }

  #changed(): void {
    this.#timer ??= setTimeout(() => this.#tell(), EVERY_MS).unref()
  }

  #tell(): void {
    this.#timer = undefined
    this.#change += 1
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const done of waiting) done()
  }
}
