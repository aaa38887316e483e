// Verifying the copies of one shoot at one place: read, compared with the reference, judged in this computer's turn, because another one may be
// in the middle of something there, and recorded.
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { systemCode } from '../errors.js'
import { linkOnTheWay } from '../files/durable.js'
import { copiesAt, setCopyState, type CopyRow } from '../journal/files.js'
import { isShared } from '../journal/places.js'
import type { ShootRow } from '../journal/shoots.js'
import { finishStep, stepsOf } from '../journal/steps.js'
import { appendEvents, type LogEvent } from '../manifest/log.js'
import { sealShoots } from '../manifest/seal.js'
import type { Hash } from '../model.js'
import { isStillThere, type OpenPlace } from '../place/places.js'
import type { Turn } from '../place/turn.js'
import { catchUp, type ChainView } from './catch-up.js'
import { folderBelowPhotos, shootFolderAt } from './finish.js'
import type { HashOutcome } from './jobs.js'
import { deviceOf } from './record-draft.js'
import type { BackupRun } from './run.js'
import type { VerifyRequest } from './verify.js'
import { checkManifest, extrasIn, faultsOfRecords, findExtras } from './verify-records.js'

/** What a verification has seen so far. */
export interface Tally {
  checked: number
  good: number
  bytesRead: number
  direct: number
  cached: number
}

interface Reading {
  readonly copy: CopyRow & { readonly hash: Hash; readonly name: string }
  readonly result: HashOutcome['result']
}

export async function verifyShoot(
  run: BackupRun,
  place: OpenPlace,
  shoot: ShootRow,
  { tally, chain, only }: { readonly tally: Tally; readonly chain: ChainView; readonly only: VerifyRequest['only'] },
): Promise<void> {
  const { journal, pool, files } = run.deps
  const folder = shootFolderAt(run, place, shoot)
  const link = linkOnTheWay(files, place.root, folder)
  if (link !== undefined) {
    run.find({
      kind: 'unreadable',
      place: place.name,
      shoot: shoot.key,
      file: '',
      message: `${link} is a link that leads away from the drive; what it leads to was not read, and is no copy`,
    })
    return
  }
  const all = copiesAt(journal, shoot.id, place.id)
  const copies = only ? all.filter(only) : all
  if (only && copies.length === 0) return
  const readings: Reading[] = await Promise.all(
    copies.map(async (copy) => {
      const { result } = await pool.run({
        kind: 'hash',
        file: path.join(folder, ...copy.path.split('/')),
        sizeBytes: copy.sizeBytes,
        fromDevice: true,
      })
      run.counts.done += 1
      return { copy, result }
    }),
  )
  if (!isStillThere(files, place)) {
    run.failPlace(place.id, Object.assign(new Error('the drive is no longer there'), { code: 'ENODEV' }))
    return
  }
  const finished = readings.filter(({ result }) => !('failure' in result && result.failure.kind === 'stopped'))
  const shot: ShootRead = { place, shoot, folder, readings: finished, hadCopies: copies.length > 0 }
  // Another computer gives a name first and writes the line about it a moment later: what it has under way is no finding.
  for (let look = 1; ; look++) {
    const isLast = look === LOOKS || run.signal.aborted || !isShared(journal, place.id)
    if (await run.inTurn(place, (turn) => judgeShoot(run, shot, { tally, chain, isLast, turn }))) return
    await wait(BETWEEN_LOOKS_MS)
  }
}

/** How often, and how long apart, a shoot is looked at where another computer may be in the middle of something. */
const LOOKS = 5
const BETWEEN_LOOKS_MS = 400

interface ShootJudging {
  readonly tally: Tally
  readonly chain: ChainView
  /** What is not explained now is a finding. */
  readonly isLast: boolean
  readonly turn: Turn
}

interface ShootRead {
  readonly place: OpenPlace
  readonly shoot: ShootRow
  readonly folder: string
  readonly readings: readonly Reading[]
  readonly hadCopies: boolean
}

/** In this computer's turn. @returns false when something is not as it should be that another computer may be about to explain */
function judgeShoot(
  run: BackupRun,
  { place, shoot, folder, readings, hadCopies }: ShootRead,
  { tally, chain, isLast, turn }: ShootJudging,
): boolean {
  const { journal } = run.deps
  catchUp(run.deps, place)
  const mayBeUnderWay = (): boolean => isUnexplained(run, place, shoot, readings)
  if (isShared(journal, place.id) && (mayBeUnderWay() || faultsOfRecords(run, place, shoot, chain).length > 0)) {
    const below = folderBelowPhotos(run, place, shoot)
    run.learnUnsealed(place, below)
    // Another computer was killed between a manifest and the chain: what it began is finished.
    if (stepsOf(journal, 'seal').some(({ placeId, shootId }) => placeId === place.id && shootId === shoot.id))
      sealShoots(run.deps, place.id, place.root, [{ shootId: shoot.id, folder: below }], turn)
    if (!isLast && mayBeUnderWay()) return false
  }
  const now = pathsAt(run, place, shoot)
  const own = readings.filter(({ copy }) => now.get(copy.path) === copy.versionId)
  const events = own.map((reading) => judge(run, place, shoot, reading, tally))
  // Before anything is added to the log, which is one of the records that are checked.
  checkManifest(run, place, shoot, chain)
  if (!hadCopies) return true
  findExtras(run, place, shoot, folder, now)
  appendWhereWritable(run, place, folder, events)
  journal.transaction(() => own.forEach((reading) => record(run, place, shoot, reading)))
  return true
}

/** Files and their names change out of turn, records never do. */
function isUnexplained(run: BackupRun, place: OpenPlace, shoot: ShootRow, readings: readonly Reading[]): boolean {
  const now = pathsAt(run, place, shoot)
  return (
    readings.some((each) => now.get(each.copy.path) === each.copy.versionId && !isGood(each)) ||
    extrasIn(run, shootFolderAt(run, place, shoot), now).length > 0
  )
}

/** Which version lies under each name, as the journal knows it now: another computer may have put something else there. */
function pathsAt(run: BackupRun, place: OpenPlace, shoot: ShootRow): Map<string, number> {
  return new Map(copiesAt(run.deps.journal, shoot.id, place.id).map((copy) => [copy.path, copy.versionId]))
}

function isGood({ copy, result }: Reading): boolean {
  return !('failure' in result) && result.hash === copy.hash
}

/** @returns the line for the log */
function judge(run: BackupRun, place: OpenPlace, shoot: ShootRow, { copy, result }: Reading, tally: Tally): LogEvent {
  const common = { at: run.iso(), file: copy.name, path: copy.path, sourceHash: copy.hash, device: deviceOf(place) }
  const find = (kind: string, message: string): void =>
    run.find({ kind, place: place.name, shoot: shoot.key, file: copy.path, message })
  tally.checked += 1
  if ('failure' in result) {
    const event = result.failure.kind === 'vanished' ? 'missing' : 'unreadable'
    find(
      event,
      event === 'missing' ? 'the copy is no longer there' : `the copy cannot be read: ${result.failure.message}`,
    )
    return { event, ...common, why: result.failure.message }
  }
  tally.bytesRead += result.stat.sizeBytes
  tally[result.how] += 1
  const good = result.hash === copy.hash
  if (good) tally.good += 1
  else
    find(
      'damaged',
      `the copy is damaged: it reads ${result.hash.slice(0, 12)}… where ${copy.hash.slice(0, 12)}… was written`,
    )
  return { event: good ? 'verified' : 'damaged', ...common, copyHash: result.hash, read: result.how }
}

/** A drive that is read-only or full can still be verified; its log then stays as it is, and the journal remembers. */
function appendWhereWritable(run: BackupRun, place: OpenPlace, folder: string, events: readonly LogEvent[]): void {
  try {
    appendEvents(run.deps.files, place.root, folder, events)
  } catch (error) {
    if (!['EROFS', 'EACCES', 'EPERM', 'ENOSPC', 'EDQUOT'].includes(systemCode(error))) throw error
    run.warn(`${place.name} could not be written (${systemCode(error)}), so this check is not in its log`)
  }
}

function record(run: BackupRun, place: OpenPlace, shoot: ShootRow, { copy, result }: Reading): void {
  const { journal, clock } = run.deps
  if ('failure' in result) {
    if (result.failure.kind === 'vanished') setCopyState(journal, copy, 'missing')
    return
  }
  if (result.hash !== copy.hash) {
    setCopyState(journal, copy, 'damaged')
    return
  }
  journal.run(
    'UPDATE copies SET state = ?, size = ?, mtime_ms = ?, proven_ms = ?, proven_how = ? WHERE version_id = ? AND place_id = ? AND path = ?',
    [
      'verified',
      result.stat.sizeBytes,
      result.stat.mtimeMs,
      clock(),
      result.how,
      copy.versionId,
      copy.placeId,
      copy.path,
    ],
  )
  if (copy.state === 'written')
    finishStep(journal, { kind: 're-read', shootId: shoot.id, placeId: place.id, payload: '' })
}
