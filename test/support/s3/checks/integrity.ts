// Signatures, clocks, checksums, conditions.
import * as s3 from '@aws-sdk/client-s3'
import { checksumOf } from '../bodies.js'
import { type Check, type CheckContext, md5, put, text, word } from './common.js'

export const INTEGRITY_CHECKS: readonly Check[] = [
  {
    id: 'wrong secret',
    aws: 'SignatureDoesNotMatch',
    run: (context) =>
      word(async () =>
        String((await put({ ...context, client: context.withSecret('wrong') }, context.plain, 'x')).ETag),
      ),
  },
  {
    id: 'clock an hour off',
    aws: 'RequestTimeTooSkewed',
    run: (context) =>
      word(async () =>
        String((await put({ ...context, client: context.withClockOffset(3_600_000) }, context.plain, 'x')).ETag),
      ),
  },
  {
    id: 'clock five minutes off',
    aws: '200',
    run: async (context) =>
      String(
        (await put({ ...context, client: context.withClockOffset(300_000) }, context.plain, 'x')).$metadata
          .httpStatusCode,
      ),
  },
  {
    id: 'no signature',
    aws: 'AccessDenied',
    run: async (context) => {
      const endpoint = await context.client.config.endpoint?.()
      const reply = await fetch(`http://${endpoint?.hostname}:${endpoint?.port}/${context.plain}/plain`)
      return /<Code>(\w+)<\/Code>/.exec(await reply.text())?.[1] ?? String(reply.status)
    },
  },
  {
    id: 'right MD5',
    aws: '200',
    run: async (context) =>
      String((await put(context, context.plain, 'x', { ContentMD5: md5(text) })).$metadata.httpStatusCode),
  },
  {
    id: 'wrong MD5',
    aws: 'BadDigest',
    run: (context) =>
      word(async () =>
        String((await put(context, context.plain, 'x', { ContentMD5: md5(Buffer.from('other')) })).ETag),
      ),
  },
  {
    id: 'body altered after signing',
    aws: 'XAmzContentSHA256Mismatch',
    run: (context) =>
      word(() =>
        putWith(context, 'finalizeRequest', (request) => {
          request.body = Buffer.from(text.toString().replace('What', 'whaT'))
        }),
      ),
  },
  {
    id: 'header altered after signing',
    aws: 'SignatureDoesNotMatch',
    run: (context) =>
      word(() =>
        putWith(context, 'finalizeRequest', (request) => {
          request.headers['x-amz-content-sha256'] = 'UNSIGNED-PAYLOAD'
        }),
      ),
  },
  {
    id: 'unsigned body',
    aws: 'stored',
    run: (context) =>
      word(() =>
        putWith(context, 'build', (request) => {
          request.headers['x-amz-content-sha256'] = 'UNSIGNED-PAYLOAD'
        }),
      ),
  },
  {
    id: 'CRC32 is kept and told',
    aws: 'kept',
    except: { b2: 'InvalidArgument', r2: 'none', swift: 'none', ceph16: 'none', wasabi: 'none' },
    run: (context) =>
      word(async () => {
        await put(context, context.plain, 'crc', {
          ChecksumAlgorithm: 'CRC32',
          ChecksumCRC32: checksumOf('crc32', text),
        })
        const head = await context.client.send(
          new s3.HeadObjectCommand({ Bucket: context.plain, Key: 'crc', ChecksumMode: 'ENABLED' }),
        )
        return head.ChecksumCRC32 === checksumOf('crc32', text) ? 'kept' : 'none'
      }),
  },
  {
    id: 'wrong CRC32',
    aws: 'BadDigest',
    except: { b2: 'InvalidArgument', r2: '200', swift: '200', ceph16: '200', wasabi: '200' },
    run: (context) =>
      word(async () =>
        String(
          (await put(context, context.plain, 'crc', { ChecksumAlgorithm: 'CRC32', ChecksumCRC32: 'AAAAAA==' }))
            .$metadata.httpStatusCode,
        ),
      ),
  },
  {
    id: 'HEAD that asks for checksums',
    aws: '200',
    except: { b2: '400' },
    run: async (context) => {
      await put(context, context.plain, 'plain')
      return word(async () =>
        String(
          (
            await context.client.send(
              new s3.HeadObjectCommand({ Bucket: context.plain, Key: 'plain', ChecksumMode: 'ENABLED' }),
            )
          ).$metadata.httpStatusCode,
        ),
      )
    },
  },
  {
    id: 'the SDK’s default for streams',
    aws: '200',
    except: { b2: 'InvalidArgument', swift: 'NotImplemented', ceph16: 'MissingContentLength', wasabi: 'silence' },
    run: (context) =>
      word(async () => {
        const { Readable } = await import('node:stream')
        const silence = new Promise<string>((resolve) => setTimeout(() => resolve('silence'), 500).unref())
        const sending = context.withDefaults().send(
          new s3.PutObjectCommand({
            Bucket: context.plain,
            Key: 'stream',
            Body: Readable.from([text]),
            ContentLength: text.length,
          }),
        )
        return Promise.race([sending.then(({ $metadata }) => String($metadata.httpStatusCode)), silence])
      }),
  },
  {
    id: 'If-None-Match on a put',
    aws: 'PreconditionFailed',
    except: { swift: 'NotImplemented', wasabi: '200' },
    run: async (context) => {
      await put(context, context.plain, 'there')
      return word(async () =>
        String((await put(context, context.plain, 'there', { IfNoneMatch: '*' })).$metadata.httpStatusCode),
      )
    },
  },
  {
    id: 'If-None-Match on a put of something new',
    aws: '200',
    except: { swift: 'NotImplemented' },
    run: (context) =>
      word(async () =>
        String((await put(context, context.plain, 'brand-new', { IfNoneMatch: '*' })).$metadata.httpStatusCode),
      ),
  },
  {
    id: 'storage class that does not exist',
    aws: 'InvalidStorageClass',
    except: { ceph16: 'InvalidArgument' },
    run: (context) =>
      word(async () =>
        String(
          (await put(context, context.plain, 'classy', { StorageClass: 'NO_SUCH_CLASS' as s3.StorageClass })).$metadata
            .httpStatusCode,
        ),
      ),
  },
]

/** A PUT with a middleware's hand in its headers or body, after or before the signature. */
async function putWith(
  context: CheckContext,
  step: 'build' | 'finalizeRequest',
  change: (request: { headers: Record<string, string>; body: unknown }) => void,
): Promise<string> {
  const command = new s3.PutObjectCommand({ Bucket: context.plain, Key: 'tampered', Body: text })
  const tampered = (args: object): void => {
    if ('request' in args) change(args.request as { headers: Record<string, string>; body: unknown })
  }
  // Before the signature is made, or after it.
  if (step === 'build')
    command.middlewareStack.add(
      (next) => (args) => {
        tampered(args)
        return next(args)
      },
      { step, priority: 'low', name: 'tamper' },
    )
  else
    command.middlewareStack.add(
      (next) => (args) => {
        tampered(args)
        return next(args)
      },
      { step, priority: 'low', name: 'tamper' },
    )
  await context.client.send(command)
  return 'stored'
}
