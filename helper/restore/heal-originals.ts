// Healing originals that a verification found rotten: only when asked for, only where size and date still stand as they were at the last good
// read (else somebody worked on the file, and it is a new version, not damage), and never losing what lay there: it stays beside the new one
// as `name (damaged 2026-11-23).ext`, because a folder Quarantine/ among originals would become a shoot.
import path from 'node:path'
import { SafelightError } from '../errors.js'
import type { Target } from '../engine/jobs.js'
import { filesOfShoot, saveCopy, saveFile } from '../journal/files.js'
import { historyOfShoot, type FileHistory, type PastVersion } from '../journal/history.js'
import { sourceById, type ShootRow } from '../journal/shoots.js'
import { isSafeRelativePath } from '../manifest/manifest.js'
import { WORKING, type FileStat } from '../model.js'
import { triedInWords, type Failed } from './copies.js'
import { bring, goodCopies, type HealRun } from './heal-copies.js'
import { besideName, dayOf } from './plan.js'
import { clearBelow } from './select.js'
import { folderBelow, openBase, originalBase } from './target.js'

export async function healOriginals(run: HealRun, shoot: ShootRow, isAllowed: boolean): Promise<void> {
  const { journal } = run.engine.deps
  const known = filesOfShoot(journal, shoot.id)
  const rotten = [...known.values()].filter(
    (file) => file.goneMs === undefined && file.copies.get(WORKING)?.state === 'damaged',
  )
  if (rotten.length === 0 || isStopped(run)) return
  if (!isAllowed) {
    for (const { name } of rotten)
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
  for (const { name, version, sizeBytes, mtimeMs } of rotten) {
    if (isStopped(run)) return
    const file = history.get(name)
    const past = file?.versions.find((each) => each.id === version.id)
    if (file && past) await healOriginal(run, { shoot, file, version: past, asRead: { sizeBytes, mtimeMs }, ...place })
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
  readonly base: string
  readonly identity: string
  readonly folder: string
}

async function healOriginal(run: HealRun, original: RottenOriginal): Promise<void> {
  const { shoot, file, version, asRead, base, identity, folder } = original
  const { pool } = run.engine.deps
  if (!isSafeRelativePath(file.name) || file.name.includes('/')) return
  const at = path.join(folder, file.name)
  const { result } = await pool.run({ kind: 'hash', file: at, sizeBytes: asRead.sizeBytes, fromDevice: true })
  run.tally.checked += 1
  if ('failure' in result) {
    find(run, shoot, file.name, `the original cannot be read (${result.failure.message}); nothing was touched`)
    return
  }
  if (result.hash === version.hash) {
    run.tally.good += 1
    if (!run.isDryRun) record(run, original, result.stat, result.how)
    return
  }
  if (result.stat.sizeBytes !== asRead.sizeBytes || result.stat.mtimeMs !== asRead.mtimeMs) {
    run.engine.warn(
      `${shoot.key}/${file.name} has been worked on since it was found damaged and was left alone; back it up again`,
    )
    return
  }
  const aside = freeName(run, folder, file.name)
  const target: Target = {
    place: WORKING,
    root: base,
    marker: identity,
    rootIsFolder: true,
    folder,
    name: file.name,
    moveOldTo: path.join(folder, aside),
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
      const where = came.movedOld ? ` The damaged one is ${aside} now.` : ''
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
