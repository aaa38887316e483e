import assert from 'node:assert/strict'
import { ProcessorShare, readTimes, type ProcessorTimes } from '../../helper/manners/processor.js'

describe('the share of the processor that others take', () => {
  let now: ProcessorTimes
  let share: ProcessorShare

  const after = (totalMs: number, busyMs: number, ownMs: number): void => {
    now = { totalMs: now.totalMs + totalMs, busyMs: now.busyMs + busyMs, ownMs: now.ownMs + ownMs }
  }

  beforeEach(() => {
    now = { totalMs: 1_000_000, busyMs: 900_000, ownMs: 50_000 }
    share = new ProcessorShare(() => now)
  })

  it('is that since the last look, without our own', () => {
    after(10_000, 8000, 3000)
    assert.equal(share.ofOthers(), 0.5)
    after(10_000, 1000, 0)
    assert.equal(share.ofOthers(), 0.1)
  })

  it('is not told of a moment: until enough has passed it is what it was', () => {
    after(100, 100, 0)
    assert.equal(share.ofOthers(), undefined)
    after(9900, 4900, 0)
    assert.equal(share.ofOthers(), 0.5)
    after(100, 100, 0)
    assert.equal(share.ofOthers(), 0.5)
  })

  it('stays between nothing and all of it, whatever the clocks of cores and process make of each other', () => {
    after(10_000, 2000, 2100)
    assert.equal(share.ofOthers(), 0)
    after(10_000, 10_050, 0)
    assert.equal(share.ofOthers(), 1)
  })

  it('is reckoned from what this system says: times of this process are among those of all', () => {
    const before = readTimes()
    let now = readTimes()
    while (now.totalMs - before.totalMs < 200 || now.ownMs <= before.ownMs) now = readTimes()
    assert.ok(now.busyMs > before.busyMs)
    assert.ok(now.busyMs <= now.totalMs)
  })
})
