// The arithmetic of a multipart upload: how large the parts are, where they lie, what the finished object's ETag and CRC32 must be. Pure.
import { createHash } from 'node:crypto'

const MIB = 1024 * 1024

/** 16 MiB × 4 in flight was the best of the sizes measured, and keeps memory at 64 MiB. */
export const DEFAULT_PART_BYTES = 16 * MIB
/** S3 allows 10,000 parts; the rest is left as a margin. */
const MOST_PARTS = 9_000
/** S3's limit for every part but the last. */
export const SMALLEST_PART_BYTES = 5 * MIB

export interface PartRange {
  /** From 1. */
  readonly number: number
  readonly offsetBytes: number
  readonly sizeBytes: number
}

/** Fixed for the life of an upload: R2 wants all parts equal, and a resumed upload must cut where the first attempt did.
 *  @param leastBytes  16 MiB; tests use less */
export function partSizeFor(sizeBytes: number, leastBytes = DEFAULT_PART_BYTES): number {
  return Math.max(leastBytes, Math.ceil(sizeBytes / MOST_PARTS / MIB) * MIB)
}

export function partRanges(sizeBytes: number, partSizeBytes: number): readonly PartRange[] {
  const count = Math.ceil(sizeBytes / partSizeBytes)
  return Array.from({ length: count }, (_, index) => {
    const offsetBytes = index * partSizeBytes
    return { number: index + 1, offsetBytes, sizeBytes: Math.min(partSizeBytes, sizeBytes - offsetBytes) }
  })
}

/** What stores whose ETag is an MD5 answer for a multipart object: MD5 over the parts' MD5s, and their number. */
export function multipartEtag(partMd5s: readonly Uint8Array[]): string {
  const hash = createHash('md5')
  for (const md5 of partMd5s) hash.update(md5)
  return `${hash.digest('hex')}-${partMd5s.length}`
}

/** The form in which stores keep a CRC32: base64 of four bytes, the highest first. */
export function crc32Base64(crc32: number): string {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(crc32 >>> 0)
  return bytes.toString('base64')
}
