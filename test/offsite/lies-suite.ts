import assert from 'node:assert/strict'
import { hearLies } from './lies.js'

/** @param usual  so many rounds; `ROUNDS=n` hears another number, `SEED=n` others */
export function describeLies(usual: number): void {
  const wanted = Number(process.env['ROUNDS'] ?? usual)
  const seed = Number(process.env['SEED'] ?? 1)

  describe('a store that lies', () => {
    for (const isLocked of [true, false])
      it(`is never believed, ${isLocked ? 'with' : 'without'} locks: ${wanted} rounds of faults, no copy confirmed that is not there, and all of them in the end`, async function () {
        this.timeout(20 * 60_000)
        const { rounds, faults, confirmed } = await hearLies(wanted, seed, isLocked)
        console.log(
          `      ${rounds} rounds with ${faults} kinds of fault, ${confirmed} confirmations, each of them true (SEED=${seed})`,
        )
        assert.ok(confirmed > rounds)
      })
  })
}
