// Sources and shoots as the journal knows them: which folder of originals each name stands for, here and at every place.
import { byCodePoint } from '../files/scan.js'
import type { Journal, Row } from './journal.js'
import { number, optionalText, text, textList } from './rows.js'

export interface SourceRow {
  readonly id: number
  /** First part of its shoots' ids. */
  readonly label: string
  readonly path: string
  readonly volumeId?: string
  readonly pathOnVolume?: string
  readonly devices: readonly string[]
}

export interface ShootRow {
  readonly id: number
  readonly sourceId: number
  readonly pathFromRoot: string
  /** The id people see. */
  readonly key: string
}

export function listSources(journal: Journal): SourceRow[] {
  return journal.all('SELECT * FROM sources ORDER BY id').map(toSource)
}

export function addSource(journal: Journal, source: Omit<SourceRow, 'id'>, nowMs: number): SourceRow {
  const id = journal.run(
    'INSERT INTO sources (label, path, volume_id, path_on_volume, devices, seen_ms) VALUES (?, ?, ?, ?, ?, ?)',
    [
      source.label,
      source.path,
      source.volumeId ?? null,
      source.pathOnVolume ?? null,
      JSON.stringify(source.devices),
      nowMs,
    ],
  )
  return { id, ...source }
}

/** Brings up to date where a source lies. */
export function saveSource(journal: Journal, source: SourceRow, nowMs: number): void {
  journal.run('UPDATE sources SET path = ?, volume_id = ?, path_on_volume = ?, devices = ?, seen_ms = ? WHERE id = ?', [
    source.path,
    source.volumeId ?? null,
    source.pathOnVolume ?? null,
    JSON.stringify(source.devices),
    nowMs,
    source.id,
  ])
}

/** What a place calls a source: its label, unless the place was in use before and knows it by another. */
export function labelAt(journal: Journal, source: SourceRow, placeId: string): string {
  const row = journal.get('SELECT label FROM labels WHERE source_id = ? AND place_id = ?', [source.id, placeId])
  return row ? text(row, 'label') : source.label
}

export function setLabelAt(journal: Journal, sourceId: number, placeId: string, label: string): void {
  journal.run('INSERT OR REPLACE INTO labels (source_id, place_id, label) VALUES (?, ?, ?)', [sourceId, placeId, label])
}

/** The shoot of one folder of a source, named when it is met first. */
export function ensureShoot(journal: Journal, source: SourceRow, pathFromRoot: string): ShootRow {
  const known = journal.get('SELECT * FROM shoots WHERE source_id = ? AND path_from_root = ?', [
    source.id,
    pathFromRoot,
  ])
  if (known) return toShoot(known)
  return insertShoot(journal, source, pathFromRoot, freeKey(journal, source.label, pathFromRoot))
}

function insertShoot(journal: Journal, source: SourceRow, pathFromRoot: string, key: string): ShootRow {
  const id = journal.run('INSERT INTO shoots (source_id, path_from_root, key, folded) VALUES (?, ?, ?, ?)', [
    source.id,
    pathFromRoot,
    key,
    fold(key),
  ])
  return { id, sourceId: source.id, pathFromRoot, key }
}

/** Whether a name is this very shoot's, or nobody's. */
export function isShootOrFree(journal: Journal, source: SourceRow, pathFromRoot: string, key: string): boolean {
  const row = journal.get('SELECT * FROM shoots WHERE folded = ?', [fold(key)])
  return row === undefined || (number(row, 'source_id') === source.id && text(row, 'path_from_root') === pathFromRoot)
}

/** The shoot of one folder of a source, under the name that it has at a place already. */
export function adoptShoot(journal: Journal, source: SourceRow, pathFromRoot: string, key: string): ShootRow {
  const isFree =
    journal.get('SELECT 1 AS taken FROM shoots WHERE folded = ? OR (source_id = ? AND path_from_root = ?)', [
      fold(key),
      source.id,
      pathFromRoot,
    ]) === undefined
  if (!isFree) return ensureShoot(journal, source, pathFromRoot)
  return insertShoot(journal, source, pathFromRoot, key)
}

export function listShoots(journal: Journal): ShootRow[] {
  return journal
    .all('SELECT * FROM shoots')
    .map(toShoot)
    .sort((a, b) => byCodePoint(a.key, b.key))
}

export function sourceById(journal: Journal, id: number): SourceRow {
  const row = journal.get('SELECT * FROM sources WHERE id = ?', [id])
  if (!row) throw new Error(`journal: source ${id} is not there`)
  return toSource(row)
}

/** Names that a drive may take for one and the same: case and Unicode form do not count. */
export function fold(name: string): string {
  return name.normalize('NFC').toLowerCase()
}

/** Folders that Safelight keeps for itself inside a shoot. */
const RESERVED: ReadonlySet<string> = new Set(['versions', 'quarantine'])

/** The path with Safelight's own folder names numbered away, and numbered again when a drive could take it for another shoot's. */
function freeKey(journal: Journal, label: string, pathFromRoot: string): string {
  const parts =
    pathFromRoot === '' ? [] : pathFromRoot.split('/').map((part) => (RESERVED.has(fold(part)) ? `${part} (2)` : part))
  const wanted = [label, ...parts].join('/')
  for (let n = 1; ; n++) {
    const key = n === 1 ? wanted : `${wanted} (${n})`
    if (!journal.get('SELECT 1 AS taken FROM shoots WHERE folded = ?', [fold(key)])) return key
  }
}

/** @returns the label, or `label (2)` and so on when another source has it */
export function freeLabel(taken: readonly string[], label: string): string {
  const folded = new Set(taken.map(fold))
  for (let n = 1; ; n++) {
    const candidate = n === 1 ? label : `${label} (${n})`
    if (!folded.has(fold(candidate))) return candidate
  }
}

function toSource(row: Row): SourceRow {
  const volumeId = optionalText(row, 'volume_id')
  const pathOnVolume = optionalText(row, 'path_on_volume')
  return {
    id: number(row, 'id'),
    label: text(row, 'label'),
    path: text(row, 'path'),
    ...(volumeId === undefined ? {} : { volumeId }),
    ...(pathOnVolume === undefined ? {} : { pathOnVolume }),
    devices: textList(row, 'devices'),
  }
}

function toShoot(row: Row): ShootRow {
  return {
    id: number(row, 'id'),
    sourceId: number(row, 'source_id'),
    pathFromRoot: text(row, 'path_from_root'),
    key: text(row, 'key'),
  }
}
