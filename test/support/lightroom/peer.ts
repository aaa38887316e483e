// The other end of the plugin's two sockets, inside the test: what the bridge and the helper behind it would say, one handler a method.
import { randomBytes } from 'node:crypto'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { decodeJson, encodeJson } from '../../../shared/json.js'
import { LINES_VERSION, parseHandshake, proofOf, writeHandshake } from '../../../shared/handshake.js'
import { PROTOCOL_VERSION } from '../../../shared/methods.js'
import {
  RPC_CODES,
  failure,
  notification,
  openLine,
  parseEnvelope,
  success,
  writeLine,
  type RequestId,
  type RpcMessage,
} from '../../../shared/rpc.js'
import type { LightroomHost } from './host.js'

export const TOKEN = '0123456789abcdef'.repeat(4)

export interface Call {
  readonly method: string
  readonly params: Record<string, unknown>
  readonly id: RequestId | undefined
}

/** What is answered: a result, or undefined for no answer at all. Throw a LineRefusal for an error. */
export type Handler = (params: Record<string, unknown>, peer: LinePeer, id: RequestId) => unknown

export class LineRefusal extends Error {
  constructor(
    readonly code: (typeof RPC_CODES)[keyof typeof RPC_CODES],
    message: string,
    readonly data: Record<string, unknown> = {},
  ) {
    super(message)
  }
}

/** Writes plugin.json as the helper does, with a program that starts and does nothing: the peer dials itself.
 *  @param changes  members that differ from a good file */
export function writePluginJson(home: string, changes: Record<string, unknown> = {}): string {
  const folder = path.join(home, 'Library', 'Application Support', 'Safelight')
  mkdirSync(folder, { recursive: true })
  const program = path.join(folder, 'nothing.sh')
  writeFileSync(program, '#!/bin/sh\nexit 0\n')
  chmodSync(program, 0o755)
  const settings = { format: 1, token: TOKEN, command: [program], home: folder, version: '0.1.0', ...changes }
  writeFileSync(path.join(folder, 'plugin.json'), JSON.stringify(settings))
  return folder
}

export class LinePeer {
  readonly calls: Call[] = []
  /** Lines that the plugin wrote and that were not envelopes with our token. */
  readonly strange: string[] = []
  private toPlugin: net.Socket | undefined
  private fromPlugin: net.Socket | undefined
  private unread = ''
  private ports = { receivePort: 0, sendPort: 0 }
  private readonly nonce = randomBytes(16).toString('hex')
  /** Of every line once both sides have proven themselves. */
  lineToken = ''
  isClosed = false

  constructor(
    readonly handlers: Record<string, Handler>,
    private readonly token = TOKEN,
    /** `speaks` false: dials, and leaves it to the test what is said. */
    private readonly habits: { readonly speaks: boolean } = { speaks: true },
  ) {}

  /** Waits until the plugin has asked for a bridge, and dials its two ports. */
  async dial(host: LightroomHost): Promise<void> {
    const before = host.commands.length
    if (before === 0) await host.waitFor(() => host.commands.length > 0)
    await this.dialAs(host, host.commands.at(-1) ?? '')
  }

  /** Dials for the next command that the plugin gives. */
  async dialNext(host: LightroomHost): Promise<void> {
    const before = host.commands.length
    await host.waitFor(() => host.commands.length > before)
    await this.dialAs(host, host.commands.at(-1) ?? '')
  }

  private async dialAs(host: LightroomHost, command: string): Promise<void> {
    const words = command.replaceAll("'", '').replaceAll('"', '')
    const receivePort = Number(/--receive-port (\d+)/.exec(words)?.[1])
    const sendPort = Number(/--send-port (\d+)/.exec(words)?.[1])
    this.ports = { receivePort, sendPort }
    this.toPlugin = net.connect(receivePort, '127.0.0.1')
    this.fromPlugin = net.connect(sendPort, '127.0.0.1')
    this.fromPlugin.setEncoding('utf8')
    this.fromPlugin.on('data', (chunk: string) => this.read(chunk))
    let connected = 0
    for (const socket of [this.toPlugin, this.fromPlugin]) {
      host.attach(socket)
      socket.on('error', () => socket.destroy())
      socket.on('close', () => (this.isClosed = true))
      socket.on('connect', () => (connected += 1))
    }
    await host.waitFor(() => connected === 2)
    if (this.habits.speaks) this.challenge()
  }

  challenge(lines = LINES_VERSION): void {
    this.raw(`${writeHandshake({ kind: 'challenge', lines, nonce: this.nonce })}\n`)
  }

  hangUp(): void {
    this.toPlugin?.destroy()
    this.fromPlugin?.destroy()
  }

  send(message: RpcMessage): void {
    this.raw(writeLine(this.lineToken, message) ?? '')
  }

  raw(text: string | Uint8Array): void {
    this.toPlugin?.write(text)
  }

  get fromPluginSocket(): net.Socket | undefined {
    return this.fromPlugin
  }

  get toPluginSocket(): net.Socket | undefined {
    return this.toPlugin
  }

  progress(id: RequestId, filesDone: number, filesTotal: number): void {
    const rest = { stage: 'copying', bytesDone: 0, bytesTotal: 0, bytesPerSecond: 0 }
    this.send(notification('job/progress', { request: id, filesDone, filesTotal, ...rest }))
  }

  callsOf(method: string): Call[] {
    return this.calls.filter((call) => call.method === method)
  }

  private read(chunk: string): void {
    this.unread += chunk
    const lines = this.unread.split('\n')
    this.unread = lines.pop() ?? ''
    for (const line of lines) this.take(line)
  }

  /** Proves itself with the token it has, whatever the plugin's proof is worth. */
  private meet(text: string): boolean {
    const said = parseHandshake(text)
    if (said?.kind !== 'answer') return false
    const meeting = { ...this.ports, bridgeNonce: this.nonce, pluginNonce: said.nonce }
    if (said.proof !== proofOf(this.token, 'plugin', meeting)) this.strange.push(text)
    this.lineToken = proofOf(this.token, 'lines', meeting)
    this.raw(`${writeHandshake({ kind: 'proof', proof: proofOf(this.token, 'bridge', meeting) })}\n`)
    return true
  }

  private take(text: string): void {
    if (this.habits.speaks && this.lineToken === '' && this.meet(text)) return
    const line = openLine(text, this.lineToken)
    const envelope = line.kind === 'message' ? parseEnvelope(line.message) : undefined
    if (envelope?.kind !== 'request' && envelope?.kind !== 'notification') {
      this.strange.push(text)
      return
    }
    const params = (envelope.params ?? {}) as Record<string, unknown>
    const id = envelope.kind === 'request' ? envelope.id : undefined
    this.calls.push({ method: envelope.method, params, id })
    if (envelope.method === 'lightroom/exiting') this.hangUp()
    if (id !== undefined) this.reply(envelope.method, params, id)
  }

  private reply(method: string, params: Record<string, unknown>, id: RequestId): void {
    const handler = this.handlers[method] ?? DEFAULT_HANDLERS[method]
    if (handler === undefined) {
      this.send(failure(id, RPC_CODES.METHOD_NOT_FOUND, `no method ${method}`))
      return
    }
    try {
      const result = handler(params, this, id)
      if (result !== undefined) this.send(success(id, result))
    } catch (error) {
      if (!(error instanceof LineRefusal)) throw error
      this.send(failure(id, error.code, error.message, error.data))
    }
  }
}

const DEFAULT_HANDLERS: Record<string, Handler> = {
  'session/hello': () => ({ protocol: PROTOCOL_VERSION, version: '0.1.0', home: '/home/s', logs: '/home/s/logs' }),
  'session/ping': ({ sentAtMs }) => ({ sentAtMs }),
  'job/cancel': () => ({ cancelled: true }),
  'photos/states': () => ({ states: [] }),
  'photos/imported': ({ photos }) => {
    const all = photos as { id: number }[]
    return { accepted: all.length, refused: [], cursor: all.at(-1)?.id ?? 0 }
  },
}

/** For assertions: a value as the wire would carry it. */
export function overTheWire(value: unknown): unknown {
  const text = encodeJson(value)
  const back = text.ok ? decodeJson(text.value) : text
  return back.ok ? back.value : back
}
