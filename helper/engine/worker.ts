// One copy worker: a thread that takes a batch of jobs, runs them with synchronous calls, and sends back what came of them. It shares two
// things with the main thread: a flag that ends the run, and counters for the progress line.
import { parentPort, workerData } from 'node:worker_threads'
import type { DurableFiles } from '../files/durable.js'
import { hashEngineNamed, type HashEngine } from '../files/hash.js'
import { alignedBuffer } from '../files/aligned.js'
import { runCompareJob } from './compare.js'
import { runCopyBatch, type Steps } from './copy.js'
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

/** What the main thread says: here is work, or an answer to what was asked about a batch. */
export type ToWorker =
  { readonly batch: number; readonly jobs: readonly Job[] } | { readonly batch: number; readonly isSynced: boolean }

/** What a worker says: a batch is done, or it waits until the file system of this folder is durable. */
export type FromWorker =
  | { readonly batch: number; readonly outcomes: readonly JobOutcome[] }
  | { readonly batch: number; readonly sync: string }

/** Layout of the shared control buffer, in 64-bit words. */
export const CONTROL = { stop: 0, sourceBytes: 1, readBackBytes: 2, words: 3 } as const

/** Large enough that the device and not the call is what costs, small enough to stop within a moment. Used whole only past the page cache. */
const BUFFER_BYTES = 4 * 1024 * 1024

/** @param files  where the bytes go; tests hand in one that fails as planned
 *  @param asksForSync  leaves it to the main thread to make file systems durable, and goes on with its next batch meanwhile */
export function serveWorker(files: DurableFiles, asksForSync = false): void {
  const deps = workerDeps(files, workerData as WorkerSetup)
  const port = parentPort
  if (!port) throw new Error('a copy worker runs as a worker thread')
  const waiting = new Map<number, Steps<JobOutcome>>()
  const say = (message: FromWorker): void => port.postMessage(message)
  const goOn = (batch: number, steps: Steps<JobOutcome>, answer?: boolean): void => {
    const step = answer === undefined ? steps.next() : steps.next(answer)
    if (step.done) say({ batch, outcomes: step.value })
    else if (asksForSync) {
      waiting.set(batch, steps)
      say({ batch, sync: step.value })
    } else goOn(batch, steps, syncTogether(files, step.value))
  }
  port.on('message', (message: ToWorker) => {
    const { batch } = message
    if ('jobs' in message) goOn(batch, stepsOf(deps, message.jobs))
    else {
      const steps = waiting.get(batch)
      if (!steps) throw new Error('a copy worker was told of a batch that it does not know')
      waiting.delete(batch)
      goOn(batch, steps, message.isSynced)
    }
  })
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
  const steps = stepsOf(deps, jobs)
  let step = steps.next()
  while (!step.done) step = steps.next(syncTogether(deps.files, step.value))
  return step.value
}

function* stepsOf(deps: WorkerDeps, jobs: readonly Job[]): Steps<JobOutcome> {
  const copies = jobs.filter((job): job is CopyJob => job.kind === 'copy')
  const copied = (yield* runCopyBatch(deps, copies))[Symbol.iterator]()
  return jobs.map((job) => {
    if (job.kind === 'hash') return runHashJob(deps, job)
    if (job.kind === 'compare') return runCompareJob(deps, job)
    const next = copied.next()
    if (next.done) throw new Error('a copy job without an outcome')
    return next.value
  })
}

function syncTogether(files: DurableFiles, folder: string): boolean {
  try {
    return files.syncFileSystem(folder)
  } catch (error) {
    // Then each file is synced by itself, and whatever is wrong with the drive is met again there, file by file.
    return error === undefined
  }
}
