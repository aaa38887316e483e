// Opens a private copy and writes down what is found: header, SQLite's own checks, tables, counts, the -wal, the -journal. It judges
// nothing and throws nothing that the file's condition causes: a file that cannot be read is a fact as well. Runs in the worker thread.
import { closeSync, openSync, readSync, statSync } from 'node:fs'
import { describeError } from '../errors.js'
import { openPrivateCopy, recoverCopy, rows, tablesOf, type CopyDatabase } from './copy-database.js'
import { examineWal, type WalFacts } from './foreign-wal.js'
import type { PrivateCopy } from './private-copy.js'
import {
  countDangling,
  countRows,
  readVersions,
  REQUIRED_TABLES,
  type CatalogCounts,
  type CatalogVersions,
  type DanglingRows,
} from './read-copy.js'
import { DATABASE_HEADER_BYTES, readDatabaseHeader } from './sqlite-file.js'

export interface InspectOptions {
  /** Run integrity_check as well: three to six times as long as quick_check, and blind to the same things. */
  readonly isThorough: boolean
}

export interface CatalogFacts {
  readonly sizeBytes: number
  /** `undefined`: these are not the first bytes of a database. */
  readonly header?: { readonly isWalMode: boolean; readonly pageSize: number; readonly pages: number }
  /** The system's or SQLite's words, when it could not be opened or read. */
  readonly unreadable?: string
  /** Rows of the checks other than `ok`, at most `ROWS_KEPT`. `undefined`: not run. */
  readonly quickCheck?: readonly string[]
  readonly integrityCheck?: readonly string[]
  readonly missingTables: readonly string[]
  readonly versions?: CatalogVersions
  readonly counts?: CatalogCounts
  readonly dangling?: DanglingRows
  readonly wal?: WalFacts
  /** An interrupted transaction of Lightroom 6 or older, undone on a second copy before anything else was read. */
  readonly journal?: { readonly pagesRestored: number }
}

const ROWS_KEPT = 20

export function inspectPrivateCopy(copy: PrivateCopy, { isThorough }: InspectOptions): CatalogFacts {
  const sizeBytes = statSync(copy.file).size
  const header = readDatabaseHeader(readStart(copy.file, DATABASE_HEADER_BYTES))
  const base = { sizeBytes, missingTables: [], ...(header ? { header } : {}) }
  if (!header) return { ...base, unreadable: sizeBytes === 0 ? 'the file is empty' : 'the file is not a database' }
  const { pagesRestored } = recoverCopy(copy)
  return readFacts(
    copy,
    { ...base, ...(pagesRestored === undefined ? {} : { journal: { pagesRestored } }) },
    isThorough,
  )
}

function readFacts(copy: PrivateCopy, base: CatalogFacts, isThorough: boolean): CatalogFacts {
  let facts = base
  let database: CopyDatabase | undefined
  try {
    const wal = examineWal(copy)
    if (wal) facts = { ...facts, wal }
    database = openPrivateCopy(copy)
    facts = { ...facts, quickCheck: check(database, 'quick_check') }
    const tables = tablesOf(database)
    facts = { ...facts, missingTables: REQUIRED_TABLES.filter((table) => !tables.has(table)) }
    if (isThorough) facts = { ...facts, integrityCheck: check(database, 'integrity_check') }
    if (facts.missingTables.length > 0) return facts
    facts = { ...facts, versions: readVersions(database), counts: countRows(database) }
    return { ...facts, dangling: countDangling(database) }
  } catch (error) {
    return { ...facts, unreadable: describeError(error) }
  } finally {
    database?.close()
  }
}

function check(database: CopyDatabase, pragma: 'quick_check' | 'integrity_check'): string[] {
  return rows(database, `PRAGMA ${pragma}(${ROWS_KEPT})`)
    .map((row) => String(Object.values(row)[0]))
    .filter((line) => line !== 'ok')
}

function readStart(file: string, length: number): Buffer {
  const descriptor = openSync(file, 'r')
  try {
    const buffer = Buffer.alloc(length)
    return buffer.subarray(0, readSync(descriptor, buffer, 0, length, 0))
  } finally {
    closeSync(descriptor)
  }
}
