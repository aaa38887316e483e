import assert from 'node:assert/strict'
import { falseAlarms, missedRot, survivesHostile } from './picture-suite.js'

const EDITS = Number(process.env['SAFELIGHT_EDITS'] ?? 10_000)

describe('the picture apart from the words around it, at length', function () {
  this.timeout(600_000)

  it(`raises no false alarm over ${EDITS} edits of words`, () => assert.deepEqual(falseAlarms(EDITS, 20_261_126), []))

  it(`takes no rot in a picture for words, over ${EDITS / 2} of them`, () => {
    const { missed, told } = missedRot(EDITS / 2, 5)
    assert.deepEqual(missed, [])
    // A turned bit can make a marker of a JPEG's data; then nobody can say, which is allowed, but it must not be the rule.
    assert.ok((told.get('dng rotten') ?? 0) > 0.9 * (EDITS / 12), JSON.stringify([...told]))
    assert.ok((told.get('jpeg rotten') ?? 0) > 0.5 * (EDITS / 12), JSON.stringify([...told]))
  })

  it('says something of each of 20,000 damaged files', () => survivesHostile(20_000, 3))
})
