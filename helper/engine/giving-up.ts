// How a worker that waits for a device which never answers is given up: one word that both sides change only by comparing. Whoever is first
// has it: either the worker has its answer and goes on, or the main thread gives its jobs to others and the worker, should it ever wake, does
// nothing more. So nothing is done twice, and nobody waits for a thread that is stuck in the system.
import { Stopped } from './read.js'

const NOT_ASKING = 0n
const GIVEN_UP = -1n

/** The worker's end. */
export class AskingSide {
  readonly #word: BigInt64Array
  #ticket = NOT_ASKING

  constructor(seat: SharedArrayBuffer) {
    this.#word = new BigInt64Array(seat)
  }

  /** @throws Stopped when this worker has been given up, before or meanwhile */
  asking<T>(act: () => T): T {
    this.#ticket += 1n
    this.#change(NOT_ASKING, this.#ticket)
    try {
      return act()
    } finally {
      this.#change(this.#ticket, NOT_ASKING)
    }
  }

  isGivenUp(): boolean {
    return Atomics.load(this.#word, 0) === GIVEN_UP
  }

  #change(from: bigint, to: bigint): void {
    if (Atomics.compareExchange(this.#word, 0, from, to) !== from) throw new Stopped()
  }
}

/** The main thread's end. */
export class GivingUpSide {
  readonly seat = new SharedArrayBuffer(BigInt64Array.BYTES_PER_ELEMENT)
  readonly #word = new BigInt64Array(this.seat)
  #seen = NOT_ASKING
  #looks = 0

  /** To be called at an even pace, which a computer that sleeps does not turn into a long silence.
   *  @returns how many looks in a row have found the worker waiting for one and the same answer */
  look(): number {
    const now = Atomics.load(this.#word, 0)
    this.#looks = now !== NOT_ASKING && now === this.#seen ? this.#looks + 1 : 0
    this.#seen = now
    return this.#looks
  }

  /** @returns whether the worker is given up; false when it has just had its answer */
  giveUp(): boolean {
    return this.#seen > NOT_ASKING && Atomics.compareExchange(this.#word, 0, this.#seen, GIVEN_UP) === this.#seen
  }
}
