import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { ERROR_CODES } from '../../helper/errors.js'
import { LIMITS } from '../../helper/server/limits.js'
import { SCHEMAS } from '../../helper/server/schemas.js'
import { MAX_MESSAGE_BYTES, PROTOCOL_VERSION } from '../../shared/methods.js'
import { RPC_CODES } from '../../shared/rpc.js'
import { linesOf, readTranscript, replay } from './transcript.js'

describe('the protocol as it is written down', () => {
  const page = readFileSync('docs/protocol.md', 'utf8')

  it('is what the helper says, line for line (the golden transcript)', async () => {
    const lines = readTranscript()
    assert.ok(lines.length > 40)
    assert.deepEqual(await replay(lines), lines)
  })

  it('shows every method with a paragraph and its lines of the transcript', () => {
    const transcript = readTranscript()
    const sections = page.split(/^### /m).slice(1)
    for (const method of Object.keys(SCHEMAS)) {
      const section = sections.find((each) => each.startsWith(`${method}\n`))
      assert.ok(section, `docs/protocol.md has no section "${method}"`)
      const [, words = ''] = section.split('\n\n')
      assert.ok(words.length > 40, method)
      const examples = linesOf(section.replaceAll(/^ {4}/gm, ''))
      assert.ok(examples[0]?.includes(`"method":"${method}"`), method)
      for (const example of examples) assert.ok(transcript.includes(example), example)
    }
    assert.match(page, new RegExp(`protocol ${PROTOCOL_VERSION}\\b`))
  })

  it('lists every error code with its exit code and retry, and no other', () => {
    const rows = [...page.matchAll(/^\| ([A-Z_]+) \| (\d+) \| ([a-z-]+) \|/gm)].map(([, code, exit, retry]) => [
      code,
      exit,
      retry,
    ])
    const table = Object.entries(ERROR_CODES).map(([code, { exit, retry }]) => [code, String(exit), retry])
    assert.deepEqual(rows.sort(), table.sort())
  })

  it('lists every JSON-RPC code, and no other', () => {
    const rows = [...page.matchAll(/^\| (-\d+) \| ([A-Z_]+) \|/gm)].map(([, code, name]) => [name, code])
    assert.deepEqual(
      rows.sort(),
      Object.entries(RPC_CODES)
        .map(([name, code]) => [name, String(code)])
        .sort(),
    )
  })

  it('names the limits that hold', () => {
    const {
      messageBytes,
      parallelRequests,
      connections,
      pauseBytes,
      cutOffBytes,
      progressEveryMs,
      heartbeatMs,
      helloMs,
    } = LIMITS
    const MiB = 1024 * 1024
    assert.equal(messageBytes, MAX_MESSAGE_BYTES)
    const rows = [
      `| message | ${messageBytes / MiB} MiB |`,
      `| answer, all parts | ${LIMITS.answerBytes / MiB} MiB |`,
      `| requests in work, per connection | ${parallelRequests} |`,
      `| connections | ${connections} |`,
      `| unsent bytes, first mark | ${pauseBytes / MiB} MiB |`,
      `| unsent bytes, last mark | ${cutOffBytes / MiB} MiB |`,
      `| progress | one per request in ${progressEveryMs} ms |`,
      `| heartbeat | WebSocket ping every ${heartbeatMs / 1000} s |`,
      `| hello | ${helloMs / 1000} s |`,
    ]
    for (const row of rows) assert.ok(page.includes(row), row)
  })
})
