// Lightroom as the bridge sees it: two listening one-way sockets that take one client each. Real TCP; only the Lua behind it is absent.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { parseHandshake, proofOf, writeHandshake } from '../../shared/handshake.js'
import { runBridge, type BridgeEnd, type BridgeLimits, type BridgeOptions } from '../../helper/bridge/bridge.js'
import { writePluginFile, type PluginFile } from '../../helper/service/plugin-file.js'
import { serveCommand } from '../service/support.js'

export interface Sockets {
  readonly receivePort: number
  readonly sendPort: number
  /** Resolves when a bridge is connected to both. */
  readonly connected: () => Promise<void>
  /** The token of the lines of this connection, once both sides have proven themselves. */
  readonly proven: () => Promise<string>
  readonly say: (message: unknown, token?: string) => void
  readonly sayBytes: (bytes: string | Uint8Array) => Promise<void>
  /** The next whole line that was not taken yet. */
  readonly hear: () => Promise<Line>
  /** Says a request and waits for its answer. */
  readonly ask: (id: number | string, method: string, params: unknown) => Promise<Line['message']>
  readonly heardNothing: () => boolean
  readonly isHungUp: () => boolean
  /** The clients are dropped and nobody listens any more: a crash of Lightroom. */
  readonly crash: () => Promise<void>
  /** The clients are dropped; listening goes on. */
  readonly drop: () => void
}

export interface Line {
  readonly token: string
  readonly message: {
    readonly id?: number | string | null
    readonly method?: string
    readonly params?: unknown
    readonly result?: unknown
    readonly error?: { readonly code: number; readonly message: string; readonly data?: { readonly code?: string } }
  }
}

export interface PluginHabits {
  readonly receive?: number
  readonly send?: number
  /** False for one that leaves it to the test what is said at the door. */
  readonly answers?: boolean
}

/** @param token  that of plugin.json */
export async function openSockets(token: string, ports: PluginHabits = {}): Promise<Sockets> {
  const [receive, send] = [new OneClient(), new OneClient()]
  await Promise.all([receive.listen(ports.receive ?? 0), send.listen(ports.send ?? 0)])
  const sayBytes = async (bytes: string | Uint8Array) => {
    const client = await send.client()
    await new Promise<void>((resolve) => client.write(bytes, () => resolve()))
  }
  const door = new Door(token, { receivePort: receive.port, sendPort: send.port }, (line) => void sayBytes(line))
  const lines = new Inbox((line) => ports.answers !== false && door.take(line))
  receive.onData = (chunk) => lines.push(chunk)
  receive.onClient = () => door.reset()
  const say = (message: unknown, as?: string) => {
    void (async () => sayBytes(`${JSON.stringify({ token: as ?? (await door.proven), message })}\n`))()
  }
  return {
    receivePort: receive.port,
    sendPort: send.port,
    connected: async () => {
      await Promise.all([receive.client(), send.client()])
    },
    proven: () => door.proven,
    say,
    sayBytes,
    hear: () => lines.next(),
    ask: async (id, method, params) => {
      say({ jsonrpc: '2.0', id, method, params })
      for (;;) {
        const { message } = await lines.next()
        if (message.id === id) return message
      }
    },
    heardNothing: () => lines.isEmpty,
    isHungUp: () => receive.isAlone && send.isAlone,
    crash: async () => {
      await Promise.all([receive.close(), send.close()])
    },
    drop: () => {
      receive.drop()
      send.drop()
    },
  }
}

export const hello = (catalog = '/photos/Weddings.lrcat') => ({
  protocol: 1,
  client: 'plugin',
  version: '0.1.0',
  catalog,
})

export interface RunningBridge {
  readonly end: Promise<BridgeEnd>
  readonly stop: () => Promise<void>
}

/** Impatient where a test would otherwise wait for nothing. */
const LIMITS: Partial<BridgeLimits> = { returnMs: 300 }

export function startBridge(
  home: string,
  ports: { readonly receivePort: number; readonly sendPort: number },
  options: Partial<BridgeOptions> = {},
): RunningBridge {
  const stop = new AbortController()
  const { receivePort, sendPort } = ports
  const end = runBridge({
    home,
    receivePort,
    sendPort,
    version: '0.1.0',
    command: serveCommand(home),
    signal: stop.signal,
    ...options,
    limits: { ...LIMITS, ...options.limits },
  })
  return {
    end,
    stop: async () => {
      stop.abort()
      await end
    },
  }
}

export function makePluginFile(home: string): PluginFile {
  return writePluginFile(home, { command: [process.execPath, '/opt/safelight/main.js'], version: '0.1.0' })
}

/** A listening socket that reads its first client only, as an LrSocket does. */
class OneClient {
  onData: (chunk: Buffer) => void = () => undefined
  onClient: () => void = () => undefined
  #client: net.Socket | undefined
  readonly #server = net.createServer((socket) => {
    socket.on('error', () => undefined)
    if (this.#client !== undefined) return
    this.#client = socket
    this.onClient()
    socket.on('data', (chunk) => this.onData(chunk))
    socket.on('close', () => (this.#client = undefined))
  })

  async listen(port: number): Promise<void> {
    this.#server.listen(port, '127.0.0.1')
    await once(this.#server, 'listening')
  }

  get port(): number {
    return (this.#server.address() as net.AddressInfo).port
  }

  get isAlone(): boolean {
    return this.#client === undefined
  }

  async client(): Promise<net.Socket> {
    while (this.#client === undefined) await wait(2)
    return this.#client
  }

  drop(): void {
    this.#client?.destroy()
    this.#client = undefined
  }

  async close(): Promise<void> {
    this.drop()
    if (!this.#server.listening) return
    this.#server.close()
    await once(this.#server, 'close')
  }
}

/** The plugin's half of the proof. */
class Door {
  proven!: Promise<string>
  #open!: (token: string) => void
  #isOpen = true
  #meeting = { bridgeNonce: '', pluginNonce: '7e'.repeat(16), receivePort: 0, sendPort: 0 }

  constructor(
    private readonly secret: string,
    private readonly ports: { readonly receivePort: number; readonly sendPort: number },
    private readonly write: (line: string) => void,
  ) {
    this.reset()
  }

  /** Another connection has to be proven anew; whoever waits already waits for that one. */
  reset(): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.proven = new Promise((resolve) => (this.#open = resolve))
  }

  /** @returns whether the line belonged to the proof */
  take(line: string): boolean {
    const said = parseHandshake(line)
    if (said?.kind === 'challenge') {
      this.#meeting = { ...this.#meeting, ...this.ports, bridgeNonce: said.nonce }
      const proof = proofOf(this.secret, 'plugin', this.#meeting)
      const nonce = this.#meeting.pluginNonce
      this.write(`${writeHandshake({ kind: 'answer', lines: said.lines, nonce, proof })}\n`)
    } else if (said?.kind === 'proof') {
      assert.equal(said.proof, proofOf(this.secret, 'bridge', this.#meeting))
      this.#isOpen = true
      this.#open(proofOf(this.secret, 'lines', this.#meeting))
    }
    return said !== undefined
  }
}

class Inbox {
  #rest = Buffer.alloc(0)
  readonly #lines: Line[] = []
  readonly #waiting: ((line: Line) => void)[] = []

  constructor(private readonly isTaken: (line: string) => boolean) {}

  get isEmpty(): boolean {
    return this.#lines.length === 0 && this.#rest.length === 0
  }

  push(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk])
    for (let at = this.#rest.indexOf(10); at >= 0; at = this.#rest.indexOf(10)) {
      const text = this.#rest.subarray(0, at).toString('utf8')
      this.#rest = this.#rest.subarray(at + 1)
      if (this.isTaken(text)) continue
      const line = JSON.parse(text) as Line
      const next = this.#waiting.shift()
      if (next === undefined) this.#lines.push(line)
      else next(line)
    }
  }

  next(): Promise<Line> {
    const line = this.#lines.shift()
    return line === undefined ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve(line)
  }
}
