// The body of a request as the double takes it: read to the end, taken out of its aws-chunked frame, and compared with every hash that the
// request declares.
import { createHash } from 'node:crypto'
import type { IncomingMessage, IncomingHttpHeaders } from 'node:http'
import { crc32 } from 'node:zlib'
import type { DoubleProfile } from './profiles.js'
import { S3Error } from './xml.js'

export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

/** `<hex length>[;chunk-signature=…]\r\n<bytes>\r\n … 0\r\n<trailers>` */
export function decodeChunked(framed: Buffer): { body: Buffer; trailers: IncomingHttpHeaders } {
  const parts: Buffer[] = []
  let at = 0
  for (;;) {
    const lineEnd = framed.indexOf('\r\n', at)
    const length = parseInt(framed.toString('latin1', at, lineEnd), 16)
    at = lineEnd + 2
    if (length === 0) break
    parts.push(framed.subarray(at, at + length))
    at += length + 2
  }
  const trailers = framed
    .toString('latin1', at)
    .split('\r\n')
    .filter((line) => line.includes(':'))
    .map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()])
  return { body: Buffer.concat(parts), trailers: Object.fromEntries(trailers) as IncomingHttpHeaders }
}

/** @throws S3Error as the store answers it */
export function checkHashes(
  body: Buffer,
  headers: IncomingHttpHeaders,
  declaredSha256: string,
  profile: DoubleProfile,
): void {
  if (/^[0-9a-f]{64}$/.test(declaredSha256) && createHash('sha256').update(body).digest('hex') !== declaredSha256)
    throw new S3Error(
      400,
      'XAmzContentSHA256Mismatch',
      "The provided 'x-amz-content-sha256' header does not match what was computed.",
    )
  const md5 = headers['content-md5']
  if (md5 !== undefined && createHash('md5').update(body).digest('base64') !== md5)
    throw new S3Error(400, 'BadDigest', 'The Content-MD5 you specified did not match what we received.')
  if (profile.refusesChecksumHeaders) {
    const refused = Object.keys(headers).find((name) => /^x-amz-(sdk-)?checksum-/.test(name))
    if (refused)
      throw new S3Error(400, 'InvalidArgument', `Unsupported header '${refused}' received for this API call.`)
  }
  if (!profile.keepsChecksums) return
  for (const [name, value] of Object.entries(checksumsIn(headers)))
    if (value !== checksumOf(name, body))
      throw new S3Error(400, 'BadDigest', `The ${name} you specified did not match the calculated checksum.`)
}

/** Name as in the header, `crc32` or `sha256`, to base64. */
export function checksumsIn(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(
    ['crc32', 'sha256', 'sha1']
      .map((name) => [name, headers[`x-amz-checksum-${name}`]])
      .filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  )
}

export function checksumOf(name: string, body: Buffer): string {
  if (name !== 'crc32') return createHash(name).update(body).digest('base64')
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(crc32(body))
  return bytes.toString('base64')
}
