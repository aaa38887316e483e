// Long, because its cases share one server.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import net from 'node:net'
import { networkInterfaces } from 'node:os'
import { SafelightError } from '../../helper/errors.js'
import { RpcClient } from '../../helper/server/client.js'
import type { RequestContext } from '../../helper/server/handlers.js'
import { RPC_CODES } from '../../shared/rpc.js'
import { ask, deferred, HELLO, openServer, rawExchange, type TestServer } from './support.js'

const OUTCOME = { ok: true, exitCode: 0, summary: 'Done.' }
const PLACES = { ...OUTCOME, places: [] }

describe('the helper’s WebSocket', () => {
  let open: TestServer | undefined
  const start = async (...args: Parameters<typeof openServer>) => (open = await openServer(...args))
  afterEach(async () => {
    await open?.close()
    open = undefined
  })

  it('greets a client and says where home and logs are', async () => {
    const { connect } = await start()
    const client = await connect()
    assert.deepEqual(client.helper, {
      protocol: 1,
      version: '0.1.0',
      home: '/home/ansel/Safelight',
      logs: '/home/ansel/Safelight/logs',
    })
    assert.deepEqual(await client.call('session/ping', { sentAtMs: 17 }), { sentAtMs: 17 })
  })

  it('answers nothing without the token: no page, no upgrade, no body', async () => {
    const { server, token } = await start()
    for (const path of ['/', '/rpc', '/status.html']) {
      const [response] = (await once(http.get({ port: server.port, host: '127.0.0.1', path }), 'response')) as [
        http.IncomingMessage,
      ]
      assert.equal(response.statusCode, 401)
      assert.equal((await response.toArray()).length, 0)
    }
    const upgrade = (extra: string) =>
      `GET /rpc HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${extra}\r\n`
    assert.match(await rawExchange(server.port, upgrade('')), /^HTTP\/1\.1 401 .*\r\n\r\n$/s)
    const proof = `Authorization: Bearer ${token}\r\n`
    assert.match(
      await rawExchange(server.port, upgrade(`${proof}Origin: https://evil.example\r\n`)),
      /^HTTP\/1\.1 403 /,
    )
    assert.match(await rawExchange(server.port, upgrade(proof).replace('/rpc', '/else')), /^HTTP\/1\.1 404 /)
    assert.match(
      await rawExchange(server.port, upgrade(proof).replace('127.0.0.1', 'evil.example')),
      /^HTTP\/1\.1 403 /,
    )
    assert.match(await rawExchange(server.port, 'no HTTP at all\r\n\r\n'), /^HTTP\/1\.1 400 /)
  })

  it('cuts off a caller who never finishes his head', async () => {
    const { server } = await start({}, { limits: { headMs: 50 } })
    assert.match(await rawExchange(server.port, 'GET / HTTP/1.1\r\nHost: 127'), /^HTTP\/1\.1 (400|408) /)
  })

  it('listens on the loopback address alone', async () => {
    const { server } = await start()
    await assert.rejects(RpcClient.connect({ port: server.port, token: 'f'.repeat(64), client: 'cli', version: '1' }), {
      code: 'TOKEN_REFUSED',
    })
    const elsewhere = Object.values(networkInterfaces())
      .flatMap((list) => list ?? [])
      .filter((a) => !a.internal && a.family === 'IPv4')
    for (const { address } of elsewhere) {
      const [error] = (await once(net.connect(server.port, address), 'error').catch((e: unknown) => [e])) as [
        NodeJS.ErrnoException,
      ]
      assert.equal(error.code, 'ECONNREFUSED', address)
    }
  })

  it('refuses in words whatever is no message, before and after hello', async () => {
    const { socket } = await start({ 'place/list': () => Promise.resolve(PLACES) })
    const ws = await socket()
    const errorOf = async (message: unknown) => (await ask(ws, message))['error'] as { code: number; message: string }
    assert.equal((await errorOf({ jsonrpc: '2.0', id: 1, method: 'place/list' })).code, RPC_CODES.INVALID_REQUEST)
    assert.equal(((await ask(ws, HELLO))['result'] as { protocol: number }).protocol, 1)
    assert.equal((await errorOf('{')).code, RPC_CODES.PARSE_ERROR)
    assert.equal((await errorOf('[]')).code, RPC_CODES.INVALID_REQUEST)
    assert.equal((await errorOf('[' + JSON.stringify(HELLO) + ']')).code, RPC_CODES.INVALID_REQUEST)
    assert.equal((await errorOf({ id: 1, method: 'place/list' })).code, RPC_CODES.INVALID_REQUEST)
    assert.equal((await errorOf({ jsonrpc: '2.0', id: 1, method: 'constructor' })).code, RPC_CODES.METHOD_NOT_FOUND)
    assert.equal((await errorOf({ jsonrpc: '2.0', id: 1, method: '__proto__' })).code, RPC_CODES.METHOD_NOT_FOUND)
    const odd = await errorOf({ jsonrpc: '2.0', id: 1, method: 'place/list', params: { more: 'than it takes' } })
    assert.equal(odd.code, RPC_CODES.INVALID_PARAMS)
    assert.doesNotMatch(odd.message, /than it takes/)
    const good = await ask(ws, { jsonrpc: '2.0', id: 'x', method: 'place/list', params: {} })
    assert.deepEqual(good, { jsonrpc: '2.0', id: 'x', result: PLACES })
  })

  it('tells an older and a newer client so, and goes on refusing until a good hello', async () => {
    const { socket } = await start({ 'place/list': () => Promise.resolve(PLACES) })
    const ws = await socket()
    const words = async (protocol: number) => {
      const answer = await ask(ws, { ...HELLO, params: { ...HELLO.params, protocol } })
      return answer['error'] as { code: number; message: string; data: Record<string, unknown> }
    }
    const newer = await words(2)
    assert.equal(newer.code, RPC_CODES.WRONG_PROTOCOL)
    assert.match(newer.message, /plugin in Lightroom \(version 0\.1\.0\) is newer/)
    assert.equal(newer.data['protocol'], 1)
    assert.match((await words(0)).message, /is older/)
    const refused = await ask(ws, { jsonrpc: '2.0', id: 1, method: 'place/list' })
    assert.equal((refused['error'] as { code: number }).code, RPC_CODES.INVALID_REQUEST)
    assert.ok('result' in (await ask(ws, HELLO)))
  })

  it('answers NOT_AVAILABLE for a room that does not exist yet, and the client throws it as such', async () => {
    const { connect } = await start()
    const client = await connect()
    await assert.rejects(client.call('restore/plan', { shoot: '2026/Iceland' }), (error: unknown) => {
      assert.ok(error instanceof SafelightError)
      assert.equal(error.code, 'NOT_AVAILABLE')
      assert.match(error.message, /restore\/plan/)
      return true
    })
  })

  it('carries an error of a room to the client whole: code, words, remedy, exit code, retry', async () => {
    const facts = { message: 'Studio SSD is away.', remedy: 'Plug it in.' }
    const { connect, faults } = await start({
      'place/remove': () => Promise.reject(new SafelightError('VOLUME_AWAY', facts)),
      'place/list': () => {
        throw new TypeError('x is undefined')
      },
    })
    const client = await connect()
    await assert.rejects(client.call('place/remove', { place: 'Studio SSD' }), (error: unknown) => {
      assert.ok(error instanceof SafelightError)
      const { code, message, remedy, exitCode, retry } = error
      assert.deepEqual(
        { code, message, remedy, exitCode, retry },
        { code: 'VOLUME_AWAY', ...facts, exitCode: 20, retry: 'when-volume-returns' },
      )
      return true
    })
    assert.equal(faults.length, 0)
    await assert.rejects(client.call('place/list', {}), { code: 'UNEXPECTED', message: /x is undefined/ })
    assert.equal(faults.length, 1, 'what nobody foresaw is logged')
  })

  it('sends progress thinned out, the newest before the answer, and none to others', async () => {
    const { connect } = await start({
      'verify/run': (_params, context) => {
        for (let filesDone = 1; filesDone <= 5000; filesDone += 1)
          context.progress({
            stage: 'verify',
            filesDone,
            filesTotal: 5000,
            bytesDone: 0,
            bytesTotal: 0,
            bytesPerSecond: 0,
          })
        return Promise.resolve({
          ...OUTCOME,
          checked: 5000,
          good: 5000,
          bytesRead: 0,
          readBack: { direct: 0, cached: 0 },
          findings: [],
        })
      },
    })
    const [client, other] = [await connect(), await connect()]
    const seen: number[] = []
    const idle = other.call('session/ping', { sentAtMs: 1 }, { onProgress: () => assert.fail('not its request') })
    const result = await client.call('verify/run', { shoots: [] }, { onProgress: (p) => seen.push(p.filesDone) })
    await idle
    assert.equal(result.good, 5000)
    assert.deepEqual(seen, [1, 5000])
  })

  it('cancels a request when its own client asks, and never one of somebody else', async () => {
    const running = deferred<RequestContext>()
    const { connect } = await start({
      'verify/run': async (_params, context) => {
        running.resolve(context)
        await once(context.signal, 'abort')
        throw context.signal.reason
      },
    })
    const [client, other] = [await connect(), await connect()]
    const stop = new AbortController()
    const answer = client.call('verify/run', { shoots: [] }, { signal: stop.signal })
    const context = await running.promise
    for (const request of [1, 2, 3, '1'])
      assert.deepEqual(await other.call('job/cancel', { request }), { cancelled: false })
    assert.equal(context.signal.aborted, false)
    stop.abort()
    await assert.rejects(answer, { code: 'INTERRUPTED' })
  })

  it('aborts what only the client waited for when it hangs up, and lets a commit finish', async () => {
    const contexts = { backup: deferred<RequestContext>(), imported: deferred<RequestContext>() }
    const aborted = deferred()
    const commit = deferred()
    const committed = deferred()
    const { connect, server } = await start({
      'backup/run': async (_params, context) => {
        contexts.backup.resolve(context)
        await once(context.signal, 'abort')
        aborted.resolve()
        throw new Error('stopped')
      },
      'photos/imported': async (_params, context) => {
        contexts.imported.resolve(context)
        await commit.promise
        assert.equal(context.signal.aborted, false)
        committed.resolve()
        return { accepted: 0, refused: [], cursor: 0 }
      },
    })
    const client = await connect()
    const lost = [
      client.call('backup/run', { paths: ['/photos'], to: [] }),
      client.call('photos/imported', { catalog: '/c.lrcat', roots: ['/photos'], photos: [] }),
    ]
    const ends = Promise.allSettled(lost)
    await Promise.all([contexts.backup.promise, contexts.imported.promise])
    await client.close()
    await aborted.promise
    assert.equal(server.connectionCount, 1, 'the commit is still waited for')
    commit.resolve()
    await committed.promise
    for (const end of await ends)
      assert.equal(end.status === 'rejected' && (end.reason as SafelightError).code, 'HELPER_AWAY')
  })

  it('works on a limited number of requests at a time and says HELPER_BUSY to the rest', async () => {
    const gate = deferred()
    const { connect } = await start(
      { 'place/list': () => gate.promise.then(() => PLACES) },
      { limits: { parallelRequests: 3 } },
    )
    const client = await connect()
    const answers = Promise.allSettled(Array.from({ length: 5 }, () => client.call('place/list', {})))
    await client.call('session/ping', { sentAtMs: 1 })
    gate.resolve()
    const ends = (await answers).map((end) =>
      end.status === 'fulfilled' ? 'done' : (end.reason as SafelightError).code,
    )
    assert.deepEqual(ends, ['done', 'done', 'done', 'HELPER_BUSY', 'HELPER_BUSY'])
  })

  it('refuses a message of more than 1 MiB and hangs up', async () => {
    const { socket } = await start()
    const ws = await socket()
    const closed = once(ws, 'close')
    ws.send('x'.repeat(1024 * 1024 + 1))
    assert.equal((await closed)[0], 1009)
  })

  it('sends an answer of more than 1 MiB in parts, whatever letters it is made of', async () => {
    const letters = ['é', '"\\', '\u0001', 'x😀', '\ud800', '東京']
    const summary = letters.map((each) => each.repeat(300_000)).join('')
    const { connect } = await start({ 'place/list': () => Promise.resolve({ ...PLACES, summary }) })
    const client = await connect()
    const answers = await Promise.all([client.call('place/list', {}), client.call('place/list', {})])
    for (const answer of answers) assert.ok(answer.summary === summary)
    assert.deepEqual(await client.call('session/ping', { sentAtMs: 2 }), { sentAtMs: 2 })
  })

  it('refuses in words an answer that is too long for a plugin, or too long at all', async () => {
    const summary = 'é'.repeat(600_000)
    const { connect } = await start(
      { 'place/list': () => Promise.resolve({ ...PLACES, summary }) },
      { limits: { answerBytes: 1_100_000 } },
    )
    for (const kind of ['plugin', 'cli'] as const)
      await assert.rejects((await connect(kind)).call('place/list', {}), { code: 'ANSWER_TOO_LONG' })
  })

  it('cuts off a client that asks and never reads, instead of buffering without end', async () => {
    const summary = 'x'.repeat(200_000)
    let worked = 0
    const handlers = {
      'place/list': () => {
        worked += 1
        return Promise.resolve({ ...PLACES, summary })
      },
    }
    const { socket, server } = await start(handlers, {
      limits: { cutOffBytes: 4_000_000, pauseBytes: 500_000, heartbeatMs: 300 },
    })
    const ws = await socket()
    await ask(ws, HELLO)
    ws.pause()
    const closed = once(ws, 'close')
    for (let id = 1; id <= 500; id += 1) ws.send(JSON.stringify({ jsonrpc: '2.0', id, method: 'place/list' }))
    while (server.connectionCount > 0) await new Promise(setImmediate)
    ws.resume()
    await closed
    assert.ok(worked < 400, `${worked} answers were made for nobody`)
  })

  it('drops a client that has the token and says nothing', async () => {
    const { socket } = await start({}, { limits: { helloMs: 30 } })
    await once(await socket(), 'close')
  })

  it('drops a client whose process stopped answering pings', async () => {
    const { socket } = await start({}, { limits: { heartbeatMs: 30 } })
    const ws = await socket({ autoPong: false })
    await ask(ws, HELLO)
    await once(ws, 'close')
  })

  it('stops by ending every request and every connection', async () => {
    const running = deferred()
    const { connect, server } = await start({
      'verify/run': async (_params, context) => {
        running.resolve()
        await once(context.signal, 'abort')
        throw context.signal.reason
      },
    })
    const client = await connect()
    const answer = client.call('verify/run', { shoots: [] })
    const ended = assert.rejects(answer, { code: 'INTERRUPTED' })
    await running.promise
    await server.close()
    await ended
    await client.closed
    await assert.rejects(connect(), { code: 'HELPER_AWAY' })
  })

  it('says so when another program answers on the port', async () => {
    const stranger = http
      .createServer((_request, response) => response.writeHead(200).end('hello'))
      .listen(0, '127.0.0.1')
    await once(stranger, 'listening')
    const { port } = stranger.address() as { port: number }
    await assert.rejects(RpcClient.connect({ port, token: 'a'.repeat(64), client: 'cli', version: '1' }), {
      code: 'HELPER_AWAY',
    })
    stranger.close()
  })
})
