// What look.ts and look-thread.ts say to one another. Apart from the thread, which works as soon as it is imported.

export interface LookRequest {
  readonly kind: 'look'
  /** Per wanted file three parts, each ended by a NUL: its name, its base name, the extensions that Lightroom lists (`JPG,xmp`). */
  readonly folders: readonly { readonly folder: string; readonly wanted: string }[]
}

export interface HashRequest {
  readonly kind: 'hash'
  readonly file: string
}

/** What was seen, packed: objects by the hundred thousand cost more to hand over than to make. Read by `look.ts` alone. */
export interface PackedLook {
  readonly kind: 'looked'
  /** Two numbers per file seen: size and mtime; `MISSING` or `UNREADABLE` in place of the size. In the order wanted, listed, others. */
  readonly values: Float64Array<ArrayBuffer>
  /** How many others each wanted file has. */
  readonly otherCounts: Uint32Array<ArrayBuffer>
  readonly otherNames: readonly string[]
  /** Files whose name on disk is not the wanted one, or whose reading failed, by their number in `values`. */
  readonly exceptions: readonly { readonly index: number; readonly name: string; readonly message?: string }[]
}

export const MISSING = -1
export const UNREADABLE = -2

export type LookAnswer =
  | PackedLook
  | { readonly kind: 'hashed'; readonly hash: string; readonly sizeBytes: number; readonly mtimeMs: number }
  | { readonly kind: 'failed'; readonly message: string }
