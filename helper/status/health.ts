// What is safe, decided from facts and the clock alone. Counts honestly: places on one physical device are one, a sync folder is never
// off-site, and a proof that has passed its best-before proves nothing. Unknown is never shown as safe.
import type { ProofMethod, Verdict } from '../model.js'

const DAY_MS = 24 * 60 * 60 * 1000

/** How long a proof is believed, and why that long. */
export const BEST_BEFORE = {
  /** A drive that is scrubbed every 90 days has no proof older than that. */
  localMs: 90 * DAY_MS,
  /** Server checksums are asked for monthly. */
  serverChecksumMs: 31 * DAY_MS,
  /** Bytes are read back from the store within a year. */
  downloadMs: 365 * DAY_MS,
} as const

export interface PlaceFacts {
  readonly id: string
  readonly name: string
  readonly kind: 'working' | 'drive' | 'bucket'
  /** Physical devices below it; empty when nobody knows. */
  readonly devices: readonly string[]
  readonly isOffSite: boolean
}

/** How many of a shoot's files a place holds, and since when that is proven. */
export interface PlaceCount {
  readonly placeId: string
  /** Files with a copy of their newest content there, in whatever state. */
  readonly files: number
  readonly verified: number
  readonly damaged: number
  /** The oldest proof among `verified`. */
  readonly oldestProofMs?: number
  /** The weakest method among `verified`. */
  readonly how?: ProofMethod
}

export interface ShootFacts {
  readonly files: number
  readonly counts: readonly PlaceCount[]
}

export interface ShootHealth {
  readonly verdict: Verdict
  /** What is missing for `protected`, in words; empty only then. */
  readonly missing: readonly string[]
}

/** Copies ≥ 3, devices ≥ 2, off-site ≥ 1, every file of the shoot at each, every proof within its best-before. */
export function healthOfShoot(shoot: ShootFacts, places: readonly PlaceFacts[], nowMs: number): ShootHealth {
  if (shoot.files === 0) return { verdict: 'unknown', missing: ['nothing is known of its files'] }
  const complete = places.filter((place) => isComplete(shoot, place, nowMs))
  const devices = countDevices(complete)
  const missing = [
    ...missingCopies(complete.length),
    ...(devices >= 2 ? [] : ['a copy on a second device']),
    ...(complete.some((place) => place.isOffSite) ? [] : ['an off-site copy']),
  ]
  const isDamaged = shoot.counts.some((count) => count.damaged > 0)
  if (missing.length === 0 && !isDamaged) return { verdict: 'protected', missing: [] }
  const troubles = places.flatMap((place) => troubleAt(shoot, place, nowMs))
  return { verdict: verdictOf(shoot, places, devices, nowMs), missing: [...missing, ...troubles] }
}

/** `unknown`: there is a copy elsewhere, but its proof is too old to say whether it is still good. */
function verdictOf(shoot: ShootFacts, places: readonly PlaceFacts[], devices: number, nowMs: number): Verdict {
  if (devices >= 2) return 'partly'
  const hasLapsed = places.some((place) => {
    const count = countAt(shoot, place)
    return (
      place.kind !== 'working' && count !== undefined && count.verified >= shoot.files && isExpired(count, place, nowMs)
    )
  })
  return hasLapsed ? 'unknown' : 'at-risk'
}

function countAt(shoot: ShootFacts, place: PlaceFacts): PlaceCount | undefined {
  return shoot.counts.find((count) => count.placeId === place.id)
}

function isComplete(shoot: ShootFacts, place: PlaceFacts, nowMs: number): boolean {
  const count = countAt(shoot, place)
  return count !== undefined && count.verified >= shoot.files && !isExpired(count, place, nowMs)
}

/** A proof from the future means that a clock was set back: it says nothing about when. */
function isExpired(count: PlaceCount, place: PlaceFacts, nowMs: number): boolean {
  if (count.oldestProofMs === undefined) return true
  return nowMs - count.oldestProofMs > bestBeforeMs(place, count.how) || count.oldestProofMs > nowMs + DAY_MS
}

function bestBeforeMs(place: PlaceFacts, how: ProofMethod | undefined): number {
  if (place.kind !== 'bucket') return BEST_BEFORE.localMs
  return how === 'download' ? BEST_BEFORE.downloadMs : BEST_BEFORE.serverChecksumMs
}

/** Places that share any physical device are one device. A place whose devices nobody knows adds none. */
export function countDevices(places: readonly PlaceFacts[]): number {
  let groups: Set<string>[] = []
  for (const { devices } of places.filter((place) => place.devices.length > 0)) {
    const touching = groups.filter((group) => devices.some((device) => group.has(device)))
    const merged = new Set([...devices, ...touching.flatMap((group) => [...group])])
    groups = [...groups.filter((group) => !touching.includes(group)), merged]
  }
  return groups.length
}

function missingCopies(complete: number): string[] {
  if (complete >= 3) return []
  return [complete === 2 ? 'a third copy' : 'two more copies']
}

function troubleAt(shoot: ShootFacts, place: PlaceFacts, nowMs: number): string[] {
  const count = countAt(shoot, place)
  if (!count || count.files === 0) return []
  const where = place.kind === 'working' ? 'among the originals' : `on ${place.name}`
  const unproven = shoot.files - count.verified - count.damaged
  return [
    ...(count.damaged > 0 ? [`${count.damaged} damaged ${where}`] : []),
    ...(unproven > 0 ? [`${unproven} of ${shoot.files} files not verified ${where}`] : []),
    ...(count.verified > 0 && isExpired(count, place, nowMs) ? [`a fresh proof of the copies ${where}`] : []),
  ]
}

/** The verdict on everything: as good as the worst of it. */
export function overallVerdict(verdicts: readonly Verdict[]): Verdict {
  const order: readonly Verdict[] = ['at-risk', 'unknown', 'partly', 'protected']
  return order.find((verdict) => verdicts.includes(verdict)) ?? 'unknown'
}
