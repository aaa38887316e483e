// Places that turned out slow in one run: what others have as well is no longer asked of them first, and the result names them.
import type { CopyRow } from '../journal/files.js'

/** Part of what the next place gives: below it, waiting costs more than beginning anew there. */
const SHARE_OF_NEXT = 1 / 20

/** Less than this is next to nothing, whoever comes next. */
const LEAST_BYTES_PER_SECOND = 16 * 1024

export class SlowPlaces {
  readonly #ids = new Set<string>()
  readonly #paceOf: (placeId: string) => number | undefined

  /** @param paceOf  bytes a second, as last measured or assumed */
  constructor(paceOf: (placeId: string) => number | undefined) {
    this.#paceOf = paceOf
  }

  add(placeId: string): void {
    this.#ids.add(placeId)
  }

  get ids(): readonly string[] {
    return [...this.#ids]
  }

  /** The same copies, those at slow places after the others. */
  last(copies: readonly CopyRow[]): CopyRow[] {
    const isSlow = ({ placeId }: CopyRow): boolean => this.#ids.has(placeId)
    return [...copies.filter((copy) => !isSlow(copy)), ...copies.filter(isSlow)]
  }

  /** In bytes a second, of a place before the one that could serve instead. */
  leastWorthWaitingFor(nextPlaceId: string): number {
    return Math.max(LEAST_BYTES_PER_SECOND, (this.#paceOf(nextPlaceId) ?? 0) * SHARE_OF_NEXT)
  }
}
