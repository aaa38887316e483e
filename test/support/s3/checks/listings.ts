// Listing and deleting many.
import * as s3 from '@aws-sdk/client-s3'
import { type Check, put, word } from './common.js'

export const LIST_CHECKS: readonly Check[] = [
  {
    id: 'listing in pages',
    aws: '7 in 4 pages',
    run: async (context) => {
      for (let n = 0; n < 7; n++) await put(context, context.plain, `page/${n}`)
      let [seen, pages, token]: [number, number, string | undefined] = [0, 0, undefined]
      do {
        const page: s3.ListObjectsV2CommandOutput = await context.client.send(
          new s3.ListObjectsV2Command({ Bucket: context.plain, Prefix: 'page/', MaxKeys: 2, ContinuationToken: token }),
        )
        seen += page.Contents?.length ?? 0
        pages += 1
        token = page.NextContinuationToken
      } while (token !== undefined)
      return `${seen} in ${pages} pages`
    },
  },
  {
    id: 'listing after a key',
    aws: 'after/2,after/3',
    run: async (context) => {
      for (const n of [1, 2, 3]) await put(context, context.plain, `after/${n}`)
      const page = await context.client.send(
        new s3.ListObjectsV2Command({ Bucket: context.plain, Prefix: 'after/', StartAfter: 'after/1' }),
      )
      return page.Contents?.map(({ Key }) => Key).join() ?? ''
    },
  },
  {
    id: 'listing with a delimiter',
    aws: 'tree/x | tree/a/,tree/b/',
    run: async (context) => {
      for (const key of ['tree/x', 'tree/a/1', 'tree/a/2', 'tree/b/1']) await put(context, context.plain, key)
      const page = await context.client.send(
        new s3.ListObjectsV2Command({ Bucket: context.plain, Prefix: 'tree/', Delimiter: '/' }),
      )
      return `${page.Contents?.map(({ Key }) => Key).join()} | ${page.CommonPrefixes?.map(({ Prefix }) => Prefix).join()}`
    },
  },
  {
    id: 'listing is in the order of bytes',
    aws: 'order/B,order/a,order/ä',
    run: async (context) => {
      for (const key of ['order/ä', 'order/a', 'order/B']) await put(context, context.plain, key)
      const page = await context.client.send(new s3.ListObjectsV2Command({ Bucket: context.plain, Prefix: 'order/' }))
      return page.Contents?.map(({ Key }) => Key).join() ?? ''
    },
  },
  {
    id: 'listing of nothing',
    aws: '0',
    run: async (context) =>
      String(
        (await context.client.send(new s3.ListObjectsV2Command({ Bucket: context.plain, Prefix: 'nowhere/' })))
          .KeyCount,
      ),
  },
  {
    id: 'deleting many',
    aws: '2 deleted',
    except: { swift: 'InvalidRequest', b2: 'InvalidArgument' },
    run: async (context) => {
      for (const n of [1, 2]) await put(context, context.plain, `many/${n}`)
      return word(async () => {
        const reply = await context.withDefaults().send(
          new s3.DeleteObjectsCommand({
            Bucket: context.plain,
            Delete: { Objects: [{ Key: 'many/1' }, { Key: 'many/2' }] },
          }),
        )
        return `${reply.Deleted?.length ?? 0} deleted`
      })
    },
  },
]
