// The end of a run, place by place: copies whose first reading came out of the page cache are read once more, as late as possible, and
// shoots that changed are sealed. Both are steps in the journal: what a crash leaves undone here, the next run finds.
import path from 'node:path'
import { copiesAt, saveCopy } from '../journal/files.js'
import { noteChainBreaks } from '../journal/meta.js'
import { labelAt, listShoots, sourceById, type ShootRow } from '../journal/shoots.js'
import { addStep, finishStep, stepsOf } from '../journal/steps.js'
import { appendEvents, type LogEvent } from '../manifest/log.js'
import { sealShoots } from '../manifest/seal.js'
import { assertStillThere, type OpenPlace } from '../place/places.js'
import { catchUp } from './catch-up.js'
import { folderAt } from './prepare.js'
import type { HashOutcome } from './jobs.js'
import { deviceOf } from './record-draft.js'
import type { BackupRun } from './run.js'

/** Reads again what is still unproven at a place. */
export async function reReadUnproven(run: BackupRun, place: OpenPlace): Promise<void> {
  const shoots = new Map(listShoots(run.deps.journal).map((row) => [row.id, row]))
  for (const step of stepsOf(run.deps.journal, 're-read').filter((each) => each.placeId === place.id)) {
    const row = shoots.get(step.shootId)
    if (!row || run.failedPlaces.has(place.id) || run.signal.aborted) continue
    try {
      await reReadShoot(run, place, row)
    } catch (error) {
      run.placeRefused(place.id, error)
    }
  }
}

async function reReadShoot(run: BackupRun, place: OpenPlace, row: ShootRow): Promise<void> {
  const { journal, pool, files } = run.deps
  const folder = shootFolderAt(run, place, row)
  const unproven = copiesAt(journal, row.id, place.id).filter((copy) => copy.state === 'written')
  const results = await Promise.all(
    unproven.map(async (copy) => {
      const file = path.join(folder, ...copy.path.split('/'))
      return {
        copy,
        result: (await pool.run({ kind: 'hash', file, sizeBytes: copy.sizeBytes, fromDevice: true })).result,
      }
    }),
  )
  if (run.signal.aborted) return
  assertStillThere(files, place)
  await run.inTurn(place, () => {
    // Where another computer put something else under a name meanwhile, it is that one's to prove.
    if (results.some((each) => !isGood(each))) run.learnUnsealed(place, folderBelowPhotos(run, place, row))
    const now = new Map(copiesAt(journal, row.id, place.id).map((copy) => [copy.path, copy.versionId]))
    const own = results.filter(({ copy }) => now.get(copy.path) === copy.versionId)
    appendEvents(
      files,
      place.root,
      folder,
      own.map((each) => eventOf(run, place, each)),
    )
    journal.transaction(() => recordReRead(run, place, row, own))
  })
}

interface ReRead {
  readonly copy: ReturnType<typeof copiesAt>[number]
  readonly result: HashOutcome['result']
}

function isGood({ copy, result }: ReRead): boolean {
  return !('failure' in result) && result.hash === copy.hash
}

function eventOf(run: BackupRun, place: OpenPlace, { copy, result }: ReRead): LogEvent {
  const common = { at: run.iso(), file: copy.name, path: copy.path, sourceHash: copy.hash, device: deviceOf(place) }
  if ('failure' in result)
    return {
      event: result.failure.kind === 'vanished' ? 'missing' : 'unreadable',
      ...common,
      why: result.failure.message,
    }
  const event = result.hash === copy.hash ? 'verified' : 'damaged'
  return { event, ...common, copyHash: result.hash, read: result.how }
}

function recordReRead(run: BackupRun, place: OpenPlace, row: ShootRow, results: readonly ReRead[]): void {
  const { journal, clock } = run.deps
  for (const { copy, result } of results) {
    const good = !('failure' in result) && result.hash === copy.hash
    const state = good ? 'verified' : 'failure' in result ? 'missing' : 'damaged'
    if (good) run.counts.proven += 1
    saveCopy(journal, { ...copy, state, ...(good ? { provenMs: clock(), provenHow: result.how } : {}) })
    if (!good) {
      run.find({
        kind: state,
        place: place.name,
        shoot: row.key,
        file: copy.name,
        message: 'the copy did not read back as it was written; run the backup again, and do not trust this drive',
      })
    }
  }
  finishStep(journal, { kind: 're-read', shootId: row.id, placeId: place.id, payload: '' })
  addStep(journal, { kind: 'seal', shootId: row.id, placeId: place.id, payload: '' }, clock())
}

/** Shoots are sealed in lots, so that a crash among thousands of them loses little. */
const SEAL_LOT = 64

/** Seals every shoot at a place that asks for it, each lot in this computer's turn and with what others have sealed there meanwhile. */
export async function sealPending(run: BackupRun, place: OpenPlace): Promise<void> {
  const { journal, files } = run.deps
  const sealed = new Set<number>()
  try {
    for (;;) {
      const rows = new Map(listShoots(journal).map((row) => [row.id, row]))
      const pending = stepsOf(journal, 'seal').flatMap(({ placeId, shootId }) => {
        const row = placeId === place.id && !sealed.has(shootId) ? rows.get(shootId) : undefined
        return row ? [{ shootId: row.id, folder: folderBelowPhotos(run, place, row) }] : []
      })
      const lot = pending.slice(0, SEAL_LOT)
      if (lot.length === 0) return
      assertStillThere(files, place)
      const { chainWarnings } = await run.inTurn(place, (turn) => {
        catchUp(run.deps, place)
        return sealShoots(run.deps, place.id, place.root, lot, turn)
      })
      for (const { shootId } of lot) sealed.add(shootId)
      noteChainBreaks(journal, place.id, chainWarnings)
      for (const warning of chainWarnings) {
        run.warn(
          `The record of manifests on ${place.name} (chain.jsonl) was altered: ${warning}. Run: safelight verify --place "${place.name}"`,
        )
      }
    }
  } catch (error) {
    run.placeRefused(place.id, error)
  }
}

export function shootFolderAt(run: BackupRun, place: OpenPlace, row: ShootRow): string {
  return path.join(place.root, 'Photos', ...folderBelowPhotos(run, place, row).split('/'))
}

export function folderBelowPhotos(run: BackupRun, place: OpenPlace, row: ShootRow): string {
  const source = sourceById(run.deps.journal, row.sourceId)
  return folderAt(row.key, source.label, labelAt(run.deps.journal, source, place.id))
}
