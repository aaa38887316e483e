// How far a run is, told a few times a second: files, bytes, the rate of the last seconds, the time left. Says nothing about safety.
import type { Counts } from './run.js'
import type { WorkerPool } from './pool.js'

export interface Progress {
  readonly stage: string
  readonly filesDone: number
  readonly filesTotal: number
  readonly bytesDone: number
  readonly bytesTotal: number
  readonly bytesPerSecond: number
  readonly secondsLeft?: number
}

export type OnProgress = (progress: Progress) => void

const TELL_EVERY_MS = 250
const RATE_OVER_MS = 5000

export class ProgressMeter {
  readonly #pool: WorkerPool
  readonly #counts: Pick<Counts, 'done'>
  readonly #tell: OnProgress
  readonly #clock: () => number
  readonly #what: 'source' | 'readBack'
  readonly #timer: NodeJS.Timeout
  readonly #samples: { atMs: number; bytes: number }[] = []
  #stage = 'looking'
  #filesTotal = 0
  #bytesTotal = 0

  /** @param what  whose bytes are counted: those of what is copied, or of what is read back */
  constructor(
    pool: WorkerPool,
    counts: Pick<Counts, 'done'>,
    tell: OnProgress,
    clock: () => number,
    what: 'source' | 'readBack' = 'source',
  ) {
    this.#pool = pool
    this.#counts = counts
    this.#tell = tell
    this.#clock = clock
    this.#what = what
    this.#timer = setInterval(() => this.#sample(), TELL_EVERY_MS)
    this.#timer.unref()
  }

  begin(stage: string, filesTotal: number, bytesTotal: number): void {
    this.#filesTotal = filesTotal
    this.#bytesTotal = bytesTotal
    this.stage(stage)
  }

  stage(stage: string): void {
    this.#stage = stage
    this.#sample()
  }

  close(): void {
    clearInterval(this.#timer)
  }

  #sample(): void {
    const atMs = this.#clock()
    const bytes = this.#pool.bytesDone()[this.#what]
    this.#samples.push({ atMs, bytes })
    while (this.#samples.length > 2 && atMs - (this.#samples[0]?.atMs ?? atMs) > RATE_OVER_MS) this.#samples.shift()
    this.#tell(
      progressOf(this.#samples, {
        stage: this.#stage,
        filesDone: this.#counts.done,
        filesTotal: this.#filesTotal,
        bytesTotal: this.#bytesTotal,
      }),
    )
  }
}

/** Pure. */
export function progressOf(
  samples: readonly { atMs: number; bytes: number }[],
  known: Pick<Progress, 'stage' | 'filesDone' | 'filesTotal' | 'bytesTotal'>,
): Progress {
  const first = samples[0]
  const last = samples.at(-1)
  const seconds = first && last ? (last.atMs - first.atMs) / 1000 : 0
  const bytesPerSecond = first && last && seconds > 0 ? Math.round((last.bytes - first.bytes) / seconds) : 0
  const bytesDone = Math.min(last?.bytes ?? 0, Math.max(known.bytesTotal, 0))
  const left = known.bytesTotal - bytesDone
  return {
    ...known,
    bytesDone,
    bytesPerSecond,
    ...(bytesPerSecond > 0 ? { secondsLeft: Math.ceil(left / bytesPerSecond) } : {}),
  }
}
