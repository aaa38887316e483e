import assert from 'node:assert/strict'
import fs from 'node:fs'
import { freshFolder } from '../../support/shoots.js'
import { losePower, record } from './power-loss.js'
import { TASKS } from './tasks.js'

describe('a power loss', () => {
  // Every task and many more states: power-loss.long.test.ts.
  it('during a backup after changes leaves nothing torn, lost or claimed too much, and the next run finishes', async function () {
    this.timeout(120_000)
    const folder = freshFolder({ inMemory: true })
    const task = TASKS.find(({ name }) => name === 'a backup after changes')
    assert.ok(task)
    const tried = await losePower(await record(folder, task), { states: 40, finishEvery: 20, seed: 7 })
    fs.rmSync(folder, { recursive: true })
    assert.deepEqual(tried.failures, [])
  })
})
