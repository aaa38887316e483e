// What the jobs of the catalog room share: a stored backup as the journal keeps it, the newest one of a catalog, its database unpacked into a
// private folder, and this very system.
import { setTimeout as wait } from 'node:timers/promises'
import { systemFiles } from '../files/durable.js'
import { chooseHashEngine } from '../files/hash.js'
import type { KnownBackup } from './job-kinds.js'
import { findLightroom } from './lightroom-process.js'
import type { PrivateCopy } from './private-copy.js'
import type { CatalogState } from './quiet.js'
import type { SnapshotDeps } from './snapshot.js'
import { listCatalogs } from './store.js'
import { fetchStored, type StoreDeps } from './stored-file.js'
import { NOT_WHOLE, type StoredBackup } from './wholeness.js'

/** Sizes and dates of the files that make up a catalog, as one text to compare. A -journal that holds nothing does not count. */
export function stateText(
  parts: readonly { readonly role: string; readonly sizeBytes: number; readonly modifiedMs: number }[],
): string {
  return parts
    .filter(({ role, sizeBytes }) => role === 'catalog' || (role === 'wal' && sizeBytes > 0))
    .map(({ role, sizeBytes, modifiedMs }) => `${role} ${sizeBytes} ${Math.floor(modifiedMs)}`)
    .join(', ')
}

export function stateOfLive({ main, wal }: CatalogState): string {
  return stateText([
    ...(main ? [{ role: 'catalog', sizeBytes: main.sizeBytes, modifiedMs: main.mtimeMs }] : []),
    ...(wal ? [{ role: 'wal', sizeBytes: wal.sizeBytes, modifiedMs: wal.mtimeMs }] : []),
  ])
}

export function knownBackup({ folder, stamp, record }: StoredBackup): KnownBackup {
  const main = record.files.find(({ role }) => role === 'catalog')
  return {
    name: folder.split(/[/\\]/).at(-2) ?? record.name,
    stamp,
    catalog: record.catalog,
    takenMs: Date.parse(record.takenAt),
    verdict: record.verdict,
    reasons: record.reasons.filter(({ weight }) => weight !== 'note').map(({ message }) => message),
    counts: { ...record.counts },
    hash: main?.hash ?? '',
    isWhole: !record.reasons.some(({ code }) => code === NOT_WHOLE),
    state: stateText(
      record.files.map(({ role, sizeBytes, modifiedAt }) => ({ role, sizeBytes, modifiedMs: Date.parse(modifiedAt) })),
    ),
  }
}

/** The newest one that can be read. */
export function newestBackupOf(catalog: string, roots: readonly string[]): StoredBackup | undefined {
  return roots
    .flatMap((root) => listCatalogs(systemFiles, root).flatMap(({ backups }) => backups))
    .filter(({ record }) => record.catalog === catalog && record.verdict !== 'bad')
    .sort((a, b) => Date.parse(a.record.takenAt) - Date.parse(b.record.takenAt))
    .at(-1)
}

/** Puts the database of a backup into a private folder.
 *  @param from  where it was restored to; unpacked from the place when left out */
export async function unpack(
  backup: StoredBackup,
  copy: PrivateCopy,
  signal: AbortSignal,
  from?: string,
): Promise<void> {
  const suffix = { catalog: '', wal: '-wal', journal: '-journal' } as const
  for (const part of backup.record.files) {
    const isPacked = from === undefined && part.storedAs.endsWith('.gz')
    const source = from === undefined ? `${backup.folder}/${part.storedAs}` : `${from}/${part.name}`
    await fetchStored(systemDeps(), source, `${copy.file}${suffix[part.role]}`, {
      isPacked,
      mustHash: part.hash,
      signal,
    })
  }
}

export function systemDeps(): SnapshotDeps & StoreDeps {
  return {
    files: systemFiles,
    hash: chooseHashEngine(),
    findLightroom,
    now: Date.now,
    wait: (ms, signal) => wait(ms, undefined, signal ? { signal } : {}),
  }
}
