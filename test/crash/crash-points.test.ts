import assert from 'node:assert/strict'
import fs from 'node:fs'
import { freshFolder } from '../support/shoots.js'
import { countCalls, crashAt, setStage } from './crash-point.js'
import { SCENARIOS } from './scenarios.js'

/** Points per scenario, spread over its calls. */
const SAMPLES = 2

describe('a backup that is killed', () => {
  for (const [index, scenario] of SCENARIOS.entries()) {
    it(`during ${scenario.name} loses nothing, lies nowhere, and is finished by the next run`, async function () {
      this.timeout(120_000)
      const folder = freshFolder({ inMemory: true })
      const stage = await setStage(folder, scenario)
      const calls = await countCalls(stage)
      let killed = 0
      for (let sample = 0; sample < SAMPLES; sample++) {
        // Other points in every scenario; what the enumeration of all of them takes minutes for is in crash-points.long.test.ts.
        const at = Math.floor(((sample + (index + 1) / (SCENARIOS.length + 1)) * calls) / SAMPLES)
        if (await crashAt(stage, Math.max(1, at))) killed += 1
      }
      assert.ok(killed > 0, 'at least one of the points was reached')
      fs.rmSync(folder, { recursive: true })
    })
  }
})
