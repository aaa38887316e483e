// place.json: what makes a folder on a drive a place. Written once, read often, believed only when every field is as it must be: a drive
// may have been in other hands.
import { randomUUID } from 'node:crypto'
import path from 'node:path'
import { z } from 'zod'
import { describeError, SafelightError, systemCode } from '../errors.js'
import { publishFile, readWhole, replaceFile, type DurableFiles } from '../files/durable.js'
import { temporaryIn } from '../files/temporary.js'
import { HOW_TO_RESTORE } from './how-to-restore.js'
import { placeError } from './place-error.js'

/** The folder on the drive that holds everything of Safelight's. */
export const ROOT_FOLDER = 'Safelight'
export const MARKER_FILE = 'place.json'
export const FORMAT_VERSION = 1

/** In characters; more does not fit into any line that names a place. */
export const NAME_MAX = 200

/** What would break a line or move a cursor is no part of a name. */
export const NAME_PATTERN = /^[^\p{Cc}\p{Zl}\p{Zp}]+$/u

const Marker = z.object({
  id: z.uuid(),
  name: z.string().min(1).max(NAME_MAX).regex(NAME_PATTERN),
  created: z.iso.datetime(),
  format: z.int().min(1),
  /** Of a bucket: whose folder it is, and which home of that computer writes there. */
  machine: z.object({ id: z.string().max(200), host: z.string().max(300) }).exactOptional(),
  owner: z.string().max(100).exactOptional(),
  /** Of that owner: another one each time the folder is taken over. */
  term: z.string().max(100).exactOptional(),
  /** Of a bucket that is encrypted; what it says is read by a rebuild. */
  encryption: z.unknown().exactOptional(),
})

export type Marker = z.infer<typeof Marker>

const MARKER_MAX_BYTES = 64 * 1024

/** @param folder  the drive's folder, which holds `Safelight/`
 *  @returns undefined when no place was ever made there
 *  @throws PLACE_INVALID when what lies there is no marker; VOLUME_FAILING, VOLUME_AWAY when the drive does not answer for it */
export function readMarker(files: DurableFiles, folder: string): Marker | undefined {
  const file = path.join(folder, ROOT_FOLDER, MARKER_FILE)
  try {
    const stat = files.stat(file)
    if (stat === undefined) return undefined
    if (stat.kind !== 'file' || stat.sizeBytes > MARKER_MAX_BYTES) throw new Error('it is not a small regular file')
    return parseMarker(readWhole(files, file).toString('utf8'))
  } catch (error) {
    if (isOfTheDrive(error)) throw placeError(error, folder)
    throw new SafelightError('PLACE_INVALID', {
      message: `${file} says what this drive is, and cannot be understood: ${firstLine(describeError(error))}. Nothing was written to the drive.`,
      remedy:
        'If another file took its place, put the right one back from the drive; else use a new folder on the drive.',
      cause: error,
    })
  }
}

/** What the system says of the file itself, and not of the drive that it lies on. That it is not there, when it just was, is of the drive. */
const OF_THE_FILE: ReadonlySet<string> = new Set(['', 'EACCES', 'EPERM', 'ENOTDIR', 'EISDIR', 'ELOOP'])

function isOfTheDrive(error: unknown): boolean {
  return !OF_THE_FILE.has(systemCode(error))
}

/** Pure. @throws an Error that says what is wrong with it */
export function parseMarker(text: string): Marker {
  const { data, error } = Marker.safeParse(JSON.parse(text))
  if (data && data.format > FORMAT_VERSION) throw new Error(`its format ${data.format} is newer than this Safelight`)
  if (data) return data
  const issue = error.issues[0]
  throw new Error(`its "${issue?.path.join('.') ?? ''}" is not as it must be (${issue?.message ?? 'unknown'})`)
}

/** Makes a folder a place: `Safelight/`, the marker, the instructions. The folder itself must exist.
 *  @param tag  of the temporary names of this home
 *  @returns undefined when another computer has made it one at the same moment: then it is that place */
export function makePlace(
  files: DurableFiles,
  folder: string,
  name: string,
  tag: string,
  nowMs: number,
): Marker | undefined {
  const root = path.join(folder, ROOT_FOLDER)
  const marker: Marker = { id: randomUUID(), name, created: new Date(nowMs).toISOString(), format: FORMAT_VERSION }
  if (files.makeFolder(root)) files.syncFolder(folder)
  for (const each of ['Photos', 'Catalogs']) files.makeFolder(path.join(root, each))
  writeInstructions(files, folder, tag)
  try {
    publishFile(files, path.join(root, MARKER_FILE), temporaryIn(root, tag), `${JSON.stringify(marker, null, 2)}\n`)
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error
    return undefined
  }
  return marker
}

export function renamePlace(files: DurableFiles, folder: string, marker: Marker, name: string, tag: string): void {
  const root = path.join(folder, ROOT_FOLDER)
  replaceFile(
    files,
    path.join(root, MARKER_FILE),
    temporaryIn(root, tag),
    `${JSON.stringify({ ...marker, name }, null, 2)}\n`,
  )
}

/** Writes HOW-TO-RESTORE.txt where it is missing or of another edition. */
export function writeInstructions(files: DurableFiles, folder: string, tag: string): void {
  const file = path.join(folder, ROOT_FOLDER, 'HOW-TO-RESTORE.txt')
  if (files.stat(file)?.kind === 'file' && readWhole(files, file).toString('utf8') === HOW_TO_RESTORE) return
  replaceFile(files, file, temporaryIn(path.dirname(file), tag), HOW_TO_RESTORE)
}

/** `device:inode` of the marker: differs when another disk lies under the same path. */
export function markerIdentity(files: DurableFiles, folder: string): string {
  const stat = files.stat(path.join(folder, ROOT_FOLDER, MARKER_FILE))
  return stat ? `${stat.device}:${stat.inode}` : ''
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? ''
}
