// What is set at the bucket itself when it becomes a place, where the user says yes to it: old versions are kept, unfinished uploads are
// cleared away. What cannot be set is said, and is no reason to do without the place.
import { SafelightError } from '../errors.js'
import type { BucketFacts, ObjectStore } from './object-store.js'

export async function settleVersioning(
  store: ObjectStore,
  isYes: boolean,
  signal: AbortSignal | undefined,
): Promise<BucketFacts> {
  const facts = await store.bucketFacts(signal)
  const mayBeSwitchedOn = facts.versioning === 'off' || facts.versioning === 'suspended'
  if (!mayBeSwitchedOn || !isYes) return facts
  try {
    await store.enableVersioning(signal)
  } catch (error) {
    // A key that may not do this is no reason to refuse; the probe says what the bucket does without.
    if (!(error instanceof SafelightError) || (error.code !== 'OFFSITE_REFUSED' && error.code !== 'OFFSITE_DENIED'))
      throw error
  }
  return store.bucketFacts(signal)
}

/** Longer than any upload of ours lies still while its computer is in use, and what the stores' own manuals advise. */
export const UNFINISHED_DAYS = 7

/** @param own  `<prefix>/<machine id>/`: the rule is for our own uploads only
 *  @returns what this place does without, as sentences */
export async function settleUnfinished(
  store: ObjectStore,
  own: string,
  isYes: boolean,
  signal: AbortSignal | undefined,
): Promise<string[]> {
  const expiry = await store.unfinishedUploadsExpire(own, signal)
  if (expiry.kind !== 'never') return []
  const what = `a rule that aborts unfinished uploads below ${own} after ${UNFINISHED_DAYS} days`
  if (expiry.hasOtherRules)
    return [`The bucket has lifecycle rules of its own, which Safelight leaves alone. Add ${what} to them. ${WHY}`]
  if (!isYes) return [`The bucket has no ${what.slice(2)}. ${WHY} With --yes Safelight sets the rule.`]
  if ((await store.expireUnfinishedUploads(own, UNFINISHED_DAYS, signal)) === 'set') return []
  return [`This key may not set ${what}: set it at the provider. ${WHY}`]
}

const WHY =
  'Safelight clears its own away, but those of a computer that never comes back would be billed for ever, and appear in no listing.'
