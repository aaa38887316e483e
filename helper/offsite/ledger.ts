// What must survive a crash about an upload, and who remembers it. The journal implements this; the protocol in upload.ts only needs these
// five methods. A method that returns has made its change durable.

export interface SentPart {
  readonly number: number
  readonly sizeBytes: number
  /** 32 hex digits of the bytes that were sent. */
  readonly md5: string
  /** What the store answered; the same as `md5` on most stores, and the only way to know the part again on the others. */
  readonly etag: string
}

/** One multipart upload that has begun. Everything that cuts or identifies is fixed here before the first part is sent. */
export interface OpenUpload {
  readonly key: string
  readonly uploadId: string
  readonly sizeBytes: number
  readonly mtimeMs: number
  readonly blake3: string
  readonly partSizeBytes: number
  /** The store was asked to keep a CRC32, so every part must carry one. */
  readonly withCrc32: boolean
  readonly begunAtMs: number
}

/** What stays of a finished upload: the journal's row of an off-site copy. */
export interface UploadReceipt {
  readonly key: string
  readonly sizeBytes: number
  readonly blake3: string
  readonly state: 'confirmed' | 'confirmed-locked'
  readonly confirmedBy: string
  readonly confirmedAtMs: number
  readonly versionId?: string
  readonly etag?: string
  readonly crc32?: string
  readonly lockedUntilMs?: number
  readonly lockRepaired: boolean
  /** How the bytes travelled this time: parts sent, parts found there, and whether the object was there already. */
  readonly sentParts: number
  readonly reusedParts: number
  readonly wasThere: boolean
}

/** Of an upload that was asked for and whose id is not known. */
export const NO_UPLOAD_ID = ''

export interface UploadLedger {
  /** The open upload of this key, if any. */
  find(key: string): Promise<OpenUpload | undefined>
  /** Runs `act`, which asks the store to begin an upload of this key and writes its id down with `begin`. That it is going to ask is durable
   *  before, so that an upload whose id never came to be written down is known for ours. */
  whileBeginning<T>(key: string, act: () => Promise<T>): Promise<T>
  /** Keys for which an upload was asked for, by a process that is gone or in vain, and no id was written down: whatever upload the store
   *  has open under them is ours, and lost. */
  lost(): Promise<readonly string[]>
  /** Durable before the first part is sent. Replaces an earlier one of the same key. */
  begin(upload: OpenUpload): Promise<void>
  /** Parts known to have arrived, in any order. May be lost in a crash: then ListParts and the MD5s decide. */
  part(upload: OpenUpload, part: SentPart): Promise<void>
  parts(upload: OpenUpload): Promise<readonly SentPart[]>
  /** Records the copy and drops the open upload, in one transaction. */
  complete(receipt: UploadReceipt): Promise<void>
  /** Drops the open upload without a copy, or with `NO_UPLOAD_ID` what was asked for. Not there is as good. */
  forget(key: string, uploadId: string): Promise<void>
  /** Every open upload of this place; the orphan sweep spares them. */
  open(): Promise<readonly OpenUpload[]>
}
