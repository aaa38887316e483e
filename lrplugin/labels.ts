// Keeps Safelight's two fields of every photo true: what the helper says of it, with the day of the proof, written only where it differs from
// what stands there. Proofs grow old by themselves, so the whole catalog is gone through again and again, slowly: a slice of photos every few
// seconds costs less than a thousandth of a core. What was just imported is looked at sooner. Fields are written in small private gates,
// which leave no undo step; a catalog that is busy is left alone until the next round.
import type { PhotoState } from '../shared/methods.js'
import { RPC_CODES } from '../shared/rpc.js'
import { ask } from './ask.js'
import { logInfo, logWarning } from './log.js'
import type { SharedState } from './state.js'
import { attempt, giveWay, now, sleep } from './tasks.js'

const LrApplication = lightroom('LrApplication')

const TURN_SECONDS = 1
/** Lightroom's start is left alone. */
const FIRST_ROUND_SECONDS = 60
const SLICE = 100
const SLICE_SECONDS = 5
/** From the end of a round to the beginning of the next. */
const REST_SECONDS = 3600
/** Fields of so many photos are written in one gate: a few hundredths of a second. */
const PHOTOS_PER_GATE = 50
const GATE_SECONDS = 5
const ANSWER_SECONDS = 60
/** After a helper that did not answer, or one that does not know the question. */
const RETRY_SECONDS = 60
const UNKNOWN_SECONDS = 3600
/** Seconds after a photo was handed over at which it is looked at; the last time it has been copied, or waits for a drive. */
const SOON = [15, 60, 300, 1200]
/** Followed one by one; of a longer import the rest waits for the round. */
const FOLLOWED = 5000

interface Soon {
  readonly photo: LrPhoto
  readonly since: number
  looks: number
}

/** @noSelf */
interface Labels {
  readonly state: SharedState
  readonly isCurrent: () => boolean
  catalogPath: string
  soon: Soon[]
  /** What is left of the round, from `at` on. */
  round: readonly LrPhoto[]
  at: number
  nextSliceAt: number
  nextRoundAt: number
}

/** Labels until `isCurrent` says no. Only inside a task. */
export function keepLabels(state: SharedState, isCurrent: () => boolean): void {
  const labels: Labels = {
    state,
    isCurrent,
    catalogPath: '',
    soon: [],
    round: [],
    at: 0,
    nextSliceAt: 0,
    nextRoundAt: now() + FIRST_ROUND_SECONDS,
  }
  while (isCurrent()) {
    const problem = attempt(() => turn(labels))
    if (problem !== undefined) {
      logWarning(`labels: ${problem}`)
      labels.nextSliceAt = now() + SLICE_SECONDS * 10
    }
    sleep(TURN_SECONDS)
  }
}

function turn(labels: Labels): void {
  const { state } = labels
  noticeCatalog(labels)
  takeHandedOver(labels)
  if (state.session === undefined || now() < labels.nextSliceAt) return
  labels.nextSliceAt = now() + SLICE_SECONDS
  const due = labels.soon.filter(({ since, looks }) => now() - since >= (SOON[looks] ?? 0)).slice(0, SLICE)
  if (due.length > 0) {
    if (
      !label(
        labels,
        due.map(({ photo }) => photo),
      )
    )
      return
    for (const each of due) each.looks += 1
    labels.soon = labels.soon.filter(({ looks }) => looks < SOON.length)
    return
  }
  nextSlice(labels)
}

function noticeCatalog(labels: Labels): void {
  const path = LrApplication.activeCatalog().getPath()
  if (path === labels.catalogPath) return
  labels.catalogPath = path
  labels.soon = []
  labels.round = []
  labels.at = 0
  labels.nextRoundAt = now() + FIRST_ROUND_SECONDS
}

function takeHandedOver(labels: Labels): void {
  const { state } = labels
  for (const photo of state.handedOver)
    if (labels.soon.length < FOLLOWED) labels.soon.push({ photo, since: now(), looks: 0 })
  state.handedOver = []
}

function nextSlice(labels: Labels): void {
  if (labels.at >= labels.round.length) {
    if (now() < labels.nextRoundAt) return
    labels.round = LrApplication.activeCatalog().getAllPhotos()
    labels.at = 0
    // The enumeration was dear enough for one turn.
    return
  }
  const slice = labels.round.slice(labels.at, labels.at + SLICE)
  if (!label(labels, slice)) return
  labels.at += slice.length
  if (labels.at < labels.round.length) return
  labels.round = []
  labels.at = 0
  labels.nextRoundAt = now() + REST_SECONDS
}

/** @returns false when these photos are to be tried again */
function label(labels: Labels, photos: readonly LrPhoto[]): boolean {
  const catalog = LrApplication.activeCatalog()
  const metadata = catalog.batchGetRawMetadata(photos, ['path'])
  giveWay()
  const asked: { id: number; path: string }[] = []
  const byId = new Map<number, LrPhoto>()
  for (const photo of photos) {
    const path = metadata.get(photo)?.path
    if (path === undefined) continue
    asked.push({ id: photo.localIdentifier, path })
    byId.set(photo.localIdentifier, photo)
  }
  if (asked.length === 0) return true
  const answer = ask('photos/states', { catalog: catalog.getPath(), photos: asked }, { silenceSeconds: ANSWER_SECONDS })
  if (!answer.ok) {
    labels.nextSliceAt = now() + (answer.error.code === RPC_CODES.METHOD_NOT_FOUND ? UNKNOWN_SECONDS : RETRY_SECONDS)
    return false
  }
  const shown = catalog.batchGetPropertyForPlugin(photos, _PLUGIN, ['backup', 'provenOn'])
  giveWay()
  const changes: Change[] = []
  for (const said of answer.result.states) {
    const photo = byId.get(said.id)
    if (photo === undefined || typeof said.backup !== 'string') continue
    const { backup, provenOn } = believable(said)
    const before = shown.get(photo)
    if (before?.backup !== backup || before.provenOn !== provenOn) changes.push({ photo, backup, provenOn })
  }
  return write(catalog, changes)
}

interface Change {
  readonly photo: LrPhoto
  readonly backup: string
  readonly provenOn: string | undefined
}

/** Whatever a helper says: nothing is shown as backed up without the day of its proof. */
function believable({ backup, provenOn }: PhotoState): { backup: string; provenOn: string | undefined } {
  const day = typeof provenOn === 'string' ? provenOn : undefined
  if (backup.startsWith('3-2-1') && (day === undefined || !backup.includes(day)))
    return { backup: 'not known', provenOn: undefined }
  return { backup, provenOn: day }
}

function write(catalog: LrCatalog, changes: readonly Change[]): boolean {
  for (let from = 0; from < changes.length; from += PHOTOS_PER_GATE) {
    const batch = changes.slice(from, from + PHOTOS_PER_GATE)
    const outcome = catalog.withPrivateWriteAccessDo(
      () => {
        for (const { photo, backup, provenOn } of batch) {
          photo.setPropertyForPlugin(_PLUGIN, 'backup', backup)
          photo.setPropertyForPlugin(_PLUGIN, 'provenOn', provenOn)
        }
      },
      { timeout: GATE_SECONDS },
    )
    if (outcome === 'aborted') return false
    giveWay()
  }
  if (changes.length > 0) logInfo(`the backup fields of ${changes.length} photos brought up to date`)
  return true
}
