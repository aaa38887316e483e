// For how long each claim is believed, and what `protected` asks for beyond 3-2-1. The numbers come from config.json; the reasons are here.
import type { Config } from '../config.js'
import type { BestBefore } from '../../shared/methods.js'

export const DAY_MS = 24 * 60 * 60 * 1000

/** Why these: a drive that is scrubbed every 90 days has no proof older than that; stores are asked for their checksums monthly, and for
 *  the bytes within a year; a restore is rehearsed monthly; a drive that was not seen for a month may have died in its drawer. */
export const DEFAULT_BEST_BEFORE: BestBefore = {
  localDays: 90,
  serverChecksumDays: 31,
  bytesDays: 365,
  drillDays: 31,
  drillRedDays: 45,
  driveSeenDays: 30,
}

export interface Policy {
  readonly bestBefore: BestBefore
  /** What "two media" asks for. */
  readonly mediaRule: 'devices' | 'types'
  /** Whether one copy must be able to go off the computer and the network. */
  readonly demandOffline: boolean
}

export const DEFAULT_POLICY: Policy = {
  bestBefore: DEFAULT_BEST_BEFORE,
  mediaRule: 'devices',
  demandOffline: false,
}

export function policyOf({ bestBefore, mediaRule, demandOffline }: Config): Policy {
  return { bestBefore, mediaRule, demandOffline }
}

/** The time in words: a proof from further in the future than this was made by a clock that has since been set back. */
export const CLOCK_TOLERANCE_MS = DAY_MS
