// Healing the copies of one shoot at one place: which look bad, whether they are, where good bytes are, and the exchange. Bytes first, then
// the log beside them, then the journal; a crash between two of them is "run it again".
import path from 'node:path'
import { reReadUnproven, sealPending } from '../engine/finish.js'
import type { ReadMethod, Target } from '../engine/jobs.js'
import { obstacleBelow } from '../files/inside.js'
import { setCopyState } from '../journal/files.js'
import { historyOfShoot } from '../journal/history.js'
import { listShoots, type ShootRow } from '../journal/shoots.js'
import { addStep, sealOf, stepsOf } from '../journal/steps.js'
import { appendEvents } from '../manifest/log.js'
import { MANIFEST_FILE } from '../manifest/manifest.js'
import { WORKING, type FileStat, type Hash } from '../model.js'
import { assertStillThere, isStillThere, type OpenPlace } from '../place/places.js'
import { type Candidate, type Failed } from './copies.js'
import { asideName, earlierUnderName, replacedBefore } from './heal-name.js'
import {
  done,
  foundGood,
  foundHopeless,
  NOTHING,
  targetFailed,
  withKept,
  type Earlier,
  type Result,
} from './heal-results.js'
import type { HealRun, Suspect, Trouble } from './heal-run.js'
import { bring, goodCopies } from './heal-source.js'
import { clearBelow } from './select.js'

export function findSuspects({ engine, finder }: HealRun, shoot: ShootRow, place: OpenPlace): Suspect[] {
  const { files } = engine.deps
  return historyOfShoot(engine.deps.journal, shoot.id).flatMap((file) =>
    file.versions.flatMap((version) =>
      version.copies
        .filter((copy) => copy.placeId === place.id && copy.state !== 'planned')
        .filter((copy) => {
          if (copy.state === 'damaged' || copy.state === 'missing') return true
          const found = finder.locate(shoot, copy)
          if (!('file' in found)) return 'kind' in found && found.kind !== 'away'
          const stat = files.stat(found.file)
          return stat?.sizeBytes !== copy.sizeBytes || stat.mtimeMs !== copy.mtimeMs
        })
        .map((copy) => ({ shoot, place, file, version, copy })),
    ),
  )
}

/** @param suspects  of one shoot at one place */
export async function healCopies(run: HealRun, suspects: readonly Suspect[]): Promise<void> {
  const { engine, isDryRun } = run
  const [first] = suspects
  if (!first || engine.signal.aborted || engine.failedPlaces.has(first.place.id)) return
  if (!isDryRun) clearBefore(run, suspects)
  const results = await Promise.all(suspects.map((suspect) => healCopy(run, suspect)))
  if (isDryRun) return
  try {
    await writeDown(run, first, results)
  } catch (error) {
    engine.placeRefused(first.place.id, error)
  }
}

/** What a heal that was killed left half written. */
function clearBefore({ engine, finder }: HealRun, suspects: readonly Suspect[]): void {
  const folders = new Map(
    suspects.flatMap(({ shoot, place, copy }) => {
      const folder = finder.folderOf(shoot, place)
      return folder === undefined ? [] : [[path.dirname(path.join(folder, ...copy.path.split('/'))), place]]
    }),
  )
  for (const [folder, place] of folders) {
    try {
      clearBelow(engine.deps, place.root, folder)
    } catch (error) {
      engine.placeRefused(place.id, error)
    }
  }
}

/** What was written is proven, and the manifests say what is there. @throws nothing that a drive does: it is out of the run then */
export async function finishAt(run: HealRun, place: OpenPlace): Promise<void> {
  const { engine } = run
  const isOver = (): boolean => engine.signal.aborted || engine.failedPlaces.has(place.id)
  if (!isOver()) await reReadUnproven(engine, place)
  try {
    if (isOver() || !isStillThere(engine.deps.files, place)) return
    clearUnsealed(run, place)
    await sealPending(engine, place)
  } catch (error) {
    engine.placeRefused(place.id, error)
  }
}

/** What a run that was killed while it sealed left half written: its steps are still there. */
function clearUnsealed({ engine, finder }: HealRun, place: OpenPlace): void {
  const { deps } = engine
  const rows = new Map(listShoots(deps.journal).map((row) => [row.id, row]))
  for (const { placeId, shootId } of stepsOf(deps.journal, 'seal')) {
    const row = placeId === place.id ? rows.get(shootId) : undefined
    const folder = row && finder.folderOf(row, place)
    if (folder !== undefined) clearBelow(deps, place.root, folder)
  }
}

async function writeDown(run: HealRun, { shoot, place }: Suspect, results: readonly Result[]): Promise<void> {
  const { files, journal, clock } = run.engine.deps
  const folder = run.finder.folderOf(shoot, place)
  const events = results.flatMap((result) => result.events)
  if (folder === undefined) return
  assertStillThere(files, place)
  // Where a link has taken the folder's place, nothing is written through it.
  const isReal = obstacleBelow(files, place.root, folder) === undefined
  if (events.length > 0 && isReal) await run.engine.inTurn(place, () => appendEvents(files, place.root, folder, events))
  const isUnsealed =
    isReal &&
    files.stat(path.join(folder, MANIFEST_FILE)) === undefined &&
    sealOf(journal, shoot.id, place.id) !== undefined
  journal.transaction(() => {
    for (const { record } of results) record()
    if (isUnsealed) addStep(journal, { kind: 'seal', shootId: shoot.id, placeId: place.id, payload: '' }, clock())
  })
}

async function healCopy(run: HealRun, suspect: Suspect): Promise<Result> {
  const { engine } = run
  const earlier = earlierUnderName(run, suspect)
  const trouble = earlier
    ? ({ was: 'missing', why: 'an earlier content has its name' } as const)
    : await examine(run, suspect)
  if (trouble === 'stopped') return NOTHING
  run.tally.checked += 1
  engine.counts.done += 1
  if (!('was' in trouble)) return foundGood(run, suspect, trouble)
  const replaced = await replacedBefore(run, suspect, trouble)
  if (replaced) return replaced
  const { shoot, place, copy } = suspect
  const folder = run.finder.folderOf(shoot, place)
  const final = folder === undefined ? undefined : path.join(folder, ...copy.path.split('/'))
  const obstacle = final === undefined ? copy.path : obstacleBelow(engine.deps.files, place.root, path.dirname(final))
  if (final === undefined || obstacle !== undefined)
    return foundHopeless(
      run,
      suspect,
      trouble,
      [],
      `${obstacle ?? copy.path} is a link or leads out of the drive’s folder`,
    )
  return exchange(run, suspect, trouble, final, earlier)
}

/** Reads the copy again. @returns what is wrong with it, or what was read when nothing is */
async function examine(
  { engine, finder }: HealRun,
  { shoot, copy, version }: Suspect,
): Promise<Trouble | { hash: Hash; how: ReadMethod; stat: FileStat } | 'stopped'> {
  const found = finder.locate(shoot, copy)
  if (!('file' in found)) {
    if ('remote' in found || found.kind === 'away') return 'stopped'
    return { was: found.kind === 'unreadable' ? 'unreadable' : 'missing', why: found.why }
  }
  const job = { kind: 'hash', file: found.file, sizeBytes: version.sizeBytes, fromDevice: true } as const
  const { result } = await engine.deps.pool.run(job)
  if ('failure' in result) {
    if (result.failure.kind === 'stopped') return 'stopped'
    const was = result.failure.kind === 'vanished' ? 'missing' : 'unreadable'
    return { was, why: result.failure.message }
  }
  if (result.hash === version.hash) return result
  const why = `it reads ${result.hash.slice(0, 12)}… where ${version.hash.slice(0, 12)}… was written`
  return { was: 'damaged', why, hash: result.hash, how: result.how, stat: result.stat }
}

async function exchange(
  run: HealRun,
  suspect: Suspect,
  trouble: Trouble,
  final: string,
  earlier: Earlier | undefined,
): Promise<Result> {
  const { engine } = run
  const { place, copy } = suspect
  const isInTheWay = engine.deps.files.stat(final) !== undefined
  const to = isInTheWay ? await asideName(run, suspect, final, earlier) : undefined
  const folder = path.dirname(final)
  const shootFolder = final.slice(0, final.length - path.join(...copy.path.split('/')).length - 1)
  const target: Target = {
    place: place.id,
    root: place.root,
    marker: place.markerIdentity,
    folder,
    name: path.basename(final),
    ...(to === undefined ? {} : { moveOldTo: path.join(shootFolder, ...to.split('/')) }),
  }
  const failed: Failed[] = []
  for (const source of goodCopies(run, suspect, failed)) {
    const came = await bring(run, suspect.version, source, target)
    if (came.kind === 'bad-copy') {
      // What lies in Versions/ and no record speaks of may be any content: no copy that could be damaged.
      if (source.isUnrecorded) continue
      failed.push(came.failed)
      noteDamaged(run, came.failed)
      continue
    }
    const aside = to === undefined ? undefined : { to, earlier }
    if (came.kind === 'failed') return targetFailed(run, suspect, trouble, came, aside)
    note(run, suspect, trouble, source, came.kind === 'copied' && came.movedOld && !earlier ? to : undefined)
    if (came.kind === 'would-do') return NOTHING
    const result = done(run, suspect, trouble, came, aside)
    return source.isUnrecorded ? withKept(run, suspect, source.copy, result) : result
  }
  return foundHopeless(run, suspect, trouble, failed)
}

/** A copy that was tried as a source and is not good is to be healed itself, the next time if not now. */
function noteDamaged({ engine, isDryRun }: HealRun, { copy, kind }: Failed): void {
  if (kind === 'damaged' && copy.placeId !== WORKING && !isDryRun) setCopyState(engine.deps.journal, copy, 'damaged')
}

function note(
  run: HealRun,
  suspect: Suspect,
  { was }: Trouble,
  source: Candidate,
  quarantined: string | undefined,
): void {
  const { place, shoot, copy, version } = suspect
  if (!run.isDryRun) run.tally.bytesCopied += version.sizeBytes
  run.healed.push({
    place: place.name,
    shoot: shoot.key,
    file: copy.path,
    was,
    from: source.where,
    ...(quarantined === undefined ? {} : { quarantined }),
  })
}
