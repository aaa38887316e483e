import assert from 'node:assert/strict'
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { newToken } from '../../helper/server/guard.js'
import { endpointFile, findHelper, readEndpoint, removeEndpoint, writeEndpoint } from '../../helper/service/endpoint.js'
import { openServer, type TestServer } from '../server/support.js'
import { CALLER, makeHome, type TestHome } from './support.js'

describe('endpoint.json', () => {
  let at: TestHome
  let server: TestServer | undefined
  beforeEach(() => (at = makeHome()))
  afterEach(async () => {
    await server?.close()
    server = undefined
    await at.remove()
  })
  const facts = () => ({
    port: 4711,
    token: newToken(),
    pid: process.pid,
    version: '0.1.0',
    startedAt: '2026-11-23T08:00:00.000Z',
  })

  it('is readable by its owner alone, whatever the umask and whatever the folder was', () => {
    chmodSync(at.home, 0o755)
    const before = process.umask(0)
    try {
      writeEndpoint(at.home, facts())
    } finally {
      process.umask(before)
    }
    assert.equal(statSync(endpointFile(at.home)).mode & 0o777, 0o600)
    assert.equal(statSync(at.home).mode & 0o777, 0o700)
    assert.deepEqual(readdirSync(at.home), ['endpoint.json'], 'no temporary file stays behind')
  })

  it('is removed by the helper that wrote it, never by an earlier one', () => {
    const mine = writeEndpoint(at.home, facts())
    const successor = writeEndpoint(at.home, facts())
    removeEndpoint(at.home, mine.token)
    assert.deepEqual(readEndpoint(at.home), successor)
    removeEndpoint(at.home, successor.token)
    assert.equal(readEndpoint(at.home), undefined)
  })

  it('is taken for absent when it is cut off, of another form, or not there', () => {
    writeEndpoint(at.home, facts())
    const whole = readFileSync(endpointFile(at.home), 'utf8')
    const wrong = ['', whole.slice(0, 40), '[]', 'null', whole.replace('4711', '0'), whole.replace('4711', '70000')]
    for (const text of [
      ...wrong,
      whole.replace(/"token":"../, '"token":"'),
      whole.replace('"format":1', '"format":2'),
    ]) {
      writeFileSync(endpointFile(at.home), text)
      assert.equal(readEndpoint(at.home), undefined, text)
    }
    assert.equal(readEndpoint(path.join(at.home, 'endpoint.json', 'nowhere')), undefined)
  })

  it('leads to a helper only when that one answers with its token', async () => {
    assert.equal((await findHelper(at.home, CALLER)).kind, 'down')
    server = await openServer()
    const { port } = server.server
    writeEndpoint(at.home, { ...facts(), port, token: server.token })
    const found = await findHelper(at.home, CALLER)
    assert.ok(found.kind === 'running')
    await found.client.close()

    writeEndpoint(at.home, { ...facts(), port })
    const stranger = await findHelper(at.home, CALLER)
    assert.ok(stranger.kind === 'down', 'a port that another helper has by now')

    await server.close()
    writeEndpoint(at.home, { ...facts(), port, token: server.token })
    assert.equal((await findHelper(at.home, CALLER)).kind, 'down', 'nobody listens')
    writeEndpoint(at.home, { ...facts(), pid: 2 ** 22 + 1 })
    assert.match(JSON.stringify(await findHelper(at.home, CALLER)), /ended without saying so/)
  })
})
