// Whether a -wal belongs to the catalog it lies beside. SQLite replays any -wal with intact frames, also one of another catalog or another
// day, and integrity_check is content afterwards. What cannot be forged by accident: Lightroom's own ids only grow, a row keeps its
// global id for ever, and the catalog keeps its identity. So the catalog is read without the -wal and with it, and the two compared. What
// this cannot see: a short -wal from another copy of the same catalog whose few pages happen to contradict nothing. Against that one
// there are only the rules that a pair is copied in one instant and stored with the hashes of both.
import { closeSync, existsSync, fstatSync, openSync, readSync, renameSync } from 'node:fs'
import { openPrivateCopy, rows, type CopyDatabase } from './copy-database.js'
import type { PrivateCopy } from './private-copy.js'
import { readVersions, text } from './read-copy.js'
import {
  DATABASE_HEADER_BYTES,
  readDatabaseHeader,
  readWalHeader,
  WAL_FRAME_HEADER_BYTES,
  WAL_HEADER_BYTES,
} from './sqlite-file.js'

export interface WalFacts {
  readonly frames: number
  /** Its header is intact; SQLite ignores a -wal whose header is not. */
  readonly isReadable: boolean
  readonly fitsPageSize: boolean
  /** Named reasons why it cannot be of this catalog and this moment. Empty: nothing speaks against it. */
  readonly foreignBecause: readonly string[]
}

/** Reads the copy twice; the -wal is out of the way for the first of the two and back in its place afterwards. */
export function examineWal(copy: PrivateCopy): WalFacts | undefined {
  const wal = `${copy.file}-wal`
  if (!existsSync(wal)) return undefined
  const { frames, isReadable, fitsPageSize, hasCommonPage, sizeMismatch } = compareFrames(copy.file, wal)
  if (!isReadable) return { frames: 0, isReadable, fitsPageSize, foreignBecause: [] }
  if (!fitsPageSize)
    return {
      frames,
      isReadable,
      fitsPageSize,
      foreignBecause: ['its pages have another size than those of the catalog'],
    }
  // A page that is the same in both was written by a checkpoint of this very -wal, which then broke off: it belongs here, and the catalog
  // without it is a mixture that says nothing.
  if (hasCommonPage) return { frames, isReadable, fitsPageSize, foreignBecause: [] }
  const aside = `${copy.file}-aside`
  renameSync(wal, aside)
  const without = readState(copy)
  renameSync(aside, wal)
  const withWal = readState(copy)
  const bySize = sizeMismatch === undefined ? [] : [sizeMismatch]
  return { frames, isReadable, fitsPageSize, foreignBecause: [...bySize, ...compareStates(without, withWal)] }
}

function compareStates(without: State | undefined, withWal: State | undefined): string[] {
  if (!without) return []
  return withWal ? contradictions(without, withWal) : ['with it the catalog cannot be read, and without it it can']
}

interface State {
  readonly identity: string | undefined
  readonly idCounter: number | undefined
  /** table → id → what never changes of that row. */
  readonly permanent: ReadonlyMap<string, ReadonlyMap<number, string>>
}

/** Root folders, folders and files keep their global id; an import keeps its date. */
const PERMANENT: readonly (readonly [table: string, column: string])[] = [
  ['AgLibraryRootFolder', 'id_global'],
  ['AgLibraryFolder', 'id_global'],
  ['AgLibraryImport', 'importDate'],
  ['AgLibraryFile', 'id_global'],
]

/** Enough to know a catalog by, and no more memory than a large one may take. */
const ROWS_COMPARED = 100_000

/** @returns undefined when this state of the file cannot be read at all: then other checks say so */
function readState(copy: PrivateCopy): State | undefined {
  let database: CopyDatabase | undefined
  try {
    database = openPrivateCopy(copy)
    const { identity, idCounter } = readVersions(database)
    const permanent = new Map(PERMANENT.map(([table, column]) => [table, permanentRows(database, table, column)]))
    return { identity, idCounter, permanent }
  } catch (error) {
    if (error instanceof Error) return undefined
    throw error
  } finally {
    database?.close()
  }
}

function permanentRows(database: CopyDatabase | undefined, table: string, column: string): ReadonlyMap<number, string> {
  if (!database) return new Map()
  const found = rows(database, `SELECT id_local AS id, ${column} AS kept FROM ${table} ORDER BY id_local LIMIT ?`, [
    ROWS_COMPARED,
  ])
  return new Map(found.map((row) => [Number(row['id']), text(row['kept'])]))
}

function contradictions(without: State, withWal: State): string[] {
  const found: string[] = []
  if (without.identity !== undefined && withWal.identity !== undefined && without.identity !== withWal.identity)
    found.push('with it the catalog has another identity')
  if (without.idCounter !== undefined && withWal.idCounter !== undefined && withWal.idCounter < without.idCounter)
    found.push('with it the catalog would have given out fewer ids than before')
  for (const [table, before] of without.permanent) {
    const after = withWal.permanent.get(table) ?? new Map<number, string>()
    const changed = [...after].filter(([id, kept]) => before.has(id) && before.get(id) !== kept).length
    if (changed > 0) found.push(`with it ${changed} rows of ${table} would be other rows under the same ids`)
    const highest = Math.max(0, ...[...before.keys()].slice(-1))
    const isWhole = before.size < ROWS_COMPARED
    const limit = without.idCounter ?? highest
    const reused = isWhole ? [...after.keys()].filter((id) => !before.has(id) && id <= limit).length : 0
    if (reused > 0) found.push(`it brings ${reused} rows of ${table} with ids that were given out long before`)
  }
  return found
}

interface Frames {
  readonly frames: number
  readonly isReadable: boolean
  readonly fitsPageSize: boolean
  /** Some page is the same in the -wal and in the catalog. */
  readonly hasCommonPage: boolean
  /** A commit says another size than the catalog has, without the page that such a change is written on. */
  readonly sizeMismatch?: string
}

function compareFrames(database: string, wal: string): Frames {
  const main = openSync(database, 'r')
  const log = openSync(wal, 'r')
  const none = { frames: 0, isReadable: true, fitsPageSize: true, hasCommonPage: false }
  try {
    const header = readWalHeader(readAt(log, 0, WAL_HEADER_BYTES))
    if (!header) return { ...none, isReadable: false }
    const pageSize = readDatabaseHeader(readAt(main, 0, DATABASE_HEADER_BYTES))?.pageSize
    if (pageSize !== header.pageSize) return { ...none, fitsPageSize: false }
    const pages = Math.floor(fstatSync(main).size / pageSize)
    let found: Frames = none
    let hasFirstPage = false
    for (let at = WAL_HEADER_BYTES; ; at += WAL_FRAME_HEADER_BYTES + pageSize) {
      const frame = readAt(log, at, WAL_FRAME_HEADER_BYTES + pageSize)
      // Frames of an earlier round carry other salts: the log ends where they begin.
      if (frame.length < WAL_FRAME_HEADER_BYTES + pageSize || frame.toString('hex', 8, 16) !== header.salt) return found
      const [page, pagesAfter] = [frame.readUInt32BE(0), frame.readUInt32BE(4)]
      const before = readAt(main, (page - 1) * pageSize, pageSize)
      const isCommon = before.equals(frame.subarray(WAL_FRAME_HEADER_BYTES))
      hasFirstPage ||= page === 1
      found = { ...found, frames: found.frames + 1, hasCommonPage: found.hasCommonPage || isCommon }
      // A database grows or shrinks only together with its first page, which holds its size. Not 0: this frame ends a transaction.
      if (pagesAfter !== 0 && pagesAfter !== pages && !hasFirstPage)
        found = {
          ...found,
          sizeMismatch: `it was written for a catalog of ${pagesAfter} pages, and this one has ${pages}`,
        }
    }
  } finally {
    closeSync(log)
    closeSync(main)
  }
}

function readAt(descriptor: number, position: number, length: number): Buffer {
  const buffer = Buffer.alloc(length)
  return buffer.subarray(0, readSync(descriptor, buffer, 0, length, position))
}
