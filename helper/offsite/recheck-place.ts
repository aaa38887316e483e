// The regular look at a whole bucket, recorded: the monthly comparison by listings, the renewal of locks before they run out, the reading
// back of bytes in slices within a year. What is missing or differs is no longer called verified, and is therefore sent again. What is due
// is decided from receipts and the time alone; the rest asks the store.
import { forgetBackupsThatNeed, noteBackupsThere } from '../journal/catalog-backups.js'
import { setCopyState } from '../journal/files.js'
import type { Journal } from '../journal/journal.js'
import { getMeta, setMeta } from '../journal/meta.js'
import { forgetObject, listObjects, objectAt, touchObject, type ObjectRow } from '../journal/offsite.js'
import { addStep } from '../journal/steps.js'
import { adoptUnknown, unknownCopies } from './adopt.js'
import { number } from '../journal/rows.js'
import type { HashEngine } from '../files/hash.js'
import { receiptOf } from './journal-ledger.js'
import { renewProof, type Believed, type NewProof } from './renew-proof.js'
import type { OpenBucket } from './open-bucket.js'
import { readBack, recheckByListing, recheckObject, type Recheck } from './recheck.js'
import { isColdClass, storageClassFor } from './storage-class.js'

const DAY_MS = 24 * 3600 * 1000

/** Server checksums are believed for 31 days; the look comes before they lapse. */
export const RECHECK_EVERY_MS = 25 * DAY_MS
/** A lock that has lost half its time is lengthened: early enough to survive a month offline, seldom enough to cost little. */
const RENEW_AT_SHARE = 0.5
/** Every byte is read back once within this time. */
export const READ_BACK_WITHIN_MS = 365 * DAY_MS

// ── what is due: pure ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

export function isRecheckDue(lastMs: number | undefined, nowMs: number): boolean {
  // One from the future was made by a clock that has been set back since.
  return lastMs === undefined || nowMs - lastMs >= RECHECK_EVERY_MS || lastMs > nowMs + DAY_MS
}

/** Objects whose lock is to be lengthened now, or is missing. */
export function locksToRenew(objects: readonly ObjectRow[], retentionMs: number, nowMs: number): ObjectRow[] {
  return objects.filter(({ lockedUntilMs = 0 }) => lockedUntilMs - nowMs < retentionMs * RENEW_AT_SHARE)
}

/** Between two slices that are read back. */
export const READ_BACK_EVERY_MS = DAY_MS

/** The last slice. */
export interface SliceRead {
  readonly atMs: number
  readonly bytes: number
}

/** A slice a day; after one that was larger than a day may be (a single file can be) so many days later. */
export function isReadBackDue({ atMs, bytes }: SliceRead, bytesPerDay: number, nowMs: number): boolean {
  if (bytesPerDay <= 0) return false
  return nowMs - atMs >= READ_BACK_EVERY_MS * Math.max(1, bytes / bytesPerDay) || atMs > nowMs + DAY_MS
}

/** The next slice to read back: those longest unread first, so much that everything comes round within the year when a slice is read every
 *  `everyMs`, as far as `mostBytes` allow. @returns at least one object while any is due */
export function readBackSlice(
  objects: readonly ObjectRow[],
  everyMs: number,
  nowMs: number,
  mostBytes = Number.POSITIVE_INFINITY,
): ObjectRow[] {
  const totalBytes = objects.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  const budgetBytes = Math.min((totalBytes * everyMs) / READ_BACK_WITHIN_MS, mostBytes)
  const waiting = objects
    .filter(({ readBackMs }) => readBackMs === undefined || readBackMs > nowMs || nowMs - readBackMs >= everyMs)
    .sort((a, b) => (a.readBackMs ?? 0) - (b.readBackMs ?? 0) || a.confirmedMs - b.confirmedMs)
  const slice: ObjectRow[] = []
  let bytes = 0
  for (const object of waiting) {
    if (slice.length > 0 && bytes + object.sizeBytes > budgetBytes) break
    slice.push(object)
    bytes += object.sizeBytes
  }
  return slice
}

// ── doing it ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

export interface RecheckDeps {
  readonly journal: Journal
  readonly now: () => number
  readonly believed: Believed
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>
}

export interface RecheckReport {
  readonly same: number
  readonly missing: readonly string[]
  readonly differs: readonly string[]
  /** Below our prefix, and of no receipt. */
  readonly extra: number
}

export function lastRecheckMs(journal: Journal, placeId: string): number | undefined {
  const kept = getMeta(journal, `offsite-recheck ${placeId}`)
  return kept === undefined ? undefined : Number(kept)
}

/** Compares everything with what was recorded, a request per thousand objects. @throws OFFSITE_* when the store cannot be asked: then nothing
 *  is known and nothing changed */
export async function recheckPlace(
  bucket: OpenBucket,
  { journal, now, believed }: RecheckDeps,
  signal?: AbortSignal,
): Promise<RecheckReport> {
  const placeId = bucket.place.id
  const startedMs = now()
  const unknown = unknownCopies(bucket, journal)
  const objects = new Map(listObjects(journal, placeId).map((object) => [object.key, object]))
  const receipts = [...objects.values()].map(receiptOf)
  const found = await recheckByListing(bucket.ownPrefix, receipts, bucket.store, signal)
  const proofs = { atMs: startedMs, how: 'server checksum', believed } as const
  const onConfirmed = ({ versionId, path }: { versionId: number; path: string }): void =>
    renewProof(journal, placeId, { versionId, path }, proofs)
  const adopted = await adoptUnknown(bucket, unknown, found.extra, { journal, now, onConfirmed }, signal)
  const bad = new Set([...found.missing.map(({ key }) => key), ...found.differs.map(({ receipt }) => receipt.key)])
  const missing = new Set(found.missing.map(({ key }) => key))
  const otherFiles: string[] = []
  journal.transaction(() => {
    for (const [key, object] of objects) {
      if (!isStillRecorded(journal, object)) continue
      if (bad.has(key)) noteBad(bucket, journal, object, missing.has(key) ? 'missing' : 'damaged', now())
      else {
        noteGood(journal, object, proofs)
        if (!object.copy) otherFiles.push(bucket.pathOf(key) ?? '')
      }
    }
    noteBackupsThere(journal, placeId, otherFiles, startedMs)
    setMeta(journal, `offsite-recheck ${placeId}`, String(startedMs))
  })
  return {
    same: found.same + adopted.confirmed,
    missing: [...missing, ...adopted.missing],
    differs: [...found.differs.map(({ receipt }) => receipt.key), ...adopted.differs],
    extra: found.extra.length - adopted.confirmed,
  }
}

/** Lengthens the locks that are due. @returns how many were looked at, and which cannot be locked, in words */
export async function renewLocks(
  bucket: OpenBucket,
  { journal, now, sleep, believed }: RecheckDeps,
  signal?: AbortSignal,
): Promise<{ readonly renewed: number; readonly unlocked: readonly string[] }> {
  const { lockWish, store, profile, place } = bucket
  if (!lockWish) return { renewed: 0, unlocked: [] }
  const due = locksToRenew(listObjects(journal, place.id), lockWish.retentionMs, now())
  const unlocked: string[] = []
  let renewed = 0
  for (const object of due) {
    signal?.throwIfAborted()
    const checked = await recheckObject(receiptOf(object), lockWish, { store, profile, now, sleep }, signal)
    record(bucket, journal, object, checked, { nowMs: now(), believed })
    if (checked.kind === 'same') renewed += 1
    if (checked.kind === 'unlocked') unlocked.push(checked.why)
  }
  return { renewed, unlocked }
}

/** @returns undefined when none was read yet */
export function lastReadBack(journal: Journal, placeId: string): SliceRead | undefined {
  const kept = getMeta(journal, readBackKey(placeId))
  return kept === undefined ? undefined : (JSON.parse(kept) as SliceRead)
}

function readBackKey(placeId: string): string {
  return `offsite-read-back ${placeId}`
}

export interface ReadBackReport {
  readonly objects: number
  readonly bytes: number
  /** Keys of what is missing or differs. */
  readonly bad: readonly string[]
}

/** Reads the next slice back. What is cold, by the place's class of storage or by the store's answer, is left to a restore. A slice that was
 *  stopped has read what it has read, and is the day's; one that had not begun is begun again.
 *  @param bytesPerDay  what may be read a day, at most
 *  @throws OFFSITE_* when the store cannot be asked, or the signal's reason */
export async function readSliceBack(
  bucket: OpenBucket,
  bytesPerDay: number,
  deps: Omit<RecheckDeps, 'sleep'> & { readonly hashEngine: HashEngine },
  signal?: AbortSignal,
): Promise<ReadBackReport> {
  const { journal, now, believed } = deps
  const placeId = bucket.place.id
  const startedMs = now()
  const report = { objects: 0, bytes: 0, bad: [] as string[] }
  const noteSlice = (): void =>
    setMeta(journal, readBackKey(placeId), JSON.stringify({ atMs: startedMs, bytes: report.bytes } satisfies SliceRead))
  let left = listObjects(journal, placeId).filter((object) => !isCold(bucket, object))
  // What a rule of the bucket's has made cold is found out by asking only; it must not stand in the way of the others.
  for (let cold = 0; report.objects === 0 && cold < MOST_COLD;) {
    const slice = readBackSlice(left, READ_BACK_EVERY_MS, startedMs, bytesPerDay)
    if (slice.length === 0) break
    for (const object of slice) {
      signal?.throwIfAborted()
      const checked = await readBack(receiptOf(object), { store: bucket.store, hashEngine: deps.hashEngine }, signal)
      if (checked.kind === 'cold') {
        cold += 1
        continue
      }
      if (checked.kind === 'missing' || checked.kind === 'differs') report.bad.push(object.key)
      report.objects += 1
      report.bytes += object.sizeBytes
      journal.transaction(() => {
        record(bucket, journal, object, checked, { nowMs: now(), believed })
        noteSlice()
      })
    }
    left = left.filter((object) => !slice.includes(object))
  }
  if (report.objects === 0) noteSlice()
  return report
}

/** So many are asked for in vain in one slice. */
const MOST_COLD = 1000

function isCold(bucket: OpenBucket, { key, sizeBytes }: ObjectRow): boolean {
  return isColdClass(storageClassFor(bucket.pathOf(key) ?? '', sizeBytes, bucket.settings.storageClass))
}

function record(
  bucket: OpenBucket,
  journal: Journal,
  object: ObjectRow,
  checked: Recheck,
  { nowMs, believed }: { readonly nowMs: number; readonly believed: Believed },
): void {
  journal.transaction(() => {
    if (!isStillRecorded(journal, object)) return
    switch (checked.kind) {
      case 'same':
        noteGood(
          journal,
          checked.lockedUntilMs === undefined ? object : { ...object, lockedUntilMs: checked.lockedUntilMs },
          { atMs: nowMs, how: checked.by === 'download' ? 'download' : 'server checksum', believed },
        )
        break
      case 'missing':
        noteBad(bucket, journal, object, 'missing', nowMs)
        break
      case 'differs':
        noteBad(bucket, journal, object, 'damaged', nowMs)
        break
      case 'unlocked':
      case 'cold':
        break
    }
  })
}

/** What was sent anew or set aside while the store was being asked is another object; nothing was asked about that. */
function isStillRecorded(journal: Journal, { placeId, key, receipt }: ObjectRow): boolean {
  return objectAt(journal, placeId, key)?.receipt === receipt
}

function noteGood(journal: Journal, object: ObjectRow, proof: NewProof): void {
  touchObject(journal, object, proof.atMs, proof.how === 'download')
  if (object.copy) renewProof(journal, object.placeId, object.copy, proof)
}

/** No longer counted, and so sent again: a photo because it is pending, a record because its receipt is gone, a catalog because the bucket has
 *  no such backup any more. */
function noteBad(
  bucket: OpenBucket,
  journal: Journal,
  object: ObjectRow,
  state: 'missing' | 'damaged',
  nowMs: number,
): void {
  const { placeId, key, copy } = object
  if (copy) setCopyState(journal, { versionId: copy.versionId, placeId, path: copy.path }, state)
  forgetObject(journal, placeId, key)
  forgetBackupsThatNeed(journal, placeId, bucket.pathOf(key) ?? '')
  if (!copy)
    for (const shootId of shootsAt(journal, placeId))
      addStep(journal, { kind: 'records', shootId, placeId, payload: '' }, nowMs)
}

function shootsAt(journal: Journal, placeId: string): number[] {
  return journal.all('SELECT shoot_id FROM seals WHERE place_id = ?', [placeId]).map((row) => number(row, 'shoot_id'))
}
