// Notices what was imported. Lightroom tells no plugin about an import, so the ids of all photos are looked through now and then (reading
// nothing else of them), and those above the cursor are read, left to settle and handed to the helper. The cursor moves when the helper has
// acknowledged, and at no other time: what is lost on the way is found again by the next pass or the next start.
import type { ImportedPhoto } from '../shared/methods.js'
import { RPC_CODES } from '../shared/rpc.js'
import { ask } from './ask.js'
import { sayBusy } from './busy.js'
import { acknowledge, cursorOf } from './cursors.js'
import { logInfo, logWarning } from './log.js'
import { inBatches, readPhotos, rootsOf } from './photos.js'
import { GROWING_SECONDS, SETTLE_SECONDS, countSettled, nextPassSeconds, type Candidate } from './settle.js'
import { noteRefusal, type SharedState } from './state.js'
import { attempt, giveWay, now, sleep } from './tasks.js'

const LrApplication = lightroom('LrApplication')
const LrFileUtils = lightroom('LrFileUtils')

/** @noSelf */
interface Watch {
  readonly state: SharedState
  readonly isCurrent: () => boolean
  catalogPath: string
  /** What was read of photos above the cursor, by id; undefined for those that have nothing to hand over. */
  known: Map<number, Candidate | undefined>
  /** Photos of which Lightroom said nothing yet, by id, and since when: they are read again, and hold back the cursor for a while. */
  unread: Map<number, number>
  newestId: number
  newestIdSince: number
}

const TURN_SECONDS = 1
/** Ids looked at before Lightroom gets its turn: a few milliseconds. */
const IDS_PER_TURN = 500
/** How many photos above the cursor are followed at a time; of a first pass over a large library the rest wait for the next one. */
const FOLLOWED = 1000
const ANSWER_SECONDS = 60

/** Watches until `isCurrent` says no. Only inside a task. */
export function keepWatch(state: SharedState, isCurrent: () => boolean): void {
  const watch: Watch = {
    state,
    isCurrent,
    catalogPath: '',
    known: new Map(),
    unread: new Map(),
    newestId: 0,
    newestIdSince: 0,
  }
  while (isCurrent()) {
    const problem = attempt(() => {
      noticeCatalog(watch)
      if (state.session !== undefined && now() >= state.watch.nextScanAt) look(watch)
    })
    if (problem !== undefined) {
      logWarning(`watch: ${problem}`)
      state.watch.nextScanAt = now() + nextPassSeconds(0, false)
    }
    sleep(TURN_SECONDS)
  }
}

function noticeCatalog(watch: Watch): void {
  const path = LrApplication.activeCatalog().getPath()
  watch.state.catalogPath = path
  if (path === watch.catalogPath) return
  watch.catalogPath = path
  watch.known = new Map()
  watch.unread = new Map()
  watch.newestId = 0
  watch.newestIdSince = now()
  watch.state.watch.cursor = cursorOf(path)
  watch.state.watch.nextScanAt = 0
}

function look(watch: Watch): void {
  const { state } = watch
  const catalog = LrApplication.activeCatalog()
  const fresh = freshPhotos(watch, catalog)
  const followed = fresh.slice(0, FOLLOWED)
  state.watch.lastScanAt = now()
  state.watch.waiting = fresh.length
  const isDone = fresh.length === 0 || handOver(watch, catalog, followed)
  state.watch.nextScanAt = now() + nextPassSeconds(state.watch.scanSeconds, !isDone || fresh.length > followed.length)
}

/** Photos above the cursor, oldest first. Only the time between two turns given away is counted as cost. */
function freshPhotos(watch: Watch, catalog: LrCatalog): LrPhoto[] {
  const cursor = cursorOf(watch.catalogPath)
  const fresh: { id: number; photo: LrPhoto }[] = []
  let newest = 0
  let from = now()
  const photos = catalog.getAllPhotos()
  let cost = now() - from
  giveWay()
  from = now()
  for (let index = 0; index < photos.length; index += 1) {
    const photo = photos[index]
    if (photo === undefined) continue
    const id = photo.localIdentifier
    if (id > newest) newest = id
    if (id > cursor) fresh.push({ id, photo })
    if (index % IDS_PER_TURN === IDS_PER_TURN - 1) {
      cost += now() - from
      giveWay()
      from = now()
    }
  }
  watch.state.watch.scanSeconds = cost + (now() - from)
  if (newest > watch.newestId) {
    watch.newestId = newest
    watch.newestIdSince = now()
    if (fresh.length > 0) sayBusy(watch.state)
  }
  // Lightroom hands photos out in its own order; sorting few is cheap, and a first pass over a library comes nearly sorted.
  return sortedById(fresh)
}

function sortedById(fresh: { id: number; photo: LrPhoto }[]): LrPhoto[] {
  let isSorted = true
  for (let index = 1; index < fresh.length && isSorted; index += 1)
    isSorted = (fresh[index - 1]?.id ?? 0) <= (fresh[index]?.id ?? 0)
  if (!isSorted) fresh.sort((one, other) => one.id - other.id)
  return fresh.map(({ photo }) => photo)
}

/** @returns whether nothing of what was followed is left waiting */
function handOver(watch: Watch, catalog: LrCatalog, followed: readonly LrPhoto[]): boolean {
  readUnknown(watch, catalog, followed)
  const rows: { id: number; candidate: Candidate | undefined }[] = []
  const byId = new Map<number, LrPhoto>()
  for (const photo of followed) {
    rows.push({ id: photo.localIdentifier, candidate: watch.known.get(photo.localIdentifier) })
    byId.set(photo.localIdentifier, photo)
  }
  const settledUpTo = settledId(watch, rows)
  const ready = rows.filter(({ id }) => id <= settledUpTo)
  for (const batch of inBatches(ready)) {
    if (!watch.isCurrent()) return false
    const photos: ImportedPhoto[] = []
    for (const { candidate } of batch) if (candidate !== undefined) photos.push(candidate.photo)
    const last = batch[batch.length - 1]
    if (last === undefined) continue
    if (photos.length > 0 && !send(watch, photos)) return false
    moveCursor(watch, last.id)
    watch.state.watch.waiting -= batch.length
    for (const { id, candidate } of batch) {
      const photo = byId.get(id)
      if (candidate !== undefined && photo !== undefined) watch.state.handedOver.push(photo)
      watch.known.delete(id)
      watch.unread.delete(id)
    }
  }
  return ready.length === followed.length
}

function readUnknown(watch: Watch, catalog: LrCatalog, followed: readonly LrPhoto[]): void {
  const unread = followed.filter((photo) => !watch.known.has(photo.localIdentifier))
  for (const batch of inBatches(unread)) {
    const { photos, unread: silent, unsendable } = readPhotos(catalog, batch)
    for (const photo of batch) watch.known.set(photo.localIdentifier, undefined)
    for (const id of silent) if (mayStillBeRead(watch, id)) watch.known.delete(id)
    for (const photo of photos)
      watch.known.set(photo.id, { photo, firstSeenAt: now(), sizeBytes: undefined, sizeSince: now() })
    for (const sentence of unsendable) noteRefusal(watch.state, sentence)
  }
}

/** A photo that was removed stays silent for good; after a while the cursor passes it. */
function mayStillBeRead(watch: Watch, id: number): boolean {
  const since = watch.unread.get(id) ?? now()
  watch.unread.set(id, since)
  return now() - since < GROWING_SECONDS
}

/** Looks at the sizes again and tells up to which id everything has settled. */
function settledId(watch: Watch, rows: readonly { id: number; candidate: Candidate | undefined }[]): number {
  const candidates: Candidate[] = []
  let looked = 0
  let firstSilent: number | undefined
  for (const { id, candidate } of rows) {
    if (!watch.known.has(id)) {
      firstSilent = id
      break
    }
    if (candidate === undefined) continue
    measure(candidate)
    candidates.push(candidate)
    looked += 1
    if (looked % 20 === 0) giveWay()
  }
  const settled = countSettled(candidates, watch.newestIdSince, now())
  const firstWaiting = candidates[settled]
  if (firstWaiting !== undefined) return firstWaiting.photo.id - 1
  return firstSilent === undefined ? watch.newestId : firstSilent - 1
}

function measure(candidate: Candidate): void {
  if (candidate.photo.isOffline) return
  const size = LrFileUtils.fileAttributes(candidate.photo.path).fileSize
  if (size === candidate.sizeBytes) return
  candidate.sizeBytes = size
  candidate.sizeSince = now()
}

/** @returns whether the helper has all of them; a photo that no message can carry is reported and passed over */
function send(watch: Watch, photos: readonly ImportedPhoto[]): boolean {
  const roots = rootsOf(LrApplication.activeCatalog())
  const telling = { catalog: watch.catalogPath, roots, photos }
  const answer = ask('photos/imported', telling, { silenceSeconds: ANSWER_SECONDS })
  const highest = photos[photos.length - 1]?.id ?? 0
  if (answer.ok) {
    const { accepted, refused, cursor } = answer.result
    if (typeof cursor !== 'number' || cursor < highest) return false
    watch.state.watch.acknowledged += typeof accepted === 'number' ? accepted : 0
    for (const { path, why } of refused) noteRefusal(watch.state, `${path}: ${why}`)
    logInfo(`${photos.length} photos handed over, up to id ${highest}`)
    return true
  }
  const { code, message } = answer.error
  logWarning(`photos not handed over: ${message}`)
  if (code !== RPC_CODES.INVALID_PARAMS && code !== RPC_CODES.TOO_LARGE) return false
  if (photos.length > 1) {
    const half = Math.floor(photos.length / 2)
    return send(watch, photos.slice(0, half)) && send(watch, photos.slice(half))
  }
  noteRefusal(watch.state, `${photos[0]?.path ?? ''}: ${message}`)
  return true
}

function moveCursor(watch: Watch, id: number): void {
  acknowledge(watch.catalogPath, id)
  watch.state.watch.cursor = id
}

/** Makes the next look happen at once, after something that surely changed the catalog. */
export function lookSoon(state: SharedState): void {
  state.watch.nextScanAt = Math.min(state.watch.nextScanAt, now() + SETTLE_SECONDS)
}
