// Backups of catalogs as the journal knows them: what lies at which place, what is still owed, and what the last backup found.
import type { Journal, Row } from './journal.js'
import { number, optionalNumber, text, textList } from './rows.js'

export interface CatalogBackupRow {
  readonly placeId: string
  /** Folder below `Catalogs/`. */
  readonly name: string
  /** Folder below that: `2026-11-23 0804`. */
  readonly stamp: string
  /** Path of the live catalog. */
  readonly catalog: string
  readonly takenMs: number
  readonly verdict: 'good' | 'suspect' | 'bad'
  /** Sentences; what is only a note is left out. */
  readonly reasons: readonly string[]
  readonly counts: Readonly<Record<string, number>>
  readonly hash: string
  /** Sizes and dates of the live files that it was taken of, as `stateText` writes them. */
  readonly state: string
  /** When a bucket last said that it still has it. */
  readonly provenMs?: number
  /** Originals that it names, and how many of them have no verified copy of their newest version at this place. */
  readonly pair?: { readonly referenced: number; readonly unproven: number; readonly comparedMs: number }
}

/** Adds a backup or brings up to date what is known of it; the pair that was counted stays. */
export function saveCatalogBackup(journal: Journal, backup: Omit<CatalogBackupRow, 'pair' | 'provenMs'>): void {
  journal.run(
    `INSERT INTO catalog_backups (place_id, name, stamp, catalog, taken_ms, verdict, reasons, counts, hash, state) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (place_id, name, stamp) DO UPDATE SET catalog = excluded.catalog, taken_ms = excluded.taken_ms, verdict = excluded.verdict,
       reasons = excluded.reasons, counts = excluded.counts, hash = excluded.hash, state = excluded.state`,
    [
      backup.placeId,
      backup.name,
      backup.stamp,
      backup.catalog,
      backup.takenMs,
      backup.verdict,
      JSON.stringify(backup.reasons),
      JSON.stringify(backup.counts),
      backup.hash,
      backup.state,
    ],
  )
}

/** Makes what is known of one place the same as what lies there. */
export function replaceCatalogBackups(
  journal: Journal,
  placeId: string,
  found: readonly Omit<CatalogBackupRow, 'pair' | 'provenMs' | 'placeId'>[],
): void {
  journal.transaction(() => {
    const kept = new Set(found.map(({ name, stamp }) => `${name}/${stamp}`))
    const known = listCatalogBackups(journal).filter((row) => row.placeId === placeId)
    const states = new Map(known.map((row) => [`${row.name}/${row.stamp}`, row.state]))
    for (const row of known) if (!kept.has(`${row.name}/${row.stamp}`)) forgetCatalogBackup(journal, row)
    for (const each of found)
      saveCatalogBackup(journal, { ...each, placeId, state: states.get(`${each.name}/${each.stamp}`) ?? each.state })
  })
}

export function forgetCatalogBackup(
  journal: Journal,
  { placeId, name, stamp }: Pick<CatalogBackupRow, 'placeId' | 'name' | 'stamp'>,
): void {
  journal.run('DELETE FROM catalog_backups WHERE place_id = ? AND name = ? AND stamp = ?', [placeId, name, stamp])
}

/** A file of a place is gone or damaged: the backups that need it are none any more.
 *  @param file  its path below the place's root; a file of .lrcat-data may belong to every backup of its catalog */
export function forgetBackupsThatNeed(journal: Journal, placeId: string, file: string): void {
  for (const row of listCatalogBackups(journal)) {
    const isNeeded = [row.stamp, 'data'].some((folder) => file.startsWith(`Catalogs/${row.name}/${folder}/`))
    if (row.placeId === placeId && isNeeded) forgetCatalogBackup(journal, row)
  }
}

/** The place still has all of these backups whose files it was asked for.
 *  @param files  paths below the place's root that are there as they were sent */
export function noteBackupsThere(journal: Journal, placeId: string, files: readonly string[], nowMs: number): void {
  for (const { name, stamp, ...row } of listCatalogBackups(journal)) {
    const own = files.filter((file) => file.startsWith(`Catalogs/${name}/${stamp}/`))
    const isWhole = own.length > 1 && own.some((file) => file.endsWith('/catalog.json'))
    if (row.placeId === placeId && isWhole)
      journal.run('UPDATE catalog_backups SET proven_ms = ? WHERE place_id = ? AND name = ? AND stamp = ?', [
        nowMs,
        placeId,
        name,
        stamp,
      ])
  }
}

export function savePair(
  journal: Journal,
  { placeId, name, stamp }: Pick<CatalogBackupRow, 'placeId' | 'name' | 'stamp'>,
  { referenced, unproven, comparedMs }: NonNullable<CatalogBackupRow['pair']>,
): void {
  journal.run(
    'UPDATE catalog_backups SET referenced = ?, unproven = ?, compared_ms = ? WHERE place_id = ? AND name = ? AND stamp = ?',
    [referenced, unproven, comparedMs, placeId, name, stamp],
  )
}

/** By name, oldest first. */
export function listCatalogBackups(journal: Journal): CatalogBackupRow[] {
  return journal.all('SELECT * FROM catalog_backups ORDER BY name, taken_ms, place_id').map(toBackup)
}

export function newestCatalogBackup(journal: Journal, catalog: string, placeId: string): CatalogBackupRow | undefined {
  const row = journal.get(
    'SELECT * FROM catalog_backups WHERE catalog = ? AND place_id = ? ORDER BY taken_ms DESC LIMIT 1',
    [catalog, placeId],
  )
  return row && toBackup(row)
}

export interface OwedCatalog {
  readonly catalog: string
  /** '' for whichever place comes first. */
  readonly placeId: string
  readonly sinceMs: number
  readonly why: string
}

/** Notes that a backup is owed, from now on. Owed twice is owed once. */
export function oweCatalog(journal: Journal, catalog: string, placeIds: readonly string[], nowMs: number): void {
  for (const placeId of placeIds)
    journal.run(
      `INSERT INTO catalog_owed (catalog, place_id, since_ms) VALUES (?, ?, ?)
       ON CONFLICT (catalog, place_id) DO UPDATE SET since_ms = excluded.since_ms`,
      [catalog, placeId, nowMs],
    )
}

export function listOwedCatalogs(journal: Journal): OwedCatalog[] {
  return journal.all('SELECT * FROM catalog_owed ORDER BY since_ms, catalog, place_id').map((row) => ({
    catalog: text(row, 'catalog'),
    placeId: text(row, 'place_id'),
    sinceMs: number(row, 'since_ms'),
    why: text(row, 'why'),
  }))
}

/** Made: nothing is owed any more, unless it came to be owed after that backup was begun. */
export function payCatalog(journal: Journal, catalog: string, placeId: string, begunMs: number): void {
  journal.run('DELETE FROM catalog_owed WHERE catalog = ? AND place_id = ? AND since_ms <= ?', [
    catalog,
    placeId,
    begunMs,
  ])
}

export function sayWhyOwed(journal: Journal, catalog: string, why: string): void {
  journal.run('UPDATE catalog_owed SET why = ? WHERE catalog = ? AND why <> ?', [why, catalog, why])
}

/** What a backup found that is to be shown with the catalog until the next one. */
export interface CatalogReport {
  readonly warnings: readonly string[]
  /** Referenced originals that cannot be taken, by shoot and reason. */
  readonly refused: readonly { readonly shoot: string; readonly why: string; readonly files: number }[]
  readonly referenced: number
}

export function saveCatalogReport(journal: Journal, catalog: string, report: CatalogReport, nowMs: number): void {
  journal.run('INSERT OR REPLACE INTO catalog_reports (catalog, at_ms, report) VALUES (?, ?, ?)', [
    catalog,
    nowMs,
    JSON.stringify(report),
  ])
}

export function catalogReports(journal: Journal): Map<string, CatalogReport> {
  const rows = journal.all('SELECT catalog, report FROM catalog_reports')
  return new Map(rows.map((row) => [text(row, 'catalog'), JSON.parse(text(row, 'report')) as CatalogReport]))
}

export interface LightroomBackupRow {
  readonly file: string
  readonly catalog: string
  readonly stamp: string
  readonly sizeBytes: number
  readonly verdict: 'good' | 'suspect' | 'bad'
  readonly message: string
}

export function saveLightroomBackup(journal: Journal, row: LightroomBackupRow, nowMs: number): void {
  journal.run('INSERT OR REPLACE INTO lightroom_backups VALUES (?, ?, ?, ?, ?, ?, ?)', [
    row.file,
    row.catalog,
    row.stamp,
    row.sizeBytes,
    row.verdict,
    row.message,
    nowMs,
  ])
}

export function listLightroomBackups(journal: Journal, catalog: string): LightroomBackupRow[] {
  return journal.all('SELECT * FROM lightroom_backups WHERE catalog = ? ORDER BY stamp', [catalog]).map((row) => ({
    file: text(row, 'file'),
    catalog: text(row, 'catalog'),
    stamp: text(row, 'stamp'),
    sizeBytes: number(row, 'size'),
    verdict: text(row, 'verdict') as LightroomBackupRow['verdict'],
    message: text(row, 'message'),
  }))
}

function toBackup(row: Row): CatalogBackupRow {
  const provenMs = optionalNumber(row, 'proven_ms')
  const referenced = optionalNumber(row, 'referenced')
  return {
    placeId: text(row, 'place_id'),
    name: text(row, 'name'),
    stamp: text(row, 'stamp'),
    catalog: text(row, 'catalog'),
    takenMs: number(row, 'taken_ms'),
    verdict: text(row, 'verdict') as CatalogBackupRow['verdict'],
    reasons: textList(row, 'reasons'),
    counts: JSON.parse(text(row, 'counts')) as CatalogBackupRow['counts'],
    hash: text(row, 'hash'),
    state: text(row, 'state'),
    ...(provenMs === undefined ? {} : { provenMs }),
    ...(referenced === undefined
      ? {}
      : { pair: { referenced, unproven: number(row, 'unproven'), comparedMs: number(row, 'compared_ms') } }),
  }
}
