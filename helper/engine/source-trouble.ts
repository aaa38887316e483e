// What it means when a source cannot be read to its end: whose fault it is, and whether anything is known of the file then.
import { systemCode } from '../errors.js'
import { failureOf, SOURCE_TROUBLE } from './failures.js'
import type { CopyJob, CopyOutcome, Failure } from './jobs.js'
import { Stopped, type WorkerDeps } from './read.js'
import { TooSlow } from './source-pace.js'
import { whyGone } from './still-here.js'

/** @param direct  it was read past the page cache, which not every file system can do to the end */
export function sourceFailure(error: unknown, direct: boolean): Failure {
  if (error instanceof Stopped) return { kind: 'stopped', message: 'stopped' }
  if (error instanceof TooSlow) return { kind: 'source-slow', message: error.message }
  const failure = failureOf(error, SOURCE_TROUBLE, 'source-unreadable')
  return direct && systemCode(error) === 'EINVAL' ? { ...failure, kind: 'source-changing' } : failure
}

/** A file that went away on a drive that is there is missing; on one that is not, nothing is known of it. */
export function withWhyGone(
  deps: WorkerDeps,
  { drive }: CopyJob,
  source: CopyOutcome['source'],
): CopyOutcome['source'] {
  if (!drive || !('failure' in source) || source.failure.kind !== 'source-vanished') return source
  try {
    const gone = deps.asking(() => whyGone(deps.files, drive))
    return gone.kind === 'source-away' ? { failure: gone } : source
  } catch (error) {
    return { failure: sourceFailure(error, false) }
  }
}

/** Closing asks some file systems as well. Once the worker is given up, nobody waits for it any more. */
export function closeSource({ files, asking }: WorkerDeps, descriptor: number): void {
  const open = new Set([descriptor])
  const close = (): void => {
    if (open.delete(descriptor)) files.close(descriptor)
  }
  try {
    asking(close)
  } catch (error) {
    if (!(error instanceof Stopped)) throw error
    close()
  }
}
