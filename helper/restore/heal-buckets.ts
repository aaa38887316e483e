// Healing what a bucket has lost: an object that is gone, or that came back with other bytes, is sent again from whatever place is proven. The
// bucket's own versions keep what lay there before, where it keeps versions at all.
import { isOfHome, SafelightError } from '../errors.js'
import { historyOfShoot } from '../journal/history.js'
import type { ShootRow } from '../journal/shoots.js'
import type { Finding } from '../../shared/methods.js'
import type { HealRun } from './heal-run.js'

/** Sends what a bucket lacks of these shoots, from proven copies. @returns why files could not be sent */
export type Resend = (
  placeId: string,
  shootIds: ReadonlySet<number>,
  signal: AbortSignal,
) => Promise<readonly Finding[]>

interface Lost {
  readonly shoot: ShootRow
  readonly versionId: number
  readonly path: string
  readonly was: 'damaged' | 'missing'
}

export async function healBuckets(run: HealRun, shoots: readonly ShootRow[], resend: Resend): Promise<void> {
  const { engine, isDryRun } = run
  for (const { id, name } of run.buckets) {
    const lost = shoots.flatMap((shoot) => lostAt(run, shoot, id))
    if (lost.length === 0 || engine.signal.aborted) continue
    run.tally.checked += lost.length
    const shootIds = new Set(lost.map(({ shoot }) => shoot.id))
    const why = isDryRun ? [] : await sendAgain(run, resend, id, shootIds)
    if (why === 'stopped') return
    for (const each of lost) {
      const { shoot, path, was } = each
      const isHealed = isDryRun ? hasProvenElsewhere(run, id, each) : isVerified(run, id, each)
      if (isHealed)
        run.healed.push({ place: name, shoot: shoot.key, file: path, was, from: 'a proven copy, sent again' })
      else
        engine.find({
          kind: was,
          place: name,
          shoot: shoot.key,
          file: path,
          message:
            why.find((finding) => finding.shoot === shoot.key && finding.file === path)?.message ??
            (hasProvenElsewhere(run, id, each)
              ? 'it could not be sent again; see safelight status for the bucket'
              : 'no proven copy of it is known at another place, so it cannot be sent again'),
        })
    }
  }
}

/** What keeps a bucket from taking anything is warned of once, and its files are findings. */
async function sendAgain(
  { engine }: HealRun,
  resend: Resend,
  placeId: string,
  shootIds: ReadonlySet<number>,
): Promise<readonly Finding[] | 'stopped'> {
  try {
    const findings = await resend(placeId, shootIds, engine.signal)
    return engine.signal.aborted ? 'stopped' : findings
  } catch (error) {
    if (engine.signal.aborted) return 'stopped'
    if (!(error instanceof SafelightError) || isOfHome(error)) throw error
    engine.warn(`${error.message} ${error.remedy}`)
    return []
  }
}

function lostAt({ engine }: HealRun, shoot: ShootRow, placeId: string): Lost[] {
  return historyOfShoot(engine.deps.journal, shoot.id).flatMap((file) =>
    file.versions.flatMap(({ id, copies }) =>
      copies
        .filter((copy) => copy.placeId === placeId)
        .flatMap(({ state, path }) =>
          state === 'damaged' || state === 'missing' ? [{ shoot, versionId: id, path, was: state }] : [],
        ),
    ),
  )
}

function hasProvenElsewhere({ engine }: HealRun, placeId: string, { versionId }: Lost): boolean {
  const row = engine.deps.journal.get(
    "SELECT 1 AS found FROM copies WHERE version_id = ? AND place_id <> ? AND state = 'verified' LIMIT 1",
    [versionId, placeId],
  )
  return row !== undefined
}

function isVerified({ engine }: HealRun, placeId: string, { versionId, path }: Lost): boolean {
  const row = engine.deps.journal.get(
    "SELECT 1 AS found FROM copies WHERE version_id = ? AND place_id = ? AND path = ? AND state = 'verified'",
    [versionId, placeId, path],
  )
  return row !== undefined
}
