// Where the bytes of a version can be read that is to go off-site: from a drive first, because the originals may be on a card or under
// Lightroom's hands, then from the original itself while it looks as it did. Whichever it is, the reference hash judges what was read.
import path from 'node:path'
import { folderAt } from '../engine/prepare.js'
import { systemCode } from '../errors.js'
import type { DurableFiles } from '../files/durable.js'
import { obstacleBelow } from '../files/inside.js'
import type { CopyRow } from '../journal/files.js'
import { copiesOfContent } from '../journal/history.js'
import type { Journal } from '../journal/journal.js'
import { listPlaces } from '../journal/places.js'
import { labelAt, listShoots, sourceById, type ShootRow } from '../journal/shoots.js'
import { isSafeRelativePath } from '../manifest/manifest.js'
import { WORKING, type Hash } from '../model.js'
import { ROOT_FOLDER } from '../place/marker.js'
import { stateOfPlace } from '../place/places.js'

/** A drive that is there now. */
export interface DriveHere {
  readonly id: string
  readonly name: string
  /** Its `Safelight` folder. */
  readonly root: string
}

export interface CandidateDeps {
  readonly files: DurableFiles
  readonly journal: Journal
}

/** Reads the markers; writes nothing. */
export function drivesHere({ files, journal }: CandidateDeps): DriveHere[] {
  return listPlaces(journal)
    .filter((place) => place.kind === 'drive' && stateOfPlace(files, place) === 'here')
    .map(({ id, name, path: folder }) => ({ id, name, root: path.join(folder, ROOT_FOLDER) }))
}

export interface Candidate {
  readonly copy: CopyRow
  /** As it is called to the user. */
  readonly where: string
  readonly file: string
}

/** @param hash  of the version; copies of the same content elsewhere serve as well */
export function candidatesFor(deps: CandidateDeps, drives: readonly DriveHere[], hash: Hash): Candidate[] {
  const shoots = new Map(listShoots(deps.journal).map((row) => [row.id, row]))
  const copies = copiesOfContent(deps.journal, hash).filter(({ state }) => state === 'verified')
  const onDrives = drives.flatMap((drive) =>
    copies
      .filter(({ placeId }) => placeId === drive.id)
      .flatMap((copy) => onDrive(deps, drive, shoots.get(copy.shootId), copy)),
  )
  const originals = copies
    .filter(({ placeId }) => placeId === WORKING)
    .flatMap((copy) => original(deps, shoots.get(copy.shootId), copy))
  return [...onDrives, ...originals]
}

/** Folder of a shoot at a place, below `Photos/`. */
export function folderOfShoot(journal: Journal, shoot: ShootRow, placeId: string): string {
  const source = sourceById(journal, shoot.sourceId)
  return folderAt(shoot.key, source.label, labelAt(journal, source, placeId))
}

function onDrive(
  { files, journal }: CandidateDeps,
  drive: DriveHere,
  shoot: ShootRow | undefined,
  copy: CopyRow,
): Candidate[] {
  const folder = shoot && folderOfShoot(journal, shoot, drive.id)
  if (folder === undefined || !isSafeRelativePath(folder) || !isSafeRelativePath(copy.path)) return []
  const file = path.join(drive.root, 'Photos', ...folder.split('/'), ...copy.path.split('/'))
  return ifThere(files, () => obstacleBelow(files, drive.root, path.dirname(file)) === undefined, {
    copy,
    where: drive.name,
    file,
  })
}

function original({ files, journal }: CandidateDeps, shoot: ShootRow | undefined, copy: CopyRow): Candidate[] {
  if (!shoot) return []
  const source = sourceById(journal, shoot.sourceId)
  const isSafe = shoot.pathFromRoot === '' || isSafeRelativePath(shoot.pathFromRoot)
  if (!isSafe || !path.isAbsolute(source.path) || !isSafeRelativePath(copy.path)) return []
  const file = path.join(source.path, ...shoot.pathFromRoot.split('/'), copy.path)
  const looksTheSame = (): boolean => {
    const stat = files.stat(file)
    return stat?.sizeBytes === copy.sizeBytes && stat.mtimeMs === copy.mtimeMs
  }
  return ifThere(files, looksTheSame, { copy, where: 'the original', file })
}

/** A place that does not answer has nothing to offer now. */
function ifThere(files: DurableFiles, isUsable: () => boolean, candidate: Candidate): Candidate[] {
  try {
    return isUsable() && files.stat(candidate.file)?.kind === 'file' ? [candidate] : []
  } catch (error) {
    if (systemCode(error) === '') throw error
    return []
  }
}
