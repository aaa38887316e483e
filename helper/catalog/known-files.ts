// What Safelight knows of originals, as it crosses threads: numbers side by side instead of an object per file, because a check asks of some
// hundred thousand files and nearly all of them are as they were.
import type { Hash } from '../model.js'
import type { KnownFile } from './classify.js'

export interface AskedFolder {
  /** Absolute, in this machine's form, ending in a slash. */
  readonly folder: string
  /** Each ended by a NUL, which no name holds. */
  readonly names: string
}

/** Of the files of one folder, in the order asked. */
export interface KnownFiles {
  /** Of the reference; `UNKNOWN` where nothing is known. */
  readonly sizes: Float64Array<ArrayBuffer>
  readonly mtimes: Float64Array<ArrayBuffer>
  readonly verifiedCopies: Uint32Array<ArrayBuffer>
  /** One after the other, all of one length. */
  readonly hashes: string
}

/** No file has that size. */
export const UNKNOWN = -1

export function namesIn({ names }: AskedFolder): string[] {
  return names.split('\0').slice(0, -1)
}

/** @returns undefined when nothing is known of any of them */
export function packKnown(known: readonly (KnownFile | undefined)[]): KnownFiles | undefined {
  if (known.every((each) => each === undefined)) return undefined
  return {
    sizes: Float64Array.from(known, (each) => each?.reference.sizeBytes ?? UNKNOWN),
    mtimes: Float64Array.from(known, (each) => each?.reference.mtimeMs ?? 0),
    verifiedCopies: Uint32Array.from(known, (each) => each?.verifiedCopies ?? 0),
    hashes: known.map((each) => (each?.reference.hash ?? '').padEnd(HASH_LENGTH)).join(''),
  }
}

export function knownAt(packed: KnownFiles | undefined, index: number): KnownFile | undefined {
  const sizeBytes = packed?.sizes[index] ?? UNKNOWN
  if (!packed || sizeBytes === UNKNOWN) return undefined
  const hash: Hash = packed.hashes.slice(index * HASH_LENGTH, (index + 1) * HASH_LENGTH)
  return {
    reference: { hash, sizeBytes, mtimeMs: packed.mtimes[index] ?? 0 },
    verifiedCopies: packed.verifiedCopies[index] ?? 0,
  }
}

const HASH_LENGTH = 64
