// Before a new content takes its name in a bucket, the one that lies there goes to Versions/, as on a drive, whether the journal knows it or
// not: copied inside the bucket, or, where the store cannot, fetched and sent as it is. Nothing good is overwritten; only when the earlier
// content is confirmed under its new name does the journal stop calling it by the old one. The folder's time is when the new content was
// first seen, so that doing it twice is doing it once.
import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { stampOf } from '../files/versions.js'
import { dropCopyAt, saveCopy, toCopy, type CopyRow } from '../journal/files.js'
import { forgetObject, objectAt, type PendingCopy } from '../journal/offsite.js'
import { number, text } from '../journal/rows.js'
import { addStep } from '../journal/steps.js'
import type { Hash } from '../model.js'
import { isOf, receiptFrom, type UnknownCopy } from './adopt.js'
import { BLAKE3_METADATA } from './confirm.js'
import { copyInside } from './copy-inside.js'
import { receiptOf } from './journal-ledger.js'
import type { UploadReceipt } from './ledger.js'
import type { ObjectFacts } from './object-store.js'
import type { OpenBucket } from './open-bucket.js'
import { MTIME_METADATA } from './upload.js'
import { uploadStored, type SendDeps } from './upload-file.js'

type Content = Pick<UnknownCopy, 'versionId' | 'hash' | 'sizeBytes' | 'mtimeMs'>

export interface SetAsideJob {
  /** Of the shoot, below `Photos/`. */
  readonly folder: string
  /** The content that is to have the name. */
  readonly pending: PendingCopy
  /** What lies under the name now, where no receipt speaks of it: a journal was lost before its records were sent. */
  readonly stranger: ObjectFacts | undefined
}

/** @returns whether what the journal knew under the name is not there, as the store says
 *  @throws OFFSITE_* */
export async function setAside(
  bucket: OpenBucket,
  job: SetAsideJob,
  deps: SendDeps,
  signal?: AbortSignal,
): Promise<boolean> {
  const { pending, stranger } = job
  const known =
    pending.path === pending.name
      ? await setKnownAside(bucket, job, deps, signal)
      : { isGone: false, hasStranger: false }
  if (stranger && !known.hasStranger && !isOf(pending, stranger, bucket.settings.recipients !== undefined))
    await setStrangerAside(bucket, { ...job, stranger }, deps, signal)
  return known.isGone
}

/** @returns `hasStranger`: it was one of the contents that the journal knows under this name */
async function setKnownAside(
  bucket: OpenBucket,
  { folder, pending, stranger }: SetAsideJob,
  deps: SendDeps,
  signal: AbortSignal | undefined,
): Promise<{ readonly isGone: boolean; readonly hasStranger: boolean }> {
  const { journal } = deps
  const placeId = bucket.place.id
  const isEncrypted = bucket.settings.recipients !== undefined
  const known = { isGone: false, hasStranger: false }
  for (const { copy, hash } of othersUnderName(deps, placeId, pending)) {
    const key = bucket.keyOf(`Photos/${folder}/${pending.name}`)
    const object = objectAt(journal, placeId, key)
    // What was found damaged or gone is no good. What was sent and never confirmed may be, and a rebuild knows what it knows without a
    // receipt: then the store is asked what lies there.
    const mayBeGood = copy.state === 'verified' || copy.state === 'written'
    const isStranger = stranger !== undefined && isOf({ ...copy, hash }, stranger, isEncrypted)
    const asked = isStranger ? receiptFrom(stranger, 0) : undefined
    const from = mayBeGood ? (object ? receiptOf(object) : asked) : undefined
    const to = `Versions/${stampOf(pending.firstSeenMs)}/${pending.name}`
    const { versionId, mtimeMs } = copy
    const kept = from && (await keep(bucket, { folder, to, from, versionId, mtimeMs }, deps, signal))
    known.hasStranger ||= kept === 'kept' && from === asked
    known.isGone ||= kept === 'gone'
    journal.transaction(() => {
      dropCopyAt(journal, pending.fileId, placeId, pending.name)
      // What an encrypted place holds without a receipt is kept, and still no better proven than it was.
      if (kept === 'kept')
        saveCopy(journal, { ...copy, path: to, ...(object || !isEncrypted ? provenAt(deps.now()) : {}) })
      forgetObject(journal, placeId, key)
      addStep(journal, { kind: 'seal', shootId: pending.shootId, placeId, payload: '' }, deps.now())
    })
  }
  return known
}

/** What the store has itself checked against what was sent. */
function provenAt(nowMs: number): Pick<CopyRow, 'state' | 'provenMs' | 'provenHow'> {
  return { state: 'verified', provenMs: nowMs, provenHow: 'server checksum' }
}

/** Keeps what nobody knows: as an earlier content of the file where it says the hash of one, else only as an object in Versions. */
async function setStrangerAside(
  bucket: OpenBucket,
  { folder, pending, stranger }: SetAsideJob & { readonly stranger: ObjectFacts },
  deps: SendDeps,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { journal } = deps
  const placeId = bucket.place.id
  const to = await freeName(bucket, { folder, pending, stranger }, signal)
  const version = contentsOf(deps, pending.fileId).find((content) => isOf(content, stranger, false))
  const saidMs = Math.round(Number(stranger.metadata[MTIME_METADATA]) * 1000)
  const mtimeMs = Number.isFinite(saidMs) ? saidMs : 0
  const keeping = { folder, to, from: receiptFrom(stranger, 0), mtimeMs, ...version }
  const kept = await keep(bucket, keeping, deps, signal)
  if (kept !== 'kept' || !version) return
  const { versionId, sizeBytes } = version
  journal.transaction(() => {
    saveCopy(journal, { versionId, placeId, path: to, sizeBytes, mtimeMs: version.mtimeMs, ...provenAt(deps.now()) })
    addStep(journal, { kind: 'seal', shootId: pending.shootId, placeId, payload: '' }, deps.now())
  })
}

/** So many moments are tried, a millisecond apart, for a folder in which the name is free. */
const MOMENTS = 1000

async function freeName(
  bucket: OpenBucket,
  { folder, pending, stranger }: SetAsideJob,
  signal: AbortSignal | undefined,
): Promise<string> {
  for (let more = 0; more < MOMENTS; more++) {
    const to = `Versions/${stampOf(pending.firstSeenMs + more)}/${pending.name}`
    const there = await bucket.store.head({ key: bucket.keyOf(`Photos/${folder}/${to}`) }, signal)
    if (!there || there.metadata[BLAKE3_METADATA] === stranger?.metadata[BLAKE3_METADATA]) return to
  }
  throw new Error(
    `${bucket.store.name}: ${MOMENTS} earlier contents of ${pending.name} lie in as many folders of Versions`,
  )
}

/** The contents that were ever seen of a file. */
function contentsOf({ journal }: SendDeps, fileId: number): Content[] {
  return journal
    .all('SELECT id, hash, size, mtime_ms FROM versions WHERE file_id = ? ORDER BY id', [fileId])
    .map((row) => ({
      versionId: number(row, 'id'),
      hash: text(row, 'hash'),
      sizeBytes: number(row, 'size'),
      mtimeMs: number(row, 'mtime_ms'),
    }))
}

function othersUnderName(
  { journal }: SendDeps,
  placeId: string,
  pending: PendingCopy,
): { readonly copy: CopyRow; readonly hash: Hash }[] {
  return journal
    .all(
      `SELECT c.*, v.hash FROM versions v JOIN copies c ON c.version_id = v.id
       WHERE v.file_id = ? AND c.place_id = ? AND c.path = ? AND c.version_id <> ?`,
      [pending.fileId, placeId, pending.name, pending.versionId],
    )
    .map((row) => ({ copy: toCopy(row), hash: text(row, 'hash') }))
}

interface Keeping {
  readonly folder: string
  /** Below the shoot's folder. */
  readonly to: string
  readonly from: UploadReceipt
  readonly mtimeMs: number
  /** The content that it is, where that is known. */
  readonly versionId?: number
}

/** @returns `kept`: confirmed under its new name. `altered`: what lies there is not what was sent once */
async function keep(
  bucket: OpenBucket,
  { folder, to, from, mtimeMs, versionId }: Keeping,
  deps: SendDeps,
  signal: AbortSignal | undefined,
): Promise<'kept' | 'gone' | 'altered'> {
  const treePath = `Photos/${folder}/${to}`
  const meaning = versionId === undefined ? {} : { copy: { versionId, path: to } }
  if (await copyInside(bucket, { from, to: bucket.keyOf(treePath) }, meaning, deps, signal)) return 'kept'

  const fetched = await fetch(bucket, from, deps, signal)
  if (fetched === undefined) return 'gone'
  const { file, hash, sizeBytes } = fetched
  try {
    // Nothing good is lost when it is overwritten.
    if (from.blake3 !== '' && from.blake3 !== hash) return 'altered'
    await uploadStored(bucket, { path: treePath, file, hash, sizeBytes, mtimeMs }, meaning, deps, signal)
    return 'kept'
  } finally {
    await rm(file, { force: true })
  }
}

/** An object as it is stored. */
async function fetch(
  { store }: OpenBucket,
  { key, versionId }: UploadReceipt,
  { spoolFolder, hashEngine }: SendDeps,
  signal: AbortSignal | undefined,
): Promise<{ readonly file: string; readonly hash: Hash; readonly sizeBytes: number } | undefined> {
  const opened = await store.read({ key, ...(versionId === undefined ? {} : { versionId }) }, signal)
  if (!opened) return undefined
  await mkdir(spoolFolder, { recursive: true, mode: 0o700 })
  const hasher = hashEngine.create()
  const file = path.join(spoolFolder, `${createHash('sha256').update(key).digest('hex')}.fetched`)
  let sizeBytes = 0
  await pipeline(
    opened.body,
    async function* (body: AsyncIterable<Uint8Array>) {
      for await (const piece of body) {
        hasher.update(piece)
        sizeBytes += piece.length
        yield piece
      }
    },
    createWriteStream(file, { mode: 0o600 }),
  )
  return { file, hash: hasher.digest(), sizeBytes }
}
