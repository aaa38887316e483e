// One version of one file to a bucket, until the bucket has confirmed it. What lies under its name and is another content goes to Versions/
// first; what the bucket has already under another name is copied inside the bucket; the rest is sent from wherever its bytes can be read.
//
//     other content under the name? ─▶ set aside ─▶ same content in the bucket? ─▶ copy there ─┐
//                                                         │ no, or the store cannot            ├▶ confirmed ─▶ one transaction: receipt, copy, proof, seal
//                                                         └─▶ drive or original ─▶ upload ─────┘
import { SafelightError } from '../errors.js'
import { dropCopyAt, saveCopy, setCopyState } from '../journal/files.js'
import { copiesOfContent } from '../journal/history.js'
import { objectAt, type PendingCopy } from '../journal/offsite.js'
import type { ShootRow } from '../journal/shoots.js'
import { addStep } from '../journal/steps.js'
import { number, text } from '../journal/rows.js'
import { WORKING, type Hash } from '../model.js'
import { candidatesFor, folderOfShoot, type CandidateDeps, type DriveHere } from './candidates.js'
import { askAbout, nameIsTaken } from './already-there.js'
import { copyInside } from './copy-inside.js'
import { receiptOf } from './journal-ledger.js'
import type { UploadReceipt } from './ledger.js'
import type { OpenBucket } from './open-bucket.js'
import { uploadFile, type SendDeps } from './upload-file.js'
import { setAside } from './set-aside.js'

export interface SendCopyDeps extends SendDeps, CandidateDeps {
  readonly drives: readonly DriveHere[]
}

/** `sent`: over the line. `copied`: inside the bucket. */
export type SendOutcome =
  | { readonly kind: 'sent' | 'copied'; readonly receipt: UploadReceipt }
  /** No place that is there now has its bytes. */
  | { readonly kind: 'no-source' }

/** @throws OFFSITE_*, SOURCE_CHANGING, COPY_DIFFERS when no copy that can be read has the reference hash */
export async function sendCopy(
  bucket: OpenBucket,
  shoot: ShootRow,
  pending: PendingCopy,
  deps: SendCopyDeps,
  signal?: AbortSignal,
): Promise<SendOutcome> {
  const { journal } = deps
  const placeId = bucket.place.id
  const folder = folderOfShoot(journal, shoot, placeId)
  const path = `Photos/${folder}/${pending.path}`
  const key = bucket.keyOf(path)
  // What a receipt speaks of is known. For the rest the store is asked once, for setting aside and for sending.
  const asked = objectAt(journal, placeId, key) ? undefined : { facts: await askAbout({ key }, bucket, signal) }
  const isGone = await setAside(bucket, { folder, pending, stranger: asked?.facts }, deps, signal)
  const isNameFree = isGone || (asked !== undefined && asked.facts === undefined)

  const meaning = {
    copy: { versionId: pending.versionId, path: pending.path },
    onComplete: (receipt: UploadReceipt) => {
      confirmCopy(deps, placeId, pending, receipt)
    },
  }
  const isToBeSentAgain = knownState(deps, placeId, pending) === 'damaged'
  const twin = isToBeSentAgain ? undefined : twinInBucket(bucket, pending.hash, key, deps)
  if (twin) {
    // A copy knows no condition: it is asked once more.
    if (isNameFree && (await bucket.store.head({ key }, signal))) throw nameIsTaken(bucket.store.name, key)
    const receipt = await copyInside(bucket, { from: twin, to: key }, meaning, deps, signal)
    if (receipt) return { kind: 'copied', receipt }
  }
  const candidates = candidatesFor(deps, deps.drives, pending.hash)
  if (candidates.length === 0) return { kind: 'no-source' }
  markInFlight(deps, placeId, pending)
  let failure: SafelightError | undefined
  for (const { file, copy } of candidates) {
    try {
      const { hash, sizeBytes, mtimeMs } = pending
      const receipt = await uploadFile(
        bucket,
        { path, file, hash, sizeBytes, mtimeMs, isToBeSentAgain, isNameFree, ...(asked ? { asked } : {}) },
        meaning,
        deps,
        signal,
      )
      return { kind: 'sent', receipt }
    } catch (error) {
      if (!(error instanceof SafelightError) || !isAboutTheSource(error)) throw error
      // It was proven once and reads otherwise now: that is damage, and no longer to be counted on.
      if (error.code === 'COPY_DIFFERS' && copy.placeId !== WORKING) setCopyState(journal, copy, 'damaged')
      failure ??= error
    }
  }
  throw failure ?? new Error('no candidate was tried')
}

function isAboutTheSource({ code }: SafelightError): boolean {
  return ['COPY_DIFFERS', 'SOURCE_CHANGING', 'SOURCE_VANISHED', 'SOURCE_UNREADABLE'].includes(code)
}

/** Part of the receipt's transaction: what the bucket confirmed is a verified copy, and the manifest there is to say so. */
function confirmCopy(
  { journal, now }: SendCopyDeps,
  placeId: string,
  pending: PendingCopy,
  receipt: UploadReceipt,
): void {
  dropCopyAt(journal, pending.fileId, placeId, pending.path)
  saveCopy(journal, {
    versionId: pending.versionId,
    placeId,
    path: pending.path,
    state: 'verified',
    sizeBytes: pending.sizeBytes,
    mtimeMs: pending.mtimeMs,
    provenMs: receipt.confirmedAtMs,
    provenHow: 'server checksum',
  })
  addStep(journal, { kind: 'seal', shootId: pending.shootId, placeId, payload: '' }, now())
}

function knownState({ journal }: SendCopyDeps, placeId: string, { versionId, path }: PendingCopy): string | undefined {
  const row = journal.get('SELECT state FROM copies WHERE version_id = ? AND place_id = ? AND path = ?', [
    versionId,
    placeId,
    path,
  ])
  return row && text(row, 'state')
}

/** Begun, and nothing to be counted on. What was damaged or missing stays called so until it is made good. */
function markInFlight(deps: SendCopyDeps, placeId: string, pending: PendingCopy): void {
  if (knownState(deps, placeId, pending) !== undefined) return
  const { versionId, path, sizeBytes, mtimeMs } = pending
  deps.journal.withoutSync(() =>
    saveCopy(deps.journal, { versionId, placeId, path, state: 'written', sizeBytes, mtimeMs }),
  )
}

/** The receipt of the same content under another name of this bucket: a file that was moved or renamed is not sent again. */
function twinInBucket(
  bucket: OpenBucket,
  hash: Hash,
  key: string,
  { journal }: SendCopyDeps,
): UploadReceipt | undefined {
  for (const copy of copiesOfContent(journal, hash)) {
    if (copy.placeId !== bucket.place.id || copy.state !== 'verified') continue
    const row = journal.get('SELECT key, size FROM objects WHERE place_id = ? AND copy_version = ? AND copy_path = ?', [
      copy.placeId,
      copy.versionId,
      copy.path,
    ])
    const object = row && number(row, 'size') > 0 ? objectAt(journal, copy.placeId, text(row, 'key')) : undefined
    if (object && object.key !== key) return receiptOf(object)
  }
  return undefined
}
