// Restores that wait for cold storage, as the journal keeps them: what was asked for, when it is looked at again, how it ended. Written before
// the store is asked, so that nothing is ever paid for and forgotten.
import type { Hash } from '../model.js'
import type { Journal, Row } from './journal.js'
import { number, optionalNumber, text } from './rows.js'

/** `asking`: not everything has been asked for yet · `waiting`: all of it has · `done`: it is back · `ended`: it is not, and nothing goes on */
export type ThawState = 'asking' | 'waiting' | 'done' | 'ended'

export interface ThawRow {
  readonly id: number
  /** JSON of the restore that goes on; one row per restore. */
  readonly params: string
  /** What is restored, as it was asked for. */
  readonly title: string
  readonly state: ThawState
  readonly files: number
  readonly bytes: number
  readonly askedMs: number
  /** About when it can be read. */
  readonly readyMs: number
  /** When it is looked at again. */
  readonly nextMs: number
  readonly endedMs?: number
  /** How it ended, or what stands in the way. */
  readonly said: string
}

export interface ThawObject {
  readonly placeId: string
  /** Below the place, with `/`. */
  readonly path: string
  readonly hash: Hash
  readonly sizeBytes: number
}

/** Begins to wait; for the same restore once more it begins anew. @returns the row's id */
export function beginThaw(
  journal: Journal,
  row: Pick<ThawRow, 'params' | 'title' | 'askedMs' | 'readyMs' | 'nextMs'>,
  objects: readonly ThawObject[],
): number {
  return journal.transaction(() => {
    const { params, title, askedMs, readyMs, nextMs } = row
    const before = thawOf(journal, params)
    if (before) forgetThaw(journal, before.id)
    journal.run(
      `INSERT INTO thaws (params, title, state, files, bytes, asked_ms, ready_ms, next_ms) VALUES (?, ?, 'asking', 0, 0, ?, ?, ?)`,
      [params, title, askedMs, readyMs, nextMs],
    )
    const id = thawOf(journal, params)?.id
    if (id === undefined) throw new Error('a row that was written is not there')
    setThawObjects(journal, id, objects)
    return id
  })
}

/** What is waited for, and nothing else. */
export function setThawObjects(journal: Journal, id: number, objects: readonly ThawObject[]): void {
  journal.transaction(() => {
    journal.run('DELETE FROM thaw_objects WHERE thaw_id = ?', [id])
    for (const { placeId, path, hash, sizeBytes } of objects)
      journal.run('INSERT OR IGNORE INTO thaw_objects (thaw_id, place_id, path, hash, size) VALUES (?, ?, ?, ?, ?)', [
        id,
        placeId,
        path,
        hash,
        sizeBytes,
      ])
    const bytes = objects.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
    journal.run('UPDATE thaws SET files = ?, bytes = ? WHERE id = ?', [objects.length, bytes, id])
  })
}

export function updateThaw(
  journal: Journal,
  row: Pick<ThawRow, 'id' | 'state' | 'nextMs' | 'said'> & Partial<Pick<ThawRow, 'readyMs' | 'endedMs'>>,
): void {
  journal.run(
    'UPDATE thaws SET state = ?, next_ms = ?, said = ?, ready_ms = coalesce(?, ready_ms), ended_ms = ? WHERE id = ?',
    [row.state, row.nextMs, row.said, row.readyMs ?? null, row.endedMs ?? null, row.id],
  )
}

export function forgetThaw(journal: Journal, id: number): void {
  journal.transaction(() => {
    journal.run('DELETE FROM thaw_objects WHERE thaw_id = ?', [id])
    journal.run('DELETE FROM thaws WHERE id = ?', [id])
  })
}

/** The oldest first. */
export function listThaws(journal: Journal): ThawRow[] {
  return journal.all('SELECT * FROM thaws ORDER BY asked_ms, id').map(toThaw)
}

export function thawOf(journal: Journal, params: string): ThawRow | undefined {
  const row = journal.get('SELECT * FROM thaws WHERE params = ?', [params])
  return row && toThaw(row)
}

export function thawObjects(journal: Journal, id: number): ThawObject[] {
  return journal.all('SELECT * FROM thaw_objects WHERE thaw_id = ? ORDER BY place_id, path', [id]).map((row) => ({
    placeId: text(row, 'place_id'),
    path: text(row, 'path'),
    hash: text(row, 'hash'),
    sizeBytes: number(row, 'size'),
  }))
}

function toThaw(row: Row): ThawRow {
  const endedMs = optionalNumber(row, 'ended_ms')
  return {
    id: number(row, 'id'),
    params: text(row, 'params'),
    title: text(row, 'title'),
    state: text(row, 'state') as ThawState,
    files: number(row, 'files'),
    bytes: number(row, 'bytes'),
    askedMs: number(row, 'asked_ms'),
    readyMs: number(row, 'ready_ms'),
    nextMs: number(row, 'next_ms'),
    said: text(row, 'said'),
    ...(endedMs === undefined ? {} : { endedMs }),
  }
}
