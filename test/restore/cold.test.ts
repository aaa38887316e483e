// Cold storage is waited for: what was asked for is in the journal before the store hears of it, and the helper brings it when it can be read,
// with nobody's act, also when it was not at work in between.
import assert from 'node:assert/strict'
import type { Studio } from '../offsite/support.js'
import type { S3Double } from '../support/s3/double.js'
import { coldStudio, mustBeBack, timesAsked } from './cold-support.js'

const HOUR = 3600_000
const DAY = 24 * HOUR

describe('restores that wait for cold storage', () => {
  let double: S3Double
  let room: Studio
  let looks = 0
  let asShot: Record<string, string>
  const params = { all: true, from: 'Ice' } as const

  beforeEach(async () => {
    ;({ double, room, asShot } = await coldStudio())
    looks = 0
  })
  afterEach(async () => {
    room.remove()
    await double.close()
  })

  const asked = () => timesAsked(double)

  /** A helper that starts, does what is due, and is gone again; each an hour after the one before. */
  async function helperLooks(clock = () => Date.now() + looks * HOUR): Promise<void> {
    looks += 1
    await room.with(async (daemon) => {
      const keeper = await daemon.startThawKeeper(60_000, assert.ifError)
      await keeper.look()
      await keeper.close()
    }, clock)
  }
  const fromCold = async (clock?: () => number) =>
    (await room.call('status/get', {}, clock ? { clock } : {})).fromCold?.[0]

  it('come back by themselves when the store has them ready, and not before', async () => {
    const first = await room.call('restore/run', { ...params, thaw: true })
    assert.deepEqual([first.exitCode, first.filesRestored, asked()], [39, 1, 2], first.summary)
    const waiting = await fromCold()
    assert.deepEqual([waiting?.state, waiting?.files, waiting?.what], ['waiting', 2, 'everything'])
    await helperLooks()
    await helperLooks()
    assert.equal((await fromCold())?.state, 'waiting')
    double.clockOffsetMs = 2 * HOUR
    await helperLooks()
    await mustBeBack(room, asShot)
    assert.equal(asked(), 2, 'nothing was paid for twice')
    const status = await room.call('status/get', {})
    assert.equal(status.fromCold?.[0]?.state, 'done')
    assert.deepEqual(
      status.notices?.filter(({ kind }) => kind === 'cold').map(({ severity }) => severity),
      ['news'],
    )
    const later = await room.call('status/get', {}, { clock: () => Date.now() + 8 * DAY })
    assert.equal(later.fromCold, undefined)
  })

  it('are over when the user brings them by hand', async () => {
    await room.call('restore/run', { ...params, thaw: true })
    double.clockOffsetMs = 2 * HOUR
    assert.equal((await room.call('restore/run', params)).exitCode, 0)
    assert.equal((await fromCold())?.state, 'done')
  })

  it('are not begun by a store that refuses every request', async () => {
    double.faults.plan('RestoreObject', { kind: 'status', status: 403, code: 'AccessDenied' }, 2)
    const answer = await room.call('restore/run', { ...params, thaw: true })
    assert.equal(answer.exitCode, 31, answer.summary)
    assert.equal(await fromCold(), undefined)
  })

  it('ask for the rest when some of it could not be asked for', async () => {
    double.faults.plan('RestoreObject', { kind: 'status', status: 403, code: 'AccessDenied' }, 1)
    await room.call('restore/run', { ...params, thaw: true })
    assert.equal((await fromCold())?.state, 'asking')
    await helperLooks()
    assert.equal((await fromCold())?.state, 'waiting')
    double.clockOffsetMs = 2 * HOUR
    await helperLooks()
    await mustBeBack(room, asShot)
  })

  it('end, and say so, when what was asked for lapsed while nobody was at work: asking again would cost again', async () => {
    await room.call('restore/run', { ...params, thaw: true })
    const later = () => Date.now() + 9 * DAY
    for (const { objects } of double.state.buckets.values())
      for (const version of [...objects.values()].flat())
        if (version.restore) version.restore = { readyMs: 0, untilMs: 1 }
    await helperLooks(later)
    const ended = await fromCold(later)
    assert.equal(ended?.state, 'ended')
    assert.match(ended.said, /2 files .* in cold storage only.* --thaw/)
    assert.equal(asked(), 2)
    const { notices } = await room.call('status/get', {}, { clock: later })
    assert.deepEqual(
      notices?.filter(({ kind }) => kind === 'cold').map(({ severity }) => severity),
      ['amber'],
    )
    await helperLooks(later)
    assert.equal(asked(), 2, 'what has ended does not begin again')
  })

  it('are tried again while the store is away, and end when they have lapsed', async () => {
    await room.call('restore/run', { ...params, thaw: true })
    double.account = { status: 403, code: 'UserSuspended' }
    await helperLooks()
    assert.equal((await fromCold())?.state, 'waiting')
    assert.notEqual((await fromCold())?.said, '', 'the status says what stands in the way')
    const later = () => Date.now() + 40 * DAY
    await helperLooks(later)
    assert.equal((await fromCold(later))?.state, 'ended')
    double.account = undefined
  })
})
