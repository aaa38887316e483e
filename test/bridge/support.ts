// Lightroom as the bridge sees it: two listening one-way sockets that take one client each. Real TCP; only the Lua behind it is absent.
import { once } from 'node:events'
import net from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { runBridge, type BridgeEnd, type BridgeLimits, type BridgeOptions } from '../../helper/bridge/bridge.js'
import { writePluginFile, type PluginFile } from '../../helper/service/plugin-file.js'
import { serveCommand } from '../service/support.js'

export interface Sockets {
  readonly receivePort: number
  readonly sendPort: number
  /** Resolves when a bridge is connected to both. */
  readonly connected: () => Promise<void>
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

export async function openSockets(token: string, ports: { receive?: number; send?: number } = {}): Promise<Sockets> {
  const [receive, send] = [new OneClient(), new OneClient()]
  await Promise.all([receive.listen(ports.receive ?? 0), send.listen(ports.send ?? 0)])
  const sayBytes = async (bytes: string | Uint8Array) => {
    const client = await send.client()
    await new Promise<void>((resolve) => client.write(bytes, () => resolve()))
  }
  const lines = new Inbox()
  receive.onData = (chunk) => lines.push(chunk)
  const say = (message: unknown, as = token) => {
    void sayBytes(`${JSON.stringify({ token: as, message })}\n`)
  }
  return {
    receivePort: receive.port,
    sendPort: send.port,
    connected: async () => {
      await Promise.all([receive.client(), send.client()])
    },
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
  #client: net.Socket | undefined
  readonly #server = net.createServer((socket) => {
    socket.on('error', () => undefined)
    if (this.#client !== undefined) return
    this.#client = socket
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

class Inbox {
  #rest = Buffer.alloc(0)
  readonly #lines: Line[] = []
  readonly #waiting: ((line: Line) => void)[] = []

  get isEmpty(): boolean {
    return this.#lines.length === 0 && this.#rest.length === 0
  }

  push(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk])
    for (let at = this.#rest.indexOf(10); at >= 0; at = this.#rest.indexOf(10)) {
      const line = JSON.parse(this.#rest.subarray(0, at).toString('utf8')) as Line
      this.#rest = this.#rest.subarray(at + 1)
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
