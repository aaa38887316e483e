// Between the SDK's data and the plain data of the contract, both ways. Pure.
import type * as s3 from '@aws-sdk/client-s3'
import type { ListedVersion, ObjectFacts, ObjectOptions } from './object-store.js'
import type { OpenedBody } from './s3-attempts.js'

type Stripped<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>
}

/** Leaves out what is undefined, so that "absent" has one form. */
export function stripped<T extends object>(data: T): Stripped<T> {
  return Object.fromEntries(Object.entries(data).filter(([, value]) => value !== undefined)) as Stripped<T>
}

export function unquoted(etag: string | undefined): string | undefined {
  return etag?.replace(/^"|"$/g, '')
}

export function factsOf(key: string, reply: s3.HeadObjectCommandOutput | s3.GetObjectCommandOutput): ObjectFacts {
  return stripped({
    key,
    sizeBytes: reply.ContentLength ?? 0,
    etag: unquoted(reply.ETag),
    // Stores without versions answer nothing, or the word that S3 uses for "none".
    versionId: reply.VersionId === 'null' ? undefined : reply.VersionId,
    lastModifiedMs: reply.LastModified?.getTime(),
    metadata: Object.fromEntries(
      Object.entries(reply.Metadata ?? {}).map(([name, value]) => [name.toLowerCase(), value]),
    ),
    checksums: stripped({
      crc32: reply.ChecksumCRC32,
      crc32c: reply.ChecksumCRC32C,
      crc64nvme: reply.ChecksumCRC64NVME,
      sha1: reply.ChecksumSHA1,
      sha256: reply.ChecksumSHA256,
      type: reply.ChecksumType,
    }),
    lock:
      reply.ObjectLockMode && reply.ObjectLockRetainUntilDate
        ? { mode: reply.ObjectLockMode, untilMs: reply.ObjectLockRetainUntilDate.getTime() }
        : undefined,
    storageClass: reply.StorageClass,
    restore: reply.Restore === undefined ? undefined : restoreOf(reply.Restore),
  })
}

/** `ongoing-request="false", expiry-date="Fri, 23 Dec 2012 00:00:00 GMT"` */
function restoreOf(header: string): { ongoing: boolean; untilMs?: number } {
  const expiry = /expiry-date="([^"]+)"/.exec(header)?.[1]
  return {
    ongoing: header.includes('ongoing-request="true"'),
    ...(expiry === undefined ? {} : { untilMs: Date.parse(expiry) }),
  }
}

export function openedBody(reply: s3.GetObjectCommandOutput): OpenedBody {
  return { body: reply.Body as unknown as AsyncIterable<Uint8Array>, lengthBytes: reply.ContentLength ?? 0 }
}

/** `bytes 0-99/1234` → 1234 */
export function totalOf(contentRange: string | undefined): number | undefined {
  const total = /\/(\d+)$/.exec(contentRange ?? '')?.[1]
  return total === undefined ? undefined : Number(total)
}

/** Keys are asked for in URL form, because XML 1.0 cannot carry every character; a store that ignores the wish does not echo it. */
export function decodeListedKey(key: string, encoding: string | undefined): string {
  return encoding === 'url' ? decodeURIComponent(key.replace(/\+/g, ' ')) : key
}

export function* versionsOf(page: s3.ListObjectVersionsCommandOutput): Generator<ListedVersion> {
  const versions = (page.Versions ?? []).map((version) => ({ ...version, isDeleteMarker: false }))
  const markers = (page.DeleteMarkers ?? []).map((marker) => ({
    ...marker,
    ETag: undefined,
    Size: 0,
    StorageClass: undefined,
    isDeleteMarker: true,
  }))
  const all = [...versions, ...markers].map((entry) =>
    stripped({
      key: decodeListedKey(entry.Key ?? '', page.EncodingType),
      versionId: entry.VersionId ?? 'null',
      isLatest: entry.IsLatest ?? false,
      isDeleteMarker: entry.isDeleteMarker,
      sizeBytes: entry.Size ?? 0,
      etag: unquoted(entry.ETag),
      lastModifiedMs: entry.LastModified?.getTime(),
      storageClass: entry.StorageClass,
    }),
  )
  yield* all.sort(newestFirstWithinKey)
}

function newestFirstWithinKey(a: ListedVersion, b: ListedVersion): number {
  if (a.key !== b.key) return Buffer.compare(Buffer.from(a.key), Buffer.from(b.key))
  if (a.isLatest !== b.isLatest) return a.isLatest ? -1 : 1
  return (b.lastModifiedMs ?? 0) - (a.lastModifiedMs ?? 0)
}

/** What is decided about an object when it is created. */
export function objectInput(options: ObjectOptions) {
  return {
    Metadata: { ...options.metadata },
    ContentType: options.contentType,
    StorageClass: options.storageClass as s3.StorageClass | undefined,
    ObjectLockMode: options.lock?.mode,
    ObjectLockRetainUntilDate: options.lock && new Date(options.lock.untilMs),
  }
}
