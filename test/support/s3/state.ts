// What the double remembers: buckets, versions, locks, open uploads. Bytes lie in files of a temporary folder, everything else in memory,
// so a "restart" of the server is a new HTTP server over the same state.
import { createHash, randomUUID } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Lock {
  readonly mode: string
  readonly untilMs: number
}

export interface Version {
  readonly versionId: string
  readonly isMarker: boolean
  readonly file: string
  readonly size: number
  readonly etag: string
  readonly modifiedMs: number
  readonly metadata: Readonly<Record<string, string>>
  readonly contentType: string
  readonly checksums: Readonly<Record<string, string>>
  readonly checksumType: 'FULL_OBJECT' | 'COMPOSITE'
  storageClass: string
  lock: Lock | undefined
  legalHold: boolean
  /** Of a cold object: asked for at, readable from, gone again at. */
  restore: { readonly readyMs: number; readonly untilMs: number } | undefined
}

export interface Part {
  readonly file: string
  readonly size: number
  readonly etag: string
  readonly checksums: Readonly<Record<string, string>>
}

export interface Upload {
  readonly uploadId: string
  readonly key: string
  readonly initiatedMs: number
  readonly parts: Map<number, Part>
  readonly template: Omit<Version, 'versionId' | 'file' | 'size' | 'etag' | 'modifiedMs' | 'checksums'>
  readonly fullObjectCrc32: boolean
}

export interface Bucket {
  readonly name: string
  versioning: 'Enabled' | 'Suspended' | undefined
  objectLock: boolean
  defaultRetention: { readonly mode: string; readonly days: number } | undefined
  lifecycle: string | undefined
  /** Newest last. */
  readonly objects: Map<string, Version[]>
  readonly uploads: Map<string, Upload>
  /** Finished uploads and what they became, for a second Complete. */
  readonly finished: Map<string, Version>
}

export class DoubleState {
  readonly buckets = new Map<string, Bucket>()
  /** Bytes that may be stored in all; a quota to run into. */
  quotaBytes = Infinity
  readonly #folder: string

  constructor(folder: string) {
    mkdirSync(folder, { recursive: true })
    this.#folder = folder
  }

  createBucket(name: string, objectLock: boolean): Bucket {
    const bucket: Bucket = {
      name,
      versioning: objectLock ? 'Enabled' : undefined,
      objectLock,
      defaultRetention: undefined,
      lifecycle: undefined,
      objects: new Map(),
      uploads: new Map(),
      finished: new Map(),
    }
    this.buckets.set(name, bucket)
    return bucket
  }

  keepBytes(bytes: Buffer): string {
    const file = join(this.#folder, randomUUID())
    writeFileSync(file, bytes)
    return file
  }

  bytesStored(): number {
    let sum = 0
    for (const bucket of this.buckets.values()) {
      for (const versions of bucket.objects.values()) for (const { size } of versions) sum += size
      for (const upload of bucket.uploads.values()) for (const { size } of upload.parts.values()) sum += size
    }
    return sum
  }
}

export function readBytes(file: string): Buffer {
  return readFileSync(file)
}

export function addVersion(bucket: Bucket, key: string, version: Version): void {
  const versions = bucket.objects.get(key) ?? []
  const kept = bucket.versioning === 'Enabled' ? versions : versions.filter(({ versionId }) => versionId !== 'null')
  bucket.objects.set(key, [...kept, version])
}

export function newest(bucket: Bucket, key: string): Version | undefined {
  return bucket.objects.get(key)?.at(-1)
}

/** As stores sort keys: by the bytes of their UTF-8. */
export function sortedKeys(keys: Iterable<string>): string[] {
  return [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
}

export function md5Hex(bytes: Buffer): string {
  return createHash('md5').update(bytes).digest('hex')
}
