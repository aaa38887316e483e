// Lightroom's own backups: folders `YYYY-MM-DD HHMM` with a zip or a bare .lrcat each. They are found, opened into a private copy and
// inspected like any other; a zip is taken for hostile until it has been read: names are never used as paths, sizes are bounded before
// and while unpacking, and the check word of each entry is compared, because the unzip library leaves that to its caller.
import { open, readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { Transform, Writable } from 'node:stream'
import { createReadStream, createWriteStream } from 'node:fs'
import { crc32 } from 'node:zlib'
import yauzl from 'yauzl'
import { describeError, systemCode } from '../errors.js'
import { makeFolders } from '../files/durable.js'
import { inspectCopy, type CatalogFacts } from './inspect.js'
import { judgeBackup, type Judgement } from './judge.js'
import { withPrivateFolder, type PrivateCopy } from './private-copy.js'
import { CATALOGS_FOLDER } from './store.js'
import { writeStored, type StoreDeps, type WrittenFile } from './stored-file.js'

export interface LightroomBackup {
  /** The folder's name: the local time of the backup, `2021-09-25 2150`. */
  readonly stamp: string
  readonly folder: string
  readonly file: string
  readonly isZip: boolean
  readonly sizeBytes: number
}

export interface UnzipLimits {
  /** Of all entries together, unpacked. The caller gives no more than the room it has. */
  readonly maxBytes: number
  readonly maxEntries: number
}

export type Unpacked =
  | { readonly kind: 'unpacked'; readonly sizeBytes: number; readonly dataFiles: readonly string[] }
  | { readonly kind: 'unreadable'; readonly why: string }

export interface InspectedLightroomBackup {
  readonly backup: LightroomBackup
  readonly judgement: Judgement
  readonly facts?: CatalogFacts
  /** Files of .lrcat-data in the zip. */
  readonly dataFiles: readonly string[]
}

/** A catalog of 380,000 photos has 10.7 GB, its .lrcat-data up to 160 GB in a few thousand files. */
export const UNZIP_LIMITS: UnzipLimits = { maxBytes: 512 * 1024 ** 3, maxEntries: 100_000 }

const STAMP = /^\d{4}-\d{2}-\d{2} \d{4}$/

/** @param more  further folders to look in: Lightroom does not store in the catalog where its backups go
 *  @returns     backups of this very catalog, oldest first */
export async function findLightroomBackups(catalog: string, more: readonly string[] = []): Promise<LightroomBackup[]> {
  const found: LightroomBackup[] = []
  for (const parent of new Set([path.join(path.dirname(catalog), 'Backups'), ...more]))
    for (const stamp of (await namesIn(parent)).filter((name) => STAMP.test(name)))
      found.push(...(await backupsIn(path.join(parent, stamp), stamp, path.basename(catalog))))
  return found.sort((a, b) => (a.stamp < b.stamp ? -1 : 1))
}

/** Whether a folder looks like one of Lightroom's own backups, wherever it lies. */
export function isLightroomBackupFolder(name: string, entries: readonly string[]): boolean {
  const isOfBackup = (entry: string) => /\.(lrcat|zip|lrcat-data)$/i.test(entry)
  return STAMP.test(name) && entries.length > 0 && entries.every(isOfBackup)
}

/** Opens a backup and says what is in it. A backup that cannot be opened is a finding, not an error.
 *  @param privateParent  where the private copy is made */
export async function inspectLightroomBackup(
  backup: LightroomBackup,
  privateParent: string,
  limits: UnzipLimits = UNZIP_LIMITS,
  signal?: AbortSignal,
): Promise<InspectedLightroomBackup> {
  return withPrivateFolder(privateParent, async (copy) => {
    const unpacked = await unpackBackup(backup, copy, limits, signal)
    if (unpacked.kind === 'unreadable') {
      const message = `Lightroom's backup of ${backup.stamp} cannot be opened: ${unpacked.why}.`
      return {
        backup,
        dataFiles: [],
        judgement: { verdict: 'bad', reasons: [{ code: 'unreadable', weight: 'bad', message }] },
      }
    }
    const facts = await inspectCopy(copy, { isThorough: true }, signal)
    return { backup, facts, judgement: judgeBackup({ facts }), dataFiles: unpacked.dataFiles }
  })
}

/** @returns a sentence when a backup lies on a device that the catalog lies on too: one failure would take both
 *  @param catalogDevices  identities of the physical devices under the catalog, as the volumes room gives them */
export function sameDeviceWarning(
  catalogDevices: readonly string[],
  backupDevices: readonly string[],
): string | undefined {
  const shared = backupDevices.find((device) => catalogDevices.includes(device))
  return shared === undefined
    ? undefined
    : `Lightroom's own backups lie on the same disk as the catalog (${shared}): if that disk fails, both are gone.`
}

/** Copies one of Lightroom's backups, as it is, to `Catalogs/<name>/Lightroom/<stamp>/` at a place.
 *  @returns undefined when it is already there */
export async function mirrorLightroomBackup(
  deps: StoreDeps,
  root: string,
  catalogName: string,
  backup: LightroomBackup,
  signal?: AbortSignal,
): Promise<WrittenFile | undefined> {
  const folder = path.join(root, CATALOGS_FOLDER, catalogName, 'Lightroom', backup.stamp)
  const to = path.join(folder, path.basename(backup.file))
  if (deps.files.stat(to)?.sizeBytes === backup.sizeBytes) return undefined
  makeFolders(deps.files, root, folder)
  return writeStored(deps, backup.file, to, { isPacked: false, ...(signal ? { signal } : {}) })
}

async function backupsIn(folder: string, stamp: string, catalogFile: string): Promise<LightroomBackup[]> {
  const wanted = [`${catalogFile}.zip`, catalogFile, catalogFile.replace(/\.lrcat$/i, '.zip')].map((name) =>
    name.toLowerCase(),
  )
  const found: LightroomBackup[] = []
  for (const name of await namesIn(folder)) {
    if (!wanted.includes(name.toLowerCase())) continue
    const file = path.join(folder, name)
    const stats = await stat(file)
    if (stats.isFile()) found.push({ stamp, folder, file, isZip: /\.zip$/i.test(name), sizeBytes: stats.size })
  }
  return found
}

async function unpackBackup(
  backup: LightroomBackup,
  copy: PrivateCopy,
  limits: UnzipLimits,
  signal: AbortSignal | undefined,
): Promise<Unpacked> {
  if (backup.isZip) return unzipCatalog(backup.file, copy, limits, signal)
  if (backup.sizeBytes > limits.maxBytes) return { kind: 'unreadable', why: 'it is larger than the room there is' }
  await pipeline(createReadStream(backup.file), createWriteStream(copy.file, { flags: 'wx', mode: 0o600 }), {
    ...(signal ? { signal } : {}),
  })
  return { kind: 'unpacked', sizeBytes: backup.sizeBytes, dataFiles: [] }
}

/** Unpacks the one .lrcat of a zip into the private copy; every other entry is read to its end and its check word compared. */
export async function unzipCatalog(
  file: string,
  copy: PrivateCopy,
  limits: UnzipLimits,
  signal?: AbortSignal,
): Promise<Unpacked> {
  try {
    await requireStart(file)
    const zip = await yauzl.openPromise(file, { autoClose: false, validateEntrySizes: true, strictFileNames: false })
    try {
      return await readEntries(zip, copy, limits, signal)
    } finally {
      zip.close()
    }
  } catch (error) {
    signal?.throwIfAborted()
    // ENOSPC is about our own room and no fault of the backup.
    if (systemCode(error) === 'ENOSPC') throw error
    return { kind: 'unreadable', why: describeError(error) }
  }
}

async function readEntries(
  zip: yauzl.ZipFile,
  copy: PrivateCopy,
  limits: UnzipLimits,
  signal: AbortSignal | undefined,
): Promise<Unpacked> {
  if (zip.entryCount > limits.maxEntries) return { kind: 'unreadable', why: `it has ${zip.entryCount} entries` }
  let total = 0
  let catalogBytes: number | undefined
  const dataFiles: string[] = []
  for await (const entry of zip.eachEntry()) {
    signal?.throwIfAborted()
    if (entry.fileName.endsWith('/')) continue
    total += entry.uncompressedSize
    if (total > limits.maxBytes)
      return { kind: 'unreadable', why: `unpacked it would be larger than ${limits.maxBytes} bytes` }
    if (entry.isEncrypted() || !entry.canDecodeFileData())
      return { kind: 'unreadable', why: `${entry.fileName} is encrypted or packed in an unknown way` }
    const isCatalog = /\.lrcat$/i.test(entry.fileName)
    if (isCatalog && catalogBytes !== undefined) return { kind: 'unreadable', why: 'it holds more than one catalog' }
    const target = isCatalog ? createWriteStream(copy.file, { flags: 'wx', mode: 0o600 }) : discard()
    await readEntry(zip, entry, target, signal)
    if (isCatalog) catalogBytes = entry.uncompressedSize
    else dataFiles.push(entry.fileName)
  }
  if (catalogBytes === undefined) return { kind: 'unreadable', why: 'there is no catalog in it' }
  return { kind: 'unpacked', sizeBytes: catalogBytes, dataFiles }
}

/** The library checks the unpacked size against the entry's own word while it unpacks, so a bomb stops at what it declared. */
async function readEntry(
  zip: yauzl.ZipFile,
  entry: yauzl.Entry,
  target: Writable,
  signal: AbortSignal | undefined,
): Promise<void> {
  let sum = 0
  const check = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      sum = crc32(chunk, sum)
      done(null, chunk)
    },
  })
  const source = await zip.openReadStreamPromise(entry)
  await pipeline(source, check, target, { ...(signal ? { signal } : {}) })
  if (sum !== entry.crc32) throw new Error(`${entry.fileName} is damaged: its check word is another`)
}

function discard(): Writable {
  return new Writable({ write: (_chunk, _encoding, done) => done() })
}

/** A clearer word than the library's for the file that is no zip at all. */
async function requireStart(file: string): Promise<void> {
  const handle = await open(file, 'r')
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(2), 0, 2, 0)
    if (bytesRead < 2 || buffer.toString('latin1') !== 'PK') throw new Error('it is not a zip file')
  } finally {
    await handle.close()
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort()
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return []
    throw error
  }
}
