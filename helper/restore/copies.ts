// Where the bytes of a copy lie on a drive that is there: resolved from the journal's words, and only as far as plain folders lead, because
// a drive may have been in other hands. The hash judges what is read; this only sees to it that something ordinary is.
import path from 'node:path'
import { systemCode, type ErrorCode } from '../errors.js'
import type { DurableFiles } from '../files/durable.js'
import type { SourceDrive } from '../engine/jobs.js'
import { obstacleToSource } from '../engine/still-here.js'
import { namesInVersions } from '../files/versions.js'
import type { CopyRow } from '../journal/files.js'
import { copiesOfContent, type PastVersion } from '../journal/history.js'
import type { Journal } from '../journal/journal.js'
import { labelAt, listShoots, sourceById, type ShootRow } from '../journal/shoots.js'
import { folderAt } from '../engine/prepare.js'
import { isSafeRelativePath } from '../manifest/manifest.js'
import { WORKING, type Hash } from '../model.js'
import type { OpenPlace } from '../place/places.js'
import type { OpenBucket } from './bucket.js'

/** A copy that can be tried: a file of a drive, or an object that has to be fetched first. */
export type Candidate = {
  readonly copy: CopyRow
  /** As it is called to the user. */
  readonly where: string
  /** It lies there, and no record speaks of it. */
  readonly isUnrecorded?: true
} & (
  { readonly file: string; readonly drive: SourceDrive } | { readonly file: string } | { readonly remote: RemoteCopy }
)

export interface RemoteCopy {
  readonly bucket: OpenBucket
  /** Below the place, with `/`. */
  readonly path: string
}

/** A copy that cannot, or that was tried and was not good. */
export interface Failed {
  readonly copy: CopyRow
  readonly where: string
  /** `slow`: it gave next to nothing while another could serve · `cold`: it must be asked for hours before */
  readonly kind: 'missing' | 'damaged' | 'unreadable' | 'away' | 'slow' | 'cold'
  readonly why: string
  /** What the store said, where it did. */
  readonly code?: ErrorCode
}

export function canBeTried(found: Candidate | Failed): found is Candidate {
  return 'file' in found || 'remote' in found
}

export interface CopyDeps {
  readonly files: DurableFiles
  readonly journal: Journal
}

/** Finds copies of one shoot after another; remembers what it asked the journal, and what lay in Versions/. */
export class CopyFinder {
  readonly #deps: CopyDeps
  readonly #places: ReadonlyMap<string, OpenPlace>
  readonly #buckets: ReadonlyMap<string, OpenBucket>
  readonly #folders = new Map<string, string>()
  readonly #inVersions = new Map<string, ReadonlyMap<string, readonly string[]>>()

  constructor(deps: CopyDeps, places: readonly OpenPlace[], buckets: readonly OpenBucket[] = []) {
    this.#deps = deps
    this.#places = new Map(places.map((place) => [place.id, place]))
    this.#buckets = new Map(buckets.map((bucket) => [bucket.id, bucket]))
  }

  /** Where a copy is said to lie. Asks no drive: one that hangs would hold up everything. */
  point(shoot: ShootRow, copy: CopyRow): Candidate | Failed {
    const bucket = this.#buckets.get(copy.placeId)
    if (bucket) return this.#inBucket(shoot, copy, bucket)
    const place = this.#places.get(copy.placeId)
    if (!place) return { copy, where: copy.placeId, kind: 'away', why: 'it is not connected' }
    const where = place.name
    const folder = this.folderOf(shoot, place)
    if (!isSafeRelativePath(copy.path) || folder === undefined)
      return { copy, where, kind: 'missing', why: 'its recorded path leads out of the drive’s folder' }
    const drive = { place: place.id, root: place.root, marker: place.markerIdentity }
    return { copy, where, file: path.join(folder, ...copy.path.split('/')), drive }
  }

  /** Where a copy lies, or why it cannot be read. */
  locate(shoot: ShootRow, copy: CopyRow): Candidate | Failed {
    const found = this.point(shoot, copy)
    if (!('drive' in found)) return found
    const { where, file, drive } = found
    try {
      const obstacle = obstacleToSource(this.#deps.files, drive, file)
      if (!obstacle) return found
      const { kind, message: why } = obstacle
      return { copy, where, kind: kind === 'source-away' ? 'away' : 'missing', why }
    } catch (error) {
      if (systemCode(error) === '') throw error
      return { copy, where, kind: 'unreadable', why: systemCode(error) }
    }
  }

  #inBucket(shoot: ShootRow, copy: CopyRow, bucket: OpenBucket): Candidate | Failed {
    const below = this.#below(shoot, bucket.id)
    if (!isSafeRelativePath(copy.path) || below === undefined)
      return { copy, where: bucket.name, kind: 'missing', why: 'its recorded path leads out of the place' }
    return { copy, where: bucket.name, remote: { bucket, path: `Photos/${below}/${copy.path}` } }
  }

  /** The folder of a shoot at a place; undefined when the journal's words for it are not to be followed. */
  folderOf(shoot: ShootRow, place: OpenPlace): string | undefined {
    const below = this.#below(shoot, place.id)
    return below === undefined ? undefined : path.join(place.root, 'Photos', ...below.split('/'))
  }

  /** Below `Photos/`, with `/`. */
  #below(shoot: ShootRow, placeId: string): string | undefined {
    const key = `${shoot.id} ${placeId}`
    const known = this.#folders.get(key)
    if (known !== undefined) return known
    const source = sourceById(this.#deps.journal, shoot.sourceId)
    const below = folderAt(shoot.key, source.label, labelAt(this.#deps.journal, source, placeId))
    if (!isSafeRelativePath(below)) return undefined
    this.#folders.set(key, below)
    return below
  }

  /** The same bytes under other names: copies of another file, or of the same one in another shoot, at places that are there.
   *  @param isSilent  by id, places that are not to be asked */
  elsewhere(
    hash: Hash,
    tried: readonly CopyRow[],
    isSilent = (placeId: string): boolean => placeId === WORKING,
  ): Candidate[] {
    const rows = new Map(listShoots(this.#deps.journal).map((row) => [row.id, row]))
    const isTried = (copy: CopyRow): boolean =>
      tried.some(
        (each) => each.placeId === copy.placeId && each.versionId === copy.versionId && each.path === copy.path,
      )
    return copiesOfContent(this.#deps.journal, hash)
      .filter((copy) => copy.placeId !== WORKING && !isSilent(copy.placeId) && !isTried(copy))
      .flatMap((copy) => {
        const row = rows.get(copy.shootId)
        const found = row && this.locate(row, copy)
        return found && canBeTried(found) ? [found] : []
      })
  }

  /** What a run that was killed moved to Versions/ at this place, and did not write down. Whose bytes they are, reading tells. */
  setAside(shoot: ShootRow, place: OpenPlace, name: string, { id: versionId, copies }: PastVersion): Candidate[] {
    const folder = this.folderOf(shoot, place)
    const known = new Set(copies.filter(({ placeId }) => placeId === place.id).map((copy) => copy.path))
    if (folder === undefined) return []
    try {
      const names = this.#inVersions.get(folder) ?? namesInVersions(this.#deps.files, folder)
      this.#inVersions.set(folder, names)
      return (names.get(name) ?? [])
        .filter((relative) => !known.has(relative))
        .flatMap((relative) => {
          const stat = this.#deps.files.stat(path.join(folder, ...relative.split('/')))
          if (stat?.kind !== 'file') return []
          const { sizeBytes, mtimeMs } = stat
          const copy = { versionId, placeId: place.id, state: 'planned', path: relative, sizeBytes, mtimeMs } as const
          const found = this.locate(shoot, copy)
          return canBeTried(found) ? [{ ...found, isUnrecorded: true as const }] : []
        })
    } catch (error) {
      if (systemCode(error) === '') throw error
      return []
    }
  }

  /** A good original can serve where copies do not. */
  original(shoot: ShootRow, name: string, copies: readonly CopyRow[]): Candidate[] {
    const copy = copies.find((each) => each.placeId === WORKING)
    const source = sourceById(this.#deps.journal, shoot.sourceId)
    const isSafe = shoot.pathFromRoot === '' || isSafeRelativePath(shoot.pathFromRoot)
    if (!copy || !isSafe || !path.isAbsolute(source.path)) return []
    const file = path.join(source.path, ...shoot.pathFromRoot.split('/'), name)
    try {
      return this.#deps.files.stat(file)?.kind === 'file' ? [{ copy, where: 'the original', file }] : []
    } catch (error) {
      if (systemCode(error) === '') throw error
      return []
    }
  }
}

/** What became of a copy that was tried, in words. */
export function triedInWords({ where, kind, why, code }: Failed): string {
  const away = code === undefined ? 'not connected' : 'not in reach'
  return `${where}: ${kind === 'away' ? away : kind} (${why})`
}
