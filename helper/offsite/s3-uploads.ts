// Multipart uploads over S3.
import { sdk } from './aws.js'
import type * as contract from './object-store.js'
import { outcome } from './s3-attempts.js'
import type { S3Connection } from './s3-connection.js'
import { decodeListedKey, objectInput, stripped, unquoted } from './s3-replies.js'

type UploadMethods = Pick<
  contract.ObjectStore,
  'beginUpload' | 'uploadPart' | 'listParts' | 'completeUpload' | 'abortUpload' | 'listUploads'
>

export function uploadMethods({ bucket, client, run, abortable, sendBody }: S3Connection): UploadMethods {
  return {
    beginUpload(request, signal) {
      let asked = 0
      return outcome(() =>
        run(`beginning to send ${request.key}`, signal, async () => {
          asked += 1
          const reply = await client.send(
            new sdk.CreateMultipartUploadCommand({
              Bucket: bucket,
              Key: request.key,
              ...(request.withCrc32 ? { ChecksumAlgorithm: 'CRC32', ChecksumType: 'FULL_OBJECT' } : {}),
              ...objectInput(request),
            }),
            abortable(signal),
          )
          if (reply.UploadId === undefined) throw new Error('the reply names no upload')
          return { uploadId: reply.UploadId, mayBeTwice: asked > 1 }
        }),
      )
    },

    uploadPart: (request, signal) =>
      outcome<contract.PartOutcome, 'no-such-upload' | 'not-found'>(
        () =>
          run(`sending part ${request.number} of ${request.key}`, signal, () =>
            sendBody(request, signal, async (body) => {
              const command = new sdk.UploadPartCommand({
                Bucket: bucket,
                Key: request.key,
                UploadId: request.uploadId,
                PartNumber: request.number,
                Body: body,
                ContentLength: request.body.length,
                ContentMD5: request.contentMd5,
                ...(request.crc32 === undefined ? {} : { ChecksumAlgorithm: 'CRC32', ChecksumCRC32: request.crc32 }),
              })
              const reply = await client.send(command, abortable(signal))
              return stripped({
                kind: 'stored' as const,
                etag: unquoted(reply.ETag) ?? '',
                crc32: reply.ChecksumCRC32,
              })
            }),
          ),
        { 'no-such-upload': () => ({ kind: 'no-such-upload' }), 'not-found': () => ({ kind: 'no-such-upload' }) },
      ),

    listParts: (key, uploadId, signal) =>
      outcome<readonly contract.StoredPart[] | undefined, 'no-such-upload' | 'not-found'>(
        async () => {
          const parts: contract.StoredPart[] = []
          for (let marker: string | undefined; ;) {
            const page = await run(`asking which parts of ${key} have arrived`, signal, () =>
              client.send(
                new sdk.ListPartsCommand({ Bucket: bucket, Key: key, UploadId: uploadId, PartNumberMarker: marker }),
                abortable(signal),
              ),
            )
            for (const part of page.Parts ?? [])
              parts.push(
                stripped({
                  number: part.PartNumber ?? 0,
                  sizeBytes: part.Size ?? 0,
                  etag: unquoted(part.ETag) ?? '',
                  crc32: part.ChecksumCRC32,
                }),
              )
            if (!page.IsTruncated || page.NextPartNumberMarker === undefined) return parts
            marker = page.NextPartNumberMarker
          }
        },
        { 'no-such-upload': () => undefined, 'not-found': () => undefined },
      ),

    completeUpload: (request, signal) =>
      outcome<contract.CompleteOutcome, 'no-such-upload' | 'not-found' | 'refused' | 'precondition'>(
        () =>
          run(`completing ${request.key}`, signal, async () => {
            const withCrc32 = request.parts.every((part) => part.crc32 !== undefined)
            const reply = await client.send(
              new sdk.CompleteMultipartUploadCommand({
                Bucket: bucket,
                Key: request.key,
                UploadId: request.uploadId,
                ...(withCrc32 ? { ChecksumType: 'FULL_OBJECT', MpuObjectSize: request.sizeBytes } : {}),
                MultipartUpload: {
                  Parts: request.parts.map((part) => ({
                    PartNumber: part.number,
                    ETag: `"${part.etag}"`,
                    ChecksumCRC32: part.crc32,
                  })),
                },
              }),
              abortable(signal),
            )
            return stripped({ kind: 'completed' as const, etag: unquoted(reply.ETag), versionId: reply.VersionId })
          }),
        {
          'no-such-upload': () => ({ kind: 'no-such-upload' }),
          'not-found': () => ({ kind: 'no-such-upload' }),
          // InvalidPart, InvalidPartOrder, EntityTooSmall: what is there cannot become what was meant.
          refused: (fault) => ({ kind: 'start-again', why: fault.code }),
          precondition: (fault) => ({ kind: 'start-again', why: fault.code }),
        },
      ),

    abortUpload: (key, uploadId, signal) =>
      outcome<undefined, 'no-such-upload' | 'not-found'>(
        () =>
          run(`abandoning the upload of ${key}`, signal, async () => {
            await client.send(
              new sdk.AbortMultipartUploadCommand({ Bucket: bucket, Key: key, UploadId: uploadId }),
              abortable(signal),
            )
            return undefined
          }),
        { 'no-such-upload': () => undefined, 'not-found': () => undefined },
      ),

    async *listUploads(prefix, signal) {
      for (let key: string | undefined, uploadId: string | undefined; ;) {
        const page = await outcome(() =>
          run('listing unfinished uploads', signal, () =>
            client.send(
              new sdk.ListMultipartUploadsCommand({
                Bucket: bucket,
                Prefix: prefix,
                KeyMarker: key,
                UploadIdMarker: uploadId,
                EncodingType: 'url',
              }),
              abortable(signal),
            ),
          ),
        )
        for (const upload of page.Uploads ?? [])
          yield stripped({
            key: decodeListedKey(upload.Key ?? '', page.EncodingType),
            uploadId: upload.UploadId ?? '',
            initiatedMs: upload.Initiated?.getTime(),
          })
        if (!page.IsTruncated || page.NextKeyMarker === undefined) return
        key = decodeListedKey(page.NextKeyMarker, page.EncodingType)
        uploadId = page.NextUploadIdMarker
      }
    },
  }
}
