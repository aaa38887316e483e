// What a scrub chooses from: every local copy with the time of its last proof, and of the last look at it that gave none.
import type { CopyState } from '../model.js'
import type { Journal } from './journal.js'
import { number, text } from './rows.js'

export interface ScrubCopy {
  readonly versionId: number
  readonly placeId: string
  readonly path: string
  readonly shootId: number
  readonly sizeBytes: number
  readonly state: CopyState
  /** When it was last proven; 0 when never. */
  readonly provenMs: number
}

/** Copies that were not proven since `beforeMs`, those of the longest time first. Originals that are gone are none.
 *  @param triedBeforeMs  what was tried since then and gave no proof is left for later */
export function oldestLooks(
  journal: Journal,
  placeIds: readonly string[],
  beforeMs: number,
  triedBeforeMs: number,
  limit: number,
): ScrubCopy[] {
  return journal
    .all(
      `SELECT c.version_id, c.place_id, c.path, c.size, c.state, f.shoot_id, coalesce(c.proven_ms, 0) AS looked
       FROM copies c JOIN versions v ON v.id = c.version_id JOIN files f ON f.id = v.file_id
         LEFT JOIN scrub_tries t ON t.version_id = c.version_id AND t.place_id = c.place_id AND t.path = c.path
       WHERE c.place_id IN (SELECT value FROM json_each(?)) AND c.state IN ('verified', 'written')
         AND (c.place_id <> 'working' OR (f.gone_ms IS NULL AND f.version_id = c.version_id)) AND looked < ? AND coalesce(t.tried_ms, 0) < ?
       ORDER BY looked, f.shoot_id, c.path LIMIT ?`,
      [JSON.stringify(placeIds), beforeMs, triedBeforeMs, limit],
    )
    .map((row) => ({
      versionId: number(row, 'version_id'),
      placeId: text(row, 'place_id'),
      path: text(row, 'path'),
      shootId: number(row, 'shoot_id'),
      sizeBytes: number(row, 'size'),
      state: text(row, 'state') as CopyState,
      provenMs: number(row, 'looked'),
    }))
}

/** Remembers that a copy was looked at, whatever came of it. */
export function noteTries(journal: Journal, copies: readonly ScrubCopy[], nowMs: number): void {
  journal.transaction(() => {
    for (const { versionId, placeId, path } of copies)
      journal.run('INSERT OR REPLACE INTO scrub_tries (version_id, place_id, path, tried_ms) VALUES (?, ?, ?, ?)', [
        versionId,
        placeId,
        path,
        nowMs,
      ])
  })
}
