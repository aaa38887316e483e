// What belongs to a stored backup, whether all of it is there, and whether it still reads as it was written. A record says what was stored; only
// a look says what lies there now, so a backup of which a file is gone or cut is bad to everybody who lists it.
import path from 'node:path'
import type { DurableFiles } from '../files/durable.js'
import type { Hash } from '../model.js'
import type { BackupRecord, StoredDataFile, StoredPart } from './record.js'
import { hashUnpacked, readBack, type StoreDeps } from './stored-file.js'

export interface StoredBackup {
  /** Absolute. */
  readonly folder: string
  /** The folder's own name: `2026-11-23 0804`. */
  readonly stamp: string
  readonly record: BackupRecord
}

/** One file as it lies at a place. */
export interface StoredFile {
  /** As the record names it. */
  readonly name: string
  /** Absolute. */
  readonly file: string
  readonly sizeBytes: number
  readonly hash: Hash
}

/** The packed catalog first, then what was beside it, then its .lrcat-data. */
export function storedFilesOf({ folder, record }: StoredBackup): StoredFile[] {
  const parts = record.files.map(({ name, storedAs, storedBytes, storedHash }) => {
    return { name, file: path.join(folder, storedAs), sizeBytes: storedBytes, hash: storedHash }
  })
  const blobs = (record.data ?? []).map(({ name, storedAs, sizeBytes, hash }) => {
    return { name, file: blobFile(path.dirname(folder), { storedAs }), sizeBytes, hash }
  })
  return [...parts, ...blobs]
}

export function blobFile(catalogFolder: string, blob: Pick<StoredDataFile, 'storedAs'>): string {
  return path.join(catalogFolder, ...blob.storedAs.split('/'))
}

/** @param sizes  remembers what was looked at, for backups that share files
 *  @returns the first file that is not there in its full size, as the record names it */
export function firstGap(
  files: DurableFiles,
  backup: StoredBackup,
  sizes = new Map<string, number | undefined>(),
): string | undefined {
  const sizeOf = (file: string): number | undefined => {
    if (!sizes.has(file)) sizes.set(file, files.stat(file)?.sizeBytes)
    return sizes.get(file)
  }
  return storedFilesOf(backup).find(({ file, sizeBytes }) => sizeOf(file) !== sizeBytes)?.name
}

/** The code of the reason that a listing adds to a record. */
export const NOT_WHOLE = 'not-whole'

/** @returns the backup, bad when a file of it is not there */
export function judgeWhole(
  files: DurableFiles,
  backup: StoredBackup,
  sizes?: Map<string, number | undefined>,
): StoredBackup {
  const gap = firstGap(files, backup, sizes)
  if (gap === undefined) return backup
  const message = `${gap} is missing from it, or was taken out because it no longer read as it was written.`
  const { record } = backup
  const reasons: BackupRecord['reasons'] = [{ code: NOT_WHOLE, weight: 'bad', message }, ...record.reasons]
  return { ...backup, record: { ...record, verdict: 'bad', reasons } }
}

export interface StoredFinding {
  /** As the record names it. */
  readonly name: string
  readonly kind: 'missing' | 'differs'
}

/** Re-reads every file of a stored backup and compares it with its record. The packed catalog is unpacked as well: that is what a restore
 *  will need of it. */
export async function verifyStored(
  deps: StoreDeps,
  backup: StoredBackup,
  signal?: AbortSignal,
): Promise<StoredFinding[]> {
  const findings: StoredFinding[] = []
  const packed = new Map(backup.record.files.map((part) => [path.join(backup.folder, part.storedAs), part]))
  for (const { name, file, hash } of storedFilesOf(backup)) {
    signal?.throwIfAborted()
    const part = packed.get(file)
    if (!deps.files.stat(file)) findings.push({ name, kind: 'missing' })
    else if (readBack(deps, file).bytes.hash !== hash || (part && !(await unpacksTo(deps, file, part, signal))))
      findings.push({ name, kind: 'differs' })
  }
  return findings
}

async function unpacksTo(
  deps: StoreDeps,
  file: string,
  part: StoredPart,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  return !part.storedAs.endsWith('.gz') || (await hashUnpacked(deps, file, signal)).hash === part.hash
}

/** A file that is not what its name says is kept beside, never overwritten, so that a good one can be put in its place. */
export function setAside(files: DurableFiles, file: string): void {
  let number = 1
  while (files.stat(`${file}.damaged-${number}`)) number += 1
  files.rename(file, `${file}.damaged-${number}`)
  files.syncFolder(path.dirname(file))
}
