// Sends one file and does not rest until the bucket has confirmed it; may be killed and called again at any moment. What is promised: the
// object has the bytes whose BLAKE3 was asked for, or there is no object; parts that arrived are not sent again; bytes of two contents
// never meet in one object; a copy is only recorded after confirm.ts has seen it.
//
//     find the open upload ─▶ same file? ─▶ which parts are there? ─▶ read all, send the missing ─▶ hash right? ─▶ complete ─▶ confirm ─▶ record
//              │ none            │ no: abort, begin anew      │ upload unknown: was it completed and the reply lost? HEAD tells
//              └─▶ is it there already? ─▶ small: one PUT · large: begin (begin-upload.ts), then send
import { SafelightError } from '../errors.js'
import type { HashEngine } from '../files/hash.js'
import { alreadyThere, askAbout, isThere, requireThere } from './already-there.js'
import { beginUpload, clearLost } from './begin-upload.js'
import { BLAKE3_METADATA, confirmObject, type Confirmation, type Expectation } from './confirm.js'
import type { OpenUpload, UploadLedger, UploadReceipt } from './ledger.js'
import { roundUp, type LockWish } from './lock.js'
import type { ObjectFacts, ObjectOptions, ObjectStore, StoredPart } from './object-store.js'
import type { PartBuffers } from './part-buffers.js'
import { hashPart } from './part-hashes.js'
import { DEFAULT_PART_BYTES, crc32Base64, partRanges } from './parts.js'
import { needsMd5, type StoreProfile } from './providers.js'
import { sendParts, type TransferResult } from './send-parts.js'
import { sourceChanging, type UploadSource } from './source.js'

export interface UploadRequest {
  readonly key: string
  readonly sizeBytes: number
  /** Of the file when its reference hash was taken. */
  readonly mtimeMs: number
  /** The reference hash of the bytes that are to be in the bucket, 64 hex. */
  readonly blake3: string
  readonly lock?: LockWish
  readonly storageClass?: string
  readonly contentType?: string
  /** What lies under the key is known to be wrong, whatever it says of itself. */
  readonly isToBeSentAgain?: boolean
  /** The store's answer about the key, where the caller has just asked. */
  readonly asked?: { readonly facts: ObjectFacts | undefined }
  /** The store says that nothing lies there: where that was wrong, what does is not overwritten. */
  readonly isNameFree?: boolean
  /** More `x-amz-meta-*`, beside the hash and the time. */
  readonly metadata?: Readonly<Record<string, string>>
}

export interface UploadDeps {
  readonly store: ObjectStore
  readonly profile: StoreProfile
  readonly ledger: UploadLedger
  readonly hashEngine: HashEngine
  readonly now: () => number
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>
  /** Parts in flight at once; 4 by default. */
  readonly concurrency?: number
  /** 16 MiB by default; also the size up to which one PUT does. */
  readonly leastPartBytes?: number
  readonly buffers?: PartBuffers
  readonly onProgress?: (progress: UploadProgress) => void
}

export interface UploadProgress {
  readonly key: string
  readonly sizeBytes: number
  readonly sentBytes: number
  readonly reusedBytes: number
}

/** The mtime travels with the object in the form that rclone reads and writes: seconds since 1970. */
export const MTIME_METADATA = 'mtime'

/** An upload that the store forgot or refuses to complete is begun again this often; then something else is wrong. */
const FRESH_STARTS = 3

/** @throws OFFSITE_*, SOURCE_CHANGING, COPY_DIFFERS when the file's bytes do not have the reference hash */
export async function uploadObject(
  request: UploadRequest,
  source: UploadSource,
  deps: UploadDeps,
  signal?: AbortSignal,
): Promise<UploadReceipt> {
  await checkSource(request, source)
  const sent = await transfer(request, source, deps, signal)
  const confirmation = await confirmObject(expectationOf(request, sent), request.lock, deps, signal)
  const receipt = receiptOf(request, sent, confirmation, deps.now())
  await deps.ledger.complete(receipt)
  return receipt
}

async function transfer(
  request: UploadRequest,
  source: UploadSource,
  deps: UploadDeps,
  signal: AbortSignal | undefined,
): Promise<TransferResult> {
  const open = await usableUpload(request, deps, signal)
  if (!open && !request.isToBeSentAgain) {
    const there = isThere(request, request.asked ? request.asked.facts : await askAbout(request, deps, signal))
    if (there) return there
  }
  if (request.sizeBytes <= (deps.leastPartBytes ?? DEFAULT_PART_BYTES)) return putWhole(request, source, deps, signal)

  let upload = open
  for (let start = 1; start <= FRESH_STARTS; start++) {
    const present: readonly StoredPart[] | undefined = upload
      ? await deps.store.listParts(upload.key, upload.uploadId, signal)
      : []
    if (upload && !present) {
      const there = await alreadyThere(request, deps, signal)
      if (there) return there
      await deps.ledger.forget(upload.key, upload.uploadId)
      upload = undefined
    }
    upload ??= await beginUpload(request, optionsOf(request, deps), deps, signal)
    const result = await multipart(request, upload, present ?? [], source, deps, signal)
    if (result) return result
    upload = undefined
  }
  throw new SafelightError('OFFSITE_UNCONFIRMED', {
    message: `${deps.store.name} lost the parts of ${request.key} ${FRESH_STARTS} times while they were being sent.`,
    remedy:
      'Safelight tries again later. Look whether another program or a lifecycle rule clears away unfinished uploads.',
  })
}

/** The upload that the ledger knows, if it is of this very content; any other is given up. */
async function usableUpload(
  request: UploadRequest,
  deps: UploadDeps,
  signal: AbortSignal | undefined,
): Promise<OpenUpload | undefined> {
  const open = await deps.ledger.find(request.key)
  if (!open) {
    await clearLost(request.key, deps, signal)
    return undefined
  }
  const isSame =
    open.blake3 === request.blake3 && open.sizeBytes === request.sizeBytes && open.mtimeMs === request.mtimeMs
  if (isSame) return open
  await abandon(open, deps, signal)
  return undefined
}

async function putWhole(
  request: UploadRequest,
  source: UploadSource,
  deps: UploadDeps,
  signal: AbortSignal | undefined,
): Promise<TransferResult> {
  const memory = await deps.buffers?.take(request.sizeBytes)
  let isStored = false
  try {
    const sent = await putRead(request, source, memory, deps, signal)
    isStored = true
    return sent
  } finally {
    if (memory) deps.buffers?.[isStored ? 'giveBack' : 'letGo'](memory)
  }
}

async function putRead(
  request: UploadRequest,
  source: UploadSource,
  memory: Buffer | undefined,
  deps: UploadDeps,
  signal: AbortSignal | undefined,
): Promise<TransferResult> {
  const body = await source.read(0, request.sizeBytes, memory)
  const whole = deps.hashEngine.create()
  const { sha256, md5, crc32 } = hashPart(body, {
    whole,
    md5: needsMd5(deps.profile, request.lock),
    ...(deps.profile.keepsCrc32 ? { crc32Before: 0 } : {}),
  })
  if (whole.digest() !== request.blake3) throw bytesDiffer(request, source)
  await checkSource(request, source)
  const checksum = crc32 ? { crc32: crc32Base64(crc32.part) } : {}
  const contentMd5 = md5 ? { contentMd5: md5.toString('base64') } : {}
  const ifAbsent = request.isNameFree === true && deps.profile.ifAbsent
  const stored = await deps.store.put(
    { key: request.key, body, sha256, ...contentMd5, ...checksum, ...optionsOf(request, deps), ifAbsent },
    signal,
  )
  // A reply that was lost, or something that the store had just denied to have.
  if (stored.kind === 'exists') return requireThere(request, deps, signal)
  deps.onProgress?.({ key: request.key, sizeBytes: request.sizeBytes, sentBytes: body.length, reusedBytes: 0 })
  const { versionId, etag } = stored
  const expected = md5?.toString('hex') ?? etag
  return {
    ...(versionId === undefined ? {} : { versionId }),
    ...(expected === undefined ? {} : { etag: expected }),
    isSigned: md5 === undefined,
    ...checksum,
    sentParts: 1,
    reusedParts: 0,
    wasThere: false,
  }
}

/** @returns `undefined` when the store asks for a fresh start; the old upload is gone then */
async function multipart(
  request: UploadRequest,
  upload: OpenUpload,
  present: readonly StoredPart[],
  source: UploadSource,
  deps: UploadDeps,
  signal: AbortSignal | undefined,
): Promise<TransferResult | undefined> {
  const ranges = partRanges(upload.sizeBytes, upload.partSizeBytes)
  const transferred = await sendParts({ upload, lock: request.lock, ranges, present, source }, deps, signal)
  if (transferred === 'no-such-upload') {
    await deps.ledger.forget(upload.key, upload.uploadId)
    return undefined
  }
  const { blake3, parts, ...result } = transferred
  try {
    if (blake3 !== request.blake3) throw bytesDiffer(request, source)
    await checkSource(request, source)
  } catch (error) {
    await abandon(upload, deps)
    throw error
  }

  if (request.isNameFree && (await askAbout(request, deps, signal))) {
    const there = await requireThere(request, deps, signal)
    await abandon(upload, deps, signal)
    return there
  }
  const completed = await deps.store.completeUpload(
    { key: upload.key, uploadId: upload.uploadId, parts, sizeBytes: upload.sizeBytes },
    signal,
  )
  if (completed.kind === 'completed')
    return { ...result, ...(completed.versionId === undefined ? {} : { versionId: completed.versionId }) }
  if (completed.kind === 'no-such-upload') {
    const there = await alreadyThere(request, deps, signal)
    if (there) return { ...result, ...there, sentParts: result.sentParts, reusedParts: result.reusedParts }
  }
  await abandon(upload, deps, signal)
  return undefined
}

async function abandon(upload: OpenUpload, deps: UploadDeps, signal?: AbortSignal): Promise<void> {
  await deps.store.abortUpload(upload.key, upload.uploadId, signal)
  await deps.ledger.forget(upload.key, upload.uploadId)
}

async function checkSource(request: UploadRequest, source: UploadSource): Promise<void> {
  const { sizeBytes, mtimeMs } = await source.state()
  if (sizeBytes !== request.sizeBytes || mtimeMs !== request.mtimeMs) throw sourceChanging(source.name)
}

function optionsOf(request: UploadRequest, { now, store }: Pick<UploadDeps, 'now' | 'store'>): ObjectOptions {
  const lockUntilMs = now() + store.clockCorrectionMs()
  return {
    metadata: {
      ...request.metadata,
      [BLAKE3_METADATA]: request.blake3,
      [MTIME_METADATA]: (request.mtimeMs / 1000).toFixed(6),
    },
    contentType: request.contentType ?? 'application/octet-stream',
    ...(request.storageClass === undefined ? {} : { storageClass: request.storageClass }),
    ...(request.lock === undefined
      ? {}
      : { lock: { mode: request.lock.mode, untilMs: roundUp(lockUntilMs + request.lock.retentionMs) } }),
  }
}

function expectationOf(request: UploadRequest, sent: TransferResult): Expectation {
  const { key, sizeBytes, blake3 } = request
  return {
    key,
    sizeBytes,
    blake3,
    ...(sent.versionId === undefined ? {} : { versionId: sent.versionId }),
    ...(sent.etag === undefined ? {} : { etag: sent.etag }),
    ...(sent.isSigned === undefined ? {} : { isSigned: sent.isSigned }),
    ...(sent.crc32 === undefined ? {} : { crc32: sent.crc32 }),
  }
}

function receiptOf(
  request: UploadRequest,
  sent: TransferResult,
  confirmation: Confirmation,
  nowMs: number,
): UploadReceipt {
  const { versionId, etag, lockedUntilMs, checksum } = confirmation
  return {
    key: request.key,
    sizeBytes: request.sizeBytes,
    blake3: request.blake3,
    state: confirmation.state,
    confirmedBy: confirmation.by,
    confirmedAtMs: nowMs,
    lockRepaired: confirmation.lockRepaired,
    sentParts: sent.sentParts,
    reusedParts: sent.reusedParts,
    wasThere: sent.wasThere,
    ...(versionId === undefined ? {} : { versionId }),
    ...(etag === undefined ? {} : { etag }),
    ...(checksum === undefined ? {} : { crc32: checksum }),
    ...(lockedUntilMs === undefined ? {} : { lockedUntilMs }),
  }
}

function bytesDiffer(request: UploadRequest, source: UploadSource): SafelightError {
  return new SafelightError('COPY_DIFFERS', {
    message: `${source.name} does not have the bytes that were read when ${request.key} was first seen. It was not sent off-site.`,
    remedy: 'Run safelight verify, which finds the good copy and offers to heal this one.',
  })
}
