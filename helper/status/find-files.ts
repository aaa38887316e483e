// Finding single files: by the beginning of a name, a day or month, the beginning of a hash. Every way goes through an index and takes one
// page, so a million files cost what fifty do.
import type { Journal, Row } from '../journal/journal.js'
import { number, text } from '../journal/rows.js'
import type { Result } from '../../shared/methods.js'

const PAGE = 50
const SHORTEST_HASH = 6
const COLUMNS = `f.name, f.size, f.mtime_ms, s.key, v.hash FROM files f JOIN shoots s ON s.id = f.shoot_id JOIN versions v ON v.id = f.version_id`

export function findFiles(journal: Journal, typed: string): Result<'files/find'> {
  const wanted = typed.trim()
  const { rows, by } = lookUp(journal, wanted)
  const isCut = rows.length > PAGE
  const files = rows.slice(0, PAGE).map(toFound)
  const count = isCut ? `More than ${PAGE} files` : `${files.length} file${files.length === 1 ? '' : 's'}`
  return { ok: true, exitCode: 0, summary: `${count} ${by} "${wanted}".`, files, isCut }
}

function lookUp(journal: Journal, wanted: string): { rows: Row[]; by: string } {
  const day = dayOf(wanted)
  if (day !== undefined) return { rows: byDay(journal, day), by: 'changed on' }
  const hash = wanted.toLowerCase()
  if (hash.length >= SHORTEST_HASH && /^[0-9a-f]{1,64}$/.test(hash)) {
    const rows = byHash(journal, hash)
    if (rows.length > 0) return { rows, by: 'with the hash' }
  }
  return { rows: wanted === '' ? [] : byName(journal, wanted), by: 'with names that begin with' }
}

/** 2026, 2026-11 or 2026-11-23, by this computer's calendar. */
function dayOf(wanted: string): { fromMs: number; toMs: number } | undefined {
  const match = /^(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?$/.exec(wanted)
  if (match === null) return undefined
  const [year, month, day] = [Number(match[1]), match[2], match[3]]
  if (year < 1990 || year > 2200) return undefined
  const first = new Date(year, month === undefined ? 0 : Number(month) - 1, day === undefined ? 1 : Number(day))
  const end = new Date(first)
  if (day !== undefined) end.setDate(end.getDate() + 1)
  else if (month !== undefined) end.setMonth(end.getMonth() + 1)
  else end.setFullYear(end.getFullYear() + 1)
  return { fromMs: first.getTime(), toMs: end.getTime() }
}

function byDay(journal: Journal, { fromMs, toMs }: { fromMs: number; toMs: number }): Row[] {
  return journal.all(`SELECT ${COLUMNS} WHERE f.mtime_ms >= ? AND f.mtime_ms < ? ORDER BY f.mtime_ms LIMIT ?`, [
    fromMs,
    toMs,
    PAGE + 1,
  ])
}

function byHash(journal: Journal, hash: string): Row[] {
  return journal.all(
    `SELECT f.name, f.size, f.mtime_ms, s.key, v.hash FROM versions v JOIN files f ON f.id = v.file_id JOIN shoots s ON s.id = f.shoot_id
     WHERE v.hash >= ? AND v.hash < ? ORDER BY v.hash LIMIT ?`,
    [hash, `${hash}g`, PAGE + 1],
  )
}

/** Without regard to the case of a to z, which is how cameras and people differ. */
function byName(journal: Journal, name: string): Row[] {
  return journal.all(
    `SELECT ${COLUMNS} WHERE f.name COLLATE NOCASE >= ? AND f.name COLLATE NOCASE < ? ORDER BY f.name COLLATE NOCASE LIMIT ?`,
    [name, `${name}\u{10FFFF}`, PAGE + 1],
  )
}

function toFound(row: Row): Result<'files/find'>['files'][number] {
  return {
    shoot: text(row, 'key'),
    file: text(row, 'name'),
    bytes: number(row, 'size'),
    modifiedAt: new Date(number(row, 'mtime_ms')).toISOString(),
    hash: text(row, 'hash'),
  }
}
