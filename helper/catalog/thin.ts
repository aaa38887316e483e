// Thinning at one place: the plan of each catalog with what it would free, and carrying it out. Deletes whole backup folders that the plan
// names, and blobs of .lrcat-data that no remaining backup lists; nothing else. Interrupted anywhere, the next run goes on: a folder loses
// its catalog.json first, so that half a backup never counts.
import { rmdirSync } from 'node:fs'
import path from 'node:path'
import type { DurableFiles } from '../files/durable.js'
import { DATA_FOLDER, RECORD_FILE } from './record.js'
import { listCatalogs, type CatalogFolder } from './store.js'
import { planThinning, unreferencedBlobs, type ThinningLine } from './thinning.js'

export interface CatalogThinning {
  /** Folder below `Catalogs/`. */
  readonly name: string
  readonly folder: string
  /** Newest first; `id` is the folder's name. */
  readonly lines: readonly ThinningLine[]
  readonly heldBack?: string
  /** Files of `.lrcat-data`, absolute, that only removed backups list. */
  readonly blobs: readonly string[]
  readonly bytes: number
}

export interface PlaceThinning {
  readonly catalogs: readonly CatalogThinning[]
}

export function planPlace(files: DurableFiles, root: string, nowMs: number): PlaceThinning {
  return { catalogs: listCatalogs(files, root).map((folder) => planCatalog(files, folder, nowMs)) }
}

export function carryOutThinning(files: DurableFiles, { catalogs }: PlaceThinning, signal?: AbortSignal): void {
  for (const { folder, lines, blobs } of catalogs) {
    for (const { id, action } of lines) {
      if (action !== 'remove') continue
      signal?.throwIfAborted()
      removeBackup(files, path.join(folder, id))
    }
    for (const blob of blobs) files.unlink(blob)
    if (blobs.length > 0) files.syncFolder(path.join(folder, DATA_FOLDER))
  }
}

function planCatalog(files: DurableFiles, { folder, name, backups }: CatalogFolder, nowMs: number): CatalogThinning {
  const { lines, heldBack } = planThinning(
    backups.map(({ stamp, record }) => ({ id: stamp, takenAtMs: Date.parse(record.takenAt), verdict: record.verdict })),
    nowMs,
  )
  const removed = new Set(lines.filter(({ action }) => action === 'remove').map(({ id }) => id))
  const kept = backups.filter(({ stamp }) => !removed.has(stamp))
  // Without anything to remove, a blob that nobody lists may belong to a backup that is being made.
  const blobs =
    removed.size === 0
      ? []
      : unreferencedBlobs(
          backups
            .filter(({ stamp }) => removed.has(stamp))
            .flatMap(({ record }) => (record.data ?? []).map(({ storedAs }) => storedAs)),
          kept.map(({ record }) => record.data ?? []),
        )
  const paths = [...new Set(blobs)].map((storedAs) => path.join(folder, ...storedAs.split('/')))
  const sizeOf = (file: string) => files.stat(file)?.sizeBytes ?? 0
  const bytes =
    paths.reduce((total, file) => total + sizeOf(file), 0) +
    backups
      .filter(({ stamp }) => removed.has(stamp))
      .reduce((total, { record }) => total + record.files.reduce((sum, file) => sum + file.storedBytes, 0), 0)
  const here = paths.filter((file) => files.stat(file)?.kind === 'file')
  return { name, folder, lines, blobs: here, bytes, ...(heldBack === undefined ? {} : { heldBack }) }
}

function removeBackup(files: DurableFiles, folder: string): void {
  const names = files
    .list(folder)
    .filter(({ kind }) => kind === 'file')
    .map(({ name }) => name)
  for (const name of [RECORD_FILE, ...names.filter((each) => each !== RECORD_FILE)]) {
    files.unlink(path.join(folder, name))
    if (name === RECORD_FILE) files.syncFolder(folder)
  }
  rmdirSync(folder)
  files.syncFolder(path.dirname(folder))
}
