// A place of which nothing is known but where it is, as after a rebuild: what its store can do is tried once more.
import { SafelightError } from '../errors.js'
import type { PlaceRow } from '../journal/places.js'
import { openBucket, type OpenBucketDeps } from './open-bucket.js'
import { PROBE_RETRY, probeStore } from './probe.js'
import type { BucketSettings } from './settings.js'

/** @returns what is to be kept of it; undefined when the key may not write there and so cannot try
 *  @throws OFFSITE_* when the store cannot be asked */
export async function learnStore(
  deps: OpenBucketDeps,
  place: PlaceRow,
  now: () => number,
  signal: AbortSignal,
): Promise<BucketSettings | undefined> {
  const bucket = openBucket({ ...deps, retry: PROBE_RETRY }, place)
  const { ownPrefix, settings, store } = bucket
  const { lock, storageClass } = settings
  const options = {
    ownPrefix,
    ...(lock ? { lockMode: lock.mode } : {}),
    ...(storageClass === undefined ? {} : { storageClasses: [storageClass] }),
  }
  try {
    const { profile, probedAtMs } = await (deps.probe ?? probeStore)(options, { store, now }, signal)
    return { ...settings, store: { ...profile, storageClasses: [...profile.storageClasses] }, probedMs: probedAtMs }
  } catch (error) {
    if (error instanceof SafelightError && error.code === 'OFFSITE_DENIED') return undefined
    throw error
  } finally {
    bucket.close()
  }
}
