import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { killAtEach } from '../../support/points.js'
import { freshFolder } from '../../support/shoots.js'
import { countCalls, killAt, setStage } from './kill-point.js'
import { closeStore, SCENARIOS } from './scenarios.js'

/** Scenarios with more calls than this are sampled with an even step. `POINTS=n` takes another number, and a very large one every call. */
const POINTS_PER_SCENARIO = Number(process.env['POINTS'] ?? 52)
const POINTS_IN_ALL = process.env['POINTS'] === undefined ? 300 : 1

describe('every call of the durable surface as a kill point of restore, heal, rebuild and the filling of a drive', () => {
  const folder = freshFolder({ inMemory: true })
  let points = 0

  after(async () => {
    fs.rmSync(folder, { recursive: true, force: true })
    await closeStore()
  })

  for (const scenario of SCENARIOS) {
    it(`${scenario.name}, killed before each call in turn, is finished by the same command`, async function () {
      this.timeout(20 * 60_000)
      points += await killAtEach({
        setStage: () => setStage(fs.mkdtempSync(`${folder}/stage-`), scenario),
        countCalls,
        killAt: killAt,
        clear: ({ world }) => fs.rmSync(path.dirname(world.root), { recursive: true }),
        most: POINTS_PER_SCENARIO,
      })
    })
  }

  it(`makes at least ${POINTS_IN_ALL} points in all`, () => {
    console.log(`      ${points} kill points in all`)
    assert.ok(points >= POINTS_IN_ALL, `${points} points`)
  })
})
