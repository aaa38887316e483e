// The page's end of the WebSocket: the same JSON-RPC and the same methods as the command line. Owns the connection and its renewal, the
// requests under way and when the helper was last heard; what is done with answers is the caller's. Promises that every call ends.
import {
  PROTOCOL_VERSION,
  type MethodName,
  type Notifications,
  type Params,
  type Result,
} from '../../../shared/methods.js'
import { notification, parseEnvelope, request, type RpcError } from '../../../shared/rpc.js'
import type { Moment } from '../../status/trust.js'

export type Progress = Omit<Notifications['job/progress'], 'request'>

/** What a call ends with when it fails: the helper's own words, or ours. */
export class CallError extends Error {
  override readonly name = 'CallError'
  constructor(readonly error: RpcError) {
    super(error.message)
  }
}

interface Pending {
  readonly resolve: (value: unknown) => void
  readonly reject: (error: CallError) => void
  readonly onProgress: ((progress: Progress) => void) | undefined
  readonly parts: string[]
}

export interface CallOptions {
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: Progress) => void
}

const PING_MS = 2000
const AGAIN_MS = 1000
const HUNG_UP: RpcError = {
  code: -32007,
  message: 'The Safelight helper hung up before it answered.',
  data: { remedy: 'Wait until this page is connected again, and ask once more.' },
}

export function moment(): Moment {
  return { wallMs: Date.now(), steadyMs: performance.now() }
}

export class Wire {
  heardAt: Moment | undefined
  /** The helper's version, once it has said hello. */
  version = ''
  #socket: WebSocket | undefined
  #isReady = false
  #nextId = 1
  readonly #pending = new Map<number, Pending>()

  /** @param onReady  called after every hello */
  constructor(
    private readonly address: string,
    private readonly onReady: () => void,
  ) {
    this.#connect()
    setInterval(() => this.#ping(), PING_MS)
  }

  get isReady(): boolean {
    return this.#isReady
  }

  /** @throws CallError */
  call<M extends MethodName>(method: M, params: Params<M>, options: CallOptions = {}): Promise<Result<M>> {
    return this.#call(method, params, options) as Promise<Result<M>>
  }

  #call(method: string, params: unknown, { signal, onProgress }: CallOptions): Promise<unknown> {
    const id = this.#nextId++
    return new Promise((resolve, reject) => {
      if (this.#socket?.readyState !== WebSocket.OPEN) {
        reject(new CallError(HUNG_UP))
        return
      }
      this.#pending.set(id, { resolve, reject, onProgress, parts: [] })
      signal?.addEventListener('abort', () => this.#send(notification('job/cancel', { request: id })), { once: true })
      this.#send(request(id, method, params))
    })
  }

  #connect(): void {
    const socket = new WebSocket(this.address)
    this.#socket = socket
    socket.addEventListener('open', () => void this.#greet())
    socket.addEventListener('message', ({ data }) => this.#receive(String(data)))
    socket.addEventListener('close', () => this.#lost())
  }

  async #greet(): Promise<void> {
    try {
      const hello = { protocol: PROTOCOL_VERSION, client: 'page', version: 'page' } as const
      this.version = ((await this.#call('session/hello', hello, {})) as Result<'session/hello'>).version
      this.#isReady = true
      this.onReady()
    } catch (error) {
      // A helper of another version, or one that hung up at once: asked again in a moment, and red until then.
      console.warn(error)
      this.#socket?.close()
    }
  }

  #lost(): void {
    this.#isReady = false
    const pending = [...this.#pending.values()]
    this.#pending.clear()
    for (const each of pending) each.reject(new CallError(HUNG_UP))
    setTimeout(() => this.#connect(), AGAIN_MS)
  }

  #ping(): void {
    if (this.#isReady) this.#send(request(0, 'session/ping', { sentAtMs: Date.now() }))
  }

  #send(message: unknown): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message))
  }

  #receive(text: string): void {
    this.heardAt = moment()
    const envelope = parseEnvelope(JSON.parse(text) as unknown)
    if (envelope.kind === 'success') this.#settle(envelope.id)?.resolve(envelope.result)
    if (envelope.kind === 'failure') this.#settle(envelope.id)?.reject(new CallError(envelope.error))
    if (envelope.kind !== 'notification') return
    if (envelope.method === 'job/progress') {
      const { request: id, ...progress } = envelope.params as Notifications['job/progress']
      this.#pending.get(Number(id))?.onProgress?.(progress)
    }
    if (envelope.method === 'answer/part') this.#takePart(envelope.params as Notifications['answer/part'])
  }

  /** Long answers come in parts; together they are one message. */
  #takePart({ request: id, text, isLast }: Notifications['answer/part']): void {
    const parts = this.#pending.get(Number(id))?.parts
    parts?.push(text)
    if (isLast && parts !== undefined) this.#receive(parts.join(''))
  }

  #settle(id: number | string | undefined): Pending | undefined {
    const pending = this.#pending.get(Number(id))
    this.#pending.delete(Number(id))
    return pending
  }
}
