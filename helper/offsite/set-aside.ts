// Before a new content takes its name in a bucket, the one that lies there goes to Versions/, as on a drive: copied inside the bucket, or,
// where the store cannot, fetched and sent. Nothing good is overwritten; only when the earlier content is confirmed under its new name does
// the journal stop calling it by the old one. The folder's time is when the new content was first seen, so that doing it twice is doing it
// once.
import { createWriteStream } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { SafelightError } from '../errors.js'
import { stampOf } from '../files/versions.js'
import { dropCopyAt, saveCopy, toCopy, type CopyRow } from '../journal/files.js'
import { forgetObject, objectAt, type PendingCopy } from '../journal/offsite.js'
import { text } from '../journal/rows.js'
import { addStep } from '../journal/steps.js'
import type { Hash } from '../model.js'
import { lookAt } from './adopt.js'
import { copyInside } from './copy-inside.js'
import { receiptOf } from './journal-ledger.js'
import type { UploadReceipt } from './ledger.js'
import type { OpenBucket } from './open-bucket.js'
import { uploadFile, type SendDeps } from './upload-file.js'

export interface SetAsideJob {
  /** Of the shoot, below `Photos/`. */
  readonly folder: string
  /** The content that is to have the name. */
  readonly pending: PendingCopy
}

/** @throws OFFSITE_* */
export async function setAside(
  bucket: OpenBucket,
  { folder, pending }: SetAsideJob,
  deps: SendDeps,
  signal?: AbortSignal,
): Promise<void> {
  const { journal } = deps
  const placeId = bucket.place.id
  for (const { copy, hash } of othersUnderName(deps, placeId, pending)) {
    const key = bucket.keyOf(`Photos/${folder}/${pending.name}`)
    const object = objectAt(journal, placeId, key)
    // What was found damaged or gone is no good. What was sent and never confirmed may be, and a rebuild knows what it knows without a
    // receipt: then the store is asked what lies there.
    const mayBeGood = copy.state === 'verified' || copy.state === 'written'
    const asked = mayBeGood && !object ? await lookAt(bucket, key, { ...copy, hash }, signal) : undefined
    const from = mayBeGood && object ? receiptOf(object) : asked
    const to = `Versions/${stampOf(pending.firstSeenMs)}/${pending.name}`
    const isKept = from !== undefined && (await keep(bucket, { folder, to, copy, hash, from }, deps, signal))
    journal.transaction(() => {
      dropCopyAt(journal, pending.fileId, placeId, pending.name)
      // What an encrypted place holds without a receipt is kept, and still no better proven than it was.
      const proof =
        object || !bucket.settings.recipients
          ? { state: 'verified' as const, provenMs: deps.now(), provenHow: 'server checksum' as const }
          : {}
      if (isKept) saveCopy(journal, { ...copy, path: to, ...proof })
      forgetObject(journal, placeId, key)
      addStep(journal, { kind: 'seal', shootId: pending.shootId, placeId, payload: '' }, deps.now())
    })
  }
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
  readonly to: string
  readonly copy: CopyRow
  readonly hash: Hash
  readonly from: UploadReceipt
}

/** @returns whether the earlier content is confirmed under its new name; false when the bucket does not have it any more */
async function keep(
  bucket: OpenBucket,
  { folder, to, copy, hash, from }: Keeping,
  deps: SendDeps,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const treePath = `Photos/${folder}/${to}`
  const meaning = { copy: { versionId: copy.versionId, path: to } }
  if (await copyInside(bucket, { from, to: bucket.keyOf(treePath) }, meaning, deps, signal)) return true

  const name = path.posix.basename(to)
  const fetched = await fetch(bucket, { treePath: `Photos/${folder}/${name}`, hash, from }, deps, signal)
  if (fetched === undefined) return false
  try {
    const { sizeBytes, mtimeMs } = copy
    await uploadFile(bucket, { path: treePath, file: fetched, hash, sizeBytes, mtimeMs }, meaning, deps, signal)
    return true
  } catch (error) {
    // What lies there is not what was sent once: nothing good is lost when it is overwritten.
    if (error instanceof SafelightError && error.code === 'COPY_DIFFERS') return false
    throw error
  } finally {
    await rm(fetched, { force: true })
  }
}

async function fetch(
  bucket: OpenBucket,
  { treePath, hash, from }: { readonly treePath: string; readonly hash: Hash; readonly from: UploadReceipt },
  deps: SendDeps,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const options = from.versionId === undefined ? {} : { versionId: from.versionId }
  const opened = await bucket.read(treePath, options, signal)
  if (!opened) return undefined
  await mkdir(deps.spoolFolder, { recursive: true, mode: 0o700 })
  const file = path.join(deps.spoolFolder, `${hash}.fetched`)
  await pipeline(Readable.from(opened.body), createWriteStream(file, { mode: 0o600 }))
  return file
}
