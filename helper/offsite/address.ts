// What a person types to name a bucket, checked before anything is sent: `s3://bucket/prefix`, the endpoint's URL, the region. Plain HTTP
// to another computer is refused unless it is asked for by name, because photos and names would be readable on the way.
import { SafelightError } from '../errors.js'

export interface BucketAddress {
  readonly bucket: string
  /** Without slashes at either end; '' for the whole bucket. */
  readonly prefix: string
}

/** Small letters, digits, dots and hyphens are today's rule; older AWS buckets and some private stores have capitals, underscores, length. */
const BUCKET_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]$/

/** @throws OFFSITE_ADDRESS */
export function parseBucketUrl(text: string): BucketAddress {
  const match = /^s3:\/\/([^/]+)(?:\/(.*))?$/s.exec(text)
  if (!match) throw wrong(`"${text}" is not the address of a bucket.`)
  const bucket = match[1] ?? ''
  const prefix = (match[2] ?? '').replace(/^\/+|\/+$/g, '')
  if (!BUCKET_NAME.test(bucket)) throw wrong(`"${bucket}" cannot be a bucket's name.`)
  if (prefix !== '') checkPrefix(prefix)
  return { bucket, prefix }
}

export function formatBucketUrl({ bucket, prefix }: BucketAddress): string {
  return prefix === '' ? `s3://${bucket}` : `s3://${bucket}/${prefix}`
}

export interface EndpointRules {
  /** The person asked for HTTP without TLS by name. */
  readonly allowPlainHttp?: boolean
}

/** @returns the endpoint as a URL without path. @throws OFFSITE_ADDRESS */
export function parseEndpoint(text: string, rules: EndpointRules = {}): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || (url.protocol !== 'https:' && url.protocol !== 'http:'))
    throw wrong(`"${text}" is not the address of a store.`, 'It looks like https://s3.example.com.')
  if (url.username !== '' || url.password !== '')
    throw wrong(
      'The endpoint contains a name or a password.',
      'Put the access key into the AWS credentials file or the environment, never into the address.',
    )
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '')
    throw wrong(
      `The endpoint "${text}" has something after the host's name.`,
      'Leave it out; the bucket and the prefix stand in s3://bucket/prefix.',
    )
  if (url.protocol === 'http:' && !isLoopback(url.hostname) && !rules.allowPlainHttp)
    throw wrong(
      `"${text}" would send photos and their names unencrypted over the network.`,
      'Use https://. If this is your own store on a network that you trust, ask for it by name with --allow-plain-http.',
    )
  return url
}

export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname)
}

function checkPrefix(prefix: string): void {
  const segments = prefix.split('/')
  if (segments.some((segment) => segment === '' || segment === '.' || segment === '..' || segment !== segment.trim()))
    throw wrong(
      `The prefix "${prefix}" has an empty part, "." or "..", or a space at an end, which stores treat differently.`,
    )
  if (/\p{Cc}|\p{Cs}/u.test(prefix) || Buffer.byteLength(prefix) > 400)
    throw wrong(`The prefix "${prefix}" has characters that cannot be stored, or is longer than 400 bytes.`)
}

function wrong(
  message: string,
  remedy = 'It looks like s3://my-bucket/a-folder; the bucket’s name has 3 to 63 small letters, digits, dots and hyphens.',
): SafelightError {
  return new SafelightError('OFFSITE_ADDRESS', { message, remedy })
}
