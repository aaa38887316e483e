// Carries a retention plan out at the drives that are there, or only shows it. For each copy: is it still what was written? Then the journal
// forgets it, the bytes go, the log says so and the shoot is sealed anew, in this order, so that the journal never claims more than there is.
import path from 'node:path'
import { systemCode } from '../errors.js'
import type { DurableFiles } from '../files/durable.js'
import { linkOnTheWay } from '../files/durable.js'
import type { HashEngine } from '../files/hash.js'
import { catchUp } from '../engine/catch-up.js'
import { kindOfFile } from '../engine/file-kinds.js'
import { folderAt } from '../engine/prepare.js'
import type { Journal } from '../journal/journal.js'
import { noteChainBreaks, temporaryTag } from '../journal/meta.js'
import { clockLeaps, noteClock, standingHold } from '../journal/rehearsals.js'
import { listRetained, type RetainedRow } from '../journal/retained.js'
import { labelAt, sourceById } from '../journal/shoots.js'
import { addStep } from '../journal/steps.js'
import { appendEvents } from '../manifest/log.js'
import { sealShoots } from '../manifest/seal.js'
import { isStillThere, type OpenPlace } from '../place/places.js'
import { Turns } from '../place/turn.js'
import { CLOCK_TOLERANCE_MS, type Policy } from '../status/policy.js'
import { isClockSetBack, placesBySource } from '../status/shoots.js'
import type { PruneResult } from '../../shared/methods.js'
import {
  planRetention,
  type RetainedContent,
  type RetentionLine,
  type RetentionPlan,
  type RetentionRule,
} from './retention.js'

export interface PruneDeps {
  readonly files: DurableFiles
  readonly journal: Journal
  readonly hash: HashEngine
  readonly clock: () => number
}

interface PlannedContent extends RetainedContent {
  readonly row: RetainedRow
}

export function planCopies(
  { journal, clock }: Pick<PruneDeps, 'journal' | 'clock'>,
  rules: readonly RetentionRule[],
  policy: Policy,
): RetentionPlan {
  // Without a rule nothing can go, and nothing need be looked at.
  if (rules.length === 0) return { lines: [] }
  const placesOf = placesBySource(journal)
  const contents = listRetained(journal).map((row): PlannedContent => ({
    row,
    versionId: row.versionId,
    shoot: row.shoot,
    file: row.file,
    kind: kindOfFile(row.file),
    why: row.why,
    ...(row.sinceMs === undefined ? {} : { sinceMs: row.sinceMs }),
    places: placesOf(row.sourceId),
    copies: row.copies.map(({ placeId, state, path: at, sizeBytes, provenMs, provenHow }) => ({
      placeId,
      state,
      path: at,
      sizeBytes,
      ...(provenMs === undefined ? {} : { provenMs }),
      ...(provenHow === undefined ? {} : { how: provenHow }),
    })),
  }))
  const nowMs = clock()
  // A leap up to this very moment counts as one.
  noteClock(journal, nowMs, CLOCK_TOLERANCE_MS)
  const time = { nowMs, isSetBack: isClockSetBack(journal, nowMs), leaps: clockLeaps(journal) }
  return planRetention(contents, rules, time, standingHold(journal) !== undefined, policy)
}

type PrunedCopy = NonNullable<PruneResult['copies']>[number]

/** @returns what was removed, and what was left although the plan named it, with the reason */
export async function carryOut(
  deps: PruneDeps,
  plan: RetentionPlan,
  places: readonly OpenPlace[],
  signal: AbortSignal,
): Promise<{ readonly done: PrunedCopy[]; readonly left: string[] }> {
  const turns = new Turns(temporaryTag(deps.journal))
  const [done, left]: [PrunedCopy[], string[]] = [[], []]
  for (const place of places) {
    const lines = plan.lines.filter(({ action, copy }) => action === 'remove' && copy.placeId === place.id)
    if (lines.length === 0) continue
    await turns.inTurn(place.root, (turn) => {
      const touched = new Map<number, string>()
      for (const line of lines) {
        if (signal.aborted) break
        const why = removeOne(deps, place, line, touched)
        if (why === undefined) done.push(shownCopy(place.name, line))
        else left.push(`${line.content.shoot}/${line.copy.path} on ${place.name} was left: ${why}`)
        turn.beat()
      }
      if (touched.size === 0) return
      catchUp(deps, place)
      const shoots = [...touched].map(([shootId, folder]) => ({ shootId, folder }))
      noteChainBreaks(deps.journal, place.id, sealShoots(deps, place.id, place.root, shoots, turn).chainWarnings)
    })
  }
  return { done, left }
}

export function shownCopy(place: string, { content, copy, action, why }: RetentionLine): PrunedCopy {
  return { place, shoot: content.shoot, file: content.file, path: copy.path, bytes: copy.sizeBytes, action, why }
}

/** @returns why it was left, if it was */
function removeOne(
  { files, journal, clock }: PruneDeps,
  place: OpenPlace,
  { content, copy, why }: RetentionLine,
  touched: Map<number, string>,
): string | undefined {
  const { row } = content as PlannedContent
  const source = sourceById(journal, row.sourceId)
  const below = folderAt(row.shoot, source.label, labelAt(journal, source, place.id))
  const folder = path.join(place.root, 'Photos', ...below.split('/'))
  const file = path.join(folder, ...copy.path.split('/'))
  try {
    if (!isStillThere(files, place)) return 'the drive is no longer there'
    if (linkOnTheWay(files, place.root, file) !== undefined) return 'a link is in its place'
    const stat = files.stat(file)
    const known = row.copies.find((each) => each.placeId === place.id && each.path === copy.path)
    if (stat?.kind !== 'file' || stat.sizeBytes !== known?.sizeBytes || stat.mtimeMs !== known.mtimeMs)
      return 'it is not as it was written'
    const nowMs = clock()
    journal.transaction(() => {
      journal.run('DELETE FROM copies WHERE version_id = ? AND place_id = ? AND path = ?', [
        row.versionId,
        place.id,
        copy.path,
      ])
      addStep(journal, { kind: 'seal', shootId: row.shootId, placeId: place.id, payload: '' }, nowMs)
    })
    files.unlink(file)
    files.syncFolder(path.dirname(file))
    touched.set(row.shootId, below)
    const at = new Date(nowMs).toISOString()
    appendEvents(files, place.root, folder, [
      { event: 'pruned', at, file: row.file, path: copy.path, copyHash: row.hash, why },
    ])
    return undefined
  } catch (error) {
    if (systemCode(error) === '') throw error
    return error instanceof Error ? error.message : String(error)
  }
}
