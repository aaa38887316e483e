// The journal: the one file that knows SQLite. It keeps what Safelight knows between runs, and promises that what a transaction returned
// from is on the disk. It is a cache of what the manifests at the places say; when it is lost or damaged, `rebuild` makes it again.
//
// node-sqlite3-wasm has no shared memory and takes its own lock for a foreign one, so in its default mode a killed process can leave a
// database that is never repaired. Exclusive locking and then a write-ahead log, in this order at every open, and one connection, is the
// mode that survives. Who may open it at all is decided before, by instance.ts; that makes a left-over lock folder ours to remove.
import path from 'node:path'
import fs from 'fs-extra'
import sqlite, { type Database, type Statement } from 'node-sqlite3-wasm'
import { describeError, SafelightError } from '../errors.js'
import { systemFiles } from '../files/durable.js'
import { MIGRATIONS } from './schema.js'

export type Value = string | number | null
export type Row = Readonly<Record<string, Value>>

export const JOURNAL_FILE = 'journal.sqlite'

export class Journal {
  readonly file: string
  readonly #database: Database
  readonly #statements = new Map<string, Statement>()

  private constructor(file: string, database: Database) {
    this.file = file
    this.#database = database
  }

  /** Opens the journal of a home that this process owns, creating it when there is none.
   *  @throws JOURNAL_DAMAGED, JOURNAL_TOO_NEW */
  static open(home: string): Journal {
    const file = path.join(home, JOURNAL_FILE)
    fs.removeSync(`${file}.lock`)
    if (!fs.existsSync(file)) create(file)
    // Ours is never empty; SQLite would take it for a new one, and everything known would be gone without a word.
    else if (fs.statSync(file).size === 0) throw damaged(file, new Error('it is empty'))
    nameLog(file)
    return new Journal(file, openDatabase(file))
  }

  /** Takes a damaged journal out of the way, for a rebuild. @returns where it now lies, or undefined when there was none */
  static moveAside(home: string, nowMs: number): string | undefined {
    const file = path.join(home, JOURNAL_FILE)
    fs.removeSync(`${file}.lock`)
    if (!fs.existsSync(file)) return undefined
    const aside = `${file}.${new Date(nowMs).toISOString().replaceAll(/[:.]/g, '-')}.damaged`
    for (const suffix of ['', '-wal', '-journal'])
      if (fs.existsSync(file + suffix)) fs.renameSync(file + suffix, aside + suffix)
    systemFiles.syncFolder(home)
    return aside
  }

  /** Runs `act` and makes all it changed durable together, or nothing of it. */
  transaction<T>(act: () => T): T {
    if (this.#database.inTransaction) return act()
    this.#ask(() => this.#database.exec('BEGIN IMMEDIATE'))
    try {
      const result = act()
      this.#ask(() => this.#database.exec('COMMIT'))
      return result
    } catch (error) {
      this.#rollBack()
      throw error
    }
  }

  /** The same, and no sync of its own: a kill takes nothing of it, a power loss may until the next transaction has returned. For what is found
   *  out again by itself. */
  withoutSync<T>(act: () => T): T {
    if (this.#database.inTransaction) return act()
    this.#ask(() => this.#database.exec('PRAGMA synchronous=NORMAL'))
    try {
      return this.transaction(act)
    } finally {
      this.#ask(() => this.#database.exec('PRAGMA synchronous=FULL'))
    }
  }

  /** SQLite has already rolled back by itself after some errors (disk full). */
  #rollBack(): void {
    if (this.#database.inTransaction) this.#database.exec('ROLLBACK')
  }

  /** @returns the id of the row inserted last */
  run(sql: string, values: readonly Value[] = []): number {
    return this.#with(sql, (statement) => Number(statement.run([...values]).lastInsertRowid))
  }

  /** @returns the id of the row inserted, or undefined when a conflict kept it out */
  insert(sql: string, values: readonly Value[] = []): number | undefined {
    const { changes, lastInsertRowid } = this.#ask(() => this.#prepare(sql).run([...values]))
    return changes === 0 ? undefined : Number(lastInsertRowid)
  }

  all(sql: string, values: readonly Value[] = []): Row[] {
    return this.#with(sql, (statement) => statement.all([...values]) as Row[])
  }

  get(sql: string, values: readonly Value[] = []): Row | undefined {
    return this.all(sql, values)[0]
  }

  /** Puts what SQLite says of a damaged file, or of the disk below it, into words. */
  #ask<T>(act: () => T): T {
    try {
      return act()
    } catch (error) {
      const message = describeError(error)
      if (/malformed|not a database/.test(message)) throw damaged(this.file, error)
      if (/disk is full|disk I\/O error|readonly database/.test(message)) throw unwritable(this.file, error)
      throw error
    }
  }

  /** Reads every page. Opening reads only a few, so damage elsewhere would be met later, in the middle of some work. */
  isSound(): boolean {
    try {
      return this.get('PRAGMA quick_check(1)')?.['quick_check'] === 'ok'
    } catch (error) {
      if (error instanceof SafelightError && error.code === 'JOURNAL_DAMAGED') return false
      throw error
    }
  }

  close(): void {
    this.#ask(() => {
      for (const statement of this.#statements.values()) statement.finalize()
      this.#statements.clear()
      this.#database.close()
    })
  }

  /** A statement that failed says so again whatever is done with it next, so it is not kept. */
  #with<T>(sql: string, act: (statement: Statement) => T): T {
    return this.#ask(() => {
      const statement = this.#prepare(sql)
      try {
        return act(statement)
      } catch (error) {
        this.#statements.delete(sql)
        finalizeFailed(statement)
        throw error
      }
    })
  }

  /** Statements are kept: preparing costs more than most of them. `all` and `run` leave none half-read, which would hold the lock. */
  #prepare(sql: string): Statement {
    const known = this.#statements.get(sql)
    if (known) return known
    const statement = this.#database.prepare(sql)
    this.#statements.set(sql, statement)
    return statement
  }
}

/** Finalizing repeats the failure that is on its way up already. */
function finalizeFailed(statement: Statement): void {
  try {
    statement.finalize()
  } catch (error) {
    if (!(error instanceof Error)) throw error
  }
}

/** A new journal gets its name only when it is whole: the switch to a write-ahead log itself goes through the unsafe mode. */
function create(file: string): void {
  const temporary = `${file}.new`
  const clear = (): void => ['', '-wal', '-journal', '.lock'].forEach((suffix) => fs.removeSync(temporary + suffix))
  clear()
  try {
    // Synced once, when it is whole: nobody needs the steps on the way there after a crash.
    openDatabase(temporary, 'OFF').close()
    syncFile(temporary)
    fs.renameSync(temporary, file)
    systemFiles.syncFolder(path.dirname(file))
  } catch (error) {
    clear()
    // What is only being made cannot be damaged.
    throw unwritable(file, error instanceof SafelightError ? (error.cause ?? error) : error)
  }
}

/** Gives the write-ahead log its name before the first commit goes into it. SQLite syncs the log itself, but here not the folder: after a
 *  power loss the log could have no name, and with it acknowledged work, or half a checkpoint, would be gone. */
function nameLog(file: string): void {
  try {
    fs.closeSync(fs.openSync(`${file}-wal`, 'a', 0o600))
    systemFiles.syncFolder(path.dirname(file))
  } catch (error) {
    throw unwritable(file, error)
  }
}

function openDatabase(file: string, synchronous: 'FULL' | 'OFF' = 'FULL'): Database {
  let database: Database | undefined
  try {
    database = new sqlite.Database(file)
    database.exec('PRAGMA locking_mode=EXCLUSIVE')
    database.exec(`PRAGMA synchronous=${synchronous}`)
    const mode = database.get('PRAGMA journal_mode=WAL')
    if (mode?.['journal_mode'] !== 'wal') throw new Error('it cannot be put into write-ahead mode')
    database.exec('PRAGMA cache_size=-32000')
    database.exec(`PRAGMA wal_autocheckpoint=${CHECKPOINT_PAGES}`)
    keepLockPrivate(file)
    migrate(database)
    return database
  } catch (error) {
    if (database?.isOpen) database.close()
    if (error instanceof SafelightError) throw error
    // SQLite has one sentence for a disk that cannot be read and one that cannot take another byte.
    throw /disk I\/O error|disk is full/.test(describeError(error)) && isFull(file)
      ? unwritable(file, error)
      : damaged(file, error)
  }
}

/** The library makes its lock as a folder with whatever the umask leaves. */
function keepLockPrivate(file: string): void {
  const lock = `${file}.lock`
  if (process.platform !== 'win32' && fs.existsSync(lock)) fs.chmodSync(lock, 0o700)
}

/** 16 MB: a checkpoint writes and syncs the database itself, which the outcomes of a large backup would otherwise do every second. */
const CHECKPOINT_PAGES = 4000

function syncFile(file: string): void {
  const descriptor = systemFiles.openAppend(file)
  try {
    systemFiles.sync(descriptor)
  } finally {
    systemFiles.close(descriptor)
  }
}

/** Less room than one commit of ours takes. */
function isFull(file: string): boolean {
  const { bavail, bsize } = fs.statfsSync(path.dirname(file))
  return bavail * bsize < ROOM_FOR_A_COMMIT_BYTES
}

const ROOM_FOR_A_COMMIT_BYTES = 64 * 1024

function migrate(database: Database): void {
  const version = Number(database.get('PRAGMA user_version')?.['user_version'] ?? 0)
  if (version > MIGRATIONS.length) {
    throw new SafelightError('JOURNAL_TOO_NEW', {
      message: 'The journal was written by a newer Safelight than this one. Nothing was changed.',
      remedy: 'Install the newer Safelight again, or use another --home.',
    })
  }
  if (version === 0 && Number(database.get('SELECT count(*) AS n FROM sqlite_master')?.['n']) > 0) {
    throw new Error('it holds tables that are not ours')
  }
  MIGRATIONS.slice(version).forEach((sql, index) => {
    database.exec(`BEGIN IMMEDIATE; ${sql}; PRAGMA user_version = ${version + index + 1}; COMMIT`)
  })
}

function unwritable(file: string, cause: unknown): SafelightError {
  return new SafelightError('HOME_UNUSABLE', {
    message: `Safelight's journal (${file}) cannot be written: ${describeError(cause)}. Nothing is called safe that was not written down.`,
    remedy: 'Make room on the disk that holds it, or name another folder with --home, and run the same command again.',
    cause,
  })
}

function damaged(file: string, cause: unknown): SafelightError {
  return new SafelightError('JOURNAL_DAMAGED', {
    message: `Safelight's journal (${file}) cannot be read: ${describeError(cause)}. Your copies are not affected; only the list of them is.`,
    remedy:
      'Connect a backup drive and run: safelight rebuild --from DRIVE. The damaged journal is kept beside the new one.',
    cause,
  })
}
