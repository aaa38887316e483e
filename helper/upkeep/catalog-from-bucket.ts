// A catalog backup that only a bucket has, brought to where a restore can read it: its files are fetched to the records of that bucket in the
// home, each hashed against its catalog.json, and thrown away again when the catalog is restored.
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { parseRecord, RECORD_FILE, type BackupRecord } from '../catalog/record.js'
import { SafelightError } from '../errors.js'
import { listCatalogBackups, type CatalogBackupRow } from '../journal/catalog-backups.js'
import type { Journal } from '../journal/journal.js'
import { isSafeRelativePath } from '../manifest/manifest.js'
import type { OpenBucket } from '../offsite/open-bucket.js'
import { bucketSource } from '../restore/bucket.js'
import type { Fetcher } from '../restore/fetch.js'

export interface BucketCatalogDeps {
  readonly fetcher: Fetcher
  readonly identities: readonly string[]
  /** A folder that is thrown away afterwards. */
  readonly folder: string
  /** What is larger is not fetched. */
  readonly mostBytes?: number
}

export interface BucketCatalogWish {
  /** Of whichever catalog when left out. */
  readonly name?: string | undefined
  readonly asOfMs?: number | undefined
  /** Only of this bucket. */
  readonly placeId?: string | undefined
  readonly folder?: string
  readonly mostBytes?: number
}

export interface FetchedBackup {
  /** As a place's root: `Catalogs/<name>/…` lies below it. */
  readonly root: string
  /** Of the place. */
  readonly name: string
  readonly release: () => Promise<void>
}

/** The best backup of a catalog in a bucket: the newest good one, else the newest. @param name  of whichever catalog when left out */
export function bestInBuckets(
  journal: Journal,
  buckets: readonly OpenBucket[],
  name: string | undefined,
  asOfMs: number | undefined,
): { readonly bucket: OpenBucket; readonly row: CatalogBackupRow } | undefined {
  const rows = listCatalogBackups(journal)
    .filter((row) => name === undefined || row.name.toLowerCase() === name.toLowerCase())
    .filter((row) => asOfMs === undefined || row.takenMs <= asOfMs)
    .flatMap((row) => {
      const bucket = buckets.find(({ place }) => place.id === row.placeId)
      return bucket ? [{ bucket, row }] : []
    })
    .sort((a, b) => a.row.takenMs - b.row.takenMs)
  return rows.findLast(({ row }) => row.verdict === 'good') ?? rows.at(-1)
}

/** @returns undefined when it is larger than what may be fetched
 *  @throws OFFSITE_*, COPY_MISSING, COPY_DIFFERS */
export async function fetchBackup(
  { fetcher, identities, folder, mostBytes = Infinity }: BucketCatalogDeps,
  bucket: OpenBucket,
  { name, stamp }: Pick<CatalogBackupRow, 'name' | 'stamp'>,
  signal: AbortSignal,
): Promise<FetchedBackup | undefined> {
  const source = bucketSource(bucket, identities)
  const release = (): Promise<void> => rm(folder, { recursive: true, force: true })
  await release()
  try {
    const record = await readRecord(bucket, `Catalogs/${name}/${stamp}/${RECORD_FILE}`, signal)
    const files = [
      ...record.files.map(({ storedAs, storedHash, storedBytes }) => ({
        path: `Catalogs/${name}/${stamp}/${storedAs}`,
        hash: storedHash,
        sizeBytes: storedBytes,
      })),
      ...(record.data ?? []).map(({ storedAs, hash, sizeBytes }) => ({
        path: `Catalogs/${name}/${storedAs}`,
        hash,
        sizeBytes,
      })),
    ]
    if (files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) > mostBytes) {
      await release()
      return undefined
    }
    for (const file of files) {
      if (!isSafeRelativePath(file.path)) throw notWhole(name, stamp, `${file.path} is no name of a file`)
      const fetched = await fetcher.fetch({ bucket: source, ...file, mayGiveWay: false }, signal)
      if (fetched.kind !== 'fetched') throw notWhole(name, stamp, `${path.basename(file.path)}: ${fetched.why}`)
      const to = path.join(folder, ...file.path.split('/'))
      await mkdir(path.dirname(to), { recursive: true, mode: 0o700 })
      await rename(fetched.file, to)
      await fetched.release()
    }
    const at = path.join(folder, 'Catalogs', name, stamp)
    await mkdir(at, { recursive: true, mode: 0o700 })
    await writeFile(path.join(at, RECORD_FILE), JSON.stringify(record), { mode: 0o600 })
    return { root: folder, name: bucket.place.name, release }
  } catch (error) {
    await release()
    throw error
  }
}

async function readRecord(bucket: OpenBucket, treePath: string, signal: AbortSignal): Promise<BackupRecord> {
  const opened = isSafeRelativePath(treePath) ? await bucket.read(treePath, {}, signal) : undefined
  const chunks: Uint8Array[] = []
  for await (const chunk of opened?.body ?? []) chunks.push(chunk)
  const record = parseRecord(Buffer.concat(chunks).toString('utf8'))
  if (record) return record
  throw new SafelightError('COPY_MISSING', {
    message: `${treePath} is not in ${bucket.place.name} any more, or cannot be understood. Nothing was restored.`,
    remedy: 'Choose an earlier backup with --as-of, or connect a drive that has one.',
  })
}

function notWhole(name: string, stamp: string, why: string): SafelightError {
  return new SafelightError('COPY_MISSING', {
    message: `The backup of the catalog "${name}" of ${stamp} could not be fetched whole (${why}). Nothing was restored.`,
    remedy: 'Run the same command again; or choose an earlier backup with --as-of, or connect a drive that has one.',
  })
}
