// What came of one file, as plain data: what its task hands to the recorder, and the recorder to the log and the journal.
import type { SourceState } from '../journal/files.js'
import type { LogEvent } from '../manifest/log.js'
import type { CopyState, FileStat, Hash, ProofMethod } from '../model.js'

/** Content, as far as a version is concerned. */
export interface Content {
  readonly hash: Hash
  readonly sizeBytes: number
  readonly mtimeMs: number
}

export interface CopyRecord {
  readonly placeId: string
  readonly content: Content
  /** Below the shoot's folder at the place. */
  readonly path: string
  readonly state: CopyState
  readonly stat: Pick<FileStat, 'sizeBytes' | 'mtimeMs'>
  readonly provenHow?: ProofMethod
  /** When, if not now. */
  readonly provenMs?: number
  /** Its bytes came out of the page cache: it is to be read again as late as possible. */
  readonly isToBeReRead?: boolean
}

/** All that one file's task found out. */
export interface FileRecord {
  readonly shootId: number
  readonly name: string
  /** What the original shows now. */
  readonly original: SourceState
  /** The newest content, when the original was read and is to be believed. */
  readonly newest?: Content
  /** State of the original as a copy, when it was read. */
  readonly originalState?: 'verified' | 'damaged'
  readonly copies: readonly CopyRecord[]
  /** Names under which a place no longer holds what it did. */
  readonly emptied: readonly { readonly placeId: string; readonly path: string }[]
  /** By place. */
  readonly events: ReadonlyMap<string, readonly LogEvent[]>
}
