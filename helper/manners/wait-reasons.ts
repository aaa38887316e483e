// Why upkeep (reading old copies again, rehearsals, reading back from a bucket) waits just now: the one place where that is asked, and where
// whoever knows a reason says so. Copying what is new waits for none of these. Asking never fails: a reason that cannot be had is none.
import { availableParallelism, loadavg, platform } from 'node:os'
import type { Config } from '../config.js'
import { askBattery, type Battery } from './battery.js'
import { isWithin } from './hours.js'
import { ProcessorShare } from './processor.js'

/** @returns in words, as the end of "it waits: …"; undefined when there is no reason to wait */
export type AskReason = () => string | undefined | Promise<string | undefined>

export class WaitReasons {
  readonly #asks: AskReason[] = []
  readonly #isLoaded: AskReason

  /** @param isLoaded  a reason for work that takes the processor only */
  constructor(isLoaded: AskReason = loadedMachine()) {
    this.#isLoaded = isLoaded
  }

  add(...asks: readonly AskReason[]): void {
    this.#asks.push(...asks)
  }

  /** @returns the first reason to wait there is, in the order in which they were added */
  async first(): Promise<string | undefined> {
    for (const ask of this.#asks) {
      const reason = await ask()
      if (reason !== undefined) return reason
    }
    return undefined
  }

  /** The same for work that takes the processor. */
  async firstForHeavyWork(): Promise<string | undefined> {
    return (await this.#isLoaded()) ?? this.first()
  }
}

export interface UsualDeps {
  readonly config: () => Pick<Config, 'quietHours' | 'upkeepBatteryPercent'>
  readonly clock: () => number
  readonly battery?: () => Promise<Battery | undefined>
}

/** The reasons that every computer may have, the cheapest to ask first. */
export function usualReasons({
  config,
  clock,
  battery = rememberedFor(BATTERY_MS, askBattery),
}: UsualDeps): AskReason[] {
  return [
    () => (isWithin(config().quietHours, new Date(clock())) ? 'these are quiet hours' : undefined),
    async () => {
      const least = config().upkeepBatteryPercent
      const now = least === 0 ? undefined : await battery()
      return now?.isDischarging === true && now.percent < least
        ? `the computer runs on its battery, which is at ${now.percent} %`
        : undefined
    },
  ]
}

/** Asking costs a process on some systems; a battery does not change much in a minute. */
const BATTERY_MS = 60_000

function rememberedFor<T>(ms: number, ask: () => Promise<T>): () => Promise<T> {
  let known: { readonly answer: T; readonly untilMs: number } | undefined
  return async () => {
    if (!known || performance.now() >= known.untilMs) known = { answer: await ask(), untilMs: performance.now() + ms }
    return known.answer
  }
}

/** More programs wait for the processor than it has cores, or, where no load is told, others take most of it: whoever sits there wants it
 *  for himself (an export, a film that is rendered). */
function loadedMachine(): AskReason {
  if (platform() !== 'win32') return () => busyIf((loadavg()[0] ?? 0) > availableParallelism() * 1.5)
  const share = new ProcessorShare()
  return () => busyIf((share.ofOthers() ?? 0) > MOST_OF_IT)
}

const MOST_OF_IT = 0.75

function busyIf(isBusy: boolean): string | undefined {
  return isBusy ? 'the computer is busy' : undefined
}
