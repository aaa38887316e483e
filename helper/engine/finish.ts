// The end of a run, place by place: copies whose first reading came out of the page cache are read once more, as late as possible, and
// shoots that changed are sealed. Both are steps in the journal: what a crash leaves undone here, the next run finds.
import path from 'node:path'
import { systemCode } from '../errors.js'
import { copiesAt, saveCopy } from '../journal/files.js'
import { noteChainBreaks } from '../journal/meta.js'
import { labelAt, listShoots, sourceById, type ShootRow } from '../journal/shoots.js'
import { addStep, finishStep, stepsOf } from '../journal/steps.js'
import { appendEvents, type LogEvent } from '../manifest/log.js'
import { sealShoots } from '../manifest/seal.js'
import { isStillThere, type OpenPlace } from '../place/places.js'
import { folderAt } from './prepare.js'
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
      if (systemCode(error) === '') throw error
      run.failPlace(place.id, error)
    }
  }
}

async function reReadShoot(run: BackupRun, place: OpenPlace, row: ShootRow): Promise<void> {
  const { journal, pool, clock, files } = run.deps
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
  const events: LogEvent[] = []
  for (const { copy, result } of results) {
    const common = { at: run.iso(), file: copy.name, path: copy.path, sourceHash: copy.hash, device: deviceOf(place) }
    if ('failure' in result) {
      events.push({
        event: result.failure.kind === 'vanished' ? 'missing' : 'unreadable',
        ...common,
        why: result.failure.message,
      })
    } else {
      events.push({
        event: result.hash === copy.hash ? 'verified' : 'damaged',
        ...common,
        copyHash: result.hash,
        read: result.how,
      })
    }
  }
  if (!isStillThere(files, place)) throw Object.assign(new Error('the drive is no longer there'), { code: 'ENODEV' })
  appendEvents(files, place.root, folder, events)
  journal.transaction(() => {
    results.forEach(({ copy, result }) => {
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
    })
    finishStep(journal, { kind: 're-read', shootId: row.id, placeId: place.id, payload: '' })
    addStep(journal, { kind: 'seal', shootId: row.id, placeId: place.id, payload: '' }, clock())
  })
}

/** Shoots are sealed in lots, so that a crash among thousands of them loses little. */
const SEAL_LOT = 64

/** Seals every shoot at a place that asks for it. */
export function sealPending(run: BackupRun, place: OpenPlace): void {
  const { journal, files } = run.deps
  const rows = new Map(listShoots(journal).map((row) => [row.id, row]))
  const pending = stepsOf(journal, 'seal').flatMap((step) => {
    const row = step.placeId === place.id ? rows.get(step.shootId) : undefined
    return row ? [{ shootId: row.id, folder: folderBelowPhotos(run, place, row) }] : []
  })
  try {
    for (let at = 0; at < pending.length; at += SEAL_LOT) {
      if (!isStillThere(files, place))
        throw Object.assign(new Error('the drive is no longer there'), { code: 'ENODEV' })
      const { chainWarnings } = sealShoots(run.deps, place.id, place.root, pending.slice(at, at + SEAL_LOT))
      noteChainBreaks(journal, place.id, chainWarnings)
      for (const warning of chainWarnings) {
        run.warn(
          `The record of manifests on ${place.name} (chain.jsonl) was altered: ${warning}. Run: safelight verify --place "${place.name}"`,
        )
      }
    }
  } catch (error) {
    if (systemCode(error) === '') throw error
    run.failPlace(place.id, error)
  }
}

export function shootFolderAt(run: BackupRun, place: OpenPlace, row: ShootRow): string {
  return path.join(place.root, 'Photos', ...folderBelowPhotos(run, place, row).split('/'))
}

export function folderBelowPhotos(run: BackupRun, place: OpenPlace, row: ShootRow): string {
  const source = sourceById(run.deps.journal, row.sourceId)
  return folderAt(row.key, source.label, labelAt(run.deps.journal, source, place.id))
}
