// How much of the processor others take, on systems that tell no load (Windows): the time that all cores were busy between two looks, less
// our own.
import { cpus } from 'node:os'
import { cpuUsage } from 'node:process'

/** Since the system started, of all cores together, in milliseconds. */
export interface ProcessorTimes {
  readonly busyMs: number
  readonly totalMs: number
  /** Of `busyMs`, what this process took. */
  readonly ownMs: number
}

/** Looks closer together than this say more about the moment than about the computer. */
const LEAST_MS = 5_000

export class ProcessorShare {
  #since: ProcessorTimes
  #others: number | undefined

  /** Looks at once, so that the first answer is about the time since. */
  constructor(private readonly look: () => ProcessorTimes = readTimes) {
    this.#since = look()
  }

  /** @returns 0 to 1: the share of all cores that other programs took since the last look; undefined when it is too early to tell */
  ofOthers(): number | undefined {
    const now = this.look()
    const { busyMs, totalMs, ownMs } = this.#since
    const total = now.totalMs - totalMs
    if (total < LEAST_MS) return this.#others
    this.#since = now
    const others = now.busyMs - busyMs - (now.ownMs - ownMs)
    this.#others = Math.min(1, Math.max(0, others / total))
    return this.#others
  }
}

export function readTimes(): ProcessorTimes {
  let [busyMs, totalMs] = [0, 0]
  for (const { times } of cpus()) {
    const busy = times.user + times.nice + times.sys + times.irq
    busyMs += busy
    totalMs += busy + times.idle
  }
  const own = cpuUsage()
  return { busyMs, totalMs, ownMs: (own.user + own.system) / 1000 }
}
