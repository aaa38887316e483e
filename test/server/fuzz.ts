// Hostile input against a real server: frames of somebody who has the token, and HTTP heads and raw bytes of somebody who has not. After
// every batch the server must still answer a ping in order, so a crash or a hang shows at once. Same seed, same run.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import fc from 'fast-check'
import type { WebSocket } from 'ws'
import type { Handlers } from '../../helper/server/handlers.js'
import { SCHEMAS } from '../../helper/server/schemas.js'
import { PROJECT } from '../support/safelight.js'
import { ask, HELLO, openServer, type TestServer } from './support.js'

const METHODS = Object.keys(SCHEMAS).filter((method) => method !== 'session/hello')
const BATCH = 200

/** What a stranger asks for; no handler may ever see it. */
export const STOLEN = '/stolen.lrcat'

/** Handlers for every method that count, and fail the run when they get what the door must keep out. */
export function countingHandlers(): { handlers: Partial<Handlers>; calls: () => number } {
  let calls = 0
  const handler = (params: unknown) => {
    calls += 1
    assert.ok(typeof params === 'object' && params !== null && !Array.isArray(params))
    assert.notEqual((params as { catalog?: unknown }).catalog, STOLEN)
    return Promise.resolve({})
  }
  const handlers = Object.fromEntries(METHODS.map((method) => [method, handler])) as unknown as Partial<Handlers>
  return { handlers, calls: () => calls }
}

const anyJson = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom(
    null,
    [],
    {},
    '',
    0,
    -1,
    1e300,
    '\u0000',
    { __proto__: null },
    JSON.parse('{"__proto__":{"catalog":"x"}}') as unknown,
  ),
)
const params = fc.oneof(
  anyJson,
  fc.dictionary(
    fc.constantFrom(
      'catalog',
      'photos',
      'paths',
      'to',
      'shoots',
      'place',
      'all',
      'path',
      'name',
      'sentAtMs',
      'request',
      '__proto__',
    ),
    anyJson,
  ),
  fc.record({
    catalog: fc.string({ minLength: 1 }),
    roots: fc.constant(['/']),
    photos: fc.array(anyJson, { maxLength: 3 }),
  }),
  fc.record({ paths: fc.array(fc.string({ minLength: 1 })), to: fc.array(fc.string({ minLength: 1 })) }),
  fc.record({ place: fc.string(), name: fc.string() }),
  fc.constant({}),
)
const call = fc.record(
  {
    jsonrpc: fc.constantFrom('2.0', '2.0', '2.0', '1.0', 2, null),
    id: fc.oneof(fc.integer(), fc.string({ maxLength: 200 }), anyJson),
    method: fc.oneof(
      fc.constantFrom(...METHODS),
      fc.constantFrom(...METHODS),
      fc.string(),
      fc.constantFrom('constructor', '__proto__', 'session/hello'),
    ),
    params,
  },
  { requiredKeys: ['jsonrpc', 'method'] },
)

/** What the door lets through, so that the noise also meets requests in work. */
const goodCall = fc
  .tuple(
    fc.oneof(fc.integer(), fc.string({ maxLength: 20 })),
    fc.oneof(
      fc.constantFrom(['place/list', {}], ['doctor/run', {}], ['status/get', {}], ['shoots/list', { search: 'Ä' }]),
      fc.record({ place: fc.string(), name: fc.string() }).map((each) => ['place/rename', each]),
      fc
        .array(fc.string({ unit: 'binary', minLength: 1 }), { maxLength: 5 })
        .map((paths) => ['backup/run', { paths, to: [] }]),
    ),
  )
  .map(([id, [method, more]]) => ({ jsonrpc: '2.0', id, method, params: more }))

/** JSON-RPC as text, from well-formed to noise. */
export const messageText = fc.oneof(
  { weight: 4, arbitrary: call.map((value) => JSON.stringify(value)) },
  { weight: 2, arbitrary: goodCall.map((value) => JSON.stringify(value)) },
  { weight: 2, arbitrary: fc.tuple(call, fc.nat(), fc.string({ maxLength: 3 })).map(mutate) },
  { weight: 1, arbitrary: fc.json({ maxDepth: 4 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 60 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('[', '{', '"', '[]', '{}', 'null', '', ' ', '['.repeat(3000), '{"a":'.repeat(3000)),
  },
)

function mutate([value, at, noise]: [unknown, number, string]): string {
  const text = JSON.stringify(value)
  const place = at % text.length
  return text.slice(0, place) + noise + text.slice(place + (at % 3))
}

/** What ends a connection: a binary frame, or bytes that are no WebSocket frame at all. */
const lastWord = fc.record({ isFrame: fc.boolean(), bytes: fc.uint8Array({ minLength: 2, maxLength: 40 }) })

/** Sends `count` frames with the token. @returns how many calls passed the door */
export async function fuzzFrames(count: number, seed: number): Promise<number> {
  const { handlers, calls } = countingHandlers()
  const test = await openServer(handlers, { limits: { parallelRequests: 1000 } })
  try {
    for (let sent = 0; sent < count; sent += BATCH) {
      const socket = await greeted(test)
      for (const text of fc.sample(messageText, { numRuns: BATCH - 1, seed: seed + sent })) socket.send(text)
      // Answered in order, so everything before it has been taken.
      await pong(socket)
      const [last] = fc.sample(lastWord, { numRuns: 1, seed: seed + sent })
      if (last?.isFrame === true) socket.send(last.bytes)
      else rawSocketOf(socket).write(last?.bytes ?? '')
      socket.close()
    }
    assert.deepEqual(test.faults, [])
    return calls()
  } finally {
    await test.close()
  }
}

/** Frames that were once worth a thought, one JSON string per line: what a fuzz finds is added here, and met again in every run. */
export function corpus(): string[] {
  const file = path.join(PROJECT, 'test/server/corpus.jsonl')
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as string)
}

/** Sends each of the frames with the token, in a connection of its own. @returns how many there were */
export async function replayFrames(frames: readonly string[]): Promise<number> {
  const test = await openServer(countingHandlers().handlers, {})
  try {
    for (const text of frames) {
      const socket = await greeted(test)
      socket.send(text)
      await pong(socket)
      socket.close()
    }
    assert.deepEqual(test.faults, [])
    return frames.length
  } finally {
    await test.close()
  }
}

async function greeted(test: TestServer): Promise<WebSocket> {
  const socket = await test.socket()
  await ask(socket, HELLO)
  return socket
}

function rawSocketOf(socket: WebSocket): net.Socket {
  return (socket as unknown as { _socket: net.Socket })._socket
}

/** Says hello again (the noise may have undone it) and pings; resolves when that very ping is answered. */
async function pong(socket: WebSocket): Promise<'pong'> {
  const id = `proof-${Math.random()}`
  const answered = new Promise<'pong'>((resolve) => {
    const look = (data: Buffer) => {
      if (!data.includes(id)) return
      socket.off('message', look)
      resolve('pong')
    }
    socket.on('message', look)
  })
  socket.send(JSON.stringify(HELLO))
  socket.send(JSON.stringify({ jsonrpc: '2.0', id, method: 'session/ping', params: { sentAtMs: 1 } }))
  return answered
}

const wrongHeader = fc.oneof(
  fc.constant(''),
  fc.stringMatching(/^[0-9a-f]{64}$/).map((token) => `Authorization: Bearer ${token}\r\n`),
  fc.string({ maxLength: 80 }).map((text) => `Authorization: ${text.replaceAll(/[\r\n]/g, '')}\r\n`),
  fc.stringMatching(/^[0-9a-f]{64}$/).map((token) => `Cookie: token=${token}\r\nSec-WebSocket-Protocol: ${token}\r\n`),
)
const head = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .tuple(wrongHeader, fc.constantFrom('/rpc', '/', '/rpc?token=1', '//rpc', '/../rpc'))
      .map(([extra, url]) => upgradeHead(url, extra)),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 100 }).map((text) => Buffer.from(`${text}\r\n\r\n`)) },
  {
    weight: 1,
    arbitrary: fc
      .uint8Array({ minLength: 1, maxLength: 100 })
      .map((bytes) => Buffer.concat([bytes, Buffer.from('\r\n\r\n')])),
  },
)

/** The request of a stranger rides along behind the head, as if the door were open. */
function upgradeHead(url: string, extra: string): Buffer {
  const lines = `GET ${url} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n`
  return Buffer.from(`${lines}Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${extra}\r\n`)
}

/** Opens `count` connections without the token, a few at a time. None may be switched to a WebSocket, none may stay open. */
export async function fuzzHeads(count: number, seed: number): Promise<void> {
  const { handlers, calls } = countingHandlers()
  const test = await openServer(handlers, { limits: { headMs: 1000 } })
  const tries = async (bytes: Uint8Array) => {
    const answer = await exchange(test.server.port, bytes)
    assert.doesNotMatch(answer, /^HTTP\/1\.1 (101|2)/)
  }
  try {
    for (let sent = 0; sent < count; sent += 16) {
      await Promise.all(fc.sample(head, { numRuns: Math.min(16, count - sent), seed: seed + sent }).map(tries))
    }
    await greeted(test)
    assert.equal(calls(), 0)
  } finally {
    await test.close()
  }
}

/** Half-closes after writing, as a client does that wants only the answer. */
async function exchange(port: number, bytes: Uint8Array): Promise<string> {
  const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  const chunks: Buffer[] = []
  socket.on('data', (chunk) => chunks.push(chunk))
  socket.on('error', () => undefined)
  socket.end(bytes)
  await new Promise<void>((resolve) => {
    socket.once('end', resolve)
    socket.once('close', () => resolve())
  })
  socket.destroy()
  return Buffer.concat(chunks).toString('latin1')
}
