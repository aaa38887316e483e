// The catalog as the other rooms see it: every referenced file with its path, sidecars and what Lightroom remembers of it, a slice at a
// time. The reading itself happens in a worker thread, on a private copy; here rows become typed data and paths.
import type { PrivateCopy } from './private-copy.js'
import type { CatalogFolder, CatalogOutline, CatalogRoot, CatalogSummary } from './read-copy.js'
import { runJob, runListing } from './worker.js'

export type { CatalogCounts, CatalogOutline, CatalogRoot, CatalogSummary } from './read-copy.js'

/** One file on disk, however many photos (virtual copies) show it. */
export interface ReferencedFile {
  /** Lightroom's id of the file row; grows with time. */
  readonly id: number
  /** The root folder's id; 0 when the catalog's own rows do not say where the file is. */
  readonly root: number
  readonly rootPath: string
  /** From the root; `''` or ending in `/`. */
  readonly folder: string
  readonly name: string
  /** Root path, folder and name, with forward slashes, as stored: no normalising. */
  readonly path: string
  readonly baseName: string
  /** Extensions of the files that belong to it, in the disk's own case: `xmp`, `JPG`. */
  readonly sidecars: readonly string[]
  /** RAW, DNG, JPG, PSD, TIFF, VIDEO, or what a newer Lightroom says; '' when it has no image row. */
  readonly format: string
  readonly virtualCopies: number
  /** Its size when it was imported, the last field of importHash. */
  readonly importedBytes: number | undefined
}

export interface ListOptions {
  /** Start after this file id, to go on where an earlier listing stopped. */
  readonly after?: number
  readonly rowsPerSlice?: number
  readonly signal?: AbortSignal
}

/** At 1,000 rows a slice is about 120 KB of JSON and is taken apart in a few milliseconds: other requests do not notice. */
const ROWS_PER_SLICE = 1_000

export function readCatalogSummary(copy: PrivateCopy, signal?: AbortSignal): Promise<CatalogSummary> {
  return runJob<CatalogSummary>({ kind: 'summary', copy }, signal)
}

export function readCatalogOutline(copy: PrivateCopy, signal?: AbortSignal): Promise<CatalogOutline> {
  return runJob<CatalogOutline>({ kind: 'outline', copy }, signal)
}

/** Lists every file the catalog references, in the order of its ids, once each. */
export async function* listReferencedFiles(
  copy: PrivateCopy,
  outline: Pick<CatalogOutline, 'roots' | 'folders' | 'virtualCopies'>,
  { after = 0, rowsPerSlice = ROWS_PER_SLICE, signal }: ListOptions = {},
): AsyncGenerator<readonly ReferencedFile[]> {
  const folders = locateFolders(outline.roots, outline.folders)
  const virtualCopies = new Map(outline.virtualCopies)
  const extensions = new Map<string, readonly string[]>()
  for await (const json of runListing({ kind: 'list', copy, rowsPerSlice, after }, signal)) {
    const slice = JSON.parse(json) as readonly Columns[]
    yield slice.map((columns) => toFile(columns, folders, virtualCopies, extensions))
  }
}

/** @returns the byte size at import, when the hash ends in one: `<seconds>:<name>:<bytes>`, and a name may hold colons */
export function importedBytesOf(importHash: unknown): number | undefined {
  if (typeof importHash !== 'string') return undefined
  const field = importHash.slice(importHash.lastIndexOf(':') + 1)
  return importHash.includes(':') && /^\d{1,15}$/.test(field) ? Number(field) : undefined
}

interface Located {
  readonly root: number
  readonly rootPath: string
  readonly folder: string
  readonly prefix: string
}

type Columns = readonly [
  id: number,
  folder: number,
  name: unknown,
  baseName: unknown,
  sidecars: unknown,
  importHash: unknown,
  format: unknown,
]

const NOWHERE: Located = { root: 0, rootPath: '', folder: '', prefix: '' }

function locateFolders(roots: readonly CatalogRoot[], folders: readonly CatalogFolder[]): ReadonlyMap<number, Located> {
  const paths = new Map(roots.map((root) => [root.id, root.path]))
  return new Map(
    folders.map(({ id, root, pathFromRoot }) => {
      const rootPath = paths.get(root)
      if (rootPath === undefined) return [id, NOWHERE]
      return [id, { root, rootPath, folder: pathFromRoot, prefix: join(rootPath, pathFromRoot) }]
    }),
  )
}

/** A slash is missing between the parts of some catalogs in the wild. */
function join(rootPath: string, pathFromRoot: string): string {
  const withSlash = (part: string) => (part === '' || part.endsWith('/') ? part : `${part}/`)
  return withSlash(rootPath) + withSlash(pathFromRoot)
}

function toFile(
  [id, folder, name, baseName, sidecars, importHash, format]: Columns,
  folders: ReadonlyMap<number, Located>,
  virtualCopies: ReadonlyMap<number, number>,
  extensions: Map<string, readonly string[]>,
): ReferencedFile {
  const located = folders.get(folder) ?? NOWHERE
  const fileName = asText(name)
  return {
    id,
    root: located.root,
    rootPath: located.rootPath,
    folder: located.folder,
    name: fileName,
    path: located.prefix + fileName,
    baseName: baseName === null ? withoutExtension(fileName) : asText(baseName),
    sidecars: splitExtensions(asText(sidecars), extensions),
    format: asText(format),
    virtualCopies: virtualCopies.get(id) ?? 0,
    importedBytes: importedBytesOf(importHash),
  }
}

/** A library knows a handful of such lists, so each is taken apart once. */
function splitExtensions(list: string, known: Map<string, readonly string[]>): readonly string[] {
  const found = known.get(list)
  if (found) return found
  const extensions = list.split(',').map((each) => each.trim())
  const named = extensions.filter((each) => each !== '')
  known.set(list, named)
  return named
}

function withoutExtension(name: string): string {
  const dot = name.lastIndexOf('.')
  return dot < 0 ? name : name.slice(0, dot)
}

function asText(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}
