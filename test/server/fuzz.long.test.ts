import assert from 'node:assert/strict'
import { fuzzFrames, fuzzHeads } from './fuzz.js'

// With test/bridge/fuzz.long.test.ts: 1,000,000 frames and lines.
describe('noise at the helper’s door, for long', () => {
  it('answers 480,000 hostile frames of somebody with the token, and goes on answering', async () => {
    assert.ok((await fuzzFrames(480_000, 1_000_003)) > 10_000)
  })

  it('lets none of 20,000 hostile heads in without it', async () => {
    await fuzzHeads(20_000, 1_000_033)
  })
})
