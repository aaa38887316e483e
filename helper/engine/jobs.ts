// What the main thread and the copy workers say to each other: plain data, cloned between threads. A worker gets whole files and gives
// back facts; it decides nothing about the journal.
import type { PictureChange } from '../files/picture/picture.js'
import type { FileStat, Hash } from '../model.js'

/** How the bytes were fetched when a copy was read back. */
export type ReadMethod = 'direct' | 'cached'

export interface Target {
  readonly place: string
  /** The `Safelight` folder of the drive. It must exist: it is never created by a copy. */
  readonly root: string
  /** `device:inode` of the drive's place.json when the run began; where it differs now, another disk lies under the path. */
  readonly marker: string
  /** Set when `root` is no drive of ours but a folder that is restored into: `marker` is then that of `root` itself, and nothing between
   *  `root` and `folder` may be a link. */
  readonly rootIsFolder?: true
  /** Folder of the final name; made below `root` when it is missing. */
  readonly folder: string
  readonly name: string
  /** Where the older content at the final name goes before the new one takes it. */
  readonly moveOldTo?: string
  /** Which content that is. Where another lies there when it comes to it, because another computer was quicker, nothing is moved. */
  readonly old?: Pick<FileStat, 'sizeBytes' | 'mtimeMs'> & { readonly hash: Hash }
}

/** The drive that a source lies on, in other hands perhaps since it was last seen: looked at just before it is read, in the worker, because
 *  a drive that hangs must not hold up the main thread. */
export interface SourceDrive {
  readonly place: string
  /** The `Safelight` folder of the drive: nothing between it and the source may be a link. */
  readonly root: string
  /** As in a target. */
  readonly marker: string
}

/** How long a source is waited for that does not answer. */
export interface Patience {
  /** Whose silence it would be: what else waits for the same one is given up with it. */
  readonly source: string
  /** Set where another place could serve: then a source that gives less than this is given up too, and one that is silent sooner. */
  readonly leastBytesPerSecond?: number
}

export interface CopyJob {
  readonly kind: 'copy'
  readonly from: string
  /** Left out where the source is the user's own. */
  readonly drive?: SourceDrive
  /** Left out where a source is waited for without end. */
  readonly patience?: Patience
  readonly expected: FileStat
  readonly targets: readonly Target[]
  /** The reference hash, when the source is to be a known version: where it reads otherwise, nothing is put at any target. */
  readonly mustHash?: Hash
  /** The source is Safelight's own, has this hash already, and nobody writes to it: on the target's own file system it gets a second name
   *  instead of being copied, and is made durable and read back as any copy is. */
  readonly mayBeLinked?: true
  /** The time that the targets get, when it is another than the source's (a drive that keeps times coarsely). */
  readonly mtimeMs?: number
}

export interface HashJob {
  readonly kind: 'hash'
  readonly file: string
  readonly sizeBytes: number
  /** Read past the page cache where that is possible: for copies, whose device is what is asked about. */
  readonly fromDevice: boolean
}

/** Tells what has become of the picture in a file, by a copy of what it was. */
export interface CompareJob {
  readonly kind: 'compare'
  readonly file: string
  readonly sizeBytes: number
  /** Read first, and believed only when it has this hash. */
  readonly reference: string
  readonly referenceHash: Hash
}

export type Job = CopyJob | HashJob | CompareJob

export type FailureKind =
  | 'source-vanished'
  | 'source-unreadable'
  | 'source-changing'
  | 'source-away'
  | 'source-slow'
  | 'source-silent'
  | 'place-away'
  | 'place-full'
  | 'place-read-only'
  | 'place-failing'
  | 'differs-after-write'
  | 'name-not-storable'
  | 'name-taken'
  | 'link-in-the-way'
  | 'unreadable'
  | 'vanished'
  | 'stopped'

export interface Failure {
  readonly kind: FailureKind
  /** The system's own words. */
  readonly message: string
}

/** `refused`: the source did not have the hash it must have, so nothing was put there. */
export interface TargetOutcome {
  readonly place: string
  /** What lay under the final name now lies at `moveOldTo`; true also when the new copy then failed. */
  readonly movedOld: boolean
  readonly result:
    | {
        readonly kind: 'copied'
        readonly readBack: Hash
        readonly how: ReadMethod
        readonly stat: FileStat
      }
    | { readonly kind: 'refused' }
    | { readonly kind: 'failed'; readonly failure: Failure }
}

export interface CopyOutcome {
  readonly kind: 'copied'
  /** What was read, or why it could not be. */
  readonly source: { readonly hash: Hash; readonly stat: FileStat } | { readonly failure: Failure }
  readonly targets: readonly TargetOutcome[]
}

export interface HashOutcome {
  readonly kind: 'hashed'
  readonly result:
    { readonly hash: Hash; readonly how: ReadMethod; readonly stat: FileStat } | { readonly failure: Failure }
}

export interface CompareOutcome {
  readonly kind: 'compared'
  /** `unlike`: the reference is no file whose picture can be told from what is said about it · `no-reference`: it does not read as it should */
  readonly change: PictureChange | { readonly kind: 'unlike' } | { readonly kind: 'no-reference' }
}

export type JobOutcome = CopyOutcome | HashOutcome | CompareOutcome

export type OutcomeOf<J extends Job> = J extends CopyJob
  ? CopyOutcome
  : J extends HashJob
    ? HashOutcome
    : CompareOutcome
