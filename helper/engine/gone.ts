// Originals that are no longer where they were. What was moved or renamed is recognised by its content, which lies under another name now; the
// rest is lost to the library. When that is more than anybody loses on purpose, nothing is removed anywhere until the user has said so, or until
// the contents turn up again: Lightroom tells of a move only with the next backup of its catalog.
import { systemCode } from '../errors.js'
import type { DurableFiles } from '../files/durable.js'
import { markGone } from '../journal/files.js'
import { goneSince, noteMoved, twinsOf, type Twin } from '../journal/referenced.js'
import { raiseHold, releaseHold, standingHold } from '../journal/rehearsals.js'
import { countKnownFiles } from '../journal/retained.js'
import { isRaw } from './file-kinds.js'
import type { PreparedShoot } from './prepare.js'
import type { BackupRun } from './run.js'

/** More than anybody loses on purpose in one pass: a wrong swipe, a program gone wild, an encrypted disk. */
const LOSS_FILES = 100
const LOSS_SHARE = 0.05

export function markGoneFiles(run: BackupRun, prepared: readonly PreparedShoot[]): void {
  if (run.sourceFailure || run.signal.aborted) return
  const { journal, clock } = run.deps
  const gone = prepared.flatMap(({ shoot, plan }) =>
    plan.gone.filter((file) => file.goneMs === undefined).map((file) => ({ shoot, file })),
  )
  const ids = new Set(gone.map(({ file }) => file.id))
  const moved = new Map(
    gone.flatMap(({ file }) => {
      const to = whereNow(run, file.id, ids)
      return to === undefined ? [] : [[file.id, to] as const]
    }),
  )
  brake(run, prepared, gone.length - moved.size)
  journal.transaction(() => {
    markGone(journal, [...ids], clock())
    // Of earlier runs as well: the file of the new name may have been brought since.
    noteMoved(journal, clock())
  })
  const said = (which: typeof gone) =>
    [...new Set(which.map(({ shoot }) => `"${shoot.row.key}"`))].slice(0, 3).join(', ')
  const lost = gone.filter(({ file }) => !moved.has(file.id))
  const found = gone.filter(({ file }) => moved.has(file.id))
  if (lost.length > 0)
    run.warn(
      `${lost.length} original${lost.length === 1 ? ' is' : 's are'} no longer in ${said(lost)}; every copy of them is kept`,
    )
  const [first] = found
  if (first)
    run.warn(
      `${found.length} original${found.length === 1 ? ' was' : 's were'} moved or renamed from ${said(found)} and recognised by content (${first.file.name} is now ${moved.get(first.file.id) ?? ''}); copies under the earlier names are kept`,
    )
  reconsiderHold(run)
}

/** @returns the path of an original with the same content, which is there now in its size */
function whereNow({ deps }: BackupRun, fileId: number, gone: ReadonlySet<number>): string | undefined {
  return twinsOf(deps.journal, fileId).find((twin) => !gone.has(twin.fileId) && isThere(deps.files, twin))?.path
}

/** What cannot even be looked at (a failing disk, a folder that was closed to us) has not been found again. */
function isThere(files: DurableFiles, { path, sizeBytes }: Twin): boolean {
  try {
    return files.stat(path)?.sizeBytes === sizeBytes
  } catch (error) {
    if (systemCode(error) === '') throw error
    return false
  }
}

/** Raws are what no program rewrites; sidecars and pictures that Lightroom writes into change by the hundred every day. */
function brake(run: BackupRun, prepared: readonly PreparedShoot[], gone: number): void {
  const { journal, clock } = run.deps
  const changed = prepared.reduce(
    (sum, { plan }) =>
      sum + plan.files.filter(({ source, scanned }) => source === 'changed' && isRaw(scanned.name)).length,
    0,
  )
  // Counting goes through every file that is known.
  if (gone + changed < LEAST) return
  const of = countKnownFiles(journal)
  if (!isMassLoss(gone + changed, of)) return
  journal.transaction(() => raiseHold(journal, { sinceMs: clock(), gone, changed, of }))
  run.warn(
    `${gone} of ${of} known originals are gone and ${changed} changed in one pass. Nothing is removed from any place until you say that this is so on purpose: safelight prune --release-hold`,
  )
}

/** One file is no mass, however few there are. */
const LEAST = 2

function isMassLoss(lost: number, of: number): boolean {
  return lost >= LEAST && (lost > LOSS_FILES || lost > of * LOSS_SHARE)
}

/** What seemed lost, and lies elsewhere among the originals, was moved. */
function reconsiderHold(run: BackupRun): void {
  const { journal } = run.deps
  const hold = standingHold(journal)
  if (!hold || hold.changed > 0) return
  const gone = goneSince(journal, hold.sinceMs)
  const still = gone.filter((id) => whereNow(run, id, new Set()) === undefined).length
  if (gone.length < hold.gone || isMassLoss(still, hold.of)) return
  journal.transaction(() => releaseHold(journal))
  run.warn(
    `${gone.length - still} of the ${hold.gone} originals that were missed were moved or renamed, and recognised by content. The hold on removals is released`,
  )
}
