// What Lightroom has told us of and what is still owed to it: originals that are not proven on any drive yet.
import type { Journal, Row } from './journal.js'
import { number, text, textList } from './rows.js'

export interface Wanted {
  readonly catalog: string
  /** The catalog's root folder that it lies under, absolute. */
  readonly root: string
  /** Its folder below that, with `/`; '' for the root itself. */
  readonly pathFromRoot: string
  readonly name: string
  readonly isOffline: boolean
}

export interface WantedRow extends Wanted {
  readonly id: number
  readonly why: string
  readonly toldMs: number
}

/** Notes what is owed. Told twice is owed once. */
export function want(journal: Journal, wanted: readonly Wanted[], nowMs: number): void {
  for (const { catalog, root, pathFromRoot, name, isOffline } of wanted) {
    journal.run(
      `INSERT INTO wanted (catalog, root, path_from_root, name, is_offline, told_ms) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (root, path_from_root, name) DO UPDATE SET is_offline = excluded.is_offline`,
      [catalog, root, pathFromRoot, name, isOffline ? 1 : 0, nowMs],
    )
  }
}

export function listWanted(journal: Journal, limit = -1): WantedRow[] {
  return journal.all('SELECT * FROM wanted ORDER BY id LIMIT ?', [limit]).map(toWanted)
}

/** How many are owed of each folder, by what kept them from being protected the last time. */
export function wantedByFolder(journal: Journal): { root: string; pathFromRoot: string; why: string; files: number }[] {
  return journal
    .all(
      'SELECT root, path_from_root, why, count(*) AS files FROM wanted GROUP BY root, path_from_root, why ORDER BY min(id)',
    )
    .map((row) => ({
      root: text(row, 'root'),
      pathFromRoot: text(row, 'path_from_root'),
      why: text(row, 'why'),
      files: number(row, 'files'),
    }))
}

/** Proven: nothing is owed any more. */
export function fulfil(journal: Journal, ids: readonly number[]): void {
  for (const id of ids) journal.run('DELETE FROM wanted WHERE id = ?', [id])
}

export function sayWhy(journal: Journal, ids: readonly number[], why: string): void {
  for (const id of ids) journal.run('UPDATE wanted SET why = ? WHERE id = ?', [why, id])
}

export interface CatalogRow {
  readonly path: string
  /** Highest photo id answered for. */
  readonly cursor: number
  readonly roots: readonly string[]
}

export function catalogAt(journal: Journal, path: string): CatalogRow | undefined {
  const row = journal.get('SELECT * FROM catalogs WHERE path = ?', [path])
  return row && toCatalog(row)
}

export function listCatalogs(journal: Journal): CatalogRow[] {
  return journal.all('SELECT * FROM catalogs ORDER BY path').map(toCatalog)
}

/** Every root folder that any catalog has, as Lightroom last told them. */
export function catalogRoots(journal: Journal): string[] {
  return listCatalogs(journal).flatMap(({ roots }) => roots)
}

/** The cursor only ever grows. */
export function saveCatalog(journal: Journal, { path, cursor, roots }: CatalogRow, nowMs: number): void {
  journal.run(
    `INSERT INTO catalogs (path, cursor, roots, last_seen_ms) VALUES (?, ?, ?, ?)
     ON CONFLICT (path) DO UPDATE SET cursor = max(cursor, excluded.cursor), roots = excluded.roots, last_seen_ms = excluded.last_seen_ms`,
    [path, cursor, JSON.stringify(roots), nowMs],
  )
}

export function noteExit(journal: Journal, path: string, nowMs: number): void {
  journal.run('UPDATE catalogs SET last_exit_ms = ? WHERE path = ?', [nowMs, path])
}

function toWanted(row: Row): WantedRow {
  return {
    id: number(row, 'id'),
    catalog: text(row, 'catalog'),
    root: text(row, 'root'),
    pathFromRoot: text(row, 'path_from_root'),
    name: text(row, 'name'),
    isOffline: number(row, 'is_offline') === 1,
    why: text(row, 'why'),
    toldMs: number(row, 'told_ms'),
  }
}

function toCatalog(row: Row): CatalogRow {
  return { path: text(row, 'path'), cursor: number(row, 'cursor'), roots: textList(row, 'roots') }
}
