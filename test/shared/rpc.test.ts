import assert from 'node:assert/strict'
import fc from 'fast-check'
import { encodeJson } from '../../shared/json.js'
import { MAX_MESSAGE_BYTES } from '../../shared/methods.js'
import {
  RPC_CODES,
  failure,
  isSameToken,
  notification,
  openLine,
  parseEnvelope,
  parseMessage,
  request,
  success,
  writeLine,
} from '../../shared/rpc.js'
import { LuaModule } from '../support/lua.js'

const TOKEN = 'a1'.repeat(32)

describe('the envelope', () => {
  it('the four kinds of message are told apart', () => {
    const parse = (message: unknown): unknown => parseMessage(JSON.stringify(message))
    assert.deepEqual(parse(request(1, 'status/get', { a: 1 })), {
      kind: 'request',
      id: 1,
      method: 'status/get',
      params: { a: 1 },
    })
    assert.deepEqual(parse(notification('lightroom/exiting')), {
      kind: 'notification',
      method: 'lightroom/exiting',
      params: undefined,
    })
    assert.deepEqual(parse(success('x', { ok: true })), { kind: 'success', id: 'x', result: { ok: true } })
    assert.deepEqual(parse(failure(2, RPC_CODES.NOT_AVAILABLE, 'later', { remedy: 'wait' })), {
      kind: 'failure',
      id: 2,
      error: { code: -32001, message: 'later', data: { remedy: 'wait' } },
    })
  })

  it('what is no message of ours is refused with the code of JSON-RPC and the id where there is one', () => {
    const cases: readonly (readonly [string, number, unknown])[] = [
      ['{', RPC_CODES.PARSE_ERROR, undefined],
      ['[]', RPC_CODES.INVALID_REQUEST, undefined],
      ['[{"jsonrpc":"2.0","method":"a"}]', RPC_CODES.INVALID_REQUEST, undefined],
      ['null', RPC_CODES.INVALID_REQUEST, undefined],
      ['{"id":4,"method":"a"}', RPC_CODES.INVALID_REQUEST, 4],
      ['{"jsonrpc":"1.0","id":4,"method":"a"}', RPC_CODES.INVALID_REQUEST, 4],
      ['{"jsonrpc":"2.0","id":4}', RPC_CODES.INVALID_REQUEST, 4],
      ['{"jsonrpc":"2.0","id":4,"method":5}', RPC_CODES.INVALID_REQUEST, 4],
      ['{"jsonrpc":"2.0","id":4,"method":""}', RPC_CODES.INVALID_REQUEST, 4],
      ['{"jsonrpc":"2.0","id":4.5,"method":"a"}', RPC_CODES.INVALID_REQUEST, undefined],
      ['{"jsonrpc":"2.0","id":null,"method":"a"}', RPC_CODES.INVALID_REQUEST, undefined],
      ['{"jsonrpc":"2.0","id":{},"method":"a"}', RPC_CODES.INVALID_REQUEST, undefined],
      ['{"jsonrpc":"2.0","id":4,"method":"a","params":"x"}', RPC_CODES.INVALID_REQUEST, 4],
      ['{"jsonrpc":"2.0","id":4,"method":"a","params":null}', RPC_CODES.INVALID_REQUEST, 4],
      ['{"jsonrpc":"2.0","result":1}', RPC_CODES.INVALID_REQUEST, undefined],
      ['{"jsonrpc":"2.0","id":1,"error":{"code":"x","message":"y"}}', RPC_CODES.INVALID_REQUEST, 1],
    ]
    for (const [text, code, id] of cases) {
      const envelope = parseMessage(text)
      assert.equal(envelope.kind, 'invalid', text)
      assert.deepEqual([envelope.code, envelope.id], [code, id], text)
    }
  })

  it('any value at all is judged without an exception', () => {
    fc.assert(
      fc.property(fc.anything(), (value) =>
        ['request', 'notification', 'success', 'failure', 'invalid'].includes(parseEnvelope(value).kind),
      ),
    )
  })

  it('Node and Lua judge the same messages the same way', async () => {
    const lua = await LuaModule.load(
      'shared/rpc.ts',
      `return function(bytes)
        local envelope = module.parseMessage(bytes)
        return envelope.kind .. ' ' .. tostring(envelope.id) .. ' ' .. tostring(envelope.method) .. ' ' .. tostring(envelope.code)
      end`,
    )
    const texts = fc.record(
      {
        jsonrpc: fc.constantFrom('2.0', '1.0', 2),
        id: fc.constantFrom(1, 'a', null, 1.5, true),
        method: fc.constantFrom('a', '', 5, null),
        params: fc.constantFrom({ x: 1 }, [1], 'x', null),
        result: fc.constantFrom(null, 1, { y: 2 }),
        error: fc.constantFrom(null, { code: 1, message: 'm' }, { code: 1 }, 'x'),
      },
      { requiredKeys: [] },
    )
    const inNode = (text: string): string => {
      const { kind, ...rest } = parseMessage(text) as { kind: string; id?: unknown; method?: unknown; code?: unknown }
      return [kind, rest.id ?? 'nil', rest.method ?? 'nil', rest.code ?? 'nil'].map(String).join(' ')
    }
    fc.assert(
      fc.property(texts, (message) => {
        const text = JSON.stringify(message)
        assert.equal(lua.ask(text), inNode(text), text)
      }),
      { numRuns: 2000 },
    )
    lua.close()
  })
})

describe('a line between plugin and bridge', () => {
  it('carries the token and one message, and ends with one newline', () => {
    const line = writeLine(TOKEN, request(1, 'status/get', { note: 'a\nb' })) ?? ''
    assert.equal(line.indexOf('\n'), line.length - 1)
    assert.deepEqual(openLine(line.trim(), TOKEN), {
      kind: 'message',
      message: { jsonrpc: '2.0', id: 1, method: 'status/get', params: { note: 'a\nb' } },
    })
  })

  it('nothing passes without the very token', () => {
    const line = (token: unknown): string => JSON.stringify({ token, message: { jsonrpc: '2.0', method: 'a' } })
    for (const token of [
      undefined,
      null,
      '',
      'a1',
      TOKEN.slice(1),
      `${TOKEN}0`,
      TOKEN.toUpperCase(),
      [TOKEN],
      { TOKEN },
      1,
      true,
    ])
      assert.deepEqual(openLine(line(token), TOKEN), { kind: 'refused', reason: 'wrong-token' })
    assert.equal(openLine(line(TOKEN), TOKEN).kind, 'message')
    assert.equal(isSameToken('', ''), false)
  })

  it('a line that is too long, no JSON or no line is refused as that', () => {
    assert.deepEqual(openLine('x'.repeat(MAX_MESSAGE_BYTES + 1025), TOKEN), { kind: 'refused', reason: 'too-long' })
    assert.deepEqual(openLine('{', TOKEN), { kind: 'refused', reason: 'not-json' })
    assert.deepEqual(openLine('[1]', TOKEN), { kind: 'refused', reason: 'not-a-line' })
    assert.deepEqual(openLine(JSON.stringify({ token: TOKEN }), TOKEN), { kind: 'refused', reason: 'not-a-line' })
    assert.equal(writeLine(TOKEN, request(1, 'a', { text: 'x'.repeat(MAX_MESSAGE_BYTES + 1025) })), undefined)
    assert.equal(encodeJson(request(1, 'a')).ok, true)
  })
})
