// Restores that wait for cold storage, read from the journal for the status.
import type { Journal } from '../journal/journal.js'
import { listThaws } from '../journal/thaws.js'
import type { ColdRestore } from '../../shared/methods.js'
import { DAY_MS } from './policy.js'

/** How long one that is over is shown. */
const SHOWN_DAYS = 7

export function coldReport(journal: Journal, nowMs: number): { readonly fromCold?: readonly ColdRestore[] } {
  const fromCold = listThaws(journal)
    .filter(({ endedMs }) => endedMs === undefined || nowMs - endedMs <= SHOWN_DAYS * DAY_MS)
    .map(({ params, title, state, files, bytes, askedMs, readyMs, endedMs, said }): ColdRestore => {
      const { to } = JSON.parse(params) as { to?: string }
      return {
        what: title,
        ...(to === undefined ? {} : { to }),
        state,
        files,
        bytes,
        askedAt: iso(askedMs),
        readyAt: iso(readyMs),
        ...(endedMs === undefined ? {} : { endedAt: iso(endedMs) }),
        said,
      }
    })
  return fromCold.length === 0 ? {} : { fromCold }
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}
