import assert from 'node:assert/strict'
import { availableParallelism } from 'node:os'
import fs from 'node:fs'
import path from 'node:path'
import { freshFolder } from '../support/shoots.js'
import { countCalls, crashAt, setStage, type Stage } from './crash-point.js'
import { SCENARIOS, type Scenario } from './scenarios.js'

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
      points += await enumerate(scenario)
    })
  }

  it(`makes at least ${POINTS_IN_ALL} points in all`, () => {
    console.log(`      ${points} crash points in all`)
    assert.ok(points >= POINTS_IN_ALL, `${points} points`)
  })

  /** Several stages of one scenario work through its points together. @returns how many of them killed the run */
  async function enumerate(scenario: Scenario): Promise<number> {
    const stages: Stage[] = []
    for (let index = 0; index < Math.max(2, availableParallelism()); index++)
      stages.push(await setStage(fs.mkdtempSync(`${folder}/stage-`), scenario))
    const calls = await countCalls(stages[0]!)
    const step = Math.max(1, calls / POINTS_PER_SCENARIO)
    const waiting = Array.from({ length: Math.floor(calls / step) }, (_, index) => Math.floor(index * step) + 1)
    let killed = 0
    const failures: string[] = []
    await Promise.all(
      stages.map(async (stage) => {
        for (let at = waiting.shift(); at !== undefined; at = waiting.shift()) {
          try {
            if (await crashAt(stage, at)) killed += 1
          } catch (error) {
            failures.push(error instanceof Error ? error.message : String(error))
          }
        }
      }),
    )
    for (const { world } of stages) fs.rmSync(path.dirname(world.root), { recursive: true })
    console.log(`      ${killed} crash points of ${calls} calls`)
    assert.deepEqual(failures, [])
    return killed
  }
})
