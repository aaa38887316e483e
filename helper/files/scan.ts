// What lies in a folder of originals: every regular file below it, folder by folder, in an order that does not depend on the file system.
// Reads names and attributes only. What is not taken is said, with the reason: system litter by a list that can be shown, links and
// special files because following them would leave the folder, unreadable ones because nobody may take them for safe.
import path from 'node:path'
import { describeError, systemCode } from '../errors.js'
import type { FileStat } from '../model.js'
import { linkOnTheWay, type DurableFiles, type EntryStat } from './durable.js'

export interface ScannedFile extends FileStat {
  readonly name: string
}

export interface ScannedFolder {
  /** Path from the root, with `/` between parts; '' for the root itself. */
  readonly pathFromRoot: string
  readonly files: readonly ScannedFile[]
}

export interface LeftOut {
  /** Path from the root. */
  readonly file: string
  readonly why: 'system litter' | "Safelight's own record" | 'a link, not followed' | 'not a regular file'
}

export interface Unreadable {
  readonly file: string
  readonly message: string
}

export interface Scan {
  readonly folders: readonly ScannedFolder[]
  readonly leftOut: readonly LeftOut[]
  readonly unreadable: readonly Unreadable[]
}

/** Files that systems scatter and nobody misses. Compared without regard to case. */
export const LITTER: readonly string[] = [
  '.DS_Store',
  'Thumbs.db',
  'desktop.ini',
  '._*',
  '.Spotlight-V100',
  '.Trashes',
  '.fseventsd',
  '.TemporaryItems',
  '$RECYCLE.BIN',
  'System Volume Information',
]

/** Files that Safelight itself keeps beside copies; a folder restored by hand brings them along. */
export const OWN_FILES: readonly string[] = ['safelight.b3', 'safelight-log.jsonl']

export const TEMPORARY_PREFIX = '.safelight-'
export const TEMPORARY_SUFFIX = '.tmp'

const LITTER_NAMES = new Set(LITTER.map((pattern) => pattern.toLowerCase()))
const LITTER_BEGINNINGS = LITTER.filter((pattern) => pattern.endsWith('*')).map((pattern) =>
  pattern.slice(0, -1).toLowerCase(),
)

export function isLitter(name: string): boolean {
  const lower = name.toLowerCase()
  return LITTER_NAMES.has(lower) || LITTER_BEGINNINGS.some((beginning) => lower.startsWith(beginning))
}

export function isOwnFile(name: string): boolean {
  return OWN_FILES.includes(name) || (name.startsWith(TEMPORARY_PREFIX) && name.endsWith(TEMPORARY_SUFFIX))
}

/** @param only  when given, the names in the root folder to take, and nothing below it */
export function scanFolder(files: DurableFiles, root: string, only?: ReadonlySet<string>): Scan {
  const scan = { folders: [] as ScannedFolder[], leftOut: [] as LeftOut[], unreadable: [] as Unreadable[] }
  const waiting = ['']
  for (let pathFromRoot = waiting.pop(); pathFromRoot !== undefined; pathFromRoot = waiting.pop()) {
    const below = readFolder(files, root, pathFromRoot, only, scan)
    if (only === undefined) waiting.push(...below.reverse())
  }
  return scan
}

/** Only some files of some folders, with everything that belongs to them.
 *  @param within  by path from the root with `/`, the names wanted there */
export function scanWithin(files: DurableFiles, root: string, within: ReadonlyMap<string, ReadonlySet<string>>): Scan {
  const scan = { folders: [] as ScannedFolder[], leftOut: [] as LeftOut[], unreadable: [] as Unreadable[] }
  for (const [pathFromRoot, names] of [...within].sort(([a], [b]) => byCodePoint(a, b))) {
    const all = { folders: [] as ScannedFolder[], leftOut: [] as LeftOut[], unreadable: [] as Unreadable[] }
    // Lightroom's paths are taken as folders below the root, never as ways out of it.
    const link = linkOnTheWay(files, root, path.join(root, ...pathFromRoot.split('/')))
    if (link === undefined) readFolder(files, root, pathFromRoot, undefined, all)
    else all.unreadable.push({ file: pathFromRoot, message: `${link} is a link and leads elsewhere` })
    const stems = new Set([...names].map(stemOf))
    scan.folders.push(
      ...all.folders.map((folder) => ({
        ...folder,
        files: folder.files.filter((file) => belongsTo(file.name, stems)),
      })),
    )
    scan.unreadable.push(...all.unreadable)
  }
  return scan
}

/** `IMG_1.CR3` → `img_1`; compared without regard to case and Unicode form, as Lightroom does. */
export function stemOf(name: string): string {
  const dot = name.lastIndexOf('.')
  return (dot > 0 ? name.slice(0, dot) : name).normalize('NFC').toLowerCase()
}

/** `IMG_1.xmp`, `IMG_1.JPG` and `IMG_1.CR3.xmp` all belong to `IMG_1.CR3`. */
export function belongsTo(name: string, stems: ReadonlySet<string>): boolean {
  const stem = stemOf(name)
  return stems.has(stem) || stems.has(stemOf(stem))
}

interface Findings {
  readonly folders: ScannedFolder[]
  readonly leftOut: LeftOut[]
  readonly unreadable: Unreadable[]
}

/** @returns the folders below this one, sorted */
function readFolder(
  files: DurableFiles,
  root: string,
  pathFromRoot: string,
  only: ReadonlySet<string> | undefined,
  scan: Findings,
): string[] {
  const folder = path.join(root, ...pathFromRoot.split('/'))
  const inFolder = folder.endsWith(path.sep) ? folder : folder + path.sep
  const found: ScannedFile[] = []
  const below: string[] = []
  let names: string[]
  try {
    names = files.list(folder).map((entry) => entry.name)
  } catch (error) {
    scan.unreadable.push({ file: pathFromRoot === '' ? '.' : pathFromRoot, message: describeError(error) })
    return []
  }
  for (const name of names.sort(byCodePoint)) {
    if (only !== undefined && !only.has(name)) continue
    const file = pathFromRoot === '' ? name : `${pathFromRoot}/${name}`
    const reason = isLitter(name) ? 'system litter' : isOwnFile(name) ? "Safelight's own record" : undefined
    if (reason !== undefined) {
      scan.leftOut.push({ file, why: reason })
      continue
    }
    const stat = look(files, inFolder + name, file, scan)
    if (stat?.kind === 'folder') below.push(file)
    else if (stat?.kind === 'file') found.push(scannedFile(name, stat))
    else if (stat !== undefined)
      scan.leftOut.push({ file, why: stat.kind === 'link' ? 'a link, not followed' : 'not a regular file' })
  }
  scan.folders.push({ pathFromRoot, files: found })
  return below
}

function look(files: DurableFiles, file: string, shown: string, scan: Findings): EntryStat | undefined {
  try {
    const stat = files.stat(file)
    // A name of bytes that are no text comes back from the system altered, and then names nothing.
    if (stat === undefined && shown.includes('\uFFFD')) {
      scan.unreadable.push({ file: shown, message: 'its name is not valid text, so it cannot be recorded; rename it' })
    }
    return stat
  } catch (error) {
    scan.unreadable.push({ file: shown, message: `${describeError(error)} (${systemCode(error)})` })
    return undefined
  }
}

function scannedFile(name: string, { sizeBytes, mtimeMs, ctimeMs, inode, device }: EntryStat): ScannedFile {
  return { name, sizeBytes, mtimeMs, ctimeMs, inode, device }
}

/** An order that is the same on every system and in every locale. */
export function byCodePoint(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
