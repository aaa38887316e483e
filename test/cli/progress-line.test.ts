// What the line on stderr says while a long run goes on, and how words from elsewhere are made fit to be printed.
import assert from 'node:assert/strict'
import { printable, usageError } from '../../helper/cli/output.js'
import { progressText } from '../../helper/cli/progress-line.js'

describe('progress', () => {
  const facts = {
    stage: 'copying',
    filesDone: 12,
    filesTotal: 640,
    bytesDone: 600_000_000,
    bytesTotal: 32_000_000_000,
    bytesPerSecond: 120_000_000,
    secondsLeft: 262,
  }

  it('names files, bytes, rate and time left', () =>
    assert.equal(progressText(facts, false), 'copying: 12 of 640 files, 600.0 MB of 32.0 GB, 120.0 MB/s, 4 min left'))

  it('is a bar on a terminal, empty at the beginning and full at the end, and never beyond', () => {
    assert.match(progressText({ ...facts, bytesDone: 0 }, true), /^\[·{24}\] copying/)
    assert.match(progressText({ ...facts, bytesDone: 64_000_000_000 }, true), /^\[█{24}\] copying/)
  })

  it('names the stage alone while nothing is counted yet', () =>
    assert.equal(progressText({ ...facts, stage: 'looking', filesTotal: 0 }, true), 'looking …'))
})

describe('what is printed', () => {
  it('keeps lines and shows what would move the cursor as a sign', () =>
    assert.equal(printable('a\u001b[2Jb\rc\u0007\nd é 婚'), 'a\uFFFD[2Jb\uFFFDc\uFFFD\nd é 婚'))

  it('says what a parser found in a sentence', () => {
    assert.equal(usageError('Missing required argument: from').message, 'Something is missing: --from.')
    assert.equal(usageError('Unknown argument: frob').message, '"frob" is not a command or option here.')
  })
})
