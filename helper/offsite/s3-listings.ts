// Listing objects and versions over S3, a page of a thousand at a time.
import { sdk } from './aws.js'
import type * as contract from './object-store.js'
import { outcome } from './s3-attempts.js'
import type { S3Connection } from './s3-connection.js'
import { decodeListedKey, stripped, unquoted, versionsOf } from './s3-replies.js'

export function listMethods({
  bucket,
  client,
  run,
  abortable,
}: S3Connection): Pick<contract.ObjectStore, 'list' | 'listLevel' | 'listVersions'> {
  return {
    async *list(prefix, signal) {
      for (let token: string | undefined; ;) {
        const page = await outcome(() =>
          run('listing the bucket', signal, () =>
            client.send(
              new sdk.ListObjectsV2Command({
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

    async listLevel(prefix, signal) {
      const folders: string[] = []
      const keys: string[] = []
      for (let token: string | undefined; ;) {
        const page = await outcome(() =>
          run('looking into the bucket', signal, () =>
            client.send(
              new sdk.ListObjectsV2Command({
                Bucket: bucket,
                Prefix: prefix,
                Delimiter: '/',
                ContinuationToken: token,
                EncodingType: 'url',
              }),
              abortable(signal),
            ),
          ),
        )
        for (const { Prefix } of page.CommonPrefixes ?? [])
          folders.push(decodeListedKey(Prefix ?? '', page.EncodingType))
        for (const { Key } of page.Contents ?? []) keys.push(decodeListedKey(Key ?? '', page.EncodingType))
        if (!page.IsTruncated || page.NextContinuationToken === undefined) return { folders, keys }
        token = page.NextContinuationToken
      }
    },

    async *listVersions(prefix, signal) {
      for (let key: string | undefined, versionId: string | undefined; ;) {
        const page = await outcome(() =>
          run('listing the versions in the bucket', signal, () =>
            client.send(
              new sdk.ListObjectVersionsCommand({
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
  }
}
