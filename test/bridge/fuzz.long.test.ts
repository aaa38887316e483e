import assert from 'node:assert/strict'
import { fuzzLines } from './fuzz.js'

// With test/server/fuzz.long.test.ts: 1,000,000 frames and lines.
describe('noise on the plugin’s sockets, for long', () => {
  it('carries on through 500,000 hostile lines and lets none through without the token', async () => {
    assert.ok((await fuzzLines(500_000, 2_000_003)) > 5000)
  })
})
