// Looking again at what was confirmed: the whole bucket by listings (one request per thousand objects), one object by its checksum and lock,
// one object by reading every byte of it. What is found is a finding to record, never an error; an error means that the store could not be
// asked, and then nothing is known.
import type { HashEngine } from '../files/hash.js'
import { ensureLock, judgeObject, type ConfirmDeps, type ConfirmedBy } from './confirm.js'
import type { UploadReceipt } from './ledger.js'
import type { LockWish } from './lock.js'
import type { ListedObject, ObjectStore } from './object-store.js'
import { SafelightError } from '../errors.js'

export type Recheck =
  | { readonly kind: 'same'; readonly by: ConfirmedBy | 'listing' | 'download'; readonly lockedUntilMs?: number }
  | { readonly kind: 'missing' }
  | { readonly kind: 'differs'; readonly why: string }
  /** The bytes are there and right; the lock is not, and cannot be set. */
  | { readonly kind: 'unlocked'; readonly why: string }
  /** In a class of storage that must be asked for before it can be read. */
  | { readonly kind: 'cold' }

export interface ListingReport {
  readonly same: number
  readonly missing: readonly UploadReceipt[]
  readonly differs: readonly { readonly receipt: UploadReceipt; readonly found: ListedObject }[]
  /** Keys below our prefix that no receipt speaks of. */
  readonly extra: readonly ListedObject[]
}

/** Compares every current object below our prefix with what was recorded, by size and ETag.
 *  @param receipts  of current copies, one per key */
export async function recheckByListing(
  ownPrefix: string,
  receipts: readonly UploadReceipt[],
  store: ObjectStore,
  signal?: AbortSignal,
): Promise<ListingReport> {
  const expected = new Map(receipts.map((receipt) => [receipt.key, receipt]))
  const differs: { receipt: UploadReceipt; found: ListedObject }[] = []
  const extra: ListedObject[] = []
  let same = 0
  for await (const found of store.list(ownPrefix, signal)) {
    const receipt = expected.get(found.key)
    expected.delete(found.key)
    if (!receipt) extra.push(found)
    else if (isSameListed(found, receipt)) same += 1
    else differs.push({ receipt, found })
  }
  return { same, missing: [...expected.values()], differs, extra }
}

/** The monthly look at one copy: size, hash, the store's own checksum, and the lock, which is lengthened where it is due. */
export async function recheckObject(
  receipt: UploadReceipt,
  wish: LockWish | undefined,
  deps: ConfirmDeps,
  signal?: AbortSignal,
): Promise<Recheck> {
  const { store, profile } = deps
  const found = await store.head({ ...versionOf(receipt), withChecksums: profile.answersChecksums }, signal)
  // What the store told when the copy was confirmed is what it must tell today, whatever kind of ETag that is.
  const judgement = judgeObject(found, receipt, { etagIsMd5: true })
  if (judgement.kind !== 'same' || !found) return judgement.kind === 'same' ? { kind: 'missing' } : judgement
  if (!wish) return { kind: 'same', by: judgement.by }
  try {
    const { untilMs } = await ensureLock(found, wish, deps, signal)
    return { kind: 'same', by: judgement.by, lockedUntilMs: untilMs }
  } catch (error) {
    if (error instanceof SafelightError && error.code === 'OFFSITE_UNLOCKED')
      return { kind: 'unlocked', why: error.message }
    throw error
  }
}

/** Reads every byte back and compares the hash: the only proof that does not rest on the store's word. */
export async function readBack(
  receipt: UploadReceipt,
  deps: { readonly store: ObjectStore; readonly hashEngine: HashEngine },
  signal?: AbortSignal,
): Promise<Recheck> {
  try {
    const opened = await deps.store.read(versionOf(receipt), signal)
    if (!opened) return { kind: 'missing' }
    const hasher = deps.hashEngine.create()
    for await (const chunk of opened.body) hasher.update(chunk)
    return hasher.digest() === receipt.blake3
      ? { kind: 'same', by: 'download' }
      : { kind: 'differs', why: 'the bytes that were read back have another hash' }
  } catch (error) {
    if (error instanceof SafelightError && error.code === 'OFFSITE_COLD') return { kind: 'cold' }
    throw error
  }
}

function isSameListed(found: ListedObject, receipt: UploadReceipt): boolean {
  if (found.sizeBytes !== receipt.sizeBytes) return false
  return found.etag === undefined || receipt.etag === undefined || found.etag === receipt.etag
}

function versionOf({ key, versionId }: UploadReceipt): { key: string; versionId?: string } {
  return versionId === undefined ? { key } : { key, versionId }
}
