// The contract of object-store.ts kept by any store that speaks S3: each method becomes requests, each reply plain data. Objects are here,
// multipart uploads in s3-uploads.ts, listings in s3-listings.ts; the client is made in s3-client.ts and held by s3-connection.ts. What
// failures mean is s3-errors.ts, when to try again s3-retry.ts, the loop s3-attempts.ts. Nothing outside these files knows the SDK.
import type * as s3 from '@aws-sdk/client-s3'
import { sdk } from './aws.js'
import { SafelightError } from '../errors.js'
import type * as contract from './object-store.js'
import { outcome, readOn, type OpenedBody } from './s3-attempts.js'
import type { S3Deps, S3Options } from './s3-client.js'
import { openConnection } from './s3-connection.js'
import type { StoreFault } from './s3-errors.js'
import { lifecycleMethods } from './s3-lifecycle.js'
import { listMethods } from './s3-listings.js'
import { bucketFactsOf, headOrReason } from './s3-questions.js'
import { factsOf, objectInput, openedBody, stripped, totalOf, unquoted } from './s3-replies.js'
import { uploadMethods } from './s3-uploads.js'

export type { S3Deps, S3Options } from './s3-client.js'

export function openS3Store(options: S3Options, deps: S3Deps): contract.ObjectStore {
  const connection = openConnection(options, deps)
  const { attempts, bucket, client, name, run, abortable, sendBody, hasAnswered } = connection

  async function get(request: contract.ReadRequest, signal: AbortSignal | undefined, pinnedEtag?: string) {
    const { start, end } = request.range ?? { start: 0 }
    const ranged = request.range !== undefined
    return client.send(
      new sdk.GetObjectCommand({
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
    ...uploadMethods(connection),
    ...listMethods(connection),
    ...lifecycleMethods(connection),

    put: (request, signal) =>
      outcome<contract.PutOutcome, 'precondition'>(
        () =>
          run(`sending ${request.key}`, signal, () =>
            sendBody(request, signal, async (body) => {
              const command = new sdk.PutObjectCommand({
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

    copy: (request, signal) =>
      outcome<contract.CopyOutcome, 'not-found' | 'refused' | 'forbidden'>(
        () =>
          run(`copying ${request.from.key} inside the bucket`, signal, async () => {
            const reply = await client.send(copyCommand(bucket, request), abortable(signal))
            return stripped({
              kind: 'copied' as const,
              etag: unquoted(reply.CopyObjectResult?.ETag),
              versionId: reply.VersionId,
            })
          }),
        {
          'not-found': () => ({ kind: 'missing' }),
          refused: ({ code }) => ({ kind: 'refused', why: code }),
          forbidden: ({ code }) => ({ kind: 'refused', why: code }),
        },
      ),

    delete: (key, versionId, signal) =>
      outcome<'deleted' | 'refused', 'not-found' | 'forbidden' | 'refused'>(
        () =>
          run(`deleting ${key}`, signal, async () => {
            await client.send(
              new sdk.DeleteObjectCommand({ Bucket: bucket, Key: key, VersionId: versionId }),
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
              new sdk.PutObjectRetentionCommand({
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
              new sdk.RestoreObjectCommand({
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
            new sdk.PutBucketVersioningCommand({
              Bucket: bucket,
              VersioningConfiguration: { Status: 'Enabled' },
            }),
            abortable(signal),
          )
        }),
      ),

    clockCorrectionMs: () => attempts.clockCorrectionMs(),
    hasAnswered,

    close: () => client.destroy(),
  }
}

function copyCommand(bucket: string, { from, to, ...options }: contract.CopyRequest): s3.CopyObjectCommand {
  const source = `${bucket}/${from.key.split('/').map(encodeURIComponent).join('/')}`
  const version = from.versionId === undefined ? '' : `?versionId=${encodeURIComponent(from.versionId)}`
  return new sdk.CopyObjectCommand({
    Bucket: bucket,
    Key: to,
    CopySource: source + version,
    StorageClass: options.storageClass as s3.StorageClass | undefined,
    ObjectLockMode: options.lock?.mode,
    ObjectLockRetainUntilDate: options.lock && new Date(options.lock.untilMs),
  })
}

function unlocked(fault: StoreFault, plain: SafelightError): never {
  throw new SafelightError('OFFSITE_UNLOCKED', {
    message: `The object is in the bucket, but the store refused to lock it (${fault.code}): whoever has the key could delete it.`,
    remedy: 'Give the key the right to set retention, and check that Object Lock is switched on for the bucket.',
    cause: plain,
  })
}
