// Brings one file of a plan to its places:
//
//   is the original what we remember?      read it where only reading can tell; a known file that reads otherwise while size and mtime
//                                          stand still is damaged, and its good copies are left alone; so is one whose picture rotted
//                                          while somebody wrote words into it. Where no place has what it was, it is all there is
//   what lies at each place?               read what looks altered or is unknown: adopt it, set it aside, or quarantine it
//   send                                   one read of the original for every place that needs it
//   record                                 all of it as one record
//
// A place that fails is out of the run; a file that fails is a finding, and the others go on.
import path from 'node:path'
import type { FileRow } from '../journal/files.js'
import { WORKING, type FileStat, type Hash } from '../model.js'
import type { OpenPlace } from '../place/places.js'
import { isRaw } from './file-kinds.js'
import type { Failure, ReadMethod, Target, TargetOutcome } from './jobs.js'
import { editedAndRotten, pictureChange, unsureWhether } from './picture-change.js'
import type { FilePlan, PlaceCondition } from './plan.js'
import { RecordDraft } from './record-draft.js'
import type { BackupRun, ShootInRun } from './run.js'

/** A copy that reads back differently is made again this often before the place is said to be failing. */
const TRIES = 3

export async function protectFile(run: BackupRun, shoot: ShootInRun, plan: FilePlan): Promise<void> {
  run.counts.done += 1
  const draft = new RecordDraft(run, shoot, plan)
  const judged = await judgeOriginal(run, draft, plan)
  const original =
    judged !== 'not-to-be-believed' && !judged.isKnown ? await judgeChange(run, shoot, draft, plan, judged) : judged
  if (original === 'not-to-be-believed') {
    draft.commit()
    return
  }
  if (plan.places.size === 0 && original.hash === undefined) await learnOriginal(run, draft, plan)
  const targets: Target[] = []
  for (const [placeId, condition] of plan.places) {
    if (run.failedPlaces.has(placeId)) continue
    const place = run.placeNamed(placeId)
    try {
      const target = await judgePlace(run, draft, plan, original, place, condition)
      if (target) targets.push(target)
    } catch (error) {
      run.placeRefused(placeId, error)
    }
  }
  await send(run, draft, plan, original, targets)
  draft.commit()
}

/** What is known of the original before anything is sent. */
interface Original {
  /** Whether its content is the newest version that the journal knows. */
  readonly isKnown: boolean
  /** Its hash, when it is the known one or has been read. */
  hash?: Hash
}

async function judgeOriginal(
  run: BackupRun,
  draft: RecordDraft,
  plan: FilePlan,
): Promise<Original | 'not-to-be-believed'> {
  const { known, source, scanned } = plan
  if (!known) return { isKnown: false }
  const reference = known.version.hash
  if (source === 'same') return { isKnown: true, hash: reference }
  // Another size is another content; only where the size is the same does reading decide.
  if (source === 'changed' && scanned.sizeBytes !== known.version.sizeBytes) return { isKnown: false }
  const read = await readOriginal(run, draft, scanned.sizeBytes)
  if (!read) return 'not-to-be-believed'
  if (read.hash === reference) {
    draft.originalIs(known.version, read.stat)
    return { isKnown: true, hash: reference }
  }
  if (source === 'changed' || !wasCopied(known)) {
    if (source !== 'changed') draft.originalIsAllThereIs(read.hash)
    draft.originalIs({ hash: read.hash, sizeBytes: read.stat.sizeBytes, mtimeMs: read.stat.mtimeMs }, read.stat)
    return { isKnown: false, hash: read.hash }
  }
  draft.originalIsDamaged(read.hash)
  return 'not-to-be-believed'
}

/** Whether what the original was is known to have come to any place, whatever became of it there. */
function wasCopied({ copies, oldCopies, version }: FileRow): boolean {
  const old = oldCopies.filter(({ hash }) => hash === version.hash)
  return [...copies.values(), ...old].some(({ placeId, state }) => placeId !== WORKING && state !== 'planned')
}

/** Somebody worked on the original: did only what is said about the picture change, or has the picture rotted too? Then the good copies are
 *  left alone. Asked only of places whose copy is what was written, and before anything is moved there. */
async function judgeChange(
  run: BackupRun,
  { row, folder }: ShootInRun,
  draft: RecordDraft,
  { known, places, scanned: { name } }: FilePlan,
  original: Original,
): Promise<Original | 'not-to-be-believed'> {
  if (!known) return original
  const good = run.livePlaces().filter(({ id }) => places.get(id) === 'good')
  const changed = { shoot: row, name, file: path.join(folder, name), version: known.version }
  const change = await pictureChange(run, good, { ...changed, copies: known.copies.values() })
  if (change?.kind === 'unsure') run.warn(unsureWhether(row.key, name, change.why))
  if (change?.kind !== 'rotten') return original
  draft.originalIsRotten(editedAndRotten(change.wrongBytes))
  return 'not-to-be-believed'
}

/** Without a drive to copy to, reading is all there is to do: the hash that is taken now is the reference for every copy to come. */
async function learnOriginal(run: BackupRun, draft: RecordDraft, plan: FilePlan): Promise<void> {
  const read = await readOriginal(run, draft, plan.scanned.sizeBytes)
  if (read) draft.originalIs({ hash: read.hash, sizeBytes: read.stat.sizeBytes, mtimeMs: read.stat.mtimeMs }, read.stat)
}

async function readOriginal(
  run: BackupRun,
  draft: RecordDraft,
  sizeBytes: number,
): Promise<{ hash: Hash; stat: FileStat } | undefined> {
  const { result } = await run.deps.pool.run({ kind: 'hash', file: draft.originalPath, sizeBytes, fromDevice: false })
  if (!('failure' in result)) return result
  draft.originalFailed(result.failure)
  return undefined
}

/** @returns what is to be sent to this place, if anything */
async function judgePlace(
  run: BackupRun,
  draft: RecordDraft,
  plan: FilePlan,
  original: Original,
  place: OpenPlace,
  condition: PlaceCondition,
): Promise<Target | undefined> {
  if ((condition === 'good' || condition === 'unproven') && original.isKnown) return undefined
  const wasMoved = await draft.lookForMoved(place)
  switch (condition) {
    case 'good':
    case 'unproven':
      return draft.targetKeeping(place, plan.known?.version)
    case 'absent':
      return draft.target(place)
    case 'lost':
      draft.isEmptyAt(place)
      draft.warnLost(place)
      return draft.target(place)
    case 'altered':
    case 'foreign':
      return judgeFound(run, draft, plan, original, place, condition, wasMoved)
  }
}

/** Something lies under the final name that is not what was last written there. Its hash decides what becomes of it.
 *  @param wasMoved  what was last written there lies in Versions/: a run that was killed has put a later content of this file in its place, and
 *                   that is no damage */
async function judgeFound(
  run: BackupRun,
  draft: RecordDraft,
  plan: FilePlan,
  original: Original,
  place: OpenPlace,
  condition: 'altered' | 'foreign',
  wasMoved: boolean,
): Promise<Target | undefined> {
  const { result } = await run.deps.pool.run({
    kind: 'hash',
    file: draft.pathAt(place),
    sizeBytes: plan.scanned.sizeBytes,
    fromDevice: true,
  })
  if ('failure' in result) return judgeUnreadable(draft, place, result.failure)
  const { hash, how, stat } = result
  if (original.hash === undefined && stat.sizeBytes === plan.scanned.sizeBytes) {
    const read = await readOriginal(run, draft, plan.scanned.sizeBytes)
    if (!read) return undefined
    original.hash = read.hash
    draft.originalIs({ hash: read.hash, sizeBytes: read.stat.sizeBytes, mtimeMs: read.stat.mtimeMs }, read.stat)
  }
  if (hash === original.hash) {
    draft.adopt(place, { hash, how, stat }, condition)
    return undefined
  }
  const earlier = draft.knownVersion(hash)
  if (earlier || condition === 'foreign' || wasMoved)
    return draft.targetKeeping(place, { hash, sizeBytes: stat.sizeBytes, mtimeMs: stat.mtimeMs }, { how, stat })
  draft.foundDamaged(place, hash, how)
  return draft.targetQuarantining(place, hash, stat)
}

function judgeUnreadable(draft: RecordDraft, place: OpenPlace, failure: Failure): Target | undefined {
  if (failure.kind === 'vanished') return draft.target(place)
  if (failure.kind !== 'stopped') draft.foundUnreadable(place, failure)
  return undefined
}

async function send(
  run: BackupRun,
  draft: RecordDraft,
  plan: FilePlan,
  original: Original,
  targets: readonly Target[],
): Promise<void> {
  let waiting = targets
  for (let attempt = 1; waiting.length > 0 && attempt <= TRIES; attempt++) {
    const { source, targets: outcomes } = await run.deps.pool.run({
      kind: 'copy',
      from: draft.originalPath,
      expected: plan.scanned,
      targets: waiting,
      ...(original.hash === undefined ? {} : { mustHash: original.hash }),
    })
    if ('failure' in source) {
      for (const outcome of outcomes) noteMoved(draft, waiting, outcome)
      draft.originalFailed(source.failure)
      return
    }
    if (original.hash !== undefined && source.hash !== original.hash) {
      if (original.isKnown) draft.originalIsDamaged(source.hash)
      else draft.originalFailed({ kind: 'source-changing', message: 'it changed between two reads' })
      return
    }
    if (attempt === 1)
      draft.originalIs(
        { hash: source.hash, sizeBytes: source.stat.sizeBytes, mtimeMs: source.stat.mtimeMs },
        source.stat,
      )
    // Whatever goes to a place in a further try must be this very content: it is what the record says.
    original.hash = source.hash
    if (attempt === 1 && plan.known && !original.isKnown && wasCopied(plan.known) && isRaw(plan.scanned.name))
      draft.warnRawChanged()
    const next: Target[] = []
    for (const outcome of outcomes) {
      const wasOvertaken = attempt < TRIES && isOvertaken(run, waiting, outcome)
      if (!wasOvertaken) next.push(...takeOutcome(draft, waiting, outcome, source.hash, attempt))
      else {
        noteMoved(draft, waiting, outcome)
        const place = run.placeNamed(outcome.place)
        const target = await judgeFound(run, draft, plan, original, place, 'foreign', false)
        if (target) next.push(target)
      }
    }
    waiting = next
  }
}

/** Where several computers back up one folder, another one may have brought this file, or another content of it, to the same place since it
 *  was planned. A drive to which upper and lower case are one has another file there instead. */
function isOvertaken(run: BackupRun, targets: readonly Target[], { place, result }: TargetOutcome): boolean {
  const target = targets.find((each) => each.place === place)
  if (!target || result.kind !== 'failed' || result.failure.kind !== 'name-taken') return false
  return target.old !== undefined || run.deps.files.list(target.folder).some(({ name }) => name === target.name)
}

function noteMoved(draft: RecordDraft, targets: readonly Target[], outcome: TargetOutcome): void {
  const target = targets.find((each) => each.place === outcome.place)
  if (target && outcome.movedOld) draft.moved(target)
}

/** @returns the target when it is worth another try */
function takeOutcome(
  draft: RecordDraft,
  targets: readonly Target[],
  outcome: TargetOutcome,
  hash: Hash,
  attempt: number,
): Target[] {
  const target = targets.find((each) => each.place === outcome.place)
  if (!target) return []
  noteMoved(draft, targets, outcome)
  const { result } = outcome
  if (result.kind === 'refused') return []
  if (result.kind === 'copied') {
    draft.copied(target, { hash, how: result.how satisfies ReadMethod, stat: result.stat })
    return []
  }
  if (result.failure.kind === 'differs-after-write' && attempt < TRIES) {
    draft.noteFailedTry(target, result.failure)
    return [target]
  }
  draft.copyFailed(target, result.failure)
  return []
}
