// A catalog backup from beginning to end, for one place or several: snapshot, open, judge, store. What the engine runs after Lightroom has
// quit and what `catalog backup` runs by hand. May be run again after any crash: it finds what is already stored.
import path from 'node:path'
import { readFile } from 'node:fs/promises'
import { SafelightError, systemCode } from '../errors.js'
import { inspectCopy, isThoroughDue, type CatalogFacts } from './inspect.js'
import { judgeBackup, judgeDataFall, worst, type DataFacts, type Judgement, type LastGood } from './judge.js'
import { dataFolderOf } from './live.js'
import { dataBytesOf, freeStamp, isCalledLike, isoOf, stampOf, type BackupRecord } from './record.js'
import {
  discardSnapshot,
  isSnapshotCurrent,
  takeSnapshot,
  type CatalogSnapshot,
  type SnapshotDeps,
  type SnapshotOptions,
} from './snapshot.js'
import { isImmutable, listCatalogs, storeBackup, type CatalogFolder, type StoreResult } from './store.js'
import type { StoreDeps } from './stored-file.js'

export interface BackupOptions extends SnapshotOptions {
  /** The `Safelight` folders of the places. */
  readonly roots: readonly string[]
  /** Stamps of the backups of this catalog that are known to be at other places. */
  readonly taken?: readonly string[]
  readonly isFallAccepted?: boolean
  /** Called with the snapshot once it is stored and before it is thrown away. */
  readonly onStored?: (snapshot: CatalogSnapshot, judgement: Judgement) => Promise<void>
}

export interface CatalogBackup {
  readonly facts: CatalogFacts
  readonly judgement: Judgement
  readonly takenAtMs: number
  readonly staleLock?: CatalogSnapshot['staleLock']
  readonly state: CatalogSnapshot['state']
  readonly places: readonly { readonly root: string; readonly result: Exclude<StoreResult, { kind: 'moved' }> }[]
  /** Places that failed while others were completed. */
  readonly failures: readonly { readonly root: string; readonly error: unknown }[]
}

const MOVED_ATTEMPTS = 3

/** @throws CATALOG_IN_USE, SOURCE_CHANGING, SOURCE_MISSING, and what storing throws when it failed at every place */
export async function backUpCatalog(
  deps: SnapshotDeps & StoreDeps,
  catalog: string,
  options: BackupOptions,
): Promise<CatalogBackup> {
  for (let attempt = 1; ; attempt += 1) {
    const snapshot = await takeSnapshot(catalog, deps, options)
    try {
      const done = await storeSnapshot(deps, snapshot, options)
      if (done) return done
    } finally {
      await discardSnapshot(snapshot)
    }
    if (attempt === MOVED_ATTEMPTS)
      throw new SafelightError('SOURCE_CHANGING', {
        message: `${path.basename(catalog)} or its .lrcat-data changed ${attempt} times while the backup was stored. It does not count.`,
        remedy: 'Quit Lightroom; the backup then goes on by itself.',
      })
  }
}

/** Opens a snapshot and judges it against the last good backup among `records`. */
export async function examineSnapshot(
  snapshot: CatalogSnapshot,
  records: readonly BackupRecord[],
  { isFallAccepted = false, signal }: { readonly isFallAccepted?: boolean; readonly signal?: AbortSignal } = {},
): Promise<{ facts: CatalogFacts; judgement: Judgement }> {
  const newestFirst = [...records].sort((a, b) => Date.parse(b.takenAt) - Date.parse(a.takenAt))
  const lastThorough = newestFirst.find(({ checks }) => checks.integrity === 'ok')
  const sizeBytes = snapshot.parts[0]?.sizeBytes ?? 0
  const isThorough = isThoroughDue(sizeBytes, lastThorough && Date.parse(lastThorough.takenAt), snapshot.takenAtMs)
  const facts = await inspectCopy(snapshot.copy, { isThorough }, signal)
  const lastGood = lastGoodOf(newestFirst)
  const data = await dataFactsOf(snapshot, newestFirst[0])
  const judged = judgeBackup({
    facts,
    isFallAccepted,
    surroundings: { hasOrphanShm: snapshot.hasOrphanShm, data },
    ...(lastGood ? { lastGood } : {}),
  })
  const dataBytes = (snapshot.data ?? []).reduce((total, file) => total + file.sizeBytes, 0)
  const fall = judgeDataFall(dataBytes, lastGood, isFallAccepted)
  const reasons = fall ? [...judged.reasons, fall] : judged.reasons
  return { facts, judgement: { verdict: worst(reasons), reasons } }
}

/** @returns undefined when the live catalog moved while it was stored: then a new snapshot is due */
async function storeSnapshot(
  deps: SnapshotDeps & StoreDeps,
  snapshot: CatalogSnapshot,
  { roots, taken = [], isFallAccepted = false, onStored, signal }: BackupOptions,
): Promise<CatalogBackup | undefined> {
  const catalogs = roots.flatMap((root) => listCatalogs(deps.files, root))
  const records = catalogs
    .flatMap(({ backups }) => backups.map(({ record }) => record))
    .filter((record) => record.catalog === snapshot.catalog)
  const { facts, judgement } = await examineSnapshot(snapshot, records, {
    isFallAccepted,
    ...(signal ? { signal } : {}),
  })
  const places: { root: string; result: Exclude<StoreResult, { kind: 'moved' }> }[] = []
  const failures: { root: string; error: unknown }[] = []
  // One name at every place: a bucket is sent whichever of them it comes to first, and would put one backup in the place of another if two drives
  // called two of the same minute alike.
  const known = new Set([...taken, ...stampsOf(catalogs, snapshot.name)])
  const stamp = freeStamp(stampOf(snapshot.takenAtMs), (each) => known.has(each))
  for (const root of roots) {
    const isCurrent = () => isSnapshotCurrent(snapshot, deps)
    const result = await tryStore(deps, root, { snapshot, facts, judgement, stamp, isCurrent }, signal)
    if (result.kind === 'moved') return undefined
    if (result.kind === 'failed') failures.push({ root, error: result.error })
    else places.push({ root, result })
  }
  if (failures[0] && places.length === 0) throw failures[0].error
  await onStored?.(snapshot, judgement)
  const { takenAtMs, staleLock, state } = snapshot
  return { facts, judgement, takenAtMs, state, places, failures, ...(staleLock ? { staleLock } : {}) }
}

/** A full drive is no reason to leave the others without. */
async function tryStore(
  deps: StoreDeps,
  root: string,
  input: Parameters<typeof storeBackup>[2],
  signal: AbortSignal | undefined,
): Promise<StoreResult | { readonly kind: 'failed'; readonly error: unknown }> {
  try {
    return await storeBackup(deps, root, input, signal)
  } catch (error) {
    signal?.throwIfAborted()
    if (error instanceof SafelightError && error.code === 'SOURCE_CHANGING') throw error
    return { kind: 'failed', error }
  }
}

function stampsOf(catalogs: readonly CatalogFolder[], catalogName: string): string[] {
  return catalogs
    .filter(({ name }) => isCalledLike(name, catalogName))
    .flatMap(({ backups, unfinished }) => [
      ...backups.map(({ stamp }) => stamp),
      ...unfinished.map((each) => path.basename(each)),
    ])
}

function lastGoodOf(newestFirst: readonly BackupRecord[]): LastGood | undefined {
  const record = newestFirst.find(({ verdict }) => verdict === 'good')
  if (!record?.counts) return undefined
  const { counts, identity } = record
  return { counts, dataBytes: dataBytesOf(record), ...(identity === undefined ? {} : { identity }) }
}

async function dataFactsOf(snapshot: CatalogSnapshot, newest: BackupRecord | undefined): Promise<DataFacts> {
  if (!snapshot.data) return {}
  const current = await readCurrent(path.join(dataFolderOf(snapshot.catalog), 'CURRENT'))
  // A store that Lightroom began anew counts its files from the start again: the names then say nothing.
  const identityAt = newest?.data?.find(({ name }) => name === 'IDENTITY')?.modifiedAt
  const before = new Map((newest?.data ?? []).map((file) => [file.name, file.sizeBytes]))
  const isSameStore = snapshot.data.some(({ name, mtimeMs }) => name === 'IDENTITY' && isoOf(mtimeMs) === identityAt)
  const changed = snapshot.data.filter(
    ({ name, sizeBytes }) => isSameStore && isImmutable(name) && (before.get(name) ?? sizeBytes) !== sizeBytes,
  )
  return {
    names: snapshot.data.map(({ name }) => name),
    changedBlobs: changed.map(({ name }) => name),
    ...(current === undefined ? {} : { current }),
  }
}

async function readCurrent(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw error
  }
}
