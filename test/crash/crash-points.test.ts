import assert from 'node:assert/strict'
import fs from 'node:fs'
import { freshFolder } from '../support/shoots.js'
import { countCalls, crashAt, setStage } from './crash-point.js'
import { SCENARIOS } from './scenarios.js'

/** Of the scenarios, those that between them go through every part of a run; one point in each, at another share of its calls. */
const SAMPLED = SCENARIOS.filter((_, index) => [0, 4, 5, 7].includes(index))

describe('a backup that is killed', () => {
  for (const [index, scenario] of SAMPLED.entries()) {
    it(`during ${scenario.name} loses nothing, lies nowhere, and is finished by the next run`, async function () {
      this.timeout(120_000)
      const folder = freshFolder({ inMemory: true })
      const stage = await setStage(folder, scenario)
      const calls = await countCalls(stage)
      // What takes minutes, many points of every scenario, is in crash-points.long.test.ts.
      const isKilled = await crashAt(stage, Math.floor(((index + 1) / (SAMPLED.length + 1)) * calls))
      assert.ok(isKilled, 'the point was reached')
      fs.rmSync(folder, { recursive: true })
    })
  }
})
