// LrSocket on real TCP, with its habits: it listens on 127.0.0.1, takes one client and lets a second one wait unread, gives up after ten seconds
// without a client, splits what it receives at newlines, and on the sending side never notices that the client has gone.
import net from 'node:net'
import { bytesFromText, textFromBytes } from './vm.js'

export type SocketEvent = 'connecting' | 'connected' | 'message' | 'closed' | 'error'

export interface QueuedEvent {
  readonly id: number
  readonly event: SocketEvent
  readonly value: string | number
}

export interface SocketHabits {
  /** Whether the receiving side tells when its client goes; on Windows often not. */
  receiveTellsOfLoss: boolean
  sendTellsOfLoss: boolean
}

/** The other end of a connection, when it lies in this process. */
export type FarEnd = Pick<
  net.Socket,
  'destroyed' | 'connecting' | 'localPort' | 'remotePort' | 'bytesRead' | 'bytesWritten' | 'isPaused'
>

const ACCEPT_SECONDS = 10
const NEWLINE = 10

export class LrSocketServer {
  private server: net.Server | undefined
  private client: net.Socket | undefined
  private readonly waiting = new Set<net.Socket>()
  private unread: Buffer[] = []
  private port: number
  /** Virtual time at which it gives up; undefined while it has a client or does not listen. */
  givesUpAt: number | undefined
  isClosed = false
  /** Asked the system for its port and not answered yet. */
  isOpening = false

  constructor(
    readonly id: number,
    readonly mode: 'send' | 'receive',
    port: number,
    private readonly habits: SocketHabits,
    private readonly now: () => number,
    private readonly emit: (event: QueuedEvent) => void,
  ) {
    this.port = port
  }

  get hasClient(): boolean {
    return this.client !== undefined
  }

  isAt(port: number | undefined): boolean {
    return this.port === port
  }

  /** Whether nothing is between this socket and its client's own end `far`. A client that waits unread has nothing to wait for. */
  isSettledWith(far: FarEnd): boolean {
    const isFar = ({ remotePort }: net.Socket): boolean => remotePort === far.localPort
    if ([...this.waiting].some(isFar)) return true
    const { client } = this
    if (client === undefined || !isFar(client)) return false
    return client.bytesRead === far.bytesWritten && (far.isPaused() || far.bytesRead === client.bytesWritten)
  }

  listen(): void {
    this.drop()
    const server = net.createServer({ allowHalfOpen: false }, (socket) => this.accept(socket))
    this.server = server
    this.isOpening = true
    server.once('error', (error) => {
      if (this.server !== server) return
      this.isOpening = false
      this.tell('error', `failed to open: ${error.message}`)
    })
    server.listen(this.port, '127.0.0.1', () => {
      if (this.server !== server) return
      this.isOpening = false
      const address = server.address()
      this.port = typeof address === 'object' && address !== null ? address.port : this.port
      this.givesUpAt = this.now() + ACCEPT_SECONDS
      this.tell('connecting', this.port)
    })
  }

  /** Called with every move of the clock. */
  tick(now: number): void {
    if (this.givesUpAt === undefined || now < this.givesUpAt || this.client !== undefined) return
    this.givesUpAt = undefined
    this.stopListening()
    this.tell('error', 'timeout')
  }

  send(text: string): void {
    this.client?.write(bytesFromText(text))
  }

  close(): void {
    this.isClosed = true
    this.drop()
  }

  private accept(socket: net.Socket): void {
    socket.on('error', () => socket.destroy())
    if (this.client !== undefined) {
      // The system completes the handshake, Lightroom never reads it.
      socket.pause()
      this.waiting.add(socket)
      return
    }
    this.client = socket
    this.givesUpAt = undefined
    this.unread = []
    this.tell('connected', this.port)
    socket.on('data', (chunk) => this.receive(chunk))
    socket.on('close', () => this.lose(socket))
  }

  private receive(chunk: Buffer): void {
    if (this.mode !== 'receive') return
    let from = 0
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      const line = Buffer.concat([...this.unread, chunk.subarray(from, at)])
      this.unread = []
      from = at + 1
      this.tell('message', textFromBytes(line))
    }
    if (from < chunk.length) this.unread.push(chunk.subarray(from))
  }

  private lose(socket: net.Socket): void {
    if (this.client !== socket) return
    this.client = undefined
    const tells = this.mode === 'receive' ? this.habits.receiveTellsOfLoss : this.habits.sendTellsOfLoss
    if (tells) this.tell('closed', 0)
  }

  private drop(): void {
    this.givesUpAt = undefined
    const { client } = this
    this.client = undefined
    client?.destroy()
    for (const socket of this.waiting) socket.destroy()
    this.waiting.clear()
    this.stopListening()
  }

  private stopListening(): void {
    const { server } = this
    this.server = undefined
    this.isOpening = false
    server?.close()
  }

  private tell(event: SocketEvent, value: string | number): void {
    if (!this.isClosed) this.emit({ id: this.id, event, value })
  }
}
