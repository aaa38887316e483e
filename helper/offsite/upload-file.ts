// One file of our tree into a bucket: encrypted first where the place encrypts, then sent by the protocol of upload.ts. The object says the
// time that the file is known by, whichever copy its bytes are read from, so that an upload begun from the original goes on from a drive.
import path from 'node:path'
import type { HashEngine } from '../files/hash.js'
import type { Journal } from '../journal/journal.js'
import type { Hash } from '../model.js'
import { dropSpooled, spoolEncrypted, type Spooled } from './encryption.js'
import { journalLedger, type JournalLedger, type ObjectMeaning } from './journal-ledger.js'
import type { UploadReceipt } from './ledger.js'
import type { OpenBucket } from './open-bucket.js'
import type { PartBuffers } from './part-buffers.js'
import type { ObjectFacts } from './object-store.js'
import type { StoreProfile } from './providers.js'
import { openFileSource, type UploadSource } from './source.js'
import { storageClassFor } from './storage-class.js'
import { uploadObject, type UploadDeps, type UploadProgress } from './upload.js'

export interface SendDeps {
  readonly journal: Journal
  readonly hashEngine: HashEngine
  readonly now: () => number
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>
  /** Of this place; made once, because it remembers the parts that were sent. */
  readonly ledger: JournalLedger
  /** Where ciphertext waits until it is confirmed. */
  readonly spoolFolder: string
  /** Parts of one file in flight at once. */
  readonly concurrency?: number
  readonly leastPartBytes?: number
  readonly buffers?: PartBuffers
  readonly onProgress?: (progress: UploadProgress) => void
}

export function spoolFolderOf(home: string, placeId: string): string {
  return path.join(home, 'offsite', placeId, 'spool')
}

export function ledgerOf(journal: Journal, placeId: string, profile: StoreProfile): JournalLedger {
  return journalLedger(journal, placeId, profile)
}

export interface FileToSend {
  /** In our tree, as in `Photos/<shoot>/IMG_0412.CR3`. */
  readonly path: string
  /** Where its bytes are. */
  readonly file: string
  readonly hash: Hash
  readonly sizeBytes: number
  /** What the object is to say of its time. */
  readonly mtimeMs: number
  /** What lies there is known to be wrong: it is sent, whatever the object there says of itself. */
  readonly isToBeSentAgain?: boolean
  /** The store's answer about the object, where the caller has just asked. */
  readonly asked?: { readonly facts: ObjectFacts | undefined }
  /** The store says that nothing lies there: where that was wrong, what does is not overwritten. */
  readonly isNameFree?: boolean
}

/** @throws OFFSITE_*, SOURCE_CHANGING, SOURCE_VANISHED, COPY_DIFFERS when the file does not have the hash */
export async function uploadFile(
  bucket: OpenBucket,
  file: FileToSend,
  meaning: ObjectMeaning,
  deps: SendDeps,
  signal?: AbortSignal,
): Promise<UploadReceipt> {
  const { recipients } = bucket.settings
  if (!recipients) return uploadStored(bucket, file, meaning, deps, signal)
  const spooled = await spoolEncrypted(file.file, file.hash, recipients, deps.spoolFolder, signal)
  const { plainBlake3 } = spooled
  const receipt = await send(bucket, file, sentOf(spooled), { ...meaning, plainBlake3 }, deps, signal)
  await dropSpooled(spooled)
  return receipt
}

/** Sends bytes as they were stored once: in a place that encrypts they are ciphertext already. */
export function uploadStored(
  bucket: OpenBucket,
  file: FileToSend,
  meaning: ObjectMeaning,
  deps: SendDeps,
  signal?: AbortSignal,
): Promise<UploadReceipt> {
  return send(bucket, file, file, meaning, deps, signal)
}

interface Sent {
  readonly file: string
  readonly hash: Hash
  readonly sizeBytes: number
}

function sentOf({ file, blake3, sizeBytes }: Spooled): Sent {
  return { file, hash: blake3, sizeBytes }
}

async function send(
  bucket: OpenBucket,
  { path: treePath, mtimeMs, sizeBytes, isToBeSentAgain = false, isNameFree = false, asked }: FileToSend,
  sent: Sent,
  meaning: ObjectMeaning,
  deps: SendDeps,
  signal: AbortSignal | undefined,
): Promise<UploadReceipt> {
  const { store, profile, lockWish, settings } = bucket
  const storageClass = storageClassFor(treePath, sizeBytes, settings.storageClass)
  const source = await underOneTime(await openFileSource(sent.file), mtimeMs)
  try {
    return await uploadObject(
      {
        key: bucket.keyOf(treePath),
        sizeBytes: sent.sizeBytes,
        mtimeMs,
        blake3: sent.hash,
        isToBeSentAgain,
        isNameFree,
        ...(asked ? { asked } : {}),
        ...(lockWish ? { lock: lockWish } : {}),
        ...(storageClass === undefined ? {} : { storageClass }),
      },
      source,
      {
        store,
        profile,
        ledger: deps.ledger.meaning(meaning),
        hashEngine: deps.hashEngine,
        now: deps.now,
        sleep: deps.sleep,
        ...optional(deps),
      },
      signal,
    )
  } finally {
    await source.close()
  }
}

function optional({ concurrency, leastPartBytes, buffers, onProgress }: SendDeps): Partial<UploadDeps> {
  return {
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(leastPartBytes === undefined ? {} : { leastPartBytes }),
    ...(buffers === undefined ? {} : { buffers }),
    ...(onProgress === undefined ? {} : { onProgress }),
  }
}

/** The source as it is, under another time for as long as it stays what it was when it was opened. */
async function underOneTime(source: UploadSource, mtimeMs: number): Promise<UploadSource> {
  const opened = await source.state()
  return {
    ...source,
    async state() {
      const now = await source.state()
      const isUnchanged = now.sizeBytes === opened.sizeBytes && now.mtimeMs === opened.mtimeMs
      return { sizeBytes: now.sizeBytes, mtimeMs: isUnchanged ? mtimeMs : NaN }
    },
  }
}
