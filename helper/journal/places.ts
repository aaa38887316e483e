// Places as the journal knows them: which there are, where each was last seen, and how far its chain of manifests reaches.
import type { Journal, Row } from './journal.js'
import { deleteMeta, getMeta, setMeta } from './meta.js'
import { number, optionalNumber, text, textList } from './rows.js'

export type PlaceLocation = '' | 'off-site'

export interface PlaceRow {
  /** The id in the place's own place.json. */
  readonly id: string
  readonly name: string
  readonly kind: 'drive' | 'bucket'
  /** The drive's folder, which holds `Safelight/`, or `s3://bucket/prefix`. */
  readonly path: string
  /** Physical devices below it when it was last seen. */
  readonly devices: readonly string[]
  readonly volume: {
    readonly fileSystem?: string
    readonly label?: string
    readonly medium?: string
    readonly syncClient?: string
  }
  /** What a bucket needs besides its address; `{}` for a drive. Shapes: offsite/settings.ts. No secret is ever in it. */
  readonly settings: Readonly<Record<string, unknown>>
  /** Where it stands: '' beside the computer, 'off-site' elsewhere. */
  readonly location: PlaceLocation
  readonly addedMs: number
  readonly lastSeenMs?: number
  /** Lines of chain.jsonl that we know of, and the hash of the last of them. */
  readonly chainLength: number
  readonly chainHead: string
}

export function listPlaces(journal: Journal): PlaceRow[] {
  return journal.all('SELECT * FROM places ORDER BY added_ms, name').map(toPlace)
}

export function placeById(journal: Journal, id: string): PlaceRow | undefined {
  const row = journal.get('SELECT * FROM places WHERE id = ?', [id])
  return row && toPlace(row)
}

export function placeAtPath(journal: Journal, path: string): PlaceRow | undefined {
  const row = journal.get('SELECT * FROM places WHERE path = ? ORDER BY last_seen_ms DESC', [path])
  return row && toPlace(row)
}

/** Settings and location that are left out stay as they are. */
export type NewPlace = Omit<PlaceRow, 'chainLength' | 'chainHead' | 'settings' | 'location'> &
  Partial<Pick<PlaceRow, 'settings' | 'location'>>

/** Adds a place, or brings up to date what is known of it. How far its chain reaches is left as it is. */
export function savePlace(journal: Journal, place: NewPlace): void {
  journal.run(
    `INSERT INTO places (id, name, kind, path, devices, volume, added_ms, last_seen_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET name = excluded.name, path = excluded.path, devices = excluded.devices, volume = excluded.volume,
       last_seen_ms = excluded.last_seen_ms`,
    [
      place.id,
      place.name,
      place.kind,
      place.path,
      JSON.stringify(place.devices),
      JSON.stringify(place.volume),
      place.addedMs,
      place.lastSeenMs ?? null,
    ],
  )
  if (place.settings !== undefined)
    journal.run('UPDATE places SET settings = ? WHERE id = ?', [JSON.stringify(place.settings), place.id])
  if (place.location !== undefined)
    journal.run('UPDATE places SET location = ? WHERE id = ?', [place.location, place.id])
}

export function setLocation(journal: Journal, placeId: string, location: PlaceLocation): void {
  journal.run('UPDATE places SET location = ? WHERE id = ?', [location, placeId])
}

export interface KnownChain {
  readonly length: number
  readonly head: string
  /** Of the file, when it was read: as long as it stays so, nothing has come. */
  readonly bytes: number
}

export function saveChain(journal: Journal, placeId: string, { length, head, bytes }: KnownChain): void {
  journal.run('UPDATE places SET chain_length = ?, chain_head = ? WHERE id = ?', [length, head, placeId])
  setMeta(journal, chainBytesKey(placeId), String(bytes))
}

/** @returns undefined when it was never read */
export function chainBytes(journal: Journal, placeId: string): number | undefined {
  const known = getMeta(journal, chainBytesKey(placeId))
  return known === undefined ? undefined : Number(known)
}

function chainBytesKey(placeId: string): string {
  return `chain-bytes ${placeId}`
}

/** Another computer writes at this place as well. */
export function noteShared(journal: Journal, placeId: string): void {
  setMeta(journal, sharedKey(placeId), '1')
}

export function isShared(journal: Journal, placeId: string): boolean {
  return getMeta(journal, sharedKey(placeId)) !== undefined
}

function sharedKey(placeId: string): string {
  return `shared ${placeId}`
}

/** Forgets a place and what was known of the copies there. Nothing at the place itself is touched. */
export function forgetPlace(journal: Journal, placeId: string): void {
  journal.transaction(() => {
    for (const table of [
      'copies',
      'seals',
      'steps',
      'labels',
      'catalog_backups',
      'catalog_owed',
      'catalog_proofs',
      'uploads',
      'objects',
      'scrub_tries',
    ])
      journal.run(`DELETE FROM ${table} WHERE place_id = ?`, [placeId])
    journal.run('DELETE FROM places WHERE id = ?', [placeId])
    for (const key of [chainBytesKey(placeId), sharedKey(placeId)]) deleteMeta(journal, key)
  })
}

function toPlace(row: Row): PlaceRow {
  const lastSeenMs = optionalNumber(row, 'last_seen_ms')
  return {
    id: text(row, 'id'),
    name: text(row, 'name'),
    kind: text(row, 'kind') === 'bucket' ? 'bucket' : 'drive',
    path: text(row, 'path'),
    devices: textList(row, 'devices'),
    volume: JSON.parse(text(row, 'volume')) as PlaceRow['volume'],
    settings: JSON.parse(text(row, 'settings')) as PlaceRow['settings'],
    location: text(row, 'location') === 'off-site' ? 'off-site' : '',
    addedMs: number(row, 'added_ms'),
    ...(lastSeenMs === undefined ? {} : { lastSeenMs }),
    chainLength: number(row, 'chain_length'),
    chainHead: text(row, 'chain_head'),
  }
}
