// `catalog restore`: the set of one snapshot comes back together — .lrcat-data first, then the -wal, the .lrcat last, so that no moment
// leaves a catalog without what belongs to it. Never over a differing file, never beside a catalog that is open. What an earlier catalog
// left there under the same name (-wal, -shm, -journal) is moved away, because SQLite would replay it into the restored one.
import path from 'node:path'
import { SafelightError } from '../errors.js'
import { makeFolders, type DurableFiles } from '../files/durable.js'
import { isCatalogQuiet, type LockFile } from './quiet.js'
import { readLock } from './live.js'
import type { CatalogFolder } from './store.js'
import { fetchStored, readBack, type StoreDeps } from './stored-file.js'
import { blobFile, type StoredBackup } from './wholeness.js'
import type { StoredDataFile, StoredPart } from './record.js'

export interface RestoreDeps extends StoreDeps {
  readonly findLightroom: () => Promise<readonly number[] | 'unknown'>
  readonly now: () => number
}

export interface RestoredCatalog {
  readonly backup: StoredBackup
  /** Absolute path of the restored .lrcat. */
  readonly catalog: string
  /** Restored files, absolute, in the order they were written; those that were there already and the same are in `alreadyThere`. */
  readonly written: readonly string[]
  readonly alreadyThere: readonly string[]
  /** What lay in the way and was moved, with where it is now. */
  readonly movedAway: readonly { readonly from: string; readonly to: string }[]
  readonly staleLock?: LockFile
}

/** The newest good backup taken at or before `asOfMs`.
 *  @returns undefined when there is none; then `newestOfAny` may still be offered, with its verdict said */
export function chooseBackup(folder: CatalogFolder, asOfMs?: number): StoredBackup | undefined {
  return candidates(folder, asOfMs).findLast(({ record }) => record.verdict === 'good')
}

export function newestOfAny(folder: CatalogFolder, asOfMs?: number): StoredBackup | undefined {
  return candidates(folder, asOfMs).at(-1)
}

/** Puts one backup into `to`.
 *  @param to  a folder, made when it is not there; its parent must exist
 *  @throws CATALOG_IN_USE, NAME_TAKEN before anything was written; COPY_MISSING, COPY_DIFFERS when the backup is not whole */
export async function restoreCatalog(
  deps: RestoreDeps,
  backup: StoredBackup,
  to: string,
  signal?: AbortSignal,
): Promise<RestoredCatalog> {
  const main = backup.record.files.find(({ role }) => role === 'catalog')
  if (!main) throw incomplete(backup, 'its catalog')
  const catalog = path.join(to, main.name)
  const dataFolder = catalog.replace(/\.lrcat$/i, '') + '.lrcat-data'
  requireWhole(deps.files, backup)
  const staleLock = await requireUnlocked(deps, catalog)
  requireFree(deps, backup, main, to, dataFolder)

  makeFolders(deps.files, path.dirname(to), to)
  const movedAway = moveLeftovers(deps, backup, catalog)
  const [written, alreadyThere]: [string[], string[]] = [[], []]
  const bring = async (from: string, target: string, file: StoredPart | StoredDataFile, isPacked: boolean) => {
    signal?.throwIfAborted()
    if (deps.files.stat(target)) return void alreadyThere.push(target)
    makeFolders(deps.files, to, path.dirname(target))
    const mtimeMs = Date.parse(file.modifiedAt)
    await fetchStored(deps, from, target, { isPacked, mustHash: file.hash, mtimeMs, ...(signal ? { signal } : {}) })
    written.push(target)
  }
  if (backup.record.data) makeFolders(deps.files, to, dataFolder)
  for (const blob of backup.record.data ?? [])
    await bring(
      blobFile(path.dirname(backup.folder), blob),
      path.join(dataFolder, ...blob.name.split('/')),
      blob,
      false,
    )
  const lastIsMain = backup.record.files.filter(({ role }) => role !== 'catalog').concat(main)
  for (const part of lastIsMain)
    await bring(path.join(backup.folder, part.storedAs), path.join(to, part.name), part, part.storedAs.endsWith('.gz'))
  return { backup, catalog, written, alreadyThere, movedAway, ...(staleLock ? { staleLock } : {}) }
}

function candidates({ backups }: CatalogFolder, asOfMs: number | undefined): StoredBackup[] {
  return backups.filter(({ record }) => asOfMs === undefined || Date.parse(record.takenAt) <= asOfMs)
}

function requireWhole(files: DurableFiles, backup: StoredBackup): void {
  const gone = [
    ...backup.record.files.filter((part) => !files.stat(path.join(backup.folder, part.storedAs))),
    ...(backup.record.data ?? []).filter((blob) => !files.stat(blobFile(path.dirname(backup.folder), blob))),
  ]
  if (gone[0])
    throw incomplete(backup, gone.length === 1 ? gone[0].name : `${gone[0].name} and ${gone.length - 1} more files`)
}

async function requireUnlocked(deps: RestoreDeps, catalog: string): Promise<LockFile | undefined> {
  const lock = await readLock(catalog)
  if (!lock) return undefined
  const still = {
    main: { sizeBytes: 0, mtimeMs: 0, inode: 0 },
    wal: undefined,
    journal: undefined,
    shm: undefined,
    data: undefined,
  }
  const quiet = isCatalogQuiet({ lightroom: await deps.findLightroom(), lock, before: still, after: still })
  if (quiet.kind === 'quiet') return lock
  throw new SafelightError('CATALOG_IN_USE', {
    message: `${path.basename(catalog)} is open in Lightroom. Nothing was restored.`,
    remedy: 'Quit Lightroom, or give another folder with --to.',
  })
}

/** Looks at everything before anything is written. */
function requireFree(deps: RestoreDeps, backup: StoredBackup, main: StoredPart, to: string, dataFolder: string): void {
  const inTheWay: string[] = []
  const isOther = (target: string, { sizeBytes, hash }: { sizeBytes: number; hash: string }) => {
    const found = deps.files.stat(target)
    return (
      found !== undefined &&
      (found.kind !== 'file' || found.sizeBytes !== sizeBytes || readBack(deps, target).bytes.hash !== hash)
    )
  }
  if (isOther(path.join(to, main.name), main)) inTheWay.push(main.name)
  const wanted = new Map((backup.record.data ?? []).map((blob) => [blob.name, blob]))
  if (deps.files.stat(dataFolder)?.kind === 'folder')
    for (const name of filesBelow(deps.files, dataFolder)) {
      const blob = wanted.get(name)
      if (!blob || isOther(path.join(dataFolder, ...name.split('/')), blob))
        inTheWay.push(`${path.basename(dataFolder)}/${name}`)
    }
  if (inTheWay.length === 0) return
  throw new SafelightError('NAME_TAKEN', {
    message: `${to} already holds another ${inTheWay[0] ?? main.name}. Nothing was restored and nothing there was touched.`,
    remedy: 'Give an empty folder with --to, and move the catalog from there when you have looked at it.',
  })
}

function filesBelow(files: DurableFiles, folder: string, prefix = ''): string[] {
  return files.list(path.join(folder, prefix)).flatMap((entry) => {
    const name = prefix === '' ? entry.name : `${prefix}/${entry.name}`
    return entry.kind === 'folder' ? filesBelow(files, folder, name) : [name]
  })
}

/** A -wal of another moment is replayed without complaint, so it may not stay under that name. One that is the very file of this backup
 *  may: it is what an interrupted restore of the same backup put there. */
function moveLeftovers(deps: RestoreDeps, backup: StoredBackup, catalog: string): { from: string; to: string }[] {
  const moved: { from: string; to: string }[] = []
  for (const suffix of ['-wal', '-shm', '-journal']) {
    const from = `${catalog}${suffix}`
    const found = deps.files.stat(from)
    if (!found) continue
    const own = backup.record.files.find(({ name }) => name === path.basename(from))
    if (own?.sizeBytes === found.sizeBytes && readBack(deps, from).bytes.hash === own.hash) continue
    const stamp = new Date(deps.now()).toISOString().replace(/[:.]/g, '-')
    let to = `${from}.moved-${stamp}`
    for (let number = 2; deps.files.stat(to); number += 1) to = `${from}.moved-${stamp}-${number}`
    deps.files.rename(from, to)
    deps.files.syncFolder(path.dirname(from))
    moved.push({ from, to })
  }
  return moved
}

function incomplete(backup: StoredBackup, what: string): SafelightError {
  return new SafelightError('COPY_MISSING', {
    message: `The catalog backup of ${backup.stamp} is not whole: ${what} is missing from it. Nothing was restored.`,
    remedy: 'Restore from another place, or choose an earlier backup with --as-of.',
  })
}
