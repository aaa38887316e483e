import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { killAtEach } from '../support/points.js'
import { freshFolder } from '../support/shoots.js'
import { countCalls, crashAt, setStage } from './crash-point.js'
import { SCENARIOS } from './scenarios.js'

/** Scenarios with more calls than this are sampled with an even step, so that the whole stays within six minutes of two cores.
 *  `POINTS=n` takes another number, and a very large one takes every call. */
const POINTS_PER_SCENARIO = Number(process.env['POINTS'] ?? 48)
const POINTS_IN_ALL = process.env['POINTS'] === undefined ? 500 : 1

describe('every call of the durable surface as a crash point', () => {
  const folder = freshFolder({ inMemory: true })
  let points = 0

  after(() => fs.rmSync(folder, { recursive: true, force: true }))

  for (const scenario of SCENARIOS) {
    it(`${scenario.name}, killed before each call in turn, is whole after the next run`, async function () {
      this.timeout(20 * 60_000)
      points += await killAtEach({
        setStage: () => setStage(fs.mkdtempSync(`${folder}/stage-`), scenario),
        countCalls,
        killAt: crashAt,
        clear: ({ world }) => fs.rmSync(path.dirname(world.root), { recursive: true }),
        most: POINTS_PER_SCENARIO,
      })
    })
  }

  it(`makes at least ${POINTS_IN_ALL} points in all`, () => {
    console.log(`      ${points} crash points in all`)
    assert.ok(points >= POINTS_IN_ALL, `${points} points`)
  })
})
