import assert from 'node:assert/strict'
import { hearLies } from './lies.js'

const ROUNDS = Number(process.env['ROUNDS'] ?? 40)
const SEED = Number(process.env['SEED'] ?? 1)

describe('a store that lies', () => {
  it(`is never believed: ${ROUNDS} rounds of faults, no copy confirmed that is not there, and all of them in the end`, async function () {
    this.timeout(20 * 60_000)
    const { rounds, faults, confirmed } = await hearLies(ROUNDS, SEED)
    console.log(
      `      ${rounds} rounds with ${faults} kinds of fault, ${confirmed} confirmations, each of them true (SEED=${SEED})`,
    )
    assert.ok(confirmed > rounds)
  })
})
