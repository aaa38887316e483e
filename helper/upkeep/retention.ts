// What may go, decided from facts alone: earlier contents of files, and copies of originals that were removed on purpose, when the window that
// the user set for them has passed. Without a window everything is kept for ever. Whatever the windows and the clock say:
//   nothing goes while a hold stands, or while the clock shows less than it did;
//   an age is counted in days that this home has lived through: a clock that leaps ahead makes nothing old;
//   of every content one verified copy with a fresh proof stays, an off-site one where there is one; if none is fresh, all stay;
//   a bucket's copies are never removed by this, so a lock is never in question.
import type { GroupCopy } from '../journal/health-groups.js'
import { isCounted, isOffSite } from '../status/counting.js'
import { isFresh, type Places } from '../status/health.js'
import { DAY_MS, type Policy } from '../status/policy.js'

export type RetainedKind = 'photo' | 'video' | 'sidecar' | 'other'

/** The first rule that fits a file is its rule. */
export interface RetentionRule {
  /** A shoot's id: this one and all below it. */
  readonly shoot?: string
  readonly kind?: RetainedKind
  /** For how long an earlier content is kept after another has taken its place. */
  readonly keepEarlierDays?: number
  /** For how long copies of an original are kept after it was removed on purpose. */
  readonly keepDeletedDays?: number
}

export interface RetainedContent {
  readonly versionId: number
  readonly shoot: string
  readonly file: string
  readonly kind: RetainedKind
  /** `earlier`: another content has taken its place. `deleted`: the newest, of an original that was removed on purpose. */
  readonly why: 'earlier' | 'deleted'
  /** Since when; absent when nobody can tell. */
  readonly sinceMs?: number
  readonly places: Places
  readonly copies: readonly (GroupCopy & { readonly path: string; readonly sizeBytes: number })[]
}

export interface RetentionClock {
  readonly nowMs: number
  readonly isSetBack: boolean
  /** Times in which this home saw nothing, or its clock was set ahead; nobody knows which. */
  readonly leaps: readonly { readonly fromMs: number; readonly toMs: number }[]
}

export interface RetentionLine {
  readonly content: RetainedContent
  readonly copy: RetainedContent['copies'][number]
  readonly action: 'keep' | 'remove'
  readonly why: string
}

export interface RetentionPlan {
  readonly lines: readonly RetentionLine[]
  /** Why nothing is removed although something could be, or undefined. */
  readonly heldBack?: string
}

export function planRetention(
  contents: readonly RetainedContent[],
  rules: readonly RetentionRule[],
  clock: RetentionClock,
  isHeld: boolean,
  policy: Policy,
): RetentionPlan {
  const heldBack = isHeld
    ? 'Nothing is removed while a hold stands after a mass loss: safelight status'
    : clock.isSetBack
      ? 'Nothing is removed while the clock shows less than it did: safelight status'
      : undefined
  const lines = contents.flatMap((content) => linesOf(content, rules, clock, heldBack, policy))
  return { lines, ...(heldBack === undefined ? {} : { heldBack }) }
}

function linesOf(
  content: RetainedContent,
  rules: readonly RetentionRule[],
  clock: RetentionClock,
  heldBack: string | undefined,
  policy: Policy,
): RetentionLine[] {
  const keepAll = (why: string): RetentionLine[] =>
    content.copies.map((copy) => ({ content, copy, action: 'keep', why }))
  if (heldBack !== undefined) return keepAll('held back')
  const days = windowOf(content, rules)
  if (days === undefined) return keepAll('no window is set: kept for ever')
  if (content.sinceMs === undefined) return keepAll('since when it could go is not known')
  const age = livedDays(content.sinceMs, clock)
  if (age < days) return keepAll(`kept for ${days} days, ${Math.max(0, Math.floor(age))} have passed`)
  const staying = survivorOf(content, policy, clock.nowMs)
  if (!staying) return keepAll('no copy with a fresh proof would be left')
  const isAway = (copy: GroupCopy): boolean => isOffSiteCopy(copy, content.places)
  return content.copies.map((copy): RetentionLine => {
    const place = content.places.get(copy.placeId)
    const keep = (why: string): RetentionLine => ({ content, copy, action: 'keep', why })
    if (copy === staying) return keep('the copy that always stays')
    if (place === undefined || place.role === 'working' || !isCounted(place)) return keep('not ours to remove')
    if (place.role === 'bucket') return keep('in a bucket: it stays')
    if (isAway(copy) && !isAway(staying)) return keep('no other copy off-site has a fresh proof')
    if (copy.state !== 'verified' && copy.state !== 'written') return keep(`it is ${copy.state}: heal decides`)
    return { content, copy, action: 'remove', why: `${content.why}, and its ${days} days have passed` }
  })
}

function windowOf({ shoot, kind, why }: RetainedContent, rules: readonly RetentionRule[]): number | undefined {
  const rule = rules.find(
    (each) =>
      (each.shoot === undefined || shoot === each.shoot || shoot.startsWith(`${each.shoot}/`)) &&
      (each.kind === undefined || kind === each.kind),
  )
  return why === 'earlier' ? rule?.keepEarlierDays : rule?.keepDeletedDays
}

/** How much of a leap counts: a holiday, not the years that a wrong clock makes up. */
export const LEAP_COUNTS_MS = 7 * DAY_MS

/** Days from then to now, less what the clock leapt over; all of a leap, too, where the time lies in it, which no true clock has shown. A time
 *  from the future has no age. */
export function livedDays(sinceMs: number, { nowMs, leaps }: RetentionClock): number {
  const leapt = leaps
    .filter(({ toMs }) => toMs > sinceMs)
    .reduce((sum, { fromMs, toMs }) => sum + Math.max(0, toMs - fromMs - LEAP_COUNTS_MS), 0)
  return (nowMs - sinceMs - leapt) / DAY_MS
}

/** Off-site before near, the fresher before the older; never the original itself, which is not ours. */
function survivorOf(
  { copies, places }: RetainedContent,
  policy: Policy,
  nowMs: number,
): RetainedContent['copies'][number] | undefined {
  const good = copies.filter((copy) => {
    const place = places.get(copy.placeId)
    return place !== undefined && place.role !== 'working' && isCounted(place) && isFresh(copy, place, policy, nowMs)
  })
  const rank = (copy: GroupCopy): number => (isOffSiteCopy(copy, places) ? 1 : 0)
  return [...good].sort((a, b) => rank(b) - rank(a) || (b.provenMs ?? 0) - (a.provenMs ?? 0))[0]
}

function isOffSiteCopy({ placeId }: GroupCopy, places: Places): boolean {
  const place = places.get(placeId)
  return place !== undefined && isOffSite(place)
}
