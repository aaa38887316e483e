import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { SafelightError } from '../../helper/errors.js'
import { CUT_OFF_AFTER_MS, DEAD_AFTER_MS, TURN_FILE, Turns, type Turn } from '../../helper/place/turn.js'
import { processStartNow } from '../../helper/files/process-start.js'
import { freshFolder } from '../support/shoots.js'

describe('the turn to write at a place', () => {
  let root: string
  let nowMs: number
  beforeEach(() => {
    root = freshFolder({ inMemory: true })
    nowMs = 0
  })
  afterEach(() => fs.rmSync(root, { recursive: true, force: true }))

  const turns = (tag: string): Turns => new Turns(tag, () => nowMs)
  const file = (): string => path.join(root, TURN_FILE)
  const taken = (turn: Turn | undefined): Turn => {
    assert.ok(turn)
    return turn
  }
  /** What another computer, of which nothing can be asked here, left or holds. */
  const claimElsewhere = (nonce: string): void =>
    fs.writeFileSync(
      file(),
      JSON.stringify({ home: 'other', host: 'other', pid: 1, processStart: 'other-start 1', nonce }),
    )

  it('is one computer’s at a time, and the next one’s when it is given back', () => {
    const anna = taken(turns('anna').tryTake(root))
    assert.equal(turns('ben').tryTake(root), undefined)
    anna.require()
    anna.release()
    const ben = taken(turns('ben').tryTake(root))
    anna.release()
    assert.throws(() => anna.require(), SafelightError)
    ben.require()
    ben.release()
    assert.deepEqual(fs.readdirSync(root), [])
  })

  it('is free at once when its owner was killed on this computer, or its process number is another program’s now', () => {
    const [boot] = processStartNow(process.pid).split(' ')
    if (boot === undefined || boot === '') return
    for (const [pid, start] of [
      [2 ** 22 - 1, `${boot} 1`],
      [process.pid, `${boot} 1`],
    ] as const) {
      fs.writeFileSync(file(), JSON.stringify({ home: 'ben', host: 'here', pid, processStart: start, nonce: '1' }))
      taken(turns('anna').tryTake(root)).release()
    }
    assert.deepEqual(fs.readdirSync(root), [])
  })

  it('is free at once for the home that left it, killed or with a drive that was pulled in the middle', () => {
    for (const [pid, processStart] of [
      [1, 'before the restart 1'],
      [process.pid, processStartNow(process.pid)],
    ] as const) {
      fs.writeFileSync(file(), JSON.stringify({ home: 'anna', host: 'here', pid, processStart, nonce: '1' }))
      taken(turns('anna').tryTake(root)).release()
    }
  })

  it('of a computer that cannot be asked is never taken while it moves, and is when it has stood still for long', () => {
    const anna = turns('anna')
    claimElsewhere('1')
    for (let beat = 1; beat < 50; beat++) {
      assert.equal(anna.tryTake(root), undefined)
      nowMs += DEAD_AFTER_MS - 1
      fs.utimesSync(file(), beat, beat)
    }
    assert.equal(anna.tryTake(root), undefined)
    nowMs += DEAD_AFTER_MS
    assert.equal(anna.tryTake(root), undefined)
    nowMs += 1
    taken(anna.tryTake(root)).release()
    assert.deepEqual(fs.readdirSync(root), [])
  })

  it('that was cut off while it was being written is one all the same, for some seconds', () => {
    const anna = turns('anna')
    fs.writeFileSync(file(), '')
    assert.equal(anna.tryTake(root), undefined)
    nowMs += CUT_OFF_AFTER_MS
    assert.equal(anna.tryTake(root), undefined)
    nowMs += 1
    taken(anna.tryTake(root)).release()
  })

  it('is lost by whoever slept through it, and the loser takes nothing of the next one’s', () => {
    const slept = taken(turns('anna').tryTake(root))
    claimElsewhere('2')
    assert.throws(
      () => slept.require(),
      (error) => error instanceof SafelightError && error.code === 'VOLUME_BUSY',
    )
    slept.beat()
    slept.release()
    assert.match(fs.readFileSync(file(), 'utf8'), /"nonce":"2"/)
  })

  it('stands in nobody’s way where nothing can be written', () => {
    const gone = path.join(root, 'gone')
    taken(turns('anna').tryTake(gone)).release()
    assert.equal(fs.existsSync(gone), false)
  })
})
