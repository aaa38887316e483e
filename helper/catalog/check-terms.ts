// What a check of a catalog is asked, and what it answers.
import type { CopyFinding, FileState } from './classify.js'
import type { AskedFolder, KnownFiles } from './known-files.js'

export interface CheckDeps {
  /** What Safelight knows of these originals, per folder; undefined where it knows none of them. */
  readonly lookUp: (folders: readonly AskedFolder[]) => Promise<readonly (KnownFiles | undefined)[]>
  readonly now: () => number
}

export interface CheckOptions {
  /** Path of the live catalog: its folder is where moved roots are looked for. */
  readonly catalog: string
  /** Report files that lie in too few places as well. */
  readonly withPlaces: boolean
  /** Only this shoot and what lies below it: `<root folder's name>/<path from root>`. */
  readonly shoot?: string
  readonly budgetMs?: number
  /** How much may be read to compare hashes. 0: sizes and times only. A check that reads everything stops there, and is gone on with later. */
  readonly budgetBytes?: number
  /** Read every file that has a reference, not only those whose mtime moved. */
  readonly readsAll?: boolean
  /** Go on after this file id. */
  readonly after?: number
  readonly signal?: AbortSignal
  readonly onProgress?: (filesDone: number, filesAll: number) => void
}

/** `unsure`: changed, and nobody can tell whether by an edit or by damage. */
export type FindingKind =
  'unsure' | Exclude<FileState, 'proven' | 'present' | 'unknown-content' | 'root-offline'> | CopyFinding

export interface CheckFinding {
  readonly kind: FindingKind
  /** Absolute, as it was looked for. */
  readonly file: string
  /** `<root folder's name>/<path from root>`. */
  readonly shoot: string
  readonly role: 'original' | 'sidecar'
  readonly detail?: string
}

export interface OfflineRoot {
  readonly root: string
  readonly files: number
  readonly message: string
  readonly remedy: string
}

export interface CheckResult {
  /** Photo files, each once however many virtual copies it has. */
  readonly files: number
  readonly sidecars: number
  readonly virtualCopies: number
  readonly states: Readonly<Partial<Record<FileState, number>>>
  readonly copies: Readonly<Partial<Record<CopyFinding, number>>>
  readonly findings: readonly CheckFinding[]
  /** More were counted in `states` than are listed in `findings`. */
  readonly isCutShort: boolean
  readonly offlineRoots: readonly OfflineRoot[]
  readonly movedRoots: readonly { readonly root: string; readonly now: string; readonly message: string }[]
  readonly bytesRead: number
  /** The budget ran out after this file id; give it as `after` to go on. `undefined`: all was checked. */
  readonly resumeAfter?: number
}
