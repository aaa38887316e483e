// One authenticated WebSocket: owns its requests from the text that came in to the text that goes out. Promises that nothing reaches
// a handler unchecked or before hello, that a flood is answered with HELPER_BUSY, that a client who does not read is paused and then
// cut off, and that a client who hangs up aborts what only it waited for. Who may connect at all is the server's business.
import { Buffer } from 'node:buffer'
import { WebSocket, type RawData } from 'ws'
import {
  PROTOCOL_VERSION,
  type MethodName,
  type Notifications,
  type Params,
  type Result,
} from '../../shared/methods.js'
import { notification, parseEnvelope, RPC_CODES, success, type RequestId, type RpcCode } from '../../shared/rpc.js'
import { SafelightError } from '../errors.js'
import { parseJson } from '../parse-json.js'
import { answerText } from './answer-text.js'
import { ON_HANGUP, type ClientInfo, type Handler, type Handlers, type RequestContext } from './handlers.js'
import type { Limits } from './limits.js'
import {
  answerTooLong,
  interrupted,
  notARequest,
  notAvailable,
  notGreeted,
  protocolDiffers,
  tooBusy,
} from './refusals.js'
import { isMethod, parseParams } from './schemas.js'
import { progressValve, type ProgressValve } from './progress-valve.js'
import { toWireError } from './wire-error.js'

export interface ConnectionDeps {
  readonly handlers: Partial<Handlers>
  readonly limits: Limits
  readonly self: Result<'session/hello'>
  /** Told of every error that a handler threw and that is not a SafelightError, and of failed notifications. */
  readonly onFault: (error: unknown, what: string) => void
  /** Came in by the page's session, not by the token: it is a page, and what only others tell is not taken from it. */
  readonly only?: 'page'
}

interface Job {
  readonly method: MethodName
  readonly controller: AbortController
  readonly done: Promise<void>
}

/** WebSocket close codes (RFC 6455 §7.4.1). */
const GOING_AWAY = 1001
const UNSUPPORTED_DATA = 1003

export class Connection {
  #client: ClientInfo | undefined
  #isAlive = true
  /** Hello was said, be it in another version: whoever waits for a remedy is not cut off. */
  #hasSpoken = false
  readonly #jobs = new Map<RequestId | symbol, Job>()
  readonly #timers: NodeJS.Timeout[] = []

  constructor(
    private readonly socket: WebSocket,
    private readonly deps: ConnectionDeps,
  ) {
    socket.on('message', (data, isBinary) => this.#receive(data, isBinary))
    socket.on('pong', () => (this.#isAlive = true))
    socket.on('close', () => this.#hangUp())
    // ws closes the connection itself after an error (a frame too large, bytes that are no UTF-8); 'close' follows.
    socket.on('error', () => undefined)
    this.#timers.push(setInterval(() => this.#beat(), deps.limits.heartbeatMs))
    this.#timers.push(setTimeout(() => this.#hasSpoken || socket.terminate(), deps.limits.helloMs))
    for (const timer of this.#timers) timer.unref()
  }

  /** Aborts what is in work, waits for it (bounded by limits.closeMs), says goodbye and hangs up. */
  async close(): Promise<void> {
    for (const job of this.#jobs.values()) job.controller.abort(interrupted('the helper is stopping'))
    await withinMs(this.settled(), this.deps.limits.closeMs)
    if (this.socket.readyState === WebSocket.CLOSED) return
    const closed = new Promise<void>((resolve) => this.socket.once('close', () => resolve()))
    this.socket.close(GOING_AWAY)
    await withinMs(closed, GOODBYE_MS)
    this.socket.terminate()
  }

  /** Tells a page what nobody asked for. One that does not read is not told: it asks when it reads again. */
  announce<K extends 'status/notice' | 'status/changed'>(kind: K, message: Notifications[K]): void {
    if (this.#client?.kind !== 'page' || this.socket.bufferedAmount > this.deps.limits.pauseBytes) return
    this.#send(notification(kind, message))
  }

  /** Resolves when no handler works for this connection any more. */
  async settled(): Promise<void> {
    while (this.#jobs.size > 0) await Promise.all([...this.#jobs.values()].map((job) => job.done))
  }

  #receive(data: RawData, isBinary: boolean): void {
    this.#isAlive = true
    if (isBinary) {
      this.socket.close(UNSUPPORTED_DATA)
      return
    }
    const value = parseJson(textOf(data))
    if (value === undefined) {
      this.#fail(null, notARequest('it is no JSON'), RPC_CODES.PARSE_ERROR)
      return
    }
    const envelope = parseEnvelope(value)
    if (envelope.kind === 'invalid') this.#fail(envelope.id ?? null, notARequest(envelope.reason), envelope.code)
    // The helper asks nothing of its clients, so there is nothing that a success or failure could answer.
    if (envelope.kind !== 'request' && envelope.kind !== 'notification') return
    const id = envelope.kind === 'request' ? envelope.id : undefined
    const refusal = this.#take(id, envelope.method, envelope.params ?? {})
    if (refusal !== undefined && id !== undefined) this.#fail(id, refusal.error, refusal.code)
  }

  /** @param id  undefined for a notification, which is never answered */
  #take(id: RequestId | undefined, method: string, params: unknown): Refusal | undefined {
    if (!isMethod(method)) return { error: notARequest('there is no such method'), code: RPC_CODES.METHOD_NOT_FOUND }
    if (this.#client === undefined && method !== 'session/hello')
      return { error: notGreeted(), code: RPC_CODES.INVALID_REQUEST }
    if (this.deps.only === 'page' && NOT_FROM_A_PAGE.has(method))
      return { error: notARequest('a page does not say this'), code: RPC_CODES.INVALID_REQUEST }
    if (id !== undefined && this.#jobs.has(id))
      return { error: notARequest('this id is still in work'), code: RPC_CODES.INVALID_REQUEST }
    const call = prepare(method, params, this.deps.handlers)
    if ('error' in call) return call
    const own = this.#answerOf(method, call.params)
    if (own instanceof SafelightError) return { error: own }
    if (own !== undefined) {
      if (id !== undefined) this.#send(success(id, own))
      return undefined
    }
    const { parallelRequests } = this.deps.limits
    if (this.#jobs.size >= parallelRequests) return { error: tooBusy(parallelRequests) }
    if (call.run === undefined || this.#client === undefined) return { error: notAvailable(method) }
    this.#start(id, method, this.#client, call.run)
    return undefined
  }

  /** The three methods of the conversation itself; undefined for all others. */
  #answerOf(method: MethodName, params: unknown): unknown {
    if (method === 'session/hello') return this.#greet(params as Params<'session/hello'>)
    if (method === 'session/ping') return params
    if (method === 'job/cancel') return this.#cancel(params as Params<'job/cancel'>)
    return undefined
  }

  #greet({ protocol, client, version, catalog }: Params<'session/hello'>): Result<'session/hello'> | SafelightError {
    this.#client = undefined
    this.#hasSpoken = true
    if (this.deps.only !== undefined && client !== this.deps.only) return notARequest('it says that it is no page')
    if (protocol !== PROTOCOL_VERSION) return protocolDiffers(NAMES[client], protocol, version)
    this.#client = { kind: client, version, ...(catalog === undefined ? {} : { catalog }) }
    return this.deps.self
  }

  #cancel({ request }: Params<'job/cancel'>): Result<'job/cancel'> {
    const job = this.#jobs.get(request)
    job?.controller.abort(interrupted('cancelled'))
    return { cancelled: job !== undefined }
  }

  #start(
    id: RequestId | undefined,
    method: MethodName,
    client: ClientInfo,
    run: (context: RequestContext) => Promise<unknown>,
  ): void {
    const controller = new AbortController()
    const valve = this.#progressOf(id)
    const key = id ?? Symbol(method)
    const context = { signal: controller.signal, client, progress: valve.push }
    const done = settle(async () => answerText(id ?? '', await run(context))).then(async (outcome) => {
      valve.close()
      const text = outcome.ok && id !== undefined ? await this.#sendParts(id, outcome.value) : undefined
      this.#jobs.delete(key)
      if (!outcome.ok) this.#failed(id, method, outcome.error, controller.signal)
      else if (text !== undefined && id !== undefined) this.#answer(id, method, text)
    })
    this.#jobs.set(key, { method, controller, done })
  }

  #progressOf(id: RequestId | undefined): ProgressValve {
    return progressValve(this.deps.limits.progressEveryMs, (progress) => {
      if (id === undefined || this.socket.bufferedAmount > this.deps.limits.pauseBytes) return
      this.#send(notification('job/progress', { request: id, ...progress } satisfies Notifications['job/progress']))
    })
  }

  #answer(id: RequestId, method: MethodName, text: string): void {
    if (Buffer.byteLength(text) > this.deps.limits.messageBytes) this.#fail(id, answerTooLong(method))
    else this.#sendText(text)
  }

  /** Sends a long answer in parts, each when the one before has left, to a client that can put them together.
   *  @returns what is left to send in one piece: everything, unless it was sent in parts */
  async #sendParts(request: RequestId, text: string): Promise<string | undefined> {
    const { messageBytes, answerBytes } = this.deps.limits
    const takesParts = this.#client?.kind === 'cli' || this.#client?.kind === 'page'
    const bytes = Buffer.byteLength(text)
    if (!takesParts || bytes <= messageBytes || bytes > answerBytes) return text
    const partLength = Math.floor(messageBytes / PARTS_OF_MESSAGE)
    for (let at = 0; at < text.length && this.socket.readyState === WebSocket.OPEN; at += partLength) {
      const part = { request, text: text.slice(at, at + partLength), isLast: at + partLength >= text.length }
      await this.#sendAndDrain(JSON.stringify(notification('answer/part', part satisfies Notifications['answer/part'])))
    }
    return undefined
  }

  /** Resolves when the text has left, or will never leave because the client is gone. */
  async #sendAndDrain(text: string): Promise<void> {
    await new Promise<void>((resolve) => this.socket.send(text, () => resolve()))
  }

  #failed(id: RequestId | undefined, method: MethodName, error: unknown, signal: AbortSignal): void {
    const isStop = signal.aborted && !(error instanceof SafelightError)
    const shown = isStop ? interrupted(error) : error
    if (id === undefined || !(shown instanceof SafelightError)) this.deps.onFault(error, method)
    if (id !== undefined) this.#fail(id, shown)
  }

  #fail(id: RequestId | null, error: unknown, code?: RpcCode): void {
    const wire = toWireError(error, code)
    const { protocol, version } = this.deps.self
    const isVersion = wire.code === RPC_CODES.WRONG_PROTOCOL
    this.#send({ jsonrpc: '2.0', id, error: isVersion ? { ...wire, data: { ...wire.data, protocol, version } } : wire })
  }

  #send(message: unknown): void {
    this.#sendText(JSON.stringify(message))
  }

  #sendText(text: string): void {
    const { socket } = this
    const { pauseBytes, cutOffBytes } = this.deps.limits
    if (socket.readyState !== WebSocket.OPEN) return
    if (socket.bufferedAmount + text.length > cutOffBytes) {
      socket.terminate()
      return
    }
    socket.send(text, () => {
      if (socket.isPaused && socket.bufferedAmount <= pauseBytes) socket.resume()
    })
    // A client that does not read is not read from either. Its pong stays unread too, so the heartbeat ends it in the end.
    if (socket.bufferedAmount > pauseBytes) socket.pause()
  }

  #beat(): void {
    if (!this.#isAlive) this.socket.terminate()
    else if (this.socket.readyState === WebSocket.OPEN) this.socket.ping()
    this.#isAlive = false
  }

  #hangUp(): void {
    for (const timer of this.#timers) clearTimeout(timer)
    for (const { method, controller } of this.#jobs.values())
      if (ON_HANGUP[method] === 'abort') controller.abort(interrupted('the client hung up'))
  }
}

/** A UTF-16 unit of JSON text takes at most six bytes when it is written once more as a string (half of an emoji that was cut). */
const PARTS_OF_MESSAGE = 8

/** What Lightroom and the command line say, and a page has no business with: a stolen session is worth that much less. */
const NOT_FROM_A_PAGE: ReadonlySet<MethodName> = new Set([
  'photos/imported',
  'photos/protect',
  'lightroom/exiting',
  'lightroom/lost',
  'lightroom/busy',
  'helper/stop',
  'page/open',
])

/** How long a client may take to answer our goodbye. */
const GOODBYE_MS = 1000

const NAMES: Readonly<Record<ClientInfo['kind'], string>> = {
  plugin: 'The Safelight plugin in Lightroom',
  cli: 'This command line',
  page: 'This page',
  bridge: 'The bridge of the Lightroom plugin',
}

interface Refusal {
  readonly error: SafelightError
  /** When it is not the one that belongs to the error. */
  readonly code?: RpcCode
}

interface Call {
  readonly params: unknown
  /** Absent when the room behind this method does not exist yet. */
  readonly run?: (context: RequestContext) => Promise<unknown>
}

/** Checks the params and joins them with their handler, so that the two have one type. */
function prepare<M extends MethodName>(
  method: M,
  params: unknown,
  handlers: { readonly [K in M]?: Handler<K> },
): Call | Refusal {
  const checked = parseParams(method, params)
  if (!checked.ok) return { error: notARequest(`in "${method}", ${checked.why}`) }
  const handler = handlers[method]
  if (handler === undefined) return { params: checked.params }
  return { params: checked.params, run: (context) => handler(checked.params, context) }
}

type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: unknown }

async function settle<T>(run: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { ok: true, value: await run() }
  } catch (error) {
    return { ok: false, error }
  }
}

function textOf(data: RawData): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString('utf8')
  return Buffer.from(data as Buffer).toString('utf8')
}

async function withinMs(promise: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)))
  await Promise.race([promise, limit])
  clearTimeout(timer)
}
