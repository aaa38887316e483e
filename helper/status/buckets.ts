// What a status says of buckets: how far each shoot is on its way there, and how each bucket is set up and faring. Read from the journal at
// the moment of asking; no store is asked.
import { getMeta } from '../journal/meta.js'
import type { Journal } from '../journal/journal.js'
import { groupsByShoot, listSummaries, type FileGroup } from '../journal/health-groups.js'
import { storedAt, type OffsiteCount } from '../journal/offsite.js'
import type { PlaceRow } from '../journal/places.js'
import { estimateCosts, pricesFor, type Prices } from '../offsite/storage-class.js'
import type { OffsiteState, Place } from '../../shared/methods.js'
import { bucketForecast } from './forecast.js'

/** How many files of a shoot are how far on their way to a bucket. Pure. */
export function offsiteCountOf(
  groups: readonly FileGroup[],
  placeId: string,
  nowMs: number,
): Omit<OffsiteCount, 'shootId' | 'placeId'> {
  const count = { inFlight: 0, confirmed: 0, locked: 0 }
  let lockedUntilMs: number | undefined
  for (const { files, copies } of groups)
    for (const copy of copies.filter((each) => each.placeId === placeId)) {
      if (copy.state === 'written') count.inFlight += files
      if (copy.state !== 'verified') continue
      count.confirmed += files
      if (copy.lockedUntilMs === undefined || copy.lockedUntilMs <= nowMs) continue
      count.locked += files
      lockedUntilMs = Math.min(lockedUntilMs ?? copy.lockedUntilMs, copy.lockedUntilMs)
    }
  return { ...count, ...(lockedUntilMs === undefined ? {} : { lockedUntilMs }) }
}

/** Pure. @param files  of the shoot */
export function offsiteStateOf(
  files: number,
  count: Omit<OffsiteCount, 'shootId' | 'placeId'>,
): { readonly offsite: OffsiteState } {
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
export function bucketReport(
  journal: Journal,
  place: PlaceRow,
  nowMs: number,
): { readonly bucket?: BucketReport; readonly freeBytes?: number; readonly totalBytes?: number } {
  if (place.kind !== 'bucket') return {}
  const {
    endpoint,
    region,
    machineId,
    storageClass,
    limitBytesPerSecond,
    quotaBytes,
    lock,
    recipients,
    nameKey,
    store,
  } = place.settings
  const waiting = waitingFor(journal, place.id)
  const trouble = readTrouble(journal, place.id)
  const there = storedLately(journal, place.id)
  const prices = pricesOf(place.settings)
  const quota = typeof quotaBytes === 'number' ? { quotaBytes } : {}
  const heading = {
    ...quota,
    ...(prices ? { prices } : {}),
    bytes: there.bytes + waiting.bytes,
    growth: listSummaries(journal),
    nowMs,
  }
  return {
    ...(typeof quotaBytes === 'number'
      ? { freeBytes: Math.max(0, quotaBytes - there.bytes), totalBytes: quotaBytes }
      : {}),
    bucket: {
      ...(typeof endpoint === 'string' ? { endpoint } : {}),
      ...(typeof region === 'string' ? { region } : {}),
      folder: typeof machineId === 'string' ? machineId : '',
      encrypted: Array.isArray(recipients),
      hidesNames: typeof nameKey === 'string',
      versioned: isRecord(store) && store['versioning'] === true,
      ...lockReport(lock),
      ...(typeof storageClass === 'string' ? { storageClass } : {}),
      ...(typeof limitBytesPerSecond === 'number' ? { limitBytesPerSecond } : {}),
      ...there,
      ...costsOf(prices, there.bytes, waiting.bytes),
      ...quota,
      ...bucketForecast(heading),
      waitingFiles: waiting.files,
      waitingBytes: waiting.bytes,
      ...(trouble ? { trouble: trouble.message } : {}),
      ...(trouble?.nextTryMs === undefined ? {} : { nextTryAt: new Date(trouble.nextTryMs).toISOString() }),
    },
  }
}

function pricesOf({ endpoint, storageClass }: PlaceRow['settings']): Prices | undefined {
  return pricesFor(
    typeof endpoint === 'string' ? endpoint : undefined,
    typeof storageClass === 'string' ? storageClass : undefined,
  )
}

/** Pure. */
export function costsOf(
  prices: Prices | undefined,
  bytes: number,
  waitingBytes: number,
): { readonly costs?: NonNullable<BucketReport['costs']> } {
  if (!prices) return {}
  const now = estimateCosts(prices, bytes, 0)
  return {
    costs: {
      provider: prices.name,
      pricesAsOf: now.asOf,
      perMonthUsd: now.perMonthUsd,
      perMonthWithWaitingUsd: estimateCosts(prices, bytes + waitingBytes, 0).perMonthUsd,
      getBackUsd: now.getBackUsd.usual,
      minimumDays: prices.minimumDays,
    },
  }
}

/** What is proven somewhere and not confirmed there yet. */
function waitingFor(journal: Journal, placeId: string): { readonly files: number; readonly bytes: number } {
  const waiting = { files: 0, bytes: 0 }
  for (const groups of groupsByShoot(journal).values())
    for (const { files, bytes, copies } of groups) {
      const verified = copies.filter(({ state }) => state === 'verified')
      if (verified.length === 0 || verified.some((copy) => copy.placeId === placeId)) continue
      waiting.files += files
      waiting.bytes += bytes
    }
  return waiting
}

/** Every object is looked at for this, so it is done once a minute at most. */
const STORED_FOR_MS = 60_000
const stored = new WeakMap<Journal, Map<string, { atMs: number; value: ReturnType<typeof storedAt> }>>()

function storedLately(journal: Journal, placeId: string): ReturnType<typeof storedAt> {
  const known = stored.get(journal) ?? new Map<string, { atMs: number; value: ReturnType<typeof storedAt> }>()
  stored.set(journal, known)
  const last = known.get(placeId)
  const atMs = performance.now()
  if (last && atMs - last.atMs < STORED_FOR_MS && last.value.objects > 0) return last.value
  const value = storedAt(journal, placeId)
  known.set(placeId, { atMs, value })
  return value
}

function lockReport(lock: unknown): Pick<BucketReport, 'lock'> {
  if (!isRecord(lock) || typeof lock['days'] !== 'number') return {}
  return { lock: { mode: lock['mode'] === 'COMPLIANCE' ? 'compliance' : 'governance', days: lock['days'] } }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
