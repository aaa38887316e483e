// The page's HTTP and WebSocket as an attacker on this machine meets them: by bytes.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import fs from 'node:fs'
import http from 'node:http'
import path from 'node:path'
import { WebSocket } from 'ws'
import { freshFolder } from '../support/shoots.js'
import { ask, HELLO, openServer, rawExchange, type TestServer } from './support.js'

const OUTCOME = { ok: true, exitCode: 0, summary: 'Done.' }

interface Got {
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
  readonly body: string
}

describe('the page’s way in', () => {
  let test: TestServer
  let folder: string

  before(() => {
    folder = freshFolder({ inMemory: true })
    for (const name of ['index.html', 'page.js', 'page.css', 'icon.svg'])
      fs.writeFileSync(path.join(folder, name), `this is ${name}`)
    fs.writeFileSync(path.join(folder, 'secret.txt'), 'not yours')
  })
  beforeEach(async () => {
    test = await openServer(
      {
        'place/list': () => Promise.resolve({ ...OUTCOME, places: [] }),
        'helper/stop': () => Promise.resolve(OUTCOME),
      },
      { page: folder },
    )
  })
  afterEach(() => test.close())
  after(() => fs.rmSync(folder, { recursive: true }))

  async function get(url: string, headers: http.OutgoingHttpHeaders = {}, method = 'GET'): Promise<Got> {
    const request = http.request({ port: test.server.port, host: '127.0.0.1', path: url, method, headers }).end()
    const [response] = (await once(request, 'response')) as [http.IncomingMessage]
    const body = Buffer.concat((await response.toArray()) as Buffer[]).toString('utf8')
    return { status: response.statusCode ?? 0, headers: response.headers, body }
  }

  const openPath = (): string => {
    const { pathname, search } = new URL(test.server.linkToPage() ?? '')
    return pathname + search
  }

  /** @returns the folder of a fresh session, with slashes, and its cookie */
  async function enter(): Promise<{ at: string; cookie: string }> {
    const { status, headers } = await get(openPath())
    assert.equal(status, 303)
    const [cookie = ''] = (headers['set-cookie']?.[0] ?? '').split(';')
    return { at: headers.location ?? '', cookie }
  }

  function upgrade(url: string, headers: Record<string, string>): Promise<WebSocket | number> {
    const socket = new WebSocket(`ws://127.0.0.1:${test.server.port}${url}`, { headers, perMessageDeflate: false })
    socket.on('error', () => undefined)
    const refused = once(socket, 'unexpected-response') as Promise<[unknown, http.IncomingMessage]>
    return Promise.race([
      once(socket, 'open').then(() => socket),
      refused.then(([, { statusCode }]) => statusCode ?? 0),
    ])
  }

  const own = (): string => `http://127.0.0.1:${test.server.port}`

  it('exchanges a code for a cookie and an address without it, once', async () => {
    const link = openPath()
    const { status, headers } = await get(link)
    assert.equal(status, 303)
    assert.match(headers.location ?? '', /^\/[0-9a-f]{32}\/$/)
    assert.match(
      headers['set-cookie']?.[0] ?? '',
      /^safelight=[0-9a-f]{64}; Path=\/[0-9a-f]{32}; HttpOnly; SameSite=Strict$/,
    )
    const again = await get(link)
    assert.equal(again.status, 401)
    assert.match(again.body, /used already.*safelight open/s)
    assert.equal(again.headers['set-cookie'], undefined)
  })

  it('does not let a foreign page or a preview use a code up', async () => {
    const link = openPath()
    for (const headers of [
      { 'sec-fetch-mode': 'no-cors' },
      { 'sec-fetch-dest': 'iframe' },
      { 'sec-purpose': 'prefetch;prerender' },
      { purpose: 'prefetch' },
    ])
      assert.equal((await get(link, headers)).status, 401)
    assert.equal((await get(link, {}, 'HEAD')).status, 401)
    assert.equal((await get(link, {}, 'POST')).status, 405)
    assert.equal((await get(link, { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' })).status, 303)
  })

  it('serves its four files to its session alone, and nothing else to anybody', async () => {
    const { at, cookie } = await enter()
    for (const [name, file] of [
      ['', 'index.html'],
      ['page.js', 'page.js'],
      ['page.css', 'page.css'],
      ['icon.svg', 'icon.svg'],
    ] as const) {
      assert.equal((await get(at + name)).status, 401, 'without the cookie')
      const { status, body } = await get(at + name, { cookie })
      assert.deepEqual([status, body], [200, `this is ${file}`])
    }
    for (const name of ['secret.txt', 'index.html', '..', 'constructor', '__proto__', 'page.js.map'])
      assert.ok([404, 401].includes((await get(at + name, { cookie })).status), name)
    for (const odd of ['../secret.txt', '%2e%2e/secret.txt', './/page.js', 'page.js?x', '..%5csecret.txt']) {
      const { status, body } = await get(at + odd, { cookie })
      assert.ok(status >= 400, odd)
      assert.doesNotMatch(body, /not yours/)
    }
  })

  it('sends everything with a policy that allows nothing but itself', async () => {
    const { at, cookie } = await enter()
    for (const { headers } of [
      await get(at, { cookie }),
      await get(`${at}page.js`, { cookie }),
      await get(at),
      await get(openPath()),
    ]) {
      assert.equal(
        headers['content-security-policy'],
        `default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self' ws://127.0.0.1:${test.server.port}; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
      )
      assert.equal(headers['cache-control'], 'no-store')
      assert.equal(headers['referrer-policy'], 'no-referrer')
      assert.equal(headers['x-content-type-options'], 'nosniff')
      assert.equal(headers['cross-origin-resource-policy'], 'same-origin')
      assert.equal(headers['access-control-allow-origin'], undefined)
    }
  })

  it('is not there for a name that a stranger pointed to this machine (DNS rebinding)', async () => {
    const { at, cookie } = await enter()
    for (const host of [
      'evil.example',
      `evil.example:${test.server.port}`,
      '127.0.0.1',
      `localhost:${test.server.port}`,
      '127.0.0.1:80',
    ])
      for (const url of [at, openPath()]) {
        const { status, body } = await get(url, { cookie, host })
        assert.ok(status === 401 || status === 403, `${host} ${url}: ${status}`)
        assert.equal(body, '')
      }
  })

  it('lets its own WebSocket in by origin and cookie together, never by one of them', async () => {
    const { at, cookie } = await enter()
    const other = await enter()
    for (const headers of [
      { origin: own() },
      { cookie },
      { cookie, origin: 'null' },
      { cookie, origin: 'https://evil.example' },
      { cookie, origin: 'http://127.0.0.1:1' },
      { cookie, origin: `http://localhost:${test.server.port}` },
      { cookie, origin: `https://127.0.0.1:${test.server.port}` },
      { cookie, origin: `${own()}/` },
      { cookie: other.cookie, origin: own() },
      { cookie, origin: own(), host: `evil.example:${test.server.port}` },
    ] as Record<string, string>[]) {
      const outcome = await upgrade(`${at}rpc`, headers)
      assert.ok(outcome === 401 || outcome === 403, JSON.stringify(headers))
    }
    for (const url of ['/rpc', `${at}page.js`, at])
      assert.ok(typeof (await upgrade(url, { cookie, origin: own() })) === 'number', url)
    const socket = await upgrade(`${at}rpc`, { cookie, origin: own() })
    assert.ok(socket instanceof WebSocket)
    assert.ok('result' in (await ask(socket, { ...HELLO, params: { ...HELLO.params, client: 'page' } })))
    assert.ok('result' in (await ask(socket, { jsonrpc: '2.0', id: 1, method: 'place/list', params: {} })))
    socket.terminate()
  })

  it('takes a page for a page: it cannot say that it is Lightroom, nor stop the helper, nor make links', async () => {
    const { at, cookie } = await enter()
    const socket = await upgrade(`${at}rpc`, { cookie, origin: own() })
    assert.ok(socket instanceof WebSocket)
    assert.ok('error' in (await ask(socket, HELLO)), 'it says that it is the plugin')
    assert.ok('result' in (await ask(socket, { ...HELLO, params: { ...HELLO.params, client: 'page' } })))
    for (const [method, params] of [
      ['helper/stop', {}],
      ['page/open', {}],
      ['lightroom/exiting', { catalog: '/a.lrcat' }],
      ['photos/imported', { catalog: '/a.lrcat', roots: [], photos: [] }],
      ['photos/protect', { catalog: '/a.lrcat', roots: [], photos: [] }],
    ] as const) {
      const answer = await ask(socket, { jsonrpc: '2.0', id: method, method, params })
      assert.match(JSON.stringify(answer['error']), /a page does not say this/, method)
    }
    socket.terminate()
  })

  it('says no more than before to whoever has no session', async () => {
    for (const url of ['/', '/rpc', '/open', '/open?code=', `/open?code=${'z'.repeat(64)}`, '/favicon.ico']) {
      const { status, body } = await get(url)
      assert.deepEqual([status, body], [401, ''], url)
    }
    assert.match(
      await rawExchange(test.server.port, 'GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\n\r\n'),
      /^HTTP\/1\.1 403 /,
    )
  })

  it('has no page where none was built', async () => {
    const bare = await openServer()
    assert.equal(bare.server.linkToPage(), undefined)
    await bare.close()
  })
})
