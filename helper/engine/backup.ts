// A backup from beginning to end: scan → plan → copy and verify → re-read → seal, over whatever sources and places it is given. Every part
// may be run twice, so after a crash, a pulled drive or Ctrl-C the same call finishes what is left and sends nothing again that had arrived.
import os from 'node:os'
import { SafelightError } from '../errors.js'
import { inWords } from '../files/in-words.js'
import { clearLeftovers } from '../files/temporary.js'
import { deviceRelation, type Volume } from '../files/volumes.js'
import { listShoots } from '../journal/shoots.js'
import { addStep, finishStep, stepsOf } from '../journal/steps.js'
import { temporaryTag } from '../journal/meta.js'
import type { BackupResult } from '../../shared/methods.js'
import type { LogEvent } from '../manifest/log.js'
import { type OpenPlace } from '../place/places.js'
import { reReadUnproven, sealPending, shootFolderAt } from './finish.js'
import { markGoneFiles } from './gone.js'
import { backupResult } from './outcome.js'
import { roomNeeded } from './plan.js'
import { filesIn, holdsWhatWasKnown, prepareSource, scanSource, type PreparedShoot } from './prepare.js'
import { ProgressMeter, type OnProgress } from './progress.js'
import { bytesToSend, protectFiles } from './protect-all.js'
import { BackupRun, type EngineDeps } from './run.js'
import { settleNames, takeNames } from './source-names.js'
import { identifySource, type SourcePath } from './sources.js'

export interface BackupRequest {
  readonly sources: readonly SourcePath[]
  /** Open, and not overlapping any source. */
  readonly places: readonly OpenPlace[]
  /** Said in the result as well: places that were asked for and could not be opened, sync folders … */
  readonly warnings?: readonly string[]
  /** Places that were wanted and are not there; the backup is then not complete. */
  readonly absent?: readonly SafelightError[]
}

export async function backUp(
  deps: EngineDeps,
  request: BackupRequest,
  signal: AbortSignal,
  onProgress: OnProgress,
): Promise<BackupResult> {
  const run = new BackupRun(deps, request.places, signal)
  for (const warning of request.warnings ?? []) run.warn(warning)
  const meter = new ProgressMeter(deps.pool, run.counts, onProgress, deps.clock)
  const stop = (): void => deps.pool.stop()
  signal.addEventListener('abort', stop, { once: true })
  if (signal.aborted) stop()
  try {
    for (const place of run.livePlaces()) clearPlace(run, place)
    const all = await prepareAll(run, request, meter)
    const { prepared, leftOut } = all
    if (!signal.aborted) {
      checkRoom(run, prepared)
      await takeNames(run, prepared)
    }
    await protectAll(run, all, meter)
    await run.recorder.settle()
    markGoneFiles(run, prepared)
    await finishPlaces(run, meter)
    noteFolders(run, prepared, (step) => finishStep(run.deps.journal, step))
    return backupResult(run, { prepared, leftOut, absent: request.absent ?? [] })
  } finally {
    signal.removeEventListener('abort', stop)
    await run.recorder.settle()
    meter.close()
  }
}

// ── before the first byte ───────────────────────────────────────────────────────────────────────────────────────────────────────────

interface Prepared {
  readonly prepared: readonly PreparedShoot[]
  readonly leftOut: { file: string; why: string }[]
  /** Where the originals lie, when there is one source. */
  readonly volume: Volume | undefined
}

/** Takes away what a run of this home that did not come to its end left at a place: at its top, and in the folders in which it was at work,
 *  whether or not their originals are part of this run or still exist. */
function clearPlace(run: BackupRun, place: OpenPlace): void {
  const { journal, files, clock } = run.deps
  const tag = temporaryTag(journal)
  const nowMs = clock()
  const rows = new Map(listShoots(journal).map((row) => [row.id, row]))
  const left = (['clear', 're-read', 'seal'] as const).flatMap((kind) => stepsOf(journal, kind))
  const shootIds = new Set(left.filter((step) => step.placeId === place.id).map((step) => step.shootId))
  try {
    clearLeftovers(files, place.root, tag, nowMs)
    for (const shootId of shootIds) {
      const row = rows.get(shootId)
      const folder = row && shootFolderAt(run, place, row)
      if (folder !== undefined && files.stat(folder)?.kind === 'folder') clearLeftovers(files, folder, tag, nowMs)
      finishStep(journal, { kind: 'clear', shootId, placeId: place.id, payload: '' })
    }
  } catch (error) {
    run.placeRefused(place.id, error)
  }
}

async function prepareAll(run: BackupRun, request: BackupRequest, meter: ProgressMeter): Promise<Prepared> {
  const prepared: PreparedShoot[] = []
  const leftOut: { file: string; why: string }[] = []
  const volumes: Volume[] = []
  for (const given of request.sources) {
    meter.stage('looking')
    // The system answers about the volume while the folder is looked at.
    const describing = run.deps.volumes.describe(given.folder)
    describing.catch(() => undefined)
    const scan = scanSource(run, given)
    const volume = await describing
    volumes.push(volume)
    const nowMs = run.deps.clock()
    const { source, renamedFrom } = identifySource(
      run.deps.journal,
      given.folder,
      volume,
      (known) => holdsWhatWasKnown(run, known, scan),
      nowMs,
    )
    run.meetSource(source)
    await settleNames(run, source)
    if (renamedFrom !== undefined)
      run.warn(
        `Another folder called "${renamedFrom}" is already backed up, so this one (${given.folder}) goes by the name "${source.label}"`,
      )
    const deviceWarnings = warnOfDevices(run, source.label, volume)
    for (const each of scan.leftOut) leftOut.push({ file: `${source.label}/${each.file}`, why: each.why })
    for (const { file, message } of scan.unreadable) {
      run.find({
        kind: 'unreadable',
        place: 'working',
        shoot: source.label,
        file,
        message: `it could not be looked at: ${message}`,
      })
    }
    const shoots = await prepareSource(run, source, given, scan, {
      temporaryTag: temporaryTag(run.deps.journal),
      signal: run.signal,
    })
    for (const each of shoots) introduce(run, each, volume, deviceWarnings)
    prepared.push(...shoots)
  }
  run.counts.files = prepared.reduce((sum, each) => sum + filesIn(each), 0)
  return { prepared, leftOut, volume: volumes.length === 1 ? volumes[0] : undefined }
}

/** @returns by place, what must be said of it beside every copy */
function warnOfDevices(run: BackupRun, label: string, volume: Volume): Map<string, string> {
  const warnings = new Map<string, string>()
  for (const place of run.places) {
    const relation = deviceRelation(volume, place.volume)
    if (relation !== 'separate') {
      const warning =
        relation === 'shared'
          ? `${place.name} is on the same physical device as "${label}". If that device dies, the originals and this copy die together: it does NOT count as a second device`
          : `It cannot be told whether ${place.name} and "${label}" are on two physical devices, so it does NOT count as a second device`
      warnings.set(place.id, warning)
      run.stress(warning)
    }
    if (place.uncounted !== undefined) {
      run.stress(
        place.uncounted === 'card'
          ? `${place.name} is a camera card. Cards are formatted, so it does NOT count as a copy (if it is a drive: safelight place add "${place.folder}" --role drive)`
          : `${place.name} is a client gallery, made for showing: it does NOT count as a copy`,
      )
    }
    if (place.syncClient !== undefined) {
      run.warn(
        `${place.name} is a folder of ${place.syncClient}. A sync folder passes deletions and damage on, so it never counts as off-site`,
      )
    }
    const twin = run.places.find(
      (other) => other !== place && other.id < place.id && deviceRelation(other.volume, place.volume) !== 'separate',
    )
    if (twin)
      run.warn(`${place.name} and ${twin.name} are not on two physical devices for certain: together they count as one`)
  }
  return warnings
}

/** Writes at the head of a shoot's log which folder of originals it stands for, where that was not said yet. */
function introduce(
  run: BackupRun,
  { shoot, newAt, unsealedAt, unprovenAt }: PreparedShoot,
  volume: Volume,
  deviceWarnings: ReadonlyMap<string, string>,
): void {
  for (const placeId of unsealedAt)
    addStep(run.deps.journal, { kind: 'seal', shootId: shoot.row.id, placeId, payload: '' }, run.deps.clock())
  // Known from a place's own log, or left by a crash: nothing is called as it was before it has been read.
  for (const placeId of unprovenAt)
    addStep(run.deps.journal, { kind: 're-read', shootId: shoot.row.id, placeId, payload: '' }, run.deps.clock())
  for (const [placeId, folder] of shoot.folders) {
    run.recorder.setFolder(shoot.row.id, placeId, folder)
    if (!newAt.includes(placeId)) continue
    const { source, row } = shoot
    const warning = deviceWarnings.get(placeId)
    const event: LogEvent = {
      event: 'source',
      at: run.iso(),
      shoot: row.key,
      root: source.path,
      pathFromRoot: row.pathFromRoot,
      ...(source.volumeId === undefined ? {} : { volume: source.volumeId, pathOnVolume: source.pathOnVolume ?? '' }),
      host: os.hostname(),
      sourceDevices: [...volume.devices],
      placeDevices: [...run.placeNamed(placeId).volume.devices],
      ...(warning === undefined ? {} : { warning }),
    }
    run.recorder.introduce(row.id, placeId, event)
  }
}

function checkRoom(run: BackupRun, prepared: readonly PreparedShoot[]): void {
  const plans = prepared.flatMap((each) => each.plan.files)
  for (const place of run.livePlaces()) {
    const needed = roomNeeded(plans, place.id)
    try {
      const { freeBytes } = run.deps.volumes.room(place.folder)
      if (needed > freeBytes) run.failPlace(place.id, tooLittleRoom(place, needed, freeBytes))
    } catch (error) {
      // Pulled since it was opened.
      run.placeRefused(place.id, error)
    }
  }
}

function tooLittleRoom(place: OpenPlace, neededBytes: number, freeBytes: number): SafelightError {
  return new SafelightError('VOLUME_FULL', {
    message: `${place.name} has too little room: ${inWords(neededBytes)} are needed and ${inWords(freeBytes)} are free (${neededBytes} and ${freeBytes} bytes). Nothing was copied to it.`,
    remedy: `Free at least ${inWords(neededBytes - freeBytes)} on it, or use a larger drive, and run the same command again.`,
  })
}

// ── copying ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

async function protectAll(run: BackupRun, { prepared, volume }: Prepared, meter: ProgressMeter): Promise<void> {
  meter.begin('copying', run.counts.files, bytesToSend(prepared))
  noteFolders(run, prepared, (step) => addStep(run.deps.journal, step, run.deps.clock()))
  await protectFiles(run, prepared, volume)
}

/** Writes down in which folders this run writes, before it does, and strikes them out when it has come to its end. */
function noteFolders(
  run: BackupRun,
  prepared: readonly PreparedShoot[],
  note: (step: { kind: 'clear'; shootId: number; placeId: string; payload: string }) => void,
): void {
  const shootIds = prepared.filter(({ plan }) => plan.files.length > 0).map(({ shoot }) => shoot.row.id)
  if (shootIds.length === 0) return
  run.deps.journal.transaction(() => {
    for (const { id: placeId } of run.livePlaces())
      for (const shootId of shootIds) note({ kind: 'clear', shootId, placeId, payload: '' })
  })
}

// ── the end ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

async function finishPlaces(run: BackupRun, meter: ProgressMeter): Promise<void> {
  meter.stage('reading back')
  for (const place of run.livePlaces()) await reReadUnproven(run, place)
  meter.stage('sealing')
  for (const place of run.livePlaces()) await sealPending(run, place)
}
