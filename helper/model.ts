// The words of docs/design.md as types: what the rooms hand one another. Plain read-only data, no behaviour.

/** Lower-case BLAKE3, 64 hex digits. */
export type Hash = string

/** How the bytes of a copy were seen when they were compared with the reference hash. */
export type ProofMethod = 'direct' | 'cached' | 'server checksum' | 'download'

export type CopyState = 'planned' | 'written' | 'verified' | 'damaged' | 'missing'

export type PlaceKind = 'working' | 'drive' | 'bucket'

export type Verdict = 'protected' | 'partly' | 'at-risk' | 'unknown'

/** The place of the originals, which has no id of its own. */
export const WORKING = 'working'

/** What the file system says about one file. Times in milliseconds since 1970, with the fraction that the file system keeps. */
export interface FileStat {
  readonly sizeBytes: number
  readonly mtimeMs: number
  readonly ctimeMs: number
  readonly inode: number
  readonly device: number
}
