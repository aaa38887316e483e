// What the checks share: their shape, the words for refusals, and small requests.
import { createHash } from 'node:crypto'
import * as s3 from '@aws-sdk/client-s3'
import { MIB, bytesOf } from '../fixture.js'
import type { ProfileName } from '../profiles.js'

export interface CheckContext {
  readonly client: s3.S3Client
  /** Clients that do something wrong. */
  readonly withSecret: (secret: string) => s3.S3Client
  readonly withClockOffset: (ms: number) => s3.S3Client
  readonly withDefaults: () => s3.S3Client
  /** Not versioned. */
  readonly plain: string
  readonly versioned: string
  /** Versioned, with Object Lock; '' on a store that has none. */
  readonly locked: string
}

export interface Check {
  readonly id: string
  readonly aws: string
  readonly except?: Readonly<Partial<Record<ProfileName, string>>>
  /** Only where the store has it at all. */
  readonly needs?: 'versions' | 'lock'
  run(context: CheckContext): Promise<string>
}

export const text = Buffer.from('What was written is what is read.')
export const md5 = (body: Uint8Array): string => createHash('md5').update(body).digest('base64')
export const etagOf = (body: Uint8Array): string => `"${createHash('md5').update(body).digest('hex')}"`
export const inAnHour = (): Date => new Date(Math.ceil(Date.now() / 1000) * 1000 + 3_600_000)

/** The store's word for a refusal, or what `run` makes of its answer. */
export async function word(run: () => Promise<string>): Promise<string> {
  try {
    return await run()
  } catch (error) {
    if (!(error instanceof s3.S3ServiceException)) throw error
    return ['UnknownError', 'Unknown', 'Error'].includes(error.name)
      ? String(error.$metadata.httpStatusCode)
      : error.name
  }
}

export const put = (context: CheckContext, Bucket: string, Key: string, more: Partial<s3.PutObjectCommandInput> = {}) =>
  context.client.send(new s3.PutObjectCommand({ Bucket, Key, Body: text, ...more }))

export const bodyOf = async (reply: s3.GetObjectCommandOutput): Promise<Buffer> =>
  Buffer.from((await reply.Body?.transformToByteArray()) ?? [])

export async function upload(
  { client }: CheckContext,
  Bucket: string,
  Key: string,
  bodies: readonly Buffer[],
  more: Partial<s3.CreateMultipartUploadCommandInput> = {},
  completing: Partial<s3.CompleteMultipartUploadCommandInput> = {},
) {
  const { UploadId } = await client.send(new s3.CreateMultipartUploadCommand({ Bucket, Key, ...more }))
  const Parts: s3.CompletedPart[] = []
  for (const [index, Body] of bodies.entries()) {
    const { ETag } = await client.send(new s3.UploadPartCommand({ Bucket, Key, UploadId, PartNumber: index + 1, Body }))
    Parts.push({ PartNumber: index + 1, ETag })
  }
  const complete = () =>
    client.send(
      new s3.CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts }, ...completing }),
    )
  return { UploadId, Parts, complete }
}

export const retain = (
  context: CheckContext,
  key: string,
  versionId: string | undefined,
  mode: s3.ObjectLockRetentionMode,
  until: Date,
  bypass = false,
) =>
  context.client.send(
    new s3.PutObjectRetentionCommand({
      Bucket: context.locked,
      Key: key,
      VersionId: versionId,
      Retention: { Mode: mode, RetainUntilDate: until },
      ...(bypass ? { BypassGovernanceRetention: true } : {}),
    }),
  )

export const remove = (context: CheckContext, Bucket: string, Key: string, VersionId?: string, bypass = false) =>
  context.client.send(
    new s3.DeleteObjectCommand({ Bucket, Key, VersionId, ...(bypass ? { BypassGovernanceRetention: true } : {}) }),
  )

export const LARGE = bytesOf(5 * MIB, 11)
export const TAIL = bytesOf(1000, 12)
