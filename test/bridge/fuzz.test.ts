import assert from 'node:assert/strict'
import { fuzzLines } from './fuzz.js'

describe('noise on the plugin’s sockets', () => {
  it('carries on through 3,000 hostile lines and lets none through without the token', async () => {
    const passed = await fuzzLines(3000, 13)
    assert.ok(passed > 20, `only ${passed} calls passed; the lines would test the first check alone`)
  })
})
