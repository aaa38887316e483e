// The bandwidth limit: a token bucket whose arithmetic is pure, and the one object that waits by it. One limiter is shared by everything
// that is sent, so that the limit is that of the line, not of one file.

export interface TokenBucket {
  readonly bytesPerSecond: number
  /** May be negative: whoever took more than there was is waiting for it. */
  readonly tokens: number
  readonly atMs: number
}

/** A tenth of a second may be sent at once after a pause; more would be a burst that other people on the line feel. */
const BURST_SECONDS = 0.1

/** A step so small that ten of them fit into a second of a slow line, and never more than 256 KiB. */
export function stepBytes(bytesPerSecond: number): number {
  return Math.max(1024, Math.min(256 * 1024, Math.floor(bytesPerSecond / 10)))
}

export function newBucket(bytesPerSecond: number, nowMs: number): TokenBucket {
  return { bytesPerSecond, tokens: 0, atMs: nowMs }
}

/** Takes `bytes` out of the bucket; the caller waits `waitMs` before it sends them. */
export function takeTokens(bucket: TokenBucket, bytes: number, nowMs: number): { bucket: TokenBucket; waitMs: number } {
  // A clock that was set back must not stop the upload, and one that jumped ahead (sleep) must not free a flood.
  const elapsedMs = Math.max(0, nowMs - bucket.atMs)
  const refilled = Math.min(
    bucket.bytesPerSecond * BURST_SECONDS,
    bucket.tokens + (elapsedMs * bucket.bytesPerSecond) / 1000,
  )
  const tokens = refilled - bytes
  return {
    bucket: { bytesPerSecond: bucket.bytesPerSecond, tokens, atMs: nowMs },
    waitMs: tokens >= 0 ? 0 : (-tokens / bucket.bytesPerSecond) * 1000,
  }
}

export interface Limiter {
  /** Bytes that may be handed over at once. */
  readonly stepBytes: number
  /** Resolves when `bytes` may be sent. Rejects when the signal aborts. */
  take(bytes: number, signal?: AbortSignal): Promise<void>
}

export interface LimiterDeps {
  /** Milliseconds of a clock that only goes forward. */
  readonly monotonicMs: () => number
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>
}

export function createLimiter(bytesPerSecond: number, deps: LimiterDeps): Limiter {
  let bucket = newBucket(bytesPerSecond, deps.monotonicMs())
  return {
    stepBytes: stepBytes(bytesPerSecond),
    async take(bytes, signal) {
      const taken = takeTokens(bucket, bytes, deps.monotonicMs())
      bucket = taken.bucket
      if (taken.waitMs > 0) await deps.sleep(taken.waitMs, signal)
    },
  }
}

/** The body as a stream that lets out one step at a time. */
export async function* paced(body: Uint8Array, limiter: Limiter, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < body.length; at += limiter.stepBytes) {
    const step = body.subarray(at, at + limiter.stepBytes)
    await limiter.take(step.length, signal)
    yield step
  }
}
