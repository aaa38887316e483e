// Two computers that were rebuilt from one folder of a bucket and go on there at the same moment: exactly one may. Each takes the term of the owner
// before by an object of its own: where the store leaves an existing object alone, the first to make it has it; where the store does not, each
// writes under its own name, waits until the others' writes must be seen, and the first name in order has it. Who has it writes place.json,
// which begins the next term.
import { createHash } from 'node:crypto'
import type { OpenBucket } from './open-bucket.js'

export interface TakeOverDeps {
  readonly now: () => number
  readonly sleep: (ms: number) => Promise<void>
}

/** Whoever took a term and did not go on for so long will not: the next one may. */
const ABANDONED_MS = 60 * 60_000

/** A chain of computers that all gave up in the middle is not longer than this. */
const ABANDONED_MAX = 8

/** Longer than a store that answers at all takes for two small requests. */
export const SETTLE_MS = 3000

/** @param term  what place.json says of its owner now
 *  @param own  this home's own token
 *  @returns whether this computer may write place.json */
export async function takesTerm(
  bucket: OpenBucket,
  term: string,
  own: string,
  deps: TakeOverDeps,
  signal?: AbortSignal,
): Promise<boolean> {
  const folder = `${bucket.ownPrefix}.safelight-owner/${term}`
  if (!bucket.profile.ifAbsent) return isFirstInOrder(bucket, folder, own, deps, signal)
  let key = folder
  for (let turn = 0; turn < ABANDONED_MAX; turn++) {
    const outcome = await bucket.store.put({ ...claimOf(key, own), ifAbsent: true }, signal)
    if (outcome.kind === 'stored') return true
    const holder = await readClaim(bucket, key, signal)
    // The reply was lost, or a run of ours did not come further than this.
    if (holder?.text === own) return true
    if (holder === undefined || deps.now() - holder.atMs < ABANDONED_MS) return false
    key = `${folder}/${holder.text}`
  }
  return false
}

async function isFirstInOrder(
  { store }: OpenBucket,
  folder: string,
  own: string,
  { now, sleep }: TakeOverDeps,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  await store.put(claimOf(`${folder}/${own}`, own), signal)
  await sleep(SETTLE_MS)
  const waiting: string[] = [own]
  for await (const { key, lastModifiedMs } of store.list(`${folder}/`, signal))
    if (lastModifiedMs === undefined || now() - lastModifiedMs < ABANDONED_MS)
      waiting.push(key.slice(folder.length + 1))
  return waiting.sort()[0] === own
}

function claimOf(key: string, own: string) {
  const body = Buffer.from(own, 'utf8')
  return { key, body, contentMd5: createHash('md5').update(body).digest('base64'), contentType: 'text/plain' }
}

async function readClaim(
  { store }: OpenBucket,
  key: string,
  signal: AbortSignal | undefined,
): Promise<{ readonly text: string; readonly atMs: number } | undefined> {
  const opened = await store.read({ key }, signal)
  if (!opened) return undefined
  const chunks: Uint8Array[] = []
  for await (const chunk of opened.body) chunks.push(chunk)
  const text = Buffer.concat(chunks).toString('utf8')
  // Never longer than what we write: it becomes part of a key.
  return { text: text.slice(0, CLAIM_MAX_CHARACTERS), atMs: opened.facts.lastModifiedMs ?? Number.POSITIVE_INFINITY }
}

const CLAIM_MAX_CHARACTERS = 100
