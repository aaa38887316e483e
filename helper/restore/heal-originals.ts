// Healing originals that a verification found rotten: only when asked for, only where size and date still stand as they were at the last good
// read (else somebody worked on the file, and it is a new version, not damage), and never losing what lay there: it stays beside the new one
// as `name (damaged 2026-11-23).ext`, because a folder Quarantine/ among originals would become a shoot. An exchange that was killed half-way
// is known by that name, and gone on with.
import path from 'node:path'
import { SafelightError } from '../errors.js'
import type { HashOutcome, Target } from '../engine/jobs.js'
import { editedAndRotten, pictureChange, unsureWhether } from '../engine/picture-change.js'
import { filesOfShoot, saveCopy, saveFile } from '../journal/files.js'
import { historyOfShoot, type FileHistory, type PastVersion } from '../journal/history.js'
import { sourceById, type ShootRow } from '../journal/shoots.js'
import { isSafeRelativePath } from '../manifest/manifest.js'
import { WORKING, type FileStat } from '../model.js'
import { triedInWords, type Failed } from './copies.js'
import type { HealRun } from './heal-run.js'
import { bring, goodCopies } from './heal-source.js'
import { besideName, dayOf, isBeside } from './plan.js'
import { clearBelow } from './select.js'
import { folderBelow, openBase, originalBase } from './target.js'

export async function healOriginals(run: HealRun, shoot: ShootRow, isAllowed: boolean): Promise<void> {
  const { journal } = run.engine.deps
  const known = filesOfShoot(journal, shoot.id)
  const rotten = [...known.values()].filter((file) => file.copies.get(WORKING)?.state === 'damaged')
  if (rotten.length === 0 || isStopped(run)) return
  if (!isAllowed) {
    for (const { name } of rotten.filter(({ goneMs }) => goneMs === undefined))
      find(
        run,
        shoot,
        name,
        'the original is damaged and was left alone. To replace it by a good copy: safelight heal --originals',
      )
    return
  }
  const place = await placeOf(run, shoot)
  if (!place) return
  if (!run.isDryRun) clearBelow(run.engine.deps, place.base, place.folder)
  const history = new Map(historyOfShoot(journal, shoot.id).map((file) => [file.name, file]))
  for (const { name, version, sizeBytes, mtimeMs, goneMs } of rotten) {
    if (isStopped(run)) return
    const file = history.get(name)
    const past = file?.versions.find((each) => each.id === version.id)
    const facts = { asRead: { sizeBytes, mtimeMs }, isKnownGone: goneMs !== undefined }
    if (file && past) await healOriginal(run, { shoot, file, version: past, ...facts, ...place })
  }
}

/** Where the originals of a shoot lie now; what keeps them out of reach is said. */
async function placeOf(
  run: HealRun,
  shoot: ShootRow,
): Promise<{ base: string; identity: string; folder: string } | undefined> {
  const { deps } = run.engine
  try {
    const base = await originalBase(deps, sourceById(deps.journal, shoot.sourceId))
    if (deps.files.stat(base.path)?.kind !== 'folder') return undefined
    return { base: base.path, identity: openBase(deps.files, base), folder: folderBelow(deps.journal, base, shoot) }
  } catch (error) {
    if (!(error instanceof SafelightError)) throw error
    run.engine.warn(`${error.message} ${error.remedy}`)
    return undefined
  }
}

interface RottenOriginal {
  readonly shoot: ShootRow
  readonly file: FileHistory
  readonly version: PastVersion
  /** What it showed at its last good read. */
  readonly asRead: { readonly sizeBytes: number; readonly mtimeMs: number }
  /** A backup since then has found that it is not there any more. */
  readonly isKnownGone: boolean
  readonly base: string
  readonly identity: string
  readonly folder: string
}

async function healOriginal(run: HealRun, original: RottenOriginal): Promise<void> {
  const { shoot, file, version, asRead, isKnownGone, folder } = original
  if (!isSafeRelativePath(file.name) || file.name.includes('/')) return
  const now = await read(run, path.join(folder, file.name), asRead.sizeBytes)
  if ('failure' in now) {
    const [aside] = now.failure.kind === 'vanished' ? damagedBeside(run, original) : []
    if (aside === undefined && isKnownGone) return
    run.tally.checked += 1
    if (aside !== undefined) return exchange(run, original, { aside, isMoved: true })
    const why =
      now.failure.kind === 'vanished'
        ? 'the damaged original is not there any more. To have a good one there again: safelight restore'
        : `the original cannot be read (${now.failure.message}); nothing was touched`
    find(run, shoot, file.name, why)
    return
  }
  run.tally.checked += 1
  if (now.hash === version.hash) {
    run.tally.good += 1
    if (!run.isDryRun) record(run, original, now.stat, now.how)
    return
  }
  if (now.stat.sizeBytes !== asRead.sizeBytes || now.stat.mtimeMs !== asRead.mtimeMs) {
    const changed = { shoot, name: file.name, file: path.join(folder, file.name), version, copies: version.copies }
    const change = await pictureChange(run.engine, run.engine.livePlaces(), changed)
    if (change?.kind === 'rotten') find(run, shoot, file.name, editedAndRotten(change.wrongBytes))
    else if (change?.kind === 'unsure') run.engine.warn(unsureWhether(shoot.key, file.name, change.why))
    else
      run.engine.warn(
        `${shoot.key}/${file.name} has been worked on since it was found damaged and was left alone; back it up again`,
      )
    return
  }
  for (const aside of damagedBeside(run, original)) {
    const beside = await read(run, path.join(folder, aside), asRead.sizeBytes)
    if ('hash' in beside && beside.hash === now.hash) return exchange(run, original, { aside, isMoved: false })
  }
  return exchange(run, original, { aside: freeName(run, folder, file.name), isMoved: false })
}

async function read(run: HealRun, file: string, sizeBytes: number): Promise<HashOutcome['result']> {
  return (await run.engine.deps.pool.run({ kind: 'hash', file, sizeBytes, fromDevice: true })).result
}

/** What an exchange that was killed has set aside: it looks as the damaged original did. */
function damagedBeside(run: HealRun, { folder, file, asRead }: RottenOriginal): string[] {
  const { files } = run.engine.deps
  if (files.stat(folder)?.kind !== 'folder') return []
  return files
    .list(folder)
    .filter(({ name, kind }) => kind === 'file' && isBeside(file.name, 'damaged', name))
    .map(({ name }) => name)
    .sort()
    .filter((name) => {
      const stat = files.stat(path.join(folder, name))
      return stat?.sizeBytes === asRead.sizeBytes && stat.mtimeMs === asRead.mtimeMs
    })
}

/** @param isMoved  the damaged one has its new name only, and nothing lies under the old one */
async function exchange(
  run: HealRun,
  original: RottenOriginal,
  { aside, isMoved }: { readonly aside: string; readonly isMoved: boolean },
): Promise<void> {
  const { shoot, file, version, asRead, base, identity, folder } = original
  const target: Target = {
    place: WORKING,
    root: base,
    marker: identity,
    rootIsFolder: true,
    folder,
    name: file.name,
    ...(isMoved ? {} : { moveOldTo: path.join(folder, aside) }),
  }
  const failed: Failed[] = []
  const copy = { versionId: version.id, placeId: WORKING, state: 'damaged', path: file.name, ...asRead } as const
  for (const source of goodCopies(run, { shoot, place: undefined, file, version, copy }, failed)) {
    const came = await bring(run, version, source, target)
    if (came.kind === 'bad-copy') {
      failed.push(came.failed)
      continue
    }
    if (came.kind === 'failed') {
      if (came.failure.kind === 'stopped') return
      const where = came.movedOld || isMoved ? ` The damaged one is ${aside} now.` : ''
      find(
        run,
        shoot,
        file.name,
        `a good copy is there, and could not be put in its place (${came.failure.message}).${where}`,
      )
      return
    }
    if (came.kind === 'copied') {
      run.tally.bytesCopied += version.sizeBytes
      record(run, original, came.stat, came.how)
    }
    run.healed.push({
      place: WORKING,
      shoot: shoot.key,
      file: file.name,
      was: 'damaged',
      from: source.where,
      quarantined: aside,
    })
    return
  }
  const tried = failed.length === 0 ? 'No other copy is known.' : failed.map(triedInWords).join('; ')
  find(
    run,
    shoot,
    file.name,
    `the original is damaged, and no copy in reach matches the reference, so nothing was touched. ${tried}`,
  )
}

function record(
  run: HealRun,
  { shoot, file, version }: RottenOriginal,
  stat: FileStat,
  how: 'direct' | 'cached',
): void {
  const { journal, clock } = run.engine.deps
  journal.transaction(() => {
    saveFile(journal, shoot.id, file.name, stat)
    saveCopy(journal, {
      versionId: version.id,
      placeId: WORKING,
      path: file.name,
      state: 'verified',
      sizeBytes: stat.sizeBytes,
      mtimeMs: stat.mtimeMs,
      provenMs: clock(),
      provenHow: how,
    })
  })
}

function isStopped({ engine }: HealRun): boolean {
  return engine.signal.aborted
}

function freeName(run: HealRun, folder: string, name: string): string {
  const day = dayOf(run.engine.deps.clock())
  for (let n = 1; ; n++) {
    const candidate = besideName(name, 'damaged', day, n)
    if (run.engine.deps.files.stat(path.join(folder, candidate)) === undefined) return candidate
  }
}

function find(run: HealRun, shoot: ShootRow, file: string, message: string): void {
  run.engine.find({ kind: 'damaged', place: WORKING, shoot: shoot.key, file, message })
}
