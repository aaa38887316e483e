// One store as it is talked to: the client, the retry loop around every request, the bandwidth limit, and how long silence is borne.
import { setMaxListeners } from 'node:events'
import type * as s3 from '@aws-sdk/client-s3'
import { formatBucketUrl, parseEndpoint } from './address.js'
import { paced } from './limiter.js'
import type { PartRequest } from './object-store.js'
import { afterAnswer, afterSilence, newPatience, type Patience } from './patience.js'
import { attempt, type AttemptDeps } from './s3-attempts.js'
import {
  HashedStream,
  SOCKET_TIMEOUT_MS,
  createClient,
  setSocketTimeout,
  sha256Of,
  signWith,
  type S3Deps,
  type S3Options,
} from './s3-client.js'
import { classifyFault } from './s3-errors.js'
import { DEFAULT_RETRY } from './s3-retry.js'

export interface S3Connection {
  readonly name: string
  readonly bucket: string
  readonly client: s3.S3Client
  readonly attempts: AttemptDeps
  /** @param doing  for messages, as in "sending part 3 of IMG_0412.CR3" */
  readonly run: <T>(doing: string, signal: AbortSignal | undefined, request: () => Promise<T>) => Promise<T>
  readonly abortable: (signal: AbortSignal | undefined) => { readonly abortSignal?: AbortSignal }
  readonly hasAnswered: () => boolean
  /** Sends a body: whole, or, under a bandwidth limit, step by step; signed either way. */
  readonly sendBody: <T>(
    bytes: Pick<PartRequest, 'body' | 'sha256'>,
    signal: AbortSignal | undefined,
    send: (body: Uint8Array | HashedStream) => Promise<T>,
  ) => Promise<T>
}

export function openConnection(options: S3Options, deps: S3Deps): S3Connection {
  const { bucket } = options
  const endpoint =
    options.endpoint === undefined
      ? undefined
      : parseEndpoint(options.endpoint, { allowPlainHttp: options.allowPlainHttp ?? false })
  const client = createClient(options, endpoint, deps)
  const name = formatBucketUrl({ bucket, prefix: '' }) + (endpoint ? ` at ${endpoint.host}` : '')
  const attempts: AttemptDeps = {
    storeName: name,
    policy: options.retry ?? DEFAULT_RETRY,
    sleep: deps.sleep,
    random: deps.random,
    clockCorrectionMs: () => client.config.systemClockOffset - (deps.clockOffsetMs ?? 0),
    onFault: deps.onFault,
  }

  let patience = newPatience(options.socketTimeoutMs ?? SOCKET_TIMEOUT_MS)
  const setPatience = (next: Patience): void => {
    if (next.nowMs !== patience.nowMs) setSocketTimeout(client, next.nowMs)
    patience = next
  }

  let answered = false

  return {
    name,
    bucket,
    client,
    attempts,
    async run(doing, signal, request) {
      const answer = await attempt(doing, attempts, signal, request)
      answered = true
      return answer
    },
    hasAnswered: () => answered,
    abortable: (signal) => {
      if (!signal) return {}
      // As many requests wait for one signal as are under way: that is no leak, and no warning on anybody's terminal.
      setMaxListeners(0, signal)
      return { abortSignal: signal }
    },

    async sendBody({ body, sha256 }, signal, send) {
      const [begunAtMs, bornMs] = [performance.now(), patience.nowMs]
      const stream =
        deps.limiter && body.length > 0
          ? new HashedStream(sha256 ?? sha256Of(body), paced(body, deps.limiter, signal))
          : undefined
      if (sha256 !== undefined) signWith(body, sha256)
      try {
        const answer = await send(stream ?? body)
        setPatience(afterAnswer(patience, performance.now() - begunAtMs))
        return answer
      } catch (error) {
        if (classifyFault(error).kind === 'timeout') setPatience(afterSilence(patience, bornMs))
        throw error
      } finally {
        stream?.destroy()
      }
    },
  }
}
