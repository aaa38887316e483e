// Which of two proofs of a copy in a bucket stays. A download compared every byte and is believed for a year; a checksum is the store's own
// word, and believed for a month.
import type { Journal } from '../journal/journal.js'
import type { BestBefore } from '../../shared/methods.js'

const DAY_MS = 24 * 3600 * 1000

/** For how long proofs are believed. */
export type Believed = Pick<BestBefore, 'serverChecksumDays' | 'bytesDays'>

export interface NewProof {
  readonly atMs: number
  readonly how: 'server checksum' | 'download'
  readonly believed: Believed
}

/** The store's own word is worth less than the bytes: it takes the place of a download only when that would be believed no longer. When the
 *  store last said so stands in the receipt all the same. */
export function renewProof(
  journal: Journal,
  placeId: string,
  copy: { readonly versionId: number; readonly path: string },
  { atMs, how, believed }: NewProof,
): void {
  const keepFromMs = atMs + (believed.serverChecksumDays - believed.bytesDays) * DAY_MS
  journal.run(
    `UPDATE copies SET proven_ms = ?1, proven_how = ?2 WHERE version_id = ?3 AND place_id = ?4 AND path = ?5 AND state = 'verified'
       AND NOT (?2 = 'server checksum' AND coalesce(proven_how, '') = 'download' AND proven_ms > ?6 AND proven_ms <= ?1)`,
    [atMs, how, copy.versionId, placeId, copy.path, keepFromMs],
  )
}
