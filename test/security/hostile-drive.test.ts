import assert from 'node:assert/strict'
import fs from 'node:fs'
import { freshFolder } from '../support/shoots.js'
import { makeHostileWorld, surviveHostileDrive } from './hostile-drive.js'

const DRIVES = Number(process.env['HOSTILE_DRIVES'] ?? 40)
const SEED = Number(process.env['SEED'] ?? 1)

describe('a drive that was in other hands', () => {
  const folder = freshFolder({ inMemory: true })
  after(() => fs.rmSync(folder, { recursive: true, force: true }))

  it(`is learned and restored from, or refused, ${DRIVES} times: nothing breaks, leads out, or brings a wrong byte`, async function () {
    this.timeout(20 * 60_000)
    const world = await makeHostileWorld(folder)
    const count = { taken: 0, refused: 0 }
    for (let seed = SEED; seed < SEED + DRIVES; seed++) count[await surviveHostileDrive(world, seed)] += 1
    console.log(`      ${count.taken} taken, ${count.refused} refused, from SEED=${SEED}`)
    assert.ok(count.taken > 0 && count.refused > 0, 'both were met')
  })
})
