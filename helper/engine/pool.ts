// A few worker threads and the queue before them. Large files go to a worker one by one; small ones together, so that a batch of them
// shares its syncs. The pool knows nothing of shoots or places; it hands out jobs and keeps count of the bytes. A worker that waits for a
// device which does not answer is given up where its jobs say how long that may be, and once the run is stopped; another takes its seat.
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import type { DurableFiles } from '../files/durable.js'
import { chooseHashEngine } from '../files/hash.js'
import { FileSystemSyncs } from '../files/syncing.js'
import { isSmall, patienceOf, takeBatch } from './batches.js'
import { GivingUpSide } from './giving-up.js'
import type { Failure, Job, JobOutcome, OutcomeOf, Patience } from './jobs.js'
import { LeftWorkers } from './left-workers.js'
import type { WorkerDeps } from './read.js'
import { CONTROL, runBatch, workerDeps, type FromWorker, type ToWorker, type WorkerSetup } from './worker.js'

/** More than this do not help. */
export const WORKERS_MAX = 4

/** A worker holds one batch and its buffers, which are no part of this; left to itself, each would let three times as much gather. */
const WORKER_MEMORY = { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 96 } as const

/** How long a source may be silent where another place could serve: longer than a drive takes to spin up. */
const PATIENCE_MS = 30_000
/** Where none could, so many times as long: failing drives try a sector for minutes before they say so. */
const PATIENCE_OF_LAST = 6
/** How often a worker is looked at in that time. */
const LOOKS = 6
/** Between two looks once the run is stopped; then one and the same answer waited for twice is enough. */
const STOP_LOOK_MS = 2000

export interface PoolOptions {
  /** Marks the temporary names of this home. */
  readonly temporaryTag: string
  /** Threads; by default one more than there are cores, at least 2, at most `WORKERS_MAX`. */
  readonly workers?: number
  /** The module a worker starts with; tests name one whose disk has faults. */
  readonly workerFile?: URL
  /** Run the jobs in this thread, one batch after the other, on this disk: the same every time, which a test that is to be repeated needs. */
  readonly inThisThread?: DurableFiles
  /** How long a source may be silent; tests wait less. */
  readonly patienceMs?: number
}

interface Waiting {
  readonly job: Job
  resolve(outcome: JobOutcome): void
  reject(error: Error): void
}

interface Seat {
  readonly worker: Worker
  readonly asked: GivingUpSide
  /** By their numbers: one, or two of small files, so that the worker has something to do while the first waits for the disk or for us. */
  readonly batches: Map<number, readonly Waiting[]>
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
  #made = 0
  #batches = 0
  readonly #syncs = new FileSystemSyncs()
  readonly #left = new LeftWorkers()
  readonly #patienceMs: number
  #looking: NodeJS.Timeout | undefined

  constructor(options: PoolOptions) {
    this.#options = options
    this.#limit = options.workers ?? Math.min(WORKERS_MAX, Math.max(2, availableParallelism() + 1))
    this.#patienceMs = options.patienceMs ?? PATIENCE_MS
  }

  /** @returns what came of the job; it rejects only when the worker itself broke */
  run<J extends Job>(job: J): Promise<OutcomeOf<J>> {
    return new Promise((resolve, reject) => {
      if (this.#broken) {
        reject(this.#broken)
        return
      }
      if (this.#left.isSilent(patienceOf(job)?.source)) {
        resolve(givenUp(job, SILENT) as OutcomeOf<J>)
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
    clearInterval(this.#looking)
    this.#looking = setInterval(() => this.#look(), Math.min(STOP_LOOK_MS, this.#patienceMs / LOOKS))
  }

  /** Whether a worker still waits for this source, as a job's patience names it. */
  isSilent(source: string): boolean {
    return this.#left.isSilent(source)
  }

  bytesDone(): { source: number; readBack: number } {
    return {
      source: Number(Atomics.load(this.#counters, CONTROL.sourceBytes)),
      readBack: Number(Atomics.load(this.#counters, CONTROL.readBackBytes)),
    }
  }

  /** Waits for no worker that was given up. */
  async close(): Promise<void> {
    clearInterval(this.#looking)
    this.#left.close()
    await Promise.all(this.#seats.map((seat) => seat.worker.terminate()))
    this.#seats.length = 0
    this.#syncs.close()
  }

  #deal(): void {
    if (this.#options.inThisThread) {
      this.#runHere(this.#options.inThisThread)
      return
    }
    while (this.#queue.length > 0) {
      const seat = this.#freeSeat() ?? this.#seatForMore()
      if (!seat) return
      const waiting = takeBatch(this.#queue, Math.min(this.#limit, this.#pace))
      const batch = (this.#batches += 1)
      seat.batches.set(batch, waiting)
      if (patienceOf(waiting[0]?.job)) this.#lookFromNowOn()
      tell(seat, { batch, jobs: waiting.map(({ job }) => job) })
    }
  }

  #freeSeat(): Seat | undefined {
    const busy = this.#seats.filter(isBusy).length
    return busy >= this.#pace ? undefined : (this.#seats.find((seat) => !isBusy(seat)) ?? this.#addSeat())
  }

  /** A worker that is at its only batch, when that and what comes next are small files whose source may take its time. */
  #seatForMore(): Seat | undefined {
    const next = this.#queue[0]
    if (!next || !mayWait(next) || this.#pace < this.#limit) return undefined
    return this.#seats.find((seat) => seat.batches.size === 1 && workOf(seat).every(mayWait))
  }

  #lookFromNowOn(): void {
    this.#looking ??= setInterval(() => this.#look(), this.#patienceMs / LOOKS)
  }

  #look(): void {
    const isStopped = Atomics.load(this.#counters, CONTROL.stop) !== 0n
    for (const seat of [...this.#seats]) {
      const looks = seat.asked.look()
      const [first] = workOf(seat)
      const enough = isStopped ? 1 : looksEnough(patienceOf(first?.job))
      if (first && looks >= enough && seat.asked.giveUp()) this.#giveUp(seat, isStopped ? STOPPED : SILENT)
    }
    if (this.#seats.some(isBusy)) return
    clearInterval(this.#looking)
    this.#looking = undefined
  }

  /** Whoever else waits for the same source is told at once: each would wait as long again. */
  #giveUp(seat: Seat, failure: Failure): void {
    const work = workOf(seat)
    const source = patienceOf(work[0]?.job)?.source
    this.#seats.splice(this.#seats.indexOf(seat), 1)
    this.#left.add(seat.worker, source)
    const isOfIt = ({ job }: Waiting): boolean => source !== undefined && patienceOf(job)?.source === source
    const gone = [...work, ...this.#queue.filter(isOfIt)]
    const staying = this.#queue.filter((waiting) => !isOfIt(waiting))
    this.#queue.splice(0, Infinity, ...staying)
    seat.batches.clear()
    for (const waiting of gone) waiting.resolve(givenUp(waiting.job, failure))
    this.#deal()
  }

  #runHere(files: DurableFiles): void {
    this.#here ??= workerDeps(files, {
      temporaryTag: `${this.#options.temporaryTag}-0`,
      control: this.#control,
      hash: chooseHashEngine().name,
      seat: new GivingUpSide().seat,
      slowAfterMs: this.#patienceMs,
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
    const asked = new GivingUpSide()
    const setup: WorkerSetup = {
      temporaryTag: `${this.#options.temporaryTag}-${this.#made++}`,
      control: this.#control,
      hash: chooseHashEngine().name,
      seat: asked.seat,
      slowAfterMs: this.#patienceMs,
    }
    const worker = new Worker(file, { workerData: setup, resourceLimits: WORKER_MEMORY })
    const seat: Seat = { worker, asked, batches: new Map() }
    seat.worker.on('message', (message: FromWorker) => {
      if ('sync' in message) void this.#sync(seat, message.batch, message.sync)
      else this.#take(seat, message.batch, message.outcomes)
    })
    seat.worker.on('error', (error: Error) => this.#break(error))
    this.#seats.push(seat)
    return seat
  }

  /** A worker that was given up meanwhile is told nothing: it is to do nothing more. */
  async #sync(seat: Seat, batch: number, folder: string): Promise<void> {
    const isSynced = await this.#syncs.ask(folder)
    if (seat.batches.has(batch)) tell(seat, { batch, isSynced })
  }

  #take(seat: Seat, batch: number, outcomes: readonly JobOutcome[]): void {
    const done = seat.batches.get(batch) ?? []
    seat.batches.delete(batch)
    this.#deal()
    done.forEach((waiting, index) => {
      const outcome = outcomes[index]
      if (outcome) waiting.resolve(outcome)
      else waiting.reject(new Error('a copy worker gave back too few outcomes'))
    })
  }

  /** A worker that broke has a defect: nothing it might have done is taken for done. */
  #break(error: Error): void {
    this.#broken = error
    for (const waiting of [...this.#queue.splice(0), ...this.#seats.flatMap(workOf)]) waiting.reject(error)
  }
}

const SILENT: Failure = { kind: 'source-silent', message: 'it does not answer' }
const STOPPED: Failure = { kind: 'stopped', message: 'stopped' }

function looksEnough(patience: Patience | undefined): number {
  if (!patience) return Infinity
  return patience.leastBytesPerSecond === undefined ? LOOKS * PATIENCE_OF_LAST : LOOKS
}

function givenUp(job: Job, failure: Failure): JobOutcome {
  if (job.kind === 'copy') return { kind: 'copied', source: { failure }, targets: [] }
  if (job.kind === 'hash') return { kind: 'hashed', result: { failure } }
  return { kind: 'compared', change: { kind: 'no-reference' } }
}

function mayWait(waiting: Waiting): boolean {
  return isSmall(waiting) && patienceOf(waiting.job) === undefined
}

function isBusy({ batches }: Seat): boolean {
  return batches.size > 0
}

function workOf({ batches }: Seat): readonly Waiting[] {
  return [...batches.values()].flat()
}

function tell(seat: Seat, message: ToWorker): void {
  seat.worker.postMessage(message)
}
