import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { SafelightError } from '../../helper/errors.js'
import { claimHome } from '../../helper/instance.js'
import { helperStatus, startHelper, stopHelper } from '../../helper/service/background.js'
import { endpointFile, isAlive, readEndpoint } from '../../helper/service/endpoint.js'
import { CALLER, makeHome, serveCommand, until, type TestHome } from './support.js'

describe('the helper in the background', () => {
  let at: TestHome
  beforeEach(() => (at = makeHome()))
  afterEach(() => at.remove())
  const start = (mode?: string) => startHelper({ home: at.home, command: serveCommand(at.home, mode), caller: CALLER })

  it('has been started when it answers, and is gone when it has been stopped', async () => {
    const started = await start()
    assert.equal(started.kind, 'started')
    assert.ok(isAlive(started.endpoint.pid))
    assert.equal((await helperStatus(at.home, CALLER)).kind, 'running')
    assert.equal(await stopHelper({ home: at.home, caller: CALLER }), true)
    assert.ok(!isAlive(started.endpoint.pid))
    assert.ok(!existsSync(endpointFile(at.home)))
    assert.equal((await helperStatus(at.home, CALLER)).kind, 'down')
    assert.equal(await stopHelper({ home: at.home, caller: CALLER }), false)
  })

  it('is one, however often and however simultaneously it is started', async () => {
    const all = await Promise.all([start(), start(), start()])
    const pids = new Set(all.map((each) => each.endpoint.pid))
    assert.equal(pids.size, 1)
    const again = await start()
    assert.equal(again.kind, 'already-running')
    assert.ok(pids.has(again.endpoint.pid))
  })

  it('is started again when the other start, which it lost against, came to nothing', async () => {
    const other = await claimHome(at.home, 'serve', Date.now() - 5000)
    const starting = start()
    const log = path.join(at.home, 'logs', 'start.log')
    await until(() => existsSync(log) && readFileSync(log, 'utf8') !== '')
    other.release()
    assert.equal((await starting).kind, 'started')
  })

  it('comes up again after it was killed, past the file that the dead one left', async () => {
    const { endpoint } = await start()
    process.kill(endpoint.pid, 'SIGKILL')
    await until(() => !isAlive(endpoint.pid))
    assert.ok(existsSync(endpointFile(at.home)))
    assert.equal((await helperStatus(at.home, CALLER)).kind, 'down')
    const next = await start()
    assert.equal(next.kind, 'started')
    assert.notEqual(next.endpoint.token, endpoint.token)
  })

  it('says why it did not start, in the helper’s own last words', async () => {
    await assert.rejects(start('crash'), (error: unknown) => {
      assert.ok(error instanceof SafelightError)
      assert.equal(error.code, 'HELPER_AWAY')
      assert.match(error.message, /damaged beyond words/)
      return true
    })
    assert.equal(readEndpoint(at.home), undefined)
  })

  it('says so when the program is not there', async () => {
    const command = { file: '/nowhere/node', args: [] }
    await assert.rejects(startHelper({ home: at.home, command, caller: CALLER }), { code: 'HELPER_AWAY' })
  })

  it('gives up waiting for a start at its limit, and for a stop at its own', async () => {
    const silent = { file: process.execPath, args: ['-e', 'process.stdin.resume(); setTimeout(() => {}, 800)'] }
    await assert.rejects(startHelper({ home: at.home, command: silent, caller: CALLER, startMs: 100 }), {
      code: 'HELPER_AWAY',
    })
    const { endpoint } = await start('deaf')
    await assert.rejects(stopHelper({ home: at.home, caller: CALLER, stopMs: 100 }), { code: 'HELPER_BUSY' })
    process.kill(endpoint.pid, 'SIGKILL')
  })

  it('stops on SIGTERM as it does when asked', async () => {
    const { endpoint } = await start()
    process.kill(endpoint.pid, 'SIGTERM')
    await until(() => !isAlive(endpoint.pid))
    assert.ok(!existsSync(endpointFile(at.home)))
  })
})
