// The catalog's part of a drill: which backup is restored and opened, and what to do with one whose data would fill the disk (previews of AI
// masks can weigh 150 GB): of those every stored file is looked for, and only the catalog itself is opened.
import path from 'node:path'
import type { Judgement } from '../catalog/judge.js'
import { listCatalogs } from '../catalog/store.js'
import { blobFile, type StoredBackup } from '../catalog/wholeness.js'
import type { DurableFiles } from '../files/durable.js'
import type { OpenPlace } from '../place/places.js'
import type { RehearsedCatalog } from './drill.js'

export interface CatalogRehearser {
  rehearse(
    place: Pick<OpenPlace, 'root'>,
    name: string,
    to: string,
    signal: AbortSignal,
  ): Promise<{ readonly judgement: Judgement; readonly stamp: string; readonly edited: ReadonlySet<string> }>
}

export interface CatalogDrill {
  readonly files: DurableFiles
  /** Open drives, the one that is drilled first. */
  readonly places: readonly Pick<OpenPlace, 'root' | 'name'>[]
  readonly catalogs: CatalogRehearser
  readonly to: string
  readonly budgetBytes: number
}

/** @returns undefined when no place has a backup of any catalog
 *  @throws COPY_MISSING, COPY_DIFFERS when the backup does not come back whole */
export async function rehearseCatalog(
  { files, places, catalogs, to, budgetBytes }: CatalogDrill,
  signal: AbortSignal,
): Promise<RehearsedCatalog | undefined> {
  for (const place of places) {
    const newest = newestAt(files, place.root)
    if (!newest) continue
    const { name, backup } = newest
    const title = `${name} ${backup.stamp}`
    // A restore would take an earlier one in the stead of one that is not whole, and nobody would hear of it.
    const gone = whatIsGone(files, backup)
    if (gone.length > 0 || sizeOf(backup) > budgetBytes) return { title, reasons: gone, edited: new Set() }
    const { judgement, stamp, edited } = await catalogs.rehearse(place, name, to, signal)
    const reasons = judgement.verdict === 'bad' ? judgement.reasons.map(({ message }) => `${title}: ${message}`) : []
    return { title: `${name} ${stamp}`, reasons, edited }
  }
  return undefined
}

function newestAt(
  files: DurableFiles,
  root: string,
): { readonly name: string; readonly backup: StoredBackup } | undefined {
  return listCatalogs(files, root)
    .flatMap(({ name, backups }) => backups.map((backup) => ({ name, backup })))
    .sort((a, b) => Date.parse(b.backup.record.takenAt) - Date.parse(a.backup.record.takenAt))[0]
}

function sizeOf({ record }: StoredBackup): number {
  return [...record.files, ...(record.data ?? [])].reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
}

function whatIsGone(files: DurableFiles, { folder, record, stamp }: StoredBackup): string[] {
  const stored = [
    ...record.files.map(({ name, storedAs }) => ({ name, at: path.join(folder, storedAs) })),
    ...(record.data ?? []).map((blob) => ({ name: blob.name, at: blobFile(path.dirname(folder), blob) })),
  ]
  return stored
    .filter(({ at }) => files.stat(at)?.kind !== 'file')
    .map(({ name }) => `the catalog backup of ${stamp} is not whole: ${name} is missing from it`)
}
