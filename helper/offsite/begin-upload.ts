// The one moment in which an upload can get lost: the store has begun it and nobody has written its id down. So what is going to be asked for
// is written down first, and whatever a crash, or a reply that got lost, left open under that key is given back before anything else is begun.
import { NO_UPLOAD_ID, type OpenUpload, type UploadLedger } from './ledger.js'
import type { ObjectOptions, ObjectStore } from './object-store.js'
import { partSizeFor } from './parts.js'
import type { StoreProfile } from './providers.js'

export interface BeginDeps {
  readonly store: ObjectStore
  readonly profile: Pick<StoreProfile, 'keepsCrc32' | 'listsUploads'>
  readonly ledger: UploadLedger
  readonly now: () => number
  readonly leastPartBytes?: number
}

/** Begins an upload and writes its id down before anything is sent; an upload that cannot be written down is given back at once. */
export async function beginUpload(
  content: Pick<OpenUpload, 'key' | 'sizeBytes' | 'mtimeMs' | 'blake3'>,
  options: ObjectOptions,
  deps: BeginDeps,
  signal?: AbortSignal,
): Promise<OpenUpload> {
  const { store, ledger, now, leastPartBytes } = deps
  const { key, sizeBytes, mtimeMs, blake3 } = content
  const withCrc32 = deps.profile.keepsCrc32
  return ledger.whileBeginning(key, async () => {
    const { uploadId, mayBeTwice } = await store.beginUpload({ key, withCrc32, ...options }, signal)
    const partSizeBytes = partSizeFor(sizeBytes, leastPartBytes)
    const upload = { key, uploadId, sizeBytes, mtimeMs, blake3, partSizeBytes, withCrc32, begunAtMs: now() }
    try {
      if (mayBeTwice) await abortOthers(upload, deps, signal)
      await ledger.begin(upload)
    } catch (error) {
      await store.abortUpload(key, uploadId)
      throw error
    }
    return upload
  })
}

/** Gives back what was begun under this key by a process that was stopped before it wrote the id down. */
export async function clearLost(key: string, deps: BeginDeps, signal?: AbortSignal): Promise<void> {
  if (!(await deps.ledger.lost()).includes(key)) return
  await abortOthers({ key, uploadId: NO_UPLOAD_ID }, deps, signal)
  await deps.ledger.forget(key, NO_UPLOAD_ID)
}

async function abortOthers(
  kept: Pick<OpenUpload, 'key' | 'uploadId'>,
  { store, profile }: BeginDeps,
  signal: AbortSignal | undefined,
): Promise<void> {
  // Where nobody can ask which uploads are open, only the bucket's own lifecycle rule clears them away.
  if (!profile.listsUploads) return
  for await (const { key, uploadId } of store.listUploads(kept.key, signal))
    if (key === kept.key && uploadId !== kept.uploadId) await store.abortUpload(key, uploadId, signal)
}
