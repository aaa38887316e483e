// Catalog backups that nobody asks for: when they are owed, what keeps them from being made, and that they are made in the end.
import assert from 'node:assert/strict'
import { mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { SafelightError } from '../../helper/errors.js'
import { listOwedCatalogs, payCatalog, saveCatalogBackup } from '../../helper/journal/catalog-backups.js'
import { Journal } from '../../helper/journal/journal.js'
import { saveCatalog } from '../../helper/journal/wanted.js'
import { stateText } from '../../helper/catalog/known-backup.js'
import { CatalogKeeper } from '../../helper/upkeep/catalog-keeper.js'
import { scratch, type Scratch } from '../support/tree.js'

const START = Date.UTC(2026, 5, 1, 12)
/** So rarely that only what a test does makes the keeper look. */
const NEVER_MS = 2 ** 30

describe('the catalog keeper', () => {
  let here: Scratch
  let journal: Journal
  let catalog: string
  let nowMs: number
  let lightroom: readonly number[]
  let drives: { id: string; isHere: boolean }[]
  let backUps: string[]
  let refusal: SafelightError | undefined
  let keeper: CatalogKeeper | undefined
  beforeEach(() => {
    here = scratch()
    mkdirSync(here.home, { recursive: true, mode: 0o700 })
    journal = Journal.open(here.home)
    catalog = path.join(here.root, 'Wedding.lrcat')
    writeFileSync(catalog, 'as it was at the last backup')
    utimesSync(catalog, START / 1000, START / 1000)
    nowMs = START
    lightroom = []
    drives = [{ id: 'ssd', isHere: true }]
    backUps = []
    refusal = undefined
  })
  afterEach(async () => {
    await keeper?.close()
    journal.close()
    here.remove()
  })

  /** Its next look comes when `look` says so. */
  function start(): CatalogKeeper {
    keeper = new CatalogKeeper(
      {
        journal,
        clock: () => nowMs,
        findLightroom: () => Promise.resolve(lightroom),
        drives: () => drives,
        backUp: (file) => {
          if (refusal) return Promise.reject(refusal)
          backUps.push(file)
          for (const { id, isHere } of drives) if (isHere) payCatalog(journal, file, id, nowMs)
          return Promise.resolve()
        },
        onFault: (error) => assert.fail(String(error)),
      },
      { pollMs: NEVER_MS, retryMs: 60_000, lookMs: 900_000 },
    )
    return keeper
  }

  async function look(): Promise<void> {
    keeper?.start()
    await keeper?.idle()
  }

  const owed = () => listOwedCatalogs(journal).map(({ placeId, why }) => `${placeId}: ${why}`)

  it('a quit that was cancelled only postpones the backup: it is owed, says why, and is made when Lightroom has gone', async () => {
    lightroom = [1940]
    start().left(catalog)
    await look()
    assert.deepEqual(backUps, [])
    assert.match(owed().join(), /^ssd: Lightroom is open; the backup is made when it has quit$/)
    nowMs += 60 * 60_000
    await look()
    assert.deepEqual(backUps, [], 'an hour later it is still open')
    lightroom = []
    await look()
    assert.deepEqual([backUps, owed()], [[catalog], []])
  })

  it('a Lightroom that comes back while the backup is made postpones it too, without a wait', async () => {
    start()
    refusal = new SafelightError('CATALOG_IN_USE', { message: 'It came back.', remedy: 'Quit it.' })
    keeper?.left(catalog)
    await look()
    assert.match(owed().join(), /Lightroom is open/)
    refusal = undefined
    await look()
    assert.deepEqual(backUps, [catalog])
  })

  it('what failed is tried again after a while, and not at once', async () => {
    start()
    refusal = new SafelightError('VOLUME_FULL', { message: 'It is full.', remedy: 'Free some of it.' })
    keeper?.left(catalog)
    await look()
    refusal = undefined
    await look()
    assert.deepEqual(backUps, [])
    assert.match(owed().join(), /It is full/)
    nowMs += 60_000
    await look()
    assert.deepEqual(backUps, [catalog])
  })

  it('a catalog that changed while nobody was looking is owed a backup, one that did not is not', async () => {
    saveCatalog(journal, { path: catalog, cursor: 0, roots: [] }, nowMs)
    const known = { name: 'Wedding', stamp: '2026-06-01 1200', catalog, takenMs: START, verdict: 'good', hash: 'a' }
    const state = stateText([{ role: 'catalog', sizeBytes: 28, modifiedMs: START }])
    saveCatalogBackup(journal, { ...known, verdict: 'good', placeId: 'ssd', reasons: [], counts: {}, state })
    start()
    await look()
    assert.deepEqual([backUps, owed()], [[], []])
    utimesSync(catalog, START / 1000 + 60, START / 1000 + 60)
    nowMs += 900_000
    await look()
    assert.deepEqual(backUps, [catalog])
  })

  it('a drive that is away is owed its own, and gets it when it comes', async () => {
    drives = [
      { id: 'ssd', isHere: true },
      { id: 'vault', isHere: false },
    ]
    start().left(catalog)
    await look()
    assert.deepEqual([backUps.length, owed()], [1, ['vault: the drive for it is not connected']])
    drives = drives.map((drive) => ({ ...drive, isHere: true }))
    await look()
    assert.deepEqual([backUps.length, owed()], [2, []])
  })

  it('a catalog whose own drive is away is not owed anything for that', async () => {
    saveCatalog(journal, { path: catalog, cursor: 0, roots: [] }, nowMs)
    rmSync(catalog)
    start()
    await look()
    assert.deepEqual([backUps, owed()], [[], []])
  })
})
