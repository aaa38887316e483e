// Multipart uploads.
import { createHash } from 'node:crypto'
import * as s3 from '@aws-sdk/client-s3'
import { type Check, LARGE, TAIL, bodyOf, etagOf, md5, put, text, upload, word } from './common.js'

export const MULTIPART_CHECKS: readonly Check[] = [
  {
    id: 'multipart',
    aws: 'same',
    run: async (context) => {
      await (await upload(context, context.plain, 'multi', [LARGE, TAIL])).complete()
      const reply = await context.client.send(new s3.GetObjectCommand({ Bucket: context.plain, Key: 'multi' }))
      return (await bodyOf(reply)).equals(Buffer.concat([LARGE, TAIL])) ? 'same' : 'different'
    },
  },
  {
    id: 'multipart of one small part',
    aws: '1000',
    run: async (context) => {
      await (await upload(context, context.plain, 'multi-one', [TAIL])).complete()
      return String(
        (await context.client.send(new s3.HeadObjectCommand({ Bucket: context.plain, Key: 'multi-one' })))
          .ContentLength,
      )
    },
  },
  {
    id: 'ETag of a part is its MD5',
    aws: 'yes',
    run: async (context) =>
      (await upload(context, context.plain, 'open', [TAIL])).Parts[0]?.ETag === etagOf(TAIL) ? 'yes' : 'no',
  },
  {
    id: 'ETag of the whole is the MD5 of MD5s',
    aws: 'yes',
    run: async (context) => {
      await (await upload(context, context.plain, 'multi', [LARGE, TAIL])).complete()
      const { ETag } = await context.client.send(new s3.HeadObjectCommand({ Bucket: context.plain, Key: 'multi' }))
      const both = [LARGE, TAIL].map((body) => createHash('md5').update(body).digest())
      return ETag === `"${createHash('md5').update(Buffer.concat(both)).digest('hex')}-2"` ? 'yes' : String(ETag)
    },
  },
  {
    id: 'Complete answers with an ETag',
    aws: 'yes',
    except: { ceph16: 'no' },
    run: async (context) =>
      (await (await upload(context, context.plain, 'multi', [TAIL])).complete()).ETag ? 'yes' : 'no',
  },
  {
    id: 'a range across parts',
    aws: 'same',
    run: async (context) => {
      await (await upload(context, context.plain, 'multi', [LARGE, TAIL])).complete()
      const reply = await context.client.send(
        new s3.GetObjectCommand({
          Bucket: context.plain,
          Key: 'multi',
          Range: `bytes=${LARGE.length - 10}-${LARGE.length + 9}`,
        }),
      )
      return (await bodyOf(reply)).equals(Buffer.concat([LARGE.subarray(-10), TAIL.subarray(0, 10)]))
        ? 'same'
        : 'different'
    },
  },
  {
    id: 'invisible before Complete',
    aws: 'NotFound',
    run: async (context) => {
      await upload(context, context.plain, 'unfinished', [TAIL])
      return word(async () =>
        String(
          (await context.client.send(new s3.HeadObjectCommand({ Bucket: context.plain, Key: 'unfinished' })))
            .ContentLength,
        ),
      )
    },
  },
  {
    id: 'ListParts',
    aws: `1 ${LARGE.length},2 ${TAIL.length}`,
    run: async (context) => {
      const { UploadId } = await upload(context, context.plain, 'listed', [LARGE, TAIL])
      const parts = await context.client.send(
        new s3.ListPartsCommand({ Bucket: context.plain, Key: 'listed', UploadId }),
      )
      return parts.Parts?.map(({ PartNumber, Size }) => `${PartNumber} ${Size}`).join() ?? ''
    },
  },
  {
    id: 'ListParts in pages',
    aws: '3 in 3 pages',
    run: async (context) => {
      const { UploadId } = await upload(context, context.plain, 'listed', [TAIL, TAIL, TAIL])
      let [seen, pages, marker]: [number, number, string | undefined] = [0, 0, undefined]
      for (let more = true; more;) {
        const page: s3.ListPartsCommandOutput = await context.client.send(
          new s3.ListPartsCommand({
            Bucket: context.plain,
            Key: 'listed',
            UploadId,
            MaxParts: 1,
            PartNumberMarker: marker,
          }),
        )
        seen += page.Parts?.length ?? 0
        pages += 1
        marker = page.NextPartNumberMarker
        more = page.IsTruncated ?? false
      }
      return `${seen} in ${pages} pages`
    },
  },
  {
    id: 'a part sent again replaces the first',
    aws: 'second',
    run: async (context) => {
      const { UploadId } = await upload(context, context.plain, 'again', [TAIL])
      const { ETag } = await context.client.send(
        new s3.UploadPartCommand({ Bucket: context.plain, Key: 'again', UploadId, PartNumber: 1, Body: 'second' }),
      )
      await context.client.send(
        new s3.CompleteMultipartUploadCommand({
          Bucket: context.plain,
          Key: 'again',
          UploadId,
          MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] },
        }),
      )
      return (
        await bodyOf(await context.client.send(new s3.GetObjectCommand({ Bucket: context.plain, Key: 'again' })))
      ).toString()
    },
  },
  {
    id: 'small middle part',
    aws: 'EntityTooSmall',
    run: async (context) => {
      const { complete } = await upload(context, context.plain, 'small', [TAIL, TAIL])
      return word(async () => String((await complete()).ETag))
    },
  },
  {
    id: 'unequal parts',
    aws: '200',
    except: { r2: 'InvalidPart' },
    run: async (context) => {
      const { complete } = await upload(context, context.plain, 'unequal', [LARGE, Buffer.concat([LARGE, TAIL]), TAIL])
      return word(async () => String((await complete()).$metadata.httpStatusCode))
    },
  },
  {
    id: 'Complete with an ETag that no part has',
    aws: 'InvalidPart',
    run: async (context) => {
      const { UploadId } = await upload(context, context.plain, 'wrong-etag', [TAIL])
      return word(async () =>
        String(
          (
            await context.client.send(
              new s3.CompleteMultipartUploadCommand({
                Bucket: context.plain,
                Key: 'wrong-etag',
                UploadId,
                MultipartUpload: { Parts: [{ PartNumber: 1, ETag: etagOf(text) }] },
              }),
            )
          ).ETag,
        ),
      )
    },
  },
  {
    id: 'Complete out of order',
    aws: 'InvalidPartOrder',
    except: { ceph16: '200' },
    run: async (context) => {
      const { UploadId, Parts } = await upload(context, context.plain, 'order', [LARGE, LARGE])
      return word(async () =>
        String(
          (
            await context.client.send(
              new s3.CompleteMultipartUploadCommand({
                Bucket: context.plain,
                Key: 'order',
                UploadId,
                MultipartUpload: { Parts: [...Parts].reverse() },
              }),
            )
          ).$metadata.httpStatusCode,
        ),
      )
    },
  },
  {
    id: 'second Complete',
    aws: '200',
    except: { b2: 'NoSuchUpload', r2: 'NoSuchUpload' },
    run: async (context) => {
      const { complete } = await upload(context, context.plain, 'twice', [TAIL])
      await complete()
      return word(async () => String((await complete()).$metadata.httpStatusCode))
    },
  },
  {
    id: 'part of an unknown upload',
    aws: 'NoSuchUpload',
    run: (context) =>
      word(async () =>
        String(
          (
            await context.client.send(
              new s3.UploadPartCommand({
                Bucket: context.plain,
                Key: 'x',
                UploadId: 'no-such-upload',
                PartNumber: 1,
                Body: text,
              }),
            )
          ).ETag,
        ),
      ),
  },
  {
    id: 'part with a wrong MD5',
    aws: 'BadDigest',
    run: async (context) => {
      const { UploadId } = await upload(context, context.plain, 'part-md5', [])
      return word(async () =>
        String(
          (
            await context.client.send(
              new s3.UploadPartCommand({
                Bucket: context.plain,
                Key: 'part-md5',
                UploadId,
                PartNumber: 1,
                Body: text,
                ContentMD5: md5(TAIL),
              }),
            )
          ).ETag,
        ),
      )
    },
  },
  {
    id: 'abort',
    aws: 'NoSuchUpload',
    except: { ceph16: 'NoSuchKey' },
    run: async (context) => {
      const { UploadId } = await upload(context, context.plain, 'aborted', [TAIL])
      await context.client.send(new s3.AbortMultipartUploadCommand({ Bucket: context.plain, Key: 'aborted', UploadId }))
      return word(async () =>
        String(
          (await context.client.send(new s3.ListPartsCommand({ Bucket: context.plain, Key: 'aborted', UploadId })))
            .Parts?.length,
        ),
      )
    },
  },
  {
    id: 'unfinished uploads by prefix',
    aws: 'mine/1,mine/2',
    run: async (context) => {
      for (const key of ['mine/1', 'mine/2', 'theirs/1']) await upload(context, context.plain, key, [])
      const page = await context.client.send(
        new s3.ListMultipartUploadsCommand({ Bucket: context.plain, Prefix: 'mine/' }),
      )
      return page.Uploads?.map(({ Key }) => Key).join() ?? ''
    },
  },
  {
    id: 'If-None-Match on Complete',
    aws: 'PreconditionFailed',
    except: { ceph16: '200', wasabi: '200' },
    run: async (context) => {
      await put(context, context.plain, 'taken')
      const { complete } = await upload(context, context.plain, 'taken', [TAIL], {}, { IfNoneMatch: '*' })
      return word(async () => String((await complete()).$metadata.httpStatusCode))
    },
  },
]
