import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { BackupVerdict } from '../../helper/catalog/judge.js'
import { planThinning, unreferencedBlobs, type ThinnedBackup } from '../../helper/catalog/thinning.js'

const NOW_MS = new Date(2026, 10, 23, 12).getTime()
const DAY_MS = 24 * 60 * 60 * 1000

describe('thinning catalog backups', () => {
  it('of three years of daily backups 7 days, 5 weeks and 24 months stay', () => {
    const plan = planThinning(daily(3 * 365), NOW_MS)
    const kept = plan.lines.filter(({ action }) => action === 'keep')
    const whys = (why: string) => kept.filter((line) => line.why === why).length
    // The newest is the day's, the week's and the month's at once, so the counts overlap.
    assert.ok(kept.length >= 24 && kept.length <= 7 + 5 + 24, String(kept.length))
    assert.ok(whys('monthly') >= 21)
    const months = new Set(kept.map(({ takenAtMs }) => new Date(takenAtMs).toISOString().slice(0, 7)))
    assert.equal(months.size, 24)
    const youngest = kept.slice(0, 7).map(({ takenAtMs }) => Math.round((NOW_MS - takenAtMs) / DAY_MS))
    assert.deepEqual(youngest, [0, 1, 2, 3, 4, 5, 6])
  })

  it('several of one day are thinned to the newest of it, except today’s', () => {
    const hours = (day: number, hour: number) => NOW_MS - day * DAY_MS - hour * 3_600_000
    const plan = planThinning(
      [good('a', hours(3, 0)), good('b', hours(3, 2)), good('c', hours(0, 0)), good('d', hours(0, 3))],
      NOW_MS,
    )
    assert.deepEqual(actions(plan.lines), { c: 'keep', d: 'keep', a: 'keep', b: 'remove' })
  })

  it('nothing goes while the newest backup is suspect or bad', () => {
    for (const verdict of ['suspect', 'bad'] as const) {
      const plan = planThinning([...daily(400, 1), { id: 'now', takenAtMs: NOW_MS, verdict }], NOW_MS)
      assert.ok(plan.lines.every(({ action }) => action === 'keep'))
      assert.match(plan.heldBack ?? '', new RegExp(verdict))
    }
  })

  it('a bad one goes once a good one came after it and its day is over', () => {
    const plan = planThinning(
      [good('new', NOW_MS - DAY_MS), { id: 'bad', takenAtMs: NOW_MS - 2 * DAY_MS, verdict: 'bad' }],
      NOW_MS,
    )
    assert.deepEqual(actions(plan.lines), { new: 'keep', bad: 'remove' })
  })

  it('the last good one is never in the plan, whatever else is there', () => {
    const verdict = fc.constantFrom<BackupVerdict>('good', 'suspect', 'bad')
    const backup = fc.record({ agoMs: fc.integer({ min: 0, max: 1_500 * DAY_MS }), verdict })
    fc.assert(
      fc.property(fc.array(backup, { maxLength: 60 }), (list) => {
        const backups = list.map((each, index) => ({
          id: String(index),
          takenAtMs: NOW_MS - each.agoMs,
          verdict: each.verdict,
        }))
        const { lines } = planThinning(backups, NOW_MS)
        const lastGood = [...backups].sort((a, b) => b.takenAtMs - a.takenAtMs).find((each) => each.verdict === 'good')
        const removed = new Set(lines.filter(({ action }) => action === 'remove').map(({ id }) => id))
        assert.equal(lines.length, backups.length)
        if (lastGood) assert.ok(!removed.has(lastGood.id))
        const newest = Math.max(0, ...backups.map(({ takenAtMs }) => takenAtMs))
        const isDoubtful = backups.some(
          (each) => each.verdict !== 'good' && each.takenAtMs === newest && each.takenAtMs !== lastGood?.takenAtMs,
        )
        if (isDoubtful || !lastGood) assert.equal(removed.size, 0)
        // A second run right after the first finds nothing more to do.
        const again = planThinning(
          backups.filter(({ id }) => !removed.has(id)),
          NOW_MS,
        )
        assert.ok(again.lines.every(({ action }) => action === 'keep'))
      }),
    )
  })

  it('a blob may go when no kept backup lists it', () => {
    const kept = [[{ storedAs: 'data/1.blob.a' }], [{ storedAs: 'data/1.blob.a' }, { storedAs: 'data/2.blob.b' }]]
    assert.deepEqual(unreferencedBlobs(['data/1.blob.a', 'data/2.blob.b', 'data/3.blob.c'], kept), ['data/3.blob.c'])
  })
})

function good(id: string, takenAtMs: number): ThinnedBackup {
  return { id, takenAtMs, verdict: 'good' }
}

function daily(days: number, from = 0): ThinnedBackup[] {
  return Array.from({ length: days }, (_, day) => good(`day ${day}`, NOW_MS - (day + from) * DAY_MS))
}

function actions(lines: readonly { readonly id: string; readonly action: string }[]): Record<string, string> {
  return Object.fromEntries(lines.map(({ id, action }) => [id, action]))
}
