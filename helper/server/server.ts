// The helper's door: HTTP and WebSocket on 127.0.0.1, any free port. Owns listening, the check of every HTTP head and the set of
// connections; promises that nothing is answered without the token, or, to the page that we serve ourselves, without its session. What a
// message means is connection.ts and the handlers'.
import { createServer, STATUS_CODES, type IncomingMessage, type Server } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import { PROTOCOL_VERSION, type Notifications } from '../../shared/methods.js'
import { Connection, type ConnectionDeps } from './connection.js'
import { isOwnHost, isOwnPage, refusalOf, RPC_PATH } from './guard.js'
import type { Handlers } from './handlers.js'
import { LIMITS, type Limits } from './limits.js'
import { PageDoor } from './page-door.js'
import { linkTo, PAGE_SOCKET, PageFiles, pagePathOf } from './page-files.js'

export interface StatusServerOptions {
  /** Methods without a handler are answered NOT_AVAILABLE. */
  readonly handlers: Partial<Handlers>
  /** 64 hex digits; see newToken. */
  readonly token: string
  readonly version: string
  /** SAFELIGHT_HOME and the log folder, as the helper sees them. */
  readonly home: string
  readonly logs: string
  readonly limits?: Partial<Limits>
  readonly onFault?: (error: unknown, what: string) => void
  /** Folder of the built status page; no page is served without it. */
  readonly page?: string
}

const MAX_HEAD_BYTES = 16 * 1024

export class StatusServer {
  readonly #connections = new Set<Connection>()
  readonly #webSockets: WebSocketServer
  readonly #deps: ConnectionDeps
  readonly #door = new PageDoor()
  #isClosing = false
  #port = 0

  private constructor(
    private readonly http: Server,
    private readonly options: StatusServerOptions,
    limits: Limits,
  ) {
    const { handlers, version, home, logs, onFault = () => undefined } = options
    this.#webSockets = new WebSocketServer({ noServer: true, clientTracking: false, maxPayload: limits.messageBytes })
    this.#deps = { handlers, limits, self: { protocol: PROTOCOL_VERSION, version, home, logs }, onFault }
    const page = options.page === undefined ? undefined : new PageFiles(options.page, this.#door)
    http.on('request', (request, response) => {
      const asked =
        page === undefined || !isOwnHost(request.headers.host, this.port) ? undefined : pagePathOf(request.url)
      if (page !== undefined && asked !== undefined) {
        page.answer(request, response, asked, this.port)
        return
      }
      const status = this.#refusalOf(request) ?? 404
      response.writeHead(status, { connection: 'close' }).end()
    })
    http.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => this.#upgrade(request, socket, head))
    http.on('clientError', (_error, socket) => refuse(socket, 400))
  }

  /** Listens on 127.0.0.1, a free port. */
  static async open(options: StatusServerOptions): Promise<StatusServer> {
    const limits = { ...LIMITS, ...options.limits }
    const http = createServer({
      maxHeaderSize: MAX_HEAD_BYTES,
      headersTimeout: limits.headMs,
      requestTimeout: limits.headMs,
      connectionsCheckingInterval: Math.min(1000, limits.headMs),
    })
    http.maxConnections = limits.connections
    const server = new StatusServer(http, options, limits)
    http.listen(0, '127.0.0.1')
    await once(http, 'listening')
    server.#port = (http.address() as AddressInfo).port
    return server
  }

  get port(): number {
    return this.#port
  }

  /** An address that opens the page once, within a minute; undefined when there is no page. */
  linkToPage(): string | undefined {
    return this.options.page === undefined ? undefined : linkTo(this.port, this.#door.newCode())
  }

  get connectionCount(): number {
    return this.#connections.size
  }

  /** Says something to every page that is open; nobody answers. */
  announce<K extends 'status/notice' | 'status/changed'>(kind: K, message: Notifications[K]): void {
    for (const connection of this.#connections) connection.announce(kind, message)
  }

  /** Stops listening, aborts what is in work, waits for it (bounded) and hangs up. May be called twice. */
  async close(): Promise<void> {
    this.#isClosing = true
    const closed = this.http.listening ? once(this.http, 'close') : Promise.resolve()
    this.http.close()
    await Promise.all([...this.#connections].map((connection) => connection.close()))
    this.http.closeAllConnections()
    await closed
  }

  #refusalOf(request: IncomingMessage): number | undefined {
    return refusalOf(request.headers, this.options.token, this.port)
  }

  /** The page's own WebSocket: its origin is ours to the letter, and its cookie belongs to the folder that it asks in. */
  #isPage({ headers, url }: IncomingMessage): boolean {
    const asked = this.options.page === undefined ? undefined : pagePathOf(url)
    return (
      asked?.kind === 'file' &&
      asked.name === PAGE_SOCKET &&
      isOwnPage(headers, this.port) &&
      this.#door.admits(asked.session, headers.cookie)
    )
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // Without a listener an error of a socket that we just refused would end the process.
    socket.on('error', () => socket.destroy())
    const isPage = this.#isPage(request)
    const status = isPage ? undefined : (this.#refusalOf(request) ?? (request.url === RPC_PATH ? undefined : 404))
    if (status !== undefined || this.#isClosing) {
      refuse(socket, status ?? 503)
      return
    }
    this.#webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      const connection = new Connection(webSocket, isPage ? { ...this.#deps, only: 'page' } : this.#deps)
      this.#connections.add(connection)
      webSocket.once('close', () => {
        // Committing work outlives its client; close() must still wait for it.
        void connection.settled().then(() => this.#connections.delete(connection))
      })
    })
  }
}

function refuse(socket: Duplex, status: number): void {
  if (!socket.writable) {
    socket.destroy()
    return
  }
  socket.once('finish', () => socket.destroy())
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
    'latin1',
  )
}
