import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { freshFolder } from '../../support/shoots.js'
import { losePower, record } from './power-loss.js'
import { TASKS } from './tasks.js'

/** States in all; `STATES=n` takes another number, `SEED=n` draws others. */
const STATES = Number(process.env['STATES'] ?? 2000)
const SEED = Number(process.env['SEED'] ?? 1)
const FINISH_EVERY = Number(process.env['FINISH_EVERY'] ?? 12)
const ONLY = process.env['TASK']

describe('power loss', () => {
  const folder = freshFolder({ inMemory: true })
  let [states, finished] = [0, 0]

  after(() => fs.rmSync(folder, { recursive: true, force: true }))

  for (const task of TASKS.filter((each) => ONLY === undefined || each.name.includes(ONLY))) {
    it(`during ${task.name} leaves nothing torn, lost or claimed too much, and the next run finishes`, async function () {
      this.timeout(20 * 60_000)
      const stage = path.join(folder, String(TASKS.indexOf(task)))
      fs.mkdirSync(stage)
      const recorded = await record(stage, task)
      const tried = await losePower(recorded, {
        states: Math.ceil(STATES / TASKS.length),
        finishEvery: FINISH_EVERY,
        seed: SEED,
      })
      states += tried.states
      finished += tried.finished
      fs.rmSync(stage, { recursive: true })
      assert.deepEqual(tried.failures, [])
    })
  }

  it(`was tried on at least ${STATES} disks`, () => {
    console.log(
      `      ${states} disks after a power loss (SEED=${SEED}), ${finished} of them carried to the end by the next run`,
    )
    assert.ok(ONLY !== undefined || states >= STATES)
  })
})
