// Off-site copies as the journal knows them: uploads that have begun, the receipts of what a bucket confirmed, and what is still to be
// sent. The shapes of uploads and receipts are the off-site room's; here they are text.
import type { Hash } from '../model.js'
import type { Journal, Row } from './journal.js'
import { number, optionalNumber, optionalText, text } from './rows.js'

export interface UploadRow {
  readonly placeId: string
  readonly key: string
  /** Empty: it was asked for, and its id is not known. */
  readonly uploadId: string
  /** JSON. */
  readonly upload: string
  /** JSON list. */
  readonly parts: string
}

export function saveUpload(journal: Journal, { placeId, key, uploadId, upload, parts }: UploadRow): void {
  journal.run('INSERT OR REPLACE INTO uploads (place_id, key, upload_id, upload, parts) VALUES (?, ?, ?, ?, ?)', [
    placeId,
    key,
    uploadId,
    upload,
    parts,
  ])
}

export function uploadAt(journal: Journal, placeId: string, key: string): UploadRow | undefined {
  const row = journal.get('SELECT * FROM uploads WHERE place_id = ? AND key = ?', [placeId, key])
  return row && toUpload(row)
}

export function listUploads(journal: Journal, placeId: string): UploadRow[] {
  return journal.all('SELECT * FROM uploads WHERE place_id = ? ORDER BY key', [placeId]).map(toUpload)
}

export function saveParts(journal: Journal, placeId: string, key: string, uploadId: string, parts: string): void {
  journal.run('UPDATE uploads SET parts = ? WHERE place_id = ? AND key = ? AND upload_id = ?', [
    parts,
    placeId,
    key,
    uploadId,
  ])
}

/** @param uploadId  only this one; whichever it is when left out */
export function dropUpload(journal: Journal, placeId: string, key: string, uploadId?: string): void {
  journal.run('DELETE FROM uploads WHERE place_id = ? AND key = ? AND (? IS NULL OR upload_id = ?)', [
    placeId,
    key,
    uploadId ?? null,
    uploadId ?? null,
  ])
}

export interface ObjectRow {
  readonly placeId: string
  readonly key: string
  readonly sizeBytes: number
  /** Of the bytes as they were sent: of the ciphertext where the place encrypts. */
  readonly blake3: Hash
  readonly confirmedMs: number
  readonly lockedUntilMs?: number
  readonly versionId?: string
  /** JSON. */
  readonly receipt: string
  readonly readBackMs?: number
  /** The copy that it is; absent for what is no copy of a version. */
  readonly copy?: { readonly versionId: number; readonly path: string }
}

/** A new receipt for a key takes the place of the one before; when its bytes were last read back is then unknown again. */
export function saveObject(journal: Journal, object: Omit<ObjectRow, 'readBackMs'>): void {
  journal.run(
    `INSERT OR REPLACE INTO objects (place_id, key, size, blake3, confirmed_ms, locked_until_ms, version_id, receipt, copy_version, copy_path)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [
      object.placeId,
      object.key,
      object.sizeBytes,
      object.blake3,
      object.confirmedMs,
      object.lockedUntilMs ?? null,
      object.versionId ?? null,
      object.receipt,
      object.copy?.versionId ?? null,
      object.copy?.path ?? null,
    ],
  )
}

/** The store has said again that it has this object; its receipt stays. @param isReadBack  every byte was read and hashed */
export function touchObject(
  journal: Journal,
  { placeId, key, lockedUntilMs }: Pick<ObjectRow, 'placeId' | 'key' | 'lockedUntilMs'>,
  nowMs: number,
  isReadBack: boolean,
): void {
  journal.run(
    `UPDATE objects SET confirmed_ms = ?1, locked_until_ms = coalesce(?2, locked_until_ms), read_back_ms = CASE WHEN ?3 THEN ?1 ELSE read_back_ms END
     WHERE place_id = ?4 AND key = ?5`,
    [nowMs, lockedUntilMs ?? null, isReadBack ? 1 : 0, placeId, key],
  )
}

export function objectAt(journal: Journal, placeId: string, key: string): ObjectRow | undefined {
  const row = journal.get('SELECT * FROM objects WHERE place_id = ? AND key = ?', [placeId, key])
  return row && toObject(row)
}

/** Every receipt of a place, by key. */
export function listObjects(journal: Journal, placeId: string): ObjectRow[] {
  return journal.all('SELECT * FROM objects WHERE place_id = ? ORDER BY key', [placeId]).map(toObject)
}

export function forgetObject(journal: Journal, placeId: string, key: string): void {
  journal.run('DELETE FROM objects WHERE place_id = ? AND key = ?', [placeId, key])
}

/** The newest content of a file that a bucket does not hold under the file's name yet; or an earlier one that it has lost. */
export interface PendingCopy {
  readonly fileId: number
  readonly shootId: number
  readonly name: string
  /** Where it is to lie, below the shoot's folder: `name`, or `Versions/…`. */
  readonly path: string
  readonly versionId: number
  readonly hash: Hash
  readonly sizeBytes: number
  readonly mtimeMs: number
  readonly firstSeenMs: number
}

const PENDING = `FROM files f CROSS JOIN versions v ON v.id = f.version_id
  WHERE NOT EXISTS (SELECT 1 FROM copies c WHERE c.version_id = v.id AND c.place_id = ?1 AND c.path = f.name AND c.state = 'verified')
    AND EXISTS (SELECT 1 FROM copies c WHERE c.version_id = v.id AND c.place_id <> ?1 AND c.state = 'verified')`

/** What may be sent to a bucket, because its bytes were proven somewhere: the newest shoots first, by name within a shoot. */
export function pendingCopies(journal: Journal, placeId: string, shootId?: number, limit = -1): PendingCopy[] {
  return waiting(journal, `f.name AS path, ${PENDING_COLUMNS} ${PENDING}`, [placeId, limit, shootId])
}

const LOST_EARLIER = `FROM copies c CROSS JOIN versions v ON v.id = c.version_id CROSS JOIN files f ON f.id = v.file_id
  WHERE c.place_id = ?1 AND c.state IN ('damaged', 'missing') AND c.path <> f.name
    AND EXISTS (SELECT 1 FROM copies g WHERE g.version_id = v.id AND g.place_id <> ?1 AND g.state = 'verified')`

/** Earlier contents (`Versions/…`) that a bucket had and has lost, and that were proven elsewhere; in the same order. */
export function lostEarlier(journal: Journal, placeId: string, shootId?: number, limit = -1): PendingCopy[] {
  return waiting(journal, `c.path, ${PENDING_COLUMNS} ${LOST_EARLIER}`, [placeId, limit, shootId])
}

const PENDING_COLUMNS = 'f.id, f.shoot_id, f.name, v.id AS version_id, v.hash, v.size, v.mtime_ms, v.first_seen_ms'

function waiting(
  journal: Journal,
  query: string,
  [placeId, limit, shootId]: readonly [placeId: string, limit: number, shootId: number | undefined],
): PendingCopy[] {
  const where = shootId === undefined ? '' : 'AND f.shoot_id = ?3'
  const values = shootId === undefined ? [placeId, limit] : [placeId, limit, shootId]
  return journal.all(`SELECT ${query} ${where} ORDER BY f.shoot_id DESC, f.name, path LIMIT ?2`, values).map(toPending)
}

function toPending(row: Row): PendingCopy {
  return {
    fileId: number(row, 'id'),
    shootId: number(row, 'shoot_id'),
    name: text(row, 'name'),
    path: text(row, 'path'),
    versionId: number(row, 'version_id'),
    hash: text(row, 'hash'),
    sizeBytes: number(row, 'size'),
    mtimeMs: number(row, 'mtime_ms'),
    firstSeenMs: number(row, 'first_seen_ms'),
  }
}

export function countPending(journal: Journal, placeId: string): { readonly files: number; readonly bytes: number } {
  const row = journal.get(`SELECT count(*) AS files, coalesce(sum(v.size), 0) AS bytes ${PENDING}`, [placeId])
  return { files: row ? number(row, 'files') : 0, bytes: row ? number(row, 'bytes') : 0 }
}

/** How far the newest contents of a shoot are on their way to a bucket. */
export interface OffsiteCount {
  readonly shootId: number
  readonly placeId: string
  readonly inFlight: number
  /** Confirmed by the bucket; those that are locked as well are among them. */
  readonly confirmed: number
  readonly locked: number
  /** The earliest end among the locks; absent when none is locked. */
  readonly lockedUntilMs?: number
}

/** Of every shoot at every bucket. Computed from the clock: a lock that has ended is none. */
export function offsiteCounts(journal: Journal, nowMs: number): OffsiteCount[] {
  return journal
    .all(
      `SELECT f.shoot_id, c.place_id, sum(c.state = 'written') AS in_flight, sum(c.state = 'verified') AS confirmed,
         sum(c.state = 'verified' AND coalesce(o.locked_until_ms, 0) > ?1) AS locked,
         min(CASE WHEN c.state = 'verified' AND o.locked_until_ms > ?1 THEN o.locked_until_ms END) AS locked_until
       FROM places p CROSS JOIN copies c ON c.place_id = p.id CROSS JOIN versions v ON v.id = c.version_id
       CROSS JOIN files f ON f.id = v.file_id AND f.version_id = c.version_id AND f.name = c.path LEFT JOIN objects o ON o.place_id = c.place_id AND o.copy_version = c.version_id AND o.copy_path = c.path
       WHERE p.kind = 'bucket' GROUP BY f.shoot_id, c.place_id`,
      [nowMs],
    )
    .map((row) => {
      const lockedUntilMs = optionalNumber(row, 'locked_until')
      return {
        shootId: number(row, 'shoot_id'),
        placeId: text(row, 'place_id'),
        inFlight: number(row, 'in_flight'),
        confirmed: number(row, 'confirmed'),
        locked: number(row, 'locked'),
        ...(lockedUntilMs === undefined ? {} : { lockedUntilMs }),
      }
    })
}

/** What lies in a bucket by its receipts. */
export function storedAt(journal: Journal, placeId: string): { readonly objects: number; readonly bytes: number } {
  const row = journal.get(
    'SELECT count(*) AS objects, coalesce(sum(size), 0) AS bytes FROM objects WHERE place_id = ?',
    [placeId],
  )
  return { objects: row ? number(row, 'objects') : 0, bytes: row ? number(row, 'bytes') : 0 }
}

function toUpload(row: Row): UploadRow {
  return {
    placeId: text(row, 'place_id'),
    key: text(row, 'key'),
    uploadId: text(row, 'upload_id'),
    upload: text(row, 'upload'),
    parts: text(row, 'parts'),
  }
}

function toObject(row: Row): ObjectRow {
  const lockedUntilMs = optionalNumber(row, 'locked_until_ms')
  const versionId = optionalText(row, 'version_id')
  const readBackMs = optionalNumber(row, 'read_back_ms')
  const copyVersion = optionalNumber(row, 'copy_version')
  return {
    placeId: text(row, 'place_id'),
    key: text(row, 'key'),
    sizeBytes: number(row, 'size'),
    blake3: text(row, 'blake3'),
    confirmedMs: number(row, 'confirmed_ms'),
    ...(lockedUntilMs === undefined ? {} : { lockedUntilMs }),
    ...(versionId === undefined ? {} : { versionId }),
    receipt: text(row, 'receipt'),
    ...(readBackMs === undefined ? {} : { readBackMs }),
    ...(copyVersion === undefined ? {} : { copy: { versionId: copyVersion, path: text(row, 'copy_path') } }),
  }
}
