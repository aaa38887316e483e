// Which catalog backups may go. Pure: the backups of one catalog and the hour in, a plan out that can be shown before anything is done.
// Kept are the newest good ones of 7 days, 5 weeks and 24 months. Never in the plan: the last good one, anything while a newer one is
// suspect or bad, a backup of today.
import type { BackupVerdict } from './judge.js'

export interface ThinnedBackup {
  /** Its folder, or whatever the caller knows it by. */
  readonly id: string
  readonly takenAtMs: number
  readonly verdict: BackupVerdict
}

export interface ThinningRule {
  readonly daily: number
  readonly weekly: number
  readonly monthly: number
}

export interface ThinningLine {
  readonly id: string
  readonly takenAtMs: number
  readonly action: 'keep' | 'remove'
  /** One phrase: why it stays, or why it may go. */
  readonly why: string
}

export interface ThinningPlan {
  /** Newest first. */
  readonly lines: readonly ThinningLine[]
  /** Why nothing is removed although something could be, or undefined. */
  readonly heldBack?: string
}

export const DEFAULT_THINNING: ThinningRule = { daily: 7, weekly: 5, monthly: 24 }

export function planThinning(
  backups: readonly ThinnedBackup[],
  nowMs: number,
  rule: ThinningRule = DEFAULT_THINNING,
): ThinningPlan {
  const newestFirst = [...backups].sort((a, b) => b.takenAtMs - a.takenAtMs)
  const good = newestFirst.filter(({ verdict }) => verdict === 'good')
  const lastGood = good[0]
  const reasons = new Map<string, string>()
  const keep = (id: string, why: string) => {
    if (!reasons.has(id)) reasons.set(id, why)
  }

  if (lastGood) keep(lastGood.id, 'the last good one')
  for (const each of newestFirst) if (dayOf(each.takenAtMs) === dayOf(nowMs)) keep(each.id, 'made today')
  keepPerPeriod(good, rule.daily, dayOf, keep, 'daily')
  keepPerPeriod(good, rule.weekly, weekOf, keep, 'weekly')
  keepPerPeriod(good, rule.monthly, monthOf, keep, 'monthly')
  // What is not good is only of use as long as no later good one has taken its place.
  for (const each of newestFirst)
    if (each.verdict !== 'good' && (!lastGood || each.takenAtMs >= lastGood.takenAtMs))
      keep(each.id, `${each.verdict}, and no good one since`)

  const doubtful = newestFirst.find(
    (each) => each.verdict !== 'good' && (!lastGood || each.takenAtMs > lastGood.takenAtMs),
  )
  const lines = newestFirst.map(({ id, takenAtMs, verdict }): ThinningLine => {
    const why = reasons.get(id)
    if (why !== undefined) return { id, takenAtMs, action: 'keep', why }
    if (doubtful) return { id, takenAtMs, action: 'keep', why: `the newest backup is ${doubtful.verdict}` }
    return {
      id,
      takenAtMs,
      action: 'remove',
      why: verdict === 'good' ? 'newer ones of its period are kept' : `${verdict}, and a good one came after it`,
    }
  })
  return doubtful
    ? { lines, heldBack: `Nothing is thinned while the newest backup is ${doubtful.verdict}.` }
    : { lines }
}

/** Blobs of .lrcat-data that no kept backup lists any more.
 *  @param stored  names below the catalog's backup folder, as `storedAs` gives them
 *  @param kept    the data lists of every backup that stays, of any verdict */
export function unreferencedBlobs(
  stored: readonly string[],
  kept: readonly (readonly { readonly storedAs: string }[])[],
): string[] {
  const wanted = new Set(kept.flat().map(({ storedAs }) => storedAs))
  return stored.filter((name) => !wanted.has(name))
}

function keepPerPeriod(
  newestFirst: readonly ThinnedBackup[],
  count: number,
  periodOf: (ms: number) => string,
  keep: (id: string, why: string) => void,
  name: string,
): void {
  const seen = new Set<string>()
  for (const { id, takenAtMs } of newestFirst) {
    const period = periodOf(takenAtMs)
    if (seen.has(period)) continue
    if (seen.size === count) return
    seen.add(period)
    keep(id, name)
  }
}

/** Days, weeks and months are the photographer's, so local time. */
function dayOf(ms: number): string {
  const at = new Date(ms)
  return `${at.getFullYear()}-${at.getMonth() + 1}-${at.getDate()}`
}

/** Named by its Monday. */
function weekOf(ms: number): string {
  const at = new Date(ms)
  const sinceMonday = (at.getDay() + 6) % 7
  return dayOf(new Date(at.getFullYear(), at.getMonth(), at.getDate() - sinceMonday).getTime())
}

function monthOf(ms: number): string {
  const at = new Date(ms)
  return `${at.getFullYear()}-${at.getMonth() + 1}`
}
