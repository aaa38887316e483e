// A bucket as a place to restore from: which object holds a copy, under which key and which version. The newest version under a key is
// looked at first; where it is another content (overwritten by somebody else, or deleted), earlier versions are asked for the one that carries
// the hash that is wanted.
import { SafelightError } from '../errors.js'
import { isSafeRelativePath } from '../manifest/manifest.js'
import type { Hash } from '../model.js'
import { BLAKE3_METADATA } from '../offsite/confirm.js'
import { AGE_SUFFIX } from '../offsite/encryption.js'
import { objectKey, type KeySpace } from '../offsite/names.js'
import type { ObjectFacts, ObjectStore } from '../offsite/object-store.js'
import type { OpenBucket as BucketPlace } from '../offsite/open-bucket.js'

/** A bucket that can be read. */
export interface OpenBucket {
  readonly id: string
  /** As it is called to the user. */
  readonly name: string
  readonly store: ObjectStore
  readonly space: KeySpace
  /** New objects are encrypted; older ones may not be, and the other way round. */
  readonly isEncrypted: boolean
  /** `AGE-SECRET-KEY-1…` that open what is. */
  readonly identities: readonly string[]
  /** Of the originals. */
  readonly storageClass?: string
}

/** A bucket place that was opened, as a source. */
export function bucketSource(
  { place, store, keySpace, settings }: BucketPlace,
  identities: readonly string[],
): OpenBucket {
  const { recipients, storageClass } = settings
  return {
    id: place.id,
    name: place.name,
    store,
    space: keySpace,
    isEncrypted: recipients !== undefined,
    identities,
    ...(storageClass === undefined ? {} : { storageClass }),
  }
}

export interface OpenedCopy {
  readonly bucket: OpenBucket
  readonly key: string
  readonly versionId?: string
  /** Of the object. */
  readonly sizeBytes: number
  readonly isEncrypted: boolean
  readonly storageClass?: string
  readonly restore?: ObjectFacts['restore']
}

/** @param path  below the place, with `/`
 *  @param hash  the content that is wanted
 *  @returns undefined when no object of that name is there
 *  @throws OFFSITE_* */
export async function openCopy(
  bucket: OpenBucket,
  path: string,
  hash: Hash,
  signal: AbortSignal,
): Promise<OpenedCopy | undefined> {
  let first: OpenedCopy | undefined
  for (const { key, isEncrypted } of keysOf(bucket, path)) {
    const found = await bucket.store.head({ key }, signal)
    const copy = found && toCopy(bucket, found, isEncrypted)
    // Without a hash beside it another program put it there: then an earlier version that has one goes before it.
    if (copy && (isEncrypted || found.metadata[BLAKE3_METADATA] === hash)) return copy
    first ??= copy
    const earlier = await earlierVersion(bucket, { key, isEncrypted }, hash, signal)
    if (earlier) return earlier
  }
  return first
}

/** Where an object of this path may lie, the likelier first. @throws OFFSITE_REFUSED for a name that no key can stand for */
export function keysOf({ space, isEncrypted }: OpenBucket, path: string): { key: string; isEncrypted: boolean }[] {
  if (!isSafeRelativePath(path)) return []
  const plain = { key: objectKey(space, path), isEncrypted: false }
  const age = { key: objectKey(space, `${path}${AGE_SUFFIX}`), isEncrypted: true }
  return isEncrypted ? [age, plain] : [plain, age]
}

/** More versions than this of one key are not gone through. */
const VERSIONS_ASKED = 100

/** Of what is encrypted no hash tells the content: there it is the newest before the deletion. */
async function earlierVersion(
  bucket: OpenBucket,
  { key, isEncrypted }: { readonly key: string; readonly isEncrypted: boolean },
  hash: Hash,
  signal: AbortSignal,
): Promise<OpenedCopy | undefined> {
  let asked = 0
  try {
    for await (const version of bucket.store.listVersions(key, signal)) {
      if (version.key !== key || asked >= VERSIONS_ASKED) break
      asked += 1
      const { versionId, isDeleteMarker, isLatest } = version
      if (isDeleteMarker || isLatest) continue
      const facts = await bucket.store.head({ key, versionId }, signal)
      if (facts && (isEncrypted || facts.metadata[BLAKE3_METADATA] === hash))
        return { ...toCopy(bucket, facts, isEncrypted), versionId }
    }
  } catch (error) {
    // Not every store keeps versions, and not every key may list them.
    const code = error instanceof SafelightError ? error.code : undefined
    if (code !== 'OFFSITE_REFUSED' && code !== 'OFFSITE_DENIED') throw error
  }
  return undefined
}

function toCopy(bucket: OpenBucket, facts: ObjectFacts, isEncrypted: boolean): OpenedCopy {
  const { key, versionId, sizeBytes, storageClass, restore } = facts
  return {
    bucket,
    key,
    sizeBytes,
    isEncrypted,
    ...(versionId === undefined ? {} : { versionId }),
    ...(storageClass === undefined ? {} : { storageClass }),
    ...(restore === undefined ? {} : { restore }),
  }
}
