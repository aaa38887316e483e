// A compare job: what has become of the picture in a file, apart from what is said about it, judged by a copy of what it was. The copy is
// read whole first: a rotten one would turn the judgement round.
import { fileAsSource } from '../files/picture/byte-source.js'
import { comparePictures, locatePicture } from '../files/picture/picture.js'
import { systemCode } from '../errors.js'
import type { CompareJob, CompareOutcome } from './jobs.js'
import { hashFile, Stopped, type WorkerDeps } from './read.js'

export function runCompareJob(deps: WorkerDeps, job: CompareJob): CompareOutcome {
  try {
    return { kind: 'compared', change: compare(deps, job) }
  } catch (error) {
    if (error instanceof Stopped) return { kind: 'compared', change: { kind: 'no-reference' } }
    if (systemCode(error) === '') throw error
    return {
      kind: 'compared',
      change: { kind: 'unsure', why: `it could not be read to compare (${systemCode(error)})` },
    }
  }
}

function compare({ files, ...deps }: WorkerDeps, job: CompareJob): CompareOutcome['change'] {
  const reference = files.openRead(job.reference)
  try {
    const was = fileAsSource(files, reference)
    if (!locatePicture(was).ok) return { kind: 'unlike' }
    const read = hashFile({ files, ...deps }, job.reference, true, 'read-back')
    if (read.hash !== job.referenceHash) return { kind: 'no-reference' }
    const now = files.openRead(job.file)
    try {
      return comparePictures(was, fileAsSource(files, now))
    } finally {
      files.close(now)
    }
  } finally {
    files.close(reference)
  }
}
