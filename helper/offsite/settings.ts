// What a bucket place needs to know besides its address, as it stands in the journal: how to reach the store, what the probe found, what
// was wished for. No access key and no identity is in it: those come from the AWS provider chain and lie in the home. The key to hidden names is,
// and stays in the journal.
import { z } from 'zod'
import { describeError, SafelightError } from '../errors.js'
import type { PlaceRow } from '../journal/places.js'
import { parseBucketUrl, type BucketAddress } from './address.js'
import { NAME_KEY } from './hidden-names.js'
import type { LockWish } from './lock.js'
import type { KeySpace } from './names.js'

const Profile = z.object({
  versioning: z.boolean(),
  locks: z.boolean(),
  locksMultipart: z.boolean(),
  keepsCrc32: z.boolean(),
  answersChecksums: z.boolean(),
  etagIsMd5: z.boolean(),
  /** Places that were added before this was asked go on with an MD5. */
  checksSha256: z.boolean().default(false),
  ifAbsent: z.boolean(),
  listsUploads: z.boolean(),
  mayDelete: z.boolean(),
  storageClasses: z.array(z.string()),
})

const Settings = z.object({
  /** Left out for AWS itself. */
  endpoint: z.string().optional(),
  region: z.string().optional(),
  /** A profile of the AWS configuration files. */
  profile: z.string().optional(),
  allowPlainHttp: z.boolean().default(false),
  /** The folder below the prefix that is this computer's. */
  machineId: z.string().min(1),
  /** What the store can do, as the probe found it. */
  store: Profile,
  probedMs: z.number(),
  lock: z.object({ mode: z.enum(['GOVERNANCE', 'COMPLIANCE']), days: z.number().int().min(1) }).optional(),
  storageClass: z.string().optional(),
  /** Bytes a second that may be sent; as fast as the line is when left out. */
  limitBytesPerSecond: z.number().int().min(1024).optional(),
  /** Bytes that may be stored there in all, as the user said it: no store tells it over S3. */
  quotaBytes: z.number().int().min(1).optional(),
  /** Public keys that everything is encrypted for: this computer's and the printed recovery key's. */
  recipients: z.array(z.string()).min(2).optional(),
  /** Names are hidden with this key; see hidden-names.ts. */
  nameKey: z.string().regex(NAME_KEY).optional(),
})

export type BucketSettings = z.infer<typeof Settings>

const DAY_MS = 24 * 3600 * 1000

/** @throws CONFIG_INVALID */
export function readSettings(place: PlaceRow): BucketSettings {
  try {
    return Settings.parse(place.settings)
  } catch (error) {
    throw new SafelightError('CONFIG_INVALID', {
      message: `What the journal knows of "${place.name}" (${place.path}) cannot be used: ${describeError(error).slice(0, 300)}.`,
      remedy: `Add it again, which learns it anew: safelight place add ${place.path}`,
      cause: error,
    })
  }
}

export function addressOf(place: Pick<PlaceRow, 'path'>): BucketAddress {
  return parseBucketUrl(place.path)
}

export function keySpaceOf(
  place: Pick<PlaceRow, 'path'>,
  { machineId, nameKey }: Pick<BucketSettings, 'machineId' | 'nameKey'>,
): KeySpace {
  return { prefix: addressOf(place).prefix, machineId, ...(nameKey === undefined ? {} : { nameKey }) }
}

export function lockWishOf({ lock }: Pick<BucketSettings, 'lock'>): LockWish | undefined {
  return lock && { mode: lock.mode, retentionMs: lock.days * DAY_MS }
}

/** As the `device` of copies: `s3:<endpoint's host>/<bucket>`. */
export function deviceOfBucket(endpoint: string | undefined, bucket: string): string {
  return `s3:${endpoint === undefined ? 's3.amazonaws.com' : new URL(endpoint).host}/${bucket}`
}
