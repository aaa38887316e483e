// Asking the helper something and waiting for the answer, from any script. Only inside a task. It promises an answer in words in every case:
// no connection, silence, a refusal, a cancelled job; and never waits without end.
import { isJsonObject } from '../shared/json.js'
import type { MethodName, Notifications, Params, Result } from '../shared/methods.js'
import { RPC_CODES, notification, request, type RpcError } from '../shared/rpc.js'
import { linkWords } from '../shared/words.js'
import { sharedState, type Pending, type SharedState } from './state.js'
import { now, sleep } from './tasks.js'

export type Answer<T> = { readonly ok: true; readonly result: T } | { readonly ok: false; readonly error: RpcError }

/** @noSelf */
export interface AskOptions {
  /** How long the helper may be silent about this request. */
  readonly silenceSeconds: number
  readonly onProgress?: (progress: Notifications['job/progress']) => void
  /** Asked every turn; the first true sends `job/cancel`. */
  readonly isCanceled?: () => boolean
}

/** How long is waited for the end of a job after asking to cancel it. */
const CANCEL_SECONDS = 15
const TURN_SECONDS = 0.1

export function ask<M extends MethodName>(method: M, params: Params<M>, options: AskOptions): Answer<Result<M>> {
  const state = sharedState()
  const id = state.nextRequest
  state.nextRequest += 1
  const pending: Pending = { heardAt: now() }
  state.pending[`${id}`] = pending
  const answer = sendAndWait<Result<M>>(state, id, request(id, method, params), pending, options)
  // Not `delete`: its translation brings code along that Lightroom's sandbox cannot run.
  state.pending[`${id}`] = undefined
  return answer
}

/** Says something that nobody answers. @returns whether it could be sent */
export function tell<M extends 'lightroom/exiting' | 'lightroom/busy'>(method: M, params: Params<M>): boolean {
  return sharedState().send?.(notification(method, params)) ?? false
}

function sendAndWait<T>(
  state: SharedState,
  id: number,
  message: unknown,
  pending: Pending,
  options: AskOptions,
): Answer<T> {
  const generation = state.generation
  const { send } = state
  if (send === undefined) return notConnected(state)
  if (!send(message)) return failed(RPC_CODES.TOO_LARGE, 'This is too much for one message.')
  let progressShown = pending.progress
  let cancelledAt: number | undefined
  while (pending.answer === undefined) {
    sleep(TURN_SECONDS)
    if (pending.progress !== progressShown) {
      progressShown = pending.progress
      if (progressShown !== undefined) options.onProgress?.(progressShown)
    }
    if (cancelledAt === undefined && options.isCanceled?.() === true) {
      cancelledAt = now()
      state.nextRequest += 1
      state.send?.(request(state.nextRequest - 1, 'job/cancel', { request: id }))
    }
    if (cancelledAt !== undefined && now() - cancelledAt > CANCEL_SECONDS)
      return failed(RPC_CODES.CANCELLED, 'Stopped waiting.', 'Safelight finishes the file it is at and then stops.')
    if (pending.answer !== undefined) break
    if (state.send !== send || state.generation !== generation) return notConnected(state)
    if (now() - pending.heardAt > options.silenceSeconds)
      return failed(RPC_CODES.HELPER_UNREACHABLE, linkWords('no-answer').headline, linkWords('no-answer').advice)
  }
  const { answer } = pending
  if (answer.kind === 'failure') return { ok: false, error: answer.error }
  if (!isJsonObject(answer.result))
    return failed(RPC_CODES.INTERNAL_ERROR, 'Safelight gave an answer that this plug-in cannot read.')
  return { ok: true, result: answer.result as T }
}

function notConnected<T>(state: SharedState): Answer<T> {
  const words = linkWords(state.problem ?? 'helper-down')
  return failed(RPC_CODES.HELPER_UNREACHABLE, words.headline, words.advice)
}

function failed<T>(code: number, message: string, remedy?: string): Answer<T> {
  return { ok: false, error: remedy === undefined ? { code, message } : { code, message, data: { remedy } } }
}
