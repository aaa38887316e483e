// Bytes of a file, asked for by where they lie. What reads through this is given hostile files: every offset is checked here, every count by
// whoever asks, so that nothing is read beyond the end and no table is believed before it is known to fit.
import type { DurableFiles } from '../durable.js'

export interface ByteSource {
  readonly sizeBytes: number
  /** @returns the bytes there, fewer at the end of the file, none beyond it; valid until the next call */
  read(offset: number, length: number): Uint8Array
}

/** A file is no picture of the kind that it seems to be, or is one in a way that is not understood here. */
export class NotUnderstood extends Error {}

export function bytesAsSource(bytes: Uint8Array): ByteSource {
  return {
    sizeBytes: bytes.length,
    read: (offset, length) => (isPlace(offset) ? bytes.subarray(offset, offset + length) : new Uint8Array(0)),
  }
}

/** @param descriptor  of a file opened for reading; stays open */
export function fileAsSource(files: DurableFiles, descriptor: number): ByteSource {
  const { sizeBytes } = files.statOpen(descriptor)
  let page: Uint8Array = new Uint8Array(0)
  let pageAt = 0
  const fetch = (offset: number, length: number): Uint8Array => {
    const into = new Uint8Array(Math.max(0, Math.min(length, sizeBytes - offset)))
    let filled = 0
    while (filled < into.length) {
      const count = files.read(descriptor, into, filled, into.length - filled, offset + filled)
      if (count === 0) break
      filled += count
    }
    return into.subarray(0, filled)
  }
  return {
    sizeBytes,
    read(offset, length) {
      if (!isPlace(offset) || length <= 0) return new Uint8Array(0)
      const isCached = offset >= pageAt && offset + length <= pageAt + page.length
      if (!isCached) {
        page = fetch(offset, Math.max(length, PAGE_BYTES))
        pageAt = offset
      }
      return page.subarray(offset - pageAt, offset - pageAt + length)
    },
  }
}

const PAGE_BYTES = 64 * 1024

function isPlace(offset: number): boolean {
  return Number.isSafeInteger(offset) && offset >= 0
}

/** Whole numbers at places of a file, in its byte order. */
export class NumberReader {
  readonly source: ByteSource
  readonly #isLittle: boolean

  constructor(source: ByteSource, isLittle: boolean) {
    this.source = source
    this.#isLittle = isLittle
  }

  /** @param bytes  1, 2, 3, 4 or 8
   *  @throws NotUnderstood beyond the end, or where eight bytes hold more than a number can */
  at(offset: number, bytes: number): number {
    const found = this.source.read(offset, bytes)
    if (found.length < bytes) throw new NotUnderstood('it ends in the middle of its own description')
    let value = 0
    for (let index = 0; index < bytes; index++)
      value = value * 256 + (found[this.#isLittle ? bytes - 1 - index : index] ?? 0)
    if (!Number.isSafeInteger(value)) throw new NotUnderstood('it speaks of more bytes than any file has')
    return value
  }
}
