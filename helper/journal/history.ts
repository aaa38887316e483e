// Every content that a shoot's files ever had, and where copies of each lie: what a restore chooses from and a heal looks in.
import type { Hash } from '../model.js'
import { toCopy, type CopyRow, type VersionRow } from './files.js'
import type { Journal } from './journal.js'
import { number, optionalNumber, text } from './rows.js'

export interface PastVersion extends VersionRow {
  readonly firstSeenMs: number
  readonly copies: readonly CopyRow[]
}

export interface FileHistory {
  readonly id: number
  readonly name: string
  readonly newestId: number | undefined
  /** Since when the original is not there any more. */
  readonly goneMs: number | undefined
  /** Since when it is known to lie under another name. */
  readonly movedMs: number | undefined
  readonly versions: readonly PastVersion[]
}

/** Every file of a shoot with all its versions, oldest first, and their copies at every place. */
export function historyOfShoot(journal: Journal, shootId: number): FileHistory[] {
  const copies = new Map<number, CopyRow[]>()
  for (const row of journal.all(
    'SELECT c.* FROM files f JOIN versions v ON v.file_id = f.id JOIN copies c ON c.version_id = v.id WHERE f.shoot_id = ?',
    [shootId],
  )) {
    const copy = toCopy(row)
    gather(copies, copy.versionId, copy)
  }
  const versions = new Map<number, PastVersion[]>()
  for (const row of journal.all(
    'SELECT v.* FROM files f JOIN versions v ON v.file_id = f.id WHERE f.shoot_id = ? ORDER BY v.first_seen_ms, v.id',
    [shootId],
  )) {
    const id = number(row, 'id')
    gather(versions, number(row, 'file_id'), {
      id,
      hash: text(row, 'hash'),
      sizeBytes: number(row, 'size'),
      mtimeMs: number(row, 'mtime_ms'),
      firstSeenMs: number(row, 'first_seen_ms'),
      copies: copies.get(id) ?? [],
    })
  }
  return journal
    .all('SELECT id, name, version_id, gone_ms, moved_ms FROM files WHERE shoot_id = ? ORDER BY name', [shootId])
    .map((row) => {
      const id = number(row, 'id')
      return {
        id,
        name: text(row, 'name'),
        newestId: optionalNumber(row, 'version_id'),
        goneMs: optionalNumber(row, 'gone_ms'),
        movedMs: optionalNumber(row, 'moved_ms'),
        versions: versions.get(id) ?? [],
      }
    })
}

/** Where bytes with this hash lie, whatever file they belong to. */
export function copiesOfContent(journal: Journal, hash: Hash): (CopyRow & { readonly shootId: number })[] {
  return journal
    .all(
      'SELECT c.*, f.shoot_id FROM versions v JOIN copies c ON c.version_id = v.id JOIN files f ON f.id = v.file_id WHERE v.hash = ?',
      [hash],
    )
    .map((row) => ({ ...toCopy(row), shootId: number(row, 'shoot_id') }))
}

function gather<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key)
  if (list) list.push(value)
  else map.set(key, [value])
}
