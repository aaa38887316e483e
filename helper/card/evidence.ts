// What the journal and the connected places say of a card's files: by content first, and where the content is unknown, of what has the same
// name. A copy on the card itself is marked as such; a place that is connected is looked at, because a proof is of no use for a file that is
// not there any more.
import path from 'node:path'
import { systemCode } from '../errors.js'
import { isRaw } from '../engine/file-kinds.js'
import { folderAt } from '../engine/prepare.js'
import type { DurableFiles } from '../files/durable.js'
import { stemOf } from '../files/scan.js'
import type { Volume } from '../files/volumes.js'
import { toCopy, type CopyRow } from '../journal/files.js'
import type { Journal, Row } from '../journal/journal.js'
import { listPlaces, type PlaceRow } from '../journal/places.js'
import { number, optionalNumber, text } from '../journal/rows.js'
import { labelAt, listShoots, listSources, type ShootRow, type SourceRow } from '../journal/shoots.js'
import { WORKING, type Hash } from '../model.js'
import { ROOT_FOLDER } from '../place/marker.js'
import { stateOfPlace } from '../place/places.js'
import { factsOf, isOffSite, workingFacts } from '../status/counting.js'
import { LockedObjects } from './locks.js'
import type { Lookalike, Proof } from './verdict.js'

export interface EvidenceDeps {
  readonly files: DurableFiles
  readonly journal: Journal
}

/** The card that is asked about. */
export interface Card {
  /** Absolute, without links. */
  readonly root: string
  readonly volume: Volume
  /** A medium of its own, which is formatted as a whole; false for a folder on a larger disk. */
  readonly isWholeMedium: boolean
}

export interface Known {
  readonly isKnown: boolean
  readonly proofs: readonly Proof[]
  /** Ids of the shoots that hold the content. */
  readonly shoots: readonly string[]
}

export interface Unmatched {
  readonly file: string
  readonly sizeBytes: number
  readonly mtimeMs: number
}

export class Evidence {
  readonly #deps: EvidenceDeps
  readonly #card: Card
  readonly #places: ReadonlyMap<string, { readonly row: PlaceRow; readonly isHere: boolean }>
  readonly #sources: ReadonlyMap<number, SourceRow & { readonly isHere: boolean }>
  readonly #shoots: ReadonlyMap<number, ShootRow>
  readonly #locks: LockedObjects

  constructor(deps: EvidenceDeps, card: Card) {
    this.#deps = deps
    this.#card = card
    const places = listPlaces(deps.journal)
    this.#places = new Map(
      places.map((row) => [row.id, { row, isHere: stateOfPlace(deps.files, row) === 'here' }] as const),
    )
    this.#sources = new Map(
      listSources(deps.journal).map((row) => [row.id, { ...row, isHere: this.#kindOf(row.path) === 'folder' }]),
    )
    this.#shoots = new Map(listShoots(deps.journal).map((row) => [row.id, row]))
    this.#locks = new LockedObjects(deps.journal)
  }

  get hasOffSite(): boolean {
    return [...this.#places.values()].some(({ row }) => isOffSite(factsOf(row)))
  }

  /** Everything that is known of bytes with this hash and size, whatever file of whatever shoot they belong to. */
  ofContent(hash: Hash, sizeBytes: number): Known {
    const { journal } = this.#deps
    const rows = journal.all(
      `SELECT f.name, f.shoot_id, f.version_id AS newest, f.gone_ms, v.id AS of_version FROM versions v JOIN files f ON f.id = v.file_id
       WHERE v.hash = ? AND v.size = ?`,
      [hash, sizeBytes],
    )
    const proofs = rows.flatMap((row) =>
      journal
        .all('SELECT * FROM copies WHERE version_id = ?', [number(row, 'of_version')])
        .map((copy) => this.#proof(hash, row, toCopy(copy))),
    )
    return {
      isKnown: rows.length > 0,
      proofs: proofs.filter((proof) => proof !== undefined),
      shoots: [...new Set(rows.map((row) => this.#shoots.get(number(row, 'shoot_id'))?.key ?? ''))],
    }
  }

  #proof(hash: Hash, file: Row, copy: CopyRow): Proof | undefined {
    const shoot = this.#shoots.get(number(file, 'shoot_id'))
    const source = shoot && this.#sources.get(shoot.sourceId)
    if (!shoot || !source) return undefined
    const { provenMs, provenHow, state } = copy
    const common = {
      state,
      ...(provenMs === undefined ? {} : { provenMs }),
      ...(provenHow === undefined ? {} : { how: provenHow }),
    }
    if (copy.placeId === WORKING) {
      const at = path.join(source.path, ...shoot.pathFromRoot.split('/'), text(file, 'name'))
      const isStill = optionalNumber(file, 'newest') === copy.versionId && optionalNumber(file, 'gone_ms') === undefined
      const isThere = isStill && (source.isHere ? this.#isThere(at, copy, true) : undefined)
      const place = workingFacts(source.devices)
      return {
        ...common,
        place,
        isOnCard: this.#isOnCard(source.path, source.devices),
        ...(isThere === undefined ? {} : { isThere }),
      }
    }
    const known = this.#places.get(copy.placeId)
    if (!known) return undefined
    const { row, isHere } = known
    const place = factsOf(row)
    const folder = folderAt(shoot.key, source.label, labelAt(this.#deps.journal, source, row.id))
    if (row.kind === 'bucket') {
      const lockedUntilMs = this.#locks.until(row, `Photos/${folder}/${copy.path}`, hash)
      return { ...common, place, isOnCard: false, ...(lockedUntilMs === undefined ? {} : { lockedUntilMs }) }
    }
    const at = path.join(row.path, ROOT_FOLDER, 'Photos', ...folder.split('/'), ...copy.path.split('/'))
    return {
      ...common,
      place,
      isOnCard: this.#isOnCard(row.path, row.devices),
      ...(isHere ? { isThere: this.#isThere(at, copy, false) } : {}),
    }
  }

  #isThere(file: string, copy: CopyRow, asDated: boolean): boolean {
    try {
      const stat = this.#deps.files.stat(file)
      if (stat?.kind !== 'file' || stat.sizeBytes !== copy.sizeBytes) return false
      return !asDated || Math.abs(stat.mtimeMs - copy.mtimeMs) <= COARSEST_TIMES_MS
    } catch (error) {
      // Whatever cannot even be looked at is no copy to count on now.
      if (systemCode(error) === '') throw error
      return false
    }
  }

  #kindOf(folder: string): string | undefined {
    try {
      return folder === '' ? undefined : this.#deps.files.stat(folder)?.kind
    } catch (error) {
      if (systemCode(error) === '') throw error
      return undefined
    }
  }

  /** What shares the card's medium goes with it when it is formatted. */
  #isOnCard(folder: string, devices: readonly string[]): boolean {
    if (isInside(folder, this.#card.root)) return true
    return this.#card.isWholeMedium && devices.some((device) => this.#card.volume.devices.includes(device))
  }

  /** What could be the same picture, for files whose bytes nobody knows; one pass over all names. */
  lookalikes(unmatched: readonly Unmatched[]): Map<string, Lookalike> {
    const found = new Map<string, Lookalike>()
    const byName = groupBy(unmatched, ({ file }) => nameIn(file))
    const byStem = groupBy(
      unmatched.filter(({ file }) => isRaw(file)),
      ({ file }) => stemOf(nameOf(file)),
    )
    if (unmatched.length === 0) return found
    for (const shoot of this.#shoots.values()) {
      const rows = this.#deps.journal.all(
        'SELECT f.name, v.size, v.mtime_ms FROM files f JOIN versions v ON v.file_id = f.id WHERE f.shoot_id = ?',
        [shoot.id],
      )
      for (const row of rows) {
        const name = text(row, 'name')
        const known = `${shoot.key}/${name}`
        for (const card of byName.get(nameIn(name)) ?? []) {
          if (number(row, 'size') === card.sizeBytes) found.set(card.file, { kind: 'same-size', known })
          else if (isSameMoment(number(row, 'mtime_ms'), card.mtimeMs) && found.get(card.file)?.kind !== 'same-size')
            found.set(card.file, { kind: 'same-time', known })
        }
        if (!name.toLowerCase().endsWith('.dng')) continue
        for (const card of byStem.get(stemOf(name)) ?? [])
          if (!found.has(card.file)) found.set(card.file, { kind: 'dng', known })
      }
    }
    return found
  }

  /** For a quick look: whether a file of this name and size is known. */
  looksKnown(unmatched: readonly Unmatched[]): number {
    return [...this.lookalikes(unmatched).values()].filter(({ kind }) => kind === 'same-size').length
  }
}

/** exFAT and FAT keep times to two seconds. */
const COARSEST_TIMES_MS = 2000

/** Cards keep the time of the camera's place, without saying which: whole quarters of an hour apart is the same moment. */
function isSameMoment(aMs: number, bMs: number): boolean {
  const apart = Math.abs(aMs - bMs)
  const quarters = Math.round(apart / QUARTER_MS)
  return quarters <= 14 * 4 && Math.abs(apart - quarters * QUARTER_MS) <= COARSEST_TIMES_MS
}

const QUARTER_MS = 15 * 60 * 1000

export function isInside(child: string, parent: string): boolean {
  const way = path.relative(parent, child)
  return way === '' || (way !== '..' && !way.startsWith(`..${path.sep}`) && !path.isAbsolute(way))
}

function nameOf(file: string): string {
  return file.slice(file.lastIndexOf('/') + 1)
}

function nameIn(file: string): string {
  return nameOf(file).normalize('NFC').toLowerCase()
}

function groupBy<T>(list: readonly T[], keyOf: (each: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const each of list) {
    const key = keyOf(each)
    const group = groups.get(key)
    if (group) group.push(each)
    else groups.set(key, [each])
  }
  return groups
}
