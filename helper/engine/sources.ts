// Which folder of originals is meant, and which name it goes by. Two different sources of one name never share a folder: the second becomes
// `Name (2)`. A source is known by its volume and its path there, so a drive letter may change; where the volume says nothing, by its path.
import path from 'node:path'
import fs from 'fs-extra'
import { SafelightError, systemCode } from '../errors.js'
import type { Volume } from '../files/volumes.js'
import type { Journal } from '../journal/journal.js'
import { addSource, freeLabel, listSources, saveSource, type SourceRow } from '../journal/shoots.js'

/** A folder of originals, or some files of one, as the user named it. */
export interface SourcePath {
  /** Absolute, links resolved. */
  readonly folder: string
  /** Only these names in it; everything below it when left out. */
  readonly only?: ReadonlySet<string>
  /** Only these folders below it, by path from it with `/`, and in each only what belongs to these names: the file itself and every other
   *  of the same stem (sidecars, the JPEG of a raw). */
  readonly within?: ReadonlyMap<string, ReadonlySet<string>>
}

/** @param typed  as the user wrote them; files are gathered by folder
 *  @throws SOURCE_MISSING, SOURCE_UNREADABLE, USAGE */
export function resolveSources(typed: readonly string[], workingFolder: string): SourcePath[] {
  const folders = new Map<string, Set<string> | 'all'>()
  for (const each of typed) {
    const real = realPath(path.resolve(workingFolder, each), each)
    if (fs.statSync(real).isDirectory()) folders.set(real, 'all')
    else {
      const folder = path.dirname(real)
      const names = folders.get(folder)
      if (names !== 'all') folders.set(folder, new Set([...(names ?? []), path.basename(real)]))
    }
  }
  return [...folders].map(([folder, only]) => (only === 'all' ? { folder } : { folder, only }))
}

function realPath(file: string, typed: string): string {
  try {
    const real = fs.realpathSync.native(file)
    if (fs.statSync(real).isDirectory()) fs.readdirSync(real)
    return real
  } catch (error) {
    const isGone = systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR'
    throw isGone
      ? new SafelightError('SOURCE_MISSING', {
          message: `There is no folder or file ${typed}. Nothing was backed up.`,
          remedy: 'Check the name. If it is on a card or a drive, connect that first.',
          cause: error,
        })
      : new SafelightError('SOURCE_UNREADABLE', {
          message: `${typed} cannot be read (${systemCode(error)}). Nothing was backed up.`,
          remedy:
            'Give your user the right to read it; on a Mac, allow it in System Settings > Privacy & Security > Files and Folders.',
          cause: error,
        })
  }
}

/** @throws PLACES_OVERLAP when one of the two folders lies inside the other, by whatever name */
export function refuseOverlap(source: string, place: string): void {
  const overlap = overlapOf(source, place)
  if (overlap) throw overlap
}

/** What is wrong when one of the two folders lies inside the other. */
export function overlapOf(source: string, place: string): SafelightError | undefined {
  const inside = (inner: string, outer: string): boolean =>
    ancestors(inner).some((folder) => isSameFolder(folder, outer))
  const remedy = 'Choose a folder on another drive.'
  if (inside(place, source)) {
    const message = `The destination ${place} lies inside the folder that is to be backed up (${source}). The backup would back itself up. Nothing was written.`
    return new SafelightError('PLACES_OVERLAP', { message, remedy })
  }
  if (inside(source, place)) {
    const message = `The folder to be backed up (${source}) lies inside the destination ${place}. Both would be lost together. Nothing was written.`
    return new SafelightError('PLACES_OVERLAP', { message, remedy })
  }
  return undefined
}

function ancestors(folder: string): string[] {
  const parent = path.dirname(folder)
  return parent === folder ? [folder] : [folder, ...ancestors(parent)]
}

function isSameFolder(a: string, b: string): boolean {
  if (a === b) return true
  const one = fs.statSync(a, { throwIfNoEntry: false, bigint: true })
  const other = fs.statSync(b, { throwIfNoEntry: false, bigint: true })
  return one !== undefined && other !== undefined && one.ino !== 0n && one.dev === other.dev && one.ino === other.ino
}

/** The source of this folder in the journal, added when it is met first.
 *  @param looksLike  whether what lies in the folder now is what the journal remembers of a source; asked when only the path speaks for it,
 *    or only the name, of a source that a rebuild learned of from records that do not say where it lies
 *  @returns the source, and the name it would have had if another had not had it already */
export function identifySource(
  journal: Journal,
  folder: string,
  volume: Volume,
  looksLike: (source: SourceRow) => boolean,
  nowMs: number,
): { source: SourceRow; renamedFrom?: string } {
  const here: Omit<SourceRow, 'id' | 'label'> = {
    path: folder,
    ...(volume.volumeId === undefined
      ? {}
      : { volumeId: volume.volumeId, pathOnVolume: path.relative(volume.mountPoint, folder) }),
    devices: volume.devices,
  }
  const sources = listSources(journal)
  const known =
    sources.find((source) => isSameSource(source, here)) ??
    sources.find((source) => source.path === folder && looksLike(source)) ??
    sources.find((source) => source.path === '' && source.label === labelOf(folder, volume) && looksLike(source))
  if (known) {
    const source: SourceRow = { id: known.id, label: known.label, ...here }
    saveSource(journal, source, nowMs)
    return { source }
  }
  const wanted = labelOf(folder, volume)
  const label = freeLabel(
    sources.map((source) => source.label),
    wanted,
  )
  const source = addSource(journal, { label, ...here }, nowMs)
  return label === wanted ? { source } : { source, renamedFrom: wanted }
}

type Whereabouts = Pick<SourceRow, 'path' | 'volumeId' | 'pathOnVolume'>

/** Pure. The volume decides where both know theirs, else the path. */
export function isSameSource(a: Whereabouts, b: Whereabouts): boolean {
  if (a.volumeId !== undefined && b.volumeId !== undefined)
    return a.volumeId === b.volumeId && a.pathOnVolume === b.pathOnVolume
  return a.path === b.path
}

function labelOf(folder: string, volume: Volume): string {
  const name = path.basename(folder)
  // The root of a disk has no name of its own: then the disk's.
  return name === '' ? (volume.label ?? `Disk ${folder.replaceAll(/[^A-Za-z0-9]/g, '')}`.trim()) : name
}
