// What of the notices is told now: each condition once a day by each channel, nothing while all is well, and again within the hour where a
// channel failed. Pure; the channels themselves are beside it.
import type { Notice } from '../../shared/methods.js'
import { DAY_MS } from './policy.js'

/** When each condition was last told, by `channel kind subject`. */
export type Told = Readonly<Record<string, number>>

/** A channel that failed is tried again after this long. */
export const RETRY_MS = 60 * 60 * 1000

export function conditionKey(channel: string, { kind, subject }: Notice): string {
  return `${channel} ${kind} ${subject}`
}

/** @returns those that this channel has not told in the last day; a time from the future was told by a clock that has since been set back */
export function untold(notices: readonly Notice[], channel: string, told: Told, nowMs: number): Notice[] {
  return notices.filter((notice) => {
    const lastMs = told[conditionKey(channel, notice)]
    return lastMs === undefined || lastMs > nowMs || nowMs - lastMs >= DAY_MS
  })
}

/** @param ok  whether the channel could tell it */
export function withTold(told: Told, channel: string, notice: Notice, ok: boolean, nowMs: number): Told {
  return { ...told, [conditionKey(channel, notice)]: ok ? nowMs : nowMs - DAY_MS + RETRY_MS }
}

/** What is older than a day has nothing more to say. */
export function recentTold(told: Told, nowMs: number): Told {
  return Object.fromEntries(Object.entries(told).filter(([, atMs]) => atMs <= nowMs && nowMs - atMs < DAY_MS))
}
