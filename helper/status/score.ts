// 3-2-1-1-0 of the worst file: three copies, two media, one off-site, one that cannot be deleted or reached, no errors in what was last
// verified and rehearsed. Each digit with the oldest proof that it rests on and the way in which that very proof was made. Pure.
import type { FileGroup } from '../journal/health-groups.js'
import type { ScoreDigit } from '../../shared/methods.js'
import { countDevices, countMediaTypes, isOfflineCapable, isOffSite, type PlaceFacts } from './counting.js'
import type { GoodCopy } from './health.js'
import type { Policy } from './policy.js'

/** What is known of errors besides the copies themselves. */
export interface RehearsalFacts {
  /** The last rehearsed restore. */
  readonly drill?: { readonly atMs: number; readonly errors: number }
}

interface Proof {
  readonly provenMs?: number
  readonly how?: string
}

interface Tally extends Proof {
  readonly have: number
}

/** @param good  the copies that count, of each group */
export function scoreOf(
  groups: readonly FileGroup[],
  good: readonly (readonly GoodCopy[])[],
  policy: Policy,
  rehearsal: RehearsalFacts,
  nowMs: number,
): ScoreDigit[] {
  const devices = deviceCounter()
  const media = (copies: readonly GoodCopy[]): number =>
    policy.mediaRule === 'types'
      ? Math.min(devices(copies), countMediaTypes(copies.map(({ place }) => place)))
      : devices(copies)
  return [
    digit(
      'copies',
      3,
      worst(good, (copies) => tally(copies, copiesOf(copies, devices))),
    ),
    digit(
      'media',
      2,
      worst(good, (copies) => tally(copies, media(copies))),
    ),
    digit(
      'off-site',
      1,
      worst(good, (copies) => tallyOf(copies.filter(({ place }) => isOffSite(place)))),
    ),
    digit(
      'extra',
      1,
      worst(good, (copies) => extraOf(copies, nowMs)),
    ),
    errorsDigit(groups, policy, rehearsal, nowMs),
  ]
}

/** Copies on one device count as one, and one whose device nobody knows may be any of the others. */
function copiesOf(copies: readonly GoodCopy[], devices: DeviceCounter): number {
  return copies.length === 0 ? 0 : Math.max(1, devices(copies))
}

type DeviceCounter = (copies: readonly GoodCopy[]) => number

/** Counts the devices of each set of places once: a million files lie in a handful of sets. */
function deviceCounter(): DeviceCounter {
  const numbers = new Map<PlaceFacts, number>()
  const counted = new Map<string, number>()
  return (copies) => {
    let key = ''
    for (const { place } of copies) {
      const number = numbers.get(place) ?? numbers.size
      numbers.set(place, number)
      key += ` ${number}`
    }
    const known = counted.get(key) ?? countDevices(copies.map(({ place }) => place))
    counted.set(key, known)
    return known
  }
}

function digit(rule: ScoreDigit['rule'], wanted: number, { have, provenMs, how }: Tally): ScoreDigit {
  return {
    rule,
    wanted,
    have,
    isMet: have >= wanted,
    ...(provenMs === undefined ? {} : { provenAt: new Date(provenMs).toISOString() }),
    ...(how === undefined ? {} : { how }),
  }
}

function worst(good: readonly (readonly GoodCopy[])[], count: (copies: readonly GoodCopy[]) => Tally): Tally {
  const tallies = good.map(count)
  if (tallies.length === 0) return { have: 0 }
  // Loops, because there may be more groups than a call takes arguments.
  let have = Number.POSITIVE_INFINITY
  for (const each of tallies) have = Math.min(have, each.have)
  const oldest = oldestOf(tallies)
  return have === 0 || !oldest ? { have } : { ...oldest, have }
}

/** Of two of one age, the one that was made in the weaker way. */
function oldestOf(proofs: readonly Proof[]): (Proof & { readonly provenMs: number }) | undefined {
  let oldest: (Proof & { readonly provenMs: number }) | undefined
  for (const { provenMs, how } of proofs) {
    if (provenMs === undefined) continue
    const isOlder =
      !oldest || provenMs < oldest.provenMs || (provenMs === oldest.provenMs && weight(how) < weight(oldest.how))
    if (isOlder) oldest = { provenMs, ...(how === undefined ? {} : { how }) }
  }
  return oldest
}

const WEAKEST_FIRST: readonly string[] = ['server checksum', 'cached', 'download', 'direct', 'unplugged', 'object lock']

function weight(how: string | undefined): number {
  return how === undefined ? -1 : WEAKEST_FIRST.indexOf(how)
}

function tallyOf(copies: readonly GoodCopy[]): Tally {
  return tally(copies, copies.length)
}

function tally(copies: readonly GoodCopy[], have: number): Tally {
  return { ...oldestOf(copies.map(({ copy }) => copy)), have }
}

/** One copy that nobody can delete, or one that can be out of everybody's reach. */
function extraOf(copies: readonly GoodCopy[], nowMs: number): Tally {
  const locked = copies.filter(({ copy }) => (copy.lockedUntilMs ?? 0) > nowMs)
  if (locked.length > 0) return { ...tallyOf(locked), how: 'object lock' }
  const offline = copies.filter(({ place }) => isOfflineCapable(place))
  return offline.length > 0 ? { ...tallyOf(offline), how: 'unplugged' } : { have: 0 }
}

/** A rehearsal that is too old, or never was, has found nothing either way. */
function errorsDigit(
  groups: readonly FileGroup[],
  { bestBefore }: Policy,
  { drill }: RehearsalFacts,
  nowMs: number,
): ScoreDigit {
  const bad = groups
    .filter(({ copies }) => copies.some(({ state }) => state === 'damaged'))
    .reduce((sum, { files }) => sum + files, 0)
  const base = { rule: 'errors', wanted: 0 } as const
  if (!drill) return bad > 0 ? { ...base, have: bad, isMet: false } : { ...base, isMet: false }
  const have = bad + drill.errors
  const isFresh = drill.atMs <= nowMs && nowMs - drill.atMs <= bestBefore.drillDays * 24 * 60 * 60 * 1000
  return { ...base, have, isMet: have === 0 && isFresh, provenAt: new Date(drill.atMs).toISOString(), how: 'drill' }
}
