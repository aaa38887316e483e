import assert from 'node:assert/strict'
import fs from 'node:fs'
import {
  choosePace,
  isTrialWorthIt,
  mayDiffer,
  paceKey,
  rememberedPace,
  rememberPace,
} from '../../helper/engine/pace.js'
import { Journal } from '../../helper/journal/journal.js'
import { freshFolder } from '../support/shoots.js'

const DAY_MS = 24 * 3600 * 1000

describe('how many files are copied at once', () => {
  it('is tried out where something spins or is reached over a network, and nowhere else', () => {
    assert.equal(mayDiffer([{ medium: 'internal', isRotational: false }, { medium: 'removable' }]), false)
    assert.equal(
      mayDiffer([
        { medium: 'internal', isRotational: false },
        { medium: 'removable', isRotational: true },
      ]),
      true,
    )
    assert.equal(mayDiffer([{ medium: 'network' }]), true)
  })

  it('is tried out only when the trial is a small part of the work, with large files', () => {
    const files = (count: number, bytesToSend: number) => Array.from({ length: count }, () => ({ bytesToSend }))
    assert.equal(isTrialWorthIt(files(400, 50e6), 400 * 50e6), true)
    assert.equal(isTrialWorthIt(files(40, 50e6), 40 * 50e6), false)
    assert.equal(isTrialWorthIt(files(7, 50e6), 400 * 50e6), false)
    assert.equal(isTrialWorthIt(files(20_000, 20e3), 20_000 * 20e3), false)
  })

  it('stays several unless one at a time is clearly faster', () => {
    assert.equal(choosePace({ bytes: 300, ms: 100 }, { bytes: 100, ms: 30 }), 'one')
    assert.equal(choosePace({ bytes: 300, ms: 100 }, { bytes: 100, ms: 32 }), 'several')
    assert.equal(choosePace({ bytes: 300, ms: 0 }, { bytes: 100, ms: 32 }), 'several')
    assert.equal(choosePace({ bytes: 0, ms: 10 }, { bytes: 100, ms: 1 }), 'several')
    assert.equal(choosePace({ bytes: 100, ms: 10 }, { bytes: 0, ms: 1 }), 'several')
  })

  it('is remembered for the devices, and forgotten after a month or when the clock was set back', () => {
    const home = freshFolder({ inMemory: true })
    const journal = Journal.open(home)
    const key = paceKey(['card'], ['B', 'A'])
    assert.equal(key, paceKey(['card'], ['A', 'B']))
    assert.equal(rememberedPace(journal, key, 0), undefined)
    rememberPace(journal, key, 'one', DAY_MS)
    assert.equal(rememberedPace(journal, key, 2 * DAY_MS), 'one')
    assert.equal(rememberedPace(journal, paceKey(['card'], ['A']), 2 * DAY_MS), undefined)
    assert.equal(rememberedPace(journal, key, 40 * DAY_MS), undefined)
    assert.equal(rememberedPace(journal, key, 0), undefined)
    journal.close()
    fs.rmSync(home, { recursive: true })
  })
})
