// Files, their versions and the copies of these, as the journal knows them. Long, because every statement about the three tables stands here:
// their indexes are made for these and for no others.
import type { CopyState, Hash, ProofMethod } from '../model.js'
import type { Journal, Row } from './journal.js'
import { number, optionalNumber, optionalText, text } from './rows.js'

export interface VersionRow {
  readonly id: number
  readonly hash: Hash
  readonly sizeBytes: number
  readonly mtimeMs: number
}

export interface CopyRow {
  readonly versionId: number
  readonly placeId: string
  readonly state: CopyState
  /** Below the shoot's folder at the place, with `/`: the name, or `Versions/…`. */
  readonly path: string
  /** What the place's own file system showed after writing. */
  readonly sizeBytes: number
  readonly mtimeMs: number
  readonly provenMs?: number
  readonly provenHow?: ProofMethod
}

export interface FileRow {
  readonly id: number
  readonly name: string
  /** The newest content. */
  readonly version: VersionRow
  /** What the original showed when it was last read; ctime is unknown after a rebuild. */
  readonly sizeBytes: number
  readonly mtimeMs: number
  readonly ctimeMs?: number
  readonly goneMs?: number
  /** Copies of the newest content under the file's own name, by place. */
  readonly copies: ReadonlyMap<string, CopyRow>
  /** Copies under `Versions/`. */
  readonly oldCopies: readonly (CopyRow & { readonly hash: Hash })[]
}

/** In this order and no other: left to itself, SQLite begins with all copies at a place, for every shoot anew. */
const COPIES_OF_FILES =
  'FROM files f CROSS JOIN versions v ON v.file_id = f.id CROSS JOIN copies c ON c.version_id = v.id'

/** Every file of a shoot, by name. */
export function filesOfShoot(journal: Journal, shootId: number): Map<string, FileRow> {
  const copies = new Map<number, { now: Map<string, CopyRow>; old: (CopyRow & { hash: Hash })[] }>()
  const rows = journal.all(
    `SELECT c.*, v.file_id, v.hash, f.version_id AS newest, f.name ${COPIES_OF_FILES}
     WHERE f.shoot_id = ?`,
    [shootId],
  )
  for (const row of rows) {
    const fileId = number(row, 'file_id')
    const entry = copies.get(fileId) ?? { now: new Map<string, CopyRow>(), old: [] }
    copies.set(fileId, entry)
    const copy = toCopy(row)
    if (number(row, 'newest') === copy.versionId && copy.path === text(row, 'name')) entry.now.set(copy.placeId, copy)
    else entry.old.push({ ...copy, hash: text(row, 'hash') })
  }
  const files = journal.all(
    `SELECT f.*, v.id AS v_id, v.hash, v.size AS v_size, v.mtime_ms AS v_mtime FROM files f JOIN versions v ON v.id = f.version_id WHERE f.shoot_id = ?`,
    [shootId],
  )
  return new Map(files.map((row) => [text(row, 'name'), toFile(row, copies.get(number(row, 'id')))]))
}

export interface SourceState {
  readonly sizeBytes: number
  readonly mtimeMs: number
  readonly ctimeMs?: number
}

/** Records what the original shows now; a file that was gone is back.
 *  @returns the file's id */
export function saveFile(
  journal: Journal,
  shootId: number,
  name: string,
  { sizeBytes, mtimeMs, ctimeMs }: SourceState,
): number {
  journal.run(
    `INSERT INTO files (shoot_id, name, size, mtime_ms, ctime_ms) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (shoot_id, name) DO UPDATE SET size = excluded.size, mtime_ms = excluded.mtime_ms, ctime_ms = excluded.ctime_ms, gone_ms = NULL, moved_ms = NULL`,
    [shootId, name, sizeBytes, mtimeMs, ctimeMs ?? null],
  )
  const row = journal.get('SELECT id FROM files WHERE shoot_id = ? AND name = ?', [shootId, name])
  if (!row) throw new Error('journal: a file just saved is not there')
  return number(row, 'id')
}

/** Records a file that the journal does not know yet.
 *  @returns its id, or undefined when it knows a file of this name */
export function addFile(journal: Journal, shootId: number, name: string, original: SourceState): number | undefined {
  return journal.insert(
    'INSERT OR IGNORE INTO files (shoot_id, name, size, mtime_ms, ctime_ms) VALUES (?, ?, ?, ?, ?)',
    [shootId, name, original.sizeBytes, original.mtimeMs, original.ctimeMs ?? null],
  )
}

/** The version of a file with this content, added when it is new. One that is known by its hash alone, from a drive that has lost it, learns
 *  its size and date. */
export function ensureVersion(
  journal: Journal,
  fileId: number,
  version: Omit<VersionRow, 'id'>,
  nowMs: number,
): number {
  const known = journal.get('SELECT id, size FROM versions WHERE file_id = ? AND hash = ?', [fileId, version.hash])
  if (!known) return addVersion(journal, fileId, version, nowMs)
  const id = number(known, 'id')
  if (number(known, 'size') === 0 && version.sizeBytes > 0) {
    const facts = [version.sizeBytes, version.mtimeMs, id]
    journal.run('UPDATE versions SET size = ?, mtime_ms = ? WHERE id = ?', facts)
    journal.run('UPDATE files SET size = ?, mtime_ms = ? WHERE version_id = ? AND size = 0', facts)
  }
  return id
}

/** A version of a file that has none with this content. */
export function addVersion(journal: Journal, fileId: number, version: Omit<VersionRow, 'id'>, nowMs: number): number {
  return journal.run('INSERT INTO versions (file_id, hash, size, mtime_ms, first_seen_ms) VALUES (?, ?, ?, ?, ?)', [
    fileId,
    version.hash,
    version.sizeBytes,
    version.mtimeMs,
    nowMs,
  ])
}

export function firstSeenOf(journal: Journal, versionId: number): number {
  const row = journal.get('SELECT first_seen_ms FROM versions WHERE id = ?', [versionId])
  return row ? number(row, 'first_seen_ms') : Number.POSITIVE_INFINITY
}

/** Another record says that a content was known earlier than the journal thought. */
export function noteFirstSeen(journal: Journal, versionId: number, seenMs: number): void {
  journal.run('UPDATE versions SET first_seen_ms = min(first_seen_ms, ?) WHERE id = ?', [seenMs, versionId])
}

export function setNewestVersion(journal: Journal, fileId: number, versionId: number): void {
  journal.run('UPDATE files SET version_id = ? WHERE id = ?', [versionId, fileId])
}

export function saveCopy(journal: Journal, copy: CopyRow): void {
  journal.run(
    'INSERT OR REPLACE INTO copies (version_id, place_id, state, path, size, mtime_ms, proven_ms, proven_how) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
    [
      copy.versionId,
      copy.placeId,
      copy.state,
      copy.path,
      copy.sizeBytes,
      copy.mtimeMs,
      copy.provenMs ?? null,
      copy.provenHow ?? null,
    ],
  )
}

export function setCopyState(
  journal: Journal,
  copy: Pick<CopyRow, 'versionId' | 'placeId' | 'path'>,
  state: CopyState,
): void {
  journal.run('UPDATE copies SET state = ? WHERE version_id = ? AND place_id = ? AND path = ?', [
    state,
    copy.versionId,
    copy.placeId,
    copy.path,
  ])
}

/** Forgets what was known of a file's copies under one name at a place, whichever version it was: something else lies there now. */
export function dropCopyAt(journal: Journal, fileId: number, placeId: string, path: string): void {
  journal.run(
    'DELETE FROM copies WHERE place_id = ? AND path = ? AND version_id IN (SELECT id FROM versions WHERE file_id = ?)',
    [placeId, path, fileId],
  )
}

/** The originals of these files are no longer there. */
export function markGone(journal: Journal, fileIds: readonly number[], nowMs: number): void {
  for (const id of fileIds) {
    journal.run('UPDATE files SET gone_ms = coalesce(gone_ms, ?) WHERE id = ?', [nowMs, id])
    journal.run(
      "UPDATE copies SET state = 'missing' WHERE place_id = 'working' AND version_id = (SELECT version_id FROM files WHERE id = ?)",
      [id],
    )
  }
}

export interface GoodFileRow extends SourceState {
  readonly copy: Pick<CopyRow, 'sizeBytes' | 'mtimeMs'>
}

/** Files of a shoot of which nothing is owed at a place, by name; see `GoodFile` in the engine's plan. SQLite makes one value of all of them: a
 *  value per column of each costs several times as much. */
export function goodFilesAt(journal: Journal, shootId: number, placeId: string): Map<string, GoodFileRow> {
  const row = journal.get(
    `SELECT json_group_array(json_array(f.name, f.size, ${exactly('f.mtime_ms')}, ${exactly('f.ctime_ms')}, c.size, ${exactly('c.mtime_ms')})) AS files
     FROM files f
       CROSS JOIN copies c ON c.version_id = f.version_id AND c.place_id = ? AND c.path = f.name AND +c.state = 'verified'
     WHERE f.shoot_id = ? AND f.gone_ms IS NULL
       AND (f.version_id, f.name) NOT IN (SELECT version_id, path FROM copies WHERE place_id = 'working' AND state = 'damaged')`,
    [placeId, shootId],
  )
  const good = new Map<string, GoodFileRow>()
  for (const [name, sizeBytes, mtime, mtimePart, ctime, ctimePart, copyBytes, copied, copiedPart] of JSON.parse(
    row ? text(row, 'files') : '[]',
  ) as readonly GoodColumns[]) {
    const mtimeMs = put(mtime, mtimePart)
    const copy = { sizeBytes: copyBytes, mtimeMs: put(copied, copiedPart) }
    if (ctime === null || ctimePart === null) good.set(name, { sizeBytes, mtimeMs, copy })
    else good.set(name, { sizeBytes, mtimeMs, ctimeMs: put(ctime, ctimePart), copy })
  }
  return good
}

type GoodColumns = readonly [
  name: string,
  sizeBytes: number,
  mtime: number,
  mtimePart: number,
  ctime: number | null,
  ctimePart: number | null,
  copyBytes: number,
  copied: number,
  copiedPart: number,
]

/** A time as two whole numbers, milliseconds and parts of one, because SQLite rounds a fraction in JSON. A double that counts milliseconds has
 *  no smaller parts from the fifth of 1970 on; a time before that is not equal to itself here, and its file is looked at one by one. */
function exactly(column: string): string {
  return `CAST(${column} AS INTEGER), CAST((${column} - CAST(${column} AS INTEGER)) * ${PARTS} AS INTEGER)`
}

const PARTS = 2 ** 50

function put(ms: number, parts: number): number {
  return ms + parts / PARTS
}

/** How many originals of a shoot are not known to be gone. */
export function countOfFiles(journal: Journal, shootId: number): number {
  const row = journal.get('SELECT count(*) AS n FROM files WHERE shoot_id = ? AND gone_ms IS NULL', [shootId])
  return row ? number(row, 'n') : 0
}

/** How many copies are known, counted no further than `limit`. */
export function countCopies(journal: Journal, limit: number): number {
  const row = journal.get('SELECT count(*) AS n FROM (SELECT 1 FROM copies LIMIT ?)', [limit])
  return row ? number(row, 'n') : 0
}

/** Shoots that have a copy at a place which is written and not yet proven. */
export function shootsUnprovenAt(journal: Journal, placeId: string): Set<number> {
  const rows = journal.all(
    `SELECT DISTINCT f.shoot_id FROM copies c CROSS JOIN versions v ON v.id = c.version_id CROSS JOIN files f ON f.id = v.file_id
     WHERE c.place_id = ? AND c.state = 'written'`,
    [placeId],
  )
  return new Set(rows.map((row) => number(row, 'shoot_id')))
}

/** Copies of one shoot at one place with their reference hashes, in the order of their paths: what its manifest lists. */
export function copiesAt(
  journal: Journal,
  shootId: number,
  placeId: string,
): (CopyRow & { readonly hash: Hash; readonly name: string; readonly fileId: number })[] {
  return journal
    .all(
      `SELECT c.*, v.hash, v.file_id, f.name ${COPIES_OF_FILES}
       WHERE f.shoot_id = ? AND c.place_id = ?`,
      [shootId, placeId],
    )
    .map((row) => ({
      ...toCopy(row),
      hash: text(row, 'hash'),
      name: text(row, 'name'),
      fileId: number(row, 'file_id'),
    }))
}

/** The same, as a manifest needs it: paths and reference hashes; without what is still on its way to a bucket. */
export function hashesAt(journal: Journal, shootId: number, placeId: string): { path: string; hash: Hash }[] {
  return journal
    .all(
      `SELECT c.path, v.hash ${COPIES_OF_FILES} WHERE f.shoot_id = ?1 AND c.place_id = ?2
         AND (c.state <> 'written' OR NOT EXISTS (SELECT 1 FROM places p WHERE p.id = ?2 AND p.kind = 'bucket'))`,
      [shootId, placeId],
    )
    .map((row) => ({ path: text(row, 'path'), hash: text(row, 'hash') }))
}

/** How many files of a shoot have a verified copy of their newest content at a place. */
export function verifiedAt(journal: Journal, shootId: number, placeId: string): number {
  const row = journal.get(
    `SELECT count(*) AS n FROM files f CROSS JOIN copies c ON c.version_id = f.version_id AND c.place_id = ? AND c.path = f.name AND c.state = 'verified'
     WHERE f.shoot_id = ? AND f.gone_ms IS NULL`,
    [placeId, shootId],
  )
  return row ? number(row, 'n') : 0
}

/** Whether the newest content of an original has a verified copy at any place but its own. */
export function verifiedElsewhere(journal: Journal, sourcePath: string, pathFromRoot: string, name: string): boolean {
  const row = journal.get(
    `SELECT 1 AS found FROM sources r JOIN shoots s ON s.source_id = r.id AND s.path_from_root = ? JOIN files f ON f.shoot_id = s.id AND f.name = ?
     JOIN copies c ON c.version_id = f.version_id AND c.path = f.name AND c.state = 'verified' AND c.place_id <> 'working' WHERE r.path = ? LIMIT 1`,
    [pathFromRoot, name, sourcePath],
  )
  return row !== undefined
}

function toFile(
  row: Row,
  copies: { now: Map<string, CopyRow>; old: (CopyRow & { hash: Hash })[] } | undefined,
): FileRow {
  const ctimeMs = optionalNumber(row, 'ctime_ms')
  const goneMs = optionalNumber(row, 'gone_ms')
  return {
    id: number(row, 'id'),
    name: text(row, 'name'),
    version: {
      id: number(row, 'v_id'),
      hash: text(row, 'hash'),
      sizeBytes: number(row, 'v_size'),
      mtimeMs: number(row, 'v_mtime'),
    },
    sizeBytes: number(row, 'size'),
    mtimeMs: number(row, 'mtime_ms'),
    ...(ctimeMs === undefined ? {} : { ctimeMs }),
    ...(goneMs === undefined ? {} : { goneMs }),
    copies: copies?.now ?? new Map<string, CopyRow>(),
    oldCopies: copies?.old ?? [],
  }
}

export function toCopy(row: Row): CopyRow {
  const provenMs = optionalNumber(row, 'proven_ms')
  const provenHow = optionalText(row, 'proven_how') as ProofMethod | undefined
  return {
    versionId: number(row, 'version_id'),
    placeId: text(row, 'place_id'),
    state: text(row, 'state') as CopyState,
    path: text(row, 'path'),
    sizeBytes: number(row, 'size'),
    mtimeMs: number(row, 'mtime_ms'),
    ...(provenMs === undefined ? {} : { provenMs }),
    ...(provenHow === undefined ? {} : { provenHow }),
  }
}
