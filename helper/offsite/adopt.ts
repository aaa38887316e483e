// Receipts for what lies in a bucket and was sent by a journal that is gone: after a rebuild the copies are known from the bucket's log, and
// nothing is known of the objects behind them, so that none could be looked at again, nor its lock lengthened. Each object is asked for once:
// one that says the content's own hash is confirmed as it would be after sending; one that is not there, or is another, is no longer counted.
import pLimit from 'p-limit'
import { setCopyState } from '../journal/files.js'
import type { Journal } from '../journal/journal.js'
import { objectAt } from '../journal/offsite.js'
import { number, text } from '../journal/rows.js'
import { listShoots } from '../journal/shoots.js'
import { CHAIN_FILE } from '../manifest/chain.js'
import { LOG_FILE } from '../manifest/log.js'
import { MANIFEST_FILE } from '../manifest/manifest.js'
import type { Hash } from '../model.js'
import { folderOfShoot } from './candidates.js'
import { BLAKE3_METADATA } from './confirm.js'
import { saveReceipt, type ObjectMeaning } from './journal-ledger.js'
import type { UploadReceipt } from './ledger.js'
import type { ListedObject, ObjectFacts } from './object-store.js'
import type { OpenBucket } from './open-bucket.js'
import { keyOrNone } from './sweep-place.js'
import { MTIME_METADATA } from './upload.js'

/** A copy that the journal calls verified and has no receipt of. */
export interface UnknownCopy {
  readonly key: string
  readonly versionId: number
  readonly path: string
  readonly hash: Hash
  readonly sizeBytes: number
  readonly mtimeMs: number
}

export interface AdoptDeps {
  readonly journal: Journal
  readonly now: () => number
  /** Told in the receipt's transaction of a copy whose object says its very hash. */
  readonly onConfirmed: (copy: UnknownCopy) => void
}

export function unknownCopies(bucket: OpenBucket, journal: Journal): UnknownCopy[] {
  const rows = journal.all(
    `SELECT c.version_id, c.path, v.hash, v.size, v.mtime_ms, f.shoot_id FROM copies c JOIN versions v ON v.id = c.version_id JOIN files f ON f.id = v.file_id
     WHERE c.place_id = ?1 AND c.state = 'verified'
       AND NOT EXISTS (SELECT 1 FROM objects o WHERE o.place_id = ?1 AND o.copy_version = c.version_id AND o.copy_path = c.path)`,
    [bucket.place.id],
  )
  if (rows.length === 0) return []
  const folders = new Map(
    listShoots(journal).map((shoot) => [shoot.id, folderOfShoot(journal, shoot, bucket.place.id)]),
  )
  return rows.flatMap((row) => {
    const path = text(row, 'path')
    return keyOrNone(() => bucket.keyOf(`Photos/${folders.get(number(row, 'shoot_id')) ?? ''}/${path}`)).map((key) => ({
      key,
      versionId: number(row, 'version_id'),
      path,
      hash: text(row, 'hash'),
      sizeBytes: number(row, 'size'),
      mtimeMs: number(row, 'mtime_ms'),
    }))
  })
}

/** Objects asked for at once. */
const ASKED_AT_ONCE = 8

/** @param extra  what lies there and no receipt speaks of
 *  @returns how many copies were confirmed, and the keys of those that were not
 *  @throws OFFSITE_* when the store cannot be asked; what was asked before stays recorded */
export async function adoptUnknown(
  bucket: OpenBucket,
  copies: readonly UnknownCopy[],
  extra: readonly ListedObject[],
  deps: AdoptDeps,
  signal?: AbortSignal,
): Promise<{ readonly confirmed: number; readonly missing: readonly string[]; readonly differs: readonly string[] }> {
  const { store, profile, place } = bucket
  const { journal } = deps
  const limit = pLimit(ASKED_AT_ONCE)
  const ask = (key: string): Promise<ObjectFacts | undefined> => {
    signal?.throwIfAborted()
    return store.head({ key, withChecksums: profile.answersChecksums }, signal)
  }
  const found = { confirmed: 0, missing: [] as string[], differs: [] as string[] }
  const own = new Set(copies.map(({ key }) => key))
  const files = extra.filter(({ key }) => !own.has(key) && isRecordOrCatalog(bucket.pathOf(key) ?? ''))
  try {
    await Promise.all([
      ...copies.map((copy) => limit(async () => adoptCopy(copy, await ask(copy.key)))),
      ...files.map(({ key }) => limit(async () => adoptFile(key, await ask(key)))),
    ])
  } catch (error) {
    limit.clearQueue()
    throw error
  }
  return found

  function adoptCopy(copy: UnknownCopy, facts: ObjectFacts | undefined): void {
    const isIt = facts !== undefined && isOf(copy, facts, bucket.settings.recipients !== undefined)
    if (isIt) found.confirmed += 1
    else (facts ? found.differs : found.missing).push(copy.key)
    journal.transaction(() => {
      // Sent anew while it was being asked for: then nothing was asked about what lies there now.
      if (objectAt(journal, place.id, copy.key)) return
      if (!isIt) {
        setCopyState(journal, { ...copy, placeId: place.id }, facts ? 'damaged' : 'missing')
        return
      }
      const { versionId, path, hash } = copy
      const isPlain = facts.metadata[BLAKE3_METADATA] === hash
      save(facts, { copy: { versionId, path }, ...(isPlain ? {} : { plainBlake3: hash }) })
      // What is encrypted does not say its content's hash; the proof in the bucket's log stays what it is.
      if (isPlain) deps.onConfirmed(copy)
    })
  }

  function adoptFile(key: string, facts: ObjectFacts | undefined): void {
    if (facts?.metadata[BLAKE3_METADATA] === undefined || objectAt(journal, place.id, key)) return
    save(facts, {})
  }

  function save(facts: ObjectFacts, meaning: ObjectMeaning): void {
    saveReceipt(journal, place.id, receiptFrom(facts, deps.now()), meaning)
  }
}

function isRecordOrCatalog(path: string): boolean {
  const name = path.split('/').at(-1) ?? ''
  return path.startsWith('Catalogs/') || [LOG_FILE, MANIFEST_FILE, CHAIN_FILE].includes(name)
}

/** Of the header of an age file for two recipients there is a little more than this; nothing that was written has more than four. */
const AGE_HEADER_BYTES = { least: 100, most: 1_000 }
const AGE_CHUNK_BYTES = 64 * 1024
const TAG_BYTES = 16

/** Plain: it says the content's hash and has its size. Encrypted: the sizes fit, and it says the content's time. */
export function isOf(
  { hash, sizeBytes, mtimeMs }: Pick<UnknownCopy, 'hash' | 'sizeBytes' | 'mtimeMs'>,
  facts: ObjectFacts,
  isEncrypted: boolean,
): boolean {
  const said = facts.metadata[BLAKE3_METADATA]
  if (!isEncrypted) return said === hash && facts.sizeBytes === sizeBytes
  const chunks = Math.max(1, Math.ceil(sizeBytes / AGE_CHUNK_BYTES))
  const headerBytes = facts.sizeBytes - sizeBytes - TAG_BYTES - chunks * TAG_BYTES
  const isOfSize = headerBytes >= AGE_HEADER_BYTES.least && headerBytes <= AGE_HEADER_BYTES.most
  // The log keeps dates to the millisecond.
  return said !== undefined && isOfSize && Math.abs(Number(facts.metadata[MTIME_METADATA]) * 1000 - mtimeMs) <= 1
}

/** A receipt of what the store says of an object that was not sent by this journal. */
export function receiptFrom(facts: ObjectFacts, nowMs: number): UploadReceipt {
  const { key, sizeBytes, versionId, etag, lock, checksums } = facts
  const crc32 = checksums.type === 'COMPOSITE' ? undefined : checksums.crc32
  return {
    key,
    sizeBytes,
    blake3: facts.metadata[BLAKE3_METADATA] ?? '',
    state: lock && lock.untilMs > nowMs ? 'confirmed-locked' : 'confirmed',
    confirmedBy: 'name and size only',
    confirmedAtMs: nowMs,
    lockRepaired: false,
    sentParts: 0,
    reusedParts: 0,
    wasThere: true,
    ...(versionId === undefined ? {} : { versionId }),
    ...(etag === undefined ? {} : { etag }),
    ...(crc32 === undefined ? {} : { crc32 }),
    ...(lock === undefined ? {} : { lockedUntilMs: lock.untilMs }),
  }
}
