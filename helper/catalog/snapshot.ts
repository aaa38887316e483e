// Takes a private copy of a catalog of one instant: the .lrcat, a -wal that is not empty, a -journal that is hot, and the list of what
// lies in .lrcat-data. The live catalog is only ever read, never opened with SQLite, and nothing is made beside it. If anything moved
// while it was read, it starts over, a bounded number of times.
import { open } from 'node:fs/promises'
import path from 'node:path'
import { SafelightError, systemCode } from '../errors.js'
import type { HashEngine } from '../files/hash.js'
import type { Hash } from '../model.js'
import { dataFolderOf, lookAtCatalog, readLock } from './live.js'
import { createPrivateFolder, removePrivateFolder, type PrivateCopy } from './private-copy.js'
import { firstDifference, isCatalogQuiet, type CatalogState, type FileState, type LockFile } from './quiet.js'
import { JOURNAL_HEADER_BYTES, readJournalHeader } from './sqlite-file.js'

export interface SnapshotDeps {
  readonly hash: HashEngine
  /** @returns process ids of Lightroom, or `unknown`; `findLightroom` outside of tests */
  readonly findLightroom: () => Promise<readonly number[] | 'unknown'>
  readonly now: () => number
  readonly wait: (ms: number, signal?: AbortSignal) => Promise<void>
}

export interface SnapshotOptions {
  /** Where private folders are made: below Safelight's own home, never near the catalog. */
  readonly privateParent: string
  readonly settleMs?: number
  readonly attempts?: number
  readonly signal?: AbortSignal
}

export interface SnapshotPart extends FileState {
  readonly role: 'catalog' | 'wal' | 'journal'
  /** As it is called beside the live catalog. */
  readonly name: string
  /** The private copy of it. */
  readonly file: string
  readonly hash: Hash
}

export interface DataFile extends FileState {
  /** From the .lrcat-data folder, with forward slashes. */
  readonly name: string
  /** The live file: blobs are read once, straight into the place that keeps them. */
  readonly file: string
}

export interface CatalogSnapshot {
  /** The live catalog's path. */
  readonly catalog: string
  /** Its file name without `.lrcat`. */
  readonly name: string
  readonly takenAtMs: number
  readonly copy: PrivateCopy
  readonly parts: readonly SnapshotPart[]
  /** `undefined`: there is no .lrcat-data folder. */
  readonly data: readonly DataFile[] | undefined
  readonly state: CatalogState
  readonly staleLock?: LockFile
  readonly hasOrphanShm: boolean
}

/** Lightroom flushes within a second of its last write; what is unchanged over this time is finished. */
const SETTLE_MS = 3_000
const ATTEMPTS = 5
const CHUNK_BYTES = 1024 * 1024

/** @throws CATALOG_IN_USE while Lightroom has it; SOURCE_CHANGING when it moved each time; SOURCE_MISSING */
export async function takeSnapshot(
  catalog: string,
  deps: SnapshotDeps,
  options: SnapshotOptions,
): Promise<CatalogSnapshot> {
  const { attempts = ATTEMPTS, signal } = options
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    signal?.throwIfAborted()
    const before = await requireQuiet(catalog, deps, options)
    const copy = await createPrivateFolder(options.privateParent)
    let isTaken = false
    try {
      const parts = await copyParts(catalog, before.state, copy, deps, signal)
      const after = await lookAtCatalog(catalog)
      const isStill =
        firstDifference(before.state, after) === undefined && (await isStillAway(catalog, before.staleLock, deps))
      if (!parts || !isStill) continue
      isTaken = true
      return {
        catalog,
        name: path.basename(catalog, path.extname(catalog)),
        takenAtMs: deps.now(),
        copy,
        parts,
        data: dataFiles(catalog, after),
        state: after,
        ...(before.staleLock ? { staleLock: before.staleLock } : {}),
        hasOrphanShm: after.shm !== undefined && after.wal === undefined,
      }
    } finally {
      if (!isTaken) await removePrivateFolder(copy)
    }
  }
  throw new SafelightError('SOURCE_CHANGING', {
    message: `The catalog ${path.basename(catalog)} changed ${attempts} times while it was being copied. No backup was made of it.`,
    remedy:
      'Quit Lightroom, and whatever else writes to the catalog, such as a sync program; the backup then goes on by itself.',
  })
}

/** Whether the live catalog is still what the snapshot saw: asked again before a backup of it counts. */
export async function isSnapshotCurrent(
  snapshot: CatalogSnapshot,
  deps: Pick<SnapshotDeps, 'findLightroom'>,
): Promise<boolean> {
  const isSame = firstDifference(snapshot.state, await lookAtCatalog(snapshot.catalog)) === undefined
  return isSame && (await isStillAway(snapshot.catalog, snapshot.staleLock, deps))
}

export function discardSnapshot(snapshot: CatalogSnapshot): Promise<void> {
  return removePrivateFolder(snapshot.copy)
}

async function requireQuiet(
  catalog: string,
  deps: SnapshotDeps,
  { settleMs = SETTLE_MS, signal }: SnapshotOptions,
): Promise<{ state: CatalogState; staleLock?: LockFile }> {
  const before = await lookAtCatalog(catalog)
  await deps.wait(settleMs, signal)
  const [lightroom, lock, after] = [await deps.findLightroom(), await readLock(catalog), await lookAtCatalog(catalog)]
  const quiet = isCatalogQuiet({ lightroom, lock, before, after })
  if (quiet.kind === 'quiet') return { state: after, ...(quiet.staleLock ? { staleLock: quiet.staleLock } : {}) }
  if (quiet.why === 'no-catalog')
    throw new SafelightError('SOURCE_MISSING', {
      message: `There is no catalog at ${catalog}.`,
      remedy: 'Connect the drive that it lies on, or give the path of the .lrcat file.',
    })
  throw new SafelightError('CATALOG_IN_USE', {
    message: `${quiet.message} The catalog ${path.basename(catalog)} is backed up once Lightroom has quit.`,
    remedy: 'Quit Lightroom. The backup then goes on by itself.',
  })
}

/** A Lightroom that came back meanwhile may have begun to write after the last look; its lock comes first. */
async function isStillAway(
  catalog: string,
  staleLock: LockFile | undefined,
  { findLightroom }: Pick<SnapshotDeps, 'findLightroom'>,
): Promise<boolean> {
  const lock = await readLock(catalog)
  if (lock && (!staleLock || lock.pid !== staleLock.pid)) return false
  const lightroom = await findLightroom()
  return lightroom === 'unknown' || lightroom.length === 0
}

/** @returns undefined when a part vanished or grew under the reading: then the caller starts over */
async function copyParts(
  catalog: string,
  state: CatalogState,
  copy: PrivateCopy,
  { hash }: SnapshotDeps,
  signal: AbortSignal | undefined,
): Promise<readonly SnapshotPart[] | undefined> {
  const wanted: { role: SnapshotPart['role']; from: string; to: string; state: FileState | undefined }[] = [
    { role: 'catalog', from: catalog, to: copy.file, state: state.main },
    { role: 'wal', from: `${catalog}-wal`, to: `${copy.file}-wal`, state: state.wal },
    { role: 'journal', from: `${catalog}-journal`, to: `${copy.file}-journal`, state: state.journal },
  ]
  const parts: SnapshotPart[] = []
  for (const { role, from, to, state: seen } of wanted) {
    if (!seen || (role !== 'catalog' && seen.sizeBytes === 0)) continue
    if (role === 'journal' && !(await isHotJournal(from))) continue
    const read = await copyHashed(from, to, hash, signal)
    if (read?.sizeBytes !== seen.sizeBytes) return undefined
    if ((await hashOf(to, hash, signal)) !== read.hash) return undefined
    parts.push({ ...seen, role, name: path.basename(from), file: to, hash: read.hash })
  }
  return parts
}

/** Lightroom 6 keeps a -journal with a zeroed header while it is open: that one holds nothing. */
async function isHotJournal(journal: string): Promise<boolean> {
  const handle = await open(journal, 'r')
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(JOURNAL_HEADER_BYTES), 0, JOURNAL_HEADER_BYTES, 0)
    return readJournalHeader(buffer.subarray(0, bytesRead)) !== undefined
  } finally {
    await handle.close()
  }
}

async function copyHashed(
  from: string,
  to: string,
  engine: HashEngine,
  signal: AbortSignal | undefined,
): Promise<{ hash: Hash; sizeBytes: number } | undefined> {
  const source = await openIfThere(from)
  if (!source) return undefined
  const target = await open(to, 'wx', 0o600)
  try {
    const hasher = engine.create()
    let sizeBytes = 0
    for await (const chunk of chunksOf(source, signal)) {
      hasher.update(chunk)
      await target.writeFile(chunk)
      sizeBytes += chunk.length
    }
    return { hash: hasher.digest(), sizeBytes }
  } finally {
    await target.close()
    await source.close()
  }
}

async function hashOf(file: string, engine: HashEngine, signal: AbortSignal | undefined): Promise<Hash> {
  const source = await open(file, 'r')
  try {
    const hasher = engine.create()
    for await (const chunk of chunksOf(source, signal)) hasher.update(chunk)
    return hasher.digest()
  } finally {
    await source.close()
  }
}

type Handle = Awaited<ReturnType<typeof open>>

async function openIfThere(file: string): Promise<Handle | undefined> {
  try {
    return await open(file, 'r')
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw error
  }
}

/** One buffer is filled again and again; a chunk is good until the next is asked for. */
async function* chunksOf(handle: Handle, signal: AbortSignal | undefined): AsyncGenerator<Buffer> {
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES)
  for (;;) {
    signal?.throwIfAborted()
    const { bytesRead } = await handle.read(buffer, 0, buffer.length)
    if (bytesRead === 0) return
    yield buffer.subarray(0, bytesRead)
  }
}

function dataFiles(catalog: string, { data }: CatalogState): readonly DataFile[] | undefined {
  if (!data) return undefined
  const folder = dataFolderOf(catalog)
  return [...data]
    .map(([name, state]) => ({ ...state, name, file: path.join(folder, ...name.split('/')) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}
