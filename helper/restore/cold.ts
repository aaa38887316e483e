// Copies in a class of storage that takes hours to read: how many files a restore would have to ask for and what that costs, and asking for
// them, which is done only when the user agreed to the price. How they are waited for is thaw.ts.
import pLimit from 'p-limit'
import { SafelightError } from '../errors.js'
import type { Hash } from '../model.js'
import { estimateCosts, isColdClass, PRICES, PRICES_AS_OF, storageClassFor } from '../offsite/storage-class.js'
import type { ColdFiles } from '../../shared/methods.js'
import { openCopy, type OpenBucket } from './bucket.js'
import { inWords } from '../files/in-words.js'

/** One content of which only a cold copy is in reach. */
export interface ColdCopy {
  readonly bucket: OpenBucket
  /** Below the place, with `/`. */
  readonly path: string
  readonly hash: Hash
  readonly sizeBytes: number
}

/** Whether a copy is likely to be cold, by what its place was set up with; only asking the store tells. */
export function isLikelyCold(bucket: OpenBucket, path: string, sizeBytes: number): boolean {
  return isColdClass(storageClassFor(path, sizeBytes, bucket.storageClass))
}

const PRICES_OF_CLASS: Readonly<Record<string, string>> = {
  GLACIER: 'aws-glacier',
  DEEP_ARCHIVE: 'aws-deep-archive',
}

/** @returns undefined when there are none */
export function coldFiles(
  copies: readonly ColdCopy[],
  isRequested: boolean,
  goesOnByItself: boolean,
): ColdFiles | undefined {
  if (copies.length === 0) return undefined
  const [usd, hours] = [
    { cheapest: 0, usual: 0 },
    { cheapest: 0, usual: 0 },
  ]
  for (const bucket of new Set(copies.map((copy) => copy.bucket))) {
    const bytes = sum(copies.filter((copy) => copy.bucket === bucket))
    const id = PRICES_OF_CLASS[bucket.storageClass ?? 'GLACIER'] ?? 'aws-glacier'
    const prices = PRICES.find((each) => each.id === id)
    if (!prices) throw new Error(`there are no prices called ${id}`)
    const { getBackUsd, waitHours } = estimateCosts(prices, bytes, 0)
    for (const way of ['cheapest', 'usual'] as const) {
      usd[way] += getBackUsd[way]
      hours[way] = Math.max(hours[way], waitHours[way])
    }
  }
  return { files: copies.length, bytes: sum(copies), usd, hours, pricesAsOf: PRICES_AS_OF, isRequested, goesOnByItself }
}

export function coldWords({ files, bytes, usd, hours, pricesAsOf, isRequested, goesOnByItself }: ColdFiles): string {
  const what = `${files} file${files === 1 ? '' : 's'} (${inWords(bytes)}) ${files === 1 ? 'lies' : 'lie'} in cold storage only`
  if (!isRequested)
    return `${what}. To get them back takes about ${hours.usual} hours and costs about $${usd.usual.toFixed(2)} (list prices of ${pricesAsOf}). To ask for them at that price, run the same command with --thaw.`
  const then =
    goesOnByItself === true
      ? 'Safelight looks again by itself and brings them then, also after a restart of this computer; safelight status says how far that is.'
      : 'No helper is running that would wait for them: start it (safelight start) and it brings them by itself, or run the same command again then.'
  return `${what} and ${files === 1 ? 'has' : 'have'} been asked for. They can be read in about ${hours.usual} hours, and from then on for ${READABLE_DAYS} days only. ${then}`
}

function sum(copies: readonly ColdCopy[]): number {
  return copies.reduce((total, { sizeBytes }) => total + sizeBytes, 0)
}

/** How long what was asked for stays readable. */
export const READABLE_DAYS = 7
const ASKED_AT_ONCE = 8

/** Asks for readable copies. May be called again: what was asked for already is not asked for twice.
 *  @param onAsked  told of each that the store has taken note of
 *  @returns what could not be asked for, and why */
export async function requestAll(
  copies: readonly ColdCopy[],
  signal: AbortSignal,
  onAsked: (copy: ColdCopy) => void = () => undefined,
): Promise<SafelightError[]> {
  const limit = pLimit(ASKED_AT_ONCE)
  const failures = await Promise.all(
    copies.map((copy) => limit(() => (signal.aborted ? undefined : request(copy, signal, onAsked)))),
  )
  return failures.filter((error) => error !== undefined)
}

async function request(
  copy: ColdCopy,
  signal: AbortSignal,
  onAsked: (copy: ColdCopy) => void,
): Promise<SafelightError | undefined> {
  const { bucket, path, hash } = copy
  try {
    const found = await openCopy(bucket, path, hash, signal)
    if (found) await bucket.store.requestRestore(found.key, found.versionId, READABLE_DAYS, 'Standard', signal)
    onAsked(copy)
    return undefined
  } catch (error) {
    if (signal.aborted) return undefined
    if (error instanceof SafelightError) return error
    throw error
  }
}

/** Whether some of what was asked for is still being got ready. What cannot be read and is not, was never asked for or has lapsed. */
export async function isAnyOngoing(copies: readonly ColdCopy[], signal: AbortSignal): Promise<boolean> {
  for (const { bucket, path, hash } of copies) {
    signal.throwIfAborted()
    const found = await openCopy(bucket, path, hash, signal)
    if (found?.restore?.ongoing === true) return true
  }
  return false
}
