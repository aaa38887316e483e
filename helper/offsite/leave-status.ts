// The status in the bucket: status.json for the other computers of a studio, and status.html for a person with nothing but a browser; not the page
// where the place is encrypted, since it names shoots. Both pass, so they are not locked. Written when they would say something else, at most
// hourly unless the verdict changed, and once a day all the same.
import { createHash } from 'node:crypto'
import type { Journal } from '../journal/journal.js'
import { getMeta, setMeta } from '../journal/meta.js'
import { isReached } from '../wall-clock.js'
import type { OpenBucket } from './open-bucket.js'
import { putPlainText, type PutTextDeps } from './put-text.js'

export const STATUS_FILE = 'status.json'
const STATUS_PAGE = 'status.html'

const HOUR_MS = 60 * 60 * 1000
const DAY_MS = 24 * HOUR_MS

export interface StatusToLeave {
  readonly verdict: string
  /** What is said, but for the moment of saying it. */
  readonly said: unknown
}

/** Pure, but for the journal's memory of what was left when. */
export function isStatusDue(journal: Journal, placeId: string, status: StatusToLeave, nowMs: number): boolean {
  const [digest, verdict, at] = (getMeta(journal, key(placeId)) ?? '').split(' ')
  if (digest === undefined || verdict === undefined || at === undefined) return true
  if (verdict !== status.verdict) return true
  if (isReached(Number(at) + DAY_MS, nowMs, DAY_MS)) return true
  return digest !== digestOf(status) && isReached(Number(at) + HOUR_MS, nowMs, HOUR_MS)
}

/** @param files  what they are to hold */
export async function leaveStatus(
  bucket: OpenBucket,
  status: StatusToLeave,
  files: { readonly json: string; readonly html: string },
  deps: PutTextDeps,
  signal?: AbortSignal,
): Promise<void> {
  await putPlainText(bucket, STATUS_FILE, files.json, deps, signal, 'passing')
  if (bucket.settings.recipients === undefined)
    await putPlainText(bucket, STATUS_PAGE, files.html, deps, signal, 'passing')
  setMeta(deps.journal, key(bucket.place.id), `${digestOf(status)} ${status.verdict} ${deps.now()}`)
}

function digestOf({ said }: StatusToLeave): string {
  return createHash('sha256').update(JSON.stringify(said)).digest('hex')
}

function key(placeId: string): string {
  return `status-left ${placeId}`
}
