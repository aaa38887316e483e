// Whether what the page shows may still be believed. Pure: two clocks and what was last heard in, a judgement out. A green that is not
// renewed turns into silence; nothing on the page is trusted for being drawn.
import type { StatusResult, Verdict } from '../../shared/methods.js'

/** After this long without any sign of life the helper is taken for gone. It is asked every two seconds. */
export const SILENT_AFTER_MS = 10_000
/** A status is asked for every five seconds; one that is older than this was computed by a helper that has stopped computing. */
export const STALE_AFTER_MS = 30_000

/** One moment on two clocks: the one that can be set, and the one that may stand still while the computer sleeps. */
export interface Moment {
  readonly wallMs: number
  readonly steadyMs: number
}

/** The longer of what the two clocks say has passed: sleep is seen by one, a clock set back by the other. */
export function sinceMs(then: Moment, now: Moment): number {
  return Math.max(now.wallMs - then.wallMs, now.steadyMs - then.steadyMs, 0)
}

export interface Known {
  /** Absent: never connected. */
  readonly heardAt?: Moment
  readonly status?: { readonly value: StatusResult; readonly gotAt: Moment }
}

export type Trust =
  /** Nothing was ever heard, and it is too early to complain. */
  | { readonly kind: 'waiting' }
  | { readonly kind: 'fresh' }
  /** No helper answers, or it answers and does not compute. `ageMs` is that of what is shown; absent when nothing is. */
  | { readonly kind: 'silent'; readonly ageMs?: number }

/** @param openedAt  when the page began to ask */
export function trustOf(known: Known, openedAt: Moment, now: Moment): Trust {
  const ageMs = known.status && sinceMs(known.status.gotAt, now)
  const heard = sinceMs(known.heardAt ?? openedAt, now)
  if (heard > SILENT_AFTER_MS || (ageMs ?? 0) > STALE_AFTER_MS)
    return { kind: 'silent', ...(ageMs === undefined ? {} : { ageMs }) }
  return known.status === undefined ? { kind: 'waiting' } : { kind: 'fresh' }
}

export type Tone = 'good' | 'care' | 'bad' | 'unsure' | 'plain'

const TONES: Readonly<Record<Verdict, Tone>> = {
  protected: 'good',
  partly: 'care',
  'at-risk': 'bad',
  unknown: 'unsure',
}

/** A verdict of a newer helper that this page does not know is not known, never good. */
export function toneOf(verdict: string): Tone {
  return (TONES as Readonly<Record<string, Tone | undefined>>)[verdict] ?? 'unsure'
}

export interface Headline {
  readonly tone: Tone
  readonly text: string
}

/** What the page says in large type. Green takes a fresh status that is protected, has nothing else to say and is within its best-before.
 *  @param nowMs  the time on this computer's clock, which is the helper's too */
export function headlineOf(trust: Trust, status: StatusResult | undefined, nowMs: number): Headline {
  if (trust.kind === 'silent') return { tone: 'bad', text: 'The Safelight helper does not answer.' }
  if (trust.kind === 'waiting' || status === undefined) return { tone: 'plain', text: 'Asking the helper …' }
  const { shoots, verdict, ok } = status
  const total = shoots.protected + shoots.partly + shoots.atRisk + shoots.unknown
  if (total === 0) return { tone: 'plain', text: 'Nothing is backed up yet.' }
  if (shoots.atRisk > 0) return { tone: 'bad', text: `${shootsWords(shoots.atRisk)} at risk.` }
  if (verdict === 'at-risk') return { tone: 'bad', text: atRiskBesides(status) }
  if (shoots.unknown > 0) return { tone: 'unsure', text: `${shootsWords(shoots.unknown)} not known to be safe.` }
  if (shoots.partly > 0) return { tone: 'care', text: `${shootsWords(shoots.partly)} not fully protected.` }
  if (status.validUntil !== undefined && !(nowMs < Date.parse(status.validUntil)))
    return { tone: 'unsure', text: 'A proof has just run out.' }
  if (verdict === 'protected' && ok) return { tone: 'good', text: 'Everything is protected.' }
  return { tone: 'care', text: 'The photos are protected; something else needs you.' }
}

/** The copies are not the reason. */
function atRiskBesides({ catalogs, drill }: StatusResult): string {
  const bad = catalogs.filter((each) => each.verdict === 'at-risk')
  if (bad.length > 0) return bad.length === 1 ? 'A catalog is at risk.' : `${bad.length} catalogs are at risk.`
  return drill?.state === 'red'
    ? 'No restore was rehearsed for too long.'
    : 'Something else than the copies is at risk.'
}

function shootsWords(count: number): string {
  return count === 1 ? 'One shoot is' : `${count.toLocaleString('en')} shoots are`
}
