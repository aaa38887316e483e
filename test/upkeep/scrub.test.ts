// The scrub over the days: what is due, in which order, within which budget, and what it finds.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { chooseHashEngine } from '../../helper/files/hash.js'
import { systemFiles } from '../../helper/files/durable.js'
import { WorkerPool } from '../../helper/engine/pool.js'
import type { EngineDeps } from '../../helper/engine/run.js'
import { listPlaces } from '../../helper/journal/places.js'
import { openPlace } from '../../helper/place/places.js'
import { isDrillDue } from '../../helper/upkeep/rehearsal-keeper.js'
import { sliceOf } from '../../helper/files/slice.js'
import { budgetLeft, dueBefore } from '../../helper/upkeep/scrub-budget.js'
import { scrubSlice, type ScrubSlice } from '../../helper/upkeep/scrub.js'
import { rot, Studio } from '../restore/support.js'
import { withDaemon } from '../support/daemon.js'
import type { Journal } from '../../helper/journal/journal.js'

const DAY_MS = 24 * 60 * 60 * 1000
const HOUR_MS = 60 * 60 * 1000

describe('what is due for a scrub', () => {
  const copy = (path_: string, sizeBytes: number) => ({
    versionId: 1,
    placeId: 'p',
    path: path_,
    shootId: 1,
    sizeBytes,
    state: 'verified' as const,
    provenMs: 0,
  })

  it('is what was not proven for two thirds of the time that a proof is believed', () => {
    assert.equal(dueBefore(100 * DAY_MS, 90), 40 * DAY_MS)
  })

  it('is taken in slices, each at least one file long', () => {
    const three = [copy('a', 60), copy('b', 60), copy('c', 60)]
    assert.deepEqual(
      sliceOf(three, 130).map((each) => each.path),
      ['a', 'b'],
    )
    assert.deepEqual(
      sliceOf(three, 10).map((each) => each.path),
      ['a'],
    )
    assert.deepEqual(sliceOf(three, 1000).length, 3)
    assert.deepEqual(sliceOf([], 10), [])
  })

  it('has a budget that is whole again the next day', () => {
    const now = Date.UTC(2026, 10, 26, 12)
    assert.equal(budgetLeft({ day: '2026-11-26', ms: 40 }, now, 100), 60)
    assert.equal(budgetLeft({ day: '2026-11-26', ms: 400 }, now, 100), 0)
    assert.equal(budgetLeft({ day: '2026-11-25', ms: 400 }, now, 100), 100)
  })
})

describe('whether a drill is due', () => {
  const now = 1000 * DAY_MS
  const cases: readonly (readonly [string, Parameters<typeof isDrillDue>, boolean])[] = [
    ['nothing is backed up', [undefined, undefined, 31, now], false],
    ['the first pictures came today', [now - HOUR_MS, undefined, 31, now], false],
    ['the first pictures came the day before', [now - DAY_MS, undefined, 31, now], true],
    ['the last was good, a week ago', [1, { atMs: now - 7 * DAY_MS, ok: true }, 31, now], false],
    ['the last was good, a month ago', [1, { atMs: now - 30 * DAY_MS, ok: true }, 31, now], true],
    ['the last found errors, yesterday', [1, { atMs: now - DAY_MS, ok: false }, 31, now], false],
    ['the last found errors, a week ago', [1, { atMs: now - 7 * DAY_MS, ok: false }, 31, now], true],
    ['the last is of the future', [1, { atMs: now + 9 * DAY_MS, ok: true }, 31, now], true],
  ]
  for (const [name, facts, expected] of cases)
    it(`${name}: ${expected ? 'yes' : 'no'}`, () => assert.equal(isDrillDue(...facts), expected))
})

describe('a scrub', function () {
  this.timeout(60_000)
  let studio: Studio
  beforeEach(async () => {
    studio = new Studio()
    studio.make(studio.pictures, { 'Trip/IMG_1.CR3': 9000, 'Trip/IMG_2.CR3': 8000, 'Walk/IMG_3.CR3': 7000 })
    await studio.backUp('Trip', 'Walk')
  })
  afterEach(() => studio.remove())

  async function scrub(
    daysLater: number,
    budgetMs = HOUR_MS,
  ): Promise<{ slice: ScrubSlice | undefined; oldest: number }> {
    const nowMs = Date.now() + daysLater * DAY_MS
    let answer: { slice: ScrubSlice | undefined; oldest: number } | undefined
    await withDaemon({ home: studio.home, clock: () => nowMs }, async ({ journal }) => {
      const pool = new WorkerPool({ temporaryTag: 'test', inThisThread: systemFiles })
      const deps: EngineDeps = {
        files: systemFiles,
        journal,
        hash: chooseHashEngine(),
        clock: () => nowMs,
        pool,
        volumes: volumesOf(),
      }
      const places = []
      for (const row of listPlaces(journal).filter(({ path: at }) => fs.existsSync(path.join(at, 'Safelight'))))
        places.push(await openPlace({ ...deps, userFolder: '/' }, row.path, { only: row }))
      const request = { places, localDays: 90, budgetMs, exclusively: <T>(act: () => Promise<T>) => act() }
      const slice = await scrubSlice(deps, request, new AbortController().signal)
      answer = { slice, oldest: (nowMs - oldestProof(journal)) / DAY_MS }
    })
    assert.ok(answer)
    return answer
  }

  it('reads nothing that was proven lately, and everything in time', async () => {
    assert.equal((await scrub(30)).slice, undefined)
    const { slice, oldest } = await scrub(61)
    assert.deepEqual([slice?.looked, slice?.findings, Math.round(oldest)], [9, [], 0])
    assert.equal((await scrub(61)).slice, undefined, 'and not again the next day')
  })

  it('finds rot in a copy and in an original; status and heal know of it', async () => {
    rot(studio.copy(studio.vault, 'Trip', 'IMG_2.CR3'))
    rot(path.join(studio.pictures, 'Walk', 'IMG_3.CR3'))
    const { slice } = await scrub(61)
    assert.deepEqual(slice?.findings.map(({ kind, place, file }) => `${kind} ${place} ${file}`).sort(), [
      'damaged Vault IMG_2.CR3',
      'damaged working IMG_3.CR3',
    ])
    const healed = await studio.call('heal/run', { shoots: [] })
    assert.equal(healed.healed, 1)
    const { notProtected } = await studio.call('status/get', {})
    assert.match(JSON.stringify(notProtected), /damaged/)
  })

  it('reads nothing when the day’s budget is spent', async () => {
    assert.equal((await scrub(61, 0)).slice, undefined)
  })

  it('goes on with the other places while one is away, and takes it when it is back', async () => {
    fs.renameSync(studio.vault, `${studio.vault} away`)
    assert.equal((await scrub(61)).slice?.looked, 6)
    fs.renameSync(`${studio.vault} away`, studio.vault)
    assert.equal((await scrub(62)).slice?.looked, 3)
  })

  it('what cannot be read makes room for the others until the next day', async () => {
    const file = studio.copy(studio.ssd, 'Trip', 'IMG_1.CR3')
    fs.rmSync(file)
    fs.mkdirSync(file)
    assert.equal((await scrub(61)).slice?.findings.length, 1)
    assert.equal((await scrub(61)).slice, undefined)
    assert.equal((await scrub(63)).slice?.findings.length, 1)
  })
})

function oldestProof(journal: Journal): number {
  return Number(journal.get('SELECT min(proven_ms) AS oldest FROM copies')?.['oldest'])
}

function volumesOf(): EngineDeps['volumes'] {
  return {
    describe: (file) =>
      Promise.resolve({
        mountPoint: file,
        fileSystem: 'ext4',
        devices: [`serial ${file}`],
        medium: 'internal',
        isReadOnly: false,
      }),
    room: () => ({ freeBytes: 1e12, totalBytes: 1e12 }),
  }
}
