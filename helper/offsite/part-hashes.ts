// Everything that is asked of a part's bytes, in one walk over them: a slice at a time, so that each hash finds the slice where the one
// before it has left it, in the processor's own memory.
import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import type { Hasher } from '../files/hash.js'

/** What is to be taken beside the SHA-256, which every body is signed with. */
export interface HashWishes {
  /** Takes the bytes too: the hash of the whole file, of which this part is the next piece. */
  readonly whole: Hasher
  readonly md5: boolean
  /** CRC32 of the file up to this part, where one is wanted. */
  readonly crc32Before?: number
}

export interface PartHashes {
  /** 64 hex digits */
  readonly sha256: string
  readonly md5?: Buffer
  /** Of the part, and of the file up to its end. */
  readonly crc32?: { readonly part: number; readonly whole: number }
}

const SLICE_BYTES = 256 * 1024

export function hashPart(body: Uint8Array, { whole, md5: wantsMd5, crc32Before }: HashWishes): PartHashes {
  const sha256 = createHash('sha256')
  const md5 = wantsMd5 ? createHash('md5') : undefined
  const crc = { part: 0, whole: crc32Before ?? 0 }
  for (let at = 0; at < body.length; at += SLICE_BYTES) {
    const slice = body.subarray(at, at + SLICE_BYTES)
    whole.update(slice)
    sha256.update(slice)
    md5?.update(slice)
    if (crc32Before === undefined) continue
    crc.part = crc32(slice, crc.part)
    crc.whole = crc32(slice, crc.whole)
  }
  return {
    sha256: sha256.digest('hex'),
    ...(md5 ? { md5: md5.digest() } : {}),
    ...(crc32Before === undefined ? {} : { crc32: crc }),
  }
}
