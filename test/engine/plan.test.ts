import assert from 'node:assert/strict'
import { conditionAtPlace, conditionOfSource, planShoot, roomNeeded } from '../../helper/engine/plan.js'
import { takeBatch } from '../../helper/engine/batches.js'
import type { Job } from '../../helper/engine/jobs.js'
import type { CopyRow, FileRow } from '../../helper/journal/files.js'
import type { CopyState, FileStat } from '../../helper/model.js'

const stat: FileStat = { sizeBytes: 10, mtimeMs: 1000, ctimeMs: 2000, inode: 1, device: 1 }

function copyOf(state: CopyState, placeId = 'drive'): CopyRow {
  return { versionId: 1, placeId, state, path: 'a', sizeBytes: 10, mtimeMs: 1000 }
}

function fileOf(copies: readonly CopyRow[], more: Partial<FileRow> = {}): FileRow {
  return {
    id: 1,
    name: 'a',
    version: { id: 1, hash: 'h', sizeBytes: 10, mtimeMs: 1000 },
    sizeBytes: 10,
    mtimeMs: 1000,
    ctimeMs: 2000,
    copies: new Map(copies.map((copy) => [copy.placeId, copy])),
    oldCopies: [],
    ...more,
  }
}

describe('what a backup has to do', () => {
  it('tells an original by its size and dates', () => {
    const known = fileOf([])
    assert.equal(conditionOfSource(stat, undefined), 'new')
    assert.equal(conditionOfSource(stat, known), 'same')
    assert.equal(conditionOfSource({ ...stat, sizeBytes: 11 }, known), 'changed')
    assert.equal(conditionOfSource({ ...stat, mtimeMs: 1001 }, known), 'changed')
    assert.equal(conditionOfSource({ ...stat, ctimeMs: 2001 }, known), 'touched')
    const { ctimeMs, ...rebuilt } = known
    assert.equal(ctimeMs, stat.ctimeMs)
    assert.equal(conditionOfSource(stat, rebuilt), 'touched')
    assert.equal(conditionOfSource(stat, fileOf([copyOf('damaged', 'working')])), 'touched')
  })

  it('tells a copy by its state and by what lies there', () => {
    const rows: readonly [CopyState | undefined, FileStat | undefined, string][] = [
      [undefined, undefined, 'absent'],
      [undefined, stat, 'foreign'],
      ['planned', undefined, 'absent'],
      ['planned', stat, 'foreign'],
      ['verified', undefined, 'lost'],
      ['verified', stat, 'good'],
      ['written', stat, 'unproven'],
      ['damaged', stat, 'altered'],
      ['missing', stat, 'altered'],
      ['verified', { ...stat, sizeBytes: 9 }, 'altered'],
      ['written', { ...stat, mtimeMs: 1 }, 'altered'],
    ]
    for (const [state, found, condition] of rows)
      assert.equal(
        conditionAtPlace('drive', fileOf(state ? [copyOf(state)] : []), found),
        condition,
        `${state} ${found?.sizeBytes}`,
      )
  })

  it('is done only where the original is the same and every place is good', () => {
    const scanned = [{ name: 'a', ...stat }]
    const at = (found: FileStat | undefined): Map<string, Map<string, FileStat>> =>
      new Map([['drive', new Map(found ? [['a', found]] : [])]])
    const isDone = (known: FileRow | undefined, found?: FileStat): boolean | undefined =>
      planShoot({ scanned, known: new Map(known ? [['a', known]] : []), atPlaces: at(found) }).files[0]?.isDone
    assert.equal(isDone(fileOf([copyOf('verified')]), stat), true)
    assert.equal(isDone(fileOf([copyOf('written')]), stat), false)
    assert.equal(isDone(fileOf([copyOf('verified')])), false)
    assert.equal(isDone(fileOf([copyOf('verified')], { goneMs: 5 }), stat), false)
    assert.equal(isDone(undefined), false)
  })

  it('needs room for what is sent, and none when nothing is', () => {
    const plans = (known: FileRow[]): ReturnType<typeof planShoot>['files'] =>
      planShoot({
        scanned: [{ name: 'a', ...stat }],
        known: new Map(known.map((each) => ['a', each])),
        atPlaces: new Map([['drive', new Map([['a', stat]])]]),
      }).files
    assert.equal(roomNeeded(plans([fileOf([copyOf('verified')])]), 'drive'), 0)
    const empty = planShoot({
      scanned: [{ name: 'a', ...stat }],
      known: new Map(),
      atPlaces: new Map([['drive', new Map()]]),
    }).files
    assert.ok(roomNeeded(empty, 'drive') > 10)
  })

  it('gives a large file to one worker, and shares small ones out', () => {
    const job = (sizeBytes: number): { job: Job } => ({ job: { kind: 'hash', file: '', sizeBytes, fromDevice: false } })
    const sizes = (batch: readonly { job: Job }[]): number[] =>
      batch.map((each) => (each.job.kind === 'hash' ? each.job.sizeBytes : -1))
    const queue = [job(5_000_000), job(1), job(2), job(3), job(4), job(5_000_000)]
    assert.deepEqual(sizes(takeBatch(queue, 2)), [5_000_000])
    assert.deepEqual(sizes(takeBatch(queue, 2)), [1, 2, 3])
    assert.deepEqual(sizes(takeBatch(queue, 2)), [4])
    assert.deepEqual(sizes(takeBatch(queue, 2)), [5_000_000])
    assert.deepEqual(takeBatch([], 2), [])
    assert.ok(
      takeBatch(
        Array.from({ length: 5000 }, () => job(1)),
        2,
      ).length <= 256,
    )
    assert.ok(
      takeBatch(
        Array.from({ length: 200 }, () => job(1_000_000)),
        1,
      ).length <= 33,
    )
  })
})
