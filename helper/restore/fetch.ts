// Fetching an object of a bucket to a file of the home, from which it then goes the way of every copy: hashed, written, read back. Promises
// that what it hands over hashed to the reference while it came in; that what arrived before a kill or a broken line is not fetched again;
// and that a store which stalls gives way to the next place where there is one.
import { createReadStream } from 'node:fs'
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import pLimit from 'p-limit'
import { SafelightError, systemCode, type ErrorCode } from '../errors.js'
import { alignedBuffer } from '../files/aligned.js'
import type { HashEngine } from '../files/hash.js'
import { inWords } from '../files/in-words.js'
import type { Volumes } from '../files/volumes.js'
import type { Hash } from '../model.js'
import { AGE_SUFFIX, decryptFile } from '../offsite/encryption.js'
import type { ReadRequest } from '../offsite/object-store.js'
import { GATHERING_BYTES, GatheredFile } from './gathered-file.js'
import { openCopy, type OpenBucket, type OpenedCopy } from './bucket.js'

export interface FetchDeps {
  /** Where what comes in lies until it is written; made when missing. */
  readonly folder: string
  readonly hash: HashEngine
  readonly volumes: Pick<Volumes, 'room'>
  readonly clock: () => number
  /** How long a store may give next to nothing while another place could serve. */
  readonly stallMs?: number
  /** Told of every piece that comes in. */
  readonly onBytes?: (bytes: number) => void
}

export interface FetchRequest {
  readonly bucket: OpenBucket
  /** Below the place, with `/`. */
  readonly path: string
  readonly hash: Hash
  readonly sizeBytes: number
  /** Another place could serve as well. */
  readonly mayGiveWay: boolean
}

export type Fetched =
  | {
      readonly kind: 'fetched'
      readonly file: string
      /** Nobody writes to it any more and its rights are those of any file, so that it may get a second name instead of being copied. */
      readonly mayBeLinked: boolean
      readonly release: () => Promise<void>
    }
  | {
      readonly kind: 'missing' | 'damaged' | 'unreadable' | 'away' | 'cold' | 'slow' | 'stopped'
      readonly why: string
      readonly code?: ErrorCode
    }

const STALL_MS = 20_000
/** Less than this is next to nothing. */
const SLOW_BYTES_PER_SECOND = 16 * 1024
/** Objects that come in at once: enough to hide the way to the store behind each other. */
const AT_ONCE = 8
/** A store that could not be reached is not asked again for so long: ten thousand files would each wait for it. */
const AWAY_MS = 60_000
/** More than this, and more than twice of what was sent, is not fetched to be told that it is not it. */
const OVERLONG_BYTES = 64 * 1024 * 1024
/** Left free on the disk of the home. */
const SPARE_BYTES = 256 * 1024 * 1024

export class Fetcher {
  readonly #deps: FetchDeps
  readonly #limit = pLimit(AT_ONCE)
  readonly #underWay = new Map<Hash, Promise<void>>()
  readonly #memory: Uint8Array[] = []
  readonly #away = new Map<string, { readonly untilMs: number; readonly failed: Fetched }>()

  constructor(deps: FetchDeps) {
    this.#deps = deps
  }

  /** @returns the file, to be released after use, or why there is none; never throws for what a store or the home's disk does */
  fetch(request: FetchRequest, signal: AbortSignal): Promise<Fetched> {
    return this.#limit(() => this.#inTurn(request, signal))
  }

  /** Throws away what came in and was not used: after a restore that came to its end. */
  async clear(): Promise<void> {
    if (this.#underWay.size === 0) await rm(this.#deps.folder, { recursive: true, force: true })
  }

  /** One after the other where two want the same bytes: the second finds them there. */
  async #inTurn(request: FetchRequest, signal: AbortSignal): Promise<Fetched> {
    const away = this.#away.get(request.bucket.id)
    if (away && this.#deps.clock() < away.untilMs) return away.failed
    const before = this.#underWay.get(request.hash)
    let free: () => void = () => undefined
    const turn = new Promise<void>((resolve) => (free = resolve))
    this.#underWay.set(request.hash, turn)
    await before
    const release = async (file: string): Promise<void> => {
      await rm(file, { force: true })
      this.#finish(request.hash, turn, free)
    }
    const result = await this.#caught(request, signal)
    if (result.kind === 'fetched') return { ...result, release: () => release(result.file) }
    this.#finish(request.hash, turn, free)
    if (result.kind === 'away')
      this.#away.set(request.bucket.id, { untilMs: this.#deps.clock() + AWAY_MS, failed: result })
    return result
  }

  #finish(hash: Hash, turn: Promise<void>, free: () => void): void {
    if (this.#underWay.get(hash) === turn) this.#underWay.delete(hash)
    free()
  }

  async #caught(request: FetchRequest, signal: AbortSignal): Promise<Fetched> {
    const watch = new Watch(request.mayGiveWay ? (this.#deps.stallMs ?? STALL_MS) : undefined, signal)
    try {
      return await this.#fetch(request, watch)
    } catch (error) {
      if (signal.aborted) return { kind: 'stopped', why: 'stopped' }
      if (watch.isStalled)
        return { kind: 'slow', why: 'it gave next to nothing for a while, so the next place was asked' }
      return failureOf(error, this.#deps.folder)
    } finally {
      watch.close()
    }
  }

  async #fetch(request: FetchRequest, watch: Watch): Promise<Fetched> {
    const { folder } = this.#deps
    const file = path.join(folder, request.hash)
    await mkdir(folder, { recursive: true, mode: 0o700 })
    if ((await sizeOf(file)) === request.sizeBytes && (await this.#hashOf(file)) === request.hash)
      return { kind: 'fetched', file, mayBeLinked: false, release: () => Promise.resolve() }
    await rm(file, { force: true })
    if (
      this.#deps.volumes.room(folder).freeBytes <
      request.sizeBytes * (request.bucket.isEncrypted ? 2 : 1) + SPARE_BYTES
    )
      return {
        kind: 'unreadable',
        why: `the disk of ${folder} has too little room to fetch it (${inWords(request.sizeBytes)})`,
        code: 'VOLUME_FULL',
      }
    // What an earlier try left may be the beginning of something else: then it is fetched once more from the start.
    for (const mayResume of [true, false]) {
      const done = await this.#download(request, file, mayResume, watch)
      if (done !== 'again') return done
    }
    return { kind: 'damaged', why: 'what comes from there are not the bytes that were sent' }
  }

  async #download(request: FetchRequest, file: string, mayResume: boolean, watch: Watch): Promise<Fetched | 'again'> {
    const found = await openCopy(request.bucket, request.path, request.hash, watch.signal)
    if (!found) return { kind: 'missing', why: 'there is no such object' }
    // Whoever put it there wanted the disk full, or knew nothing of us.
    if (found.sizeBytes > request.sizeBytes * 2 + OVERLONG_BYTES)
      return {
        kind: 'damaged',
        why: `it is ${inWords(found.sizeBytes)} long where ${inWords(request.sizeBytes)} were sent`,
      }
    const part = `${file}${found.isEncrypted ? AGE_SUFFIX : ''}.part`
    if (!mayResume) await rm(part, { force: true })
    const had = await sizeOf(part)
    const isResumed = had > 0 && had <= found.sizeBytes
    if (!isResumed) await rm(part, { force: true })
    const hasher = this.#deps.hash.create()
    if (isResumed) for await (const chunk of createReadStream(part)) hasher.update(chunk as Buffer)
    if (!isResumed || had < found.sizeBytes) await this.#append(found, part, isResumed ? had : 0, hasher, watch)
    if (found.isEncrypted) {
      await decryptFile(part, file, request.hash, request.bucket.identities, watch.signal)
      await rm(part, { force: true })
    } else {
      if (hasher.digest() !== request.hash) {
        await rm(part, { force: true })
        return isResumed ? 'again' : { kind: 'damaged', why: 'it reads other bytes than were sent' }
      }
      await rename(part, file)
    }
    return { kind: 'fetched', file, mayBeLinked: !found.isEncrypted, release: () => Promise.resolve() }
  }

  async #append(
    { bucket, key, versionId }: OpenedCopy,
    part: string,
    startBytes: number,
    hasher: ReturnType<HashEngine['create']>,
    watch: Watch,
  ): Promise<void> {
    const request: ReadRequest = {
      key,
      ...(versionId === undefined ? {} : { versionId }),
      ...(startBytes === 0 ? {} : { range: { start: startBytes } }),
    }
    const opened = await bucket.store.read(request, watch.signal)
    if (!opened) throw Object.assign(new Error('it was deleted meanwhile'), { code: 'ENOENT' })
    const memory = this.#memory.pop() ?? alignedBuffer(GATHERING_BYTES)
    const out = await GatheredFile.open(part, startBytes, memory)
    try {
      for await (const chunk of opened.body) {
        watch.signal.throwIfAborted()
        hasher.update(chunk)
        await out.append(chunk)
        watch.came(chunk.length)
        this.#deps.onBytes?.(chunk.length)
      }
    } finally {
      await out.close()
      this.#memory.push(memory)
    }
  }

  async #hashOf(file: string): Promise<Hash> {
    const hasher = this.#deps.hash.create()
    for await (const chunk of createReadStream(file)) hasher.update(chunk as Buffer)
    return hasher.digest()
  }
}

/** Calls a transfer off when it is stopped, or when it gives next to nothing for a whole window. */
class Watch {
  readonly signal: AbortSignal
  isStalled = false
  readonly #stall = new AbortController()
  readonly #timer: NodeJS.Timeout | undefined
  #bytes = 0

  constructor(windowMs: number | undefined, signal: AbortSignal) {
    this.signal = AbortSignal.any([signal, this.#stall.signal])
    if (windowMs === undefined) return
    const least = (SLOW_BYTES_PER_SECOND * windowMs) / 1000
    this.#timer = setInterval(() => {
      if (this.#bytes < least) {
        this.isStalled = true
        this.#stall.abort(new Error('stalled'))
      }
      this.#bytes = 0
    }, windowMs)
  }

  came(bytes: number): void {
    this.#bytes += bytes
  }

  close(): void {
    clearInterval(this.#timer)
  }
}

async function sizeOf(file: string): Promise<number> {
  try {
    return (await stat(file)).size
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return -1
    throw error
  }
}

function failureOf(error: unknown, folder: string): Fetched {
  if (error instanceof SafelightError) {
    const { code, message } = error
    if (code === 'OFFSITE_COLD')
      return { kind: 'cold', why: 'it lies in a class of storage that must be asked for first', code }
    if (code === 'COPY_DIFFERS') return { kind: 'damaged', why: message, code }
    // A key that does not open it says so of every object.
    const isAway = code.startsWith('OFFSITE_') && !/None of the keys/.test(message)
    return { kind: isAway ? 'away' : 'unreadable', why: message.replace(/\.$/, ''), code }
  }
  const system = systemCode(error)
  if (system === '') throw error
  if (system === 'ENOENT') return { kind: 'missing', why: 'it was deleted meanwhile' }
  return { kind: 'unreadable', why: `${system} at ${folder}, where it is fetched to` }
}

/** What a helper that was killed left more than a week ago is not going to be resumed. */
export async function clearOldFetches(folder: string, nowMs: number): Promise<void> {
  let names: string[]
  try {
    names = await readdir(folder)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return
    throw error
  }
  for (const name of names) {
    const file = path.join(folder, name)
    if (nowMs - (await stat(file)).mtimeMs > 7 * 24 * 3600_000) await rm(file, { force: true })
  }
}
