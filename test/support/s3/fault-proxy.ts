// A bad line between a client and a store, on loopback: everything passes through unchanged except what a test asks for. Works on bytes,
// so the client and the store are both real.
import { createConnection, createServer, type AddressInfo, type Socket } from 'node:net'

export interface LineFaults {
  /** Bytes per second towards the store. */
  bytesPerSecond?: number
  /** Share of connections that are cut, each after a random number of bytes up to `cutWithinBytes`. */
  cutShare?: number
  cutWithinBytes?: number
  /** When the bytes towards the store match this, the request passes and its reply is swallowed together with the connection. */
  loseReplyTo?: RegExp
  /** Once this many bytes have passed towards the store, nothing moves any more. */
  freezeAfterBytes?: number
}

export interface FaultProxy {
  readonly url: string
  /** May be changed at any time; holds for new bytes. */
  faults: LineFaults
  /** How often each fault was met. */
  readonly met: { cut: number; lost: number; frozen: number }
  bytesSent(): number
  /** How many connections were ever made. */
  connections(): number
  close(): Promise<void>
}

/** @param random  a seeded generator, so that a failure can be had again */
export async function startFaultProxy(target: string, random: () => number): Promise<FaultProxy> {
  const { hostname, port } = new URL(target)
  const sockets = new Set<Socket>()
  let bytesSent = 0
  let connections = 0

  const server = createServer((client) => {
    connections += 1
    const store = createConnection(Number(port), hostname)
    for (const socket of [client, store]) {
      sockets.add(socket)
      socket.setNoDelay(true)
      socket.on('error', () => undefined)
      socket.on('close', () => sockets.delete(socket))
    }
    const hangUp = (): void => {
      client.resetAndDestroy()
      store.resetAndDestroy()
    }
    const { cutShare = 0, cutWithinBytes = 0 } = proxy.faults
    const cutAt = random() < cutShare ? Math.floor(random() * cutWithinBytes) : Infinity
    let passed = 0
    let losesReply = false
    let isFrozen = false
    let nextMs = performance.now()

    client.on('data', (chunk: Buffer) => {
      const { bytesPerSecond, loseReplyTo, freezeAfterBytes } = proxy.faults
      passed += chunk.length
      bytesSent += chunk.length
      if (passed >= cutAt) {
        proxy.met.cut += 1
        hangUp()
        return
      }
      if (freezeAfterBytes !== undefined && passed >= freezeAfterBytes && !isFrozen) {
        isFrozen = true
        proxy.met.frozen += 1
        client.pause()
      }
      if (isFrozen) return
      if (loseReplyTo?.test(chunk.toString('latin1'))) losesReply = true
      store.write(chunk)
      if (bytesPerSecond === undefined) return
      nextMs = Math.max(nextMs, performance.now()) + (chunk.length / bytesPerSecond) * 1000
      client.pause()
      setTimeout(() => client.resume(), nextMs - performance.now())
    })
    store.on('data', (chunk) => {
      if (isFrozen) return
      if (losesReply) {
        proxy.met.lost += 1
        hangUp()
        return
      }
      client.write(chunk)
    })
    client.on('end', () => store.end())
    store.on('end', () => client.end())
    client.on('close', () => store.destroy())
    store.on('close', () => client.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))

  const proxy: FaultProxy = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    faults: {},
    met: { cut: 0, lost: 0, frozen: 0 },
    bytesSent: () => bytesSent,
    connections: () => connections,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve))
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
  return proxy
}

/** Numbers between 0 and 1 that are the same in every run. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
