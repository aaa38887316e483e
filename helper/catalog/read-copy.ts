// What a private copy of a catalog says about itself: versions, counts, imports, roots, and every file that it references. Runs in the
// worker thread. Columns are probed, never assumed from a version number: Adobe publishes no schema.
import { IMPORT_HASH_END, type Slice } from './columns.js'
import { columnsOf, openPrivateCopy, rows, scalar, tablesOf, type CopyDatabase, type Row } from './copy-database.js'
import { fromLightroomTime } from './lightroom-time.js'
import type { PrivateCopy } from './private-copy.js'

/** Without these a file is no catalog, whatever SQLite says of it. */
export const REQUIRED_TABLES = [
  'Adobe_variablesTable',
  'AgLibraryRootFolder',
  'AgLibraryFolder',
  'AgLibraryFile',
  'Adobe_images',
  'Adobe_imageDevelopSettings',
  'AgLibraryImport',
  'AgLibraryImportImage',
] as const

export interface CatalogVersions {
  /** Stays the same in every copy and backup of one catalog. */
  readonly identity?: string
  readonly dbVersion?: string
  readonly crsVersion?: string
  /** When Lightroom last made a backup itself. */
  readonly lastBackupMs?: number
  /** The last id given out; it only grows. */
  readonly idCounter?: number
  readonly writesXmp: boolean
}

export interface CatalogCounts {
  readonly files: number
  readonly images: number
  readonly virtualCopies: number
  readonly developRows: number
  readonly missingDevelopRows: number
  readonly historySteps: number
  readonly keywords: number
  readonly collections: number
  readonly imports: number
  readonly roots: number
  readonly folders: number
  readonly faces: number
  /** Develop rows whose masks or AI results lie in .lrcat-data. */
  readonly bigDataRows: number
}

/** Rows that name a row that is not there. 0 everywhere in a healthy catalog. */
export interface DanglingRows {
  readonly filesWithoutFolder: number
  readonly foldersWithoutRoot: number
  readonly imagesWithoutFile: number
  readonly importLinksWithoutImport: number
  readonly importLinksWithoutImage: number
}

export interface CatalogRoot {
  readonly id: number
  /** As stored: forward slashes, ends in one. */
  readonly path: string
  readonly name: string
  /** From the folder of the catalog; empty when Lightroom stored none. */
  readonly relativePath: string
}

export interface CatalogImport {
  readonly id: number
  /** As stored: ISO with offset. */
  readonly importedAt: string
  readonly images: number
  /** Path of the folder that most of its photos lie in; empty when none is left. */
  readonly folder: string
}

export interface CatalogFolder {
  readonly id: number
  /** The root's id; 0 when the catalog names a root that it does not have. */
  readonly root: number
  readonly pathFromRoot: string
}

/** What the listing of the files needs to make paths of them. */
export interface CatalogOutline {
  readonly files: number
  readonly roots: readonly CatalogRoot[]
  readonly folders: readonly CatalogFolder[]
  /** File id → how many virtual copies share it. */
  readonly virtualCopies: readonly (readonly [number, number])[]
}

export interface CatalogSummary {
  readonly versions: CatalogVersions
  readonly counts: CatalogCounts
  readonly imports: readonly CatalogImport[]
}

export function readSummary(copy: PrivateCopy): CatalogSummary {
  return reading(copy, (database) => ({
    versions: readVersions(database),
    counts: countRows(database),
    imports: readImports(database),
  }))
}

export function readOutline(copy: PrivateCopy): CatalogOutline {
  return reading(copy, outlineOf)
}

function outlineOf(database: CopyDatabase): CatalogOutline {
  return {
    files: Number(scalar(database, 'SELECT count(*) FROM AgLibraryFile')),
    roots: readRoots(database),
    folders: rows(database, FOLDERS).map((row) => ({
      id: Number(row['id']),
      root: Number(row['root'] ?? 0),
      pathFromRoot: text(row['path']),
    })),
    virtualCopies: rows(database, VIRTUAL_COPIES).map((row) => [Number(row['file']), Number(row['copies'])] as const),
  }
}

function reading<T>(copy: PrivateCopy, read: (database: CopyDatabase) => T): T {
  const database = openPrivateCopy(copy)
  try {
    return read(database)
  } finally {
    database.close()
  }
}

export function readVersions(database: CopyDatabase): CatalogVersions {
  const values = new Map(
    rows(database, 'SELECT name, value FROM Adobe_variablesTable').map((row) => [text(row['name']), row['value']]),
  )
  const known = (name: string) => (values.has(name) ? text(values.get(name)) : undefined)
  const lastBackupMs = fromLightroomTime(values.get('Adobe_lastBackup'))
  const idCounter = Number(values.get('Adobe_entityIDCounter') ?? Number.NaN)
  const [identity, dbVersion, crsVersion] = ['Adobe_storeProviderID', 'Adobe_DBVersion', 'Adobe_CrsVersion'].map(known)
  return {
    ...(identity === undefined ? {} : { identity }),
    ...(dbVersion === undefined ? {} : { dbVersion }),
    ...(crsVersion === undefined ? {} : { crsVersion }),
    ...(lastBackupMs === undefined ? {} : { lastBackupMs }),
    ...(Number.isFinite(idCounter) ? { idCounter } : {}),
    writesXmp: Number(values.get('AgMetadata_autoWriteXmp') ?? 0) === 1,
  }
}

export function countRows(database: CopyDatabase): CatalogCounts {
  const tables = tablesOf(database)
  const count = (table: string, where = '') =>
    tables.has(table) ? Number(scalar(database, `SELECT count(*) FROM ${table} ${where}`)) : 0
  const hasBigData = columnsOf(database, 'Adobe_imageDevelopSettings').has('hasBigData')
  return {
    files: count('AgLibraryFile'),
    images: count('Adobe_images'),
    virtualCopies: count('Adobe_images', 'WHERE masterImage IS NOT NULL'),
    developRows: count('Adobe_imageDevelopSettings'),
    missingDevelopRows: count(
      'Adobe_images',
      'i WHERE NOT EXISTS (SELECT 1 FROM Adobe_imageDevelopSettings d WHERE d.image = i.id_local)',
    ),
    historySteps: count('Adobe_libraryImageDevelopHistoryStep'),
    keywords: count('AgLibraryKeyword'),
    collections: count('AgLibraryCollection', "WHERE creationId NOT LIKE '%.unsaved' AND systemOnly IS NOT 1.0"),
    imports: count('AgLibraryImport'),
    roots: count('AgLibraryRootFolder'),
    folders: count('AgLibraryFolder'),
    faces: count('AgLibraryFace'),
    bigDataRows: hasBigData ? count('Adobe_imageDevelopSettings', 'WHERE hasBigData = 1') : 0,
  }
}

export function countDangling(database: CopyDatabase): DanglingRows {
  const without = (from: string, column: string, to: string) =>
    Number(
      scalar(
        database,
        `SELECT count(*) FROM ${from} a WHERE NOT EXISTS (SELECT 1 FROM ${to} b WHERE b.id_local = a.${column})`,
      ),
    )
  return {
    filesWithoutFolder: without('AgLibraryFile', 'folder', 'AgLibraryFolder'),
    foldersWithoutRoot: without('AgLibraryFolder', 'rootFolder', 'AgLibraryRootFolder'),
    imagesWithoutFile: without('Adobe_images', 'rootFile', 'AgLibraryFile'),
    importLinksWithoutImport: without('AgLibraryImportImage', '"import"', 'AgLibraryImport'),
    importLinksWithoutImage: without('AgLibraryImportImage', 'image', 'Adobe_images'),
  }
}

export interface ListingOptions {
  readonly copy: PrivateCopy
  readonly rowsPerSlice: number
  /** Only files of higher ids. */
  readonly after: number
  /** Whether the slices hold the formats of the files, which cost a third of the reading. */
  readonly withFormats: boolean
}

/** Reads the referenced files in the order of their ids. SQLite makes the JSON: one value per slice crosses into JavaScript instead of
 *  ten per row, which halves the time of a large listing. Files whose folder row is gone are listed too, with folder 0. The copy is let go
 *  of when all is listed. */
export function listingReader({ copy, rowsPerSlice, after, withFormats }: ListingOptions): {
  outline(): CatalogOutline
  next(): Slice | undefined
  formats(of: Pick<Slice, 'afterId' | 'lastId'>): unknown
} {
  let database: CopyDatabase | undefined = openPrivateCopy(copy)
  const opened = (): CopyDatabase => (database ??= openPrivateCopy(copy))
  const letGo = (): void => {
    database?.close()
    database = undefined
  }
  let afterId = after
  let isAtEnd = false
  return {
    outline: () => outlineOf(opened()),
    next() {
      const row = isAtEnd ? {} : (rows(opened(), slice(withFormats), [afterId, rowsPerSlice])[0] ?? {})
      const count = Number(row['count'] ?? 0)
      if (count > 0) {
        const lastId = Number(row['last'])
        const found = { json: String(row['json']), count, afterId, lastId }
        afterId = lastId
        return found
      }
      isAtEnd = true
      letGo()
      return undefined
    },
    formats(of) {
      const found: unknown = JSON.parse(String(scalar(opened(), FORMATS, [of.afterId, of.lastId])))
      if (isAtEnd) letGo()
      return found
    },
  }
}

function readRoots(database: CopyDatabase): CatalogRoot[] {
  return rows(database, 'SELECT id_local, absolutePath, name, relativePathFromCatalog FROM AgLibraryRootFolder').map(
    (row) => ({
      id: Number(row['id_local']),
      path: text(row['absolutePath']),
      name: text(row['name']),
      relativePath: text(row['relativePathFromCatalog']),
    }),
  )
}

/** `name` and `imageCount` of an import are NULL in all catalogs seen, so its photos are counted through the link table. */
function readImports(database: CopyDatabase): CatalogImport[] {
  return rows(database, IMPORTS).map((row) => ({
    id: Number(row['id']),
    importedAt: text(row['importedAt']),
    images: Number(row['images']),
    folder: text(row['folder']),
  }))
}

export function text(value: Row[string]): string {
  if (typeof value === 'string') return value
  return typeof value === 'number' || typeof value === 'bigint' ? String(value) : ''
}

const FOLDERS = `
  SELECT d.id_local AS id, r.id_local AS root, d.pathFromRoot AS path
  FROM AgLibraryFolder d LEFT JOIN AgLibraryRootFolder r ON r.id_local = d.rootFolder`

const VIRTUAL_COPIES = `
  SELECT rootFile AS file, count(*) AS copies FROM Adobe_images WHERE masterImage IS NOT NULL GROUP BY rootFile`

const IMPORTS = `
  WITH per_folder AS (
    SELECT l."import" AS batch, f.folder AS folder, count(*) AS images
    FROM AgLibraryImportImage l JOIN Adobe_images i ON i.id_local = l.image JOIN AgLibraryFile f ON f.id_local = i.rootFile
    GROUP BY l."import", f.folder),
  dominant AS (SELECT batch, folder, max(images), sum(images) AS total FROM per_folder GROUP BY batch)
  SELECT b.id_local AS id, b.importDate AS importedAt, coalesce(d.total, 0) AS images,
    coalesce(r.absolutePath || p.pathFromRoot, '') AS folder
  FROM AgLibraryImport b LEFT JOIN dominant d ON d.batch = b.id_local
    LEFT JOIN AgLibraryFolder p ON p.id_local = d.folder LEFT JOIN AgLibraryRootFolder r ON r.id_local = p.rootFolder
  ORDER BY b.id_local`

/** A file has one image that is no virtual copy; should it have two, either says the same. */
const FORMAT = `
  coalesce((SELECT i.fileFormat FROM Adobe_images i WHERE i.rootFile = f.id_local AND i.masterImage IS NULL),
    (SELECT i.fileFormat FROM Adobe_images i WHERE i.rootFile = f.id_local))`

/** What follows from the file name is NULL, to have less to carry: `baseName`; and of an importHash its end is enough (columns.ts). The order
 *  of the columns is that of `Columns`. */
const slice = (withFormats: boolean): string => `
  SELECT json_group_array(json_array(id, folder, fileName, baseName, sidecars, importHash ${withFormats ? ', format' : ''})) AS json,
    max(id) AS last, count(*) AS count
  FROM (
    SELECT f.id_local AS id, f.folder AS folder, f.idx_filename AS fileName,
      nullif(f.baseName, substr(f.idx_filename, 1, length(f.idx_filename) - length(f.extension) - 1)) AS baseName,
      f.sidecarExtensions AS sidecars, substr(f.importHash, -${IMPORT_HASH_END}) AS importHash
      ${withFormats ? `, ${FORMAT} AS format` : ''}
    FROM AgLibraryFile f WHERE f.id_local > ? ORDER BY f.id_local LIMIT ?)`

const FORMATS = `
  SELECT json_group_array(json_array(f.id_local, ${FORMAT})) FROM AgLibraryFile f WHERE f.id_local > ? AND f.id_local <= ?`
