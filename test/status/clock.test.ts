// A clock that is set wrong, ahead or back, with a real library on real files: whatever it shows, and whatever the user says of it, nothing is
// called protected that was not proven lately by a clock that was right.
import assert from 'node:assert/strict'
import { existsSync, mkdirSync } from 'node:fs'
import { addDrill } from '../../helper/journal/drills.js'
import { noteClock } from '../../helper/journal/rehearsals.js'
import { isReached } from '../../helper/wall-clock.js'
import type { MethodName, Params, Result, StatusResult } from '../../shared/methods.js'
import { call as callIn, foldersAsDisks, withDaemon } from '../support/daemon.js'
import { scratch, type Scratch } from '../support/tree.js'

const DAY = 24 * 60 * 60 * 1000
const TRUE_NOW = Date.parse('2026-06-01T12:00:00Z')

describe('a clock that is wrong', () => {
  let here: Scratch
  let nowMs: number
  beforeEach(() => {
    here = scratch()
    nowMs = TRUE_NOW
    here.tree('internal/Wedding', { 'IMG_1.CR3': null, 'IMG_2.CR3': null })
  })
  afterEach(() => here.remove())

  const options = () => ({
    home: here.home,
    volumes: foldersAsDisks(here.root),
    clock: () => nowMs,
    withoutThreads: true,
  })
  const call = <M extends MethodName>(method: M, params: Params<M>): Promise<Result<M>> =>
    callIn(options(), method, params)

  /** As the helper does once a minute. */
  const tick = (): Promise<void> =>
    withDaemon(options(), (daemon) => {
      noteClock(daemon.journal, nowMs, DAY)
      return Promise.resolve()
    })

  async function backUp(): Promise<void> {
    for (const name of ['desk', 'vault'])
      if (!existsSync(here.at(name))) {
        mkdirSync(here.at(name))
        await call('place/add', { path: here.at(name), name, location: name === 'vault' ? 'off-site' : '' })
      }
    await call('backup/run', { paths: [here.at('internal/Wedding')], to: [] })
    await tick()
  }

  const prove = (): Promise<unknown> => call('verify/run', { shoots: [], all: true })

  async function status(): Promise<StatusResult> {
    return call('status/get', {})
  }

  async function assertNotGreen(when: string): Promise<StatusResult> {
    const said = await status()
    assert.notEqual(said.verdict, 'protected', when)
    assert.equal(said.shoots.protected, 0, when)
    assert.equal(
      (await call('shoots/list', {})).shoots.filter(({ verdict }) => verdict === 'protected').length,
      0,
      when,
    )
    return said
  }

  it('far ahead makes old proofs look old, and what was proven by it is struck out when it is right again', async () => {
    await backUp()
    assert.equal((await status()).verdict, 'protected')

    nowMs = TRUE_NOW + 4000 * DAY
    await assertNotGreen('set far ahead')
    await tick()
    await prove()
    await tick()
    assert.equal((await status()).shoots.protected, 1, 'proven by the wrong clock, and it knows no better')

    nowMs = TRUE_NOW + DAY
    const red = await assertNotGreen('set right: it shows less than it ever did')
    assert.deepEqual(
      red.notices?.filter(({ kind }) => kind === 'clock').map(({ severity }) => severity),
      ['red'],
    )
    const { summary } = await call('status/accept', { what: 'clock' })
    assert.match(summary, /Proofs that bear a later date count for nothing/)
    await assertNotGreen('said to be right: the proofs of the wrong time are gone')

    nowMs = TRUE_NOW + 4001 * DAY
    await assertNotGreen('years later, when the struck-out proofs would look new again')
    nowMs = TRUE_NOW + 2 * DAY
    await call('status/accept', { what: 'clock' })
    await prove()
    assert.equal((await status()).shoots.protected, 1, 'and it becomes green again by being proven')
  })

  it('set back makes nothing green, not even when the user says that it is right', async () => {
    await backUp()
    nowMs = TRUE_NOW + 100 * DAY
    await tick()
    await assertNotGreen('every proof has run out')
    nowMs = TRUE_NOW + 2 * DAY
    await assertNotGreen('set back to when they were fresh')
    await tick()
    await assertNotGreen('and noted')
    nowMs = TRUE_NOW - 4000 * DAY
    await call('status/accept', { what: 'clock' })
    await assertNotGreen('taken for right, years before the proofs were made')
    nowMs = TRUE_NOW + 2 * DAY
    await assertNotGreen('and right again')
  })

  it('leaves no rehearsal that is fresh for years, and none that is never due', async () => {
    nowMs = TRUE_NOW + 4000 * DAY
    await backUp()
    await withDaemon(options(), (daemon) => {
      addDrill(daemon.journal, {
        atMs: nowMs,
        shootId: 1,
        placeId: 'x',
        ok: true,
        report: { files: 1, bytes: 1, opened: [], findings: [] } as never,
      })
      return Promise.resolve()
    })
    assert.equal((await status()).drill?.state, 'fresh')
    nowMs = TRUE_NOW
    await call('status/accept', { what: 'clock' })
    assert.deepEqual([(await status()).drill?.state, (await status()).drill?.at], ['not due', undefined])
    nowMs = TRUE_NOW + 32 * DAY
    assert.equal((await status()).drill?.state, 'overdue')
    nowMs = TRUE_NOW + 46 * DAY
    assert.equal((await status()).drill?.state, 'red')
  })

  it('makes nobody wait for years: what was set for a minute from now is tried again when that is further away', () => {
    assert.equal(isReached(TRUE_NOW + 60_000, TRUE_NOW, 60_000), false)
    assert.equal(isReached(TRUE_NOW + 60_000, TRUE_NOW + 60_000, 60_000), true)
    assert.equal(isReached(TRUE_NOW + 4000 * DAY, TRUE_NOW, 60_000), true)
  })
})
