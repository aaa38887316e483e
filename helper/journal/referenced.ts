// What is known of originals by where they lie: which of a folder's files have verified copies, and where. Asked folder by folder, because
// a catalog names hundreds of thousands of files in hundreds of folders.
import path from 'node:path'
import type { Journal } from './journal.js'
import { number, optionalText, text } from './rows.js'
import { listSources } from './shoots.js'

export interface KnownOriginal {
  readonly hash: string
  readonly sizeBytes: number
  readonly mtimeMs: number
  /** Places with a verified copy of the newest content, the original itself left out. */
  readonly places: ReadonlySet<string>
}

/** @param folder  absolute, without a slash at its end
 *  @param names   only these, when given
 *  @returns      by name; where the folder was backed up under two names, what is proven under either counts */
export function originalsIn(journal: Journal, folder: string, names?: readonly string[]): Map<string, KnownOriginal> {
  const only = names === undefined ? [] : [JSON.stringify(names)]
  const known = new Map<string, KnownOriginal & { places: Set<string> }>()
  for (const source of listSources(journal)) {
    const relative = path.relative(source.path, folder)
    if (relative.startsWith('..') || path.isAbsolute(relative)) continue
    const rows = journal.all(
      `SELECT f.name, v.hash, v.size, v.mtime_ms, c.place_id
       FROM shoots s ${names === undefined ? '' : 'CROSS JOIN json_each(?) n'}
       CROSS JOIN files f ON f.shoot_id = s.id ${names === undefined ? '' : 'AND f.name = n.value'}
       JOIN versions v ON v.id = f.version_id
       LEFT JOIN copies c ON c.version_id = f.version_id AND c.path = f.name AND c.state = 'verified' AND c.place_id <> 'working'
       WHERE s.source_id = ? AND s.path_from_root = ?`,
      [...only, source.id, relative.split(path.sep).join('/')],
    )
    for (const row of rows) {
      const name = text(row, 'name')
      const place = optionalText(row, 'place_id')
      const before = known.get(name)
      const each = before ?? {
        hash: text(row, 'hash'),
        sizeBytes: number(row, 'size'),
        mtimeMs: number(row, 'mtime_ms'),
        places: new Set<string>(),
      }
      if (!before) known.set(name, each)
      if (place !== undefined) each.places.add(place)
    }
  }
  return known
}

/** Where the content of a file lies among the originals under another name, as far as the journal knows: where it was moved or renamed to, or a
 *  second one that was always there. */
export interface Twin {
  readonly fileId: number
  /** Absolute. */
  readonly path: string
  readonly sizeBytes: number
}

export function twinsOf(journal: Journal, fileId: number): Twin[] {
  return journal
    .all(
      `SELECT f.id, f.name, f.size, s.path_from_root, o.path FROM files g JOIN versions v ON v.id = g.version_id
         JOIN versions w ON w.hash = v.hash AND w.file_id <> g.id
         JOIN files f ON f.id = w.file_id AND f.version_id = w.id AND f.gone_ms IS NULL
         JOIN shoots s ON s.id = f.shoot_id JOIN sources o ON o.id = s.source_id
       WHERE g.id = ?`,
      [fileId],
    )
    .map((row) => ({
      fileId: number(row, 'id'),
      path: path.join(text(row, 'path'), ...text(row, 'path_from_root').split('/'), text(row, 'name')),
      sizeBytes: number(row, 'size'),
    }))
}

/** An original that is gone, and whose content is another one's newest, was moved or renamed: there it is looked after. What becomes of that
 *  one later changes nothing of this. */
export function noteMoved(journal: Journal, nowMs: number): void {
  journal.run(
    `UPDATE files SET moved_ms = ? WHERE gone_ms IS NOT NULL AND moved_ms IS NULL AND EXISTS (
       SELECT 1 FROM versions v JOIN versions w ON w.hash = v.hash AND w.file_id <> v.file_id
         JOIN files f ON f.id = w.file_id AND f.version_id = w.id AND f.gone_ms IS NULL
       WHERE v.id = files.version_id)`,
    [nowMs],
  )
}

/** Originals that were found to be gone at that time or later. */
export function goneSince(journal: Journal, ms: number): number[] {
  return journal.all('SELECT id FROM files WHERE gone_ms >= ?', [ms]).map((row) => number(row, 'id'))
}
