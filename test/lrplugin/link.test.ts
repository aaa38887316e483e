// Long, because its cases share one Lightroom host.
import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { PROTOCOL_VERSION } from '../../shared/methods.js'
import { LINES_VERSION, parseHandshake } from '../../shared/handshake.js'
import { RPC_CODES, success } from '../../shared/rpc.js'
import { linkWords, type LinkProblem } from '../../shared/words.js'
import { LinePeer, LineRefusal, TOKEN, writePluginJson } from '../support/lightroom/peer.js'
import { Session } from './support.js'

describe('the link to the bridge', () => {
  let session: Session

  beforeEach(() => {
    session = new Session()
  })
  afterEach(() => session.close())

  /** What the status menu says while there is no session. */
  async function saidByMenu(): Promise<string> {
    session.host.pressMenu('Backup Status…')
    await session.host.waitFor(() => session.host.dialogs.length > 0)
    return session.host.dialogs[0]?.title ?? ''
  }

  async function assertRed(problem: LinkProblem): Promise<void> {
    await session.host.waitFor(() => session.host.bezels.length > 0, 10)
    assert.ok(session.host.seconds <= 10, `red after ${session.host.seconds} s`)
    assert.ok(session.host.bezels[0]?.startsWith(linkWords(problem).headline), session.host.bezels[0])
    await session.host.pass(120)
    assert.equal(session.host.bezels.length, 1, 'once, not a nag')
    assert.equal(await saidByMenu(), linkWords(problem).headline)
  }

  it('the bridge is started with the two ports, and the plugin says hello with protocol, version and catalog', async () => {
    await session.connect()
    assert.deepEqual(session.peer.callsOf('session/hello')[0]?.params, {
      protocol: PROTOCOL_VERSION,
      client: 'plugin',
      version: '0.1.0',
      catalog: session.catalog,
    })
    assert.equal(session.host.commands.length, 1)
    assert.deepEqual(session.host.bezels, [])
    session.assertClean()
  })

  it('the command that plugin.json names is really run, with names that a shell would trip over', async () => {
    const folder = path.join(session.home, `Müller's "Fotos" $(touch x) ; & %PATH% \\ é`)
    mkdirSync(folder, { recursive: true })
    const program = path.join(folder, 'bridge it.sh')
    writeFileSync(
      program,
      '#!/bin/sh\nprintf "%s\\n" "$@" > "$(dirname "$0")/args.tmp"\nmv "$(dirname "$0")/args.tmp" "$(dirname "$0")/args"\n',
    )
    chmodSync(program, 0o755)
    await session.open({ command: [program, program] })
    const args = path.join(folder, 'args')
    await session.host.waitForProcess(() => readOr(args) !== '')
    const lines = readOr(args).trimEnd().split('\n')
    assert.equal(lines[0], program)
    assert.equal(lines[1], 'bridge')
    assert.match(lines.slice(2).join(' '), /^--receive-port \d+ --send-port \d+ --home \/.*Safelight$/)
    assert.deepEqual(session.host.faults, [])
  })

  it('with no plugin.json it is red within ten seconds, said once and in words', async () => {
    await session.open(false)
    await assertRed('not-installed')
  })

  it('a plugin left from an earlier installation says so', async () => {
    await session.open({ command: ['/nowhere/node', '/nowhere/safelight.js'] })
    await assertRed('moved')
  })

  it('a bridge that never comes is red within ten seconds', async () => {
    await session.open()
    await assertRed('no-bridge')
    assert.ok(session.host.commands.length > 1, 'and it is tried again')
    assert.deepEqual(session.host.faults, [])
  })

  it('unreadable settings and settings of a newer Safelight are told apart', async () => {
    await session.open({ token: 'short' })
    await assertRed('settings-unreadable')
    session.close()
    session = new Session()
    await session.open({ format: 2 })
    await assertRed('settings-too-new')
  })

  it('a helper that cannot be reached is red, and green again by itself when it is back', async () => {
    let isUp = false
    await session.open()
    session.peer = new LinePeer({
      'session/hello': () => {
        if (!isUp) throw new LineRefusal(RPC_CODES.HELPER_UNREACHABLE, 'no helper')
        return { protocol: PROTOCOL_VERSION, version: '0.1.0', home: '/h', logs: '/h/logs' }
      },
    })
    await session.peer.dial(session.host)
    await assertRed('helper-down')
    isUp = true
    const file = session.originals(1)
    session.host.import(file)
    await session.host.waitFor(() => session.sent.length === 1)
    assert.deepEqual(session.host.faults, [])
  })

  for (const [protocol, problem] of [
    [PROTOCOL_VERSION + 1, 'plugin-too-old'],
    [PROTOCOL_VERSION - 1, 'helper-too-old'],
  ] as const)
    it(`a helper with protocol ${protocol} is refused in words: ${problem}`, async () => {
      await session.open()
      const says = { protocol, version: '9.9.9', home: '/h', logs: '/h/logs' }
      session.peer = new LinePeer({ 'session/hello': () => says })
      await session.peer.dial(session.host)
      await assertRed(problem)
      session.peer.handlers['session/hello'] = () => {
        throw new LineRefusal(RPC_CODES.WRONG_PROTOCOL, 'no', { protocol, version: '9.9.9' })
      }
      await session.host.pass(10)
      session.host.dialogs.length = 0
      assert.equal(await saidByMenu(), linkWords(problem).headline)
      assert.deepEqual(session.host.faults, [])
    })

  it('a peer with another token is told nothing, believed nothing, and named', async () => {
    await session.open()
    const stranger = new LinePeer({}, 'f'.repeat(64))
    session.peer = stranger
    await stranger.dial(session.host)
    await session.host.waitFor(() => stranger.strange.length > 0)
    stranger.send(success(1, { protocol: PROTOCOL_VERSION, version: '1', home: '/h', logs: '/l' }))
    await assertRed('wrong-token')
    assert.deepEqual(stranger.calls, [])
    assert.deepEqual(session.host.faults, [])
  })

  it('a quit while the bridge is not proven yet asks whoever has dialled to hang up, and tells nothing else', async () => {
    await session.open()
    const early = new LinePeer({}, TOKEN, { speaks: false })
    await early.dial(session.host)
    const heard: string[] = []
    early.fromPluginSocket?.on('data', (chunk: string) => {
      heard.push(chunk)
      early.hangUp()
    })
    await session.host.pass(0.5)
    await session.host.quit()
    assert.equal(heard.join(''), '{"safelight":"leaving"}\n')
    assert.deepEqual(session.host.faults, [])
  })

  it('a quit just after the bridge was replaced is told to the one that dialled in its place as well', async () => {
    await session.connect()
    const heard: string[] = []
    session.peer.fromPluginSocket?.on('data', (chunk: string) => heard.push(chunk))
    await session.host.quit()
    const lines = heard.join('').trim().split('\n')
    assert.match(lines.at(-2) ?? '', /lightroom\/exiting/)
    assert.equal(lines.at(-1), '{"safelight":"leaving"}')
    assert.deepEqual(session.host.faults, [])
  })

  it('whoever dials first and says nothing hears nothing, and the bridge is called to other ports', async () => {
    await session.open()
    const stranger = new LinePeer({}, TOKEN, { speaks: false })
    await stranger.dial(session.host)
    session.peer = new LinePeer({})
    await session.peer.dialNext(session.host)
    await session.host.waitFor(() => session.peer.callsOf('session/hello').length > 0)
    assert.deepEqual([...stranger.strange, ...stranger.calls], [])
    assert.notEqual(session.host.commands[0], session.host.commands[1])
    assert.deepEqual(session.host.faults, [])
  })

  it('whoever dials first and asks for everything learns nothing that opens a door, and makes the plugin believe nothing', async () => {
    await session.open()
    const heard: string[] = []
    const stranger = new LinePeer({}, TOKEN, { speaks: false })
    await stranger.dial(session.host)
    stranger.fromPluginSocket?.on('data', (chunk: string) => heard.push(chunk))
    stranger.challenge()
    await session.host.waitFor(() => heard.join('').endsWith('\n'))
    const answer = parseHandshake(heard.join('').trimEnd())
    assert.equal(answer?.kind, 'answer')
    // Its own proof said back to it, a second challenge, and answers under every token that a stranger can think of.
    stranger.raw(`{"safelight":"proof","proof":"${answer.proof}"}\n`)
    stranger.challenge()
    for (const token of ['', TOKEN, answer.proof, answer.nonce])
      stranger.raw(
        `{"token":"${token}","message":{"jsonrpc":"2.0","id":1,"result":{"protocol":${PROTOCOL_VERSION},"version":"FORGED","home":"/h","logs":"/l"}}}\n`,
      )
    session.host.pressMenu('Backup Status…')
    session.peer = new LinePeer({})
    await session.peer.dialNext(session.host)
    await session.host.waitFor(() => session.peer.callsOf('session/hello').length > 0)
    assert.equal(heard.join('').split('\n').length, 2, 'one line and no more')
    assert.ok(!heard.join('').includes(TOKEN))
    assert.ok(!JSON.stringify([session.host.log, session.host.dialogs]).includes('FORGED'))
    assert.deepEqual(session.host.faults, [])
  })

  for (const [lines, problem] of [
    [LINES_VERSION + 1, 'plugin-too-old'],
    [LINES_VERSION - 1, 'helper-too-old'],
  ] as const)
    it(`a bridge that proves itself in another way (${lines}) is told nothing and named: ${problem}`, async () => {
      await session.open()
      session.peer = new LinePeer({}, TOKEN, { speaks: false })
      await session.peer.dial(session.host)
      session.peer.challenge(lines)
      await assertRed(problem)
      assert.deepEqual(session.peer.strange, [])
      assert.deepEqual(session.host.faults, [])
    })

  it('a bridge of the time before the proof waits for our token in vain, and the versions are named', async () => {
    await session.open({ version: '0.0.9' })
    session.peer = new LinePeer({}, TOKEN, { speaks: false })
    await session.peer.dial(session.host)
    await session.host.pass(20)
    assert.equal(await saidByMenu(), linkWords('versions-differ').headline)
    assert.deepEqual(session.peer.strange, [])
    assert.deepEqual(session.host.faults, [])
  })

  it('when plugin.json gets another token while Lightroom runs, the next bridge is believed', async () => {
    await session.connect()
    const fresh = 'ab'.repeat(32)
    writePluginJson(session.home, { token: fresh })
    session.peer.hangUp()
    session.peer = new LinePeer({}, fresh)
    await session.peer.dialNext(session.host)
    await session.host.waitFor(() => session.peer.callsOf('session/hello').length > 0)
    assert.deepEqual(session.host.faults, [])
  })

  it('a bridge that died is noticed, another one started, and nothing imported meanwhile is lost', async () => {
    await session.connect()
    session.peer.hangUp()
    const files = session.originals(4)
    session.host.import(files)
    session.peer = new LinePeer({})
    await session.peer.dialNext(session.host)
    await session.host.waitFor(() => session.sent.length === 4)
    assert.deepEqual(session.host.faults, [])
  })

  it('a bridge that went without a word is noticed by its silence', async () => {
    await session.open({}, { habits: { receiveTellsOfLoss: false, sendTellsOfLoss: false } })
    session.peer = new LinePeer({})
    await session.peer.dial(session.host)
    await session.host.waitFor(() => session.peer.callsOf('session/hello').length > 0)
    await session.host.pass(1)
    session.peer.hangUp()
    session.peer = new LinePeer({})
    await session.peer.dialNext(session.host)
    await session.host.waitFor(() => session.peer.callsOf('session/hello').length > 0)
    assert.deepEqual(session.host.faults, [])
  })

  it('the heartbeat goes on, and fifteen seconds of an open menu break nothing', async () => {
    await session.connect()
    for (let menu = 0; menu < 8; menu += 1) {
      session.host.freeze(15)
      await session.host.pass(1)
    }
    await session.host.pass(100)
    assert.ok(session.peer.callsOf('session/ping').length >= 4)
    assert.equal(session.peer.callsOf('session/hello').length, 1)
    assert.equal(session.host.commands.length, 1)
    session.assertClean()
  })

  it('a Lightroom with work of its own says so, not too often, and an idle one never', async () => {
    await session.connect()
    await session.host.pass(200)
    assert.deepEqual(session.peer.callsOf('lightroom/busy'), [])
    for (const pause of [5, 2, 3]) {
      session.host.freeze(pause)
      await session.host.pass(1)
    }
    const said = session.peer.callsOf('lightroom/busy').map(({ params }) => params)
    assert.deepEqual(said, [{ seconds: 60 }])
    await session.host.pass(60)
    session.host.import(session.originals(3))
    await session.host.waitFor(() => session.sent.length === 3)
    assert.equal(session.peer.callsOf('lightroom/busy').length, 2, 'an import is work too')
    session.assertClean()
  })

  it('ports are listened on again when nobody came for ten seconds', async () => {
    await session.open()
    await session.host.pass(45)
    session.peer = new LinePeer({})
    await session.peer.dial(session.host)
    await session.host.waitFor(() => session.peer.callsOf('session/hello').length > 0)
    assert.deepEqual(session.host.faults, [])
  })

  it('a second client on the ports is never listened to', async () => {
    await session.connect()
    const receivePort = Number(/--receive-port' '(\d+)/.exec(session.host.commands[0] ?? '')?.[1])
    const second = net.connect(receivePort, '127.0.0.1')
    session.host.attach(second)
    second.on('error', () => second.destroy())
    second.write('{"token":"x","message":{}}\n')
    await session.host.pass(30)
    assert.equal(session.peer.isClosed, false)
    second.destroy()
    session.assertClean()
  })

  it('Reload Plug-in leaves one instance, with one bridge', async () => {
    await session.connect()
    session.host.reload()
    session.peer = new LinePeer({})
    await session.peer.dialNext(session.host)
    await session.host.waitFor(() => session.peer.callsOf('session/hello').length > 0)
    session.host.import(session.originals(2))
    await session.host.waitFor(() => session.sent.length === 2)
    session.assertClean()
  })

  it('an instance that Lightroom left running ends when a newer one has started', async () => {
    await session.connect()
    const old = session.peer
    session.host.loadAgain()
    session.peer = new LinePeer({})
    await session.peer.dialNext(session.host)
    await session.host.waitFor(() => old.isClosed)
    session.host.import(session.originals(2))
    await session.host.waitFor(() => session.sent.length === 2)
    await session.host.pass(60)
    assert.equal(old.callsOf('photos/imported').length, 0)
    assert.deepEqual(session.host.faults, [])
  })

  it('when the newer instance dies without a word, the older one takes over again', async () => {
    await session.connect()
    session.host.loadAgain()
    session.peer = new LinePeer({})
    await session.peer.dialNext(session.host)
    session.host.dropNewestInstance()
    session.peer = new LinePeer({})
    await session.peer.dialNext(session.host)
    session.host.import(session.originals(2))
    await session.host.waitFor(() => session.sent.length === 2)
    assert.deepEqual(session.host.faults, [])
  })

  it('started by tasks in any order, and with late callbacks of closed sockets, it connects all the same', async () => {
    await session.connect(
      {},
      { rules: { shuffle: true, lateCallbacks: true, cancelBareTasks: true, raiseOnSend: true } },
    )
    session.peer.hangUp()
    session.peer = new LinePeer({})
    await session.peer.dialNext(session.host)
    await session.host.waitFor(() => session.peer.callsOf('session/hello').length > 0)
    assert.deepEqual(session.host.faults, [])
  })

  it('a few thousand senseless lines change nothing', async () => {
    await session.connect()
    const token = session.peer.lineToken
    const lines = [
      'null',
      '[]',
      '{}',
      '"',
      '{"token":1}',
      `{"token":"${token}"}`,
      `{"token":"${token}","message":[]}`,
      `{"token":"${token}","message":{"jsonrpc":"2.0","id":77,"result":null}}`,
      `{"token":"${token}","message":{"jsonrpc":"2.0","method":"job/progress","params":{"request":{}}}}`,
      `{"token":"${token}","message":{"jsonrpc":"2.0","method":"job/progress"}}`,
      '\u0000\u0001',
      '['.repeat(300),
      '{"a":'.repeat(5000),
      '\\',
      '',
      '   ',
    ]
    for (let round = 0; round < 200; round += 1) session.peer.raw(`${lines.join('\n')}\n`)
    session.peer.raw(Uint8Array.from([0xff, 0xfe, 0x80, 0x0a, 0xc3, 0x28, 0x0a]))
    await session.host.pass(5)
    session.host.import(session.originals(1))
    await session.host.waitFor(() => session.sent.length === 1)
    assert.deepEqual(session.host.faults, [])
  })
})

function readOr(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'ENOENT')
    return ''
  }
}
