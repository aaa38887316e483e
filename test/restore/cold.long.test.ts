// A real helper that waits for cold storage is killed at every stage of it, and what was asked for comes back all the same.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { listThaws } from '../../helper/journal/thaws.js'
import type { StatusResult } from '../../shared/methods.js'
import type { Studio } from '../offsite/support.js'
import { ask, safelight } from '../support/safelight.js'
import type { S3Double } from '../support/s3/double.js'
import { coldStudio, mustBeBack, timesAsked } from './cold-support.js'

const HOUR = 3600_000

describe('a helper that waits for cold storage', function () {
  this.timeout(300_000)
  let double: S3Double
  let room: Studio
  let asShot: Record<string, string>

  beforeEach(async () => {
    ;({ double, room, asShot } = await coldStudio())
  })
  afterEach(async () => {
    await safelight(room.home, ['stop'])
    room.remove()
    await double.close()
  })

  /** Until the running helper's journal says so, which is looked at through the helper. */
  async function untilHelperSays(isSo: (cold: StatusResult['fromCold']) => boolean): Promise<void> {
    while (!isSo((await ask<StatusResult>(room.home, ['status'])).fromCold)) await wait(50)
  }

  async function killHelper(): Promise<void> {
    const { pid } = JSON.parse(fs.readFileSync(path.join(room.home, 'endpoint.json'), 'utf8')) as { pid: number }
    process.kill(pid, 'SIGKILL')
    for (;;)
      try {
        process.kill(pid, 0)
        await wait(10)
      } catch {
        return
      }
  }

  function lookEvery(coldLookMinutes: number): void {
    const config = { format: 1, coldLookMinutes, driveCheckSeconds: 0.05, notify: { desktop: false } }
    fs.writeFileSync(path.join(room.home, 'config.json'), JSON.stringify(config))
  }

  it('survives kill -9 while it asks, while it waits, and while it fetches', async () => {
    const back = path.join(room.root, 'back')
    // So seldom that nobody looks while it is asked for; and then so often that nobody waits.
    lookEvery(60)
    await safelight(room.home, ['start'])
    double.faults.plan('RestoreObject', { kind: 'freeze' }, 2)
    const run = safelight(room.home, ['restore', '--all', '--from', 'Ice', '--thaw', '--to', back])
    while (timesAsked(double) < 2) await wait(10)
    await killHelper()
    assert.notEqual((await run).exitCode, 0)
    lookEvery(0.001)
    await room.with(({ journal }) => {
      assert.deepEqual(
        listThaws(journal).map(({ state, files }) => [state, files]),
        [['asking', 2]],
        'it was in the journal before the store heard of it',
      )
      return Promise.resolve()
    })

    await safelight(room.home, ['start'])
    await untilHelperSays((cold) => cold?.[0]?.state === 'waiting')
    await killHelper()

    const reads = () => double.requests.filter(({ operation, key }) => operation === 'GetObject' && /CR3$/.test(key))
    double.faults.plan('GetObject', { kind: 'freeze' }, 1)
    const before = reads().length
    double.clockOffsetMs = 2 * HOUR
    await safelight(room.home, ['start'])
    while (reads().length === before) await wait(10)
    await killHelper()
    double.faults.clear()

    await safelight(room.home, ['start'])
    await untilHelperSays((cold) => cold?.[0]?.state === 'done')
    await safelight(room.home, ['stop'])
    await mustBeBack(room, asShot, path.join(back, 'Pictures'))
  })
})
