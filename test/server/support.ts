// A real server on a free port with handlers that a test controls, and raw sockets for whoever wants to misbehave.
import { once } from 'node:events'
import net from 'node:net'
import { WebSocket, type ClientOptions } from 'ws'
import type { Handlers } from '../../helper/server/handlers.js'
import { newToken, RPC_PATH } from '../../helper/server/guard.js'
import { RpcClient } from '../../helper/server/client.js'
import { StatusServer, type StatusServerOptions } from '../../helper/server/server.js'
import type { Params } from '../../shared/methods.js'

export interface TestServer {
  readonly server: StatusServer
  readonly token: string
  readonly faults: unknown[]
  readonly connect: (client?: Params<'session/hello'>['client']) => Promise<RpcClient>
  /** An authenticated WebSocket that has said nothing yet. */
  readonly socket: (options?: ClientOptions) => Promise<WebSocket>
  readonly close: () => Promise<void>
}

export async function openServer(
  handlers: Partial<Handlers> = {},
  options: Partial<StatusServerOptions> = {},
): Promise<TestServer> {
  const token = newToken()
  const faults: unknown[] = []
  const onFault = (error: unknown) => faults.push(error)
  const fixed = { version: '0.1.0', home: '/home/ansel/Safelight', logs: '/home/ansel/Safelight/logs' }
  const server = await StatusServer.open({ handlers, token, onFault, ...fixed, ...options })
  const clients: RpcClient[] = []
  const sockets: WebSocket[] = []
  return {
    server,
    token,
    faults,
    connect: async (client = 'cli') => {
      const connected = await RpcClient.connect({ port: server.port, token, client, version: '0.1.0' })
      clients.push(connected)
      return connected
    },
    socket: async (more = {}) => {
      const headers = { authorization: `Bearer ${token}` }
      const socket = new WebSocket(`ws://127.0.0.1:${server.port}${RPC_PATH}`, {
        headers,
        perMessageDeflate: false,
        ...more,
      })
      sockets.push(socket)
      socket.on('error', () => undefined)
      await once(socket, 'open')
      return socket
    },
    close: async () => {
      for (const socket of sockets) socket.terminate()
      await Promise.all(clients.map((client) => client.close()))
      await server.close()
    },
  }
}

export const HELLO = {
  jsonrpc: '2.0',
  id: 0,
  method: 'session/hello',
  params: { protocol: 1, client: 'plugin', version: '0.1.0' },
}

/** Sends one text and waits for the next message. */
export async function ask(socket: WebSocket, message: unknown): Promise<Record<string, unknown>> {
  const answer = once(socket, 'message')
  socket.send(typeof message === 'string' ? message : JSON.stringify(message))
  const [data] = (await answer) as [Buffer]
  return JSON.parse(data.toString('utf8')) as Record<string, unknown>
}

/** Writes bytes to the port and returns everything that came back until the other side hung up. */
export async function rawExchange(port: number, bytes: string | Uint8Array): Promise<string> {
  const socket = net.connect(port, '127.0.0.1')
  const chunks: Buffer[] = []
  socket.on('data', (chunk) => chunks.push(chunk))
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  socket.write(bytes)
  await new Promise<void>((resolve) => socket.once('close', () => resolve()))
  return Buffer.concat(chunks).toString('latin1')
}

/** A promise and the hands that settle it. */
export function deferred<T = void>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined
  const promise = new Promise<T>((r) => (resolve = r))
  return { promise, resolve }
}
