// Hostile lines against a real bridge between real sockets and a real server: with the token and nonsense behind it, with another token and
// a perfect request behind it, and bytes that are no line. After every batch the bridge must still carry a ping there and back.
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { endpointFile, writeEndpoint } from '../../helper/service/endpoint.js'
import { rmSync } from 'node:fs'
import { countingHandlers, messageText, STOLEN } from '../server/fuzz.js'
import { openServer } from '../server/support.js'
import { makeHome } from '../service/support.js'
import { hello, makePluginFile, openSockets, startBridge } from './support.js'

const BATCH = 500
const THEFT = `{"jsonrpc":"2.0","id":"theft","method":"photos/protect","params":{"catalog":"${STOLEN}","roots":[],"photos":[]}}`

/** Lightroom leaving is no noise: the bridge would do as it is told and end. */
const relayed = messageText.filter((text) => !text.includes('lightroom/exiting'))

/** @param token  of the lines of this connection  @param secret  that of plugin.json, which opens no line */
function lineOf(token: string, secret: string): fc.Arbitrary<Uint8Array> {
  const bytes = (text: string) => Buffer.from(`${text}\n`)
  const other = fc.oneof(
    fc.stringMatching(/^[0-9a-f]{64}$/).filter((each) => each !== token),
    fc.string(),
    fc.constantFrom(secret, token.slice(1), `${token}0`, token.toUpperCase().replace(/^[0-9]+$/, ''), '', 'null'),
  )
  return fc.oneof(
    { weight: 4, arbitrary: relayed.map((text) => bytes(`{"token":"${token}","message":${text}}`)) },
    { weight: 4, arbitrary: other.map((each) => bytes(`{"token":${JSON.stringify(each)},"message":${THEFT}}`)) },
    {
      weight: 1,
      arbitrary: fc
        .constantFrom(
          `{"message":${THEFT}}`,
          `{"token":{"a":1},"message":${THEFT}}`,
          THEFT,
          `{"Token":"${token}","message":${THEFT}}`,
        )
        .map(bytes),
    },
    {
      weight: 1,
      arbitrary: fc
        .constantFrom(
          `{"safelight":"challenge","lines":2,"nonce":"${'0'.repeat(32)}"}`,
          `{"safelight":"answer","lines":2,"nonce":"${'0'.repeat(32)}","proof":"${token}"}`,
          `{"safelight":"proof","proof":"${token}"}`,
        )
        .map(bytes),
    },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 80 }) },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }).map(bytes) },
  )
}

/** @returns how many calls passed bridge and door */
export async function fuzzLines(count: number, seed: number): Promise<number> {
  const { handlers, calls } = countingHandlers()
  const at = makeHome()
  const { token } = makePluginFile(at.home)
  const helper = await openServer(handlers, { limits: { parallelRequests: 1000 } })
  const facts = { port: helper.server.port, token: helper.token, pid: process.pid, version: '0.1.0', startedAt: '' }
  writeEndpoint(at.home, facts)
  const lightroom = await openSockets(token)
  const bridge = startBridge(at.home, lightroom)
  try {
    assert.equal((await lightroom.ask('first', 'session/hello', hello())).error, undefined)
    const line = lineOf(await lightroom.proven(), token)
    for (let sent = 0; sent < count; sent += BATCH) {
      const lines = fc.sample(line, { numRuns: Math.min(BATCH, count - sent), seed: seed + sent })
      // Ends a line that raw bytes may have begun.
      await lightroom.sayBytes(Buffer.concat([...lines, Buffer.from('\n')]))
      await lightroom.ask(`hello ${sent}`, 'session/hello', hello())
      const id = `ping ${sent}`
      assert.deepEqual((await lightroom.ask(id, 'session/ping', { sentAtMs: sent })).result, { sentAtMs: sent })
    }
    assert.deepEqual(helper.faults, [])
    return calls()
  } finally {
    await bridge.stop()
    await lightroom.crash()
    await helper.close()
    // It names this very process, which remove() would take for a helper.
    rmSync(endpointFile(at.home), { force: true })
    await at.remove()
  }
}
