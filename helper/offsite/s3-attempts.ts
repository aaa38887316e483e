// One request, sent as often as s3-retry.ts allows, and turned into an error in plain words when that was not often enough. Also reading
// an object to its end over connections that break. Knows nothing of the SDK: a request is a function that is called again.
import { SafelightError } from '../errors.js'
import { decideRetry, type FaultKind, type RetryPolicy } from './s3-retry.js'
import { classifyFault, faultToError, type StoreFault } from './s3-errors.js'

export interface AttemptDeps {
  readonly storeName: string
  readonly policy: RetryPolicy
  /** Rejects with the signal's reason when it aborts. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>
  readonly random: () => number
  readonly clockCorrectionMs: () => number
  /** Told of every failed attempt; for the log and the progress line. */
  readonly onFault?: ((fault: StoreFault, attempt: number, doing: string) => void) | undefined
}

/** @param doing  for the message, as in "sending part 3 of IMG_0412.CR3" */
export async function attempt<T>(
  doing: string,
  deps: AttemptDeps,
  signal: AbortSignal | undefined,
  request: () => Promise<T>,
): Promise<T> {
  let clockWasCorrected = false
  for (let count = 1; ; count++) {
    signal?.throwIfAborted()
    try {
      return await request()
    } catch (error) {
      signal?.throwIfAborted()
      if (error instanceof SafelightError) throw error
      const fault = classifyFault(error)
      deps.onFault?.(fault, count, doing)
      const decision = decideRetry(fault, count, deps.random(), clockWasCorrected, deps.policy)
      if (decision.kind === 'give-up')
        throw new StoreRefusal(fault, faultToError(fault, deps.storeName, doing, error, deps.clockCorrectionMs()))
      clockWasCorrected ||= fault.kind === 'clock'
      await deps.sleep(decision.afterMs, signal)
    }
  }
}

/** A failure on its way out of the store: the methods that know an outcome for its kind take it; all others let the plain error go. */
export class StoreRefusal extends Error {
  override readonly name = 'StoreRefusal'
  constructor(
    readonly fault: StoreFault,
    readonly plain: SafelightError,
  ) {
    super(plain.message, { cause: plain })
  }
}

/** Runs one contract method: the listed kinds become values, everything else leaves as a SafelightError. */
export async function outcome<T, K extends FaultKind>(
  run: () => Promise<T>,
  expected?: Readonly<Partial<Record<K, (fault: StoreFault, plain: SafelightError) => T>>>,
): Promise<T> {
  try {
    return await run()
  } catch (error) {
    if (!(error instanceof StoreRefusal)) throw error
    const known: Readonly<Partial<Record<FaultKind, (fault: StoreFault, plain: SafelightError) => T>>> = expected ?? {}
    const answer = known[error.fault.kind]
    if (!answer) throw error.plain
    return answer(error.fault, error.plain)
  }
}

export interface OpenedBody {
  readonly body: AsyncIterable<Uint8Array>
  /** Bytes that this reply promised. */
  readonly lengthBytes: number
}

/** Reads to the end, asking again for the rest whenever the connection breaks. Progress counts: only attempts in a row without a single
 *  byte use up the policy's number.
 *  @param reopen  opens the same version from an offset counted from the beginning of `first` */
export async function* readOn(
  first: OpenedBody,
  reopen: (offsetBytes: number) => Promise<OpenedBody>,
  doing: string,
  deps: AttemptDeps,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  let received = 0
  let current = first
  for (let fruitless = 0; ;) {
    try {
      for await (const chunk of current.body) {
        received += chunk.length
        fruitless = 0
        yield chunk
      }
      if (received >= first.lengthBytes) return
      throw new Error('the reply ended early')
    } catch (error) {
      signal?.throwIfAborted()
      fruitless += 1
      const fault = classifyFault(error)
      deps.onFault?.(fault, fruitless, doing)
      const decision = decideRetry(fault, fruitless, deps.random(), false, deps.policy)
      if (decision.kind === 'give-up') throw faultToError(fault, deps.storeName, doing, error)
      await deps.sleep(decision.afterMs, signal)
      current = await reopen(received)
    }
  }
}
