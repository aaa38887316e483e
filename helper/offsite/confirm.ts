// What makes "sent" into "confirmed": the store is asked what it has, and the answer is compared with what was read from the disk. Where a
// lock is wanted it is part of the proof: a lock that the store dropped (Ceph does, for multipart uploads) is set again on that very
// version, and a copy that cannot be locked is an error, never a quiet lesser state. The judgement is pure; only `confirmObject` asks.
import { SafelightError } from '../errors.js'
import { fulfils, planLock, type LockWish } from './lock.js'
import type { ObjectFacts, ObjectStore } from './object-store.js'
import type { StoreProfile } from './providers.js'

/** `in-flight`: nothing in the bucket may be counted on. */
export type OffsiteState = 'in-flight' | 'confirmed' | 'confirmed-locked'

/** The name under which an object carries the hash of its bytes: `x-amz-meta-blake3`. */
export const BLAKE3_METADATA = 'blake3'

export interface Expectation {
  readonly key: string
  /** Asked for by name when the upload's reply told it: somebody may have put another version since. */
  readonly versionId?: string
  readonly sizeBytes: number
  /** Of the bytes as they were sent. */
  readonly blake3: string
  /** MD5, or MD5 of part MD5s with their number; compared where the profile says that this store's ETag is one. */
  readonly etag?: string
  /** Nobody here took the MD5s: they are the store's own answers for bytes whose signed SHA-256 it checks. */
  readonly isSigned?: boolean
  /** Base64; compared where the store keeps one. */
  readonly crc32?: string
}

/** How the store's own word about the bytes was compared with ours. */
export type ConfirmedBy = 'full-object checksum' | 'part MD5s' | 'signed SHA-256' | 'name and size only'

export interface Confirmation {
  readonly state: 'confirmed' | 'confirmed-locked'
  readonly by: ConfirmedBy
  readonly versionId?: string
  readonly etag?: string
  readonly lockedUntilMs?: number
  /** The store's own checksum, for the monthly comparison. */
  readonly checksum?: string
  /** The lock was missing after the upload and had to be set. */
  readonly lockRepaired: boolean
}

export interface ConfirmDeps {
  readonly store: ObjectStore
  readonly profile: StoreProfile
  readonly now: () => number
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>
}

/** @throws OFFSITE_UNCONFIRMED  the store has nothing, or something else
 *  @throws OFFSITE_UNLOCKED     the bytes are right and the lock cannot be set */
export async function confirmObject(
  expected: Expectation,
  wish: LockWish | undefined,
  deps: ConfirmDeps,
  signal?: AbortSignal,
): Promise<Confirmation> {
  const found = await headOf(expected, deps, signal)
  const judgement = judgeObject(found, expected, deps.profile)
  if (judgement.kind !== 'same' || !found) throw unconfirmed(expected.key, judgement)
  const facts = {
    by: judgement.by,
    ...(found.versionId === undefined ? {} : { versionId: found.versionId }),
    ...(found.etag === undefined ? {} : { etag: found.etag }),
    ...(found.checksums.crc32 === undefined ? {} : { checksum: found.checksums.crc32 }),
  }
  if (!wish) return { state: 'confirmed', lockRepaired: false, ...facts }

  const locked = await ensureLock(found, wish, deps, signal)
  return { state: 'confirmed-locked', lockedUntilMs: locked.untilMs, lockRepaired: locked.changed, ...facts }
}

export type Judgement =
  | { readonly kind: 'same'; readonly by: ConfirmedBy }
  | { readonly kind: 'missing' }
  | { readonly kind: 'differs'; readonly why: string }

/** Compares what the store says with what was sent. */
export function judgeObject(
  found: ObjectFacts | undefined,
  expected: Expectation,
  profile: Pick<StoreProfile, 'etagIsMd5'>,
): Judgement {
  if (!found) return { kind: 'missing' }
  if (found.sizeBytes !== expected.sizeBytes)
    return { kind: 'differs', why: `it has ${found.sizeBytes} bytes instead of ${expected.sizeBytes}` }
  const blake3 = found.metadata[BLAKE3_METADATA]
  if (blake3 !== expected.blake3)
    return { kind: 'differs', why: blake3 === undefined ? 'it carries no hash' : 'it carries the hash of other bytes' }
  const { crc32, type } = found.checksums
  const storeHasCrc32 = crc32 !== undefined && type !== 'COMPOSITE' && !crc32.includes('-')
  if (storeHasCrc32 && expected.crc32 !== undefined)
    return crc32 === expected.crc32
      ? { kind: 'same', by: 'full-object checksum' }
      : { kind: 'differs', why: 'the store’s checksum is not that of the bytes that were read' }
  if (profile.etagIsMd5 && expected.etag !== undefined && found.etag !== undefined)
    return found.etag === expected.etag
      ? { kind: 'same', by: confirmedBy(expected, found.etag) }
      : { kind: 'differs', why: 'the store’s MD5 is not that of the bytes that were read' }
  return { kind: 'same', by: 'name and size only' }
}

function confirmedBy({ isSigned }: Expectation, etag: string): ConfirmedBy {
  if (isSigned) return 'signed SHA-256'
  return etag.includes('-') ? 'part MD5s' : 'full-object checksum'
}

/** Sets, strengthens or lengthens a lock where it is due, and asks afterwards whether the store did it. Also what the daily renewal runs.
 *  @throws OFFSITE_UNLOCKED */
export async function ensureLock(
  found: ObjectFacts,
  wish: LockWish,
  deps: ConfirmDeps,
  signal?: AbortSignal,
): Promise<{ readonly untilMs: number; readonly changed: boolean }> {
  const plan = planLock(found.lock, wish, deps.now() + deps.store.clockCorrectionMs())
  if (plan.kind === 'none') return { untilMs: found.lock?.untilMs ?? 0, changed: false }
  if (found.versionId === undefined)
    throw unlocked(found.key, 'the bucket keeps no versions, and only a version can be locked')

  await setLockPatiently(found.key, found.versionId, plan, deps, signal)
  const after = await deps.store.head({ key: found.key, versionId: found.versionId }, signal)
  if (!fulfils(after?.lock, plan.lock))
    throw unlocked(found.key, 'the store accepted the lock and then did not have it')
  return { untilMs: after?.lock?.untilMs ?? plan.lock.untilMs, changed: true }
}

/** Some stores refuse a retention within the first second after the PUT (kopia #5590, OVH). */
const LOCK_DELAYS_MS = [500, 1_500, 4_000]

async function setLockPatiently(
  key: string,
  versionId: string,
  plan: Exclude<ReturnType<typeof planLock>, { kind: 'none' }>,
  deps: ConfirmDeps,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (let tried = 0; ; tried++) {
    try {
      await deps.store.setLock(key, versionId, plan.lock, signal)
      return
    } catch (error) {
      const delayMs = LOCK_DELAYS_MS[tried]
      if (delayMs === undefined || !(error instanceof SafelightError) || error.code !== 'OFFSITE_UNLOCKED') throw error
      await deps.sleep(delayMs, signal)
    }
  }
}

function headOf({ key, versionId }: Expectation, { store, profile }: ConfirmDeps, signal: AbortSignal | undefined) {
  return store.head(
    { key, ...(versionId === undefined ? {} : { versionId }), withChecksums: profile.answersChecksums },
    signal,
  )
}

function unconfirmed(key: string, judgement: Judgement): SafelightError {
  const why = judgement.kind === 'differs' ? `there is an object of that name, but ${judgement.why}` : 'it is not there'
  return new SafelightError('OFFSITE_UNCONFIRMED', {
    message: `${key} was sent, but the bucket does not confirm it: ${why}. It does not count as an off-site copy.`,
    remedy: 'Safelight sends it again. If it happens often, look who else writes or deletes below this prefix.',
  })
}

function unlocked(key: string, why: string): SafelightError {
  return new SafelightError('OFFSITE_UNLOCKED', {
    message: `${key} is in the bucket and complete, but not locked: ${why}. Whoever has the key could delete it.`,
    remedy:
      'Switch on versioning and Object Lock for the bucket and give the key the right to set retention, or set this place to work without locks.',
  })
}
