// One copy worker: a thread that takes a batch of jobs, runs them with synchronous calls, and sends back what came of them. It shares two
// things with the main thread: a flag that ends the run, and counters for the progress line.
import { parentPort, workerData } from 'node:worker_threads'
import type { DurableFiles } from '../files/durable.js'
import { hashEngineNamed, type HashEngine } from '../files/hash.js'
import { alignedBuffer } from '../files/aligned.js'
import { runCompareJob } from './compare.js'
import { runCopyBatch } from './copy.js'
import { AskingSide } from './giving-up.js'
import type { CopyJob, Job, JobOutcome } from './jobs.js'
import { runHashJob, Stopped, type WorkerDeps } from './read.js'

export interface WorkerSetup {
  readonly temporaryTag: string
  /** One 64-bit word of this worker's own; see giving-up.ts. */
  readonly seat: SharedArrayBuffer
  readonly slowAfterMs: number
  readonly control: SharedArrayBuffer
  /** The engine that the main thread has chosen. */
  readonly hash: HashEngine['name']
}

export interface Batch {
  readonly jobs: readonly Job[]
}

/** Layout of the shared control buffer, in 64-bit words. */
export const CONTROL = { stop: 0, sourceBytes: 1, readBackBytes: 2, words: 3 } as const

/** Large enough that the device and not the call is what costs, small enough to stop within a moment. Used whole only past the page cache. */
const BUFFER_BYTES = 4 * 1024 * 1024

/** @param files  where the bytes go; tests hand in one that fails as planned */
export function serveWorker(files: DurableFiles): void {
  const deps = workerDeps(files, workerData as WorkerSetup)
  const port = parentPort
  if (!port) throw new Error('a copy worker runs as a worker thread')
  port.on('message', ({ jobs }: Batch) => port.postMessage(runBatch(deps, jobs)))
}

/** What a batch needs, in whichever thread it runs. */
export function workerDeps(files: DurableFiles, setup: WorkerSetup): WorkerDeps {
  const control = new BigInt64Array(setup.control)
  const seat = new AskingSide(setup.seat)
  const isOver = (): boolean => Atomics.load(control, CONTROL.stop) !== 0n || seat.isGivenUp()
  return {
    files,
    hash: hashEngineNamed(setup.hash),
    buffer: alignedBuffer(BUFFER_BYTES),
    temporaryTag: setup.temporaryTag,
    onBytes(count, what) {
      Atomics.add(control, what === 'source' ? CONTROL.sourceBytes : CONTROL.readBackBytes, BigInt(count))
      if (isOver()) throw new Stopped()
    },
    asking(act) {
      if (isOver()) throw new Stopped()
      return seat.asking(act)
    },
    slowAfterMs: setup.slowAfterMs,
  }
}

/** @returns the outcomes in the order of the jobs */
export function runBatch(deps: WorkerDeps, jobs: readonly Job[]): JobOutcome[] {
  const copies = jobs.filter((job): job is CopyJob => job.kind === 'copy')
  const copied = runCopyBatch(deps, copies)[Symbol.iterator]()
  return jobs.map((job) => {
    if (job.kind === 'hash') return runHashJob(deps, job)
    if (job.kind === 'compare') return runCompareJob(deps, job)
    const next = copied.next()
    if (next.done) throw new Error('a copy job without an outcome')
    return next.value
  })
}
