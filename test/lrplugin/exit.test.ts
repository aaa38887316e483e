import assert from 'node:assert/strict'
import { LinePeer } from '../support/lightroom/peer.js'
import { Session } from './support.js'

describe('leaving Lightroom', () => {
  let session: Session

  beforeEach(() => {
    session = new Session()
  })
  afterEach(() => session.close())

  it('quitting says so with the catalog, is done at once, and leaves no client hanging', async () => {
    await session.connect()
    await session.host.quit()
    assert.deepEqual(
      session.peer.callsOf('lightroom/exiting').map(({ params }) => params),
      [{ catalog: session.catalog }],
    )
    assert.ok((session.host.exitMs ?? 1000) < 100, `${session.host.exitMs} ms`)
    assert.deepEqual(session.host.faults, [])
  })

  it('quitting before anything has connected is as quick', async () => {
    await session.open()
    await session.host.quit()
    assert.deepEqual(session.host.faults, [])
  })

  it('quitting with the helper long gone is as quick', async () => {
    await session.connect()
    session.peer.hangUp()
    await session.host.pass(1)
    await session.host.quit()
    assert.deepEqual(session.host.faults, [])
  })

  it('quitting in the middle of an import and of a menu stays clean, and the next start takes up the import', async () => {
    await session.connect({ 'photos/imported': () => undefined })
    const files = session.originals(3)
    session.host.import(files)
    await session.host.waitFor(() => session.sent.length === 3)
    session.host.pressMenu('Backup Status…')
    await session.host.quit()
    assert.deepEqual(session.host.faults, [])
    assert.equal(session.peer.callsOf('lightroom/exiting').length, 1)

    await session.open()
    session.host.import(files)
    session.peer = new LinePeer({})
    await session.peer.dial(session.host)
    await session.host.waitFor(() => session.sent.length === 3)
    assert.deepEqual(session.host.faults, [])
  })

  it('after a quit nothing listens any more and no bridge is started', async () => {
    await session.connect()
    const commands = session.host.commands.length
    await session.host.quit()
    assert.equal(session.host.commands.length, commands)
    assert.equal(session.peer.isClosed, true)
  })

  it('a kill drops the sockets without a word, which is what the bridge goes by', async () => {
    await session.connect()
    session.host.kill()
    while (!session.peer.isClosed) await new Promise((resolve) => setImmediate(resolve))
    assert.equal(session.peer.callsOf('lightroom/exiting').length, 0)
  })
})
