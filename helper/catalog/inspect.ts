// Opens a private copy of a catalog in a worker thread and says what is in it. What to make of it is judge.ts's.
import type { CatalogFacts, InspectOptions } from './inspect-copy.js'
import type { PrivateCopy } from './private-copy.js'
import { runJob } from './worker.js'

export type { CatalogFacts, InspectOptions } from './inspect-copy.js'

/** Up to here integrity_check is run each time; it takes about 10 s per GB from the cache. Above, once a week. */
const ALWAYS_THOROUGH_BYTES = 512 * 1024 * 1024
const THOROUGH_EVERY_MS = 7 * 24 * 60 * 60 * 1000

/** @returns what was found, also when the file could not be read: then `unreadable` says why */
export function inspectCopy(copy: PrivateCopy, options: InspectOptions, signal?: AbortSignal): Promise<CatalogFacts> {
  return runJob<CatalogFacts>({ kind: 'inspect', copy, options }, signal)
}

/** Whether this inspection is to run integrity_check as well as quick_check. */
export function isThoroughDue(sizeBytes: number, lastThoroughMs: number | undefined, nowMs: number): boolean {
  return (
    sizeBytes <= ALWAYS_THOROUGH_BYTES || lastThoroughMs === undefined || nowMs - lastThoroughMs >= THOROUGH_EVERY_MS
  )
}
