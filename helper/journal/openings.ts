// Whether contents could be opened as the pictures that their names say. It is of the bytes, so it holds for every copy of them.
import type { Journal } from './journal.js'
import { number, text } from './rows.js'

export interface OpeningRow {
  readonly versionId: number
  readonly result: 'opened' | 'broken' | 'unknown'
  readonly why: string
}

export function saveOpening(journal: Journal, opening: OpeningRow, nowMs: number): void {
  journal.run('INSERT OR REPLACE INTO openings (version_id, result, why, at_ms) VALUES (?, ?, ?, ?)', [
    opening.versionId,
    opening.result,
    opening.why,
    nowMs,
  ])
}

export interface BrokenContent {
  readonly shoot: string
  readonly file: string
  readonly why: string
  readonly firstSeenMs: number
}

/** Files that are still there and whose newest content was read exactly as it came and cannot be opened: broken before they were imported.
 *  The newest first. */
export function brokenContents(journal: Journal): BrokenContent[] {
  return journal
    .all(
      `SELECT s.key, f.name, o.why, v.first_seen_ms FROM openings o JOIN versions v ON v.id = o.version_id
       JOIN files f ON f.id = v.file_id AND f.version_id = v.id JOIN shoots s ON s.id = f.shoot_id
       WHERE o.result = 'broken' AND f.gone_ms IS NULL ORDER BY v.first_seen_ms DESC, s.key, f.name`,
    )
    .map((row) => ({
      shoot: text(row, 'key'),
      file: text(row, 'name'),
      why: text(row, 'why'),
      firstSeenMs: number(row, 'first_seen_ms'),
    }))
}

export interface Unopened {
  readonly versionId: number
  readonly shootId: number
  readonly name: string
  readonly sizeBytes: number
}

/** Contents that nobody has tried to open yet, the newest first: of those the card may still exist. */
export function unopenedContents(journal: Journal, sinceMs: number, limit: number): Unopened[] {
  return journal
    .all(
      `SELECT v.id, f.shoot_id, f.name, v.size FROM versions v JOIN files f ON f.version_id = v.id
       WHERE v.first_seen_ms >= ? AND f.gone_ms IS NULL AND v.id NOT IN (SELECT version_id FROM openings)
       ORDER BY v.first_seen_ms DESC, v.id DESC LIMIT ?`,
      [sinceMs, limit],
    )
    .map((row) => ({
      versionId: number(row, 'id'),
      shootId: number(row, 'shoot_id'),
      name: text(row, 'name'),
      sizeBytes: number(row, 'size'),
    }))
}
