import assert from 'node:assert/strict'
import { isLoopbackHost, isSameToken, newToken, refusalOf } from '../../helper/server/guard.js'

describe('who may speak to the helper', () => {
  const token = newToken()
  const own = { host: '127.0.0.1:4711', authorization: `Bearer ${token}` }

  it('lets a local program with the token in', () => {
    assert.equal(refusalOf(own, token, 4711), undefined)
    assert.equal(refusalOf({ ...own, host: 'LocalHost:4711' }, token, 4711), undefined)
    assert.equal(refusalOf({ ...own, host: '[::1]' }, token, 4711), undefined)
  })

  it('refuses every token but its own, whatever its length and form', () => {
    const flipped = (token.startsWith('0') ? '1' : '0') + token.slice(1)
    const wrong = ['', 'Bearer', 'Bearer ', `bearer ${token}`, token, `Bearer ${token} `, `Bearer ${flipped}`]
    for (const authorization of [...wrong, `Bearer ${token.slice(1)}`, `Bearer ${token}0`, `Basic ${token}`])
      assert.equal(refusalOf({ ...own, authorization }, token, 4711), 401, authorization)
    assert.equal(refusalOf({ host: '127.0.0.1' }, token, 4711), 401)
  })

  it('refuses a name that a stranger pointed to this machine (DNS rebinding), token or not', () => {
    const hosts = [undefined, '', 'evil.example', 'evil.example:4711', '127.0.0.1.evil.example', '127.0.0.1:80']
    for (const host of [
      ...hosts,
      '0.0.0.0:4711',
      '192.168.0.7:4711',
      'localhost.',
      '127.0.0.1:4711@evil',
      '[::1',
      '::1',
    ])
      assert.equal(
        refusalOf({ authorization: own.authorization, ...(host === undefined ? {} : { host }) }, token, 4711),
        403,
        host,
      )
    assert.ok(!isLoopbackHost('127.0.0.1:04711x', 4711))
  })

  it('refuses a web page of somebody else and lets its own page in', () => {
    const foreign = ['null', '', 'https://evil.example', 'http://127.0.0.1:80', 'https://127.0.0.1:4711', 'file://']
    for (const origin of [...foreign, 'http://127.0.0.1:4711.evil.example', 'chrome-extension://x'])
      assert.equal(refusalOf({ ...own, origin }, token, 4711), 403, origin)
    assert.equal(refusalOf({ ...own, origin: 'http://127.0.0.1:4711' }, token, 4711), undefined)
    assert.equal(
      refusalOf({ host: own.host, origin: 'http://127.0.0.1:4711' }, token, 4711),
      401,
      'its page needs the token too',
    )
  })

  it('makes tokens of 256 bits that compare equal only to themselves', () => {
    assert.match(token, /^[0-9a-f]{64}$/)
    assert.notEqual(token, newToken())
    assert.ok(isSameToken(token, token))
    assert.ok(!isSameToken(token, token.toUpperCase()) || token.toUpperCase() === token)
    assert.ok(!isSameToken('', token))
  })
})
