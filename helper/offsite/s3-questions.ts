// Questions to a store that take more than one request: what a bucket is set to, and why a HEAD was refused.
import type * as s3 from '@aws-sdk/client-s3'
import { sdk } from './aws.js'
import type { BucketFacts, HeadRequest } from './object-store.js'
import { StoreRefusal } from './s3-attempts.js'
import { classifyFault } from './s3-errors.js'
import { stripped } from './s3-replies.js'

/** A reply to HEAD has no body, so a refusal cannot say why. Then the first byte is asked for instead, whose refusal can. */
export async function headOrReason(
  client: s3.S3Client,
  bucket: string,
  request: HeadRequest,
  signal: AbortSignal | undefined,
): Promise<s3.HeadObjectCommandOutput> {
  const options = signal ? { abortSignal: signal } : {}
  const input = { Bucket: bucket, Key: request.key, VersionId: request.versionId }
  try {
    return await client.send(
      new sdk.HeadObjectCommand({ ...input, ChecksumMode: request.withChecksums ? 'ENABLED' : undefined }),
      options,
    )
  } catch (error) {
    if (isDeleteMarker(error))
      throw new sdk.NotFound({ message: 'a delete marker', $metadata: { httpStatusCode: 404 } })
    const { status, kind } = classifyFault(error)
    // A store that knows no checksums refuses the question for them with 400, and that is the answer.
    const isUnexplained = status === 403 || (status === 400 && !request.withChecksums)
    if (kind === 'clock' || !isUnexplained) throw error
    const reply = await client.send(new sdk.GetObjectCommand({ ...input, Range: 'bytes=0-0' }), options)
    await reply.Body?.transformToByteArray()
    // The first byte may be read, so whatever stood in the way (a wrong clock, most often) has gone meanwhile, or forbids HEAD alone.
    return await client.send(new sdk.HeadObjectCommand(input), options)
  }
}

/** Asking for the version that is a delete marker is answered with 405. */
function isDeleteMarker(error: unknown): boolean {
  return error instanceof sdk.S3ServiceException && error.$metadata.httpStatusCode === 405
}

type Run = <T>(doing: string, signal: AbortSignal | undefined, request: () => Promise<T>) => Promise<T>

export async function bucketFactsOf(
  client: s3.S3Client,
  bucket: string,
  run: Run,
  signal: AbortSignal | undefined,
): Promise<BucketFacts> {
  const options = signal ? { abortSignal: signal } : {}
  const versioning = await orUnsupported(
    run('asking whether versions are kept', signal, () =>
      client.send(new sdk.GetBucketVersioningCommand({ Bucket: bucket }), options),
    ),
  )
  const lock = await orUnsupported(
    run('asking whether Object Lock is on', signal, () =>
      client.send(new sdk.GetObjectLockConfigurationCommand({ Bucket: bucket }), options),
    ),
  )
  const rule = lock?.ObjectLockConfiguration?.Rule?.DefaultRetention
  return stripped({
    versioning:
      versioning === undefined
        ? ('unsupported' as const)
        : versioning.Status === 'Enabled'
          ? ('enabled' as const)
          : versioning.Status === 'Suspended'
            ? ('suspended' as const)
            : ('off' as const),
    objectLock: lock?.ObjectLockConfiguration?.ObjectLockEnabled === 'Enabled',
    defaultLock: rule?.Mode && { mode: rule.Mode, days: rule.Days ?? (rule.Years ?? 0) * 365 },
  })
}

/** A store without the feature refuses the question, each in its own way; a wrong key or address is still an error. */
async function orUnsupported<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked
  } catch (error) {
    if (!(error instanceof StoreRefusal)) throw error
    const { kind, status } = error.fault
    if (kind === 'refused' || kind === 'not-found' || kind === 'forbidden' || status === 501) return undefined
    throw error
  }
}
