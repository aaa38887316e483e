// Retention from the command's end: copies go by the user's windows alone, in an order that survives anything, and a mass loss stops it.
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { Journal } from '../../helper/journal/journal.js'
import { noteClock } from '../../helper/journal/rehearsals.js'
import { letGo, listGone } from '../../helper/journal/retained.js'
import { LetGoWitness } from '../../helper/upkeep/let-go.js'
import type { MethodName, Params, Result } from '../../shared/methods.js'
import { backup, call as callIn, foldersAsDisks, verify, type Act } from '../support/daemon.js'
import { FaultSet } from '../support/faults.js'
import { checkManifests, hasB3sum } from '../support/shoots.js'
import { scratch, write, type Scratch } from '../support/tree.js'

const DAY = 24 * 60 * 60 * 1000
const START = Date.parse('2026-06-01T10:00:00Z')

describe('pruning copies', () => {
  let here: Scratch
  let act: Act
  let nowMs: number
  let drives: string[]
  let source: string
  beforeEach(() => {
    here = scratch()
    nowMs = START
    source = here.tree('work/Wedding', Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`IMG_${n}.CR3`, null])))
    drives = [here.folder('desk'), here.folder('vault')]
    act = { home: here.home, volumes: foldersAsDisks(here.root), clock: () => nowMs }
  })
  afterEach(() => here.remove())

  const call = <M extends MethodName>(method: M, params: Params<M>): Promise<Result<M>> => callIn(act, method, params)
  /** Days that the home lives through: a clock that nobody looks at for weeks might have leapt. */
  const live = (days: number): void => {
    const journal = Journal.open(here.home)
    for (let left = days; left > 0; left -= 5) {
      nowMs += Math.min(5, left) * DAY
      noteClock(journal, nowMs, DAY)
    }
    journal.close()
  }
  const setWindows = (retention: object[]): void =>
    writeFileSync(path.join(here.home, 'config.json'), JSON.stringify({ format: 1, retention }))
  const versionsAt = (drive: string): number => {
    const folder = path.join(drive, 'Safelight/Photos/Wedding/Versions')
    return existsSync(folder)
      ? readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
          (name) => name.endsWith('.jpg') || name.endsWith('.CR3'),
        ).length
      : 0
  }

  it('removes earlier contents when their days have passed, keeps one copy of each, says so in the log, and the manifests still hold', async () => {
    write(path.join(source, 'IMG_1.jpg'), 'first')
    await backup(act, [source], drives)
    nowMs += DAY
    write(path.join(source, 'IMG_1.jpg'), 'second', new Date(nowMs))
    await backup(act, [source], drives)
    assert.deepEqual(drives.map(versionsAt), [1, 1])

    assert.deepEqual((await call('prune/run', {})).copies, [], 'without a window nothing goes')
    setWindows([{ shoot: 'Wedding', keepEarlierDays: 30 }])
    live(29)
    assert.deepEqual((await call('prune/run', {})).copies, [], 'nor within it')
    live(2)
    const plan = await call('prune/run', { dryRun: true })
    assert.equal(plan.copies?.length, 1)
    assert.deepEqual(drives.map(versionsAt), [1, 1], 'a plan is only shown')
    const done = await call('prune/run', {})
    assert.deepEqual(done.copies, plan.copies)
    assert.equal(
      drives.map(versionsAt).reduce((sum, count) => sum + count, 0),
      1,
      'the last verified copy stays',
    )
    assert.deepEqual((await call('prune/run', {})).copies, [])
    if (hasB3sum) for (const drive of drives) assert.deepEqual(checkManifests(path.join(drive, 'Safelight/Photos')), [])
    const checked = await verify(act)
    assert.deepEqual(checked.findings, [])
  })

  it('lets nothing go that the catalog still names, and keeps the copies of what it let go for their days', async () => {
    await backup(act, [source], drives)
    for (const name of ['IMG_1.CR3', 'IMG_2.CR3']) rmSync(path.join(source, name))
    await call('status/get', {})
    await backup(act, [source], drives)
    await call('status/accept', { what: 'hold' })
    const journal = Journal.open(here.home)
    const witness = new LetGoWitness(journal)
    const sees = (names: string[]): void =>
      witness.sees({
        root: `${here.at('work')}/`,
        folder: 'Wedding/',
        names,
        isOffline: false,
      } as unknown as Parameters<LetGoWitness['sees']>[0])
    sees(['IMG_1.DNG', 'IMG_3.CR3'])
    witness.conclude(false, [here.at('work')], nowMs)
    assert.deepEqual(
      journal.all('SELECT name FROM files WHERE let_go_ms IS NOT NULL'),
      [],
      'a catalog that is not good is no witness',
    )
    witness.conclude(true, [here.at('elsewhere')], nowMs)
    assert.deepEqual(journal.all('SELECT name FROM files WHERE let_go_ms IS NOT NULL'), [], 'nor one of other folders')
    witness.conclude(true, [here.at('work')], nowMs)
    assert.deepEqual(journal.all('SELECT name FROM files WHERE let_go_ms IS NOT NULL'), [{ name: 'IMG_2.CR3' }])
    journal.close()

    setWindows([{ keepDeletedDays: 60 }])
    live(61)
    const done = await call('prune/run', {})
    assert.deepEqual(
      done.copies?.map(({ file }) => file),
      ['IMG_2.CR3'],
    )
    const left = drives.filter((drive) => existsSync(path.join(drive, 'Safelight/Photos/Wedding/IMG_2.CR3')))
    assert.equal(left.length, 1)
    for (const drive of drives) assert.ok(existsSync(path.join(drive, 'Safelight/Photos/Wedding/IMG_1.CR3')))
  })

  it('stops at a mass loss: the status says so, nothing goes, until the user says that it was on purpose', async () => {
    await backup(act, [source], drives)
    setWindows([{ keepDeletedDays: 1, keepEarlierDays: 1 }])
    for (let n = 0; n < 3; n++) rmSync(path.join(source, `IMG_${n}.CR3`))
    const { warnings } = await backup(act, [source], drives)
    assert.match(warnings.join('\n'), /3 of 40 known originals are gone.*--release-hold/)
    const status = await call('status/get', {})
    assert.deepEqual([status.hold?.gone, status.hold?.of], [3, 40])
    assert.equal(status.notices?.[0]?.kind, 'hold')

    const journal = Journal.open(here.home)
    letGo(
      journal,
      listGone(journal).map(({ id }) => id),
      nowMs,
    )
    journal.close()
    nowMs += 5 * DAY
    const held = await call('prune/run', {})
    assert.deepEqual(held.copies, [])
    assert.match(held.heldBack.join(' '), /hold/)
    await call('status/accept', { what: 'hold' })
    assert.equal((await call('status/get', {})).hold, undefined)
    assert.equal((await call('prune/run', {})).copies?.length, 3)
  })

  it('takes what was renamed for what it is: recognised by content, copied under its new name, no loss', async () => {
    await backup(act, [source], drives)
    for (let n = 0; n < 10; n++) renameSync(path.join(source, `IMG_${n}.CR3`), path.join(source, `Anna ${n}.CR3`))
    const { warnings, filesCopied, exitCode } = await backup(act, [source], drives)
    assert.deepEqual([exitCode, filesCopied], [0, 10])
    assert.match(warnings.join('\n'), /10 originals were moved or renamed from "Wedding" and recognised by content/)
    assert.doesNotMatch(warnings.join('\n'), /no longer in|--release-hold/)
    assert.equal((await call('status/get', {})).hold, undefined)
    for (const drive of drives)
      for (const name of ['IMG_3.CR3', 'Anna 3.CR3'])
        assert.ok(existsSync(path.join(drive, 'Safelight/Photos/Wedding', name)), `${name} on ${drive}`)
    assert.equal((await verify(act)).exitCode, 0)
  })

  it('lifts the hold of a mass loss when the contents turn up elsewhere, and not before all but a few have', async () => {
    await backup(act, [source], drives)
    const other = path.join(here.root, 'work', 'Selected')
    mkdirSync(other)
    for (let n = 0; n < 10; n++) renameSync(path.join(source, `IMG_${n}.CR3`), path.join(other, `${n}.CR3`))
    for (let n = 5; n < 10; n++) renameSync(path.join(other, `${n}.CR3`), path.join(here.root, `${n}.CR3`))
    await backup(act, [source], drives)
    assert.equal((await call('status/get', {})).hold?.gone, 10)
    await backup(act, [other], drives)
    assert.equal((await call('status/get', {})).hold?.gone, 10, 'five are missed still')
    for (let n = 5; n < 10; n++) renameSync(path.join(here.root, `${n}.CR3`), path.join(other, `${n}.CR3`))
    const { warnings } = await backup(act, [other], drives)
    assert.match(warnings.join('\n'), /10 of the 10 originals that were missed were moved or renamed/)
    assert.equal((await call('status/get', {})).hold, undefined)
  })

  it('does not take for moved what cannot be looked at where it should be now, and goes on', async () => {
    await backup(act, [source], drives)
    const other = path.join(here.root, 'work', 'Selected')
    mkdirSync(other)
    renameSync(path.join(source, 'IMG_3.CR3'), path.join(other, '3.CR3'))
    await backup(act, [other], drives)
    const faults = new FaultSet([{ on: 'stat', path: 'Selected', name: '3.CR3', act: { fail: 'EIO' } }])
    const { exitCode, warnings } = await backup({ ...act, faults }, [source], drives)
    faults.assertAllHit()
    assert.equal(exitCode, 0)
    assert.match(warnings.join('\n'), /1 original is no longer in "Wedding"; every copy of them is kept/)
  })

  it('is not fooled by a clock that leaps ahead by years', async () => {
    write(path.join(source, 'IMG_1.jpg'), 'first')
    await backup(act, [source], drives)
    nowMs += DAY
    write(path.join(source, 'IMG_1.jpg'), 'second', new Date(nowMs))
    await backup(act, [source], drives)
    setWindows([{ keepEarlierDays: 30 }])
    nowMs += 80 * DAY
    assert.deepEqual((await call('prune/run', {})).copies, [], 'not at the very moment of the leap')
    nowMs += 4000 * DAY
    await verify(act)
    const { copies = [] } = await call('prune/run', {})
    assert.deepEqual(copies, [])
  })
})
