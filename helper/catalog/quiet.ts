// Whether a catalog lies still: nobody writes to it, so that a copy taken now is of one instant. Pure: facts in, answer out. All of these
// must hold, because each of them alone has been seen to lie: no Lightroom process, no lock of a living one, the files unchanged between
// two looks.

/** The files whose bytes make up a catalog, as they stood at one look. `undefined`: not there. */
export interface CatalogState {
  readonly main: FileState | undefined
  readonly wal: FileState | undefined
  readonly journal: FileState | undefined
  readonly shm: FileState | undefined
  /** Name in .lrcat-data → state; `undefined`: no such folder. */
  readonly data: ReadonlyMap<string, FileState> | undefined
}

export interface FileState {
  readonly sizeBytes: number
  readonly mtimeMs: number
  readonly inode: number
}

export interface LockFile {
  /** The lock's own content; both are missing when it is not in Lightroom's form. */
  readonly program?: string
  readonly pid?: number
}

export interface QuietFacts {
  /** Process ids of Lightroom; `unknown` when the system would not say. */
  readonly lightroom: readonly number[] | 'unknown'
  readonly lock: LockFile | undefined
  readonly before: CatalogState
  readonly after: CatalogState
}

export type Quiet =
  | {
      readonly kind: 'quiet'
      /** A lock that a crashed Lightroom left. Said, and never deleted by us. */
      readonly staleLock?: LockFile
    }
  | { readonly kind: 'busy'; readonly why: BusyReason; readonly message: string }

export type BusyReason = 'no-catalog' | 'lightroom-running' | 'locked' | 'still-writing'

export function isCatalogQuiet({ lightroom, lock, before, after }: QuietFacts): Quiet {
  if (!after.main) return busy('no-catalog', 'The catalog file is not there.')
  if (lightroom !== 'unknown' && lightroom.length > 0)
    return busy('lightroom-running', `Lightroom is running (process ${lightroom.join(', ')}).`)
  if (lightroom === 'unknown' && lock)
    return busy('locked', 'The catalog is locked, and the system would not say whether Lightroom is running.')
  const moved = firstDifference(before, after)
  if (moved !== undefined) return busy('still-writing', `${moved} is still being written.`)
  return lock ? { kind: 'quiet', staleLock: lock } : { kind: 'quiet' }
}

/** @returns the name of the first file that is not the same in both, or undefined */
export function firstDifference(before: CatalogState, after: CatalogState): string | undefined {
  const parts = ['main', 'wal', 'journal'] as const
  const names = { main: 'The catalog', wal: 'Its -wal', journal: 'Its -journal' }
  const part = parts.find((name) => !isSameFile(before[name], after[name]))
  if (part) return names[part]
  if (!before.data || !after.data) return before.data === after.data ? undefined : 'The .lrcat-data folder'
  const all = new Set([...before.data.keys(), ...after.data.keys()])
  for (const name of all) if (!isSameFile(before.data.get(name), after.data.get(name))) return `${name} in .lrcat-data`
  return undefined
}

function isSameFile(a: FileState | undefined, b: FileState | undefined): boolean {
  return a?.sizeBytes === b?.sizeBytes && a?.mtimeMs === b?.mtimeMs && a?.inode === b?.inode
}

function busy(why: BusyReason, message: string): Quiet {
  return { kind: 'busy', why, message }
}
