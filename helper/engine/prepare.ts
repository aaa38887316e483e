// Before the first byte: what is there, what is known, what has to be done, and whether it fits. Reads names and attributes of the originals
// and of the places' folders, shoot by shoot, and gives the event loop a turn in between.
import path from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import type { EntryStat } from '../files/durable.js'
import { scanFolder, scanWithin, type ScannedFile, type Scan, type ScannedFolder } from '../files/scan.js'
import { isAbandoned, isLeftover } from '../files/temporary.js'
import { countOfFiles, filesOfShoot, goodFilesAt, shootsUnprovenAt, type FileRow } from '../journal/files.js'
import type { Journal } from '../journal/journal.js'
import { ensureShoot, labelAt, listShoots, type ShootRow, type SourceRow } from '../journal/shoots.js'
import { sealOf } from '../journal/steps.js'
import { MANIFEST_FILE } from '../manifest/manifest.js'
import type { OpenPlace } from '../place/places.js'
import { kindOfFile, type FileKind } from './file-kinds.js'
import { areAllDone, planShoot, type ShootPlan } from './plan.js'
import type { BackupRun, ShootInRun } from './run.js'
import type { SourcePath } from './sources.js'

export interface PreparedShoot {
  readonly shoot: ShootInRun
  /** Of the files that need something. */
  readonly plan: ShootPlan
  /** Files that need nothing. */
  readonly unchanged: number
  /** All that were found, by kind. */
  readonly kinds: ReadonlyMap<FileKind, number>
  /** Places where this shoot has no manifest yet, or lost it. */
  readonly unsealedAt: readonly string[]
  /** Places where a copy is written and not yet proven. */
  readonly unprovenAt: readonly string[]
  /** Places that were never told which folder this shoot stands for. */
  readonly newAt: readonly string[]
}

/** All files of a shoot that are part of the run. */
export function filesIn({ plan, unchanged }: PreparedShoot): number {
  return plan.files.length + unchanged
}

/** Marks the temporary names of this home; every one of them found is a leftover, since a home has one owner. */
export interface PrepareOptions {
  readonly temporaryTag: string
  readonly signal: AbortSignal
}

interface ShootOptions extends PrepareOptions {
  /** By place, the shoots with copies that are written and not proven. */
  readonly unproven: ReadonlyMap<string, ReadonlySet<number>>
}

export async function prepareSource(
  run: BackupRun,
  source: SourceRow,
  given: SourcePath,
  scan: Scan,
  options: PrepareOptions,
): Promise<PreparedShoot[]> {
  const prepared: PreparedShoot[] = []
  const unproven = new Map(run.livePlaces().map(({ id }) => [id, shootsUnprovenAt(run.deps.journal, id)]))
  for (const [folder, row] of shootsOf(run, source, scan)) {
    if (options.signal.aborted) break
    prepared.push(withoutUnseen(prepareShoot(run, { row, source }, folder, given, { ...options, unproven }), scan))
    await turn()
  }
  if (isWhole(given) && !options.signal.aborted)
    prepared.push(...vanishedShoots(run, source, scan).map((each) => withoutUnseen(each, scan)))
  return prepared
}

/** Every folder with files in it and its shoot. Those that are new are written down together: one by one, each would be a sync. */
function shootsOf(run: BackupRun, source: SourceRow, { folders }: Scan): ReadonlyMap<ScannedFolder, ShootRow> {
  const { journal } = run.deps
  const full = folders.filter(({ files }) => files.length > 0)
  return journal.transaction(
    () => new Map(full.map((folder) => [folder, ensureShoot(journal, source, folder.pathFromRoot)])),
  )
}

/** A file that is there and could not be looked at is not gone. */
function withoutUnseen(prepared: PreparedShoot, scan: Scan): PreparedShoot {
  const { files, gone } = prepared.plan
  const { pathFromRoot } = prepared.shoot.row
  const unseen = new Set(scan.unreadable.map((each) => each.file))
  const isUnseen = ({ name }: FileRow): boolean => unseen.has(pathFromRoot === '' ? name : `${pathFromRoot}/${name}`)
  return { ...prepared, plan: { files, gone: gone.filter((file) => !isUnseen(file)) } }
}

function prepareShoot(
  run: BackupRun,
  { row, source }: Pick<ShootInRun, 'row' | 'source'>,
  folder: ScannedFolder,
  given: SourcePath,
  options: ShootOptions,
): PreparedShoot {
  const { journal } = run.deps
  const folders = new Map(
    run.places.map((place) => [place.id, folderAt(row.key, source.label, labelAt(journal, source, place.id))]),
  )
  const shoot: ShootInRun = { row, source, folder: path.join(given.folder, ...folder.pathFromRoot.split('/')), folders }
  const atPlaces = new Map(
    run
      .livePlaces()
      .map((place) => [place.id, listAtPlace(run, place, folders.get(place.id) ?? row.key, options.temporaryTag)]),
  )
  const places = [...atPlaces.keys()]
  const facts = {
    shoot,
    kinds: countKinds(folder.files),
    unsealedAt: places.filter(
      (place) => !atPlaces.get(place)?.has(MANIFEST_FILE) || sealOf(journal, row.id, place) === undefined,
    ),
    unprovenAt: places.filter((place) => options.unproven.get(place)?.has(row.id)),
  }
  if (isDone(journal, row.id, folder.files, atPlaces, isWhole(given)))
    return { ...facts, plan: NOTHING_TO_DO, unchanged: folder.files.length, newAt: [] }
  for (const place of run.livePlaces()) {
    try {
      run.learnUnsealed(place, folders.get(place.id) ?? row.key)
    } catch (error) {
      run.placeRefused(place.id, error)
    }
  }
  const known = filesOfShoot(journal, row.id)
  const { files, gone } = planShoot({ scanned: folder.files, known, atPlaces })
  const toDo = files.filter((file) => !file.isDone)
  return {
    ...facts,
    plan: { files: toDo, gone: isWhole(given) ? gone : [] },
    unchanged: files.length - toDo.length,
    newAt: places.filter(
      (place) =>
        ![...known.values()].some(
          (file) => file.copies.has(place) || file.oldCopies.some((copy) => copy.placeId === place),
        ),
    ),
  }
}

const NOTHING_TO_DO: ShootPlan = { files: [], gone: [] }

/** The quick look: most shoots of most runs are as they were, and then one query for each place says so. */
function isDone(
  journal: Journal,
  shootId: number,
  scanned: readonly ScannedFile[],
  atPlaces: ReadonlyMap<string, ReadonlyMap<string, EntryStat>>,
  isWholeFolder: boolean,
): boolean {
  if (atPlaces.size === 0 || (isWholeFolder && countOfFiles(journal, shootId) !== scanned.length)) return false
  return [...atPlaces].every(([place, found]) => areAllDone(scanned, goodFilesAt(journal, shootId, place), found))
}

function countKinds(files: readonly ScannedFile[]): Map<FileKind, number> {
  const kinds = new Map<FileKind, number>()
  for (const { name } of files) {
    const kind = kindOfFile(name)
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
  }
  return kinds
}

/** The shoot's folder at a place that may call its source by another name. */
export function folderAt(key: string, label: string, labelThere: string): string {
  return labelThere === label ? key : labelThere + key.slice(label.length)
}

/** What lies in the shoot's folder at a place, by name. Clears away what a crash of this home left behind, or a home that is lost. */
function listAtPlace(run: BackupRun, place: OpenPlace, folder: string, temporaryTag: string): Map<string, EntryStat> {
  const { files } = run.deps
  const at = path.join(place.root, 'Photos', ...folder.split('/'))
  const found = new Map<string, EntryStat>()
  try {
    if (files.stat(at) === undefined) return found
    for (const { name } of files.list(at)) {
      const file = at + path.sep + name
      const isLeft = isLeftover(name, temporaryTag)
      const stat = isLeft ? undefined : files.stat(file)
      if (isLeft || (stat && isAbandoned(name, temporaryTag, stat, run.deps.clock()))) files.unlink(file)
      else if (stat) found.set(name, stat)
    }
  } catch (error) {
    run.placeRefused(place.id, error)
  }
  return found
}

/** Shoots of this source whose folder is gone altogether, or empty: their files are gone too. */
function vanishedShoots(run: BackupRun, source: SourceRow, scan: Scan): PreparedShoot[] {
  const present = new Set(scan.folders.filter((folder) => folder.files.length > 0).map((folder) => folder.pathFromRoot))
  const unreadable = scan.unreadable.map((each) => each.file)
  return listShoots(run.deps.journal)
    .filter((row) => row.sourceId === source.id && !present.has(row.pathFromRoot))
    .filter(
      (row) =>
        !unreadable.some(
          (folder) => folder === '.' || row.pathFromRoot === folder || row.pathFromRoot.startsWith(`${folder}/`),
        ),
    )
    .map((row) => ({
      shoot: { row, source, folder: '', folders: new Map<string, string>() },
      unchanged: 0,
      kinds: new Map<FileKind, number>(),
      plan: { files: [], gone: [...filesOfShoot(run.deps.journal, row.id).values()] },
      unsealedAt: [],
      unprovenAt: [],
      newAt: [],
    }))
}

/** Only a scan of everything can tell that something is gone. */
function isWhole(given: SourcePath): boolean {
  return given.only === undefined && given.within === undefined
}

/** Whether a folder holds what the journal remembers of a source: at least half of its files by name, size and date, if it has any. */
export function holdsWhatWasKnown(run: BackupRun, source: SourceRow, scan: Scan): boolean {
  const scanned = new Map<string, ScannedFile>()
  for (const folder of scan.folders)
    for (const file of folder.files) scanned.set(`${folder.pathFromRoot}/${file.name}`, file)
  const known = listShoots(run.deps.journal)
    .filter((row) => row.sourceId === source.id)
    .flatMap((row) =>
      [...filesOfShoot(run.deps.journal, row.id).values()].map((file): [string, FileRow] => [
        `${row.pathFromRoot}/${file.name}`,
        file,
      ]),
    )
  const same = known.filter(([name, file]) => {
    const now = scanned.get(name)
    return (
      now !== undefined && now.sizeBytes === file.sizeBytes && Math.abs(now.mtimeMs - file.mtimeMs) < MTIME_TOLERANCE_MS
    )
  })
  return known.length === 0 || same.length * 2 >= known.length
}

/** FAT keeps times to two seconds. */
const MTIME_TOLERANCE_MS = 2000

export function scanSource(run: BackupRun, given: SourcePath): Scan {
  return given.within
    ? scanWithin(run.deps.files, given.folder, given.within)
    : scanFolder(run.deps.files, given.folder, given.only)
}
