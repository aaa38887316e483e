import assert from 'node:assert/strict'
import { fuzzFrames, fuzzHeads } from './fuzz.js'

/** `FRAMES=10000000` for a night of it, `SEED=n` for others. */
const FRAMES = Number(process.env['FRAMES'] ?? 200_000)
const SEED = Number(process.env['SEED'] ?? 1_000_003)
const HEADS = Math.ceil(FRAMES / 20)

describe('noise at the helper’s door, for long', () => {
  it(`answers ${FRAMES} hostile frames of somebody with the token, and goes on answering (SEED=${SEED})`, async function () {
    this.timeout(Math.max(3_600_000, FRAMES * 5))
    assert.ok((await fuzzFrames(FRAMES, SEED)) > FRAMES / 50)
  })

  it(`lets none of ${HEADS} hostile heads in without it`, async function () {
    this.timeout(Math.max(3_600_000, HEADS * 50))
    await fuzzHeads(HEADS, SEED + 30)
  })
})
