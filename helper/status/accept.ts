// What only the user can say: that what is gone was let go on purpose, or that the clock is right now although it showed a later time before.
import { releaseHold, standingHold, trustClock } from '../journal/rehearsals.js'
import type { Outcome } from '../../shared/methods.js'
import type { StatusDeps } from './place-report.js'
import { CLOCK_TOLERANCE_MS } from './policy.js'
import { isClockSetBack } from './shoots.js'

export function accept({ journal, clock }: Pick<StatusDeps, 'journal' | 'clock'>, what: 'hold' | 'clock'): Outcome {
  return { ok: true, exitCode: 0, summary: what === 'hold' ? acceptLoss(journal) : acceptClock(journal, clock()) }
}

function acceptLoss(journal: StatusDeps['journal']): string {
  const hold = standingHold(journal)
  if (!hold) return 'Nothing is held back: there is nothing to release.'
  journal.transaction(() => releaseHold(journal))
  return `The hold of ${new Date(hold.sinceMs).toISOString().slice(0, 10)} is released (${hold.gone} originals gone, ${hold.changed} changed). Retention goes by its windows again; nothing was removed now.`
}

function acceptClock(journal: StatusDeps['journal'], nowMs: number): string {
  const wasBack = isClockSetBack(journal, nowMs)
  trustClock(journal, nowMs, CLOCK_TOLERANCE_MS)
  return wasBack
    ? `The clock is taken for right from ${new Date(nowMs).toISOString().slice(0, 16)} UTC on. Proofs that bear a later date count for nothing until they are made again.`
    : 'The clock was not set back: nothing had to be settled.'
}
