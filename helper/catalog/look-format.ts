// What look.ts and look-thread.ts say to one another. Apart from the thread, which works as soon as it is imported.
import type { AskedFolder } from './known-files.js'

/** Once, before the first slice. */
export interface FoldersRequest {
  readonly kind: 'folders'
  /** Where to look, by the id of the folder's row; each ends in a slash. Rows of other folders are passed over. */
  readonly folders: ReadonlyMap<number, string>
}

export interface LookRequest {
  readonly kind: 'look'
  /** A slice's rows, as SQLite made them. */
  readonly json: string
}

export interface HashRequest {
  readonly kind: 'hash'
  readonly file: string
}

/** What was seen, packed: objects by the hundred thousand cost more to make and to hand over than the looking itself. Folder by folder, in
 *  each the files wanted there, of each first itself, then the sidecars that Lightroom lists, then the others of its base name. */
export interface PackedLook {
  readonly kind: 'looked'
  /** Names on disk; of what is not there, as it was looked for. */
  readonly folders: readonly (AskedFolder & { readonly files: number })[]
  /** Per file, its place in the slice. */
  readonly rows: Uint32Array<ArrayBuffer>
  /** Per file, its id and its size at import; `NaN` where that is not known. */
  readonly ids: Float64Array<ArrayBuffer>
  readonly importedBytes: Float64Array<ArrayBuffer>
  /** Per file, how many were looked for: itself, sidecars, others. */
  readonly counts: Uint32Array<ArrayBuffer>
  /** Per file looked for, its size, or `MISSING` or `UNREADABLE`, and its mtime. */
  readonly values: Float64Array<ArrayBuffer>
  /** Why something is unreadable, by its place among all that were looked for. */
  readonly messages: ReadonlyMap<number, string>
  /** Places in the slice of rows whose folder is none of those to look into. */
  readonly elsewhere: readonly number[]
}

export const MISSING = -1
export const UNREADABLE = -2

export type LookAnswer =
  | PackedLook
  | { readonly kind: 'hashed'; readonly hash: string; readonly sizeBytes: number; readonly mtimeMs: number }
  | { readonly kind: 'failed'; readonly message: string }
