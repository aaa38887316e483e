// Filling a drive that was added to an archive that is there already (a drive refresh, a second drive after a loss): every content that some
// place or the original still has is copied to it, by the same steps as a heal: bytes that hash to the reference, the log beside them, the
// journal. Shoot by shoot, and other work gets its turn between two lots. Interrupted, the same command goes on with what is missing.
import os from 'node:os'
import path from 'node:path'
import { ProgressMeter, type OnProgress } from '../engine/progress.js'
import { BackupRun, type EngineDeps } from '../engine/run.js'
import { inWords } from '../files/in-words.js'
import { historyOfShoot } from '../journal/history.js'
import { listShoots, sourceById, type ShootRow } from '../journal/shoots.js'
import { appendEvents, LOG_FILE, type LogEvent } from '../manifest/log.js'
import { isStillThere, type OpenPlace } from '../place/places.js'
import type { FillResult } from '../../shared/methods.js'
import type { OpenBucket } from './bucket.js'
import { CopyFinder } from './copies.js'
import type { Fetcher } from './fetch.js'
import { finishAt, healCopies } from './heal-copies.js'
import type { HealRun, Suspect } from './heal-run.js'
import { missingAt } from './owed.js'

export interface FillRequest {
  readonly place: OpenPlace
  /** Open places to copy from; the new one may be among them. */
  readonly places: readonly OpenPlace[]
  readonly buckets: readonly OpenBucket[]
  readonly fetcher: Fetcher
  /** One lot of files is copied while nothing else writes. */
  readonly exclusively: <T>(act: () => Promise<T>) => Promise<T>
}

/** So many files are copied before other work has its turn. */
const LOT_FILES = 256

export async function fillPlace(
  deps: EngineDeps,
  { place, places, buckets, fetcher, exclusively }: FillRequest,
  signal: AbortSignal,
  onProgress: OnProgress,
): Promise<FillResult> {
  const all = [place, ...places.filter(({ id }) => id !== place.id)]
  const run: HealRun = {
    engine: new BackupRun(deps, all, signal),
    finder: new CopyFinder(deps, all, buckets),
    fetcher,
    buckets,
    isDryRun: false,
    healed: [],
    tally: { checked: 0, good: 0, bytesCopied: 0 },
    namesGiven: new Set(),
  }
  const shoots = listShoots(deps.journal)
  const owed = shoots.map((shoot) => missingAt(historyOfShoot(deps.journal, shoot.id), shoot, place))
  const bytes = owed.flat().reduce((sum, { version }) => sum + version.sizeBytes, 0)
  const { freeBytes } = deps.volumes.room(place.folder)
  if (bytes > freeBytes)
    run.engine.warn(
      `"${place.name}" has ${inWords(freeBytes)} free and everything is ${inWords(bytes)}: it is filled as far as that goes`,
    )
  const meter = new ProgressMeter(deps.pool, run.engine.counts, onProgress, deps.clock)
  const stop = (): void => deps.pool.stop()
  signal.addEventListener('abort', stop, { once: true })
  if (signal.aborted) stop()
  try {
    meter.begin('filling', owed.flat().length, bytes)
    for (const [index, shoot] of shoots.entries())
      if ((owed[index]?.length ?? 0) > 0) await fillShoot(run, shoot, place, exclusively)
    // All may be on it, and an earlier filling may have been killed before its last shoot was proven and sealed.
    if (!signal.aborted) await exclusively(() => finishAt(run, place))
  } finally {
    signal.removeEventListener('abort', stop)
    meter.close()
  }
  if (!signal.aborted) await fetcher.clear()
  const left = shoots.reduce(
    (sum, shoot) => sum + missingAt(historyOfShoot(deps.journal, shoot.id), shoot, place).length,
    0,
  )
  const failure = run.engine.failedPlaces.get(place.id)
  return {
    files: run.healed.length + run.tally.good,
    bytes: run.tally.bytesCopied,
    left,
    ...(failure ? { failure: `${failure.message} ${failure.remedy}`, exitCode: failure.exitCode } : {}),
    findings: run.engine.findings,
    warnings: run.engine.warnings(),
  }
}

async function fillShoot(
  run: HealRun,
  shoot: ShootRow,
  place: OpenPlace,
  exclusively: FillRequest['exclusively'],
): Promise<void> {
  const { engine } = run
  const tried = new Set<string>()
  const copyLot = async (): Promise<boolean> => {
    const isUntried = ({ copy }: Suspect): boolean => !tried.has(`${copy.versionId} ${copy.path}`)
    const waiting = missingAt(historyOfShoot(engine.deps.journal, shoot.id), shoot, place).filter(isUntried)
    const lot = waiting.slice(0, LOT_FILES)
    for (const { copy } of lot) tried.add(`${copy.versionId} ${copy.path}`)
    await introduce(run, shoot, place)
    await healCopies(run, lot)
    if (waiting.length > lot.length) return true
    await finishAt(run, place)
    return false
  }
  while (!engine.signal.aborted && !engine.failedPlaces.has(place.id)) if (!(await exclusively(copyLot))) return
}

/** A log begins with the folder of originals that its shoot stands for. */
export async function introduce({ engine, finder }: HealRun, shoot: ShootRow, place: OpenPlace): Promise<void> {
  const folder = finder.folderOf(shoot, place)
  const { files, journal } = engine.deps
  if (folder === undefined || engine.failedPlaces.has(place.id)) return
  try {
    if (files.stat(path.join(folder, LOG_FILE)) !== undefined || !isStillThere(files, place)) return
    const source = sourceById(journal, shoot.sourceId)
    const { volumeId, pathOnVolume = '' } = source
    const event: LogEvent = {
      event: 'source',
      at: engine.iso(),
      shoot: shoot.key,
      root: source.path,
      pathFromRoot: shoot.pathFromRoot,
      ...(volumeId === undefined ? {} : { volume: volumeId, pathOnVolume }),
      host: os.hostname(),
      sourceDevices: [...source.devices],
      placeDevices: [...place.volume.devices],
    }
    await engine.inTurn(place, () => appendEvents(files, place.root, folder, [event]))
  } catch (error) {
    engine.placeRefused(place.id, error)
  }
}
