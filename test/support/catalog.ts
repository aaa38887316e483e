// Lightroom catalogs made in code: the tables and columns that Safelight reads, with the header of the version they claim to be. The
// same literal gives the same rows each time, so that a test can name an id. What Lightroom keeps beside a catalog (an uncheckpointed
// -wal, a hot -journal, a lock, .lrcat-data) is made here too, the way a killed Lightroom leaves it. Long, because a catalog has many tables.
import { copyFileSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import sqlite from 'node-sqlite3-wasm'

export type CatalogVersion = 'lr5' | 'lr6' | 'lrc9' | 'lrc12'

export interface LiteralPhoto {
  readonly name: string
  /** As in `sidecarExtensions`: `xmp`, `JPG,xmp`. */
  readonly sidecars?: string
  readonly format?: string
  readonly virtualCopies?: number
  /** 1 flagged, -1 rejected. */
  readonly pick?: number
  /** Stars. */
  readonly rating?: number
  /** Byte size that goes into importHash; no importHash when left out. */
  readonly importedBytes?: number
  /** Milliseconds since 1970; a fixed moment when left out. */
  readonly modifiedMs?: number
  /** Which import it came with, counted from 0; 0 when left out. */
  readonly import?: number
}

export interface LiteralCatalog {
  readonly version?: CatalogVersion
  readonly identity?: string
  /** Root folder path (ending in `/`) → path from root (`''` or ending in `/`) → photos. */
  readonly roots: Readonly<Record<string, Readonly<Record<string, readonly LiteralPhoto[]>>>>
  readonly relativePaths?: Readonly<Record<string, string>>
  readonly keywords?: readonly string[]
  readonly collections?: readonly string[]
  readonly historySteps?: number
  readonly lastBackupMs?: number
}

export interface LargeCatalog {
  readonly files: number
  readonly filesPerFolder?: number
  /** Root folder, ending in `/`. */
  readonly root: string
  /** Bytes of develop text per image; a real catalog has about 28 KB per photo in all. */
  readonly developBytes?: number
  /** The size that Lightroom wrote down at import, of every file. */
  readonly importedBytes?: number
}

const EPOCH_2001_MS = 978_307_200_000
const A_MOMENT_MS = Date.UTC(2024, 5, 1, 12)
export const IDENTITY = '6F1D2B0A-5A57-4F3E-9C62-000000000001'

const VERSIONS: Record<CatalogVersion, { dbVersion: string; crsVersion?: string; isWal: boolean }> = {
  lr5: { dbVersion: '0500006', isWal: false },
  lr6: { dbVersion: '0600008', isWal: false },
  lrc9: { dbVersion: '0900000', isWal: true },
  lrc12: { dbVersion: '1200001', crsVersion: '15.4.0', isWal: true },
}

/** Writes a closed, healthy catalog: what lies on disk after Lightroom quit cleanly. */
export function makeCatalog(file: string, literal: LiteralCatalog): void {
  const version = literal.version ?? 'lrc12'
  create(file, version, (database) => {
    const ids = new Ids()
    const imports = insertImports(database, ids, literal)
    for (const [root, folders] of Object.entries(literal.roots)) {
      const rootId = ids.next()
      const relative = literal.relativePaths?.[root] ?? null
      database.run('INSERT INTO AgLibraryRootFolder VALUES (?, ?, ?, ?, ?)', [
        rootId,
        uuid(rootId),
        root,
        path.posix.basename(root),
        relative,
      ])
      for (const [folder, photos] of Object.entries({ '': [], ...folders })) {
        const folderId = ids.next()
        insertFolder(database, version, folderId, rootId, folder)
        for (const photo of photos)
          insertPhoto(database, version, ids, folderId, photo, imports, literal.historySteps ?? 1)
      }
    }
    for (const name of literal.keywords ?? []) {
      const id = ids.next()
      database.run('INSERT INTO AgLibraryKeyword (id_local, id_global, lc_name, name) VALUES (?, ?, ?, ?)', [
        id,
        uuid(id),
        name.toLowerCase(),
        name,
      ])
    }
    for (const name of literal.collections ?? [])
      database.run(
        "INSERT INTO AgLibraryCollection VALUES (?, 'com.adobe.ag.library.collection', '', NULL, ?, NULL, '')",
        [ids.next(), name],
      )
    insertVariables(database, ids, version, literal.identity ?? IDENTITY, literal.lastBackupMs)
  })
}

/** Writes a catalog of hundreds of thousands of photos in a few seconds: a raw with an xmp each, every tenth a raw+JPEG pair, every
 *  fiftieth with a virtual copy. Rows are made inside SQLite. */
export function makeLargeCatalog(
  file: string,
  { files, root, filesPerFolder = 250, developBytes = 200, importedBytes = 25_000_000 }: LargeCatalog,
): void {
  const folders = Math.ceil(files / filesPerFolder)
  create(file, 'lrc12', (database) => {
    const globalId = (offset: string) => `printf('%08X-0000-4000-8000-000000000000', ${offset})`
    const numbers = (count: number) =>
      `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ${count})`
    database.run("INSERT INTO AgLibraryRootFolder VALUES (1, ?, ?, 'large', NULL)", [uuid(1), root])
    database.exec(`
      INSERT INTO AgLibraryFolder ${numbers(folders)}
        SELECT 10 + i, ${globalId('10 + i')}, NULL, ${largeFolderSql('i')}, 1, NULL FROM n;
      INSERT INTO AgLibraryImport ${numbers(folders)}
        SELECT 500000 + i, NULL, '2024-06-01T10:00:00.000+02:00', NULL FROM n;
      INSERT INTO AgLibraryFile (id_local, id_global, baseName, extension, externalModTime, folder, idx_filename, importHash,
          lc_idx_filename, lc_idx_filenameExtension, modTime, originalFilename, sidecarExtensions) ${numbers(files)}
        SELECT 1000000 + i, ${globalId('1000000 + i')}, ${largeNameSql('i')}, 'CR3', ${toLightroomTime(A_MOMENT_MS)} + i,
          10 + i / ${filesPerFolder}, ${largeNameSql('i')} || '.CR3', '738936000:' || ${largeNameSql('i')} || '.CR3:${importedBytes}',
          lower(${largeNameSql('i')}) || '.cr3', 'cr3', ${toLightroomTime(A_MOMENT_MS)} + i, ${largeNameSql('i')} || '.CR3',
          CASE WHEN i % 10 = 0 THEN 'JPG,xmp' ELSE 'xmp' END FROM n;
      INSERT INTO Adobe_images (id_local, id_global, captureTime, fileFormat, rootFile) ${numbers(files)}
        SELECT 2000000 + i, ${globalId('2000000 + i')}, '2024-06-01T12:00:00', 'RAW', 1000000 + i FROM n;
      INSERT INTO Adobe_images (id_local, id_global, captureTime, fileFormat, masterImage, rootFile) ${numbers(Math.ceil(files / 50))}
        SELECT 3000000 + i, ${globalId('3000000 + i')}, '2024-06-01T12:00:00', 'RAW', 2000000 + i * 50, 1000000 + i * 50 FROM n;
      INSERT INTO Adobe_imageDevelopSettings (id_local, image, text)
        SELECT id_local + 3000000, id_local, 's = { Exposure2012 = ' || id_local || ', ' || hex(zeroblob(${Math.ceil(developBytes / 2)})) || ' }'
        FROM Adobe_images;
      INSERT INTO AgLibraryImportImage ${numbers(files)}
        SELECT 8000000 + i, 2000000 + i, 500000 + i / ${filesPerFolder} FROM n;`)
    const ids = new Ids(9_000_000)
    insertVariables(database, ids, 'lrc12', IDENTITY, undefined)
  })
}

/** Folder and file name of the i-th photo of a large catalog, as its rows name them. */
export function largePhoto(index: number, filesPerFolder = 250): { folder: string; name: string } {
  const folder = Math.floor(index / filesPerFolder)
  return { folder: `2024/shoot ${String(folder).padStart(4, '0')}/`, name: `IMG_${String(index).padStart(6, '0')}.CR3` }
}

/** Leaves at `to` the catalog and an uncheckpointed -wal with what `sql` committed: Lightroom killed in the middle of its work. */
export function leaveWal(from: string, to: string, sql: readonly string[]): void {
  const work = `${to}.work`
  copyFileSync(from, work)
  const database = new sqlite.Database(work)
  database.exec('PRAGMA locking_mode=EXCLUSIVE')
  database.exec('PRAGMA journal_mode=WAL')
  database.exec('PRAGMA wal_autocheckpoint=0')
  for (const statement of sql) database.exec(statement)
  copyFileSync(work, to)
  copyFileSync(`${work}-wal`, `${to}-wal`)
  database.close()
  rmSync(work)
}

/** Leaves at `to` a rollback-mode catalog half-way through a transaction, with the -journal that undoes it. */
export function leaveHotJournal(from: string, to: string, sql: readonly string[]): void {
  const work = `${to}.work`
  copyFileSync(from, work)
  const database = new sqlite.Database(work)
  database.exec('PRAGMA cache_size=1')
  database.exec('BEGIN')
  for (const statement of sql) database.exec(statement)
  copyFileSync(work, to)
  copyFileSync(`${work}-journal`, `${to}-journal`)
  database.exec('ROLLBACK')
  database.close()
  rmSync(work)
}

/** A .lrcat-data folder of the shape RocksDB leaves: immutable blobs and tables, and the few files that change. */
export function makeCatalogData(catalog: string, blobs: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = catalog.replace(/\.lrcat$/, '.lrcat-data')
  mkdirSync(folder, { recursive: true })
  const tables = { CURRENT: 'MANIFEST-000005\n', IDENTITY: 'a-b-c', LOCK: '', 'MANIFEST-000005': 'manifest', ...blobs }
  for (const [name, content] of Object.entries(tables)) writeFileSync(path.join(folder, name), content)
  return folder
}

/** Lightroom's lock as it writes it: the program, a line feed, its process id, a line feed. */
export function makeLock(catalog: string, pid: number, program = 'C:\\Program Files\\Adobe\\Lightroom.exe'): void {
  writeFileSync(`${catalog}.lock`, `${program}\n${pid}\n`)
}

/** Changes a closed catalog with plain SQL, as a tool that ought not to have done so. */
export function tamper(file: string, ...sql: readonly string[]): void {
  const database = new sqlite.Database(file)
  database.exec('PRAGMA locking_mode=EXCLUSIVE')
  for (const statement of sql) database.exec(statement)
  database.close()
}

/** Where the real catalogs lie on the machine of a developer who has them. */
export const REAL_CATALOGS = path.resolve(import.meta.dirname, '../../../../shared/data/lrcat')

export function hasRealCatalogs(): boolean {
  return existsSync(path.join(REAL_CATALOGS, 'README.md'))
}

class Ids {
  #last: number

  constructor(last = 0) {
    this.#last = last
  }

  next(): number {
    this.#last += 1
    return this.#last
  }
}

function create(file: string, version: CatalogVersion, fill: (database: sqlite.Database) => void): void {
  const database = new sqlite.Database(file)
  database.exec('PRAGMA locking_mode=EXCLUSIVE')
  database.exec('PRAGMA synchronous=OFF')
  database.exec(`PRAGMA journal_mode=${VERSIONS[version].isWal ? 'WAL' : 'MEMORY'}`)
  database.exec('PRAGMA cache_size=-65536')
  database.exec('BEGIN')
  database.exec(SCHEMA)
  if (version === 'lr5' || version === 'lr6') database.exec(OLD_FOLDERS)
  fill(database)
  database.exec(INDEXES)
  database.exec('COMMIT')
  database.close()
}

function insertImports(database: sqlite.Database, ids: Ids, literal: LiteralCatalog): number[] {
  const photos = Object.values(literal.roots).flatMap((folders) => Object.values(folders).flat())
  const count = Math.max(0, ...photos.map((photo) => (photo.import ?? 0) + 1))
  return Array.from({ length: count }, (_, index) => {
    const id = ids.next()
    const day = String(index + 1).padStart(2, '0')
    database.run('INSERT INTO AgLibraryImport VALUES (?, NULL, ?, NULL)', [id, `2024-06-${day}T10:00:00.000+02:00`])
    return id
  })
}

function insertFolder(
  database: sqlite.Database,
  version: CatalogVersion,
  id: number,
  root: number,
  folder: string,
): void {
  const columns = version === 'lr5' || version === 'lr6' ? '' : ', NULL, NULL'
  const sql = `INSERT INTO AgLibraryFolder (id_local, id_global, pathFromRoot, rootFolder${columns ? ', parentId, visibility' : ''})
    VALUES (?, ?, ?, ?${columns})`
  database.run(sql, [id, uuid(id), folder, root])
}

function insertPhoto(
  database: sqlite.Database,
  version: CatalogVersion,
  ids: Ids,
  folder: number,
  photo: LiteralPhoto,
  imports: readonly number[],
  historySteps: number,
): void {
  const file = ids.next()
  const { ext, name: baseName } = path.posix.parse(photo.name)
  const modified = toLightroomTime(photo.modifiedMs ?? A_MOMENT_MS)
  const importHash = photo.importedBytes === undefined ? null : `738936000:${photo.name}:${photo.importedBytes}`
  database.run(
    `INSERT INTO AgLibraryFile (id_local, id_global, baseName, extension, externalModTime, folder, idx_filename, importHash,
       lc_idx_filename, lc_idx_filenameExtension, modTime, originalFilename, sidecarExtensions) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)`,
    [
      file,
      uuid(file),
      baseName,
      ext.slice(1),
      modified,
      folder,
      photo.name,
      importHash,
      photo.name.toLowerCase(),
      ext.slice(1).toLowerCase(),
      modified,
      photo.name,
      photo.sidecars ?? '',
    ],
  )
  const master = insertImage(database, version, ids, file, photo.format ?? formatOf(ext), null, historySteps)
  for (let copy = 0; copy < (photo.virtualCopies ?? 0); copy += 1)
    insertImage(database, version, ids, file, photo.format ?? formatOf(ext), master, historySteps)
  if (photo.pick !== undefined || photo.rating !== undefined)
    database.run('UPDATE Adobe_images SET pick = ?, rating = ? WHERE id_local = ?', [
      photo.pick ?? 0,
      photo.rating ?? null,
      master,
    ])
  const batch = imports[photo.import ?? 0]
  if (batch !== undefined)
    database.run('INSERT INTO AgLibraryImportImage VALUES (?, ?, ?)', [ids.next(), master, batch])
}

function insertImage(
  database: sqlite.Database,
  version: CatalogVersion,
  ids: Ids,
  file: number,
  format: string,
  master: number | null,
  historySteps: number,
): number {
  const image = ids.next()
  database.run(
    'INSERT INTO Adobe_images (id_local, id_global, captureTime, fileFormat, masterImage, rootFile) VALUES (?,?,?,?,?,?)',
    [image, uuid(image), '2024-06-01T12:00:00.42', format, master, file],
  )
  database.run('INSERT INTO Adobe_imageDevelopSettings (id_local, image, text) VALUES (?, ?, ?)', [
    ids.next(),
    image,
    's = { Exposure2012 = 0.35 }',
  ])
  for (let step = 0; step < historySteps; step += 1) {
    const id = ids.next()
    database.run(
      'INSERT INTO Adobe_libraryImageDevelopHistoryStep (id_local, id_global, image, name, text) VALUES (?, ?, ?, ?, ?)',
      [id, uuid(id), image, 'Import', version === 'lr5' || version === 'lr6' ? 's = {}' : new Uint8Array([0, 0, 0, 6])],
    )
  }
  database.run(
    'INSERT INTO Adobe_AdditionalMetadata (id_local, id_global, embeddedXmp, image, isRawFile) VALUES (?, ?, ?, ?, ?)',
    [ids.next(), uuid(ids.next()), format === 'RAW' ? 0 : 1, image, format === 'RAW' ? 1 : 0],
  )
  return image
}

function insertVariables(
  database: sqlite.Database,
  ids: Ids,
  version: CatalogVersion,
  identity: string,
  lastBackupMs: number | undefined,
): void {
  const { dbVersion, crsVersion } = VERSIONS[version]
  const variables: [string, string | number][] = [
    ['Adobe_DBVersion', dbVersion],
    ['Adobe_storeProviderID', identity],
    ['AgMetadata_autoWriteXmp', 0],
    ...(crsVersion ? [['Adobe_CrsVersion', crsVersion] as [string, string]] : []),
    ...(lastBackupMs === undefined ? [] : [['Adobe_lastBackup', toLightroomTime(lastBackupMs)] as [string, number]]),
  ]
  for (const [name, value] of variables) insertVariable(database, ids.next(), name, value)
  const id = ids.next()
  insertVariable(database, id, 'Adobe_entityIDCounter', id)
}

function insertVariable(database: sqlite.Database, id: number, name: string, value: string | number): void {
  database.run('INSERT INTO Adobe_variablesTable VALUES (?, ?, ?, ?, ?)', [id, uuid(id), name, null, value])
}

function formatOf(extension: string): string {
  const formats: Record<string, string> = {
    '.jpg': 'JPG',
    '.dng': 'DNG',
    '.tif': 'TIFF',
    '.psd': 'PSD',
    '.mp4': 'VIDEO',
  }
  return formats[extension.toLowerCase()] ?? 'RAW'
}

function toLightroomTime(ms: number): number {
  return (ms - EPOCH_2001_MS) / 1000
}

function uuid(id: number): string {
  return `${id.toString(16).toUpperCase().padStart(8, '0')}-0000-4000-8000-000000000000`
}

function largeFolderSql(index: string): string {
  return `printf('2024/shoot %04d/', ${index})`
}

function largeNameSql(index: string): string {
  return `printf('IMG_%06d', ${index})`
}

// Column order and names are Lightroom Classic 12's; columns that nothing of ours reads are left out of the wider tables.
const SCHEMA = `
  CREATE TABLE Adobe_variablesTable (id_local INTEGER PRIMARY KEY, id_global UNIQUE NOT NULL, name, type, value NOT NULL DEFAULT '');
  CREATE TABLE AgLibraryRootFolder (id_local INTEGER PRIMARY KEY, id_global UNIQUE NOT NULL, absolutePath UNIQUE NOT NULL DEFAULT '',
    name NOT NULL DEFAULT '', relativePathFromCatalog);
  CREATE TABLE AgLibraryFolder (id_local INTEGER PRIMARY KEY, id_global UNIQUE NOT NULL, parentId INTEGER,
    pathFromRoot NOT NULL DEFAULT '', rootFolder INTEGER NOT NULL DEFAULT 0, visibility INTEGER);
  CREATE TABLE AgLibraryFile (id_local INTEGER PRIMARY KEY, id_global UNIQUE NOT NULL, baseName NOT NULL DEFAULT '', errorMessage,
    errorTime, extension NOT NULL DEFAULT '', externalModTime, folder INTEGER NOT NULL DEFAULT 0, idx_filename NOT NULL DEFAULT '',
    importHash, lc_idx_filename NOT NULL DEFAULT '', lc_idx_filenameExtension NOT NULL DEFAULT '', md5, modTime,
    originalFilename NOT NULL DEFAULT '', sidecarExtensions);
  CREATE TABLE Adobe_images (id_local INTEGER PRIMARY KEY, id_global UNIQUE NOT NULL, captureTime, copyName,
    developSettingsIDCache, fileFormat NOT NULL DEFAULT 'unset', hasMissingSidecars INTEGER, masterImage INTEGER,
    originalCaptureTime, pick NOT NULL DEFAULT 0, rating, rootFile INTEGER NOT NULL DEFAULT 0, sidecarStatus,
    touchTime NOT NULL DEFAULT 0);
  CREATE TABLE Adobe_imageDevelopSettings (id_local INTEGER PRIMARY KEY, digest, hasBigData INTEGER NOT NULL DEFAULT 0,
    image INTEGER, text);
  CREATE TABLE Adobe_libraryImageDevelopHistoryStep (id_local INTEGER PRIMARY KEY, id_global UNIQUE NOT NULL, dateCreated,
    image INTEGER, name, text);
  CREATE TABLE Adobe_AdditionalMetadata (id_local INTEGER PRIMARY KEY, id_global UNIQUE NOT NULL,
    embeddedXmp INTEGER NOT NULL DEFAULT 0, externalXmpIsDirty INTEGER NOT NULL DEFAULT 0, image INTEGER,
    isRawFile INTEGER NOT NULL DEFAULT 0, xmp NOT NULL DEFAULT '');
  CREATE TABLE AgLibraryImport (id_local INTEGER PRIMARY KEY, imageCount, importDate NOT NULL DEFAULT '', name);
  CREATE TABLE AgLibraryImportImage (id_local INTEGER PRIMARY KEY, image INTEGER NOT NULL DEFAULT 0,
    import INTEGER NOT NULL DEFAULT 0);
  CREATE TABLE AgLibraryKeyword (id_local INTEGER PRIMARY KEY, id_global UNIQUE NOT NULL, lc_name, name, parent INTEGER);
  CREATE TABLE AgLibraryKeywordImage (id_local INTEGER PRIMARY KEY, image INTEGER NOT NULL DEFAULT 0,
    tag INTEGER NOT NULL DEFAULT 0);
  CREATE TABLE AgLibraryCollection (id_local INTEGER PRIMARY KEY, creationId NOT NULL DEFAULT '', genealogy NOT NULL DEFAULT '',
    imageCount, name NOT NULL DEFAULT '', parent INTEGER, systemOnly NOT NULL DEFAULT '');
  CREATE TABLE AgLibraryCollectionImage (id_local INTEGER PRIMARY KEY, collection INTEGER NOT NULL DEFAULT 0,
    image INTEGER NOT NULL DEFAULT 0);`

const OLD_FOLDERS = `
  DROP TABLE AgLibraryFolder;
  CREATE TABLE AgLibraryFolder (id_local INTEGER PRIMARY KEY, id_global UNIQUE NOT NULL, pathFromRoot NOT NULL DEFAULT '',
    rootFolder INTEGER NOT NULL DEFAULT 0);`

const INDEXES = `
  CREATE UNIQUE INDEX index_AgLibraryFolder_rootFolderAndPath ON AgLibraryFolder(rootFolder, pathFromRoot);
  CREATE UNIQUE INDEX index_AgLibraryFile_nameAndFolder ON AgLibraryFile(lc_idx_filename, folder);
  CREATE INDEX index_AgLibraryFile_folder ON AgLibraryFile(folder);
  CREATE INDEX index_Adobe_images_rootFile ON Adobe_images(rootFile);
  CREATE INDEX index_Adobe_images_masterImage ON Adobe_images(masterImage);
  CREATE INDEX index_Adobe_imageDevelopSettings_image ON Adobe_imageDevelopSettings(image);
  CREATE INDEX index_AgLibraryImportImage_import ON AgLibraryImportImage(import);
  CREATE UNIQUE INDEX index_AgLibraryImportImage_imageAndImport ON AgLibraryImportImage(image, import);`
