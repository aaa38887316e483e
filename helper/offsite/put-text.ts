// One of Safelight's own small files into a bucket: sent like every object, confirmed, locked where that is wished for, its receipt kept.
// The same bytes are not sent twice.
import { hashBytes, type HashEngine } from '../files/hash.js'
import type { Journal } from '../journal/journal.js'
import { objectAt } from '../journal/offsite.js'
import { journalLedger } from './journal-ledger.js'
import { memorySource } from './memory-source.js'
import type { OpenBucket } from './open-bucket.js'
import { uploadObject, type UploadDeps } from './upload.js'

export interface PutTextDeps extends Pick<UploadDeps, 'now' | 'sleep' | 'hashEngine'> {
  readonly journal: Journal
  readonly hashEngine: HashEngine
}

/** For files that are never encrypted.
 *  @param kind  `passing`: replaced again and again, and worth no lock
 *  @returns whether anything was sent */
export async function putPlainText(
  bucket: OpenBucket,
  path: string,
  text: string,
  deps: PutTextDeps,
  signal?: AbortSignal,
  kind: 'lasting' | 'passing' = 'lasting',
): Promise<boolean> {
  const bytes = Buffer.from(text, 'utf8')
  const blake3 = hashBytes(deps.hashEngine, bytes)
  const key = bucket.keyOf(path)
  if (objectAt(deps.journal, bucket.place.id, key)?.blake3 === blake3) return false
  const { store, profile, lockWish, settings } = bucket
  const mtimeMs = deps.now()
  await uploadObject(
    {
      key,
      sizeBytes: bytes.length,
      mtimeMs,
      blake3,
      contentType: contentTypeOf(path),
      ...(lockWish && kind === 'lasting' ? { lock: lockWish } : {}),
    },
    memorySource(path, bytes, mtimeMs),
    { ...deps, store, profile, ledger: journalLedger(deps.journal, bucket.place.id, settings.store) },
    signal,
  )
  return true
}

function contentTypeOf(path: string): string {
  if (path.endsWith('.json')) return 'application/json'
  return `${path.endsWith('.html') ? 'text/html' : 'text/plain'}; charset=utf-8`
}
