// Multipart uploads of the double.
import { createHash, randomUUID } from 'node:crypto'
import { checksumOf, checksumsIn } from './bodies.js'
import {
  checkCondition,
  checkQuota,
  encoderFor,
  newVersionId,
  templateOf,
  versionHeader,
  type Call,
  type Handler,
  type World,
} from './object-rules.js'
import {
  addVersion,
  md5Hex,
  readBytes,
  sortedKeys,
  type Bucket,
  type Part,
  type Upload,
  type Version,
} from './state.js'
import { S3Error, elementsOf, textsOf, toXml, type Element } from './xml.js'

const SMALLEST_PART_BYTES = 5 * 1024 * 1024
const PAGE = 1000

export const MULTIPART_OPERATIONS: Readonly<Record<string, Handler>> = {
  CreateMultipartUpload(call, bucket, world) {
    const uploadId = randomUUID()
    bucket.uploads.set(uploadId, {
      uploadId,
      key: call.key,
      initiatedMs: world.nowMs,
      parts: new Map(),
      template: templateOf(call, bucket, world),
      fullObjectCrc32: call.headers['x-amz-checksum-type'] === 'FULL_OBJECT',
    })
    return {
      status: 200,
      body: toXml('InitiateMultipartUploadResult', [
        ['Bucket', bucket.name],
        ['Key', call.key],
        ['UploadId', uploadId],
      ]),
    }
  },

  UploadPart(call, bucket, world) {
    const upload = uploadOf(call, bucket)
    const number = Number(call.query.get('partNumber'))
    if (!(number >= 1 && number <= 10_000))
      throw new S3Error(400, 'InvalidArgument', 'Part number must be an integer between 1 and 10000')
    checkQuota(call, world)
    const checksums = world.profile.keepsChecksums ? checksumsIn(call.headers) : {}
    const part: Part = {
      file: world.state.keepBytes(call.body),
      size: call.body.length,
      etag: md5Hex(call.body),
      checksums,
    }
    upload.parts.set(number, part)
    return { status: 200, headers: { etag: `"${part.etag}"`, ...checksumHeaders(checksums) } }
  },

  ListParts(call, bucket, { profile }) {
    const upload = uploadOf(call, bucket, profile.afterAbort)
    const after = Number(call.query.get('part-number-marker') ?? '0')
    const most = Math.min(PAGE, Number(call.query.get('max-parts') ?? PAGE))
    const left = [...upload.parts].filter(([number]) => number > after).sort(([a], [b]) => a - b)
    const page = left.slice(0, most)
    return {
      status: 200,
      body: toXml('ListPartsResult', [
        ['Bucket', bucket.name],
        ['Key', call.key],
        ['UploadId', upload.uploadId],
        ['NextPartNumberMarker', page.at(-1)?.[0] ?? 0],
        ['IsTruncated', left.length > page.length],
        ...page.map(([number, part]): Element => [
          'Part',
          [
            ['PartNumber', number],
            ['ETag', `"${part.etag}"`],
            ['Size', part.size],
            ['ChecksumCRC32', part.checksums['crc32']],
          ],
        ]),
      ]),
    }
  },

  CompleteMultipartUpload(call, bucket, world) {
    const uploadId = call.query.get('uploadId') ?? ''
    const before = bucket.finished.get(uploadId)
    if (before && world.profile.secondComplete === '200') return completed(bucket, call.key, before, world)
    const upload = uploadOf(call, bucket)
    checkCondition(call, bucket, world.profile.ifNoneMatchOnComplete)
    const parts = namedParts(call.body.toString(), upload, world)
    const bytes = Buffer.concat(parts.map(({ file }) => readBytes(file)))
    const md5s = parts.map(({ etag }) => Buffer.from(etag, 'hex'))
    const keeps =
      world.profile.keepsChecksums && (upload.fullObjectCrc32 || parts.every(({ checksums }) => 'crc32' in checksums))
    const version: Version = {
      ...upload.template,
      versionId: newVersionId(bucket),
      file: world.state.keepBytes(bytes),
      size: bytes.length,
      etag: `${createHash('md5').update(Buffer.concat(md5s)).digest('hex')}-${parts.length}`,
      modifiedMs: world.nowMs,
      checksums: keeps ? { crc32: checksumOf('crc32', bytes) } : {},
    }
    bucket.uploads.delete(uploadId)
    bucket.finished.set(uploadId, version)
    addVersion(bucket, call.key, version)
    return completed(bucket, call.key, version, world)
  },

  AbortMultipartUpload(call, bucket) {
    bucket.uploads.delete(uploadOf(call, bucket).uploadId)
    return { status: 204 }
  },

  ListMultipartUploads(call, bucket) {
    const prefix = call.query.get('prefix') ?? ''
    const most = Math.min(PAGE, Number(call.query.get('max-uploads') ?? PAGE))
    const [keyMarker, idMarker] = [call.query.get('key-marker') ?? '', call.query.get('upload-id-marker') ?? '']
    const all = [...bucket.uploads.values()].filter(({ key }) => key.startsWith(prefix))
    const sorted = sortedKeys(new Set(all.map(({ key }) => key))).flatMap((key) =>
      all.filter((upload) => upload.key === key).sort((a, b) => a.uploadId.localeCompare(b.uploadId)),
    )
    const left = sorted.filter(
      ({ key, uploadId }) => key > keyMarker || (key === keyMarker && uploadId > idMarker && idMarker !== ''),
    )
    const page = left.slice(0, most)
    const encode = encoderFor(call)
    return {
      status: 200,
      body: toXml('ListMultipartUploadsResult', [
        ['Bucket', bucket.name],
        ['EncodingType', call.query.get('encoding-type') ?? undefined],
        ['NextKeyMarker', encode(page.at(-1)?.key ?? '')],
        ['NextUploadIdMarker', page.at(-1)?.uploadId ?? ''],
        ['IsTruncated', left.length > page.length],
        ...page.map((upload): Element => [
          'Upload',
          [
            ['Key', encode(upload.key)],
            ['UploadId', upload.uploadId],
            ['Initiated', new Date(upload.initiatedMs).toISOString()],
          ],
        ]),
      ]),
    }
  },
}

function uploadOf(call: Call, bucket: Bucket, code = 'NoSuchUpload'): Upload {
  const upload = bucket.uploads.get(call.query.get('uploadId') ?? '')
  if (!upload || upload.key !== call.key) throw new S3Error(404, code, 'The specified upload does not exist.')
  return upload
}

function namedParts(xml: string, upload: Upload, { profile }: World): Part[] {
  const named = elementsOf(xml, 'Part').map((part) => ({
    number: Number(textsOf(part, 'PartNumber')[0]),
    etag: (textsOf(part, 'ETag')[0] ?? '').replaceAll('"', ''),
  }))
  if (named.length === 0) throw new S3Error(400, 'MalformedXML', 'The XML you provided was not well-formed')
  if (
    profile.refusesPartsOutOfOrder &&
    named.some(({ number }, index) => index > 0 && number <= (named[index - 1]?.number ?? 0))
  )
    throw new S3Error(400, 'InvalidPartOrder', 'The list of parts was not in ascending order.')
  const parts = named.map(({ number, etag }) => {
    const part = upload.parts.get(number)
    if (part?.etag !== etag)
      throw new S3Error(400, 'InvalidPart', 'One or more of the specified parts could not be found.')
    return part
  })
  const middle = parts.slice(0, -1)
  if (middle.some(({ size }) => size < SMALLEST_PART_BYTES))
    throw new S3Error(400, 'EntityTooSmall', 'Your proposed upload is smaller than the minimum allowed object size.')
  if (profile.unequalPartsRefused && middle.some(({ size }) => size !== middle[0]?.size))
    throw new S3Error(400, 'InvalidPart', 'All non-trailing parts must have the same length.')
  return parts
}

function completed(bucket: Bucket, key: string, version: Version, { profile }: World) {
  return {
    status: 200,
    headers: versionHeader(version),
    body: toXml('CompleteMultipartUploadResult', [
      ['Bucket', bucket.name],
      ['Key', key],
      ['ETag', profile.completeTellsEtag ? `"${version.etag}"` : ''],
    ]),
  }
}

function checksumHeaders(checksums: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(checksums).map(([name, value]) => [`x-amz-checksum-${name}`, value]))
}
