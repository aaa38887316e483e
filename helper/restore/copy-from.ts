// One copy tried as the source of another: its bytes arrive only when they hash to the reference, and where they do not, it is said what that
// makes of the copy. The same for what is restored and for what is healed.
import type { CopyJob, CopyOutcome, Failure, ReadMethod, SourceDrive, Target } from '../engine/jobs.js'
import type { WorkerPool } from '../engine/pool.js'
import type { CopyRow } from '../journal/files.js'
import { WORKING, type FileStat, type Hash } from '../model.js'
import type { Failed } from './copies.js'

export interface LocalSource {
  readonly copy: CopyRow
  readonly where: string
  readonly file: string
  /** Whose copy it is; left out for an original, and for what was fetched from a bucket. */
  readonly drive?: SourceDrive
  /** It was fetched to the home and may get a second name instead of being copied. */
  readonly mayBeLinked?: boolean
}

export interface Wanted {
  readonly hash: Hash
  readonly sizeBytes: number
  readonly mtimeMs: number
}

export type CopyStep =
  | {
      readonly kind: 'copied'
      readonly movedOld: boolean
      readonly stat: FileStat
      readonly how: ReadMethod
      readonly hash: Hash
    }
  | { readonly kind: 'bad-copy'; readonly failed: Failed }
  | { readonly kind: 'failed'; readonly movedOld: boolean; readonly failure: Failure }

/** A disk that gives back other bytes than were written is given so many chances. */
const WRITES_TRIED = 3

/** @param leastBytesPerSecond  set where another place could serve, which then does when this one gives less or is silent */
export async function copyFrom(
  pool: WorkerPool,
  version: Wanted,
  source: LocalSource,
  target: Target,
  leastBytesPerSecond?: number,
): Promise<CopyStep> {
  const { file, drive, copy, mayBeLinked = false } = source
  const job: CopyJob = {
    kind: 'copy',
    from: file,
    expected: { sizeBytes: version.sizeBytes, mtimeMs: version.mtimeMs, ctimeMs: 0, inode: 0, device: 0 },
    targets: [target],
    mustHash: version.hash,
    ...(drive ? { drive } : {}),
    ...(drive || copy.placeId === WORKING
      ? { patience: { source: copy.placeId, ...(leastBytesPerSecond === undefined ? {} : { leastBytesPerSecond }) } }
      : {}),
    // A rebuild from a manifest without a log knows no time: then the copy's own is the best there is.
    ...(version.mtimeMs > 0 ? { mtimeMs: version.mtimeMs } : {}),
  }
  for (let attempt = 1; ; attempt++) {
    const linked = mayBeLinked && attempt === 1 ? { ...job, mayBeLinked } : job
    const step = stepOf(await pool.run(linked), version, source)
    const isWorthAnother = step.kind === 'failed' && step.failure.kind === 'differs-after-write'
    if (!isWorthAnother || attempt >= WRITES_TRIED) return step
  }
}

function stepOf({ source, targets }: CopyOutcome, version: Wanted, from: LocalSource): CopyStep {
  if ('failure' in source) {
    const { failure } = source
    if (failure.kind === 'stopped') return { kind: 'failed', movedOld: false, failure }
    return badCopy(from, whatIsWrong(failure, from), failure.message)
  }
  if (source.hash !== version.hash) return badCopy(from, 'damaged', otherBytes(source.hash, version.hash))
  const [outcome] = targets
  const movedOld = outcome?.movedOld === true
  if (outcome?.result.kind === 'copied') {
    const { stat, how, readBack } = outcome.result
    return { kind: 'copied', movedOld, stat, how, hash: readBack }
  }
  const failure: Failure =
    outcome?.result.kind === 'failed'
      ? outcome.result.failure
      : { kind: 'place-failing', message: 'nothing was written' }
  return { kind: 'failed', movedOld, failure }
}

function whatIsWrong({ kind }: Failure, { copy }: LocalSource): Failed['kind'] {
  if (kind === 'source-slow' || kind === 'source-silent') return 'slow'
  if (kind === 'source-away') return 'away'
  // An original that is not there says nothing about the copies: its folder may simply not be connected.
  if (kind === 'source-vanished') return copy.placeId === WORKING ? 'away' : 'missing'
  return 'unreadable'
}

export function badCopy(
  { copy, where }: Pick<LocalSource, 'copy' | 'where'>,
  kind: Failed['kind'],
  why: string,
): CopyStep & { readonly kind: 'bad-copy' } {
  return { kind: 'bad-copy', failed: { copy, where, kind, why } }
}

export function otherBytes(found: Hash, wanted: Hash): string {
  return `it reads ${found.slice(0, 12)}… where ${wanted.slice(0, 12)}… was written`
}
