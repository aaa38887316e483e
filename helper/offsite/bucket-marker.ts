// What says whose this computer's folder in a bucket is: place.json with the owner's token, and HOW-TO-RESTORE.txt beside it. Two computers never
// write to one folder: whoever rebuilds from it takes it over, and the one that had it before notices at its next run and writes no more, so that
// neither undoes what the other has written.
import { randomUUID } from 'node:crypto'
import os from 'node:os'
import { SafelightError, describeError } from '../errors.js'
import type { Journal } from '../journal/journal.js'
import { deleteMeta, getMeta, setMeta } from '../journal/meta.js'
import { forgetObject, objectAt } from '../journal/offsite.js'
import { howToRestoreFromBucket } from '../place/how-to-restore-bucket.js'
import { FORMAT_VERSION, parseMarker, type Marker } from '../place/marker.js'
import { parseBucketUrl } from './address.js'
import { wrapNameKey } from './hidden-names.js'
import { NAME_KEY_FILE } from './names.js'
import type { ObjectStore } from './object-store.js'
import type { OpenBucket } from './open-bucket.js'
import { putPlainText, type PutTextDeps } from './put-text.js'
import { SETTLE_MS, takesTerm } from './take-over.js'

/** The marker and the instructions, brought up to date. */
export async function writeMarker(
  bucket: OpenBucket,
  before: Marker | undefined,
  deps: PutTextDeps,
  signal?: AbortSignal,
): Promise<void> {
  const { place, settings, ownPrefix: own } = bucket
  const hidden = settings.nameKey === undefined ? {} : { hiddenNames: NAME_KEY_FILE }
  const marker = {
    id: place.id,
    name: place.name,
    created: before?.created ?? new Date(place.addedMs).toISOString(),
    format: FORMAT_VERSION,
    machine: { id: settings.machineId, host: os.hostname() },
    owner: ownerToken(deps.journal),
    term: ownerTerm(deps.journal, place.id),
    ...(settings.lock ? { lock: settings.lock } : {}),
    ...(settings.storageClass === undefined ? {} : { storageClass: settings.storageClass }),
    ...(settings.recipients ? { encryption: { format: 'age', recipients: settings.recipients, ...hidden } } : {}),
  }
  const page = howToRestoreFromBucket({
    bucket: parseBucketUrl(place.path).bucket,
    folder: own.slice(0, -1),
    isEncrypted: settings.recipients !== undefined,
    hidesNames: settings.nameKey !== undefined,
    ...(settings.endpoint === undefined ? {} : { endpoint: settings.endpoint }),
  })
  // Whoever took the marker away may have taken more; then what was sent before is sent again.
  if (!before)
    for (const path of ['HOW-TO-RESTORE.txt', 'place.json', NAME_KEY_FILE])
      forgetObject(deps.journal, place.id, bucket.keyOf(path))
  await leaveNameKey(bucket, deps, signal)
  await putPlainText(bucket, 'HOW-TO-RESTORE.txt', page, deps, signal)
  await putPlainText(bucket, 'place.json', `${JSON.stringify(marker, null, 2)}\n`, deps, signal)
}

/** The key to hidden names, where there are some: put there once, and again when it was found to be gone or altered. */
async function leaveNameKey(bucket: OpenBucket, deps: PutTextDeps, signal?: AbortSignal): Promise<void> {
  const { nameKey, recipients } = bucket.settings
  if (nameKey === undefined || !recipients) return
  if (objectAt(deps.journal, bucket.place.id, bucket.keyOf(NAME_KEY_FILE))) return
  await putPlainText(bucket, NAME_KEY_FILE, await wrapNameKey(nameKey, recipients), deps, signal)
}

/** What `<prefix>/<machine id>/place.json` says. @throws OFFSITE_FOREIGN when it cannot be understood */
export async function markerAt(store: ObjectStore, key: string, signal?: AbortSignal): Promise<Marker | undefined> {
  const opened = await store.read({ key }, signal)
  if (!opened) return undefined
  try {
    const chunks: Uint8Array[] = []
    let bytes = 0
    for await (const chunk of opened.body) {
      bytes += chunk.length
      if (bytes > MARKER_MAX_BYTES) throw new Error('it is too long')
      chunks.push(chunk)
    }
    return parseMarker(Buffer.concat(chunks).toString('utf8'))
  } catch (error) {
    if (error instanceof SafelightError) throw error
    throw new SafelightError('OFFSITE_FOREIGN', {
      message: `${key} says whose place this is, and cannot be understood: ${describeError(error).split('\n', 1)[0] ?? ''}. Nothing was written.`,
      remedy: 'Use another prefix, or put the right place.json back (an earlier version of the object, perhaps).',
      cause: error,
    })
  }
}

const MARKER_MAX_BYTES = 64 * 1024

/** This home's own, made once. No secret: it tells homes apart and opens nothing. */
function ownerToken(journal: Journal): string {
  const known = getMeta(journal, OWNER)
  if (known !== undefined) return known
  const token = randomUUID()
  setMeta(journal, OWNER, token)
  return token
}

const OWNER = 'owner-token'

/** Since when this home owns the folder: another one after each time that it was taken over. */
function ownerTerm(journal: Journal, placeId: string): string {
  return getMeta(journal, termKey(placeId)) ?? beginTerm(journal, placeId)
}

function beginTerm(journal: Journal, placeId: string): string {
  const term = randomUUID()
  setMeta(journal, termKey(placeId), term)
  return term
}

function termKey(placeId: string): string {
  return `owner-term ${placeId}`
}

/** After a rebuild: the user says that this computer goes on where the one did that wrote there before, and no other one has since. */
export function claimFolder(journal: Journal, placeId: string, marker: Marker): void {
  setMeta(journal, claimKey(placeId), termOf(marker))
}

function termOf({ term, owner }: Marker): string {
  return term ?? owner ?? ''
}

function claimKey(placeId: string): string {
  return `owner-claim ${placeId}`
}

export interface OwnerDeps extends PutTextDeps {
  /** Whether the records there are still those that a rebuild read. */
  readonly areRecordsAsRead: () => Promise<boolean>
}

/** Called before anything is sent, and before records are written. A marker of an earlier version, which names no owner, is brought up to date; one that is gone is left alone.
 *  @throws OFFSITE_FOREIGN when another computer has taken the folder over */
export async function requireOwner(bucket: OpenBucket, deps: OwnerDeps, signal?: AbortSignal): Promise<void> {
  const { journal } = deps
  const { place, settings } = bucket
  const marker = await markerAt(bucket.store, bucket.keyOf('place.json'), signal)
  if (!marker) return
  const isOurs = marker.owner === ownerToken(journal)
  const isClaimed = getMeta(journal, claimKey(place.id)) === termOf(marker)
  if (marker.owner !== undefined && !isOurs && !isClaimed) throw takenOver(bucket, marker)
  if (!isOurs && isClaimed && !(await deps.areRecordsAsRead()))
    throw new SafelightError('OFFSITE_FOREIGN', {
      message: `The computer that wrote to the folder ${settings.machineId} of "${place.name}" has gone on since this one was rebuilt from there. Nothing was sent, so that neither undoes the other's work.`,
      remedy: `Stop it there (safelight stop), and rebuild here once more: safelight rebuild --from ${place.path}/${settings.machineId}`,
    })
  if (!isOurs) await takeOver(bucket, marker, deps, signal)
  await leaveNameKey(bucket, deps, signal)
  deleteMeta(journal, claimKey(place.id))
}

/** Of several computers that were rebuilt from this folder one goes on. */
async function takeOver(bucket: OpenBucket, before: Marker, deps: OwnerDeps, signal?: AbortSignal): Promise<void> {
  const { journal } = deps
  const { place, store } = bucket
  const [own, key] = [ownerToken(journal), bucket.keyOf('place.json')]
  const refuse = (now: Marker | undefined): SafelightError => {
    // It has to be asked for anew.
    deleteMeta(journal, claimKey(place.id))
    return takenOver(bucket, now)
  }
  if (before.owner !== undefined) {
    const mayWrite = await takesTerm(bucket, termOf(before), own, deps, signal)
    const now = await markerAt(store, key, signal)
    if (!mayWrite || now?.owner !== before.owner || now.term !== before.term) throw refuse(now)
  }
  beginTerm(journal, place.id)
  // What we put there before is not what lies there now.
  forgetObject(journal, place.id, key)
  await writeMarker(bucket, before, deps, signal)
  if (bucket.profile.ifAbsent || before.owner === undefined) return
  await deps.sleep(SETTLE_MS)
  const settled = await markerAt(store, key, signal)
  if (settled?.owner !== own) throw refuse(settled)
}

function takenOver({ place, settings }: OpenBucket, marker: Marker | undefined): SafelightError {
  return new SafelightError('OFFSITE_FOREIGN', {
    message: `Another computer${marker?.machine === undefined ? '' : ` ("${marker.machine.host}")`} has taken over the folder ${settings.machineId} of "${place.name}": it was rebuilt from there. Nothing was sent, so that neither undoes the other's work.`,
    remedy: `If this computer is to go on there: safelight rebuild --from ${place.path}/${settings.machineId}. Else remove the place (safelight place remove "${place.name}") and add another prefix.`,
  })
}
