// Catalog backups over the months of a catalog that nobody opens: read again in time, so that they stay green; found out when they rot, and made
// anew; and the live one with them.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import type { Result } from '../../shared/methods.js'
import { listOwedCatalogs } from '../../helper/journal/catalog-backups.js'
import { listPlaces } from '../../helper/journal/places.js'
import { openPlace } from '../../helper/place/places.js'
import { systemFiles } from '../../helper/files/durable.js'
import { CatalogRoom } from '../../helper/upkeep/catalog-room.js'
import type { CatalogScrub } from '../../helper/upkeep/catalog-scrub.js'
import { rot, Studio } from '../restore/support.js'
import { makeCatalog, makeCatalogData } from '../support/catalog.js'
import { contentsOf } from '../support/catalog-world.js'
import { foldersAsDisks, withDaemon } from '../support/daemon.js'

const DAY_MS = 24 * 60 * 60 * 1000
const BLOB = '000012.blob'

describe('the scrub of catalog backups', function () {
  this.timeout(120_000)
  let studio: Studio
  let catalog: string
  let begunMs: number
  beforeEach(async () => {
    studio = new Studio()
    catalog = studio.at('Lightroom', 'Main.lrcat')
    fs.mkdirSync(path.dirname(catalog))
    studio.make(studio.pictures, { 'Walk/IMG_1.CR3': 4000 })
    makeCatalog(catalog, { roots: { [`${studio.pictures}/`]: { 'Walk/': [{ name: 'IMG_1.CR3' }] } } })
    makeCatalogData(catalog, { [BLOB]: 'mask'.repeat(50_000) })
    fs.mkdirSync(studio.home, { recursive: true, mode: 0o700 })
    fs.writeFileSync(path.join(studio.home, 'config.json'), JSON.stringify({ format: 1, catalogSettleSeconds: 0.05 }))
    await studio.backUp('Walk')
    begunMs = Date.now()
    await backUp(0)
    await withDaemon({ home: studio.home }, ({ journal }) => {
      journal.run("UPDATE places SET location = 'off-site', devices = '[\"serial of a vault\"]' WHERE name = 'Vault'")
      return Promise.resolve()
    })
  })
  afterEach(() => studio.remove())

  const at = (days: number) => ({ clock: () => begunMs + days * DAY_MS, volumes: foldersAsDisks(studio.root) })

  function backUp(days: number): Promise<Result<'catalog/backup'>> {
    return studio.call('catalog/backup', { catalog }, at(days))
  }

  async function health(days: number): Promise<Result<'status/get'>['catalogs'][number]> {
    const { catalogs } = await studio.call('status/get', {}, at(days))
    assert.ok(catalogs[0])
    return catalogs[0]
  }

  interface Scrubbed {
    readonly scrub: CatalogScrub | undefined
    readonly owed: number
  }

  function scrub(days: number, sliceBytes?: number, budgetMs = 60 * 60 * 1000): Promise<Scrubbed> {
    const options = at(days)
    return withDaemon({ home: studio.home, ...options }, async ({ journal }) => {
      const deps = { files: systemFiles, journal, userFolder: '/', ...options }
      const rows = listPlaces(journal).filter(({ path: root }) => fs.existsSync(path.join(root, 'Safelight')))
      const places = await Promise.all(rows.map((row) => openPlace(deps, row.path, { only: row })))
      const room = new CatalogRoom({
        journal,
        ...options,
        home: studio.home,
        settleMs: () => 50,
        openPlaces: () => Promise.resolve({ places, absent: [] }),
        fromBucket: () => Promise.resolve(undefined),
        onWanted: () => undefined,
        judgeChanged: () => Promise.resolve(new Map()),
        allowRoots: (roots) => roots,
        judge: () => 'not asked for here',
      })
      const request = { places, localDays: 90, budgetMs, ...(sliceBytes === undefined ? {} : { sliceBytes }) }
      const found = await room.scrub(request, new AbortController().signal)
      return { scrub: found, owed: listOwedCatalogs(journal).length }
    })
  }

  const storedIn = (drive: string) => path.join(drive, 'Safelight', 'Catalogs', 'Main')

  function stored(drive: string, name: string): string {
    const found = fs
      .readdirSync(storedIn(drive), { recursive: true, encoding: 'utf8' })
      .find((each) => path.basename(each).startsWith(name) && !each.includes('.damaged-'))
    assert.ok(found, name)
    return path.join(storedIn(drive), found)
  }

  it('keeps a catalog that nobody opens for a year as protected as it was, by reading it', async () => {
    assert.equal((await health(1)).verdict, 'protected')
    assert.deepEqual((await scrub(30)).scrub, { filesRead: 0, findings: [] }, 'nothing is due after a month')
    const before = contentsOf(studio.root)
    assert.notEqual((await health(100)).verdict, 'protected', 'and without reading it is not')
    for (let day = 61; day <= 365; day += 61) {
      assert.equal((await scrub(day)).scrub?.filesRead, 18, 'two drives and the live one, six files each')
      assert.equal((await health(day + 60)).verdict, 'protected')
    }
    for (const [file, content] of Object.entries(contentsOf(studio.root)))
      if (!file.startsWith('home')) assert.equal(content, before[file], `${file} is as it was`)
  })

  it('goes on where the slice or the budget of the day ended', async () => {
    assert.equal((await scrub(61, undefined, 0)).scrub, undefined)
    let [slices, files] = [0, 0]
    for (; files < 18; slices += 1) {
      const read = (await scrub(61, 1)).scrub?.filesRead ?? 0
      assert.ok(read === 1 || read === 2, 'at least one file that has bytes, and no more than fits')
      files += read
    }
    assert.ok(slices > 10, `${slices} slices`)
    assert.equal((await scrub(61, 1)).scrub?.filesRead, 0)
    assert.equal((await health(120)).verdict, 'protected')
  })

  it('a packed catalog that has rotted counts no longer, is kept beside, and the next backup is a whole one', async () => {
    const packed = stored(studio.vault, 'Main.lrcat.gz')
    rot(packed)
    const bytes = fs.readFileSync(packed)
    const { scrub: found, owed } = await scrub(61)
    assert.match(found?.findings.join() ?? '', /^Vault: Catalogs\/Main\/.*Main\.lrcat\.gz no longer reads/)
    assert.equal(owed, 1)
    assert.deepEqual(fs.readFileSync(`${packed}.damaged-1`), bytes)
    const bad = await health(61)
    assert.notEqual(bad.verdict, 'protected')
    const list = await studio.call('catalog/list', {}, at(61))
    const judged = list.catalogs[0]?.backups.map(({ place, judgement }) => `${place} ${judgement}`).sort()
    assert.deepEqual(judged, ['Studio SSD good', 'Vault bad'], 'a listing from the drive says the same')
    assert.deepEqual((await backUp(62)).places.map(({ place, state }) => `${place} ${state}`).sort(), [
      'Studio SSD unchanged',
      'Vault stored',
    ])
    assert.equal((await health(63)).verdict, 'protected')
    const back = studio.at('back')
    fs.rmSync(studio.ssd, { recursive: true })
    assert.equal((await studio.call('catalog/restore', { name: 'Main', to: back }, at(63))).exitCode, 0)
    assert.deepEqual(fs.readFileSync(path.join(back, 'Main.lrcat')), fs.readFileSync(catalog))
  })

  it('a blob that has rotted is stored anew from the live one, and every backup that lists it is whole again', async () => {
    const blob = stored(studio.vault, BLOB)
    rot(blob)
    assert.equal((await scrub(61)).owed, 1)
    assert.equal(fs.existsSync(blob), false)
    assert.equal((await backUp(62)).exitCode, 0)
    assert.deepEqual(fs.readFileSync(blob, 'utf8'), 'mask'.repeat(50_000))
    const { catalogs } = await studio.call('catalog/list', {}, at(62))
    assert.deepEqual([...new Set(catalogs[0]?.backups.map(({ judgement }) => judgement))], ['good'])
  })

  it('a live catalog that reads otherwise under the same size and date is said to, and nothing is done to it', async () => {
    const blob = path.join(catalog.replace('.lrcat', '.lrcat-data'), BLOB)
    rot(blob)
    const bytes = contentsOf(path.dirname(catalog))
    const { scrub: found } = await scrub(61)
    assert.deepEqual(found?.findings, [`${blob} no longer reads as it was when the backup was made`])
    const { verdict, missing, warnings } = await health(61)
    assert.notEqual(verdict, 'protected')
    assert.match(missing?.join() ?? '', /in the place of a damaged one/)
    assert.match(warnings?.join() ?? '', /000012\.blob no longer reads as it did at the last backup/)
    assert.deepEqual(contentsOf(path.dirname(catalog)), bytes)
    assert.equal((await scrub(61)).scrub?.findings.length, 0, 'not again on the same day')
    assert.equal((await scrub(63)).scrub?.findings.length, 1)
  })

  it('a live catalog that has changed is no witness, and its backup is read all the same', async () => {
    fs.appendFileSync(catalog, 'more')
    assert.equal((await scrub(61)).scrub?.filesRead, 12)
  })

  it('concludes nothing of a drive that went away', async () => {
    fs.renameSync(studio.vault, `${studio.vault} away`)
    assert.equal((await scrub(61)).scrub?.filesRead, 12)
    fs.renameSync(`${studio.vault} away`, studio.vault)
    assert.equal((await scrub(61)).scrub?.filesRead, 6)
  })
})
