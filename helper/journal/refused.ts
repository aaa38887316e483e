// Photos that Lightroom told of and that may not be read, with the reason: they are in the user's library and in no backup, so they are
// remembered until a backup of the catalog has counted them again. One fact per catalog.
import { deleteMeta, getMeta, setMeta } from './meta.js'
import type { Journal } from './journal.js'

export interface RefusedPhoto {
  readonly path: string
  readonly why: string
}

interface Known {
  /** The first of them. */
  readonly photos: readonly RefusedPhoto[]
  /** Further ones, whose names are not kept. */
  readonly more: number
}

/** Whoever tells of a million must not fill the journal with them. */
const NAMES_KEPT = 1000
/** No system opens a longer one. */
const PATH_LENGTH_KEPT = 1000

/** Told twice is refused once, as far as names are kept. */
export function noteRefused(journal: Journal, catalog: string, photos: readonly RefusedPhoto[]): void {
  if (photos.length === 0) return
  const before = refusedOf(journal, catalog)
  const byPath = new Map(before.photos.map((photo) => [photo.path, photo]))
  let { more } = before
  for (const { path, why } of photos) {
    const short = path.slice(0, PATH_LENGTH_KEPT)
    if (byPath.has(short) || byPath.size < NAMES_KEPT) byPath.set(short, { path: short, why })
    else more += 1
  }
  setMeta(journal, key(catalog), JSON.stringify({ photos: [...byPath.values()], more }))
}

/** Taken after all: no longer refused. */
export function noteTaken(journal: Journal, catalog: string, paths: ReadonlySet<string>): void {
  const before = refusedOf(journal, catalog)
  const photos = before.photos.filter(({ path }) => !paths.has(path))
  if (photos.length < before.photos.length) setMeta(journal, key(catalog), JSON.stringify({ ...before, photos }))
}

/** All that the catalog names has been judged again. */
export function forgetRefused(journal: Journal, catalog: string): void {
  deleteMeta(journal, key(catalog))
}

export function refusedOf(journal: Journal, catalog: string): Known {
  return JSON.parse(getMeta(journal, key(catalog)) ?? '{"photos":[],"more":0}') as Known
}

function key(catalog: string): string {
  return `refused ${catalog}`
}
