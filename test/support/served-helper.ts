// The real helper in a process of its own, a client that asks it something small all the time, and a socket that counts its heartbeats.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { openSocket, RpcClient } from '../../helper/server/client.js'
import { PROTOCOL_VERSION } from '../../shared/methods.js'

const PROGRAM = fileURLToPath(new URL('../../helper/main.js', import.meta.url))

interface Endpoint {
  readonly port: number
  readonly token: string
}

export interface Pulse<T> {
  readonly value: T
  readonly answers: number
  /** Between a question and its answer. */
  readonly longestMs: number
}

export class ServedHelper {
  private constructor(
    private readonly home: string,
    readonly client: RpcClient,
    private readonly endpoint: Endpoint,
  ) {}

  static async start(home: string): Promise<ServedHelper> {
    await execa(process.execPath, [PROGRAM, 'start', '--home', home])
    const endpoint = JSON.parse(readFileSync(path.join(home, 'endpoint.json'), 'utf8')) as Endpoint
    const client = await RpcClient.connect({ ...endpoint, client: 'cli', version: 'test' })
    return new ServedHelper(home, client, endpoint)
  }

  /** @param everyMs  between two questions; none is asked while one is not answered */
  async pulsed<T>(everyMs: number, act: () => Promise<T>): Promise<Pulse<T>> {
    let [answers, longestMs, isAsking] = [0, 0, false]
    let failure: unknown
    const ask = async (): Promise<void> => {
      if (isAsking) return
      isAsking = true
      const sentAtMs = performance.now()
      await this.client.call('session/ping', { sentAtMs })
      longestMs = Math.max(longestMs, performance.now() - sentAtMs)
      answers += 1
      isAsking = false
    }
    const timer = setInterval(() => void ask().catch((error: unknown) => (failure ??= error)), everyMs)
    try {
      const value = await act()
      assert.equal(failure, undefined)
      return { value, answers, longestMs }
    } finally {
      clearInterval(timer)
    }
  }

  /** @returns how many heartbeats came while `act` ran, and how long it took */
  async heartbeats<T>(act: () => Promise<T>): Promise<{ value: T; beats: number; elapsedMs: number }> {
    const socket = await openSocket(this.endpoint.port, this.endpoint.token, AbortSignal.timeout(60_000))
    let beats = 0
    socket.on('ping', () => (beats += 1))
    const params = { protocol: PROTOCOL_VERSION, client: 'cli', version: 'test' }
    socket.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'session/hello', params }))
    const sinceMs = performance.now()
    try {
      const value = await act()
      assert.equal(socket.readyState, socket.OPEN, 'the helper has not hung up')
      return { value, beats, elapsedMs: performance.now() - sinceMs }
    } finally {
      socket.terminate()
    }
  }

  async stop(): Promise<void> {
    await this.client.close()
    await execa(process.execPath, [PROGRAM, 'stop', '--home', this.home])
  }
}
