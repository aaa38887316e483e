import assert from 'node:assert/strict'
import type { CatalogFacts } from '../../helper/catalog/inspect.js'
import { judgeBackup, judgeDataFall, type JudgeInput } from '../../helper/catalog/judge.js'
import type { CatalogCounts } from '../../helper/catalog/reader.js'

const COUNTS: CatalogCounts = {
  files: 10_000,
  images: 10_200,
  virtualCopies: 200,
  developRows: 10_200,
  missingDevelopRows: 0,
  historySteps: 50_000,
  keywords: 300,
  collections: 40,
  imports: 120,
  roots: 2,
  folders: 300,
  faces: 900,
  bigDataRows: 0,
}

const FACTS: CatalogFacts = {
  sizeBytes: 4096 * 100,
  header: { isWalMode: true, pageSize: 4096, pages: 100 },
  quickCheck: [],
  missingTables: [],
  versions: { identity: 'A', writesXmp: false },
  counts: COUNTS,
}

describe('the verdict on a catalog backup', () => {
  it('a healthy one is good, with nothing to say', () => {
    assert.deepEqual(judgeBackup({ facts: FACTS, lastGood: { counts: COUNTS, identity: 'A' } }), {
      verdict: 'good',
      reasons: [],
    })
  })

  it('an evening’s culling is no sharp fall', () => {
    assert.equal(verdictAfter({ files: 9_500, images: 9_700, developRows: 9_700 }), 'good')
    assert.equal(verdictAfter({ collections: 38, keywords: 280, roots: 1 }), 'good')
  })

  for (const [name, after] of [
    ['files', { files: 7_900 }],
    ['develop settings', { developRows: 5_000 }],
    ['history steps', { historySteps: 100 }],
    ['keywords', { keywords: 20 }],
    ['collections', { collections: 3 }],
    ['all root folders', { roots: 0 }],
    ['all files', { files: 0, images: 0, developRows: 0 }],
  ] as const)
    it(`a sharp fall of ${name} makes it suspect`, () => {
      assert.equal(verdictAfter(after), 'suspect')
      assert.equal(verdictAfter(after, { isFallAccepted: true }), 'good')
    })

  it('the incident of 69,927 lost edits of 75,570 is bad without anything to compare with', () => {
    const counts = { ...COUNTS, images: 75_570, developRows: 5_643, missingDevelopRows: 69_927 }
    const { verdict, reasons } = judgeBackup({ facts: { ...FACTS, counts } })
    assert.equal(verdict, 'bad')
    assert.match(reasons[0]?.message ?? '', /69927 of 75570 photos have lost their develop settings/)
  })

  it('2 missing of 380,300, as healthy large catalogs have, change nothing', () => {
    const counts = { ...COUNTS, images: 380_300, missingDevelopRows: 2 }
    assert.equal(judgeBackup({ facts: { ...FACTS, counts } }).verdict, 'good')
  })

  it('another catalog under the same name is suspect', () => {
    const judged = judgeBackup({ facts: FACTS, lastGood: { counts: COUNTS, identity: 'B' } })
    assert.deepEqual(
      judged.reasons.map(({ code }) => code),
      ['another-catalog'],
    )
    assert.equal(judged.verdict, 'suspect')
  })

  it('what the check of SQLite says is repeated', () => {
    const judged = judgeBackup({
      facts: { ...FACTS, quickCheck: ['Tree 17 page 20: btreeInitPage() returns error code 11'] },
    })
    assert.equal(judged.verdict, 'bad')
    assert.match(judged.reasons[0]?.message ?? '', /Tree 17 page 20/)
  })

  it('a file that is longer than its catalog is noted, and no more', () => {
    const judged = judgeBackup({ facts: { ...FACTS, sizeBytes: FACTS.sizeBytes + 4096 } })
    assert.equal(judged.verdict, 'good')
    assert.equal(judged.reasons[0]?.code, 'longer-than-it-says')
  })

  it('.lrcat-data may shrink by housekeeping, and not by a third of gigabytes', () => {
    const lastGood = { counts: COUNTS, dataBytes: 10 * 1024 ** 3 }
    assert.equal(judgeDataFall(8 * 1024 ** 3, lastGood, false), undefined)
    assert.equal(judgeDataFall(6 * 1024 ** 3, lastGood, false)?.weight, 'suspect')
    assert.equal(judgeDataFall(6 * 1024 ** 3, lastGood, true)?.weight, 'note')
    assert.equal(judgeDataFall(0, { counts: COUNTS, dataBytes: 1024 }, false), undefined)
  })
})

function verdictAfter(change: Partial<CatalogCounts>, more: Partial<JudgeInput> = {}): string {
  const facts = { ...FACTS, counts: { ...COUNTS, ...change } }
  return judgeBackup({ facts, lastGood: { counts: COUNTS, identity: 'A' }, ...more }).verdict
}
