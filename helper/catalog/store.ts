// Catalog backups at a place: `Catalogs/<name>/<YYYY-MM-DD HHMM>/` with the packed .lrcat, a -wal or -journal as it was, and catalog.json
// last; `Catalogs/<name>/data/` with each file of .lrcat-data once, by name and hash. A catalog that has not changed is not stored again.
// Nothing is overwritten and nothing is deleted here: that is thinning's. A backup of which a file is gone is listed as bad, whatever its record says.
import path from 'node:path'
import { makeFolders, readWhole, type DurableFiles } from '../files/durable.js'
import type { Hash } from '../model.js'
import type { CatalogFacts } from './inspect-copy.js'
import type { Judgement } from './judge.js'
import {
  DATA_FOLDER,
  freeStamp,
  isoOf,
  parseRecord,
  RECORD_FILE,
  type BackupRecord,
  type StoredDataFile,
  type StoredPart,
} from './record.js'
import type { CatalogSnapshot, DataFile, SnapshotPart } from './snapshot.js'
import { readBack, writeStored, writeText, type StoreDeps } from './stored-file.js'
import { blobFile, firstGap, judgeWhole, setAside, type StoredBackup } from './wholeness.js'

export const CATALOGS_FOLDER = 'Catalogs'

export interface CatalogFolder {
  /** Absolute; its own name is the catalog's, or `Name (2)` when another catalog of that name was there before. */
  readonly folder: string
  readonly name: string
  /** Oldest first. */
  readonly backups: readonly StoredBackup[]
  /** Folders of a backup that was broken off: they have no catalog.json. */
  readonly unfinished: readonly string[]
}

export interface StoreInput {
  readonly snapshot: CatalogSnapshot
  readonly facts: CatalogFacts
  readonly judgement: Judgement
  /** What the folder of the backup is called, at every place. */
  readonly stamp: string
  /** Asked after everything was read: is the live catalog still what the snapshot saw? */
  readonly isCurrent: () => Promise<boolean>
}

export type StoreResult =
  | {
      readonly kind: 'stored'
      readonly backup: StoredBackup
      readonly bytesWritten: number
      readonly blobsWritten: number
    }
  | { readonly kind: 'unchanged'; readonly backup: StoredBackup }
  /** Something moved while .lrcat-data was read: take another snapshot. */
  | { readonly kind: 'moved' }

/** Stores one snapshot at one place.
 *  @param root  the `Safelight` folder of the place; it must exist
 *  @throws what writeStored throws */
export async function storeBackup(
  deps: StoreDeps,
  root: string,
  input: StoreInput,
  signal?: AbortSignal,
): Promise<StoreResult> {
  const { snapshot } = input
  const catalogFolder = chooseFolder(deps.files, root, snapshot, input.facts.versions?.identity)
  const newest = catalogFolder.backups.at(-1)
  const known = new Map((newest?.record.data ?? []).map((file) => [file.name, file]))
  if (newest && isUnchanged(snapshot, newest.record) && firstGap(deps.files, newest) === undefined)
    return { kind: 'unchanged', backup: newest }

  makeFolders(deps.files, root, catalogFolder.folder)
  const blobs = await storeData(deps, catalogFolder.folder, snapshot.data, known, signal)
  if (!blobs || !(await input.isCurrent())) return { kind: 'moved' }
  // One that a crash left stays for thinning.
  const at = (stamp: string): string => path.join(catalogFolder.folder, stamp)
  const stamp = freeStamp(input.stamp, (each) => deps.files.stat(at(each)) !== undefined)
  const folder = at(stamp)
  makeFolders(deps.files, root, folder)
  const files: StoredPart[] = []
  for (const part of snapshot.parts) files.push(await storePart(deps, folder, part, signal))
  const record = toRecord(input, catalogFolder.name, files, blobs.files)
  writeText(deps, path.join(folder, RECORD_FILE), `${JSON.stringify(record, null, 2)}\n`)
  const bytesWritten = blobs.bytesWritten + files.reduce((total, file) => total + file.storedBytes, 0)
  const backup = { folder, stamp, record }
  return { kind: 'stored', backup, bytesWritten, blobsWritten: blobs.blobsWritten }
}

/** Every catalog at this place, by name. */
export function listCatalogs(files: DurableFiles, root: string): CatalogFolder[] {
  const parent = path.join(root, CATALOGS_FOLDER)
  if (files.stat(parent)?.kind !== 'folder') return []
  return files
    .list(parent)
    .filter((entry) => entry.kind === 'folder')
    .map((entry) => readCatalogFolder(files, path.join(parent, entry.name)))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

export function readCatalogFolder(files: DurableFiles, folder: string): CatalogFolder {
  const name = path.basename(folder)
  if (files.stat(folder)?.kind !== 'folder') return { folder, name, backups: [], unfinished: [] }
  const backups: StoredBackup[] = []
  const unfinished: string[] = []
  const sizes = new Map<string, number | undefined>()
  for (const entry of files.list(folder)) {
    if (entry.kind !== 'folder' || !STAMP.test(entry.name)) continue
    const record = readRecord(files, path.join(folder, entry.name))
    const backup = { folder: path.join(folder, entry.name), stamp: entry.name }
    if (record) backups.push(judgeWhole(files, { ...backup, record }, sizes))
    else unfinished.push(path.join(folder, entry.name))
  }
  backups.sort((a, b) => Date.parse(a.record.takenAt) - Date.parse(b.record.takenAt))
  return { folder, name, backups, unfinished: unfinished.sort() }
}

/** RocksDB never rewrites these once they are complete; the few others of its files do change. */
export function isImmutable(name: string): boolean {
  return /\.(blob|sst)$/.test(name)
}

const STAMP = /^\d{4}-\d{2}-\d{2} \d{4}( \(\d+\))?$/

/** The same catalog keeps its folder even when it moved; another one of the same name gets the next free name. */
function chooseFolder(
  files: DurableFiles,
  root: string,
  snapshot: CatalogSnapshot,
  identity: string | undefined,
): CatalogFolder {
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? snapshot.name : `${snapshot.name} (${number})`
    const found = readCatalogFolder(files, path.join(root, CATALOGS_FOLDER, name))
    const newest = found.backups.at(-1)?.record
    if (!newest || newest.catalog === snapshot.catalog) return found
    if (identity !== undefined && newest.identity === identity) return found
  }
}

function isUnchanged(snapshot: CatalogSnapshot, record: BackupRecord): boolean {
  const hashes = (files: readonly { readonly role: string; readonly hash: Hash }[]) =>
    files.map(({ role, hash }) => `${role} ${hash}`).join('\n')
  if (hashes(snapshot.parts) !== hashes(record.files)) return false
  const [now, then] = [snapshot.data ?? [], record.data ?? []]
  const before = new Map(then.map((file) => [file.name, file]))
  return now.length === then.length && now.every((file) => isSameState(file, before.get(file.name)))
}

function isSameState(file: DataFile, stored: StoredDataFile | undefined): boolean {
  return stored?.sizeBytes === file.sizeBytes && stored.modifiedAt === isoOf(file.mtimeMs)
}

interface StoredData {
  readonly files: StoredDataFile[] | undefined
  readonly bytesWritten: number
  readonly blobsWritten: number
}

/** @returns undefined when a file vanished or changed meanwhile */
async function storeData(
  deps: StoreDeps,
  catalogFolder: string,
  data: readonly DataFile[] | undefined,
  known: ReadonlyMap<string, StoredDataFile>,
  signal: AbortSignal | undefined,
): Promise<StoredData | undefined> {
  if (!data) return { files: undefined, bytesWritten: 0, blobsWritten: 0 }
  const stored: StoredDataFile[] = []
  let [bytesWritten, blobsWritten] = [0, 0]
  for (const file of data) {
    signal?.throwIfAborted()
    const before = known.get(file.name)
    const isKnown = isImmutable(file.name) && before !== undefined && isSameState(file, before)
    const hash = isKnown ? before.hash : readLive(deps, file)
    if (hash === undefined) return undefined
    const storedAs = `${DATA_FOLDER}/${file.name}.${hash}`
    const to = blobFile(catalogFolder, { storedAs })
    if (deps.files.stat(to)?.sizeBytes !== file.sizeBytes) {
      if (deps.files.stat(to)) setAside(deps.files, to)
      makeFolders(deps.files, catalogFolder, path.dirname(to))
      await writeStored(deps, file.file, to, {
        isPacked: false,
        mustHash: hash,
        mtimeMs: file.mtimeMs,
        ...(signal ? { signal } : {}),
      })
      bytesWritten += file.sizeBytes
      blobsWritten += 1
    }
    stored.push({ name: file.name, storedAs, sizeBytes: file.sizeBytes, hash, modifiedAt: isoOf(file.mtimeMs) })
  }
  return { files: stored, bytesWritten, blobsWritten }
}

function readLive(deps: StoreDeps, file: DataFile): Hash | undefined {
  const stat = deps.files.stat(file.file)
  if (stat?.sizeBytes !== file.sizeBytes || stat.mtimeMs !== file.mtimeMs) return undefined
  return readBack(deps, file.file).bytes.hash
}

async function storePart(
  deps: StoreDeps,
  folder: string,
  part: SnapshotPart,
  signal: AbortSignal | undefined,
): Promise<StoredPart> {
  const isPacked = part.role === 'catalog'
  const storedAs = isPacked ? `${part.name}.gz` : part.name
  const { stored } = await writeStored(deps, part.file, path.join(folder, storedAs), {
    isPacked,
    mustHash: part.hash,
    mtimeMs: part.mtimeMs,
    ...(signal ? { signal } : {}),
  })
  return {
    role: part.role,
    name: part.name,
    storedAs,
    sizeBytes: part.sizeBytes,
    hash: part.hash,
    storedBytes: stored.sizeBytes,
    storedHash: stored.hash,
    modifiedAt: isoOf(part.mtimeMs),
  }
}

function toRecord(
  { snapshot, facts, judgement }: StoreInput,
  name: string,
  files: StoredPart[],
  data: StoredDataFile[] | undefined,
): BackupRecord {
  const { identity, dbVersion, crsVersion, lastBackupMs } = facts.versions ?? {}
  const outcome = (found: readonly string[] | undefined) =>
    found === undefined ? 'not run' : found.length === 0 ? 'ok' : 'failed'
  return {
    format: 1,
    name,
    catalog: snapshot.catalog,
    takenAt: isoOf(snapshot.takenAtMs),
    verdict: judgement.verdict,
    reasons: [...judgement.reasons],
    checks: { quick: outcome(facts.quickCheck), integrity: outcome(facts.integrityCheck) },
    ...(identity === undefined ? {} : { identity }),
    ...(dbVersion === undefined ? {} : { dbVersion }),
    ...(crsVersion === undefined ? {} : { crsVersion }),
    ...(lastBackupMs === undefined ? {} : { lightroomBackedUpAt: isoOf(lastBackupMs) }),
    ...(facts.counts ? { counts: facts.counts } : {}),
    files,
    ...(data ? { data } : {}),
  }
}

function readRecord(files: DurableFiles, folder: string): BackupRecord | undefined {
  const file = path.join(folder, RECORD_FILE)
  return files.stat(file)?.kind === 'file' ? parseRecord(readWhole(files, file).toString('utf8')) : undefined
}
