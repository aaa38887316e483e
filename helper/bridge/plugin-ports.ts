// The two LrSockets as one connection. Lightroom listens and each port is one-way: we write to the one that it receives on and read from
// the one that it sends on. Owns dialling, loss (either socket gone means both are), the flow of bytes; what a line means is relay.ts.
import net from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { systemCode } from '../errors.js'
import { MAX_LINE_BYTES } from '../../shared/rpc.js'
import { LineReader, type LineEvent } from './lines.js'

export interface Ports {
  /** The plugin's receive-mode LrSocket: we write to it. */
  readonly receivePort: number
  /** The plugin's send-mode LrSocket: we read from it. */
  readonly sendPort: number
}

/** One try; over loopback an open port accepts at once. */
const CONNECT_MS = 2_000
const RETRY_MS = 200
/** Unread by Lightroom: above the first we stop taking more from the helper, above the second the connection counts as lost. */
const PAUSE_BYTES = 1024 * 1024
const LOST_BYTES = 16 * 1024 * 1024

export class PluginPorts {
  /** Resolves when either socket is gone; by then both are. */
  readonly lost: Promise<void>
  readonly #lines = new LineReader(MAX_LINE_BYTES)

  private constructor(
    private readonly writes: net.Socket,
    private readonly reads: net.Socket,
  ) {
    this.lost = new Promise((resolve) => {
      for (const socket of [writes, reads]) {
        socket.setNoDelay(true)
        // 'close' follows.
        socket.on('error', () => undefined)
        socket.once('close', () => {
          this.hangUp()
          resolve()
        })
      }
    })
    // What the plugin would send back on this port is not ours to read, but a closed end must be noticed.
    writes.resume()
  }

  /** Dials until both ports accept. @returns undefined when they did not within `limitMs` or the signal was aborted */
  static async dial(ports: Ports, limitMs: number, signal: AbortSignal): Promise<PluginPorts | undefined> {
    const endsAt = performance.now() + limitMs
    while (!signal.aborted && performance.now() < endsAt) {
      const writes = await connect(ports.receivePort, signal)
      const reads = writes === undefined ? undefined : await connect(ports.sendPort, signal)
      if (writes !== undefined && reads !== undefined && !writes.destroyed) return new PluginPorts(writes, reads)
      writes?.destroy()
      reads?.destroy()
      await pause(RETRY_MS, signal)
    }
    return undefined
  }

  /** Calls back for every line from now on. */
  onLines(listener: (event: LineEvent) => void): void {
    this.reads.on('data', (chunk) => {
      for (const event of this.#lines.push(chunk)) listener(event)
    })
  }

  /** @returns whether the caller may go on; false asks it to pause its source until `onDrain` */
  write(line: string): boolean {
    if (this.writes.destroyed) return true
    this.writes.write(line)
    if (this.writes.writableLength > LOST_BYTES) this.hangUp()
    return this.writes.writableLength <= PAUSE_BYTES
  }

  onDrain(listener: () => void): void {
    this.writes.on('drain', listener)
  }

  pauseReading(): void {
    this.reads.pause()
  }

  resumeReading(): void {
    this.reads.resume()
  }

  /** Both at once: a client that stays connected hangs Lightroom 14.5 when it quits. */
  hangUp(): void {
    this.writes.destroy()
    this.reads.destroy()
  }
}

/** An open socket, or undefined when nobody accepts there now. */
async function connect(port: number, signal: AbortSignal): Promise<net.Socket | undefined> {
  // Not "localhost", which may be ::1 first.
  const socket = net.connect({ host: '127.0.0.1', port })
  const isOpen = await new Promise<boolean>((resolve) => {
    const giveUp = () => resolve(false)
    socket.once('connect', () => resolve(true))
    socket.once('error', giveUp)
    socket.setTimeout(CONNECT_MS, giveUp)
    signal.addEventListener('abort', giveUp, { once: true })
    socket.once('close', () => signal.removeEventListener('abort', giveUp))
  })
  socket.setTimeout(0)
  socket.on('error', () => undefined)
  // The system may pick the port that it dials as the caller's own (TCP simultaneous open): then we would talk to ourselves.
  if (isOpen && socket.localPort !== port) return socket
  socket.destroy()
  return undefined
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await wait(ms, undefined, { signal }).catch((error: unknown) => {
    if (systemCode(error) !== 'ABORT_ERR') throw error
  })
}
