// The other end of the helper's WebSocket, for the command line, the bridge and whoever asks "does it run?". Owns one connection that
// has said hello; promises that every call ends: with the typed result, with the helper's own SafelightError, or with HELPER_AWAY.
import { once } from 'node:events'
import type { ClientRequest, IncomingMessage } from 'node:http'
import { WebSocket, type RawData } from 'ws'
import {
  MAX_MESSAGE_BYTES,
  PROTOCOL_VERSION,
  type MethodName,
  type Notifications,
  type Params,
  type Result,
} from '../../shared/methods.js'
import { notification, parseEnvelope, request, type RequestId } from '../../shared/rpc.js'
import { SafelightError } from '../errors.js'
import { parseJson } from '../parse-json.js'
import { RPC_PATH } from './guard.js'
import { helperAway, interrupted, protocolDiffers, tokenRefused } from './refusals.js'
import { fromWireError } from './wire-error.js'

export interface ConnectOptions {
  readonly port: number
  /** 64 hex digits, from endpoint.json. */
  readonly token: string
  readonly client: Params<'session/hello'>['client']
  readonly version: string
  readonly catalog?: string
  /** For the whole of connecting and hello; default CONNECT_MS. */
  readonly connectMs?: number
}

export type ProgressListener = (progress: Notifications['job/progress']) => void

export interface CallOptions {
  /** Aborting asks the helper to cancel; the call then ends with INTERRUPTED or with whatever had already been decided. */
  readonly signal?: AbortSignal
  readonly onProgress?: ProgressListener
}

/** Connecting over loopback takes milliseconds; a helper that needs longer than this is not well. */
export const CONNECT_MS = 5_000
/** The server pings every 30 s; silence for longer than two of these means that the helper is wedged or gone. */
const SILENCE_MS = 75_000
/** How long a cancelled call waits for the helper's last word. */
const CANCEL_MS = 10_000

interface Pending {
  readonly resolve: (result: unknown) => void
  readonly reject: (error: unknown) => void
  readonly onProgress: ProgressListener | undefined
  /** Pieces of a long answer so far. */
  readonly parts: string[]
}

export class RpcClient {
  /** What the helper said of itself. */
  readonly helper: Result<'session/hello'>
  /** Resolves when the connection is gone, whoever ended it. */
  readonly closed: Promise<void>

  private constructor(
    private readonly wire: Wire,
    helper: Result<'session/hello'>,
  ) {
    this.helper = helper
    this.closed = wire.closed
  }

  /** @throws HELPER_AWAY nobody answers there · TOKEN_REFUSED · PROTOCOL_DIFFERS */
  static async connect(options: ConnectOptions): Promise<RpcClient> {
    const { port, token, client, version, catalog, connectMs = CONNECT_MS } = options
    const limit = AbortSignal.timeout(connectMs)
    const wire = new Wire(await openSocket(port, token, limit))
    const tooLate = () => wire.terminate()
    limit.addEventListener('abort', tooLate)
    try {
      const named = catalog === undefined ? {} : { catalog }
      const hello = { protocol: PROTOCOL_VERSION, client, version, ...named } satisfies Params<'session/hello'>
      const helper = (await wire.call('session/hello', hello, {})) as Result<'session/hello'>
      if (helper.protocol !== PROTOCOL_VERSION)
        throw protocolDiffers('The running Safelight helper', helper.protocol, helper.version)
      return new RpcClient(wire, helper)
    } catch (error) {
      wire.terminate()
      throw error
    } finally {
      limit.removeEventListener('abort', tooLate)
    }
  }

  /** @throws what the helper threw, as the same SafelightError; HELPER_AWAY when the connection ends first */
  async call<M extends MethodName>(method: M, params: Params<M>, options: CallOptions = {}): Promise<Result<M>> {
    return (await this.wire.call(method, params, options)) as Result<M>
  }

  /** Sends without expecting an answer; resolves when the bytes have left this process. */
  async notify<M extends MethodName>(method: M, params: Params<M>): Promise<void> {
    await this.wire.notify(method, params)
  }

  /** Hangs up; calls still waiting end with HELPER_AWAY. */
  async close(): Promise<void> {
    await this.wire.close()
  }
}

/** Requests and answers over one open socket, matched by id. */
class Wire {
  readonly closed: Promise<void>
  #nextId = 1
  readonly #pending = new Map<RequestId, Pending>()
  readonly #silence: NodeJS.Timeout

  constructor(private readonly socket: WebSocket) {
    this.#silence = setTimeout(() => socket.terminate(), SILENCE_MS).unref()
    socket.on('message', (data) => this.#receive(data))
    socket.on('ping', () => this.#silence.refresh())
    // 'close' follows every error and rejects what waits.
    socket.on('error', () => undefined)
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        this.#hangUp()
        resolve()
      })
    })
  }

  async call(method: string, params: unknown, { signal, onProgress }: CallOptions): Promise<unknown> {
    if (signal?.aborted === true) throw interrupted(signal.reason)
    const id = this.#nextId++
    let limit: NodeJS.Timeout | undefined
    const cancel = () => {
      this.#post(JSON.stringify(request(`cancel-${id}`, 'job/cancel', { request: id })))
      limit = setTimeout(() => this.#pending.get(id)?.reject(interrupted(signal?.reason)), CANCEL_MS)
    }
    try {
      return await new Promise<unknown>((resolve, reject) => {
        this.#pending.set(id, { resolve, reject, onProgress, parts: [] })
        signal?.addEventListener('abort', cancel, { once: true })
        if (this.socket.readyState !== WebSocket.OPEN) reject(hungUp())
        else this.#post(JSON.stringify(request(id, method, params)))
      })
    } finally {
      this.#pending.delete(id)
      clearTimeout(limit)
      signal?.removeEventListener('abort', cancel)
    }
  }

  async notify(method: string, params: unknown): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.socket.send(JSON.stringify(notification(method, params)), (error) => {
        if (error) reject(helperAway('The Safelight helper hung up.', error))
        else resolve()
      })
    })
  }

  async close(): Promise<void> {
    if (this.socket.readyState === WebSocket.CLOSED) return
    const goodbye = setTimeout(() => this.socket.terminate(), GOODBYE_MS)
    this.socket.close(1000)
    await this.closed
    clearTimeout(goodbye)
  }

  terminate(): void {
    this.socket.terminate()
  }

  #post(text: string): void {
    // A failed send is followed by 'close', which rejects whatever waits.
    this.socket.send(text, () => undefined)
  }

  #receive(data: RawData): void {
    this.#silence.refresh()
    this.#take(parseJson((data as Buffer).toString('utf8')))
  }

  #take(message: unknown): void {
    const envelope = parseEnvelope(message)
    if (envelope.kind === 'success') this.#pending.get(envelope.id)?.resolve(envelope.result)
    if (envelope.kind === 'failure' && envelope.id !== undefined)
      this.#pending.get(envelope.id)?.reject(fromWireError(envelope.error))
    if (envelope.kind === 'notification' && envelope.method === 'job/progress') {
      const progress = envelope.params as Notifications['job/progress']
      this.#pending.get(progress.request)?.onProgress?.(progress)
    }
    if (envelope.kind === 'notification' && envelope.method === 'answer/part')
      this.#takePart(envelope.params as Notifications['answer/part'])
  }

  #takePart({ request: id, text, isLast }: Notifications['answer/part']): void {
    const parts = this.#pending.get(id)?.parts
    parts?.push(text)
    if (isLast && parts !== undefined) this.#take(parseJson(parts.join('')))
  }

  #hangUp(): void {
    clearTimeout(this.#silence)
    for (const pending of this.#pending.values()) pending.reject(hungUp())
    this.#pending.clear()
  }
}

const GOODBYE_MS = 1000

function hungUp(): SafelightError {
  return helperAway('The Safelight helper hung up before it answered.')
}

/** Opens the WebSocket and nothing more: hello is the caller's. The bridge uses this, because it relays frames as they are.
 *  @throws HELPER_AWAY, TOKEN_REFUSED */
export async function openSocket(port: number, token: string, limit: AbortSignal): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${RPC_PATH}`, {
    headers: { authorization: `Bearer ${token}` },
    maxPayload: MAX_MESSAGE_BYTES,
    perMessageDeflate: false,
    followRedirects: false,
  })
  const refused = new Promise<never>((_resolve, reject) => {
    socket.once('unexpected-response', (_request: ClientRequest, response: IncomingMessage) => {
      const isToken = response.statusCode === 401 || response.statusCode === 403
      reject(isToken ? tokenRefused() : helperAway(`Something that is not Safelight answers on port ${port}.`))
      response.destroy()
    })
  })
  try {
    await Promise.race([once(socket, 'open', { signal: limit }), refused])
    return socket
  } catch (error) {
    socket.on('error', () => undefined)
    socket.terminate()
    throw error instanceof SafelightError ? error : helperAway('No Safelight helper answers.', error)
  }
}
