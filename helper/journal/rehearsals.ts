// What the home remembers that no place does: the last rehearsed restore, a hold after a mass loss, the latest hour it ever worked at. Each is
// one fact; who writes it is elsewhere.
import { strikeCatalogProofsAfter } from './catalog-proofs.js'
import { newestProof, PROOF_GRAIN_MS } from './health-groups.js'
import { getMeta, setMeta, deleteMeta } from './meta.js'
import type { Journal } from './journal.js'
import { lastDrill } from './drills.js'

export interface Rehearsal {
  /** When it ended. */
  readonly atMs: number
  /** Findings; at least one when it did not go well. */
  readonly errors: number
}

export function lastRehearsal(journal: Journal, notAfterMs: number): Rehearsal | undefined {
  const last = lastDrill(journal, notAfterMs)
  return last && { atMs: last.atMs, errors: last.ok ? 0 : Math.max(1, last.report.findings.length) }
}

/** More originals went missing or changed in one pass than anybody loses on purpose. */
export interface Hold {
  readonly sinceMs: number
  readonly gone: number
  readonly changed: number
  /** Files that were known before. */
  readonly of: number
}

export function standingHold(journal: Journal): Hold | undefined {
  const known = getMeta(journal, HOLD)
  return known === undefined ? undefined : (JSON.parse(known) as Hold)
}

/** A second loss while a hold stands adds to it. */
export function raiseHold(journal: Journal, hold: Hold): void {
  const before = standingHold(journal)
  const sum = before
    ? {
        ...before,
        gone: before.gone + hold.gone,
        changed: before.changed + hold.changed,
        of: Math.max(before.of, hold.of),
      }
    : hold
  setMeta(journal, HOLD, JSON.stringify(sum))
}

export function releaseHold(journal: Journal): void {
  deleteMeta(journal, HOLD)
}

/** The latest time that this home was ever at work: where the clock shows less, it was set back. */
export function latestClock(journal: Journal): number | undefined {
  const known = getMeta(journal, CLOCK)
  return known === undefined ? undefined : Number(known)
}

/** Notes what the clock shows. Proofs that bear a later time although the clock was never set back come from another, wrong clock: they are
 *  struck out now, because one day they would look new. */
export function noteClock(journal: Journal, nowMs: number, toleranceMs: number): void {
  const latestMs = latestClock(journal) ?? Number.NEGATIVE_INFINITY
  if (nowMs < latestMs - toleranceMs) return
  journal.transaction(() => {
    if (nowMs > latestMs) setMeta(journal, CLOCK, String(nowMs))
    if (nowMs - latestMs > LEAP_MS && Number.isFinite(latestMs))
      setMeta(
        journal,
        LEAPS,
        JSON.stringify([...clockLeaps(journal), { fromMs: latestMs, toMs: nowMs }].slice(-LEAPS_KEPT)),
      )
    strikeAfter(journal, nowMs, toleranceMs)
  })
}

/** The user says that the clock is right now: what it showed before is forgotten, and what was proven in that time with it. */
export function trustClock(journal: Journal, nowMs: number, toleranceMs: number): void {
  journal.transaction(() => {
    setMeta(journal, CLOCK, String(nowMs))
    setMeta(journal, LEAPS, JSON.stringify(clockLeaps(journal).filter(({ toMs }) => toMs <= nowMs)))
    strikeAfter(journal, nowMs, toleranceMs)
  })
}

/** Times in which nobody was at work here, or in which the clock was set ahead: nobody knows which. The newest of them. */
export function clockLeaps(journal: Journal): readonly { readonly fromMs: number; readonly toMs: number }[] {
  return JSON.parse(getMeta(journal, LEAPS) ?? '[]') as { fromMs: number; toMs: number }[]
}

/** The copies stay as they are; only when they were proven is not known any more. What counts from a day on (a place's first day, its last
 *  sign of life) counts from now, or it would never be overdue. */
function strikeAfter(journal: Journal, nowMs: number, toleranceMs: number): void {
  const ms = nowMs + toleranceMs
  if (newestProof(journal) > ms - PROOF_GRAIN_MS)
    journal.run('UPDATE copies SET proven_ms = NULL, proven_how = NULL WHERE proven_ms > ?', [ms])
  journal.run('UPDATE places SET added_ms = ? WHERE added_ms > ?', [nowMs, ms])
  journal.run('UPDATE places SET last_seen_ms = ? WHERE last_seen_ms > ?', [nowMs, ms])
  strikeCatalogProofsAfter(journal, ms)
}

/** Physical devices below the live catalog, when it was last backed up. */
export function devicesOfCatalog(journal: Journal, catalog: string): readonly string[] {
  return JSON.parse(getMeta(journal, `catalog-devices ${catalog}`) ?? '[]') as string[]
}

export function saveDevicesOfCatalog(journal: Journal, catalog: string, devices: readonly string[]): void {
  setMeta(journal, `catalog-devices ${catalog}`, JSON.stringify(devices))
}

const HOLD = 'hold'
const CLOCK = 'latest-clock'
const LEAPS = 'clock-leaps'
/** A helper that is at work notes the clock every minute. */
const LEAP_MS = 7 * 24 * 60 * 60 * 1000
const LEAPS_KEPT = 100
