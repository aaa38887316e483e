// Putting, getting, deleting, ranges, names.
import * as s3 from '@aws-sdk/client-s3'
import { type Check, type CheckContext, bodyOf, etagOf, put, remove, text, word } from './common.js'

export const PLAIN_CHECKS: readonly Check[] = [
  {
    id: 'put and get',
    aws: 'same',
    run: async (context) => {
      await put(context, context.plain, 'plain')
      const reply = await context.client.send(new s3.GetObjectCommand({ Bucket: context.plain, Key: 'plain' }))
      return (await bodyOf(reply)).equals(text) ? 'same' : 'different'
    },
  },
  {
    id: 'etag of a put is its MD5',
    aws: 'yes',
    run: async (context) => ((await put(context, context.plain, 'plain')).ETag === etagOf(text) ? 'yes' : 'no'),
  },
  {
    id: 'head tells size and type',
    aws: `${text.length} image/x-test`,
    run: async (context) => {
      await put(context, context.plain, 'typed', { ContentType: 'image/x-test' })
      const head = await context.client.send(new s3.HeadObjectCommand({ Bucket: context.plain, Key: 'typed' }))
      return `${head.ContentLength} ${head.ContentType}`
    },
  },
  {
    id: 'metadata is kept',
    aws: 'beef',
    run: async (context) => {
      await put(context, context.plain, 'meta', { Metadata: { blake3: 'beef' } })
      return (
        (await context.client.send(new s3.HeadObjectCommand({ Bucket: context.plain, Key: 'meta' }))).Metadata?.[
          'blake3'
        ] ?? 'none'
      )
    },
  },
  {
    id: 'empty object',
    aws: '0',
    run: async (context) => {
      await put(context, context.plain, 'empty', { Body: Buffer.alloc(0), ContentLength: 0 })
      return String(
        (await context.client.send(new s3.HeadObjectCommand({ Bucket: context.plain, Key: 'empty' }))).ContentLength,
      )
    },
  },
  { id: 'range from the middle', aws: 'was bytes 5-7/33', run: (context) => range(context, 'bytes=5-7') },
  { id: 'range to the end', aws: 'read. bytes 28-32/33', run: (context) => range(context, 'bytes=28-') },
  { id: 'suffix range', aws: 'd. bytes 31-32/33', run: (context) => range(context, 'bytes=-2') },
  { id: 'range beyond the end', aws: 'InvalidRange', run: (context) => word(() => range(context, 'bytes=100-200')) },
  {
    id: 'get of nothing',
    aws: 'NoSuchKey',
    run: (context) =>
      word(async () =>
        String(
          (await context.client.send(new s3.GetObjectCommand({ Bucket: context.plain, Key: 'nothing' }))).ContentLength,
        ),
      ),
  },
  {
    id: 'head of nothing',
    aws: 'NotFound',
    run: (context) =>
      word(async () =>
        String(
          (await context.client.send(new s3.HeadObjectCommand({ Bucket: context.plain, Key: 'nothing' })))
            .ContentLength,
        ),
      ),
  },
  {
    id: 'bucket that does not exist',
    aws: 'NoSuchBucket',
    run: (context) => word(async () => String((await put(context, 'no-such-bucket-here', 'x')).ETag)),
  },
  {
    id: 'delete of nothing',
    aws: '204',
    run: async (context) => String((await remove(context, context.plain, 'nothing')).$metadata.httpStatusCode),
  },
  {
    id: 'delete',
    aws: 'NotFound',
    run: async (context) => {
      await put(context, context.plain, 'doomed')
      await remove(context, context.plain, 'doomed')
      return word(async () =>
        String(
          (await context.client.send(new s3.HeadObjectCommand({ Bucket: context.plain, Key: 'doomed' }))).ContentLength,
        ),
      )
    },
  },
  {
    id: 'overwrite without versions',
    aws: 'second',
    run: async (context) => {
      await put(context, context.plain, 'over')
      await put(context, context.plain, 'over', { Body: 'second' })
      return (
        await bodyOf(await context.client.send(new s3.GetObjectCommand({ Bucket: context.plain, Key: 'over' })))
      ).toString()
    },
  },
  {
    id: 'get with If-Match of another ETag',
    aws: 'PreconditionFailed',
    run: async (context) => {
      await put(context, context.plain, 'plain')
      return word(async () =>
        String(
          (
            await context.client.send(
              new s3.GetObjectCommand({ Bucket: context.plain, Key: 'plain', IfMatch: '"0123"' }),
            )
          ).ContentLength,
        ),
      )
    },
  },
  {
    id: 'key of 1024 bytes',
    aws: '200',
    run: async (context) => String((await put(context, context.plain, 'k'.repeat(1024))).$metadata.httpStatusCode),
  },
  {
    id: 'key of 1025 bytes',
    aws: 'refused',
    run: async (context) =>
      (await word(async () =>
        String((await put(context, context.plain, 'k'.repeat(1025))).$metadata.httpStatusCode),
      )) === '200'
        ? 'stored'
        : 'refused',
  },
  {
    id: 'odd names are listed as they were put',
    aws: 'same',
    run: async (context) => {
      const names = [
        'odd/a b',
        'odd/a+b',
        'odd/ä',
        'odd/📷',
        'odd/100%',
        'odd/%41',
        'odd/a&b<c>"d\'',
        'odd/#?;:@=$,!~()*',
      ]
      for (const name of names) await put(context, context.plain, name)
      const listed = await context.client.send(
        new s3.ListObjectsV2Command({ Bucket: context.plain, Prefix: 'odd/', EncodingType: 'url' }),
      )
      const keys = listed.Contents?.map(({ Key }) => decodeURIComponent((Key ?? '').replace(/\+/g, ' '))) ?? []
      return JSON.stringify([...keys].sort()) === JSON.stringify(names.sort()) ? 'same' : keys.join()
    },
  },
  {
    id: 'copy',
    aws: 'same',
    run: async (context) => {
      await put(context, context.plain, 'plain')
      await context.client.send(
        new s3.CopyObjectCommand({ Bucket: context.plain, Key: 'copy', CopySource: `${context.plain}/plain` }),
      )
      return (
        await bodyOf(await context.client.send(new s3.GetObjectCommand({ Bucket: context.plain, Key: 'copy' })))
      ).equals(text)
        ? 'same'
        : 'different'
    },
  },
]

async function range(context: CheckContext, Range: string): Promise<string> {
  await put(context, context.plain, 'range')
  const reply = await context.client.send(new s3.GetObjectCommand({ Bucket: context.plain, Key: 'range', Range }))
  return `${(await bodyOf(reply)).toString()} ${reply.ContentRange ?? ''}`
}
