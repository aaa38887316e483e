// When a failed request is worth another try, and after how long: a table and two pure functions. What failed is named in s3-errors.ts;
// who waits is s3.ts.

/** What went wrong, as far as trying again is concerned. */
export type FaultKind =
  | 'network'
  | 'timeout'
  | 'tls'
  | 'busy'
  | 'checksum'
  | 'clock'
  | 'denied'
  | 'forbidden'
  | 'full'
  | 'suspended'
  | 'address'
  | 'cold'
  | 'not-found'
  | 'no-such-upload'
  | 'precondition'
  | 'refused'

export interface RetryPolicy {
  /** How often one request is sent at most. */
  readonly attempts: number
  readonly firstDelayMs: number
  readonly longestDelayMs: number
}

/** Six attempts wait about 15 s on average and 31 s at most: longer than a router's hiccup, shorter than a photographer's patience with a
 *  message. What takes longer is the engine's affair, which comes back later and goes on where it was. */
export const DEFAULT_RETRY: RetryPolicy = { attempts: 6, firstDelayMs: 1_000, longestDelayMs: 30_000 }

const TRANSIENT: ReadonlySet<FaultKind> = new Set(['network', 'timeout', 'busy', 'checksum'])

export type RetryDecision = { readonly kind: 'give-up' } | { readonly kind: 'retry'; readonly afterMs: number }

/** @param attempt   how often the request was sent so far, at least 1
 *  @param random    between 0 (included) and 1 (excluded); spreads clients that failed together ("full jitter")
 *  @param clockWasCorrected  a wrong clock is corrected once; a second refusal for it is final */
export function decideRetry(
  fault: { readonly kind: FaultKind; readonly retryAfterMs?: number | undefined },
  attempt: number,
  random: number,
  clockWasCorrected: boolean,
  policy: RetryPolicy = DEFAULT_RETRY,
): RetryDecision {
  if (attempt >= policy.attempts) return { kind: 'give-up' }
  if (fault.kind === 'clock') return clockWasCorrected ? { kind: 'give-up' } : { kind: 'retry', afterMs: 0 }
  if (!TRANSIENT.has(fault.kind)) return { kind: 'give-up' }
  const ceiling = Math.min(policy.longestDelayMs, policy.firstDelayMs * 2 ** (attempt - 1))
  const asked = Math.min(fault.retryAfterMs ?? 0, policy.longestDelayMs)
  return { kind: 'retry', afterMs: Math.max(asked, Math.round(ceiling * random)) }
}
