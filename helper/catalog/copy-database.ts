// The one place of this room that opens a database with SQLite, and what SQLite's errors mean in our words. Runs in the worker thread.
// The order matters: exclusive locking before anything else is the only way this SQLite opens a WAL-mode file (it has no shared memory).
import sqlite from 'node-sqlite3-wasm'
import { requirePrivate, type PrivateCopy } from './private-copy.js'

export type CopyDatabase = Pick<sqlite.Database, 'all' | 'get' | 'prepare' | 'close'>
export type Row = Record<string, unknown>

/** Opens a private copy for reading. Its main file and a pending `-wal` stay byte for byte what they are.
 *  @throws UNEXPECTED when it is no private copy; SQLite3Error when it cannot be opened */
export function openPrivateCopy(copy: PrivateCopy): CopyDatabase {
  requirePrivate(copy)
  const database = new sqlite.Database(copy.file, { fileMustExist: true, readOnly: true })
  try {
    database.exec('PRAGMA locking_mode=EXCLUSIVE')
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

export function rows(database: CopyDatabase, sql: string, values: sqlite.BindValues = []): Row[] {
  return database.all(sql, values)
}

/** First column of the first row. */
export function scalar(database: CopyDatabase, sql: string, values: sqlite.BindValues = []): unknown {
  const row = database.get(sql, values)
  return row === null ? undefined : Object.values(row)[0]
}

export function tablesOf(database: CopyDatabase): ReadonlySet<string> {
  return new Set(
    rows(database, "SELECT name FROM sqlite_master WHERE type = 'table'").map((row) => String(row['name'])),
  )
}

export function columnsOf(database: CopyDatabase, table: string): ReadonlySet<string> {
  return new Set(rows(database, 'SELECT name FROM pragma_table_info(?)', [table]).map((row) => String(row['name'])))
}
