// The SDK's client as this product needs it: signed bodies, no checksum that was not asked for, idle time-outs, no retries of its own, and
// MD5 where the SDK would insist on a CRC32. Credentials come from the provider chain (environment, profile, container, machine), and where
// that has none, from the system's keychain.
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import type * as s3 from '@aws-sdk/client-s3'
import { sdk } from './aws.js'
import { keychainAccount, withKeychain } from './keychain.js'
import type { AttemptDeps } from './s3-attempts.js'
import type { Limiter } from './limiter.js'
import type { RetryPolicy } from './s3-retry.js'

export interface S3Options {
  readonly bucket: string
  /** Left out for AWS itself. */
  readonly endpoint?: string
  /** Default: that of the profile or environment, else us-east-1, which stores without regions accept. */
  readonly region?: string
  /** A profile of the AWS configuration files; default: the provider chain of the environment. */
  readonly profile?: string
  readonly allowPlainHttp?: boolean
  /** Silence on a connection, in ms, after which the request counts as lost. */
  readonly socketTimeoutMs?: number
  readonly connectionTimeoutMs?: number
  readonly retry?: RetryPolicy
}

export interface S3Deps {
  readonly sleep: AttemptDeps['sleep']
  readonly random: () => number
  /** Holds sending back; absent = as fast as the line is. */
  readonly limiter?: Limiter
  readonly onFault?: AttemptDeps['onFault']
  /** How wrong this computer's clock is, for tests; added to the time that requests are signed with. */
  readonly clockOffsetMs?: number
}

/** Idle time before the next attempt, so that a frozen server costs less than a minute; patience.ts lengthens it on slow lines. */
export const SOCKET_TIMEOUT_MS = 45_000
const CONNECTION_TIMEOUT_MS = 10_000

const SILENT = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }

export function createClient(options: S3Options, endpoint: URL | undefined, deps: S3Deps): s3.S3Client {
  // Meant for whoever chooses the SDK's version, which is pinned here; a photographer's terminal is not the place for it.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true'
  const client = new sdk.S3Client({
    ...(endpoint ? { endpoint: endpoint.href, forcePathStyle: true } : {}),
    ...(endpoint || options.region ? { region: options.region ?? 'us-east-1' } : {}),
    ...(options.profile === undefined ? {} : { profile: options.profile }),
    ...(deps.clockOffsetMs === undefined ? {} : { systemClockOffset: deps.clockOffsetMs }),
    // Backblaze, R2, Wasabi and old Ceph each stumbled over the SDK's default checksums (offsite facts: aws-sdk-js-v3 #6810, #6819).
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    maxAttempts: 1,
    // Left to itself the SDK writes remarks about streams to the terminal.
    logger: SILENT,
    // With it the SDK opens a new connection per part, and not every store answers "100 Continue".
    expectContinueHeader: false,
    requestHandler: {
      socketTimeout: options.socketTimeoutMs ?? SOCKET_TIMEOUT_MS,
      connectionTimeout: options.connectionTimeoutMs ?? CONNECTION_TIMEOUT_MS,
    },
  })
  client.config.credentials = withKeychain(client.config.credentials, keychainAccount(endpoint?.href, options.bucket))
  client.middlewareStack.add(
    (next) => (args) => {
      if ('request' in args) adjustHeaders(args.request as SdkRequest)
      return next(args)
    },
    { name: 'safelightHeaders', step: 'build', priority: 'low' },
  )
  return client
}

interface AdjustableHandler {
  updateHttpClientConfig(name: 'socketTimeout', value: number): void
}

/** Holds for requests that begin from now on. The SDK's handler can do this; its type in the client's configuration does not say so. */
export function setSocketTimeout(client: s3.S3Client, ms: number): void {
  const handler = client.config.requestHandler as unknown as AdjustableHandler
  handler.updateHttpClientConfig('socketTimeout', ms)
}

/** A body that is sent in steps, with the SHA-256 taken before: the signature then covers it as it would cover a whole buffer. */
export class HashedStream extends Readable {
  constructor(
    readonly sha256: string,
    steps: AsyncIterator<Uint8Array>,
  ) {
    super({
      read() {
        steps.next().then(
          (step) => this.push(step.done ? null : step.value),
          (error: unknown) => this.destroy(error instanceof Error ? error : new Error(String(error))),
        )
      },
    })
    // The request fails by itself when its body does; without a listener the stream's own report would end the process.
    this.on('error', () => undefined)
  }
}

/** What is known of bodies before they are sent; the SDK would take it again for every attempt. */
const signatures = new WeakMap<object, string>()

export function signWith(body: Uint8Array, sha256: string): void {
  signatures.set(body, sha256)
}

export function sha256Of(body: Uint8Array): string {
  return createHash('sha256').update(body).digest('hex')
}

interface SdkRequest {
  readonly headers: Record<string, string>
  readonly body?: unknown
}

/** What the SDK leaves out or insists on: a signature over streamed bodies; and, for small XML requests, a CRC32 where the MD5 that every
 *  store understands would do (aws-sdk-js-v3 #6819; Backblaze refuses the CRC32). Objects' bytes are no strings and keep what was asked for. */
function adjustHeaders({ headers, body }: SdkRequest): void {
  const sha256 = body instanceof HashedStream ? body.sha256 : body instanceof Uint8Array && signatures.get(body)
  if (sha256) headers['x-amz-content-sha256'] = sha256
  if (typeof body !== 'string' || body === '') return
  headers['content-md5'] = createHash('md5').update(body).digest('base64')
  for (const name of Object.keys(headers))
    if (/^x-amz-(sdk-)?checksum-/.test(name) && name !== 'x-amz-checksum-type') Reflect.deleteProperty(headers, name)
}
