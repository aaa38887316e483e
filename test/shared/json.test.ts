import assert from 'node:assert/strict'
import fc from 'fast-check'
import { decodeJson, emptyList, encodeJson, isWellFormed } from '../../shared/json.js'
import { LuaModule } from '../support/lua.js'
import { ACCEPTED, NOT_UTF8, REFUSED, REFUSED_BY_US } from './json-cases.js'

/** Reads a text and writes it back; `refused` when either failed. */
function inNode(text: string): string {
  const decoded = decodeJson(text)
  const encoded = decoded.ok ? encodeJson(decoded.value) : decoded
  return encoded.ok ? encoded.value : 'refused'
}

const IN_LUA = `
  return function(bytes)
    local decoded = module.decodeJson(bytes)
    if not decoded.ok then return 'refused' end
    local encoded = module.encodeJson(decoded.value)
    return encoded.ok and encoded.value or 'refused'
  end`

describe('JSON, the same in Node and in Lua 5.1', () => {
  let lua: LuaModule

  before(async () => {
    lua = await LuaModule.load('shared/json.ts', IN_LUA)
  })
  after(() => lua.close())

  it('what RFC 8259 accepts is accepted and written back the same by both', () => {
    for (const [text, written] of ACCEPTED) {
      assert.equal(inNode(text), written, text)
      assert.equal(lua.ask(text), written, `${text} in Lua`)
    }
  })

  it('what RFC 8259 refuses is refused by both', () => {
    for (const text of REFUSED) {
      assert.equal(inNode(text), 'refused', JSON.stringify(text))
      assert.equal(lua.ask(text), 'refused', `${JSON.stringify(text)} in Lua`)
    }
  })

  it('lone surrogates, numbers that overflow and deep nesting are refused by both', () => {
    for (const text of REFUSED_BY_US) {
      assert.equal(inNode(text), 'refused', text.slice(0, 40))
      assert.equal(lua.ask(text), 'refused', `${text.slice(0, 40)} in Lua`)
    }
    assert.equal(inNode('"\ud800"'), 'refused')
    const deepest = '['.repeat(100) + ']'.repeat(100)
    assert.equal(inNode(deepest), deepest)
    assert.equal(lua.ask(deepest), deepest)
  })

  it('bytes that are not UTF-8 are refused in Lua, where nothing decodes them before', () => {
    for (const bytes of NOT_UTF8) {
      const text = Uint8Array.from([0x22, ...bytes, 0x22])
      assert.throws(() => new TextDecoder('utf-8', { fatal: true }).decode(text))
      assert.equal(lua.ask(text), 'refused', bytes.map((byte) => byte.toString(16)).join(' '))
    }
  })

  it('any JSON value comes through both as JSON.parse sees it', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5, stringUnit: 'binary' }), (value) => {
        const text = JSON.stringify(value)
        const written = inNode(text)
        assert.deepEqual(JSON.parse(written), JSON.parse(text))
        assert.equal(lua.ask(text), written)
      }),
      { numRuns: 300 },
    )
  })

  it('any double is read back as itself and written as the same bytes by both', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const written = inNode(JSON.stringify(value))
        assert.equal(Number(written), value === 0 ? 0 : value)
        assert.equal(lua.ask(JSON.stringify(value)), written)
      }),
      { numRuns: 500 },
    )
  })

  it('a text that was damaged is judged alike by both, and as JSON.parse judges it', () => {
    const whole = JSON.stringify({ a: [1, -2.5e3, 'é\n"', null, true], b: { c: [], d: {} } })
    const damage = fc.tuple(
      fc.nat(whole.length),
      fc.nat(3),
      fc.constantFrom('{', '}', '[', ']', '"', ',', ':', '\\', '0', '-', 'e', '.', '1', 't', ' ', '\n'),
    )
    fc.assert(
      fc.property(fc.array(damage, { minLength: 1, maxLength: 3 }), (changes) => {
        let text = whole
        for (const [at, cut, put] of changes) text = text.slice(0, at) + put + text.slice(at + cut)
        let isJson = true
        try {
          // Overflow is ours to refuse; JSON.parse makes infinities of it.
          JSON.parse(text, (_name, value: unknown) => {
            if (typeof value === 'number' && !Number.isFinite(value)) isJson = false
            return value
          })
        } catch (error) {
          assert.ok(error instanceof SyntaxError)
          isJson = false
        }
        const written = inNode(text)
        assert.equal(written !== 'refused', isJson, text)
        assert.equal(lua.ask(text), written)
      }),
      { numRuns: 1500 },
    )
  })

  it('what JSON cannot hold is refused, never written as something else', () => {
    for (const value of [
      Number.NaN,
      Infinity,
      -Infinity,
      () => 1,
      [undefined],
      { a: Symbol('x') },
      '\ud800',
      { '\udc00': 1 },
    ])
      assert.equal(encodeJson(value).ok, false)
    assert.deepEqual(encodeJson({ a: undefined, b: 1 }), { ok: true, value: '{"b":1}' })
    assert.deepEqual(encodeJson(emptyList()), { ok: true, value: '[]' })
    assert.equal(isWellFormed('IMG_é😀.CR3'), true)
    assert.equal(isWellFormed('IMG_\ud83d.CR3'), false)
  })

  it('a long text is read in steps between which Lightroom gets its turn', () => {
    const photos = Array.from({ length: 5000 }, (_, id) => ({
      id,
      path: `/Volumes/Photos/2026/IMG_${id}.CR3`,
      isVideo: false,
    }))
    const text = JSON.stringify(photos)
    let breaths = 0
    assert.equal(decodeJson(text, { breathe: () => (breaths += 1) }).ok, true)
    assert.ok(breaths >= Math.floor(text.length / 20_000), `${breaths} breaths in ${text.length} characters`)
    breaths = 0
    assert.equal(decodeJson(`"${'x'.repeat(200_000)}"`, { breathe: () => (breaths += 1) }).ok, true)
    assert.ok(breaths >= 10)
  })
})
