// The verdict on a catalog, by the same rule as for originals: the live one and the places that hold its newest good backup are its copies.
// A newer backup that is suspect or bad, or one that is still owed, keeps it from being called protected. Pure.
import type { GroupCopy } from '../journal/health-groups.js'
import { WORKING, type Verdict } from '../model.js'
import type { PlaceFacts } from './counting.js'
import { workingFacts } from './counting.js'
import { healthOfFile, overallVerdict, type Places } from './health.js'
import type { Policy } from './policy.js'

export interface CatalogFacts {
  /** Physical devices below the live catalog; empty when nobody knows. */
  readonly devices: readonly string[]
  readonly isOwed: boolean
  /** What a reading of the live one found, while it looked as the backup of that hash had seen it. */
  readonly live?: { readonly hash: string; readonly provenMs: number; readonly differs: readonly string[] }
  /** Newest first. */
  readonly backups: readonly {
    readonly placeId: string
    readonly takenMs: number
    /** When the place last said that it still has it. */
    readonly provenMs?: number
    readonly verdict: 'good' | 'suspect' | 'bad'
    readonly hash: string
  }[]
}

export interface CatalogHealth {
  readonly verdict: Verdict
  readonly missing: readonly string[]
}

export function healthOfCatalog(
  { devices, isOwed, live, backups }: CatalogFacts,
  places: readonly PlaceFacts[],
  policy: Policy,
  nowMs: number,
): CatalogHealth {
  const newest = backups.find(({ verdict }) => verdict === 'good')
  if (!newest) return { verdict: 'at-risk', missing: ['a backup that is good'] }
  const holders = backups.filter(({ verdict, hash }) => verdict === 'good' && hash === newest.hash)
  const reread = live?.hash === newest.hash ? live : undefined
  const copies: GroupCopy[] = [
    {
      placeId: WORKING,
      state: reread && reread.differs.length > 0 ? 'damaged' : 'verified',
      how: 'cached',
      provenMs: Math.max(newest.takenMs, reread?.provenMs ?? 0),
    },
    ...holders.map(({ placeId, takenMs, provenMs }): GroupCopy => ({
      placeId,
      state: 'verified',
      how: 'direct',
      provenMs: Math.max(takenMs, provenMs ?? takenMs),
    })),
  ]
  const byId: Places = new Map([workingFacts(devices), ...places].map((place) => [place.id, place]))
  const { verdict, needs } = healthOfFile(copies, byId, policy, nowMs)
  const [first] = backups
  const doubtful = first && first.verdict !== 'good' ? [`a look at its newest backup, which is ${first.verdict}`] : []
  const owed = isOwed ? ['a backup of what has changed since'] : []
  return {
    verdict: overallVerdict([verdict, ...(doubtful.length + owed.length > 0 ? (['partly'] as const) : [])]),
    missing: [...doubtful, ...owed, ...needs],
  }
}
