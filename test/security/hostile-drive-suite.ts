import assert from 'node:assert/strict'
import fs from 'node:fs'
import { freshFolder } from '../support/shoots.js'
import { makeHostileWorld, surviveHostileDrive } from './hostile-drive.js'

/** @param usual  so many drives; `HOSTILE_DRIVES=n` tries another number, `SEED=n` others */
export function describeHostileDrives(usual: number): void {
  const drives = Number(process.env['HOSTILE_DRIVES'] ?? usual)
  const first = Number(process.env['SEED'] ?? 1)

  describe('a drive that was in other hands', () => {
    const folder = freshFolder({ inMemory: true })
    after(() => fs.rmSync(folder, { recursive: true, force: true }))

    it(`is learned and restored from, or refused, ${drives} times: nothing breaks, leads out, or brings a wrong byte`, async function () {
      this.timeout(20 * 60_000)
      const world = await makeHostileWorld(folder)
      const count = { taken: 0, refused: 0 }
      for (let seed = first; seed < first + drives; seed++) count[await surviveHostileDrive(world, seed)] += 1
      console.log(`      ${count.taken} taken, ${count.refused} refused, from SEED=${first}`)
      assert.ok(count.taken + count.refused === drives && count.taken > 0)
    })
  })
}
