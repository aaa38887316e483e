import assert from 'node:assert/strict'
import {
  headlineOf,
  SILENT_AFTER_MS,
  sinceMs,
  STALE_AFTER_MS,
  toneOf,
  trustOf,
  type Moment,
} from '../../helper/status/trust.js'
import type { StatusResult } from '../../shared/methods.js'

const at = (ms: number): Moment => ({ wallMs: 1_000_000 + ms, steadyMs: ms })

const NOW = Date.parse('2026-11-23T08:00:01.000Z')
const GOOD: StatusResult = {
  ok: true,
  exitCode: 0,
  summary: 'All is well.',
  verdict: 'protected',
  helper: 'running',
  asOf: '2026-11-23T08:00:00.000Z',
  shoots: { protected: 3, partly: 0, atRisk: 0, unknown: 0 },
  notProtected: [],
  catalogs: [],
  places: [],
}

describe('whether the page may be believed', () => {
  it('waits at first, and says so before ten seconds have passed', () => {
    assert.deepEqual(trustOf({}, at(0), at(SILENT_AFTER_MS)), { kind: 'waiting' })
    assert.deepEqual(trustOf({}, at(0), at(SILENT_AFTER_MS + 1)), { kind: 'silent' })
  })

  it('believes a status for as long as the helper is heard and goes on computing', () => {
    const status = { value: GOOD, gotAt: at(0) }
    assert.equal(trustOf({ heardAt: at(0), status }, at(0), at(SILENT_AFTER_MS)).kind, 'fresh')
    assert.deepEqual(trustOf({ heardAt: at(0), status }, at(0), at(SILENT_AFTER_MS + 1)), {
      kind: 'silent',
      ageMs: SILENT_AFTER_MS + 1,
    })
    const wedged = { heardAt: at(STALE_AFTER_MS + 1), status }
    assert.equal(
      trustOf(wedged, at(0), at(STALE_AFTER_MS + 1)).kind,
      'silent',
      'it answers pings and computes no status any more',
    )
  })

  it('sees time pass through sleep and through a clock that was set back', () => {
    assert.equal(
      sinceMs({ wallMs: 0, steadyMs: 0 }, { wallMs: 3_600_000, steadyMs: 5 }),
      3_600_000,
      'a steady clock that slept',
    )
    assert.equal(
      sinceMs({ wallMs: 3_600_000, steadyMs: 0 }, { wallMs: 0, steadyMs: 20_000 }),
      20_000,
      'a wall clock set back',
    )
  })

  it('writes green over a fresh status that is protected and well, and over nothing else', () => {
    const fresh = { kind: 'fresh' } as const
    assert.equal(headlineOf(fresh, GOOD, NOW).tone, 'good')
    const not: readonly (readonly [StatusResult, string])[] = [
      [{ ...GOOD, ok: false, exitCode: 10 }, 'care'],
      [{ ...GOOD, verdict: 'unknown' }, 'care'],
      [{ ...GOOD, verdict: 'at-risk', ok: false }, 'bad'],
      [{ ...GOOD, verdict: 'splendid' as 'unknown' }, 'care'],
      [{ ...GOOD, validUntil: '2026-11-23T08:00:00.500Z' }, 'unsure'],
      [{ ...GOOD, validUntil: 'some day' }, 'unsure'],
      [{ ...GOOD, shoots: { ...GOOD.shoots, partly: 1 } }, 'care'],
      [{ ...GOOD, shoots: { ...GOOD.shoots, unknown: 1 } }, 'unsure'],
      [{ ...GOOD, shoots: { ...GOOD.shoots, atRisk: 1, unknown: 4 } }, 'bad'],
      [{ ...GOOD, shoots: { protected: 0, partly: 0, atRisk: 0, unknown: 0 } }, 'plain'],
    ]
    for (const [status, tone] of not) assert.equal(headlineOf(fresh, status, NOW).tone, tone)
    const bad = { ...GOOD, verdict: 'at-risk', ok: false } as const
    const red = { ...bad, drill: { state: 'red', due: '2026-01-01T00:00:00Z' } } as const
    const catalog = { name: 'W', path: '/w', verdict: 'at-risk' } as const
    assert.equal(headlineOf(fresh, red, NOW).text, 'No restore was rehearsed for too long.')
    assert.equal(headlineOf(fresh, { ...red, catalogs: [catalog] }, NOW).text, 'A catalog is at risk.')
    assert.equal(headlineOf({ kind: 'silent', ageMs: 5 }, GOOD, NOW).tone, 'bad')
    assert.equal(headlineOf({ kind: 'waiting' }, GOOD, NOW).tone, 'plain')
    assert.equal(toneOf('a verdict of next year'), 'unsure')
  })
})
