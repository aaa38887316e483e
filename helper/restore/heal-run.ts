// One heal while it lasts, and what it says of a copy that looks bad.
import type { ReadMethod } from '../engine/jobs.js'
import type { BackupRun } from '../engine/run.js'
import type { CopyRow } from '../journal/files.js'
import type { FileHistory, PastVersion } from '../journal/history.js'
import type { ShootRow } from '../journal/shoots.js'
import type { FileStat, Hash } from '../model.js'
import type { OpenPlace } from '../place/places.js'
import type { HealResult } from '../../shared/methods.js'
import type { OpenBucket } from './bucket.js'
import type { CopyFinder } from './copies.js'
import type { Fetcher } from './fetch.js'

export interface HealRun {
  readonly engine: BackupRun
  readonly finder: CopyFinder
  readonly fetcher: Fetcher
  /** Good bytes may come from these; what is damaged there is sent again by healBucket. */
  readonly buckets: readonly OpenBucket[]
  readonly isDryRun: boolean
  readonly healed: HealResult['copies'][number][]
  readonly tally: { checked: number; good: number; bytesCopied: number }
  /** Names in Quarantine/ and Versions/ that this run has given. */
  readonly namesGiven: Set<string>
}

/** A copy that the journal calls bad, or that does not look as it was written. */
export interface Suspect {
  readonly shoot: ShootRow
  readonly place: OpenPlace
  readonly file: FileHistory
  readonly version: PastVersion
  readonly copy: CopyRow
}

/** What is wrong with a copy. */
export interface Trouble {
  readonly was: 'damaged' | 'missing' | 'unreadable'
  readonly why: string
  /** Of what was read. */
  readonly hash?: Hash
  readonly how?: ReadMethod
  readonly stat?: FileStat
}
