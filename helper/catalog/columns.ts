// One row of a listing as it travels between threads: JSON made by SQLite, in the order of read-copy.ts, taken apart where it is needed. What a
// column means is said here once, for the thread that looks and for whoever wants whole files.

export type Columns = readonly [
  id: number,
  folder: number,
  name: unknown,
  baseName: unknown,
  sidecars: unknown,
  importHash: unknown,
  format?: unknown,
]

/** Rows that SQLite read in one go. */
export interface Slice {
  /** A list of `Columns`. */
  readonly json: string
  readonly count: number
  /** Its files have ids above this one, up to and with `lastId`. */
  readonly afterId: number
  readonly lastId: number
}

export function asText(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}

/** @param baseName  NULL where it follows from the name */
export function baseNameOf(name: string, baseName: unknown): string {
  return baseName === null ? withoutExtension(name) : asText(baseName)
}

/** A library knows a handful of such lists, so each is taken apart once. */
export class Extensions {
  readonly #known = new Map<string, readonly string[]>()

  listedIn(list: string): readonly string[] {
    const found = this.#known.get(list)
    if (found) return found
    const extensions = list.split(',').map((each) => each.trim())
    const named = extensions.filter((each) => each !== '')
    this.#known.set(list, named)
    return named
  }
}

/** A colon and the fifteen digits of the largest size: no more of an importHash matters. */
export const IMPORT_HASH_END = 16

/** @returns the byte size at import, when the hash ends in one: `<seconds>:<name>:<bytes>`, and a name may hold colons */
export function importedBytesOf(importHash: unknown): number | undefined {
  if (typeof importHash !== 'string') return undefined
  const field = importHash.slice(importHash.lastIndexOf(':') + 1)
  return importHash.includes(':') && /^\d{1,15}$/.test(field) ? Number(field) : undefined
}

function withoutExtension(name: string): string {
  const dot = name.lastIndexOf('.')
  return dot < 0 ? name : name.slice(0, dot)
}
