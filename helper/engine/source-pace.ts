// Whether a source gives bytes at a rate worth waiting for, by the time spent in asking it and nothing else: a slow target, or a busy
// computer between two reads, is not the source's fault.
import type { Patience } from './jobs.js'

/** Thrown through a copy whose source gives less than another place would. */
export class TooSlow extends Error {}

export class SourcePace {
  readonly #least: number
  readonly #windowMs: number
  #ms = 0
  #bytes = 0

  /** @param windowMs  of asking, after which the rate is judged, and again after each further one */
  constructor(patience: Patience | undefined, windowMs: number) {
    this.#least = patience?.leastBytesPerSecond ?? 0
    this.#windowMs = windowMs
  }

  /** @param read  gives the bytes that it brought @throws TooSlow */
  timed(read: () => number): number {
    if (this.#least === 0) return read()
    const begunMs = performance.now()
    const bytes = read()
    this.note(bytes, performance.now() - begunMs)
    return bytes
  }

  /** @throws TooSlow */
  note(bytes: number, tookMs: number): void {
    this.#bytes += bytes
    this.#ms += tookMs
    if (this.#ms < this.#windowMs) return
    const perSecond = (this.#bytes * 1000) / this.#ms
    if (perSecond < this.#least) throw new TooSlow(`it gave ${Math.round(perSecond / 1000)} kB a second`)
    this.#ms = 0
    this.#bytes = 0
  }
}
