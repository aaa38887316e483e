// What a status says of buckets: how far each shoot is on its way there, and how each bucket is set up and faring. Read from the journal at
// the moment of asking; no store is asked.
import { getMeta } from '../journal/meta.js'
import type { Journal } from '../journal/journal.js'
import { countPending, offsiteCounts, storedAt, type OffsiteCount } from '../journal/offsite.js'
import type { PlaceRow } from '../journal/places.js'
import type { OffsiteState, Place } from '../../shared/methods.js'

/** By shoot, then by place. */
export function offsiteByShoot(journal: Journal, nowMs: number): Map<number, Map<string, OffsiteCount>> {
  const byShoot = new Map<number, Map<string, OffsiteCount>>()
  for (const count of offsiteCounts(journal, nowMs)) {
    const places = byShoot.get(count.shootId) ?? new Map<string, OffsiteCount>()
    byShoot.set(count.shootId, places.set(count.placeId, count))
  }
  return byShoot
}

/** Pure. @param files  of the shoot
 *  @returns nothing for a place that is no bucket */
export function offsiteStateOf(files: number, count: OffsiteCount | undefined): { readonly offsite?: OffsiteState } {
  if (!count) return {}
  const { inFlight, confirmed, locked, lockedUntilMs } = count
  const state =
    locked >= files
      ? 'confirmed and locked'
      : confirmed >= files
        ? 'confirmed'
        : inFlight > 0 || confirmed > 0
          ? 'in flight'
          : 'waiting'
  return {
    offsite: {
      state,
      waiting: Math.max(0, files - confirmed - inFlight),
      inFlight,
      confirmed,
      locked,
      ...(lockedUntilMs === undefined ? {} : { lockedUntil: new Date(lockedUntilMs).toISOString() }),
    },
  }
}

/** Why nothing goes to a bucket now, and when it is tried again: kept until something does. */
export interface BucketTrouble {
  readonly code: string
  readonly message: string
  readonly sinceMs: number
  readonly nextTryMs?: number
  /** Nothing is wrong; it waits for its hours, or for a connection that is not paid by the megabyte. */
  readonly isPause?: boolean
}

export function troubleKey(placeId: string): string {
  return `offsite-trouble ${placeId}`
}

export function readTrouble(journal: Journal, placeId: string): BucketTrouble | undefined {
  const kept = getMeta(journal, troubleKey(placeId))
  return kept === undefined ? undefined : (JSON.parse(kept) as BucketTrouble)
}

type BucketReport = NonNullable<Place['bucket']>

/** Settings as they are shown: the shape is offsite/settings.ts's, and a field that is not as it should be is left out. */
export function bucketReport(journal: Journal, place: PlaceRow): { readonly bucket?: BucketReport } {
  if (place.kind !== 'bucket') return {}
  const { endpoint, region, machineId, storageClass, limitBytesPerSecond, lock, recipients, store } = place.settings
  const waiting = countPending(journal, place.id)
  const trouble = readTrouble(journal, place.id)
  return {
    bucket: {
      ...(typeof endpoint === 'string' ? { endpoint } : {}),
      ...(typeof region === 'string' ? { region } : {}),
      folder: typeof machineId === 'string' ? machineId : '',
      encrypted: Array.isArray(recipients),
      versioned: isRecord(store) && store['versioning'] === true,
      ...lockReport(lock),
      ...(typeof storageClass === 'string' ? { storageClass } : {}),
      ...(typeof limitBytesPerSecond === 'number' ? { limitBytesPerSecond } : {}),
      ...storedAt(journal, place.id),
      waitingFiles: waiting.files,
      waitingBytes: waiting.bytes,
      ...(trouble ? { trouble: trouble.message } : {}),
      ...(trouble?.nextTryMs === undefined ? {} : { nextTryAt: new Date(trouble.nextTryMs).toISOString() }),
    },
  }
}

function lockReport(lock: unknown): Pick<BucketReport, 'lock'> {
  if (!isRecord(lock) || typeof lock['days'] !== 'number') return {}
  return { lock: { mode: lock['mode'] === 'COMPLIANCE' ? 'compliance' : 'governance', days: lock['days'] } }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
