// Healing: a copy that is damaged or gone is made again from any place, in any direction, that still has bytes with the reference hash. The
// hash is the judge; neither age nor place is asked. What was damaged moves to Quarantine/ and is never deleted; where nothing matches the
// reference, nothing is touched, and that is said. Originals are healed only when that was asked for.
import { setImmediate as turn } from 'node:timers/promises'
import { ERROR_CODES } from '../errors.js'
import { inWords } from '../files/in-words.js'
import { exitOfFindings } from '../engine/outcome.js'
import { ProgressMeter, type OnProgress } from '../engine/progress.js'
import { BackupRun, type EngineDeps } from '../engine/run.js'
import { chooseShoots } from '../engine/verify.js'
import { historyOfShoot } from '../journal/history.js'
import { listPlaces } from '../journal/places.js'
import { listShoots, type ShootRow } from '../journal/shoots.js'
import { stateOfPlace, type OpenPlace } from '../place/places.js'
import type { HealResult, Params } from '../../shared/methods.js'
import type { OpenBucket } from './bucket.js'
import { CopyFinder } from './copies.js'
import type { Fetcher } from './fetch.js'
import { introduce } from './fill.js'
import { healBuckets, type Resend } from './heal-buckets.js'
import { findSuspects, finishAt, healCopies } from './heal-copies.js'
import type { HealRun, Suspect } from './heal-run.js'
import { healOriginals } from './heal-originals.js'
import { owedForGood } from './owed.js'

export interface HealRequest {
  readonly params: Params<'heal/run'>
  /** Open places: what is damaged there is healed, and from there. */
  readonly places: readonly OpenPlace[]
  readonly buckets: readonly OpenBucket[]
  readonly fetcher: Fetcher
  readonly resend: Resend
}

/** @throws SHOOT_UNKNOWN */
export async function heal(
  deps: EngineDeps,
  { params, places, buckets, fetcher, resend }: HealRequest,
  signal: AbortSignal,
  onProgress: OnProgress,
): Promise<HealResult> {
  const run: HealRun = {
    engine: new BackupRun(deps, places, signal),
    finder: new CopyFinder(deps, places, buckets),
    fetcher,
    buckets,
    isDryRun: params.dryRun === true,
    healed: [],
    tally: { checked: 0, good: 0, bytesCopied: 0 },
    namesGiven: new Set(),
  }
  const shoots = chooseShoots(listShoots(deps.journal), params.shoots)
  const meter = new ProgressMeter(deps.pool, run.engine.counts, onProgress, deps.clock)
  const stop = (): void => deps.pool.stop()
  signal.addEventListener('abort', stop, { once: true })
  if (signal.aborted) stop()
  try {
    meter.stage('looking')
    const suspects: Suspect[][] = []
    for (const shoot of shoots) {
      if (signal.aborted) break
      for (const place of places) suspects.push(findSuspects(run, shoot, place))
      await turn()
    }
    const all = suspects.flat()
    meter.begin(
      'healing',
      all.length,
      all.reduce((sum, { version }) => sum + version.sizeBytes, 0),
    )
    for (const lot of suspects) if (lot.length > 0) await healCopies(run, lot)
    for (const shoot of shoots) if (!signal.aborted) await bringOwed(run, shoot)
    for (const shoot of shoots) await healOriginals(run, shoot, params.originals === true)
    if (!run.isDryRun) await finish(run)
    await healBuckets(run, shoots, resend)
    if (!signal.aborted && !run.isDryRun) await fetcher.clear()
  } finally {
    signal.removeEventListener('abort', stop)
    meter.close()
  }
  return resultOf(run)
}

/** After the healing: where the name has a bad copy of an earlier content, that is healed first. */
async function bringOwed(run: HealRun, shoot: ShootRow): Promise<void> {
  const { journal } = run.engine.deps
  const gone = historyOfShoot(journal, shoot.id).filter(
    ({ goneMs, movedMs }) => goneMs !== undefined && movedMs === undefined,
  )
  for (const place of gone.length === 0 ? [] : run.engine.livePlaces()) {
    if (run.engine.signal.aborted) return
    const owed = owedForGood(journal, gone, shoot, place)
    if (owed.length === 0) continue
    if (!run.isDryRun) await introduce(run, shoot, place)
    await healCopies(run, owed)
  }
  await turn()
}

async function finish(run: HealRun): Promise<void> {
  for (const place of run.engine.livePlaces()) await finishAt(run, place)
}

function resultOf({ engine, isDryRun, healed, tally }: HealRun): HealResult {
  const { findings, signal } = engine
  const failures = [...engine.failedPlaces.values()]
  const exitCode = failures[0]?.exitCode ?? (signal.aborted ? ERROR_CODES.INTERRUPTED.exit : exitOfFindings(findings))
  const away = listPlaces(engine.deps.journal).filter((place) => stateOfPlace(engine.deps.files, place) !== 'here')
  const first = failures[0]
  const summary = [
    ...(first ? [`${first.message} ${first.remedy}`] : []),
    ...(signal.aborted ? ['Stopped. Run the same command again; it goes on where it stopped.'] : []),
    ...(healed.length === 0
      ? [
          findings.length === 0
            ? 'Nothing to heal: no copy at a connected place is known or seen to be damaged or missing. To read them all: safelight verify'
            : 'Nothing was healed.',
        ]
      : isDryRun
        ? [`${healed.length} copies would be made again from good ones; nothing was written.`]
        : [
            `${healed.length} copies were made again from good ones (${inWords(tally.bytesCopied)}) and read back; what was damaged is kept in Quarantine.`,
          ]),
    ...(tally.good > 0 ? [`${tally.good} that were taken for bad are good.`] : []),
    ...(findings.length > 0
      ? [`${findings.length} cannot be healed ${isDryRun ? 'so' : 'now'}; nothing of them was touched (see the list).`]
      : []),
    ...(away.length > 0 ? [`Not connected: ${away.map((place) => `"${place.name}"`).join(', ')}.`] : []),
  ].join(' ')
  return {
    ok: exitCode === 0,
    exitCode,
    summary,
    checked: tally.checked,
    healed: isDryRun ? 0 : healed.length,
    good: tally.good,
    bytesCopied: tally.bytesCopied,
    copies: healed,
    findings,
    warnings: engine.warnings(),
  }
}
