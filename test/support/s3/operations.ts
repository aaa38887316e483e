// What the double does for each operation of S3, by the words of AWS's documentation, with the profile's deviations. Errors are thrown as
// S3Error; the server turns them into replies.
import type { IncomingHttpHeaders } from 'node:http'
import { checksumOf, checksumsIn } from './bodies.js'
import { BUCKET_OPERATIONS } from './bucket-operations.js'
import { LOCK_OPERATIONS } from './lock-operations.js'
import { MULTIPART_OPERATIONS } from './multipart-operations.js'
import {
  checkCondition,
  checkQuota,
  findVersion,
  newVersionId,
  removeVersion,
  templateOf,
  versionHeader,
  type Call,
  type Handler,
  type Reply,
  type World,
} from './object-rules.js'
import { addVersion, md5Hex, readBytes, type Bucket, type Version } from './state.js'
import { S3Error } from './xml.js'

export function operationOf(method: string, key: string, query: URLSearchParams, headers: IncomingHttpHeaders): string {
  const has = (name: string): boolean => query.has(name)
  if (key === '') {
    if (method === 'HEAD') return 'HeadBucket'
    if (method === 'POST') return 'DeleteObjects'
    if (method === 'DELETE') return 'DeleteBucket'
    const verb = method === 'PUT' ? 'Put' : 'Get'
    if (has('versioning')) return `${verb}BucketVersioning`
    if (has('object-lock')) return `${verb}ObjectLockConfiguration`
    if (has('lifecycle')) return `${verb}BucketLifecycleConfiguration`
    if (method === 'PUT') return 'CreateBucket'
    if (has('versions')) return 'ListObjectVersions'
    if (has('uploads')) return 'ListMultipartUploads'
    return has('list-type') ? 'ListObjectsV2' : 'ListBuckets'
  }
  if (has('retention')) return method === 'PUT' ? 'PutObjectRetention' : 'GetObjectRetention'
  if (has('legal-hold')) return method === 'PUT' ? 'PutObjectLegalHold' : 'GetObjectLegalHold'
  if (has('restore')) return 'RestoreObject'
  if (has('uploads')) return 'CreateMultipartUpload'
  if (has('uploadId'))
    return { PUT: 'UploadPart', POST: 'CompleteMultipartUpload', DELETE: 'AbortMultipartUpload' }[method] ?? 'ListParts'
  if (method === 'PUT') return 'x-amz-copy-source' in headers ? 'CopyObject' : 'PutObject'
  return { HEAD: 'HeadObject', DELETE: 'DeleteObject' }[method] ?? 'GetObject'
}

export function perform(call: Call, world: World): Reply {
  if (call.operation === 'CreateBucket') return createBucket(call, world)
  const bucket = world.state.buckets.get(call.bucket)
  if (!bucket) throw new S3Error(404, 'NoSuchBucket', 'The specified bucket does not exist')
  if (Buffer.byteLength(call.key) > 1024) throw new S3Error(400, 'KeyTooLongError', 'Your key is too long')
  const handler = HANDLERS[call.operation]
  if (!handler) throw new S3Error(501, 'NotImplemented', `${call.operation} is not implemented`)
  return handler(call, bucket, world)
}

const HANDLERS: Readonly<Record<string, Handler>> = {
  ...BUCKET_OPERATIONS,
  ...LOCK_OPERATIONS,
  ...MULTIPART_OPERATIONS,
  PutObject: putObject,
  CopyObject: copyObject,
  GetObject: getObject,
  HeadObject: getObject,
  DeleteObject: deleteObject,
}

function createBucket(call: Call, { state, profile }: World): Reply {
  if (state.buckets.has(call.bucket)) throw new S3Error(409, 'BucketAlreadyOwnedByYou', 'You already own it')
  const wantsLock = call.headers['x-amz-bucket-object-lock-enabled'] === 'true'
  if (wantsLock && !profile.objectLock) throw new S3Error(501, 'NotImplemented', 'Object Lock is not implemented')
  state.createBucket(call.bucket, wantsLock)
  return { status: 200 }
}

function putObject(call: Call, bucket: Bucket, world: World): Reply {
  checkCondition(call, bucket, world.profile.ifNoneMatchOnPut)
  checkQuota(call, world)
  const template = templateOf(call, bucket, world)
  const checksums = world.profile.keepsChecksums ? checksumsIn(call.headers) : {}
  const version: Version = {
    ...template,
    versionId: newVersionId(bucket),
    file: world.state.keepBytes(call.body),
    size: call.body.length,
    etag: md5Hex(call.body),
    modifiedMs: world.nowMs,
    // AWS adds a checksum of its own to an object that brings none; here CRC32 stands for it.
    checksums:
      world.profile.keepsChecksums && Object.keys(checksums).length === 0
        ? { crc32: checksumOf('crc32', call.body) }
        : checksums,
  }
  addVersion(bucket, call.key, version)
  return { status: 200, headers: { etag: `"${version.etag}"`, ...versionHeader(version) } }
}

function copyObject(call: Call, bucket: Bucket, world: World): Reply {
  const [, name = '', key = '', versionId] =
    /^\/?([^/]+)\/([^?]+)(?:\?versionId=(.*))?$/.exec(decodeURIComponent(String(call.headers['x-amz-copy-source']))) ??
    []
  const from = world.state.buckets.get(name)
  const source = from && findVersion(from, key, versionId)
  if (!source || source.isMarker) throw new S3Error(404, 'NoSuchKey', 'The specified key does not exist.')
  const copy: Version = {
    ...source,
    versionId: newVersionId(bucket),
    modifiedMs: world.nowMs,
    lock: undefined,
    legalHold: false,
  }
  addVersion(bucket, call.key, copy)
  return {
    status: 200,
    headers: versionHeader(copy),
    body: `<CopyObjectResult><ETag>"${copy.etag}"</ETag><LastModified>${new Date(copy.modifiedMs).toISOString()}</LastModified></CopyObjectResult>`,
  }
}

function getObject(call: Call, bucket: Bucket, world: World): Reply {
  const versionId = call.query.get('versionId')
  const version = findVersion(bucket, call.key, versionId)
  if (!version)
    throw new S3Error(404, versionId === null ? 'NoSuchKey' : 'NoSuchVersion', 'The specified key does not exist.')
  if (version.isMarker)
    throw new S3Error(
      versionId === null ? 404 : world.profile.headOfMarker,
      versionId === null || world.profile.headOfMarker === 404 ? 'NoSuchKey' : 'MethodNotAllowed',
      'A delete marker.',
      {
        'x-amz-delete-marker': 'true',
        ...versionHeader(version),
      },
    )
  const isHead = call.method === 'HEAD'
  if (!isHead && isCold(version) && !isRestored(version, world.nowMs))
    throw new S3Error(403, 'InvalidObjectState', 'The operation is not valid for the object’s storage class')
  const ifMatch = call.headers['if-match']
  if (typeof ifMatch === 'string' && ifMatch.replaceAll('"', '') !== version.etag)
    throw new S3Error(412, 'PreconditionFailed', 'At least one of the pre-conditions you specified did not hold')

  const headers = headersOf(version, call, world)
  const range = /^bytes=(\d*)-(\d*)$/.exec(call.headers.range ?? '')
  if (!range || isHead)
    return { status: 200, headers, contentLength: version.size, ...(isHead ? {} : { body: readBytes(version.file) }) }
  const [start, end] = boundsOf(range[1] ?? '', range[2] ?? '', version.size)
  if (start >= version.size) throw new S3Error(416, 'InvalidRange', 'The requested range is not satisfiable')
  const body = readBytes(version.file).subarray(start, end + 1)
  return { status: 206, headers: { ...headers, 'content-range': `bytes ${start}-${end}/${version.size}` }, body }
}

function boundsOf(first: string, last: string, size: number): [number, number] {
  if (first === '') return [Math.max(0, size - Number(last)), size - 1]
  return [Number(first), last === '' ? size - 1 : Math.min(Number(last), size - 1)]
}

function headersOf(version: Version, call: Call, { profile, nowMs }: World): Record<string, string> {
  const metadata = Object.entries(version.metadata).map(([name, value]) => [`x-amz-meta-${name}`, value])
  const tellsChecksums = profile.keepsChecksums && call.headers['x-amz-checksum-mode'] === 'ENABLED'
  const checksums = tellsChecksums
    ? Object.entries(version.checksums).map(([name, value]) => [`x-amz-checksum-${name}`, value])
    : []
  return {
    etag: `"${version.etag}"`,
    'last-modified': new Date(version.modifiedMs).toUTCString(),
    'content-type': version.contentType,
    'accept-ranges': 'bytes',
    ...versionHeader(version),
    ...(Object.fromEntries([...metadata, ...checksums]) as Record<string, string>),
    ...(checksums.length > 0 ? { 'x-amz-checksum-type': version.checksumType } : {}),
    ...(version.storageClass === 'STANDARD' ? {} : { 'x-amz-storage-class': version.storageClass }),
    ...(version.lock
      ? {
          'x-amz-object-lock-mode': version.lock.mode,
          'x-amz-object-lock-retain-until-date': new Date(version.lock.untilMs).toISOString(),
        }
      : {}),
    ...(version.legalHold ? { 'x-amz-object-lock-legal-hold': 'ON' } : {}),
    ...restoreHeader(version, nowMs),
  }
}

function restoreHeader({ restore }: Version, nowMs: number): Record<string, string> {
  if (!restore || nowMs >= restore.untilMs) return {}
  return {
    'x-amz-restore':
      nowMs < restore.readyMs
        ? 'ongoing-request="true"'
        : `ongoing-request="false", expiry-date="${new Date(restore.untilMs).toUTCString()}"`,
  }
}

export function isCold({ storageClass }: Version): boolean {
  return storageClass === 'GLACIER' || storageClass === 'DEEP_ARCHIVE'
}

export function isRestored({ restore }: Version, nowMs: number): boolean {
  return restore !== undefined && nowMs >= restore.readyMs && nowMs < restore.untilMs
}

function deleteObject(call: Call, bucket: Bucket, world: World): Reply {
  return { status: 204, headers: removeVersion(call, bucket, world, call.key, call.query.get('versionId')) }
}
