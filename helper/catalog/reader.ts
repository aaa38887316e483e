// The catalog as the other rooms see it: every referenced file with its path, sidecars and what Lightroom remembers of it, a slice at a
// time. The reading itself happens in a worker thread, on a private copy; here rows become typed data and paths.
import { asText, baseNameOf, Extensions, importedBytesOf, type Columns } from './columns.js'
import type { PrivateCopy } from './private-copy.js'
import type { CatalogOutline, CatalogSummary } from './read-copy.js'
import { openListing, runJob } from './worker.js'

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
export const ROWS_PER_SLICE = 1_000

export function readCatalogSummary(copy: PrivateCopy, signal?: AbortSignal): Promise<CatalogSummary> {
  return runJob<CatalogSummary>({ kind: 'summary', copy }, signal)
}

export function readCatalogOutline(copy: PrivateCopy, signal?: AbortSignal): Promise<CatalogOutline> {
  return runJob<CatalogOutline>({ kind: 'outline', copy }, signal)
}

/** Lists every file the catalog references, in the order of its ids, once each. */
export async function* listReferencedFiles(
  copy: PrivateCopy,
  outline: FolderRows,
  { after = 0, rowsPerSlice = ROWS_PER_SLICE, signal }: ListOptions = {},
): AsyncGenerator<readonly ReferencedFile[]> {
  const takeApart = sliceReader(outline)
  const listing = openListing({ copy, rowsPerSlice, after, withFormats: true }, signal)
  try {
    for await (const { json } of listing.slices()) yield takeApart(json)
  } finally {
    await listing.close()
  }
}

/** What of an outline makes paths of rows. */
export type FolderRows = Pick<CatalogOutline, 'roots' | 'folders' | 'virtualCopies'>

/** @returns what makes files of a slice's rows */
export function sliceReader(outline: FolderRows): (json: string) => readonly ReferencedFile[] {
  const folders = locateFolders(outline)
  const virtualCopies = new Map(outline.virtualCopies)
  const extensions = new Extensions()
  return (json) =>
    (JSON.parse(json) as readonly Columns[]).map((columns) => toFile(columns, folders, virtualCopies, extensions))
}

/** Where the rows of a folder lie. */
export interface Located {
  readonly root: number
  readonly rootPath: string
  /** From the root, as stored. */
  readonly folder: string
  /** Root and folder together, ending in a slash. */
  readonly prefix: string
}

const NOWHERE: Located = { root: 0, rootPath: '', folder: '', prefix: '' }

/** @returns by the id of the folder's row; a folder without a root is nowhere */
export function locateFolders({
  roots,
  folders,
}: Pick<CatalogOutline, 'roots' | 'folders'>): ReadonlyMap<number, Located> {
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
  extensions: Extensions,
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
    baseName: baseNameOf(fileName, baseName),
    sidecars: extensions.listedIn(asText(sidecars)),
    format: asText(format),
    virtualCopies: virtualCopies.get(id) ?? 0,
    importedBytes: importedBytesOf(importHash),
  }
}
