// The worker thread of this room. SQLite here blocks the thread it runs in and cannot be interrupted, so it never runs in the thread
// that answers requests. One job per thread: inspect a private copy and answer once, or list its files a slice at a time, each slice
// only when asked for, so that a large catalog is never in memory as a whole.
import { parentPort, workerData } from 'node:worker_threads'
import { describeError } from '../errors.js'
import type { Slice } from './columns.js'
import { inspectPrivateCopy, type InspectOptions } from './inspect-copy.js'
import { readEdits } from './edits.js'
import { readPicks } from './picks.js'
import { listingReader, readOutline, readSummary, type ListingOptions } from './read-copy.js'
import type { PrivateCopy } from './private-copy.js'

export type WorkerJob =
  | { readonly kind: 'inspect'; readonly copy: PrivateCopy; readonly options: InspectOptions }
  | { readonly kind: 'summary'; readonly copy: PrivateCopy }
  | { readonly kind: 'outline'; readonly copy: PrivateCopy }
  | { readonly kind: 'picks'; readonly copy: PrivateCopy }
  | { readonly kind: 'edits'; readonly copy: PrivateCopy }
  | ListJob

export interface ListJob extends ListingOptions {
  readonly kind: 'list'
}

export type ListQuestion =
  | { readonly kind: 'outline' }
  | { readonly kind: 'next' }
  | { readonly kind: 'formats'; readonly afterId: number; readonly lastId: number }

export type WorkerAnswer =
  | { readonly kind: 'result'; readonly value: unknown }
  | { readonly kind: 'slice'; readonly slice: Slice | undefined }
  | { readonly kind: 'failed'; readonly message: string }

if (parentPort) {
  const port = parentPort
  const answer = (value: WorkerAnswer) => port.postMessage(value)
  try {
    run(workerData as WorkerJob, port, answer)
  } catch (error) {
    answer({ kind: 'failed', message: describeError(error) })
  }
}

function run(job: WorkerJob, port: NonNullable<typeof parentPort>, answer: (value: WorkerAnswer) => void): void {
  if (job.kind === 'inspect') answer({ kind: 'result', value: inspectPrivateCopy(job.copy, job.options) })
  else if (job.kind === 'summary') answer({ kind: 'result', value: readSummary(job.copy) })
  else if (job.kind === 'outline') answer({ kind: 'result', value: readOutline(job.copy) })
  else if (job.kind === 'picks') answer({ kind: 'result', value: readPicks(job.copy) })
  else if (job.kind === 'edits') answer({ kind: 'result', value: readEdits(job.copy) })
  else serveListing(job, port, answer)
}

function serveListing(job: ListJob, port: NonNullable<typeof parentPort>, answer: (value: WorkerAnswer) => void): void {
  const reader = listingReader(job)
  port.on('message', (question: ListQuestion) => {
    try {
      if (question.kind === 'outline') answer({ kind: 'result', value: reader.outline() })
      else if (question.kind === 'formats') answer({ kind: 'result', value: reader.formats(question) })
      else answer({ kind: 'slice', slice: reader.next() })
    } catch (error) {
      answer({ kind: 'failed', message: describeError(error) })
      port.close()
    }
  })
}
