import assert from 'node:assert/strict'
import { cookieOf, PageDoor, type PageSession } from '../../helper/server/page-door.js'

const cookie = ({ secret }: PageSession) => `safelight=${secret}`

describe('the door of the status page', () => {
  let nowMs = 0
  const door = () => new PageDoor(() => nowMs)
  const opened = (its: PageDoor): PageSession => {
    const session = its.redeem(its.newCode())
    assert.ok(session)
    return session
  }

  beforeEach(() => (nowMs = 0))

  it('opens once for a code, and to nobody who guesses', () => {
    const its = door()
    const code = its.newCode()
    assert.equal(its.redeem(code.replace(/^./, (digit) => (digit === '0' ? '1' : '0'))), undefined)
    assert.equal(its.redeem(''), undefined)
    assert.ok(its.redeem(code))
    assert.equal(its.redeem(code), undefined, 'the same link in the browser’s history opens nothing')
  })

  it('forgets a code after a minute', () => {
    const its = door()
    const [early, late] = [its.newCode(), its.newCode()]
    nowMs = 60_000
    assert.ok(its.redeem(early))
    nowMs = 60_001
    assert.equal(its.redeem(late), undefined)
  })

  it('keeps eight links at most: the oldest gives way', () => {
    const its = door()
    const codes = Array.from({ length: 9 }, () => its.newCode())
    assert.equal(its.redeem(codes[0] ?? ''), undefined)
    assert.ok(codes.slice(1).every((code) => its.redeem(code)))
  })

  it('admits a session by its own folder and cookie together', () => {
    const its = door()
    const [one, other] = [opened(its), opened(its)]
    assert.ok(its.admits(one.id, cookie(one)))
    assert.ok(its.admits(one.id, `theme=dark; ${cookie(one)}`))
    for (const wrong of [
      undefined,
      '',
      cookie(other),
      `safelight=${'0'.repeat(64)}`,
      `${cookie(one)}; ${cookie(one)}`,
      `x${cookie(one)}`,
    ])
      assert.ok(!its.admits(one.id, wrong), wrong)
    assert.ok(!its.admits('0'.repeat(32), cookie(one)))
  })

  it('ends a session that nobody used for a week, and keeps one that is used', () => {
    const its = door()
    const session = opened(its)
    const dayMs = 24 * 60 * 60 * 1000
    for (let day = 0; day < 20; day += 5) {
      nowMs = day * dayMs
      assert.ok(its.admits(session.id, cookie(session)))
    }
    nowMs += 7 * dayMs + 1
    assert.ok(!its.admits(session.id, cookie(session)))
  })

  it('sets a cookie that no script reads, no other site sends and no other folder gets', () => {
    const session = opened(door())
    assert.equal(cookieOf(session), `safelight=${session.secret}; Path=/${session.id}; HttpOnly; SameSite=Strict`)
  })
})
