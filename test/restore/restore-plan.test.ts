import assert from 'node:assert/strict'
import type { CopyRow } from '../../helper/journal/files.js'
import type { FileHistory } from '../../helper/journal/history.js'
import {
  addToTotals,
  besideName,
  chooseContent,
  chooseNames,
  endOfDay,
  isBeside,
  noTotals,
  planFiles,
  type Found,
  type Wanted,
} from '../../helper/restore/plan.js'

const copy = (placeId: string, state: CopyRow['state'] = 'verified', provenMs = 1): CopyRow => ({
  versionId: 1,
  placeId,
  state,
  path: 'IMG_1.CR3',
  sizeBytes: 10,
  mtimeMs: 5,
  provenMs,
})

const wanted = (copies: readonly CopyRow[], more: Partial<Wanted> = {}): Wanted => ({
  name: 'IMG_1.CR3',
  version: { id: 1, hash: 'h', sizeBytes: 10, mtimeMs: 5 },
  copies,
  isNewest: true,
  isAsked: true,
  ...more,
})

const places = new Map([
  ['ssd', { id: 'ssd', isHere: true, distance: 0 }],
  ['vault', { id: 'vault', isHere: true, distance: 0 }],
  ['nas', { id: 'nas', isHere: true, distance: 1 }],
  ['shelf', { id: 'shelf', isHere: false, distance: 0 }],
])

const file = (kind: Found['kind'], sizeBytes: number): ReadonlyMap<string, Found> =>
  new Map([['IMG_1.CR3', { kind, sizeBytes }]])

function onePlan(each: Wanted, found: ReadonlyMap<string, Found> = new Map()) {
  const [plan] = planFiles({ wanted: [each], places, found })
  assert.ok(plan)
  return plan
}

describe('the plan of a restore', () => {
  it('takes the nearest verified copy, then farther ones, and those called bad last of all', () => {
    const plan = onePlan(
      wanted([copy('nas'), copy('ssd', 'damaged'), copy('vault', 'written'), copy('shelf'), copy('working')]),
    )
    assert.deepEqual(
      plan.candidates.map((each) => each.placeId),
      ['nas', 'vault', 'ssd'],
    )
    assert.deepEqual(plan.away, ['shelf'])
    const near = onePlan(wanted([copy('nas', 'verified', 9), copy('ssd', 'verified', 1), copy('vault', 'verified', 2)]))
    assert.deepEqual(
      near.candidates.map((each) => each.placeId),
      ['vault', 'ssd', 'nas'],
    )
  })

  it('tells what lies under a name apart: nothing, perhaps the same, something else', () => {
    assert.equal(onePlan(wanted([])).condition, 'missing')
    assert.equal(onePlan(wanted([]), file('file', 10)).condition, 'to-compare')
    assert.equal(onePlan(wanted([]), file('file', 11)).condition, 'in-the-way')
    for (const kind of ['link', 'folder', 'other'] as const)
      assert.equal(onePlan(wanted([]), file(kind, 10)).condition, 'in-the-way')
    assert.equal(onePlan(wanted([], { isAsked: false }), file('file', 11)).condition, 'left-alone')
  })

  it('counts what would be fetched, from where, and what no connected place has', () => {
    const totals = noTotals()
    addToTotals(totals, [
      onePlan(wanted([copy('ssd')])),
      onePlan(wanted([copy('vault')]), file('file', 11)),
      onePlan(wanted([copy('ssd')]), file('file', 10)),
      onePlan(wanted([copy('shelf')])),
    ])
    assert.deepEqual(
      { ...totals, from: [...totals.from], bytesFrom: [...totals.bytesFrom] },
      {
        files: 4,
        bytes: 20,
        missing: 2,
        inTheWay: 1,
        toCompare: 1,
        outOfReach: 1,
        from: [
          ['ssd', 1],
          ['vault', 1],
        ],
        bytesFrom: [
          ['ssd', 10],
          ['vault', 10],
        ],
        bytesToCompare: 10,
      },
    )
  })

  it('brings along what belongs to a named photo, and nothing with a named sidecar', () => {
    const all = ['IMG_1.CR3', 'IMG_1.JPG', 'IMG_1.xmp', 'IMG_1.CR3.acr', 'IMG_10.CR3', 'IMG_2.xmp']
    assert.deepEqual(
      [...chooseNames(all, new Set(['IMG_1.CR3']))],
      [
        ['IMG_1.CR3', true],
        ['IMG_1.JPG', false],
        ['IMG_1.xmp', false],
        ['IMG_1.CR3.acr', false],
      ],
    )
    assert.deepEqual([...chooseNames(all, new Set(['IMG_1.xmp'])).keys()], ['IMG_1.xmp'])
    assert.equal(chooseNames(all, undefined).size, 6)
  })

  it('chooses the content that was the newest on a day', () => {
    const version = (id: number, firstSeenMs: number) => ({
      ...{ id, hash: `h${id}`, sizeBytes: id, mtimeMs: id },
      firstSeenMs,
      copies: [],
    })
    const history: FileHistory = {
      id: 1,
      name: 'IMG_1.xmp',
      newestId: 3,
      goneMs: undefined,
      movedMs: undefined,
      versions: [version(1, 100), version(2, 200), version(3, 300)],
    }
    const at = (ms?: number, of: FileHistory = history) => chooseContent(of, ms)?.version.id
    assert.deepEqual([at(99), at(100), at(250), at(300), at()], [undefined, 1, 2, 3, 3])
    assert.equal(chooseContent(history, 250)?.isNewest, false)
    // Edited and then put back: the newest is the first again.
    assert.deepEqual([at(undefined, { ...history, newestId: 1 }), at(400, { ...history, newestId: 1 })], [1, 1])
  })

  it('numbers the names beside, cuts those that would be too long, and knows them again', () => {
    assert.equal(besideName('IMG_1.CR3', 'restored', '2026-11-23', 1), 'IMG_1 (restored 2026-11-23).CR3')
    assert.equal(besideName('.hidden', 'restored', '2026-11-23', 2), '.hidden (restored 2026-11-23 2)')
    const long = `${'é'.repeat(125)}.CR3`
    const beside = besideName(long, 'restored', '2026-11-23', 12)
    assert.ok(Buffer.byteLength(beside) <= 255 && beside.endsWith(' (restored 2026-11-23 12).CR3'))
    assert.ok(isBeside(long, 'restored', beside))
    assert.ok(isBeside('IMG_1.CR3', 'restored', 'IMG_1 (restored 2025-01-02 3).CR3'))
    assert.ok(!isBeside('IMG_1.CR3', 'restored', 'IMG_2 (restored 2025-01-02).CR3'))
    assert.ok(!isBeside('IMG_1.CR3', 'restored', 'IMG_1.CR3'))
  })

  it('takes a day to its end, a timestamp as it is, and nothing else', () => {
    assert.equal(endOfDay('2026-11-23'), new Date(2026, 10, 24).getTime() - 1)
    assert.equal(endOfDay('2026-11-23T10:00:00Z'), Date.UTC(2026, 10, 23, 10))
    for (const wrong of ['2026-02-30', '2026-13-01', 'yesterday', '2026', '23.11.2026', '2026-11-23Tea'])
      assert.equal(endOfDay(wrong), undefined, wrong)
  })
})
