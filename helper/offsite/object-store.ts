// What the rooms above need of a bucket, and what they may rely on. Whatever answers to this contract can hold the off-site copies; s3.ts
// is the one that does. Each comment is a promise of the implementation: what is durable when the call returns, which outcomes are
// values rather than errors, and what may be called twice. Retrying, time-outs and clock correction are the implementation's own affair:
// an error that comes out has already been tried again as often as is sensible. Errors are SafelightError, codes OFFSITE_* (exit 30–39).

export type LockMode = 'GOVERNANCE' | 'COMPLIANCE'

/** Until when a version cannot be deleted. The store's clock decides, not ours. */
export interface ObjectLock {
  readonly mode: LockMode
  readonly untilMs: number
}

/** Checksums of a whole object in the form in which stores keep them: base64 of the big-endian bytes. */
export interface ObjectChecksums {
  readonly crc32?: string
  readonly crc32c?: string
  readonly crc64nvme?: string
  readonly sha1?: string
  readonly sha256?: string
  /** A composite one (`…-N`) is a checksum of part checksums and says nothing about the object as a whole. */
  readonly type?: 'FULL_OBJECT' | 'COMPOSITE'
}

/** What the store says about one version of one object. */
export interface ObjectFacts {
  readonly key: string
  readonly sizeBytes: number
  /** Without quotes. Absent on a store that gives none. */
  readonly etag?: string
  /** Absent where the bucket is not versioned. */
  readonly versionId?: string
  readonly lastModifiedMs?: number
  /** Lower-case names without `x-amz-meta-`. */
  readonly metadata: Readonly<Record<string, string>>
  readonly checksums: ObjectChecksums
  readonly lock?: ObjectLock
  readonly storageClass?: string
  /** Of an object in a cold class: whether a readable copy has been asked for, and until when it stays. */
  readonly restore?: { readonly ongoing: boolean; readonly untilMs?: number }
}

export interface ListedObject {
  readonly key: string
  readonly sizeBytes: number
  readonly etag?: string
  readonly lastModifiedMs?: number
  readonly storageClass?: string
}

export interface ListedVersion extends ListedObject {
  readonly versionId: string
  readonly isLatest: boolean
  /** A marker says that the object was deleted at that moment; the versions before it are still there. */
  readonly isDeleteMarker: boolean
}

/** What is decided about an object when it is created. */
export interface ObjectOptions {
  readonly metadata?: Readonly<Record<string, string>>
  readonly contentType?: string
  readonly storageClass?: string
  readonly lock?: ObjectLock
}

export interface PutRequest extends ObjectOptions {
  readonly key: string
  /** At most 5 GiB; kept by the caller until the call returns, because a retry sends it again. */
  readonly body: Uint8Array
  /** 64 hex digits. The request is signed with it, so that a store which checks signatures takes no other bytes; taken here when left out. */
  readonly sha256?: string
  /** Base64 of the MD5 of the body. A locked PUT needs it on AWS and B2; `needsMd5` in providers.ts tells where else. */
  readonly contentMd5?: string
  /** Base64 of the CRC32 of the body, where the profile says that the store keeps one. */
  readonly crc32?: string
  /** Create only: an existing object is left alone and reported as `exists`. Only where the profile says that the store obeys. */
  readonly ifAbsent?: boolean
}

export type PutOutcome =
  | { readonly kind: 'stored'; readonly etag?: string; readonly versionId?: string }
  /** Only with `ifAbsent`. */
  | { readonly kind: 'exists' }

/** Metadata goes along with the bytes. */
export interface CopyRequest extends Pick<ObjectOptions, 'lock' | 'storageClass'> {
  readonly from: { readonly key: string; readonly versionId?: string }
  readonly to: string
}

export type CopyOutcome =
  | { readonly kind: 'copied'; readonly etag?: string; readonly versionId?: string }
  | { readonly kind: 'missing' }
  | { readonly kind: 'refused'; readonly why: string }

export interface UploadRequest extends ObjectOptions {
  readonly key: string
  /** Ask the store to keep a CRC32 over the whole object; then every part carries its own. */
  readonly withCrc32?: boolean
}

export interface PartRequest {
  readonly key: string
  readonly uploadId: string
  /** 1 to 10,000 */
  readonly number: number
  readonly body: Uint8Array
  readonly sha256?: string
  readonly contentMd5?: string
  readonly crc32?: string
}

export interface StoredPart {
  readonly number: number
  readonly sizeBytes: number
  readonly etag: string
  readonly crc32?: string
}

export type PartOutcome =
  | { readonly kind: 'stored'; readonly etag: string; readonly crc32?: string }
  /** The upload was aborted, completed or swept away; its parts are gone. */
  | { readonly kind: 'no-such-upload' }

export interface CompleteRequest {
  readonly key: string
  readonly uploadId: string
  /** In ascending order. */
  readonly parts: readonly Omit<StoredPart, 'sizeBytes'>[]
  /** The same size that the parts add up to. Sent as a condition where the store knows it. */
  readonly sizeBytes: number
}

export type CompleteOutcome =
  | { readonly kind: 'completed'; readonly etag?: string; readonly versionId?: string }
  /** Either it was completed before and the reply was lost, or it is gone: a HEAD tells which. */
  | { readonly kind: 'no-such-upload' }
  /** The store asks for a fresh start: a part is missing or different, or another writer was quicker (409). */
  | { readonly kind: 'start-again'; readonly why: string }

export interface OpenMultipart {
  readonly key: string
  readonly uploadId: string
  readonly initiatedMs?: number
}

/** `end` is the last byte, included, as in HTTP. */
export interface ByteRange {
  readonly start: number
  readonly end?: number
}

export interface ReadRequest {
  readonly key: string
  readonly versionId?: string
  readonly range?: ByteRange
}

export interface HeadRequest {
  readonly key: string
  readonly versionId?: string
  /** Ask for the checksums that the store keeps. Backblaze B2 refuses the question, hence only where the profile says so. */
  readonly withChecksums?: boolean
}

export interface BucketFacts {
  /** `unsupported`: the store refused the question. */
  readonly versioning: 'enabled' | 'suspended' | 'off' | 'unsupported'
  /** Object Lock is on for the bucket; a default retention applies to whatever is put without one. */
  readonly objectLock: boolean
  readonly defaultLock?: { readonly mode: LockMode; readonly days: number }
}

export type UploadExpiry =
  | { readonly kind: 'after'; readonly days: number }
  | { readonly kind: 'never'; readonly hasOtherRules: boolean }
  /** The store, or what the key may do, does not say. */
  | { readonly kind: 'unknown' }

export type RestoreTier = 'Expedited' | 'Standard' | 'Bulk'

export interface ObjectStore {
  /** As shown to people: `s3://bucket` and, where there is one, the endpoint's host. */
  readonly name: string

  /** The whole object or nothing: when the call returns, the bytes are durable and a read sees them; when it throws, either all of them
   *  are there or none. May be called twice: on a versioned bucket the second call makes a second version. */
  put(request: PutRequest, signal?: AbortSignal): Promise<PutOutcome>

  /** Opens a multipart upload. Called twice, it opens two, and each is billed until completed or aborted: write the id down first.
   *  `mayBeTwice`: the store was asked more than once before it answered, so it may have opened more than the one that it named. */
  beginUpload(
    request: UploadRequest,
    signal?: AbortSignal,
  ): Promise<{ readonly uploadId: string; readonly mayBeTwice: boolean }>

  /** Sends one part. Durable when the call returns. Called twice with one number, the last one counts. */
  uploadPart(request: PartRequest, signal?: AbortSignal): Promise<PartOutcome>

  /** The parts that the store really has, in ascending order; `undefined` when it does not know the upload. */
  listParts(key: string, uploadId: string, signal?: AbortSignal): Promise<readonly StoredPart[] | undefined>

  /** Makes the parts one object, all or nothing. A lost reply is retried inside; what a retry then finds is the outcome `no-such-upload`
   *  on stores that forget a completed upload, and `completed` on those that remember. */
  completeUpload(request: CompleteRequest, signal?: AbortSignal): Promise<CompleteOutcome>

  /** Throws the parts away. May be called twice: an upload that is not there is as good as aborted. */
  abortUpload(key: string, uploadId: string, signal?: AbortSignal): Promise<void>

  /** Every open upload below the prefix, whoever began it. */
  listUploads(prefix: string, signal?: AbortSignal): AsyncIterable<OpenMultipart>

  /** `undefined` when there is no such object or version, or when its newest version is a delete marker. */
  head(request: HeadRequest, signal?: AbortSignal): Promise<ObjectFacts | undefined>

  /** Opens an object for reading; `undefined` when there is none. The bytes come from one version even when the connection breaks and is
   *  resumed on the way. Closing the iterator ends the transfer. @throws OFFSITE_COLD when it must be restored first */
  read(
    request: ReadRequest,
    signal?: AbortSignal,
  ): Promise<{ readonly facts: ObjectFacts; readonly body: AsyncIterable<Uint8Array> } | undefined>

  /** Current objects in the order of their keys' bytes, a page of 1,000 per request. */
  list(prefix: string, signal?: AbortSignal): AsyncIterable<ListedObject>

  /** One level below the prefix, as a folder would show it: `folders` end with a slash, `keys` are objects. Both are whole keys. */
  listLevel(
    prefix: string,
    signal?: AbortSignal,
  ): Promise<{ readonly folders: readonly string[]; readonly keys: readonly string[] }>

  /** All versions and delete markers, newest first within a key. */
  listVersions(prefix: string, signal?: AbortSignal): AsyncIterable<ListedVersion>

  /** Makes a further object of one that is there, inside the store; the bytes do not travel. All or nothing, like `put`. At most 5 GiB.
   *  `missing`: the source is not there. `refused`: this store does not copy, or not this object. */
  copy(request: CopyRequest, signal?: AbortSignal): Promise<CopyOutcome>

  /** With a version: destroys that version. Without: sets a delete marker on a versioned bucket, destroys the object on any other.
   *  What is not there counts as deleted. @returns `refused` when Object Lock, or the key's rights, forbid it */
  delete(key: string, versionId?: string, signal?: AbortSignal): Promise<'deleted' | 'refused'>

  /** Sets or lengthens the lock of one version. May be called twice. @throws OFFSITE_UNLOCKED when the store refuses */
  setLock(key: string, versionId: string, lock: ObjectLock, signal?: AbortSignal): Promise<void>

  /** Asks for a readable copy of an object in a cold class. May be called twice. */
  requestRestore(
    key: string,
    versionId: string | undefined,
    days: number,
    tier: RestoreTier,
    signal?: AbortSignal,
  ): Promise<'requested' | 'already-requested' | 'readable'>

  bucketFacts(signal?: AbortSignal): Promise<BucketFacts>

  /** May be called twice. There is no way back from enabled to off, only to suspended. */
  enableVersioning(signal?: AbortSignal): Promise<void>

  /** What the bucket itself does with unfinished uploads below the prefix. */
  unfinishedUploadsExpire(prefix: string, signal?: AbortSignal): Promise<UploadExpiry>

  /** Has the bucket throw unfinished uploads below the prefix away. Takes the place of every other rule, so only for a bucket without any.
   *  @returns `refused` when the store knows no such rule or the key may not set it */
  expireUnfinishedUploads(prefix: string, days: number, signal?: AbortSignal): Promise<'set' | 'refused'>

  /** How far this computer's clock was found to be behind the store's, in ms; 0 until a request was refused for it. */
  clockCorrectionMs(): number

  /** Whether it has answered at all since it was opened, as it was asked to. */
  hasAnswered(): boolean

  /** Ends idle connections. The store must not be used afterwards. */
  close(): void
}
