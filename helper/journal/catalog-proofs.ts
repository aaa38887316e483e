// When the files of catalog backups, and of live catalogs that have not changed since their last backup, were last read and found to be what
// was recorded. File by file, because a .lrcat-data folder of 150 GB takes days of the scrub's budget and its files belong to many backups.
import type { Hash } from '../model.js'
import type { CatalogBackupRow } from './catalog-backups.js'
import type { Journal } from './journal.js'
import { number, text, textList } from './rows.js'

export interface FileProof {
  /** Below the place's root with forward slashes; of a live catalog absolute. */
  readonly path: string
  readonly hash: Hash
  readonly provenMs: number
}

/** @param placeId  WORKING for live catalogs */
export function catalogProofs(journal: Journal, placeId: string): FileProof[] {
  return journal
    .all('SELECT path, hash, proven_ms FROM catalog_proofs WHERE place_id = ?', [placeId])
    .map((row) => ({ path: text(row, 'path'), hash: text(row, 'hash'), provenMs: number(row, 'proven_ms') }))
}

/** @param gone  paths that no backup lists any more */
export function saveCatalogProofs(
  journal: Journal,
  placeId: string,
  proofs: readonly FileProof[],
  gone: readonly string[],
): void {
  for (const { path, hash, provenMs } of proofs)
    journal.run('INSERT OR REPLACE INTO catalog_proofs (place_id, path, hash, proven_ms) VALUES (?, ?, ?, ?)', [
      placeId,
      path,
      hash,
      provenMs,
    ])
  for (const path of gone) journal.run('DELETE FROM catalog_proofs WHERE place_id = ? AND path = ?', [placeId, path])
}

/** Every file of this backup was right at that time or later. */
export function proveCatalogBackup(
  journal: Journal,
  { placeId, name, stamp }: Pick<CatalogBackupRow, 'placeId' | 'name' | 'stamp'>,
  provenMs: number,
): void {
  journal.run('UPDATE catalog_backups SET proven_ms = ? WHERE place_id = ? AND name = ? AND stamp = ?', [
    provenMs,
    placeId,
    name,
    stamp,
  ])
}

/** What was found when a live catalog was read that looks as it did at its last backup. */
export interface LiveCatalog {
  /** BLAKE3 of the .lrcat that its backup has. */
  readonly hash: Hash
  /** All of its files were as in that backup at that time or later. */
  readonly provenMs: number
  /** Names of files that read otherwise although their size and date are the same. */
  readonly differs: readonly string[]
}

export function liveCatalog(journal: Journal, catalog: string): LiveCatalog | undefined {
  const row = journal.get('SELECT hash, proven_ms, differs FROM catalog_lives WHERE catalog = ?', [catalog])
  return row && { hash: text(row, 'hash'), provenMs: number(row, 'proven_ms'), differs: textList(row, 'differs') }
}

export function saveLiveCatalog(journal: Journal, catalog: string, { hash, provenMs, differs }: LiveCatalog): void {
  journal.run('INSERT OR REPLACE INTO catalog_lives (catalog, hash, proven_ms, differs) VALUES (?, ?, ?, ?)', [
    catalog,
    hash,
    provenMs,
    JSON.stringify(differs),
  ])
}

/** Proofs that bear a later time come from a wrong clock. */
export function strikeCatalogProofsAfter(journal: Journal, ms: number): void {
  journal.run('UPDATE catalog_backups SET proven_ms = NULL WHERE proven_ms > ?', [ms])
  journal.run('DELETE FROM catalog_proofs WHERE proven_ms > ?', [ms])
  journal.run('DELETE FROM catalog_lives WHERE proven_ms > ?', [ms])
}
