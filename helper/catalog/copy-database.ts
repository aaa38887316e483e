// The one place of this room that opens a database with SQLite, and what SQLite's errors mean in our words. Runs in the worker thread.
// The order matters: exclusive locking before anything else is the only way this SQLite opens a WAL-mode file (it has no shared memory).
import { copyFileSync, existsSync, renameSync } from 'node:fs'
import sqlite from 'node-sqlite3-wasm'
import { rollBack } from './rollback-journal.js'
import { requirePrivate, type PrivateCopy } from './private-copy.js'

export type CopyDatabase = Pick<sqlite.Database, 'all' | 'get' | 'prepare' | 'close'>
export type Row = Record<string, unknown>

/** Opens a private copy for reading. Its main file and a pending `-wal` stay byte for byte what they are.
 *  @throws UNEXPECTED when it is no private copy; SQLite3Error when it cannot be opened */
export function openPrivateCopy(copy: PrivateCopy): CopyDatabase {
  const database = new sqlite.Database(recoverCopy(copy).file, { fileMustExist: true, readOnly: true })
  try {
    database.exec('PRAGMA locking_mode=EXCLUSIVE')
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

/** Where a hot journal lies beside the copy, its half-written transaction is undone on a second copy and that one is read: the bytes of
 *  the snapshot stay what they are. */
export function recoverCopy(copy: PrivateCopy): { readonly file: string; readonly pagesRestored?: number } {
  requirePrivate(copy)
  const journal = `${copy.file}-journal`
  if (!existsSync(journal)) return { file: copy.file }
  const recovered = `${copy.file}-recovered`
  if (existsSync(recovered)) return { file: recovered }
  copyFileSync(copy.file, `${recovered}.tmp`)
  const undone = rollBack(`${recovered}.tmp`, journal)
  renameSync(`${recovered}.tmp`, recovered)
  return { file: recovered, ...(undone ?? {}) }
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
