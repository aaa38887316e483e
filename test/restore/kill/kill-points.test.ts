import assert from 'node:assert/strict'
import fs from 'node:fs'
import { freshFolder } from '../../support/shoots.js'
import { countCalls, killAt, setStage } from './kill-point.js'
import { SCENARIOS } from './scenarios.js'

/** What takes minutes, many points of every scenario, is in kill-points.long.test.ts; here one of each kind, each at another share of its calls. */
const SAMPLED = SCENARIOS.filter((_, index) => [0, 3, 5, 6, 7].includes(index))

describe('bringing back that is killed', () => {
  for (const [index, scenario] of SAMPLED.entries()) {
    it(`during ${scenario.name} loses nothing and is finished by the same command`, async function () {
      this.timeout(120_000)
      const folder = freshFolder({ inMemory: true })
      const stage = await setStage(folder, scenario)
      const calls = await countCalls(stage)
      assert.ok(await killAt(stage, Math.floor(((index + 1) / (SAMPLED.length + 1)) * calls)), 'the point was reached')
      fs.rmSync(folder, { recursive: true })
    })
  }
})
