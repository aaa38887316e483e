import assert from 'node:assert/strict'
import { corpus, fuzzFrames, fuzzHeads, replayFrames } from './fuzz.js'

describe('noise at the helper’s door', () => {
  it('answers 3,000 hostile frames of somebody with the token, and goes on answering', async () => {
    const passed = await fuzzFrames(3000, 7)
    assert.ok(passed > 50, `only ${passed} calls passed; the frames would test the first check alone`)
  })

  it('answers every frame of the corpus, and goes on answering', async () => {
    assert.ok((await replayFrames(corpus())) > 50)
  })

  it('lets none of 400 hostile heads in without it', async () => {
    await fuzzHeads(400, 11)
  })
})
