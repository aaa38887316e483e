// The jobs of job-thread.ts: what each takes and what it answers. Plain data both ways, because it crosses a thread.
import type { CheckDeps, CheckOptions, CheckResult } from './check-terms.js'
import type { Judgement } from './judge.js'
import type { LightroomBackup } from './lightroom-backups.js'
import type { ChosenPicture } from './picks.js'
import type { KnownProof, LiveReadAgain, PlaceReadAgain, ReadAgainLimits } from './read-again.js'
import type { BackupRecord } from './record.js'
import type { SentError } from './sent-error.js'
import type { PlaceThinning } from './thin.js'

/** One backup at a place, without its list of files. */
export interface KnownBackup {
  /** Folder below `Catalogs/`. */
  readonly name: string
  readonly stamp: string
  readonly catalog: string
  readonly takenMs: number
  readonly verdict: BackupRecord['verdict']
  readonly reasons: readonly string[]
  readonly counts: Readonly<Record<string, number>>
  readonly hash: string
  readonly state: string
  /** Every file of it is there in its size. */
  readonly isWhole: boolean
}

export interface BackUpAnswer {
  readonly judgement: Judgement
  readonly takenAtMs: number
  readonly staleLock: boolean
  readonly places: readonly {
    readonly root: string
    readonly kind: 'stored' | 'unchanged'
    readonly backup: KnownBackup
    readonly bytesWritten: number
  }[]
  /** Places that failed while others were completed. */
  readonly failures: readonly { readonly root: string; readonly error: SentError }[]
  /** Where the references were written; left out when the catalog could not be read. */
  readonly references?: string
}

export interface LightroomAnswer {
  readonly found: readonly LightroomBackup[]
  readonly inspected: readonly { readonly file: string; readonly judgement: Judgement }[]
  readonly mirrored: number
}

export interface RestoreAnswer {
  readonly backup: KnownBackup
  readonly catalog: string
  readonly written: readonly string[]
  readonly alreadyThere: readonly string[]
  readonly movedAway: readonly { readonly from: string; readonly to: string }[]
  readonly staleLock: boolean
  /** Of the restored files, opened. */
  readonly judgement: Judgement
}

export interface Base {
  /** Where private copies are made; the job's own. */
  readonly privateParent: string
}

export interface CatalogJobs {
  backUp: {
    params: Base & {
      readonly home: string
      readonly catalog: string
      readonly roots: readonly string[]
      readonly taken: readonly string[]
      readonly isFallAccepted: boolean
      readonly settleMs: number
    }
    result: BackUpAnswer
  }
  check: {
    params: Base & {
      readonly catalog: string
      readonly withPlaces: boolean
      readonly settleMs: number
      /** Where backups lie, for a catalog that is open. */
      readonly roots: readonly string[]
      readonly options: Pick<CheckOptions, 'shoot' | 'readsAll' | 'after' | 'budgetMs' | 'budgetBytes'>
    }
    result: CheckResult & {
      /** Set when the catalog is open and a backup was looked at in its stead. */
      readonly asOfMs?: number
    }
  }
  restore: {
    params: Base & {
      readonly root: string
      readonly name: string
      readonly asOfMs?: number
      readonly to: string
    }
    result: RestoreAnswer
  }
  /** Pictures with develop settings in the newest backup of a catalog at a place, by pickPath. */
  edits: { params: Base & { readonly root: string; readonly name: string }; result: readonly string[] }
  learn: { params: Base & { readonly root: string }; result: readonly KnownBackup[] }
  /** Of the newest backup of each catalog at any of these places. */
  picks: { params: Base & { readonly roots: readonly string[] }; result: readonly ChosenPicture[] }
  lightroom: {
    params: Base & {
      readonly catalog: string
      readonly folders: readonly string[]
      /** Files that were opened before, with their sizes then. */
      readonly known: readonly { readonly file: string; readonly sizeBytes: number }[]
      /** Where to mirror them to: place root and the catalog's folder name there. */
      readonly mirrorTo: readonly { readonly root: string; readonly name: string }[]
    }
    result: LightroomAnswer
  }
  thin: {
    params: Base & { readonly root: string; readonly nowMs: number; readonly isDryRun: boolean }
    result: PlaceThinning
  }
  /** Reads what lies at a place again, as far as it is due. */
  readPlace: {
    params: Base & {
      readonly root: string
      readonly marker: string
      readonly known: readonly KnownProof[]
      readonly limits: ReadAgainLimits
    }
    result: PlaceReadAgain
  }
  /** The same for a live catalog that is as its newest good backup at these places saw it. */
  readLive: {
    params: Base & {
      readonly catalog: string
      readonly roots: readonly string[]
      readonly known: readonly KnownProof[]
      readonly limits: ReadAgainLimits
    }
    result: LiveReadAgain
  }
}

export type JobName = keyof CatalogJobs

export interface JobTools {
  readonly signal: AbortSignal
  readonly onProgress: (done: number, all: number) => void
  readonly lookUp: CheckDeps['lookUp']
}
