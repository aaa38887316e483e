// The contract of object-store.ts kept by any store that speaks S3. This file alone knows @aws-sdk/client-s3: it builds the client (signed
// bodies, no checksums that were not asked for, idle time-outs, no retries of the SDK's own) and turns each method into requests and each
// reply into plain data. What failures mean is s3-errors.ts, when to try again s3-retry.ts, the loop s3-attempts.ts.
import * as s3 from '@aws-sdk/client-s3'
import { SafelightError } from '../errors.js'
import { formatBucketUrl, parseEndpoint } from './address.js'
import { paced } from './limiter.js'
import { afterAnswer, afterSilence, newPatience, type Patience } from './patience.js'
import type * as contract from './object-store.js'
import { attempt, outcome, readOn, type AttemptDeps, type OpenedBody } from './s3-attempts.js'
import {
  HashedStream,
  SOCKET_TIMEOUT_MS,
  createClient,
  setSocketTimeout,
  type S3Deps,
  type S3Options,
} from './s3-client.js'
import type { StoreFault } from './s3-errors.js'
import { bucketFactsOf, headOrReason } from './s3-questions.js'
import { decodeListedKey, factsOf, openedBody, stripped, totalOf, unquoted, versionsOf } from './s3-replies.js'
import { DEFAULT_RETRY } from './s3-retry.js'

export type { S3Deps, S3Options } from './s3-client.js'

export function openS3Store(options: S3Options, deps: S3Deps): contract.ObjectStore {
  const { bucket } = options
  const endpoint =
    options.endpoint === undefined
      ? undefined
      : parseEndpoint(options.endpoint, { allowPlainHttp: options.allowPlainHttp ?? false })
  const client = createClient(options, endpoint, deps)
  const name = formatBucketUrl({ bucket, prefix: '' }) + (endpoint ? ` at ${endpoint.host}` : '')
  const attempts: AttemptDeps = {
    storeName: name,
    policy: options.retry ?? DEFAULT_RETRY,
    sleep: deps.sleep,
    random: deps.random,
    clockCorrectionMs: () => client.config.systemClockOffset - (deps.clockOffsetMs ?? 0),
    onFault(fault, count, doing) {
      if (fault.kind === 'timeout') setPatience(afterSilence(patience))
      deps.onFault?.(fault, count, doing)
    },
  }
  let patience = newPatience(options.socketTimeoutMs ?? SOCKET_TIMEOUT_MS)
  const setPatience = (next: Patience): void => {
    if (next.nowMs !== patience.nowMs) setSocketTimeout(client, next.nowMs)
    patience = next
  }
  const run = <T>(doing: string, signal: AbortSignal | undefined, request: () => Promise<T>): Promise<T> =>
    attempt(doing, attempts, signal, request)
  const abortable = (signal: AbortSignal | undefined) => (signal ? { abortSignal: signal } : {})

  /** Sends a body: whole, or, under a bandwidth limit, step by step; signed either way. */
  async function sendBody<T>(
    body: Uint8Array,
    signal: AbortSignal | undefined,
    send: (body: Uint8Array | HashedStream) => Promise<T>,
  ): Promise<T> {
    const sentAtMs = performance.now()
    const stream =
      deps.limiter && body.length > 0 ? new HashedStream(body, paced(body, deps.limiter, signal)) : undefined
    try {
      const answer = await send(stream ?? body)
      setPatience(afterAnswer(patience, performance.now() - sentAtMs))
      return answer
    } finally {
      stream?.destroy()
    }
  }

  async function get(request: contract.ReadRequest, signal: AbortSignal | undefined, pinnedEtag?: string) {
    const { start, end } = request.range ?? { start: 0 }
    const ranged = request.range !== undefined
    return client.send(
      new s3.GetObjectCommand({
        Bucket: bucket,
        Key: request.key,
        VersionId: request.versionId,
        Range: ranged ? `bytes=${start}-${end ?? ''}` : undefined,
        IfMatch: pinnedEtag,
      }),
      abortable(signal),
    )
  }

  return {
    name,

    put: (request, signal) =>
      outcome<contract.PutOutcome, 'precondition'>(
        () =>
          run(`sending ${request.key}`, signal, () =>
            sendBody(request.body, signal, async (body) => {
              const command = new s3.PutObjectCommand({
                Bucket: bucket,
                Key: request.key,
                Body: body,
                ContentLength: request.body.length,
                ContentMD5: request.contentMd5,
                ...(request.crc32 === undefined ? {} : { ChecksumAlgorithm: 'CRC32', ChecksumCRC32: request.crc32 }),
                IfNoneMatch: request.ifAbsent ? '*' : undefined,
                ...objectInput(request),
              })
              const reply = await client.send(command, abortable(signal))
              return stripped({ kind: 'stored' as const, etag: unquoted(reply.ETag), versionId: reply.VersionId })
            }),
          ),
        { precondition: () => ({ kind: 'exists' }) },
      ),

    beginUpload: (request, signal) =>
      outcome(() =>
        run(`beginning to send ${request.key}`, signal, async () => {
          const reply = await client.send(
            new s3.CreateMultipartUploadCommand({
              Bucket: bucket,
              Key: request.key,
              ...(request.withCrc32 ? { ChecksumAlgorithm: 'CRC32', ChecksumType: 'FULL_OBJECT' } : {}),
              ...objectInput(request),
            }),
            abortable(signal),
          )
          if (reply.UploadId === undefined) throw new Error('the reply names no upload')
          return { uploadId: reply.UploadId }
        }),
      ),

    uploadPart: (request, signal) =>
      outcome<contract.PartOutcome, 'no-such-upload' | 'not-found'>(
        () =>
          run(`sending part ${request.number} of ${request.key}`, signal, () =>
            sendBody(request.body, signal, async (body) => {
              const command = new s3.UploadPartCommand({
                Bucket: bucket,
                Key: request.key,
                UploadId: request.uploadId,
                PartNumber: request.number,
                Body: body,
                ContentLength: request.body.length,
                ContentMD5: request.contentMd5,
                ...(request.crc32 === undefined ? {} : { ChecksumAlgorithm: 'CRC32', ChecksumCRC32: request.crc32 }),
              })
              const reply = await client.send(command, abortable(signal))
              return stripped({
                kind: 'stored' as const,
                etag: unquoted(reply.ETag) ?? '',
                crc32: reply.ChecksumCRC32,
              })
            }),
          ),
        { 'no-such-upload': () => ({ kind: 'no-such-upload' }), 'not-found': () => ({ kind: 'no-such-upload' }) },
      ),

    listParts: (key, uploadId, signal) =>
      outcome<readonly contract.StoredPart[] | undefined, 'no-such-upload' | 'not-found'>(
        async () => {
          const parts: contract.StoredPart[] = []
          for (let marker: string | undefined; ;) {
            const page = await run(`asking which parts of ${key} have arrived`, signal, () =>
              client.send(
                new s3.ListPartsCommand({ Bucket: bucket, Key: key, UploadId: uploadId, PartNumberMarker: marker }),
                abortable(signal),
              ),
            )
            for (const part of page.Parts ?? [])
              parts.push(
                stripped({
                  number: part.PartNumber ?? 0,
                  sizeBytes: part.Size ?? 0,
                  etag: unquoted(part.ETag) ?? '',
                  crc32: part.ChecksumCRC32,
                }),
              )
            if (!page.IsTruncated || page.NextPartNumberMarker === undefined) return parts
            marker = page.NextPartNumberMarker
          }
        },
        { 'no-such-upload': () => undefined, 'not-found': () => undefined },
      ),

    completeUpload: (request, signal) =>
      outcome<contract.CompleteOutcome, 'no-such-upload' | 'not-found' | 'refused' | 'precondition'>(
        () =>
          run(`completing ${request.key}`, signal, async () => {
            const withCrc32 = request.parts.every((part) => part.crc32 !== undefined)
            const reply = await client.send(
              new s3.CompleteMultipartUploadCommand({
                Bucket: bucket,
                Key: request.key,
                UploadId: request.uploadId,
                ...(withCrc32 ? { ChecksumType: 'FULL_OBJECT', MpuObjectSize: request.sizeBytes } : {}),
                MultipartUpload: {
                  Parts: request.parts.map((part) => ({
                    PartNumber: part.number,
                    ETag: `"${part.etag}"`,
                    ChecksumCRC32: part.crc32,
                  })),
                },
              }),
              abortable(signal),
            )
            return stripped({ kind: 'completed' as const, etag: unquoted(reply.ETag), versionId: reply.VersionId })
          }),
        {
          'no-such-upload': () => ({ kind: 'no-such-upload' }),
          'not-found': () => ({ kind: 'no-such-upload' }),
          // InvalidPart, InvalidPartOrder, EntityTooSmall: what is there cannot become what was meant.
          refused: (fault) => ({ kind: 'start-again', why: fault.code }),
          precondition: (fault) => ({ kind: 'start-again', why: fault.code }),
        },
      ),

    abortUpload: (key, uploadId, signal) =>
      outcome<undefined, 'no-such-upload' | 'not-found'>(
        () =>
          run(`abandoning the upload of ${key}`, signal, async () => {
            await client.send(
              new s3.AbortMultipartUploadCommand({ Bucket: bucket, Key: key, UploadId: uploadId }),
              abortable(signal),
            )
            return undefined
          }),
        { 'no-such-upload': () => undefined, 'not-found': () => undefined },
      ),

    async *listUploads(prefix, signal) {
      for (let key: string | undefined, uploadId: string | undefined; ;) {
        const page = await outcome(() =>
          run('listing unfinished uploads', signal, () =>
            client.send(
              new s3.ListMultipartUploadsCommand({
                Bucket: bucket,
                Prefix: prefix,
                KeyMarker: key,
                UploadIdMarker: uploadId,
                EncodingType: 'url',
              }),
              abortable(signal),
            ),
          ),
        )
        for (const upload of page.Uploads ?? [])
          yield stripped({
            key: decodeListedKey(upload.Key ?? '', page.EncodingType),
            uploadId: upload.UploadId ?? '',
            initiatedMs: upload.Initiated?.getTime(),
          })
        if (!page.IsTruncated || page.NextKeyMarker === undefined) return
        key = decodeListedKey(page.NextKeyMarker, page.EncodingType)
        uploadId = page.NextUploadIdMarker
      }
    },

    head: (request, signal) =>
      outcome<contract.ObjectFacts | undefined, 'not-found'>(
        async () => {
          const reply = await run(`asking for ${request.key}`, signal, () =>
            headOrReason(client, bucket, request, signal),
          )
          return factsOf(request.key, reply)
        },
        { 'not-found': () => undefined },
      ),

    read: (request, signal) =>
      outcome<Awaited<ReturnType<contract.ObjectStore['read']>>, 'not-found'>(
        async () => {
          const doing = `reading ${request.key}`
          const reply = await run(doing, signal, () => get(request, signal))
          const facts = factsOf(request.key, reply)
          const start = request.range?.start ?? 0
          const end = request.range?.end
          const reopen = async (offsetBytes: number): Promise<OpenedBody> => {
            const range = stripped({ start: start + offsetBytes, end })
            const pinned = stripped({ key: request.key, versionId: request.versionId ?? facts.versionId, range })
            return openedBody(
              await outcome(() => run(doing, signal, () => get(pinned, signal, facts.etag && `"${facts.etag}"`))),
            )
          }
          const whole = request.range ? totalOf(reply.ContentRange) : facts.sizeBytes
          return {
            facts: { ...facts, sizeBytes: whole ?? facts.sizeBytes },
            body: readOn(openedBody(reply), reopen, doing, attempts, signal),
          }
        },
        { 'not-found': () => undefined },
      ),

    async *list(prefix, signal) {
      for (let token: string | undefined; ;) {
        const page = await outcome(() =>
          run('listing the bucket', signal, () =>
            client.send(
              new s3.ListObjectsV2Command({
                Bucket: bucket,
                Prefix: prefix,
                ContinuationToken: token,
                EncodingType: 'url',
              }),
              abortable(signal),
            ),
          ),
        )
        for (const entry of page.Contents ?? [])
          yield stripped({
            key: decodeListedKey(entry.Key ?? '', page.EncodingType),
            sizeBytes: entry.Size ?? 0,
            etag: unquoted(entry.ETag),
            lastModifiedMs: entry.LastModified?.getTime(),
            storageClass: entry.StorageClass,
          })
        if (!page.IsTruncated || page.NextContinuationToken === undefined) return
        token = page.NextContinuationToken
      }
    },

    async *listVersions(prefix, signal) {
      for (let key: string | undefined, versionId: string | undefined; ;) {
        const page = await outcome(() =>
          run('listing the versions in the bucket', signal, () =>
            client.send(
              new s3.ListObjectVersionsCommand({
                Bucket: bucket,
                Prefix: prefix,
                KeyMarker: key,
                VersionIdMarker: versionId,
                EncodingType: 'url',
              }),
              abortable(signal),
            ),
          ),
        )
        yield* versionsOf(page)
        if (!page.IsTruncated || page.NextKeyMarker === undefined) return
        key = decodeListedKey(page.NextKeyMarker, page.EncodingType)
        versionId = page.NextVersionIdMarker
      }
    },

    delete: (key, versionId, signal) =>
      outcome<'deleted' | 'refused', 'not-found' | 'forbidden' | 'refused'>(
        () =>
          run(`deleting ${key}`, signal, async () => {
            await client.send(
              new s3.DeleteObjectCommand({ Bucket: bucket, Key: key, VersionId: versionId }),
              abortable(signal),
            )
            return 'deleted' as const
          }),
        // Swift and old stores answer 409 or 400 instead of AccessDenied when a lock forbids it.
        { 'not-found': () => 'deleted', forbidden: () => 'refused', refused: () => 'refused' },
      ),

    setLock: (key, versionId, lock, signal) =>
      outcome<undefined, 'forbidden' | 'refused' | 'not-found'>(
        () =>
          run(`locking ${key}`, signal, async () => {
            await client.send(
              new s3.PutObjectRetentionCommand({
                Bucket: bucket,
                Key: key,
                VersionId: versionId,
                Retention: { Mode: lock.mode, RetainUntilDate: new Date(lock.untilMs) },
              }),
              abortable(signal),
            )
            return undefined
          }),
        { forbidden: unlocked, refused: unlocked, 'not-found': unlocked },
      ),

    requestRestore: (key, versionId, days, tier, signal) =>
      outcome<'requested' | 'already-requested' | 'readable', 'refused'>(
        () =>
          run(`asking for the restore of ${key}`, signal, async () => {
            const reply = await client.send(
              new s3.RestoreObjectCommand({
                Bucket: bucket,
                Key: key,
                VersionId: versionId,
                RestoreRequest: { Days: days, GlacierJobParameters: { Tier: tier } },
              }),
              abortable(signal),
            )
            return reply.$metadata.httpStatusCode === 200 ? 'readable' : 'requested'
          }),
        {
          refused: (fault, plain) => {
            if (fault.code === 'RestoreAlreadyInProgress') return 'already-requested'
            throw plain
          },
        },
      ),

    bucketFacts: (signal) => outcome(() => bucketFactsOf(client, bucket, run, signal)),

    enableVersioning: (signal) =>
      outcome(() =>
        run('switching versioning on', signal, async () => {
          await client.send(
            new s3.PutBucketVersioningCommand({
              Bucket: bucket,
              VersioningConfiguration: { Status: 'Enabled' },
            }),
            abortable(signal),
          )
        }),
      ),

    clockCorrectionMs: () => attempts.clockCorrectionMs(),
    close: () => client.destroy(),
  }
}

function objectInput(options: contract.ObjectOptions) {
  return {
    Metadata: { ...options.metadata },
    ContentType: options.contentType,
    StorageClass: options.storageClass as s3.StorageClass | undefined,
    ObjectLockMode: options.lock?.mode,
    ObjectLockRetainUntilDate: options.lock && new Date(options.lock.untilMs),
  }
}

function unlocked(fault: StoreFault, plain: SafelightError): never {
  throw new SafelightError('OFFSITE_UNLOCKED', {
    message: `The object is in the bucket, but the store refused to lock it (${fault.code}): whoever has the key could delete it.`,
    remedy: 'Give the key the right to set retention, and check that Object Lock is switched on for the bucket.',
    cause: plain,
  })
}
