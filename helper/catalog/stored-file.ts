// One file of a catalog backup on its way to a place: written under a temporary name, made durable, read back past the page cache where
// the system can, and only then given its final name. And the way back: reading such a file, unpacked if it is packed.
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { Readable, type Transform } from 'node:stream'
import { createGunzip, createGzip } from 'node:zlib'
import { SafelightError, systemCode } from '../errors.js'
import { alignedBuffer } from '../files/aligned.js'
import { publish, type DurableFiles } from '../files/durable.js'
import { TEMPORARY_PREFIX, TEMPORARY_SUFFIX } from '../files/scan.js'
import type { HashEngine } from '../files/hash.js'
import type { Hash } from '../model.js'

export interface StoreDeps {
  readonly files: DurableFiles
  readonly hash: HashEngine
}

export interface StoredBytes {
  readonly sizeBytes: number
  readonly hash: Hash
}

export interface WrittenFile {
  /** What was read at the source. */
  readonly content: StoredBytes
  /** What lies at the place: the same, unless it is packed. */
  readonly stored: StoredBytes
  readonly readBack: 'direct' | 'cached'
}

const CHUNK_BYTES = 1024 * 1024
/** A catalog is mostly packed already; the quickest level takes what there is to gain. */
const GZIP_LEVEL = 1

/** Stores the bytes of `from` at `to`.
 *  @param to       a final name that nothing has yet
 *  @param mustHash reference hash of the content, when it is known: where the source reads otherwise, nothing is put at `to`
 *  @throws COPY_DIFFERS when it did not read back as written; SOURCE_CHANGING; NAME_TAKEN; the system's error (ENOSPC, EIO …) */
export async function writeStored(
  deps: StoreDeps,
  from: string,
  to: string,
  {
    isPacked,
    mustHash,
    mtimeMs,
    signal,
  }: { isPacked: boolean; mustHash?: Hash; mtimeMs?: number; signal?: AbortSignal },
): Promise<WrittenFile> {
  const temporary = temporaryFor(to)
  const content = new Tally(deps.hash)
  try {
    const chunks = readChunks(deps.files, from, content, signal)
    const stored = await fill(
      deps,
      temporary,
      chunks,
      isPacked ? createGzip({ level: GZIP_LEVEL }) : undefined,
      mtimeMs,
    )
    const written = { content: content.result(), stored }
    if (mustHash !== undefined && written.content.hash !== mustHash) throw changing(from)
    const { bytes, how } = readBack(deps, temporary)
    if (bytes.hash !== written.stored.hash) throw differs(to)
    if (isPacked && (await hashUnpacked(deps, temporary, signal)).hash !== written.content.hash) throw differs(to)
    publishFinal(deps.files, temporary, to)
    return { ...written, readBack: how }
  } catch (error) {
    removeOwnLeftover(deps.files, temporary)
    throw error
  }
}

/** Stores a small text in the same way. */
export function writeText(deps: StoreDeps, to: string, text: string): void {
  const temporary = temporaryFor(to)
  removeOwnLeftover(deps.files, temporary)
  const bytes = Buffer.from(text, 'utf8')
  const target = deps.files.create(temporary)
  try {
    deps.files.write(target, bytes, 0, bytes.length)
    deps.files.sync(target)
  } finally {
    deps.files.close(target)
  }
  const tally = new Tally(deps.hash)
  tally.add(bytes)
  if (readBack(deps, temporary).bytes.hash !== tally.result().hash) throw differs(to)
  publishFinal(deps.files, temporary, to)
}

/** Reads a stored file once, from the device where the system lets us. */
export function readBack(deps: StoreDeps, file: string): { bytes: StoredBytes; how: 'direct' | 'cached' } {
  const direct = deps.files.openDirect(file)
  if (direct !== undefined) {
    try {
      return { bytes: hashOpen(deps, direct), how: 'direct' }
    } catch (error) {
      // Some file systems take the flag at open and refuse the read (FUSE, network): then it is read as it comes.
      if (systemCode(error) !== 'EINVAL') throw error
    } finally {
      deps.files.close(direct)
    }
  }
  const descriptor = deps.files.openRead(file)
  try {
    return { bytes: hashOpen(deps, descriptor), how: 'cached' }
  } finally {
    deps.files.close(descriptor)
  }
}

/** @throws zlib's error when the packed stream is damaged */
export async function hashUnpacked(deps: StoreDeps, file: string, signal?: AbortSignal): Promise<StoredBytes> {
  const tally = new Tally(deps.hash)
  await pipeline(Readable.from(readChunks(deps.files, file, undefined, signal)), createGunzip(), async (chunks) => {
    for await (const chunk of chunks as AsyncIterable<Buffer>) tally.add(chunk)
  })
  return tally.result()
}

/** Brings a stored file back to `to`, unpacked, by the same steps as `writeStored`.
 *  @throws COPY_DIFFERS when it does not come out as `mustHash` */
export async function fetchStored(
  deps: StoreDeps,
  from: string,
  to: string,
  {
    isPacked,
    mustHash,
    mtimeMs,
    signal,
  }: { isPacked: boolean; mustHash: Hash; mtimeMs?: number; signal?: AbortSignal },
): Promise<StoredBytes> {
  const temporary = temporaryFor(to)
  try {
    const chunks = readChunks(deps.files, from, undefined, signal)
    const result = await fill(deps, temporary, chunks, isPacked ? createGunzip() : undefined, mtimeMs)
    if (result.hash !== mustHash || readBack(deps, temporary).bytes.hash !== mustHash) throw differs(from)
    publishFinal(deps.files, temporary, to)
    return result
  } catch (error) {
    removeOwnLeftover(deps.files, temporary)
    throw error
  }
}

/** Writes what `pack` makes of the chunks, durably, under a temporary name. @returns what lies there */
async function fill(
  { files, hash }: StoreDeps,
  temporary: string,
  chunks: Iterable<Buffer>,
  pack: Transform | undefined,
  mtimeMs: number | undefined,
): Promise<StoredBytes> {
  removeOwnLeftover(files, temporary)
  const tally = new Tally(hash)
  const target = files.create(temporary)
  try {
    const source = Readable.from(chunks)
    const sink = async (packed: AsyncIterable<Buffer>) => {
      for await (const chunk of packed) {
        tally.add(chunk)
        files.write(target, chunk, 0, chunk.length)
      }
    }
    if (pack) await pipeline(source, pack, sink)
    else await pipeline(source, sink)
    if (mtimeMs !== undefined) files.setTimes(target, mtimeMs)
    files.sync(target)
  } finally {
    files.close(target)
  }
  return tally.result()
}

class Tally {
  readonly #hasher
  #sizeBytes = 0

  constructor(engine: HashEngine) {
    this.#hasher = engine.create()
  }

  add(bytes: Uint8Array): void {
    this.#hasher.update(bytes)
    this.#sizeBytes += bytes.length
  }

  result(): StoredBytes {
    return { sizeBytes: this.#sizeBytes, hash: this.#hasher.digest() }
  }
}

/** Each chunk is a buffer of its own: gzip looks at it after the next one was read. */
function* readChunks(
  files: DurableFiles,
  file: string,
  tally: Tally | undefined,
  signal: AbortSignal | undefined,
): Generator<Buffer> {
  const descriptor = files.openRead(file)
  try {
    const before = files.statOpen(descriptor)
    for (;;) {
      signal?.throwIfAborted()
      const buffer = Buffer.allocUnsafe(CHUNK_BYTES)
      const count = files.read(descriptor, buffer, 0, buffer.length)
      if (count === 0) break
      const chunk = buffer.subarray(0, count)
      tally?.add(chunk)
      yield chunk
    }
    const after = files.statOpen(descriptor)
    if (before.sizeBytes !== after.sizeBytes || before.mtimeMs !== after.mtimeMs) throw changing(file)
  } finally {
    files.close(descriptor)
  }
}

function hashOpen(deps: StoreDeps, descriptor: number): StoredBytes {
  const { sizeBytes } = deps.files.statOpen(descriptor)
  const buffer = alignedBuffer(CHUNK_BYTES)
  const tally = new Tally(deps.hash)
  // Stops at the size instead of asking for more: a direct read from an offset that is no multiple of a sector is refused.
  for (let total = 0; total < sizeBytes;) {
    const count = deps.files.read(descriptor, buffer, 0, buffer.length)
    if (count === 0) break
    tally.add(buffer.subarray(0, count))
    total += count
  }
  return tally.result()
}

function publishFinal(files: DurableFiles, temporary: string, to: string): void {
  try {
    publish(files, temporary, to)
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error
    throw new SafelightError('NAME_TAKEN', {
      message: `${to} is already there. It was left as it is.`,
      remedy: 'Look at what lies there, and move it away if it is not needed.',
      cause: error,
    })
  }
  files.syncFolder(path.dirname(to))
}

/** One temporary name per final name: what a crash left is replaced by the next attempt. */
function temporaryFor(to: string): string {
  return path.join(path.dirname(to), `${TEMPORARY_PREFIX}${path.basename(to).slice(0, 180)}${TEMPORARY_SUFFIX}`)
}

function removeOwnLeftover(files: DurableFiles, temporary: string): void {
  if (files.stat(temporary)) files.unlink(temporary)
}

function changing(file: string): SafelightError {
  return new SafelightError('SOURCE_CHANGING', {
    message: `${file} changed while it was being copied. The copy was thrown away.`,
    remedy: 'Quit Lightroom; the backup is tried again by itself.',
  })
}

function differs(file: string): SafelightError {
  return new SafelightError('COPY_DIFFERS', {
    message: `${file} did not read back as it was written. It was thrown away.`,
    remedy: 'The drive or its cable may be failing: try another one, and check the drive.',
  })
}
