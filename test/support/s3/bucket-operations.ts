// What the double answers about buckets: listings, versioning, lock configuration, lifecycle, deleting many.
import { encoderFor, removeVersion, type Handler } from './object-rules.js'
import { sortedKeys, type Version } from './state.js'
import { S3Error, elementsOf, textsOf, toXml, type Element } from './xml.js'

const PAGE = 1000

export const BUCKET_OPERATIONS: Readonly<Record<string, Handler>> = {
  HeadBucket: () => ({ status: 200 }),

  GetBucketVersioning: (_call, bucket) => ({
    status: 200,
    body: toXml('VersioningConfiguration', [['Status', bucket.versioning]]),
  }),

  PutBucketVersioning(call, bucket, { profile }) {
    if (!profile.versioning) throw new S3Error(501, 'NotImplemented', 'Versioning is not implemented')
    const status = textsOf(call.body.toString(), 'Status')[0]
    if (status !== 'Enabled' && bucket.objectLock)
      throw new S3Error(
        409,
        'InvalidBucketState',
        'An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.',
      )
    bucket.versioning = status === 'Enabled' ? 'Enabled' : 'Suspended'
    return { status: 200 }
  },

  GetObjectLockConfiguration(_call, bucket) {
    if (!bucket.objectLock)
      throw new S3Error(
        404,
        'ObjectLockConfigurationNotFoundError',
        'Object Lock configuration does not exist for this bucket',
      )
    const rule = bucket.defaultRetention
    return {
      status: 200,
      body: toXml('ObjectLockConfiguration', [
        ['ObjectLockEnabled', 'Enabled'],
        [
          'Rule',
          rule && [
            [
              'DefaultRetention',
              [
                ['Mode', rule.mode],
                ['Days', rule.days],
              ],
            ],
          ],
        ],
      ]),
    }
  },

  PutObjectLockConfiguration(call, bucket, { profile }) {
    if (!profile.objectLock) throw new S3Error(501, 'NotImplemented', 'Object Lock is not implemented')
    if (!bucket.objectLock && (!profile.lockOnExistingBucket || bucket.versioning !== 'Enabled'))
      throw new S3Error(409, 'InvalidBucketState', 'Object Lock configuration cannot be enabled on existing buckets')
    const xml = call.body.toString()
    const mode = textsOf(xml, 'Mode')[0]
    bucket.objectLock = true
    bucket.defaultRetention = mode === undefined ? undefined : { mode, days: Number(textsOf(xml, 'Days')[0] ?? '0') }
    return { status: 200 }
  },

  GetBucketLifecycleConfiguration(_call, bucket) {
    if (bucket.lifecycle === undefined)
      throw new S3Error(404, 'NoSuchLifecycleConfiguration', 'The lifecycle configuration does not exist')
    return { status: 200, body: bucket.lifecycle }
  },

  PutBucketLifecycleConfiguration(call, bucket) {
    bucket.lifecycle = call.body.toString()
    return { status: 200 }
  },

  ListObjectsV2(call, bucket) {
    const prefix = call.query.get('prefix') ?? ''
    const delimiter = call.query.get('delimiter') ?? ''
    const token = call.query.get('continuation-token')
    const after = token === null ? (call.query.get('start-after') ?? '') : Buffer.from(token, 'base64').toString()
    const most = Math.min(PAGE, Number(call.query.get('max-keys') ?? PAGE))
    const encode = encoderFor(call)
    const current = [...bucket.objects].filter(([, versions]) => versions.at(-1)?.isMarker === false)
    const objects = new Map(current.map(([key, versions]) => [key, versions.at(-1) as Version]))
    const keys = sortedKeys(objects.keys()).filter((key) => key.startsWith(prefix))
    const entries = new Map<string, Version | undefined>()
    for (const key of keys) {
      const cut = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length)
      if (cut === -1) entries.set(key, objects.get(key))
      else entries.set(key.slice(0, cut + delimiter.length), undefined)
    }
    const left = [...entries].filter(([key]) => Buffer.compare(Buffer.from(key), Buffer.from(after)) > 0)
    const page = left.slice(0, most)
    const isTruncated = left.length > page.length
    return {
      status: 200,
      body: toXml('ListBucketResult', [
        ['Name', bucket.name],
        ['Prefix', encode(prefix)],
        ['KeyCount', page.length],
        ['MaxKeys', most],
        ['EncodingType', call.query.get('encoding-type') ?? undefined],
        ['IsTruncated', isTruncated],
        ['NextContinuationToken', isTruncated ? Buffer.from(page.at(-1)?.[0] ?? '').toString('base64') : undefined],
        ...page.map(([key, version]): Element =>
          version
            ? [
                'Contents',
                [
                  ['Key', encode(key)],
                  ['LastModified', new Date(version.modifiedMs).toISOString()],
                  ['ETag', `"${version.etag}"`],
                  ['Size', version.size],
                  ['StorageClass', version.storageClass],
                ],
              ]
            : ['CommonPrefixes', [['Prefix', encode(key)]]],
        ),
      ]),
    }
  },

  ListObjectVersions(call, bucket) {
    const prefix = call.query.get('prefix') ?? ''
    const most = Math.min(PAGE, Number(call.query.get('max-keys') ?? PAGE))
    const [keyMarker, idMarker] = [call.query.get('key-marker'), call.query.get('version-id-marker')]
    const encode = encoderFor(call)
    const all = sortedKeys(bucket.objects.keys())
      .filter((key) => key.startsWith(prefix))
      .flatMap((key) =>
        [...(bucket.objects.get(key) ?? [])]
          .reverse()
          .map((version, index) => ({ key, version, isLatest: index === 0 })),
      )
    const at =
      keyMarker === null ? -1 : all.findIndex(({ key, version }) => key === keyMarker && version.versionId === idMarker)
    const left = all.slice(at + 1)
    const page = left.slice(0, most)
    return {
      status: 200,
      body: toXml('ListVersionsResult', [
        ['Name', bucket.name],
        ['EncodingType', call.query.get('encoding-type') ?? undefined],
        ['IsTruncated', left.length > page.length],
        ['NextKeyMarker', left.length > page.length ? encode(page.at(-1)?.key ?? '') : undefined],
        ['NextVersionIdMarker', left.length > page.length ? page.at(-1)?.version.versionId : undefined],
        ...page.map(({ key, version, isLatest }): Element => [
          version.isMarker ? 'DeleteMarker' : 'Version',
          [
            ['Key', encode(key)],
            ['VersionId', version.versionId],
            ['IsLatest', isLatest],
            ['LastModified', new Date(version.modifiedMs).toISOString()],
            ...(version.isMarker
              ? []
              : ([
                  ['ETag', `"${version.etag}"`],
                  ['Size', version.size],
                  ['StorageClass', version.storageClass],
                ] as const)),
          ],
        ]),
      ]),
    }
  },

  DeleteObjects(call, bucket, world) {
    const hasChecksum = Object.keys(call.headers).some(
      (name) => name === 'content-md5' || name.startsWith('x-amz-checksum-'),
    )
    const needsMd5 = world.profile.deleteObjectsNeedsMd5 ? call.headers['content-md5'] === undefined : !hasChecksum
    if (needsMd5) throw new S3Error(400, 'InvalidRequest', 'Missing required header for this request: Content-MD5')
    const results = elementsOf(call.body.toString(), 'Object').map((object): Element => {
      const key = textsOf(object, 'Key')[0] ?? ''
      const versionId = textsOf(object, 'VersionId')[0] ?? null
      try {
        removeVersion(call, bucket, world, key, versionId)
        return ['Deleted', [['Key', key]]]
      } catch (error) {
        if (!(error instanceof S3Error)) throw error
        return [
          'Error',
          [
            ['Key', key],
            ['Code', error.code],
            ['Message', error.message],
          ],
        ]
      }
    })
    return { status: 200, body: toXml('DeleteResult', results) }
  },
}
