// The newest backup of each catalog to a bucket, from a drive that has it: the same files under the same names, catalog.json last, so that a
// backup in the bucket is whole or does not count. Files of .lrcat-data that are there already are not sent again. Earlier backups that never
// went up stay on the drives: the newest has everything that they have, unless it is bad, and then it does not go.
import path from 'node:path'
import { freeStamp, parseRecord, RECORD_FILE, type BackupRecord } from '../catalog/record.js'
import { CATALOGS_FOLDER } from '../catalog/store.js'
import { blobFile } from '../catalog/wholeness.js'
import { SafelightError } from '../errors.js'
import { readWhole, type DurableFiles } from '../files/durable.js'
import { hashBytes } from '../files/hash.js'
import { listCatalogBackups, saveCatalogBackup, type CatalogBackupRow } from '../journal/catalog-backups.js'
import type { Journal } from '../journal/journal.js'
import { objectAt } from '../journal/offsite.js'
import { isSafeRelativePath } from '../manifest/manifest.js'
import type { Hash } from '../model.js'
import type { DriveHere } from './candidates.js'
import { storedPlainHash } from './journal-ledger.js'
import type { OpenBucket } from './open-bucket.js'
import { uploadFile, type SendDeps } from './upload-file.js'

export interface SendCatalogsDeps extends SendDeps {
  readonly files: DurableFiles
  readonly drives: readonly DriveHere[]
}

/** Pure: of each catalog the newest backup that is not bad and that some drive here has, unless the bucket has this content.
 *  @param rows  every known backup, at whatever place */
export function catalogsToSend(
  rows: readonly CatalogBackupRow[],
  bucketId: string,
  driveIds: ReadonlySet<string>,
): CatalogBackupRow[] {
  const newest = new Map<string, CatalogBackupRow>()
  for (const row of rows) {
    if (row.verdict === 'bad' || !driveIds.has(row.placeId)) continue
    const known = newest.get(row.catalog)
    if (!known || row.takenMs > known.takenMs) newest.set(row.catalog, row)
  }
  const isThere = ({ catalog, hash }: CatalogBackupRow): boolean =>
    rows.some((row) => row.placeId === bucketId && row.catalog === catalog && row.hash === hash)
  return [...newest.values()].filter((row) => !isThere(row))
}

export function hasCatalogsToSend(journal: Journal, bucketId: string, drives: readonly DriveHere[]): boolean {
  return catalogsToSend(listCatalogBackups(journal), bucketId, new Set(drives.map(({ id }) => id))).length > 0
}

export interface CatalogsSent {
  readonly sent: readonly { readonly name: string; readonly stamp: string }[]
  /** Sentences. */
  readonly failed: readonly string[]
}

/** @throws OFFSITE_* that every further file would meet too */
export async function sendCatalogs(
  bucket: OpenBucket,
  deps: SendCatalogsDeps,
  signal?: AbortSignal,
): Promise<CatalogsSent> {
  const roots = new Map(deps.drives.map(({ id, root }) => [id, root]))
  const sent: { name: string; stamp: string }[] = []
  const failed: string[] = []
  for (const row of catalogsToSend(listCatalogBackups(deps.journal), bucket.place.id, new Set(roots.keys()))) {
    const root = roots.get(row.placeId)
    if (root === undefined) continue
    try {
      sent.push(await sendCatalog(bucket, row, path.join(root, CATALOGS_FOLDER, row.name), deps, signal))
    } catch (error) {
      // Its bytes on the drive are not as they were; the drive's next verify says so, and the next backup goes instead.
      if (!(error instanceof SafelightError) || error.exitCode >= 30) throw error
      failed.push(`The backup of ${row.name} of ${row.stamp} could not be sent off-site: ${error.message}`)
    }
  }
  return { sent, failed }
}

async function sendCatalog(
  bucket: OpenBucket,
  row: CatalogBackupRow,
  catalogFolder: string,
  deps: SendCatalogsDeps,
  signal: AbortSignal | undefined,
): Promise<{ name: string; stamp: string }> {
  const folder = path.join(catalogFolder, row.stamp)
  const { record, bytes } = readRecord(deps.files, folder, row)
  // Another backup of that minute, from another drive, keeps its folder.
  const there = listCatalogBackups(deps.journal).filter(
    ({ placeId, name }) => placeId === bucket.place.id && name === row.name,
  )
  const stamp = freeStamp(row.stamp, (each) => there.some((other) => other.stamp === each))
  const at = `${CATALOGS_FOLDER}/${row.name}`
  const mtimeMs = Date.parse(record.takenAt)
  const send = async (treePath: string, file: string, hash: Hash, sizeBytes: number): Promise<void> => {
    if (!isSafeRelativePath(treePath)) throw unreadable(file)
    const object = objectAt(deps.journal, bucket.place.id, bucket.keyOf(treePath))
    if (object && storedPlainHash(object) === hash) return
    await uploadFile(bucket, { path: treePath, file, hash, sizeBytes, mtimeMs }, { plainBlake3: hash }, deps, signal)
  }
  for (const blob of record.data ?? [])
    await send(`${at}/${blob.storedAs}`, blobFile(catalogFolder, blob), blob.hash, blob.sizeBytes)
  for (const { storedAs, storedHash, storedBytes } of record.files)
    await send(`${at}/${stamp}/${storedAs}`, path.join(folder, storedAs), storedHash, storedBytes)
  const hash = hashBytes(deps.hashEngine, bytes)
  await send(`${at}/${stamp}/${RECORD_FILE}`, path.join(folder, RECORD_FILE), hash, bytes.length)
  saveCatalogBackup(deps.journal, { ...row, placeId: bucket.place.id, stamp })
  return { name: row.name, stamp }
}

function readRecord(
  files: DurableFiles,
  folder: string,
  row: CatalogBackupRow,
): { readonly record: BackupRecord; readonly bytes: Buffer } {
  const file = path.join(folder, RECORD_FILE)
  const bytes = files.stat(file)?.kind === 'file' ? readWhole(files, file) : undefined
  const record = bytes && parseRecord(bytes.toString('utf8'))
  if (!record || record.files.find(({ role }) => role === 'catalog')?.hash !== row.hash) throw unreadable(file)
  return { record, bytes }
}

function unreadable(file: string): SafelightError {
  return new SafelightError('SOURCE_UNREADABLE', {
    message: `${file} is not what was written there.`,
    remedy: 'Check the drive with: safelight catalog list. The next backup of the catalog is sent instead.',
  })
}
