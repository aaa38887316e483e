// Contents that retention may have something to say of: those that another has taken the place of, and the newest of originals that were removed
// on purpose. And the witness of that: what a catalog does not name any more.
import { toCopy, type CopyRow } from './files.js'
import type { Journal, Row } from './journal.js'
import { number, optionalNumber, text } from './rows.js'

export interface RetainedRow {
  readonly versionId: number
  readonly fileId: number
  readonly shootId: number
  readonly sourceId: number
  readonly shoot: string
  readonly file: string
  readonly hash: string
  readonly why: 'earlier' | 'deleted'
  readonly sinceMs?: number
  readonly copies: readonly CopyRow[]
}

export function listRetained(journal: Journal): RetainedRow[] {
  const earlier = journal.all(
    `SELECT v.id, v.file_id, v.hash, f.shoot_id, f.name, s.key, s.source_id,
       (SELECT min(w.first_seen_ms) FROM versions w WHERE w.file_id = v.file_id AND w.id <> v.id AND w.first_seen_ms > v.first_seen_ms) AS since_ms
     FROM files f JOIN versions v ON v.file_id = f.id AND v.id <> f.version_id JOIN shoots s ON s.id = f.shoot_id ORDER BY s.key, f.name, v.id`,
  )
  const deleted = journal.all(
    `SELECT v.id, v.file_id, v.hash, f.shoot_id, f.name, s.key, s.source_id, f.let_go_ms AS since_ms
     FROM files f JOIN versions v ON v.id = f.version_id JOIN shoots s ON s.id = f.shoot_id WHERE f.gone_ms IS NOT NULL AND f.let_go_ms IS NOT NULL ORDER BY s.key, f.name`,
  )
  return [
    ...earlier.map((row) => toRetained(journal, row, 'earlier')),
    ...deleted.map((row) => toRetained(journal, row, 'deleted')),
  ]
}

function toRetained(journal: Journal, row: Row, why: 'earlier' | 'deleted'): RetainedRow {
  const versionId = number(row, 'id')
  const sinceMs = optionalNumber(row, 'since_ms')
  return {
    versionId,
    fileId: number(row, 'file_id'),
    shootId: number(row, 'shoot_id'),
    sourceId: number(row, 'source_id'),
    shoot: text(row, 'key'),
    file: text(row, 'name'),
    hash: text(row, 'hash'),
    why,
    ...(sinceMs === undefined ? {} : { sinceMs }),
    copies: journal.all('SELECT * FROM copies WHERE version_id = ? ORDER BY place_id, path', [versionId]).map(toCopy),
  }
}

export interface GoneFile {
  readonly id: number
  /** Absolute. */
  readonly folder: string
  readonly name: string
}

/** Originals that are gone. */
export function listGone(journal: Journal): GoneFile[] {
  return journal
    .all(
      `SELECT f.id, f.name, r.path, s.path_from_root FROM files f JOIN shoots s ON s.id = f.shoot_id JOIN sources r ON r.id = s.source_id
       WHERE f.gone_ms IS NOT NULL`,
    )
    .map((row) => {
      const below = text(row, 'path_from_root')
      return {
        id: number(row, 'id'),
        folder: below === '' ? text(row, 'path') : `${text(row, 'path')}/${below}`,
        name: text(row, 'name'),
      }
    })
}

/** The catalog does not name them any more. What was let go before keeps its day. */
export function letGo(journal: Journal, fileIds: readonly number[], nowMs: number): void {
  for (const id of fileIds)
    journal.run(
      'UPDATE files SET let_go_ms = CASE WHEN let_go_ms IS NULL OR let_go_ms < gone_ms THEN ?1 ELSE let_go_ms END WHERE id = ?2 AND gone_ms IS NOT NULL',
      [nowMs, id],
    )
}

/** The catalog names them: they are missed. */
export function miss(journal: Journal, fileIds: readonly number[]): void {
  for (const id of fileIds)
    journal.run('UPDATE files SET let_go_ms = NULL WHERE id = ? AND let_go_ms IS NOT NULL', [id])
}

/** Files that are known and not gone. */
export function countKnownFiles(journal: Journal): number {
  const row = journal.get('SELECT count(*) - (SELECT count(*) FROM files WHERE gone_ms IS NOT NULL) AS n FROM files')
  return row ? number(row, 'n') : 0
}
