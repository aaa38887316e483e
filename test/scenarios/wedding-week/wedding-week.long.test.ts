import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { PROJECT } from '../../support/safelight.js'
import { liveAWeek } from './wedding-week.js'

const TRANSCRIPT = path.join(PROJECT, 'test/scenarios/wedding-week/transcript.txt')

/** Of each wedding, as the transcript tells it. `PHOTOS=2000` lives through a week of its real size; its numbers are then others. */
const USUAL = 40
const PHOTOS = Number(process.env['PHOTOS'] ?? USUAL)

describe('a week of a wedding photographer', () => {
  it('is told as it is written down, and ends with every photo back from the bucket alone', async function () {
    this.timeout(60 * 60_000)
    const told = await liveAWeek(PHOTOS)
    // Written anew by hand: UPDATE=1, and read what changed.
    if (process.env['UPDATE'] !== undefined) fs.writeFileSync(TRANSCRIPT, told)
    if (PHOTOS === USUAL) assert.equal(told, fs.readFileSync(TRANSCRIPT, 'utf8'))
    else console.log(told)
  })
})
