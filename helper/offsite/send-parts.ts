// The parts of one upload: read once in their order, hashed, compared with what the store has, and the missing ones sent, a few at a time.
// Memory is bounded by parts in flight; the file's hash and checksum come from the same single reading.
import { SafelightError } from '../errors.js'
import type { HashEngine } from '../files/hash.js'
import type { OpenUpload, SentPart, UploadLedger } from './ledger.js'
import type { ObjectStore, StoredPart } from './object-store.js'
import type { PartBuffers } from './part-buffers.js'
import { hashPart, type PartHashes } from './part-hashes.js'
import { crc32Base64, multipartEtag, type PartRange } from './parts.js'
import { needsMd5, type StoreProfile } from './providers.js'
import type { UploadSource } from './source.js'

export interface TransferResult {
  readonly versionId?: string
  /** What the finished object's ETag must be, where it is an MD5. */
  readonly etag?: string
  readonly crc32?: string
  /** The MD5s that the ETag is made of are the store's own, for bytes whose signed SHA-256 it checked. */
  readonly isSigned?: boolean
  readonly sentParts: number
  readonly reusedParts: number
  readonly wasThere: boolean
}

export interface PartsResult extends TransferResult {
  /** Of all the bytes that were read. */
  readonly blake3: string
  readonly parts: readonly Omit<StoredPart, 'sizeBytes'>[]
}

export interface PartsJob {
  readonly upload: OpenUpload
  /** What the object is to be locked with. */
  readonly lock: object | undefined
  readonly ranges: readonly PartRange[]
  /** What the store has, as ListParts told. */
  readonly present: readonly StoredPart[]
  readonly source: UploadSource
}

export interface PartsDeps {
  readonly store: ObjectStore
  readonly profile: StoreProfile
  readonly ledger: UploadLedger
  readonly hashEngine: HashEngine
  readonly concurrency?: number
  /** Where parts lie in memory while they are sent; new memory for each when left out. */
  readonly buffers?: PartBuffers
  readonly onProgress?: (progress: { key: string; sizeBytes: number; sentBytes: number; reusedBytes: number }) => void
}

const DEFAULT_CONCURRENCY = 4

export async function sendParts(
  { upload, lock, ranges, present, source }: PartsJob,
  deps: PartsDeps,
  signal?: AbortSignal,
): Promise<PartsResult | 'no-such-upload'> {
  const known = await deps.ledger.parts(upload)
  const hasher = deps.hashEngine.create()
  const withMd5 = needsMd5(deps.profile, lock)
  const md5s = new Map<number, Buffer>()
  const parts = new Map<number, Omit<StoredPart, 'sizeBytes'>>()
  const progress = { key: upload.key, sizeBytes: upload.sizeBytes, sentBytes: 0, reusedBytes: 0 }
  let wholeCrc32 = 0
  let sentParts = 0
  const state = { uploadIsGone: false }

  // One failing part ends the others: nothing goes on sending behind an error that the caller has already seen.
  const stop = new AbortController()
  const together = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal
  const inFlight = new Set<Promise<unknown>>()
  let failure: unknown

  try {
    await readInOrder()
  } catch (error) {
    // The file could not be read on: what is under way is called back before anybody else hears of it.
    stop.abort(error)
    await Promise.all(inFlight)
    throw error
  }
  await Promise.all(inFlight)
  signal?.throwIfAborted()
  if (failure !== undefined) throw failure instanceof Error ? failure : new Error('a part failed', { cause: failure })
  if (state.uploadIsGone) return 'no-such-upload'

  return {
    blake3: hasher.digest(),
    parts: [...parts.values()].sort((a, b) => a.number - b.number),
    etag: multipartEtag([...md5s].sort(([a], [b]) => a - b).map(([, md5]) => md5)),
    isSigned: !withMd5,
    ...(upload.withCrc32 ? { crc32: crc32Base64(wholeCrc32) } : {}),
    sentParts,
    reusedParts: ranges.length - sentParts,
    wasThere: false,
  }

  async function readInOrder(): Promise<void> {
    for (const range of ranges) {
      while (inFlight.size >= (deps.concurrency ?? DEFAULT_CONCURRENCY)) await Promise.race(inFlight)
      const memory = await deps.buffers?.take(range.sizeBytes)
      let isUnderWay = false
      try {
        if (together.aborted || state.uploadIsGone) break
        const body = await source.read(range.offsetBytes, range.sizeBytes, memory)
        const there = present.find(({ number }) => number === range.number)
        const hashes = hashPart(body, {
          whole: hasher,
          md5: withMd5 || there !== undefined,
          ...(upload.withCrc32 ? { crc32Before: wholeCrc32 } : {}),
        })
        wholeCrc32 = hashes.crc32?.whole ?? 0

        if (there && hashes.md5 && isSamePart(there, range, hashes.md5.toString('hex'), known, deps.profile)) {
          md5s.set(range.number, hashes.md5)
          parts.set(range.number, { number: range.number, etag: there.etag, ...checksumOf(hashes) })
          progress.reusedBytes += range.sizeBytes
          deps.onProgress?.({ ...progress })
          continue
        }

        const sending = sendPart(range, body, hashes).then(
          (isStored) => memory && deps.buffers?.[isStored ? 'giveBack' : 'letGo'](memory),
          (error: unknown) => {
            if (memory) deps.buffers?.letGo(memory)
            failure ??= error
            stop.abort(error)
          },
        )
        isUnderWay = true
        const tracked = sending.finally(() => inFlight.delete(tracked))
        inFlight.add(tracked)
      } finally {
        if (memory && !isUnderWay) deps.buffers?.giveBack(memory)
      }
    }
  }

  /** @returns whether the store has it, so that nobody reads its bytes any more */
  async function sendPart({ number, sizeBytes }: PartRange, body: Buffer, hashes: PartHashes): Promise<boolean> {
    const { key, uploadId } = upload
    const { sha256 } = hashes
    const checksum = checksumOf(hashes)
    const contentMd5 = hashes.md5 ? { contentMd5: hashes.md5.toString('base64') } : {}
    const sent = await deps.store.uploadPart(
      { key, uploadId, number, body, sha256, ...contentMd5, ...checksum },
      together,
    )
    if (sent.kind === 'no-such-upload') {
      state.uploadIsGone = true
      return false
    }
    const md5 = hashes.md5?.toString('hex') ?? sent.etag
    checkAnswer(number, sent.etag, md5, key, deps.profile)
    md5s.set(number, Buffer.from(md5, 'hex'))
    parts.set(number, { number, etag: sent.etag, ...checksum })
    await deps.ledger.part(upload, { number, sizeBytes, md5, etag: sent.etag })
    sentParts += 1
    progress.sentBytes += sizeBytes
    deps.onProgress?.({ ...progress })
    return true
  }
}

function checksumOf({ crc32 }: PartHashes): { crc32?: string } {
  return crc32 === undefined ? {} : { crc32: crc32Base64(crc32.part) }
}

/** A part is used again only if the store's word for it can have come from these very bytes. */
export function isSamePart(
  there: StoredPart,
  range: PartRange,
  md5: string,
  known: readonly SentPart[],
  profile: Pick<StoreProfile, 'etagIsMd5'>,
): boolean {
  if (there.sizeBytes !== range.sizeBytes) return false
  if (profile.etagIsMd5) return there.etag === md5
  return known.some((part) => part.number === range.number && part.etag === there.etag && part.md5 === md5)
}

const MD5 = /^[0-9a-f]{32}$/

function checkAnswer(
  number: number,
  etag: string,
  md5: string,
  key: string,
  profile: Pick<StoreProfile, 'etagIsMd5'>,
): void {
  if (!profile.etagIsMd5 || (etag === md5 && MD5.test(etag))) return
  throw new SafelightError('OFFSITE_UNCONFIRMED', {
    message: `The store answered for part ${number} of ${key} with something else than the MD5 of what was sent.`,
    remedy:
      'Safelight sends it again. If the bucket was switched to encryption by the provider’s keys, run safelight doctor so that Safelight learns its ways anew.',
  })
}
