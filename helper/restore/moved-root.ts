// Where the folder of a source is now when it is not where it was: the same disk under another letter or mount point, or a root folder that
// Lightroom has found again elsewhere. Looks only at places that it is told of or that disks usually have, believes a disk's own identity
// before a name, and never guesses between two.
import { readdirSync } from 'node:fs'
import path from 'node:path'
import { systemCode } from '../errors.js'
import type { DurableFiles } from '../files/durable.js'
import type { Volumes } from '../files/volumes.js'
import type { Journal } from '../journal/journal.js'
import { listSources, type SourceRow } from '../journal/shoots.js'
import { catalogRoots } from '../journal/wanted.js'

export interface MovedRoot {
  /** Absolute. */
  readonly path: string
  /** Why it is taken for the same, as a clause: `its disk is there under another letter`. */
  readonly why: string
}

export interface MovedDeps {
  readonly files: DurableFiles
  readonly journal: Journal
  readonly volumes: Volumes
}

/** @returns undefined when it was not found, or could be more than one */
export async function findMovedRoot(deps: MovedDeps, source: SourceRow): Promise<MovedRoot | undefined> {
  return (await onItsDisk(deps, source)) ?? whereLightroomSays(deps, source)
}

/** The source's own path is what no catalog names any more, while exactly one names a root of the same name elsewhere. */
export function whereLightroomSays({ files, journal }: MovedDeps, source: SourceRow): MovedRoot | undefined {
  const roots = catalogRoots(journal).map((root) => path.resolve(root))
  if (roots.includes(source.path)) return undefined
  const taken = new Set(listSources(journal).map((each) => each.path))
  const name = path.basename(source.path)
  const found = [...new Set(roots)].filter(
    (root) => path.basename(root) === name && !taken.has(root) && isFolder(files, root),
  )
  const [only] = found
  return only !== undefined && found.length === 1
    ? { path: only, why: 'the Lightroom catalog has this root folder there now' }
    : undefined
}

async function onItsDisk({ files, journal, volumes }: MovedDeps, source: SourceRow): Promise<MovedRoot | undefined> {
  const { volumeId, pathOnVolume } = source
  if (volumeId === undefined || pathOnVolume === undefined) return undefined
  const candidates = [
    ...catalogRoots(journal).map((root) => path.resolve(root)),
    ...mountPoints().map((mount) => path.join(mount, pathOnVolume)),
  ].filter((folder) => folder !== source.path)
  for (const folder of new Set(candidates)) {
    if (!isFolder(files, pathOnVolume === '' ? folder : path.dirname(folder))) continue
    const volume = await volumes.describe(folder)
    if (volume.volumeId === volumeId && path.relative(volume.mountPoint, folder) === pathOnVolume)
      return { path: folder, why: 'its disk is there under another name or letter' }
  }
  return undefined
}

/** Where this system puts the disks that are plugged in. */
function mountPoints(): string[] {
  if (process.platform === 'win32')
    return Array.from({ length: 26 }, (_, index) => `${String.fromCharCode(65 + index)}:\\`)
  const user = process.env['USER'] ?? ''
  return ['/Volumes', '/media', `/media/${user}`, `/run/media/${user}`, '/mnt'].flatMap(foldersIn)
}

function foldersIn(folder: string): string[] {
  try {
    return readdirSync(folder).map((name) => path.join(folder, name))
  } catch (error) {
    if (systemCode(error) === '') throw error
    return []
  }
}

function isFolder(files: DurableFiles, folder: string): boolean {
  try {
    return files.stat(folder)?.kind === 'folder'
  } catch (error) {
    if (systemCode(error) === '') throw error
    return false
  }
}
