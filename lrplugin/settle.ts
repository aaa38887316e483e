// When a photo that has just appeared may be handed over: not while Lightroom is still copying it or still importing its neighbours, and not
// much later either. Pure decisions over what was seen and when; times in seconds.
import type { ImportedPhoto } from '../shared/methods.js'

export interface Candidate {
  readonly photo: ImportedPhoto
  readonly firstSeenAt: number
  /** Bytes at the last look; undefined for an offline file. */
  sizeBytes: number | undefined
  /** Since when the size has not changed. */
  sizeSince: number
}

/** Nothing newer and no growth for this long: settled. */
export const SETTLE_SECONDS = 5
/** In a long import there is always something newer; a file that has kept its size this long is handed over anyway. */
export const LONG_IMPORT_SECONDS = 20
/** A file that never stops growing is handed over all the same: the helper waits for it, and the ones behind it must not. */
export const GROWING_SECONDS = 120

/** How many candidates, from the front, may go now. Order is kept because the cursor can only move past an unbroken row. */
export function countSettled(candidates: readonly Candidate[], newestIdSince: number, now: number): number {
  let count = 0
  for (const candidate of candidates) {
    if (!isSettled(candidate, newestIdSince, now)) break
    count += 1
  }
  return count
}

function isSettled(candidate: Candidate, newestIdSince: number, now: number): boolean {
  const age = now - candidate.firstSeenAt
  if (age >= GROWING_SECONDS) return true
  if (candidate.sizeBytes !== undefined && now - candidate.sizeSince < SETTLE_SECONDS) return false
  return now - newestIdSince >= SETTLE_SECONDS || age >= LONG_IMPORT_SECONDS
}

/** Seconds until the ids are looked through again, so that looking stays below one percent of a core when nothing happens.
 *  @param passSeconds  what the last pass cost */
export function nextPassSeconds(passSeconds: number, isBusy: boolean): number {
  if (isBusy) return Math.min(Math.max(SETTLE_SECONDS, passSeconds * 20), IDLE_SECONDS)
  return Math.min(Math.max(IDLE_SECONDS, passSeconds * 150), SLOWEST_SECONDS)
}

export const IDLE_SECONDS = 30
const SLOWEST_SECONDS = 600
