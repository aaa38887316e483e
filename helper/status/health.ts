// What is safe, decided from facts and the clock alone: of a file, of a shoot, of everything. A copy counts while it is verified, at a place
// that counts, by a proof that has not passed its best-before and does not come from the future; copies on one device count as one. A file is
// protected when three such copies exist with one off-site and none is known to be damaged; a shoot is when each of its files is. Unknown is
// never shown as safe.
import type { FileGroup, GroupCopy } from '../journal/health-groups.js'
import type { Verdict } from '../model.js'
import { countDevices, countMediaTypes, isCounted, isOfflineCapable, isOffSite, type PlaceFacts } from './counting.js'
import { CLOCK_TOLERANCE_MS, DAY_MS, type Policy } from './policy.js'

export interface FileHealth {
  readonly verdict: Verdict
  /** What is missing for `protected`, each once; empty only then. */
  readonly needs: readonly Need[]
  /** The copies that count, with their places. */
  readonly good: readonly GoodCopy[]
  /** The oldest proof among them. */
  readonly provenMs?: number
  /** When `protected` ends unless something is proven anew. */
  readonly validUntilMs?: number
}

export type Need =
  | 'two more copies'
  | 'two more copies on devices of their own'
  | 'a third copy'
  | 'a third copy on a device of its own'
  | 'a copy on a second device'
  | 'a copy on another kind of medium'
  | 'an off-site copy'
  | 'a copy that can be unplugged'
  | 'a copy in the place of a damaged one'

export type ProvenCopy = GroupCopy & { readonly provenMs: number }

export interface GoodCopy {
  readonly place: PlaceFacts
  readonly copy: ProvenCopy
  readonly expiresMs: number
}

export interface ShootHealth {
  readonly verdict: Verdict
  /** What is missing for `protected`, in words; empty only then. */
  readonly missing: readonly string[]
  readonly provenMs?: number
  readonly validUntilMs?: number
  /** The copies that count, of each group. */
  readonly good: readonly (readonly GoodCopy[])[]
}

export type Places = ReadonlyMap<string, PlaceFacts>

/** @param places  by id, the place of the originals among them; a copy at any other counts for nothing */
export function healthOfFile(copies: readonly GroupCopy[], places: Places, policy: Policy, nowMs: number): FileHealth {
  // A loop, because it runs for every group of a million files each time somebody asks.
  const good: GoodCopy[] = []
  let isDamaged = false
  let provenMs = Number.POSITIVE_INFINITY
  for (const copy of copies) {
    const place = places.get(copy.placeId)
    if (!place || !isCounted(place)) continue
    if (copy.state === 'damaged') isDamaged = true
    if (!isFresh(copy, place, policy, nowMs)) continue
    good.push({ place, copy, expiresMs: expiryOf(copy, place, policy) })
    provenMs = Math.min(provenMs, copy.provenMs)
  }
  const { needs: short, devices } = worthOf(good, places, policy)
  const needs: readonly Need[] = isDamaged ? [...short, 'a copy in the place of a damaged one'] : short
  const facts = { needs, good, ...(good.length === 0 ? {} : { provenMs }) }
  if (needs.length > 0) return { ...facts, verdict: verdictShort(copies, devices, places, policy, nowMs) }
  return { ...facts, verdict: 'protected', validUntilMs: endOf(good, places, policy) }
}

/** Whether a copy's proof is to be believed now. */
export function isFresh(copy: GroupCopy, place: PlaceFacts, policy: Policy, nowMs: number): copy is ProvenCopy {
  if (copy.state !== 'verified' || copy.provenMs === undefined) return false
  return nowMs <= expiryOf(copy, place, policy) && copy.provenMs <= nowMs + CLOCK_TOLERANCE_MS
}

/** Until when a copy's proof is believed. */
export function expiryOf(copy: GroupCopy, place: PlaceFacts, { bestBefore }: Policy): number {
  if (copy.provenMs === undefined) return Number.NEGATIVE_INFINITY
  const days =
    place.role !== 'bucket'
      ? bestBefore.localDays
      : copy.how === 'download'
        ? bestBefore.bytesDays
        : bestBefore.serverChecksumDays
  return copy.provenMs + days * DAY_MS
}

/** What these places are worth together is worked out once for each set of them: a million files lie in a handful of sets. */
const worth = new WeakMap<Places, Map<string, Worth>>()

interface Worth {
  readonly needs: readonly Need[]
  readonly devices: number
}

function worthOf(good: readonly GoodCopy[], places: Places, policy: Policy): Worth {
  const known = worth.get(places) ?? new Map<string, Worth>()
  worth.set(places, known)
  let key = policy.demandOffline ? `${policy.mediaRule} offline` : policy.mediaRule
  for (const { place } of good) key += ` ${place.id}`
  const before = known.get(key)
  if (before) return before
  const its = distinct(good)
  const devices = countDevices(its)
  const now = { needs: needsOf(its, devices, policy), devices }
  known.set(key, now)
  return now
}

function needsOf(places: readonly PlaceFacts[], devices: number, policy: Policy): Need[] {
  return [
    ...moreCopies(places.length, devices),
    ...(devices >= 2 ? [] : (['a copy on a second device'] as const)),
    ...(policy.mediaRule === 'devices' || countMediaTypes(places) >= 2
      ? []
      : (['a copy on another kind of medium'] as const)),
    ...(places.some(isOffSite) ? [] : (['an off-site copy'] as const)),
    ...(!policy.demandOffline || places.some(isOfflineCapable) ? [] : (['a copy that can be unplugged'] as const)),
  ]
}

/** What dies with one disk is one copy, at however many places it lies; a device that cannot be told from others adds none. */
function moreCopies(places: number, devices: number): Need[] {
  if (devices >= 3) return []
  if (devices === 2) return [places === 2 ? 'a third copy' : 'a third copy on a device of its own']
  return [places < 2 ? 'two more copies' : 'two more copies on devices of their own']
}

/** Two copies at one place are one. */
function distinct(good: readonly GoodCopy[]): PlaceFacts[] {
  return [...new Map(good.map(({ place }) => [place.id, place])).values()]
}

/** `unknown`: there is a copy elsewhere, but its proof is too old, or too new, to say whether it is still good. */
function verdictShort(
  copies: readonly GroupCopy[],
  devices: number,
  places: Places,
  policy: Policy,
  nowMs: number,
): Verdict {
  if (devices >= 2) return 'partly'
  const isUnsure = copies.some((copy) => {
    const place = places.get(copy.placeId)
    return (
      place !== undefined &&
      isCounted(place) &&
      place.role !== 'working' &&
      copy.state === 'verified' &&
      !isFresh(copy, place, policy, nowMs)
    )
  })
  return isUnsure ? 'unknown' : 'at-risk'
}

/** The first moment at which what is left does not suffice. */
function endOf(good: readonly GoodCopy[], places: Places, policy: Policy): number {
  const byExpiry = [...good].sort((a, b) => a.expiresMs - b.expiresMs)
  for (let gone = 1; gone <= byExpiry.length; gone++)
    if (worthOf(byExpiry.slice(gone), places, policy).needs.length > 0) return byExpiry[gone - 1]?.expiresMs ?? 0
  return 0
}

/** A shoot is as good as the worst of its files; what is missing is said with the number of files that miss it. */
export function healthOfShoot(
  groups: readonly FileGroup[],
  places: Places,
  policy: Policy,
  nowMs: number,
): ShootHealth {
  const files = groups.reduce((sum, group) => sum + group.files, 0)
  if (files === 0) return { verdict: 'unknown', missing: ['nothing is known of its files'], good: [] }
  const judged = groups.map((group) => ({ group, health: healthOfFile(group.copies, places, policy, nowMs) }))
  const verdict = overallVerdict(judged.map(({ health }) => health.verdict))
  const good = judged.map(({ health }) => health.good)
  const proofs = judged.map(({ health }) => health.provenMs ?? Number.NaN)
  const provenMs = Math.min(...proofs)
  if (verdict === 'protected') {
    const ends = judged.map(({ health }) => health.validUntilMs ?? 0)
    return { verdict, missing: [], good, provenMs, validUntilMs: Math.min(...ends) }
  }
  const missing = NEEDS.flatMap((need) => {
    const short = judged.filter(({ health }) => health.needs.includes(need))
    const count = short.reduce((sum, { group }) => sum + group.files, 0)
    return count === 0 ? [] : count === files ? [need] : [`${need} of ${count} of ${files} files`]
  })
  const troubles = [...places.values()].flatMap((place) => troubleAt(groups, files, place, policy, nowMs))
  return {
    verdict,
    missing: [...missing, ...troubles],
    good,
    ...(Number.isNaN(provenMs) ? {} : { provenMs }),
  }
}

/** In the order in which they are said. A damaged copy is named with its place instead. */
const NEEDS: readonly Need[] = [
  'two more copies',
  'two more copies on devices of their own',
  'a third copy',
  'a third copy on a device of its own',
  'a copy on a second device',
  'a copy on another kind of medium',
  'an off-site copy',
  'a copy that can be unplugged',
]

function troubleAt(
  groups: readonly FileGroup[],
  files: number,
  place: PlaceFacts,
  policy: Policy,
  nowMs: number,
): string[] {
  if (!isCounted(place)) return []
  const count = { known: 0, verified: 0, damaged: 0, written: 0, lapsed: 0 }
  for (const group of groups) {
    const copy = group.copies.find((each) => each.placeId === place.id)
    if (!copy) continue
    count.known += group.files
    if (copy.state === 'verified') count.verified += group.files
    if (copy.state === 'damaged') count.damaged += group.files
    if (copy.state === 'written') count.written += group.files
    if (copy.state === 'verified' && !isFresh(copy, place, policy, nowMs)) count.lapsed += group.files
  }
  if (count.known === 0) return []
  const where = place.role === 'working' ? 'among the originals' : `on ${place.name}`
  const inFlight = place.role === 'bucket' ? count.written : 0
  const unproven = files - count.verified - count.damaged - inFlight
  return [
    ...(count.damaged > 0 ? [`${count.damaged} damaged ${where}`] : []),
    ...(inFlight > 0 ? [`${inFlight} of ${files} files on their way to ${place.name}, not confirmed yet`] : []),
    ...(unproven > 0 ? [`${unproven} of ${files} files not verified ${where}`] : []),
    ...(count.lapsed > 0 ? [`a fresh proof of the copies ${where}`] : []),
  ]
}

/** The verdict on everything: as good as the worst of it. */
export function overallVerdict(verdicts: readonly Verdict[]): Verdict {
  const order: readonly Verdict[] = ['at-risk', 'unknown', 'partly', 'protected']
  return order.find((verdict) => verdicts.includes(verdict)) ?? 'unknown'
}
