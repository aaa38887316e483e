// Where a restored file goes: to where its original was, or below a folder that the user named. Decides it from what the journal says of the
// source and what the disk shows now, explains when the two do not agree, and never lets a name that came from elsewhere lead out of the
// folder that was meant.
import { realpathSync } from 'node:fs'
import path from 'node:path'
import { SafelightError, systemCode } from '../errors.js'
import { makeFolders, type DurableFiles, type EntryStat } from '../files/durable.js'
import { deviceRelation, type Volume, type Volumes } from '../files/volumes.js'
import type { Journal } from '../journal/journal.js'
import { listPlaces } from '../journal/places.js'
import { fold, saveSource, type ShootRow, type SourceRow } from '../journal/shoots.js'
import { isSafeRelativePath } from '../manifest/manifest.js'
import { WORKING } from '../model.js'
import { ROOT_FOLDER } from '../place/marker.js'
import { findMovedRoot, whereLightroomSays, type MovedRoot } from './moved-root.js'

export interface TargetDeps {
  readonly files: DurableFiles
  readonly journal: Journal
  readonly volumes: Volumes
}

/** A folder below which shoots are restored. */
export interface Base {
  /** Absolute, links resolved. It may not be there yet. */
  readonly path: string
  /** The nearest folder above it that is there. */
  readonly existing: string
  /** Whether originals lie there, or the user named it. */
  readonly isOriginal: boolean
  /** Its files are known from this computer, and not only from what a drive says. */
  readonly isKnownHere: boolean
  /** Set when the originals were elsewhere. */
  readonly moved?: { readonly was: string; readonly why: string; readonly volume: Volume }
}

/** The folder that the user named.
 *  @throws USAGE when something that is no folder lies there */
export function namedBase(files: DurableFiles, to: string): Base {
  const wanted = path.resolve(to)
  const existing = nearestExisting(files, wanted)
  const real = realpathSync.native(existing)
  const base = path.join(real, path.relative(existing, wanted))
  if (files.stat(real)?.kind !== 'folder')
    throw new SafelightError('USAGE', {
      message: `${existing} is not a folder, so nothing can be restored there. Nothing was written.`,
      remedy: 'Name a folder, or a new one in a folder that is there.',
    })
  return { path: base, existing: real, isOriginal: false, isKnownHere: true }
}

/** The folder of a source's originals: where it was, or where it is now when its disk has another letter or Lightroom another root folder.
 *  @throws VOLUME_AWAY, VOLUME_REPLACED, NAME_NOT_STORABLE, each with the --to that would do instead */
export async function originalBase(deps: TargetDeps, source: SourceRow): Promise<Base> {
  const isGone = path.isAbsolute(source.path) && statOrNothing(deps.files, source.path) === undefined
  const said = isGone ? whereLightroomSays(deps, source) : undefined
  if (said) return movedBase(deps, source, said)
  try {
    return await baseWhereItWas(deps, source)
  } catch (error) {
    const isElsewhere =
      error instanceof SafelightError && (error.code === 'VOLUME_AWAY' || error.code === 'VOLUME_REPLACED')
    const moved = isElsewhere ? await findMovedRoot(deps, source) : undefined
    if (moved) return movedBase(deps, source, moved)
    throw error
  }
}

async function movedBase(
  { files, journal, volumes }: TargetDeps,
  source: SourceRow,
  { path: folder, why }: MovedRoot,
): Promise<Base> {
  const existing = nearestExisting(files, folder)
  if (files.stat(existing)?.kind !== 'folder' || realpathSync.native(existing) !== existing)
    throw cannotGoBack('VOLUME_REPLACED', source, `${existing} is a link or a file where a folder is needed`)
  return {
    path: folder,
    existing,
    isOriginal: true,
    isKnownHere: hasWorkingCopies(journal, source),
    moved: { was: source.path, why, volume: await volumes.describe(folder) },
  }
}

function statOrNothing(files: DurableFiles, folder: string): EntryStat | undefined {
  try {
    return files.stat(folder)
  } catch (error) {
    if (systemCode(error) === '') throw error
    return undefined
  }
}

async function baseWhereItWas(deps: TargetDeps, source: SourceRow): Promise<Base> {
  const { files, journal, volumes } = deps
  const isKnownHere = hasWorkingCopies(journal, source)
  if (!path.isAbsolute(source.path))
    throw cannotGoBack(
      'VOLUME_AWAY',
      source,
      `The drive does not say in which folder of this computer "${source.label}" was`,
    )
  if (!isKnownHere && hasHiddenPart(source.path))
    throw cannotGoBack('NAME_NOT_STORABLE', source, `The drive says that "${source.label}" was in a hidden folder`)
  const existing = nearestExisting(files, source.path)
  if (files.stat(existing)?.kind !== 'folder' || realpathSync.native(existing) !== existing)
    throw cannotGoBack('VOLUME_REPLACED', source, `${existing} is not the folder that it was but a link or a file`)
  const volume = await volumes.describe(source.path)
  const trouble = otherDisk(source, volume, existing)
  if (trouble !== undefined) throw cannotGoBack('VOLUME_REPLACED', source, trouble)
  return { path: source.path, existing, isOriginal: true, isKnownHere }
}

function hasWorkingCopies(journal: Journal, source: SourceRow): boolean {
  const row = journal.get(
    `SELECT 1 AS found FROM shoots s JOIN files f ON f.shoot_id = s.id JOIN versions v ON v.file_id = f.id
     JOIN copies c ON c.version_id = v.id AND c.place_id = ? WHERE s.source_id = ? LIMIT 1`,
    [WORKING, source.id],
  )
  return row !== undefined
}

function nearestExisting(files: DurableFiles, folder: string): string {
  return files.stat(folder) === undefined && path.dirname(folder) !== folder
    ? nearestExisting(files, path.dirname(folder))
    : folder
}

/** Why the disk that is there now is not, or cannot be told to be, the one that held the originals. */
function otherDisk(source: SourceRow, volume: Volume, existing: string): string | undefined {
  const isThere = existing === source.path
  if (source.volumeId !== undefined && volume.volumeId !== undefined)
    return source.volumeId === volume.volumeId
      ? undefined
      : `The disk that held "${source.label}" is not connected; at ${existing} there is another one now`
  if (isThere || deviceRelation({ ...volume, devices: source.devices }, volume) === 'shared') return undefined
  return existing === path.dirname(source.path) && source.devices.length === 0
    ? undefined
    : `"${source.label}" was at ${source.path}, and it cannot be told whether the disk that held it is the one at ${existing}`
}

function cannotGoBack(
  code: 'VOLUME_AWAY' | 'VOLUME_REPLACED' | 'NAME_NOT_STORABLE',
  source: SourceRow,
  why: string,
): SafelightError {
  const parent = path.isAbsolute(source.path) ? path.dirname(source.path) : undefined
  return new SafelightError(code, {
    message: `${why}. Nothing of it was restored.`,
    remedy: `Connect the disk that held the originals (${source.path || 'unknown'}), or say where they are to go: --to DIR${parent === undefined ? '' : ` (--to "${parent}" puts them under ${path.join(parent, source.label)})`}.`,
  })
}

function hasHiddenPart(relative: string): boolean {
  return relative.split(/[/\\]/).some((part) => part.startsWith('.'))
}

/** The folder of a shoot below its base.
 *  @throws NAME_NOT_STORABLE, PLACES_OVERLAP */
export function folderBelow(journal: Journal, base: Base, shoot: ShootRow): string {
  const below = base.isOriginal ? shoot.pathFromRoot : shoot.key
  const isSafe = (base.isOriginal && below === '') || isSafeRelativePath(below)
  if (!isSafe || (base.isOriginal && !base.isKnownHere && hasHiddenPart(below)))
    throw new SafelightError('NAME_NOT_STORABLE', {
      message: `"${shoot.key}" has a path that leads out of its folder or into a hidden one (${JSON.stringify(below)}). Nothing of it was restored.`,
      remedy:
        'The record on the drive was altered. Copy its files by hand after looking at them: HOW-TO-RESTORE.txt says how.',
    })
  const folder = path.join(base.path, ...below.split('/'))
  for (const place of listPlaces(journal).filter((each) => each.kind === 'drive')) {
    const own = path.join(place.path, ROOT_FOLDER)
    if (fold(folder) === fold(own) || fold(folder).startsWith(fold(own + path.sep)))
      throw new SafelightError('PLACES_OVERLAP', {
        message: `${folder} lies among the backup copies on "${place.name}". Nothing was written there.`,
        remedy: 'Name another folder with --to.',
      })
  }
  return folder
}

/** From now on the originals of a source are known to lie where they were mapped to. */
export function recordMove(journal: Journal, source: SourceRow, base: Base, nowMs: number): void {
  if (!base.moved) return
  const { volumeId, mountPoint, devices } = base.moved.volume
  const { id, label } = source
  const onVolume = volumeId === undefined ? {} : { volumeId, pathOnVolume: path.relative(mountPoint, base.path) }
  saveSource(journal, { id, label, path: base.path, devices, ...onVolume }, nowMs)
}

/** Makes a base where it is missing, and says by what it is known from now on: `device:inode`. */
export function openBase(files: DurableFiles, base: Base): string {
  makeFolders(files, base.existing, base.path)
  const stat = files.stat(base.path)
  if (stat?.kind !== 'folder') throw Object.assign(new Error(`${base.path} is not a folder`), { code: 'ENOTDIR' })
  return `${stat.device}:${stat.inode}`
}
