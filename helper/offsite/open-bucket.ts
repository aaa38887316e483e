// A bucket place made ready for use: the store behind it, what it can do, where our tree lies in it, and how a path of that tree becomes a
// key. Everything that sends to a bucket or reads from it begins here. Opening sends nothing: that a store is away is found by asking it.
import { Readable } from 'node:stream'
import type { ReadableStream } from 'node:stream/web'
import { SafelightError } from '../errors.js'
import type { PlaceRow } from '../journal/places.js'
import { readIdentities } from './age-keys.js'
import { AGE_SUFFIX } from './encryption.js'
import type { Limiter } from './limiter.js'
import { ALWAYS_PLAIN, objectKey, ownPrefix, pathOfKey, type KeySpace } from './names.js'
import type { ByteRange, ObjectFacts, ObjectStore } from './object-store.js'
import type { probeStore } from './probe.js'
import type { StoreProfile } from './providers.js'
import { openS3Store, type S3Deps } from './s3.js'
import type { RetryPolicy } from './s3-retry.js'
import { addressOf, deviceOfBucket, keySpaceOf, lockWishOf, readSettings, type BucketSettings } from './settings.js'
import type { LockWish } from './lock.js'

export interface OpenBucketDeps extends Pick<S3Deps, 'sleep' | 'random' | 'onFault'> {
  /** Where the key of this computer lies, for places that encrypt. */
  readonly home: string
  /** Holds sending back; shared by everything that is sent to this place. */
  readonly limiter?: Limiter
  readonly retry?: RetryPolicy
  /** How a store is tried; probeStore when left out. */
  readonly probe?: typeof probeStore
  /** Further keys to decrypt with, such as a recovery key that was typed in. */
  readonly identities?: readonly string[]
}

export interface OpenBucket {
  readonly place: PlaceRow
  readonly settings: BucketSettings
  readonly store: ObjectStore
  readonly profile: StoreProfile
  readonly keySpace: KeySpace
  /** `<prefix>/<machine id>/` */
  readonly ownPrefix: string
  readonly lockWish: LockWish | undefined
  /** As copies name it: `s3:<host>/<bucket>`. */
  readonly device: string
  /** The key of a path of our tree, with `.age` where the place encrypts it. @throws OFFSITE_REFUSED */
  keyOf(path: string): string
  /** The path of a key, without `.age` where the place encrypts it; undefined for what is not ours. */
  pathOf(key: string): string | undefined
  /** Opens what was stored under a path, decrypted where the place encrypts. The bytes must still be compared with their hash: a flipped
   *  bit in an encrypted object is an error only after earlier bytes have gone out.
   *  @param options.range  not for encrypted objects
   *  @returns undefined when there is none
   *  @throws OFFSITE_*, COPY_DIFFERS when it cannot be decrypted to its end */
  read(path: string, options?: ReadOptions, signal?: AbortSignal): Promise<OpenedObject | undefined>
  close(): void
}

export interface ReadOptions {
  readonly versionId?: string
  readonly range?: ByteRange
}

export interface OpenedObject {
  /** As stored: of an encrypted object, the ciphertext's. */
  readonly facts: ObjectFacts
  readonly body: AsyncIterable<Uint8Array>
}

/** @throws CONFIG_INVALID, OFFSITE_ADDRESS */
export function openBucket(deps: OpenBucketDeps, place: PlaceRow): OpenBucket {
  const settings = readSettings(place)
  const { bucket } = addressOf(place)
  const { endpoint, region, profile, allowPlainHttp } = settings
  const store = openS3Store(
    {
      bucket,
      allowPlainHttp,
      ...(endpoint === undefined ? {} : { endpoint }),
      ...(region === undefined ? {} : { region }),
      ...(profile === undefined ? {} : { profile }),
      ...(deps.retry === undefined ? {} : { retry: deps.retry }),
    },
    {
      sleep: deps.sleep,
      random: deps.random,
      ...(deps.limiter === undefined ? {} : { limiter: deps.limiter }),
      ...(deps.onFault === undefined ? {} : { onFault: deps.onFault }),
    },
  )
  return bucketOver(store, place, settings, () => [...(deps.identities ?? []), ...readIdentities(deps.home)])
}

/** The same over a store that is open already; for tests, and for a place that is only being added. */
export function bucketOver(
  store: ObjectStore,
  place: PlaceRow,
  settings: BucketSettings,
  identities: () => readonly string[],
): OpenBucket {
  const keySpace = keySpaceOf(place, settings)
  const isEncrypted = (path: string): boolean => settings.recipients !== undefined && !ALWAYS_PLAIN.has(path)
  const keyOf = (path: string): string => objectKey(keySpace, isEncrypted(path) ? path + AGE_SUFFIX : path)
  return {
    place,
    settings,
    store,
    profile: settings.store,
    keySpace,
    ownPrefix: ownPrefix(keySpace),
    lockWish: lockWishOf(settings),
    device: deviceOfBucket(settings.endpoint, addressOf(place).bucket),
    keyOf,
    pathOf(key) {
      const path = pathOfKey(keySpace, key)
      if (path === undefined || settings.recipients === undefined || ALWAYS_PLAIN.has(path)) return path
      return path.endsWith(AGE_SUFFIX) ? path.slice(0, -AGE_SUFFIX.length) : undefined
    },
    async read(path, { versionId, range } = {}, signal) {
      const request = {
        key: keyOf(path),
        ...(versionId === undefined ? {} : { versionId }),
        ...(range === undefined ? {} : { range }),
      }
      if (!isEncrypted(path)) return store.read(request, signal)
      if (range) throw new Error('an encrypted object is read from its beginning')
      const opened = await store.read(request, signal)
      return opened && { facts: opened.facts, body: await decrypted(opened.body, identities(), request.key) }
    },
    close: () => store.close(),
  }
}

async function decrypted(
  body: AsyncIterable<Uint8Array>,
  identities: readonly string[],
  key: string,
): Promise<AsyncIterable<Uint8Array>> {
  const { Decrypter } = await import('age-encryption')
  const decrypter = new Decrypter()
  for (const identity of identities) decrypter.addIdentity(identity)
  try {
    if (identities.length === 0) throw new Error('no identity matched')
    const source = Readable.toWeb(Readable.from(body)) as ReadableStream<Uint8Array>
    const plain = (await decrypter.decrypt(source as never)) as unknown as AsyncIterable<Uint8Array>
    return namingDamage(plain, key)
  } catch (error) {
    throw decryptionError(error, key)
  }
}

async function* namingDamage(plain: AsyncIterable<Uint8Array>, key: string): AsyncGenerator<Uint8Array> {
  try {
    yield* plain
  } catch (error) {
    throw decryptionError(error, key)
  }
}

function decryptionError(error: unknown, key: string): Error {
  if (error instanceof SafelightError) return error
  const isWrongKey = error instanceof Error && /no identity matched/i.test(error.message)
  return isWrongKey
    ? new SafelightError('OFFSITE_DENIED', {
        message: `None of the keys that this computer has opens ${key}: it was encrypted for others.`,
        remedy: 'Use the key of the computer that encrypted it, or the printed recovery key.',
        cause: error,
      })
    : new SafelightError('COPY_DIFFERS', {
        message: `${key} is damaged or cut short in the bucket and cannot be decrypted to its end.`,
        remedy: 'Restore it from another place, then run safelight verify.',
        cause: error,
      })
}
