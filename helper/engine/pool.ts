// A few worker threads and the queue before them. Large files go to a worker one by one; small ones together, so that a batch of them
// shares its syncs. The pool knows nothing of shoots or places; it hands out jobs and keeps count of the bytes.
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import type { Job, JobOutcome, OutcomeOf } from './jobs.js'
import type { DurableFiles } from '../files/durable.js'
import { chooseHashEngine } from '../files/hash.js'
import type { WorkerDeps } from './read.js'
import { CONTROL, runBatch, workerDeps, type Batch, type WorkerSetup } from './worker.js'

/** Below this a file costs more in syncs and messages than in bytes. */
const SMALL_BYTES = 1024 * 1024
const BATCH_FILES = 256
const BATCH_BYTES = 32 * 1024 * 1024

/** More than this do not help. */
export const WORKERS_MAX = 4

/** A worker holds one batch and its buffers, which are no part of this; left to itself, each would let three times as much gather. */
const WORKER_MEMORY = { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 96 } as const

export interface PoolOptions {
  /** Marks the temporary names of this home. */
  readonly temporaryTag: string
  /** Threads; by default one more than there are cores, at least 2, at most `WORKERS_MAX`. */
  readonly workers?: number
  /** The module a worker starts with; tests name one whose disk has faults. */
  readonly workerFile?: URL
  /** Run the jobs in this thread, one batch after the other, on this disk: the same every time, which a test that is to be repeated needs. */
  readonly inThisThread?: DurableFiles
}

interface Waiting {
  readonly job: Job
  resolve(outcome: JobOutcome): void
  reject(error: Error): void
}

interface Seat {
  readonly worker: Worker
  busyWith: readonly Waiting[]
}

export class WorkerPool {
  readonly #seats: Seat[] = []
  readonly #queue: Waiting[] = []
  readonly #control = new SharedArrayBuffer(CONTROL.words * BigInt64Array.BYTES_PER_ELEMENT)
  readonly #counters = new BigInt64Array(this.#control)
  readonly #options: PoolOptions
  readonly #limit: number
  #here: WorkerDeps | undefined
  #broken: Error | undefined
  #pace = Infinity

  constructor(options: PoolOptions) {
    this.#options = options
    this.#limit = options.workers ?? Math.min(WORKERS_MAX, Math.max(2, availableParallelism() + 1))
  }

  /** @returns what came of the job; it rejects only when the worker itself broke */
  run<J extends Job>(job: J): Promise<OutcomeOf<J>> {
    return new Promise((resolve, reject) => {
      if (this.#broken) {
        reject(this.#broken)
        return
      }
      this.#queue.push({ job, resolve: (outcome) => resolve(outcome as OutcomeOf<J>), reject })
      // Not at once: whoever asks for many files asks for them in one go, and small ones are to share a batch.
      setImmediate(() => this.#deal())
    })
  }

  /** Starts workers that have nothing to do yet, where the jobs are sure to come: it takes each of them a while.
   *  @param jobs  there will be at least so many */
  warmUp(jobs: number): void {
    if (this.#options.inThisThread) return
    while (this.#seats.length < jobs && this.#addSeat());
  }

  /** At most so many jobs run at once from now on, however many workers there are. */
  limitTo(workers: number): void {
    this.#pace = workers
    this.#deal()
  }

  /** Ends every job at its next chunk; they resolve as `stopped`. Later jobs too. */
  stop(): void {
    Atomics.store(this.#counters, CONTROL.stop, 1n)
  }

  bytesDone(): { source: number; readBack: number } {
    return {
      source: Number(Atomics.load(this.#counters, CONTROL.sourceBytes)),
      readBack: Number(Atomics.load(this.#counters, CONTROL.readBackBytes)),
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#seats.map((seat) => seat.worker.terminate()))
    this.#seats.length = 0
  }

  #deal(): void {
    if (this.#options.inThisThread) {
      this.#runHere(this.#options.inThisThread)
      return
    }
    while (this.#queue.length > 0) {
      const seat = this.#freeSeat()
      if (!seat) return
      seat.busyWith = takeBatch(this.#queue, Math.min(this.#limit, this.#pace))
      seat.worker.postMessage({ jobs: seat.busyWith.map((waiting) => waiting.job) } satisfies Batch)
    }
  }

  #freeSeat(): Seat | undefined {
    const busy = this.#seats.filter((each) => each.busyWith.length > 0).length
    return busy >= this.#pace ? undefined : (this.#seats.find((each) => each.busyWith.length === 0) ?? this.#addSeat())
  }

  #runHere(files: DurableFiles): void {
    this.#here ??= workerDeps(files, {
      temporaryTag: `${this.#options.temporaryTag}-0`,
      control: this.#control,
      hash: chooseHashEngine().name,
    })
    while (this.#queue.length > 0) {
      const batch = takeBatch(this.#queue, 1)
      try {
        runBatch(
          this.#here,
          batch.map(({ job }) => job),
        ).forEach((outcome, index) => batch[index]?.resolve(outcome))
      } catch (error) {
        for (const waiting of batch) waiting.reject(error as Error)
        this.#break(error as Error)
      }
    }
  }

  #addSeat(): Seat | undefined {
    if (this.#seats.length >= this.#limit) return undefined
    const file = this.#options.workerFile ?? new URL('./worker-main.js', import.meta.url)
    const setup: WorkerSetup = {
      temporaryTag: `${this.#options.temporaryTag}-${this.#seats.length}`,
      control: this.#control,
      hash: chooseHashEngine().name,
    }
    const seat: Seat = { worker: new Worker(file, { workerData: setup, resourceLimits: WORKER_MEMORY }), busyWith: [] }
    seat.worker.on('message', (outcomes: JobOutcome[]) => {
      const done = seat.busyWith
      seat.busyWith = []
      this.#deal()
      done.forEach((waiting, index) => {
        const outcome = outcomes[index]
        if (outcome) waiting.resolve(outcome)
        else waiting.reject(new Error('a copy worker gave back too few outcomes'))
      })
    })
    seat.worker.on('error', (error: Error) => this.#break(error))
    this.#seats.push(seat)
    return seat
  }

  /** A worker that broke has a defect: nothing it might have done is taken for done. */
  #break(error: Error): void {
    this.#broken = error
    for (const waiting of [...this.#queue.splice(0), ...this.#seats.flatMap((seat) => seat.busyWith)])
      waiting.reject(error)
  }
}

/** Takes the next large job alone, or a share of the small ones at the head of the queue. */
export function takeBatch<W extends { readonly job: Job }>(queue: W[], workers: number): W[] {
  const first = queue.shift()
  if (first === undefined) return []
  const batch = [first]
  if (sizeOf(first.job) > SMALL_BYTES) return batch
  const share = Math.min(BATCH_FILES, Math.ceil((queue.length + 1) / workers))
  for (let bytes = sizeOf(first.job); batch.length < share;) {
    const next = queue[0]
    if (next === undefined || sizeOf(next.job) > SMALL_BYTES || bytes + sizeOf(next.job) > BATCH_BYTES) break
    bytes += sizeOf(next.job)
    batch.push(next)
    queue.shift()
  }
  return batch
}

function sizeOf(job: Job): number {
  return job.kind === 'copy' ? job.expected.sizeBytes : job.sizeBytes
}
