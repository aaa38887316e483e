// What may go, against a second and simpler opinion: over random windows, clocks, holds and copies nothing ever goes that must stay.
import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { PlaceFacts } from '../../helper/status/counting.js'
import { DEFAULT_POLICY } from '../../helper/status/policy.js'
import {
  livedDays,
  planRetention,
  type RetainedContent,
  type RetentionClock,
  type RetentionRule,
} from '../../helper/upkeep/retention.js'

const DAY = 24 * 60 * 60 * 1000
const NOW = Date.parse('2026-06-01T00:00:00Z')
const RUNS = Number(process.env['SAFELIGHT_RETENTION_RUNS'] ?? 10_000)

const PLACES: readonly PlaceFacts[] = [
  { id: 'working', name: 'working', role: 'working', devices: ['w'], location: '' },
  { id: 'desk', name: 'desk', role: 'drive', devices: ['d'], location: '' },
  { id: 'vault', name: 'vault', role: 'drive', devices: ['v'], location: 'off-site' },
  { id: 'nas', name: 'nas', role: 'nas', devices: ['n/x'], location: '' },
  { id: 'cloud', name: 'cloud', role: 'bucket', devices: ['s3:x/y'], location: 'off-site' },
  { id: 'card', name: 'card', role: 'card', devices: ['c'], location: '' },
]
const places = new Map(PLACES.map((place) => [place.id, place]))

const aCopy = fc.record({
  placeId: fc.constantFrom('working', 'desk', 'vault', 'nas', 'cloud', 'card', 'forgotten'),
  state: fc.constantFrom('verified', 'verified', 'verified', 'written', 'damaged', 'missing'),
  provenMs: fc.integer({ min: -100, max: 3 }).map((days) => NOW + days * DAY),
  how: fc.constantFrom('direct', 'server checksum', 'download'),
  lockedUntilMs: fc.constantFrom(NOW - DAY, NOW + 400 * DAY),
  path: fc.constant('Versions/x/IMG_1.CR3'),
  sizeBytes: fc.constant(7),
})
const aContent: fc.Arbitrary<RetainedContent> = fc
  .record({
    versionId: fc.nat(),
    shoot: fc.constantFrom('A', 'A/b', 'AB', 'C'),
    file: fc.constant('IMG_1.CR3'),
    kind: fc.constantFrom('photo', 'video', 'sidecar', 'other'),
    why: fc.constantFrom('earlier', 'deleted'),
    sinceDays: fc.option(fc.integer({ min: -800, max: 5 })),
    copies: fc.uniqueArray(aCopy, { maxLength: 6, selector: ({ placeId }) => placeId }),
  })
  .map(({ sinceDays, ...rest }) => ({
    ...rest,
    places,
    ...(sinceDays === null ? {} : { sinceMs: NOW + sinceDays * DAY }),
  }))
const aRule: fc.Arbitrary<RetentionRule> = fc.record(
  {
    shoot: fc.constantFrom('A', 'A/b', 'C'),
    kind: fc.constantFrom('photo', 'video', 'sidecar', 'other'),
    keepEarlierDays: fc.integer({ min: 1, max: 300 }),
    keepDeletedDays: fc.integer({ min: 1, max: 300 }),
  },
  { requiredKeys: [] },
)
/** True days are those since NOW; the clock may leap ahead by years in between, or be set back. */
const aClock: fc.Arbitrary<RetentionClock & { readonly truthMs: number }> = fc
  .record({
    trueDays: fc.integer({ min: 0, max: 40 }),
    leapDays: fc.constantFrom(0, 0, 0, 8, 400, 36_500),
    isSetBack: fc.constantFrom(false, false, false, true),
  })
  .map(({ trueDays, leapDays, isSetBack }) => ({
    truthMs: NOW + trueDays * DAY,
    nowMs: NOW + (trueDays + leapDays) * DAY,
    isSetBack,
    leaps: leapDays === 0 ? [] : [{ fromMs: NOW, toMs: NOW + leapDays * DAY }],
  }))

describe('retention', () => {
  it(`never removes what must stay, over ${RUNS} random windows and clocks`, () => {
    let removed = 0
    fc.assert(
      fc.property(
        fc.array(aContent, { maxLength: 4 }),
        fc.array(aRule, { maxLength: 3 }),
        aClock,
        fc.constantFrom(false, false, false, true),
        (contents, rules, clock, isHeld) => {
          const { lines } = planRetention(contents, rules, clock, isHeld, DEFAULT_POLICY)
          assert.equal(
            lines.length,
            contents.reduce((sum, { copies }) => sum + copies.length, 0),
            'each copy is accounted for',
          )
          for (const content of contents) {
            const gone = lines.filter((line) => line.content === content && line.action === 'remove')
            if (gone.length === 0) continue
            removed += gone.length
            const left = lines.filter((line) => line.content === content && line.action === 'keep')
            assert.ok(!isHeld && !clock.isSetBack, 'nothing goes under a hold, or while the clock is wrong')
            const rule = rules.find(
              (each) =>
                (each.shoot === undefined || `${content.shoot}/`.startsWith(`${each.shoot}/`)) &&
                (each.kind === undefined || each.kind === content.kind),
            )
            const days = content.why === 'earlier' ? rule?.keepEarlierDays : rule?.keepDeletedDays
            assert.ok(days !== undefined, 'nothing goes without a window of the user’s')
            assert.ok(
              content.sinceMs !== undefined && clock.truthMs - content.sinceMs >= (days - 7) * DAY,
              'a clock that leaps ahead makes nothing old: a week of it counts at most',
            )
            const staying = left.filter(
              ({ copy }) =>
                copy.state === 'verified' &&
                copy.placeId !== 'working' &&
                copy.placeId !== 'card' &&
                places.has(copy.placeId),
            )
            const fresh = staying.filter(({ copy }) => {
              const age = clock.nowMs - (copy.provenMs ?? 0)
              return age >= -DAY && age <= (copy.placeId !== 'cloud' ? 90 : copy.how === 'download' ? 365 : 31) * DAY
            })
            assert.ok(fresh.length > 0, 'a verified copy with a fresh proof stays')
            const wasAway = content.copies.some(
              ({ placeId, state }) => (placeId === 'vault' || placeId === 'cloud') && state === 'verified',
            )
            const isAway = left.some(
              ({ copy }) => (copy.placeId === 'vault' || copy.placeId === 'cloud') && copy.state === 'verified',
            )
            const goneAway = gone.filter(({ copy }) => copy.placeId === 'vault')
            assert.ok(
              goneAway.length === 0 || (wasAway && isAway),
              'nothing off-site goes unless another stays off-site',
            )
            for (const { copy } of gone) {
              assert.ok(['desk', 'vault', 'nas'].includes(copy.placeId), `${copy.placeId} is not retention’s to empty`)
              assert.ok(copy.state === 'verified' || copy.state === 'written')
            }
          }
        },
      ),
      { numRuns: RUNS },
    )
    assert.ok(removed > RUNS / 100, `something went at all: ${removed}`)
  })

  it('keeps everything for ever where no window is set', () => {
    fc.assert(
      fc.property(fc.array(aContent, { maxLength: 5 }), (contents) =>
        planRetention(
          contents,
          [],
          { nowMs: NOW + 1e6 * DAY, isSetBack: false, leaps: [] },
          false,
          DEFAULT_POLICY,
        ).lines.every(({ action }) => action === 'keep'),
      ),
      { numRuns: 500 },
    )
  })

  it('counts days that were lived through, not those that a clock made up', () => {
    const since = NOW - 10 * DAY
    assert.equal(livedDays(since, { nowMs: NOW, isSetBack: false, leaps: [] }), 10)
    const leapt = { nowMs: NOW + 36_500 * DAY, isSetBack: false, leaps: [{ fromMs: NOW, toMs: NOW + 36_500 * DAY }] }
    assert.equal(livedDays(since, leapt), 17)
    assert.equal(livedDays(NOW + 40_000 * DAY, leapt), -3500)
    const inside = { nowMs: NOW + 46 * DAY, isSetBack: false, leaps: [{ fromMs: NOW, toMs: NOW + 8 * DAY }] }
    assert.equal(livedDays(NOW + 3 * DAY, inside), 42, 'all of a leap is none of it, but a week')
  })
})
