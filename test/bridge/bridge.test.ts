// Long, because its cases share one Lightroom and one helper that are set up once.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { execa } from 'execa'
import { startHelper, stopHelper } from '../../helper/service/background.js'
import { isAlive, readEndpoint, writeEndpoint } from '../../helper/service/endpoint.js'
import { writePrivateFile } from '../../helper/service/private-file.js'
import { pluginFile, type PluginFile } from '../../helper/service/plugin-file.js'
import { LINES_VERSION, proofOf, writeHandshake } from '../../shared/handshake.js'
import { MAX_MESSAGE_BYTES } from '../../shared/methods.js'
import { RPC_CODES } from '../../shared/rpc.js'
import { CALLER, makeHome, serveCommand, until, type TestHome } from '../service/support.js'
import { hello, makePluginFile, openSockets, startBridge, type RunningBridge, type Sockets } from './support.js'

describe('the bridge', () => {
  let at: TestHome
  let plugin: PluginFile
  let lightroom: Sockets
  let bridge: RunningBridge | undefined
  beforeEach(async () => {
    at = makeHome()
    plugin = makePluginFile(at.home)
    lightroom = await openSockets(plugin.token)
  })
  afterEach(async () => {
    await bridge?.stop()
    bridge = undefined
    await lightroom.crash()
    await at.remove()
  })
  const start = (...more: [] | [Parameters<typeof startBridge>[2]]) =>
    (bridge = startBridge(at.home, lightroom, ...more))
  const helperLog = () => readFileSync(path.join(at.home, 'logs', 'start.log'), 'utf8')
  const photo = (id: number, name = `IMG_${id}.CR3`) => ({
    id,
    uuid: `uuid-${id}`,
    path: `/photos/${name}`,
    format: 'RAW',
    isVideo: false,
    isOffline: false,
  })

  it('starts the helper when none runs, and carries a request there and its answer back', async () => {
    start()
    const greeting = await lightroom.ask(1, 'session/hello', hello())
    assert.equal((greeting.result as { home: string }).home, at.home)
    const imported = { catalog: '/photos/Weddings.lrcat', roots: ['/photos'], photos: [photo(7), photo(9)] }
    const answer = await lightroom.ask('two', 'photos/imported', imported)
    assert.deepEqual(answer.result, { accepted: 2, refused: [], cursor: 9 })
    assert.ok(readEndpoint(at.home))
  })

  it('puts together what TCP cut into single bytes, letters of two bytes included', async () => {
    await startHelper({ home: at.home, command: serveCommand(at.home), caller: CALLER })
    start()
    await lightroom.ask(1, 'session/hello', hello('/Fotos/Müller & Söhne — 東京.lrcat'))
    const message = {
      jsonrpc: '2.0',
      id: 2,
      method: 'photos/imported',
      params: { catalog: '/ü.lrcat', roots: ['/photos'], photos: [photo(3, 'é東.CR3')] },
    }
    const bytes = Buffer.from(`${JSON.stringify({ token: await lightroom.proven(), message })}\n`)
    for (const byte of bytes) await lightroom.sayBytes(Uint8Array.of(byte))
    assert.deepEqual((await lightroom.hear()).message.result, { accepted: 1, refused: [], cursor: 3 })
  })

  it('passes a message of nearly 1 MiB, and answers to a longer one with nothing but silence', async () => {
    start()
    await lightroom.ask(1, 'session/hello', hello())
    const photos = Array.from({ length: 150 }, (_, id) => photo(id, 'x'.repeat(6500)))
    const message = { catalog: '/c.lrcat', roots: ['/photos'], photos }
    assert.ok(JSON.stringify(message).length > MAX_MESSAGE_BYTES * 0.9)
    assert.equal((await lightroom.ask(2, 'photos/imported', message)).error, undefined)
    await lightroom.sayBytes(
      `{"token":"${await lightroom.proven()}","message":"${'x'.repeat(2 * MAX_MESSAGE_BYTES)}"}\n`,
    )
    assert.deepEqual((await lightroom.ask(3, 'session/ping', { sentAtMs: 5 })).result, { sentAtMs: 5 })
  })

  it('dials until Lightroom listens, which may be long after it was started', async () => {
    await lightroom.crash()
    start()
    await startHelper({ home: at.home, command: serveCommand(at.home), caller: CALLER })
    lightroom = await openSockets(plugin.token, { receive: lightroom.receivePort, send: lightroom.sendPort })
    assert.equal((await lightroom.ask(1, 'session/hello', hello())).error, undefined)
  })

  it('drops lines with another token, and those with the secret itself', async () => {
    start()
    assert.equal((await lightroom.ask(0, 'session/hello', hello())).error, undefined)
    for (const wrong of ['f'.repeat(64), plugin.token, ''])
      for (const id of [1, 2, 3]) lightroom.say({ jsonrpc: '2.0', id, method: 'session/hello', params: hello() }, wrong)
    await lightroom.sayBytes('no JSON\n{"token":5}\n\xff\xfe\n{}\n')
    assert.equal((await lightroom.ask(4, 'session/hello', hello())).error, undefined)
    assert.ok(lightroom.heardNothing(), 'nothing for the requests 1 to 3')
  })

  it('tells a listener that cannot prove itself so once, and nothing that opens a door', async () => {
    await lightroom.crash()
    lightroom = await openSockets('f'.repeat(64), { receive: lightroom.receivePort, send: lightroom.sendPort })
    start()
    const refusal = await lightroom.hear()
    assert.equal(refusal.token, '')
    assert.equal(refusal.message.error?.code, RPC_CODES.UNAUTHORIZED)
    for (const id of [1, 2, 3])
      lightroom.say({ jsonrpc: '2.0', id, method: 'session/hello', params: hello() }, 'f'.repeat(64))
    await until(() => readEndpoint(at.home) !== undefined)
    await stopHelper({ home: at.home, caller: CALLER })
    assert.ok(lightroom.heardNothing())
  })

  it('says nothing secret to a stranger that listens on its ports, whatever that one says', async () => {
    await lightroom.crash()
    const ports = { receive: lightroom.receivePort, send: lightroom.sendPort }
    lightroom = await openSockets(plugin.token, { ...ports, answers: false })
    start()
    const challenge = JSON.stringify(await lightroom.hear())
    const { nonce } = JSON.parse(challenge) as { nonce: string }
    await lightroom.sayBytes(`${challenge}\n`)
    await lightroom.sayBytes(`{"safelight":"proof","proof":"${'0'.repeat(64)}"}\n`)
    // The proof of a real plugin that listens elsewhere, which a stranger between the two could have.
    const elsewhere = { bridgeNonce: nonce, pluginNonce: '7e'.repeat(16), receivePort: 1, sendPort: 2 }
    const stolen = proofOf(plugin.token, 'plugin', elsewhere)
    await lightroom.sayBytes(
      `${writeHandshake({ kind: 'answer', lines: LINES_VERSION, nonce: elsewhere.pluginNonce, proof: stolen })}\n`,
    )
    const heard = await lightroom.hear()
    assert.equal(heard.token, '')
    assert.equal(heard.message.error?.code, RPC_CODES.UNAUTHORIZED)
    assert.ok(!JSON.stringify([challenge, heard]).includes(plugin.token))
    assert.ok(lightroom.heardNothing())
  })

  it('tells a plugin of the time before the proof, in its own way, that it is too old', async () => {
    await lightroom.crash()
    const ports = { receive: lightroom.receivePort, send: lightroom.sendPort }
    lightroom = await openSockets(plugin.token, { ...ports, answers: false })
    const { end } = start()
    await lightroom.hear()
    lightroom.say({ jsonrpc: '2.0', id: 1, method: 'session/hello', params: hello() }, plugin.token)
    const told = await lightroom.hear()
    assert.equal(told.token, plugin.token)
    assert.equal(told.message.error?.code, RPC_CODES.WRONG_PROTOCOL)
    const leaving = { jsonrpc: '2.0', method: 'lightroom/exiting', params: { catalog: '/photos/Older.lrcat' } }
    lightroom.say(leaving, plugin.token)
    assert.equal(await end, 'exiting')
    await until(() => helperLog().includes('exiting /photos/Older.lrcat'))
  })

  it('takes the new token when Safelight was set up again under a running Lightroom', async () => {
    await lightroom.crash()
    const token = 'a'.repeat(64)
    lightroom = await openSockets(token, { receive: lightroom.receivePort, send: lightroom.sendPort })
    writePrivateFile(pluginFile(at.home), JSON.stringify({ ...plugin, token }))
    start()
    assert.equal((await lightroom.ask(1, 'session/hello', hello())).error, undefined)
  })

  it('hangs up both sockets at once when Lightroom leaves, tells the helper and ends', async () => {
    const { end } = start()
    await lightroom.ask(1, 'session/hello', hello())
    lightroom.say({ jsonrpc: '2.0', method: 'lightroom/exiting', params: { catalog: '/photos/Weddings.lrcat' } })
    assert.equal(await end, 'exiting')
    assert.ok(lightroom.isHungUp())
    await until(() => helperLog().includes('exiting /photos/Weddings.lrcat'))
    assert.ok(isAlive(readEndpoint(at.home)?.pid ?? 0), 'the helper outlives Lightroom')
  })

  it('tells the helper of an exit even when the plugin is of another version', async () => {
    const { end } = start()
    const older = await lightroom.ask(1, 'session/hello', { ...hello(), protocol: 0 })
    assert.equal(older.error?.code, RPC_CODES.WRONG_PROTOCOL)
    lightroom.say({ jsonrpc: '2.0', method: 'lightroom/exiting', params: { catalog: '/photos/Old.lrcat' } })
    assert.equal(await end, 'exiting')
    await until(() => helperLog().includes('exiting /photos/Old.lrcat'))
  })

  it('tells the helper of an exit even when that is not up yet at that moment', async () => {
    const { end } = start()
    lightroom.say({ jsonrpc: '2.0', method: 'lightroom/exiting', params: { catalog: '/photos/Quick.lrcat' } })
    assert.equal(await end, 'exiting')
    await until(() => helperLog().includes('exiting /photos/Quick.lrcat'))
  })

  it('tells another helper of an exit when the one that it told died before it had taken it', async () => {
    const { end } = start({ command: serveCommand(at.home, 'dies-at-exit') })
    await lightroom.ask(1, 'session/hello', hello())
    lightroom.say({ jsonrpc: '2.0', method: 'lightroom/exiting', params: { catalog: '/photos/Twice.lrcat' } })
    assert.equal(await end, 'exiting')
    assert.ok(helperLog().includes('exiting /photos/Twice.lrcat'))
  })

  it('hangs up at once on a plugin that leaves before either is proven, and reports a possible exit', async () => {
    await lightroom.crash()
    const ports = { receive: lightroom.receivePort, send: lightroom.sendPort }
    lightroom = await openSockets(plugin.token, { ...ports, answers: false })
    const { end } = start()
    await lightroom.hear()
    await lightroom.sayBytes(`${writeHandshake({ kind: 'leaving' })}\n`)
    assert.equal(await end, 'lost')
    assert.ok(lightroom.isHungUp())
    assert.ok(helperLog().includes('lost'))
  })

  it('hangs up on whoever says nothing, and calls again later, until somebody is there who answers', async () => {
    await lightroom.crash()
    const ports = { receive: lightroom.receivePort, send: lightroom.sendPort }
    const silent = await openSockets(plugin.token, { ...ports, answers: false })
    const { end } = start({ limits: { silentMs: [20, 40], returnMs: 60_000 } })
    await silent.connected()
    await until(() => silent.isHungUp())
    await silent.connected()
    await silent.crash()
    lightroom = await openSockets(plugin.token, ports)
    await lightroom.ask(1, 'session/hello', hello('/photos/Late.lrcat'))
    lightroom.say({ jsonrpc: '2.0', method: 'lightroom/exiting', params: { catalog: '/photos/Late.lrcat' } })
    assert.equal(await end, 'exiting')
  })

  it('hangs up at once on a plugin that leaves before it has read the proof', async () => {
    const { end } = start()
    await lightroom.ask(1, 'session/hello', hello('/photos/Named.lrcat'))
    await lightroom.sayBytes(`${writeHandshake({ kind: 'leaving' })}\n`)
    assert.equal(await end, 'lost')
    assert.ok(lightroom.isHungUp())
    assert.ok(helperLog().includes('lost /photos/Named.lrcat'))
  })

  it('reports a possible exit when the plugin leaves and cannot say which catalog', async () => {
    const { end } = start()
    await lightroom.ask(1, 'session/hello', hello('/photos/Named.lrcat'))
    lightroom.say({ jsonrpc: '2.0', method: 'lightroom/exiting', params: { catalog: '' } })
    assert.equal(await end, 'exiting')
    assert.ok(helperLog().includes('lost /photos/Named.lrcat'))
  })

  it('reports a Lightroom that went away without a word as a possible exit of its catalog', async () => {
    const { end } = start()
    await lightroom.ask(1, 'session/hello', hello('/photos/Crashed.lrcat'))
    await lightroom.crash()
    assert.equal(await end, 'lost')
    await until(() => helperLog().includes('lost /photos/Crashed.lrcat'))
  })

  it('notices the end of Lightroom’s process even while somebody still holds the ports', async () => {
    const lightroomProcess = execa(process.execPath, ['-e', 'process.stdin.resume()'], { reject: false })
    const { end } = start({ lightroomPid: lightroomProcess.pid ?? 0 })
    await lightroom.ask(1, 'session/hello', hello())
    lightroomProcess.kill('SIGKILL')
    await lightroomProcess
    assert.equal(await end, 'lost')
    assert.ok(lightroom.isHungUp())
  })

  it('connects again when the sockets were lost and listen again', async () => {
    start({ limits: { returnMs: 10_000 } })
    await lightroom.ask(1, 'session/hello', hello())
    lightroom.drop()
    await lightroom.connected()
    assert.deepEqual((await lightroom.ask(2, 'session/ping', { sentAtMs: 8 })).result, { sentAtMs: 8 })
  })

  it('restarts a helper that died, and answers what that one was asked', async () => {
    start()
    await lightroom.ask(1, 'session/hello', hello())
    lightroom.say({ jsonrpc: '2.0', id: 2, method: 'verify/run', params: { shoots: [] } })
    await lightroom.ask(3, 'session/ping', { sentAtMs: 1 })
    const pid = readEndpoint(at.home)?.pid ?? 0
    process.kill(pid, 'SIGKILL')
    const lost = await lightroom.hear()
    assert.equal(lost.message.id, 2)
    assert.equal(lost.message.error?.code, RPC_CODES.HELPER_UNREACHABLE)
    const imported = await lightroom.ask(4, 'photos/imported', {
      catalog: '/c.lrcat',
      roots: ['/photos'],
      photos: [photo(1)],
    })
    assert.deepEqual(imported.result, { accepted: 1, refused: [], cursor: 1 })
    assert.notEqual(readEndpoint(at.home)?.pid, pid)
  })

  it('leaves a helper alone that was stopped on purpose, says so, and finds it when it is started again', async () => {
    await startHelper({ home: at.home, command: serveCommand(at.home), caller: CALLER })
    start({ limits: { holdMs: 200 } })
    assert.equal((await lightroom.ask(1, 'session/hello', hello())).error, undefined)
    await stopHelper({ home: at.home, caller: CALLER })
    const answer = await lightroom.ask(2, 'session/ping', { sentAtMs: 1 })
    assert.equal(answer.error?.code, RPC_CODES.HELPER_UNREACHABLE)
    assert.match(answer.error.message, /stopped/)
    assert.equal(readEndpoint(at.home), undefined)
    await startHelper({ home: at.home, command: serveCommand(at.home), caller: CALLER })
    let id = 3
    await until(async () => (await lightroom.ask(id++, 'session/ping', { sentAtMs: 1 })).error === undefined)
  })

  it('finds a helper that somebody starts, however far off its own next attempt is', async () => {
    start({ command: serveCommand(at.home, 'crash'), limits: { retryMs: [3_600_000] } })
    const { error } = await lightroom.ask(1, 'session/hello', hello())
    assert.equal(error?.data?.code, 'HELPER_AWAY')
    await startHelper({ home: at.home, command: serveCommand(at.home), caller: CALLER })
    let id = 2
    await until(async () => (await lightroom.ask(id++, 'session/hello', hello())).error === undefined)
  })

  for (const retryMs of [100, 3_600_000])
    it(`starts one again when the one that somebody started after a stop has crashed before the bridge could meet it, looking every ${retryMs} ms`, async () => {
      await startHelper({ home: at.home, command: serveCommand(at.home), caller: CALLER })
      start({ limits: { holdMs: 200, retryMs: [retryMs] } })
      assert.equal((await lightroom.ask(1, 'session/hello', hello())).error, undefined)
      await stopHelper({ home: at.home, caller: CALLER })
      const gone = execa(process.execPath, ['-e', ''])
      await gone
      writeEndpoint(at.home, {
        port: 1,
        token: 'e'.repeat(64),
        pid: gone.pid ?? 0,
        version: 'test',
        startedAt: new Date().toISOString(),
      })
      let id = 2
      await until(async () => (await lightroom.ask(id++, 'session/hello', hello())).error === undefined)
    })

  it('says what is wrong when the helper cannot be started', async () => {
    start({ command: serveCommand(at.home, 'crash'), limits: { holdMs: 2000 } })
    const { error } = await lightroom.ask(1, 'session/hello', hello())
    assert.equal(error?.data?.code, 'HELPER_AWAY')
    assert.match(error.message, /damaged beyond words/)
  })

  it('is one per pair of ports', async () => {
    start()
    await lightroom.ask(1, 'session/hello', hello())
    const second = startBridge(at.home, lightroom)
    assert.equal(await second.end, 'already-served')
    assert.equal((await lightroom.ask(2, 'session/ping', { sentAtMs: 1 })).error, undefined)
  })

  it('when Lightroom had closed before it could be met, reports a possible exit of an unknown catalog', async () => {
    await lightroom.crash()
    const { end } = start({ limits: { dialMs: 100 } })
    assert.equal(await end, 'never-there')
    assert.ok(helperLog().includes('lost of any'))
  })

  it('does not start without plugin.json', async () => {
    const bare = makeHome()
    await assert.rejects(startBridge(bare.home, lightroom).end, { code: 'CONFIG_INVALID' })
    await bare.remove()
  })
})
