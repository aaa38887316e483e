// Pictures that came broken: read exactly as they were on the card, and no picture all the same. That is no damage of a copy, no verdict turns
// on it and no heal mends it; but while the card exists, the picture may still be there, and that is said.
import { brokenContents } from '../journal/openings.js'
import type { Journal } from '../journal/journal.js'
import type { Notice, StatusResult } from '../../shared/methods.js'
import { DAY_MS } from './policy.js'

type BrokenAtImport = NonNullable<StatusResult['brokenAtImport']>

const LISTED = 100

/** @param isAsked  whether a shoot, by its id, belongs to the answer */
export function brokenReport(journal: Journal, isAsked: (shoot: string) => boolean): BrokenAtImport | undefined {
  const broken = brokenContents(journal).filter(({ shoot }) => isAsked(shoot))
  if (broken.length === 0) return undefined
  const list = broken
    .slice(0, LISTED)
    .map(({ firstSeenMs, ...each }) => ({ ...each, firstSeenAt: new Date(firstSeenMs).toISOString() }))
  return { files: broken.length, list }
}

/** Cards are used again within weeks; after that a notice would only nag. */
const CARD_DAYS = 14

/** Those of which the card may still exist. Pure. */
export function brokenNotices({ brokenAtImport }: StatusResult, nowMs: number): Notice[] {
  const recent = (brokenAtImport?.list ?? []).filter(
    ({ firstSeenAt }) => nowMs - Date.parse(firstSeenAt) <= CARD_DAYS * DAY_MS,
  )
  if (recent.length === 0) return []
  const message = `${recent.length === 1 ? '1 picture was' : `${recent.length} pictures were`} already broken at import. The card may still exist: do not format it, import again from it. See: safelight status`
  return [{ kind: 'broken-at-import', severity: 'amber', subject: '', message }]
}

const LINES = 10

/** For a terminal. Pure. */
export function brokenLines({ brokenAtImport }: StatusResult): string[] {
  if (!brokenAtImport) return []
  const { files, list } = brokenAtImport
  const more = files - Math.min(LINES, list.length)
  return [
    `  Already broken at import: ${files} picture${files === 1 ? '' : 's'}, read exactly as ${files === 1 ? 'it' : 'they'} came. If the card still exists, import from it again; the copies are as good as what came.`,
    ...list.slice(0, LINES).map(({ shoot, file, why }) => `    ${shoot}/${file}: ${why}`),
    ...(more > 0 ? [`    … and ${more} more${files > list.length ? '' : '; --json lists all of them'}`] : []),
  ]
}
