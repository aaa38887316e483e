// The bridge's end towards the helper: a WebSocket that has said hello, kept up for as long as the bridge lives. Owns finding, starting
// and redialling; promises that a helper which crashed is started again and that one which was stopped on purpose is left alone.
import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { WebSocket, type RawData } from 'ws'
import { PROTOCOL_VERSION, type Params } from '../../shared/methods.js'
import {
  parseMessage,
  request,
  RPC_CODES,
  type Envelope,
  type RpcNotification,
  type RpcRequest,
} from '../../shared/rpc.js'
import { SafelightError, systemCode } from '../errors.js'
import { CONNECT_MS, openSocket } from '../server/client.js'
import { helperAway } from '../server/refusals.js'
import { fromWireError } from '../server/wire-error.js'
import { startHelper, type ServeCommand } from '../service/background.js'
import { findHelper, readEndpoint, type Caller, type Endpoint } from '../service/endpoint.js'

export interface HelperLinkOptions {
  readonly home: string
  readonly version: string
  /** How to start the helper when none runs. */
  readonly command: ServeCommand
  /** Between two attempts, the last of them from then on; a helper that cannot start is not tried more often than this. */
  readonly retryMs: readonly number[]
  /** The catalog that the plugin last named, if it has. */
  readonly catalog: () => string | undefined
  readonly onUp: () => void
  readonly onDown: () => void
  readonly onFrame: (text: string) => void
}

/** WebSocket close code of a helper that stops because it was asked to. */
const GOING_AWAY = 1001
/** Between two tries to say the last word. */
const SAY_AGAIN_MS = 100
/** Between two looks whether somebody has started one meanwhile. */
const LOOK_MS = 1000
/** A helper that lives shorter than this counts as one that failed, so that one which dies at once is not restarted without end. */
const STEADY_MS = 10_000
const LAST_WORD = 'bridge-last-word'
/** Refusals of the last word that are gone in a moment: too much in work, or the helper was just stopping. */
const MAY_PASS: ReadonlySet<number> = new Set([RPC_CODES.BUSY, RPC_CODES.CANCELLED])
/** Unsent towards the helper: above this the plugin is not read. */
const PAUSE_BYTES = 1024 * 1024

export class HelperLink {
  #socket: WebSocket | undefined
  #problem: SafelightError = helperAway('The Safelight helper is just being started.')
  #waiting: (() => void)[] = []
  readonly #stop = new AbortController()
  readonly #running: Promise<void>

  constructor(private readonly options: HelperLinkOptions) {
    this.#running = this.#run()
  }

  get isUp(): boolean {
    return this.#socket !== undefined
  }

  /** Why it is not up, in words for the plugin. */
  get problem(): SafelightError {
    return this.#problem
  }

  /** @returns whether the caller may go on; false asks it to pause its source until `onDrain` is called */
  send(text: string, onDrain: () => void): boolean {
    const socket = this.#socket
    if (socket === undefined) return true
    socket.send(text, () => {
      if (socket.bufferedAmount <= PAUSE_BYTES) onDrain()
    })
    return socket.bufferedAmount <= PAUSE_BYTES
  }

  /** Says the bridge's last word, to a helper that has to be started first if need be, until one answers that it has taken it: what was
   *  written to the socket of a helper that is just dying was heard by nobody.
   *  @param text  a notification
   *  @returns `unheard` when no helper took it within `limitMs` */
  async sendLast(text: string, limitMs: number): Promise<'taken' | 'refused' | 'unheard'> {
    const asked = { ...(JSON.parse(text) as RpcNotification), id: LAST_WORD }
    const endsAt = performance.now() + limitMs
    while (performance.now() < endsAt) {
      await this.#untilUp(endsAt - performance.now())
      const socket = this.#socket
      if (socket === undefined) continue
      const answer = await this.#askLast(socket, asked, endsAt - performance.now())
      if (answer?.kind === 'success') return 'taken'
      if (answer?.kind === 'failure' && !MAY_PASS.has(answer.error.code)) return 'refused'
      await pause(SAY_AGAIN_MS, this.#stop.signal)
    }
    return 'unheard'
  }

  pauseReading(): void {
    this.#socket?.pause()
  }

  resumeReading(): void {
    this.#socket?.resume()
  }

  /** Says goodbye and stops looking for a helper. What was sent before arrives. */
  async close(): Promise<void> {
    this.#stop.abort()
    const socket = this.#socket
    if (socket !== undefined) {
      const goodbye = setTimeout(() => socket.terminate(), GOODBYE_MS)
      socket.close(1000)
      await this.#running
      clearTimeout(goodbye)
    }
    await this.#running
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop
    const { retryMs } = this.options
    /** Token of the helper that was stopped on purpose. */
    let stopped: string | undefined
    let failures = 0
    while (!signal.aborted) {
      let tried = endpointIn(this.options.home)?.token
      try {
        // A stop takes the endpoint away. So one of another helper means that somebody wants one, and when that does not answer it has crashed.
        const endpoint = await this.#locate(stopped === undefined || (tried !== undefined && tried !== stopped))
        tried = endpoint.token
        const socket = await this.#greet(endpoint)
        const since = performance.now()
        const code = await this.#serve(socket)
        failures = performance.now() - since > STEADY_MS ? 0 : failures + 1
        stopped = code === GOING_AWAY ? endpoint.token : undefined
      } catch (error) {
        this.#problem =
          error instanceof SafelightError ? error : helperAway('The Safelight helper cannot be reached.', error)
        failures += 1
        this.options.onDown()
      }
      await this.#rest(retryMs[Math.min(failures, retryMs.length - 1)] ?? 0, tried)
    }
  }

  /** Until the next attempt is due, or somebody has started another helper than the one that was tried. */
  async #rest(ms: number, tried: string | undefined): Promise<void> {
    const { signal } = this.#stop
    const endsAt = performance.now() + ms
    for (let left = ms; left > 0 && !signal.aborted; left = endsAt - performance.now()) {
      const found = endpointIn(this.options.home)
      if (found !== undefined && found.token !== tried) return
      await pause(Math.min(left, LOOK_MS), signal)
    }
  }

  async #locate(mayStart: boolean): Promise<Endpoint> {
    const { home, version, command } = this.options
    const caller: Caller = { client: 'bridge', version }
    if (mayStart) return (await startHelper({ home, command, caller, signal: this.#stop.signal })).endpoint
    const presence = await findHelper(home, caller)
    if (presence.kind === 'other-version') throw presence.error
    if (presence.kind === 'down') throw helperAway('The Safelight helper was stopped.')
    await presence.client.close()
    return presence.endpoint
  }

  async #greet({ port, token }: Endpoint): Promise<WebSocket> {
    const limit = AbortSignal.timeout(CONNECT_MS)
    const socket = await openSocket(port, token, limit)
    socket.on('error', () => undefined)
    try {
      const answered = once(socket, 'message', { signal: limit })
      socket.send(this.#hello())
      const [data] = (await answered) as [RawData]
      const answer = parseMessage(textOf(data))
      if (answer.kind === 'failure') throw fromWireError(answer.error)
      return socket
    } catch (error) {
      socket.terminate()
      throw error
    }
  }

  #hello(): string {
    const catalog = this.options.catalog()
    const hello: Params<'session/hello'> = {
      protocol: PROTOCOL_VERSION,
      client: 'bridge',
      version: this.options.version,
      ...(catalog === undefined ? {} : { catalog }),
    }
    return JSON.stringify(request('bridge', 'session/hello', hello))
  }

  /** Relays until the socket closes. @returns the close code */
  async #serve(socket: WebSocket): Promise<number> {
    if (socket.readyState !== WebSocket.OPEN) throw helperAway('The Safelight helper hung up.')
    const closed = new Promise<number>((resolve) => socket.once('close', resolve))
    socket.on('message', (data) => this.options.onFrame(textOf(data)))
    this.#socket = socket
    for (const go of this.#waiting.splice(0)) go()
    this.options.onUp()
    if (this.#stop.signal.aborted) socket.close(1000)
    const code = await closed
    this.#socket = undefined
    this.#problem = helperAway(
      code === GOING_AWAY
        ? 'The Safelight helper was stopped.'
        : 'The Safelight helper ended unexpectedly and is being restarted.',
    )
    this.options.onDown()
    return code
  }

  /** @returns undefined when the socket closed or the time was up before there was an answer */
  async #askLast(socket: WebSocket, asked: RpcRequest, limitMs: number): Promise<Envelope | undefined> {
    if (socket.readyState !== WebSocket.OPEN) return undefined
    return new Promise((resolve) => {
      const settle = (answer?: Envelope) => {
        clearTimeout(timer)
        socket.off('close', hungUp).off('message', hear)
        resolve(answer)
      }
      const hungUp = () => settle()
      const hear = (data: RawData) => {
        const said = parseMessage(textOf(data))
        if ((said.kind === 'success' || said.kind === 'failure') && said.id === LAST_WORD) settle(said)
      }
      const timer = setTimeout(settle, limitMs)
      socket.on('close', hungUp).on('message', hear)
      // A plugin of another version has undone our hello by its own.
      socket.send(this.#hello())
      socket.send(JSON.stringify(asked))
    })
  }

  async #untilUp(limitMs: number): Promise<void> {
    if (this.isUp) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, limitMs)
      this.#waiting.push(() => {
        clearTimeout(timer)
        resolve()
      })
    })
  }
}

const GOODBYE_MS = 1000

/** One that cannot be read is none here; the next attempt says in words what is wrong with it. */
function endpointIn(home: string): Endpoint | undefined {
  try {
    return readEndpoint(home)
  } catch (error) {
    if (error instanceof SafelightError) return undefined
    throw error
  }
}

function textOf(data: RawData): string {
  return (data as Buffer).toString('utf8')
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await wait(ms, undefined, { signal }).catch((error: unknown) => {
    if (systemCode(error) !== 'ABORT_ERR') throw error
  })
}
