// A further object of one that the bucket has: copied by the store, confirmed like an upload, locked like one. Where the store cannot, the
// caller sends the bytes instead.
import { BLAKE3_METADATA, confirmObject } from './confirm.js'
import type { ObjectMeaning } from './journal-ledger.js'
import type { UploadReceipt } from './ledger.js'
import { roundUp } from './lock.js'
import type { OpenBucket } from './open-bucket.js'
import type { SendDeps } from './upload-file.js'

/** More than this a store copies only in parts; then sending is as good. */
const LARGEST_COPY_BYTES = 5 * 1024 ** 3

/** @param from  the receipt of the object that is there
 *  @returns undefined when the store does not copy it, or no longer has it
 *  @throws OFFSITE_UNLOCKED, OFFSITE_UNREACHABLE … */
export async function copyInside(
  bucket: OpenBucket,
  { from, to }: { readonly from: UploadReceipt; readonly to: string },
  meaning: ObjectMeaning,
  deps: Pick<SendDeps, 'ledger' | 'now' | 'sleep'>,
  signal?: AbortSignal,
): Promise<UploadReceipt | undefined> {
  const { store, profile, lockWish } = bucket
  if (from.sizeBytes > LARGEST_COPY_BYTES) return undefined
  const source = { key: from.key, ...(from.versionId === undefined ? {} : { versionId: from.versionId }) }
  // What the receipt says must still be true of the source: a copy carries its metadata along, whatever its bytes are.
  const found = await store.head({ ...source, withChecksums: profile.answersChecksums }, signal)
  if (found?.metadata[BLAKE3_METADATA] !== from.blake3 || found.sizeBytes !== from.sizeBytes) return undefined
  if (from.etag !== undefined && found.etag !== from.etag) return undefined

  const untilMs = deps.now() + store.clockCorrectionMs() + (lockWish?.retentionMs ?? 0)
  const copied = await store.copy(
    {
      from: source,
      to,
      ...(lockWish ? { lock: { mode: lockWish.mode, untilMs: roundUp(untilMs) } } : {}),
      ...(found.storageClass === undefined ? {} : { storageClass: found.storageClass }),
    },
    signal,
  )
  if (copied.kind !== 'copied') return undefined
  // The ETag of a whole object is its MD5 wherever it lies; that of one made of parts becomes another one.
  const etag = from.etag !== undefined && !from.etag.includes('-') ? { etag: from.etag } : {}
  const { versionId } = copied
  const confirmation = await confirmObject(
    {
      key: to,
      sizeBytes: from.sizeBytes,
      blake3: from.blake3,
      ...etag,
      ...(from.crc32 === undefined ? {} : { crc32: from.crc32 }),
      ...(versionId === undefined ? {} : { versionId }),
    },
    lockWish,
    { store, profile, now: deps.now, sleep: deps.sleep },
    signal,
  )
  const receipt: UploadReceipt = {
    key: to,
    sizeBytes: from.sizeBytes,
    blake3: from.blake3,
    state: confirmation.state,
    confirmedBy: confirmation.by,
    confirmedAtMs: deps.now(),
    lockRepaired: confirmation.lockRepaired,
    sentParts: 0,
    reusedParts: 0,
    wasThere: false,
    ...(confirmation.versionId === undefined ? {} : { versionId: confirmation.versionId }),
    ...(confirmation.etag === undefined ? {} : { etag: confirmation.etag }),
    ...(confirmation.checksum === undefined ? {} : { crc32: confirmation.checksum }),
    ...(confirmation.lockedUntilMs === undefined ? {} : { lockedUntilMs: confirmation.lockedUntilMs }),
  }
  await deps.ledger.meaning(meaning).complete(receipt)
  return receipt
}
