import assert from 'node:assert/strict'
import { createHash, createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import fc from 'fast-check'
import { LINES_VERSION, parseHandshake, proofOf, writeHandshake, type Handshake } from '../../shared/handshake.js'
import { hmacSha256, sha256 } from '../../shared/sha256.js'
import { PROJECT } from '../support/lightroom/plugin.js'
import { LuaModule } from '../support/lua.js'

const text = fc.string({ unit: 'binary-ascii', maxLength: 200 })

describe('SHA-256 in plain arithmetic', () => {
  it('is SHA-256, and its HMAC is HMAC, for every length round a block', () => {
    for (let length = 0; length <= 200; length += 1) {
      const message = 'abcdefgh'.repeat(25).slice(0, length)
      assert.equal(sha256(message), createHash('sha256').update(message).digest('hex'), `${length} bytes`)
    }
    fc.assert(
      fc.property(fc.string({ unit: 'binary-ascii', maxLength: 64 }), text, (key, message) => {
        assert.equal(hmacSha256(key, message), createHmac('sha256', key).update(message).digest('hex'))
      }),
    )
  })

  it('is the same in Lua, and gives way after every block', async () => {
    const lua = await LuaModule.load(
      'shared/sha256.ts',
      `return function(bytes)
        local breaths = 0
        local digest = module.hmacSha256(string.rep('k', 64), bytes, { breathe = function() breaths = breaths + 1 end })
        return digest .. ' ' .. breaths
      end`,
    )
    for (const message of ['', 'abc', 'x'.repeat(55), 'x'.repeat(56), '\u0001\u007f'.repeat(70)]) {
      const blocks = Math.ceil((64 + message.length + 9) / 64) + 2
      assert.equal(lua.ask(message), `${hmacSha256('k'.repeat(64), message)} ${blocks}`)
    }
    lua.close()
  })
})

describe('the proof between plugin and bridge', () => {
  const secret = '5a'.repeat(32)
  const meeting = { bridgeNonce: '1'.repeat(32), pluginNonce: '2'.repeat(32), receivePort: 50_001, sendPort: 50_002 }

  it('is another one for every side, challenge, port and secret', () => {
    const proofs = new Set([
      proofOf(secret, 'plugin', meeting),
      proofOf(secret, 'bridge', meeting),
      proofOf(secret, 'lines', meeting),
      proofOf(secret, 'plugin', { ...meeting, bridgeNonce: meeting.pluginNonce }),
      proofOf(secret, 'plugin', { ...meeting, pluginNonce: meeting.bridgeNonce }),
      proofOf(secret, 'plugin', { ...meeting, receivePort: 50_003 }),
      proofOf(secret, 'plugin', { ...meeting, sendPort: 50_003 }),
      proofOf('5b'.repeat(32), 'plugin', meeting),
    ])
    assert.equal(proofs.size, 8)
    for (const proof of proofs) assert.ok(!proof.includes(secret.slice(0, 8)))
  })

  it('is what docs/protocol.md shows, line by line', () => {
    const docs = readFileSync(path.join(PROJECT, 'docs', 'protocol.md'), 'utf8')
    for (const line of [
      writeHandshake({ kind: 'challenge', lines: LINES_VERSION, nonce: meeting.bridgeNonce }),
      writeHandshake({
        kind: 'answer',
        lines: LINES_VERSION,
        nonce: meeting.pluginNonce,
        proof: proofOf(secret, 'plugin', meeting),
      }),
      writeHandshake({ kind: 'proof', proof: proofOf(secret, 'bridge', meeting) }),
      writeHandshake({ kind: 'leaving' }),
      `{"token":"${proofOf(secret, 'lines', meeting)}","message":`,
    ])
      assert.ok(docs.includes(line), line)
  })

  it('is said in lines that the other side reads back, and nothing else is one of them', () => {
    const proof = proofOf(secret, 'plugin', meeting)
    const lines: readonly Handshake[] = [
      { kind: 'challenge', lines: LINES_VERSION, nonce: meeting.bridgeNonce },
      { kind: 'answer', lines: LINES_VERSION, nonce: meeting.pluginNonce, proof },
      { kind: 'proof', proof },
      { kind: 'leaving' },
    ]
    for (const line of lines) assert.deepEqual(parseHandshake(writeHandshake(line)), line)
    const [challenge, answer] = lines.map(writeHandshake)
    const others = [
      '',
      '{}',
      '[]',
      'null',
      `${challenge ?? ''}x`,
      (challenge ?? '').replace(/1{32}/, 'G'.repeat(32)),
      (challenge ?? '').replace(/1{32}/, '1'.repeat(31)),
      (answer ?? '').replace(proof, proof.toUpperCase()),
      `{"safelight":"proof","proof":5}`,
      `{"safelight":"challenge","lines":"2","nonce":"${meeting.bridgeNonce}"}`,
      `${' '.repeat(2000)}${challenge ?? ''}`,
    ]
    for (const other of others) assert.equal(parseHandshake(other), undefined, other)
  })
})
