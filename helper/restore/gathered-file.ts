// A file that grows by many small pieces, as they come over a line: gathered in memory of its own, so that the pieces themselves are forgotten
// at once, and written a megabyte at a time while the next ones arrive; past the page cache where the system allows it, which costs a
// third and pushes nothing out of memory. What was handed over before a failure of the line is in the file when it has been closed.
import { constants } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { systemCode } from '../errors.js'

const TOGETHER_BYTES = 1024 * 1024

/** What a file works with: one half fills while the other is written. Page-aligned, as writes past the page cache demand. */
export const GATHERING_BYTES = 2 * TOGETHER_BYTES

export class GatheredFile {
  readonly #path: string
  readonly #handle: FileHandle
  /** `null` once it is known that there is none. */
  #direct: FileHandle | null | undefined
  #filling: Uint8Array
  #other: Uint8Array
  #filled = 0
  #position: number
  #writing: Promise<void> = Promise.resolve()

  private constructor(path: string, handle: FileHandle, startBytes: number, memory: Uint8Array) {
    this.#path = path
    this.#handle = handle
    // Past the page cache everything has to begin on a whole sector.
    this.#direct = startBytes === 0 && process.platform === 'linux' ? undefined : null
    this.#position = startBytes
    this.#filling = memory.subarray(0, TOGETHER_BYTES)
    this.#other = memory.subarray(TOGETHER_BYTES, GATHERING_BYTES)
  }

  /** @param startBytes  how much of it is there and stays
   *  @param memory      `GATHERING_BYTES`, nobody else's until it has been closed */
  static async open(path: string, startBytes: number, memory: Uint8Array): Promise<GatheredFile> {
    const handle = await open(path, constants.O_WRONLY | constants.O_CREAT, 0o644)
    return new GatheredFile(path, handle, startBytes, memory)
  }

  /** @throws the system's error, of this piece or an earlier one */
  async append(chunk: Uint8Array): Promise<void> {
    for (let at = 0; at < chunk.length;) {
      const piece = chunk.subarray(at, at + TOGETHER_BYTES - this.#filled)
      this.#filling.set(piece, this.#filled)
      this.#filled += piece.length
      at += piece.length
      if (this.#filled === TOGETHER_BYTES) await this.#write()
    }
  }

  /** @throws the system's error when not everything could be written */
  async close(): Promise<void> {
    try {
      await this.#write()
      await this.#writing
    } finally {
      await this.#direct?.close()
      await this.#handle.close()
    }
  }

  /** Begins to write what is gathered, once what was gathered before is written. */
  async #write(): Promise<void> {
    await this.#writing
    const full = this.#filling
    this.#writing = this.#writeAt(full.subarray(0, this.#filled), this.#position)
    // It is awaited before the next one; until then nobody listens, and that is no reason to end the process.
    this.#writing.catch(() => undefined)
    this.#position += this.#filled
    this.#filling = this.#other
    this.#other = full
    this.#filled = 0
  }

  async #writeAt(bytes: Uint8Array, position: number): Promise<void> {
    if (bytes.length === TOGETHER_BYTES && (await this.#wroteDirect(bytes, position))) return
    await writeAll(this.#handle, bytes, position)
  }

  /** @returns false where the file system does not do it, which some say at the opening and some at the first write */
  async #wroteDirect(bytes: Uint8Array, position: number): Promise<boolean> {
    if (this.#direct === null) return false
    try {
      this.#direct ??= await open(this.#path, constants.O_WRONLY | constants.O_DIRECT)
      await writeAll(this.#direct, bytes, position)
      return true
    } catch (error) {
      if (systemCode(error) !== 'EINVAL' && systemCode(error) !== 'ENOTSUP') throw error
      await this.#direct?.close()
      this.#direct = null
      return false
    }
  }
}

async function writeAll(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let at = 0; at < bytes.length;)
    at += (await handle.write(bytes, at, bytes.length - at, position + at)).bytesWritten
}
