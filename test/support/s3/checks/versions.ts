// Versions and delete markers.
import * as s3 from '@aws-sdk/client-s3'
import { type Check, bodyOf, put, remove, text, word } from './common.js'

export const VERSION_CHECKS: readonly Check[] = [
  {
    id: 'versioning is told',
    needs: 'versions',
    aws: 'Enabled',
    run: async (context) =>
      String((await context.client.send(new s3.GetBucketVersioningCommand({ Bucket: context.versioned }))).Status),
  },
  {
    id: 'no versioning is told',
    aws: 'undefined',
    run: async (context) =>
      String((await context.client.send(new s3.GetBucketVersioningCommand({ Bucket: context.plain }))).Status),
  },
  {
    id: 'an old version is read',
    needs: 'versions',
    aws: 'same',
    run: async (context) => {
      const { VersionId } = await put(context, context.versioned, 'v')
      await put(context, context.versioned, 'v', { Body: 'second' })
      return (
        await bodyOf(
          await context.client.send(new s3.GetObjectCommand({ Bucket: context.versioned, Key: 'v', VersionId })),
        )
      ).equals(text)
        ? 'same'
        : 'different'
    },
  },
  {
    id: 'deletion leaves a marker',
    needs: 'versions',
    aws: 'true NotFound',
    run: async (context) => {
      await put(context, context.versioned, 'marked')
      const { DeleteMarker } = await remove(context, context.versioned, 'marked')
      return `${DeleteMarker} ${await word(async () => String((await context.client.send(new s3.HeadObjectCommand({ Bucket: context.versioned, Key: 'marked' }))).ETag))}`
    },
  },
  {
    id: 'removing the marker brings it back',
    needs: 'versions',
    aws: 'same',
    run: async (context) => {
      await put(context, context.versioned, 'back')
      const { VersionId } = await remove(context, context.versioned, 'back')
      await remove(context, context.versioned, 'back', VersionId)
      return (
        await bodyOf(await context.client.send(new s3.GetObjectCommand({ Bucket: context.versioned, Key: 'back' })))
      ).equals(text)
        ? 'same'
        : 'different'
    },
  },
  {
    id: 'versions are listed, newest first',
    needs: 'versions',
    aws: 'true,false',
    run: async (context) => {
      for (const Body of ['1', '2']) await put(context, context.versioned, 'listed', { Body })
      const page = await context.client.send(
        new s3.ListObjectVersionsCommand({ Bucket: context.versioned, Prefix: 'listed' }),
      )
      return page.Versions?.map(({ IsLatest }) => IsLatest).join() ?? ''
    },
  },
  {
    id: 'HEAD of a marker’s version',
    needs: 'versions',
    aws: '405',
    except: { ceph16: 'NotFound' },
    run: async (context) => {
      await put(context, context.versioned, 'marker')
      const { VersionId } = await remove(context, context.versioned, 'marker')
      return word(async () =>
        String(
          (await context.client.send(new s3.HeadObjectCommand({ Bucket: context.versioned, Key: 'marker', VersionId })))
            .ETag,
        ),
      )
    },
  },
]
