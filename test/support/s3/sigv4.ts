// Checks signatures as a store does (AWS Signature Version 4, in the header and in the query), from the specification and with node:crypto
// alone, so that a mistake of the client's cannot hide behind the same mistake here.
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { S3Error } from './xml.js'

export interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/** AWS allows a quarter of an hour. */
const SKEW_LIMIT_MS = 15 * 60 * 1000

/** @returns the declared hash of the body: 64 hex digits or one of the `UNSIGNED-…`/`STREAMING-…` words
 *  @throws S3Error as the store answers it */
export function checkSignature(request: IncomingMessage, credentials: Credentials, nowMs: number): string {
  const url = new URL(request.url ?? '/', 'http://double')
  const inQuery = url.searchParams.has('X-Amz-Signature')
  const claim = inQuery ? claimOfQuery(url) : claimOfHeader(request)
  if (claim.accessKeyId !== credentials.accessKeyId)
    throw new S3Error(403, 'InvalidAccessKeyId', 'The AWS Access Key Id you provided does not exist in our records.')
  if (Math.abs(nowMs - claim.signedAtMs) > SKEW_LIMIT_MS)
    throw new S3Error(
      403,
      'RequestTimeTooSkewed',
      'The difference between the request time and the current time is too large.',
    )

  const payload = inQuery ? 'UNSIGNED-PAYLOAD' : String(request.headers['x-amz-content-sha256'] ?? '')
  const canonical = [
    request.method ?? 'GET',
    rawPath(request),
    canonicalQuery(request),
    ...claim.signedHeaders.map((name) => `${name}:${headerValue(request, name)}`),
    '',
    claim.signedHeaders.join(';'),
    payload,
  ].join('\n')
  const toSign = ['AWS4-HMAC-SHA256', claim.timestamp, claim.scope, sha256(canonical)].join('\n')
  const key = claim.scope
    .split('/')
    .reduce<Buffer | string>((secret, part) => hmac(secret, part), `AWS4${credentials.secretAccessKey}`)
  const expected = Buffer.from(hmac(key, toSign).toString('hex'))
  const given = Buffer.from(claim.signature)
  if (expected.length !== given.length || !timingSafeEqual(expected, given))
    throw new S3Error(
      403,
      'SignatureDoesNotMatch',
      'The request signature we calculated does not match the signature you provided.',
    )
  return payload
}

interface Claim {
  readonly accessKeyId: string
  readonly scope: string
  readonly signedHeaders: readonly string[]
  readonly signature: string
  readonly timestamp: string
  readonly signedAtMs: number
}

function claimOfHeader(request: IncomingMessage): Claim {
  const header = request.headers.authorization ?? ''
  const match = /^AWS4-HMAC-SHA256 Credential=([^/]+)\/([^,]+), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]+)$/.exec(
    header,
  )
  if (!match) throw new S3Error(403, 'AccessDenied', 'Access Denied')
  const [, accessKeyId = '', scope = '', signed = '', signature = ''] = match
  return {
    accessKeyId,
    scope,
    signedHeaders: signed.split(';'),
    signature,
    ...timeOf(String(request.headers['x-amz-date'] ?? '')),
  }
}

function claimOfQuery(url: URL): Claim {
  const parameter = (name: string): string => url.searchParams.get(name) ?? ''
  const [accessKeyId = '', ...scope] = parameter('X-Amz-Credential').split('/')
  return {
    accessKeyId,
    scope: scope.join('/'),
    signedHeaders: parameter('X-Amz-SignedHeaders').split(';'),
    signature: parameter('X-Amz-Signature'),
    ...timeOf(parameter('X-Amz-Date')),
  }
}

/** `20261123T075142Z` */
function timeOf(timestamp: string): { timestamp: string; signedAtMs: number } {
  const iso = timestamp.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z')
  return { timestamp, signedAtMs: Date.parse(iso) }
}

function rawPath(request: IncomingMessage): string {
  return (request.url ?? '/').split('?')[0] ?? '/'
}

function canonicalQuery(request: IncomingMessage): string {
  const query = (request.url ?? '').split('?')[1] ?? ''
  return query
    .split('&')
    .filter((pair) => pair !== '' && !pair.startsWith('X-Amz-Signature='))
    .map((pair) => (pair.includes('=') ? pair : `${pair}=`))
    .sort()
    .join('&')
}

function headerValue(request: IncomingMessage, name: string): string {
  const value = request.headers[name]
  return (Array.isArray(value) ? value.join(',') : (value ?? '')).trim().replace(/ +/g, ' ')
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function hmac(key: Buffer | string, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
