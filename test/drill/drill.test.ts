// The rehearsed restore, with pictures and films made by code, a catalog made by code, and the things planted that it has to find.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { lastDrill } from '../../helper/journal/drills.js'
import { brokenContents } from '../../helper/journal/openings.js'
import { namesBelow } from '../support/shoots.js'
import { makeDng, makeFilm, makeJpeg } from '../support/pictures.js'
import { makeCatalog } from '../support/catalog.js'
import { rot, Studio } from '../restore/support.js'
import { withDaemon } from '../support/daemon.js'
import type { DrillResult, Params } from '../../shared/methods.js'

const SHOOT = 'Iceland'

class Rehearsal extends Studio {
  readonly originals = path.join(this.pictures, SHOOT)

  async prepare({ catalog = true } = {}): Promise<void> {
    fs.mkdirSync(this.originals, { recursive: true })
    fs.mkdirSync(this.home, { recursive: true, mode: 0o700 })
    fs.writeFileSync(path.join(this.home, 'config.json'), JSON.stringify({ format: 1, catalogSettleSeconds: 0.05 }))
    for (let n = 1; n <= 6; n++) fs.writeFileSync(path.join(this.originals, `IMG_000${n}.dng`), makeDng(n))
    fs.writeFileSync(path.join(this.originals, 'IMG_0007.JPG'), makeJpeg(7, { xmp: '<a/>' }))
    fs.writeFileSync(path.join(this.originals, 'MVI_0008.MP4'), makeFilm(8))
    fs.writeFileSync(path.join(this.originals, 'IMG_0001.xmp'), '<x:xmpmeta crs:Exposure2012="+0.5"/>')
    await this.backUp(SHOOT)
    if (catalog) await this.backUpCatalog()
  }

  async backUpCatalog(): Promise<void> {
    const file = path.join(this.root, 'Lightroom', 'Trips.lrcat')
    const photos = [1, 2, 3, 4, 5, 6].map((n) => ({ name: `IMG_000${n}.dng` }))
    fs.mkdirSync(path.dirname(file), { recursive: true })
    makeCatalog(file, { roots: { [`${this.pictures}/`]: { [`${SHOOT}/`]: photos } } })
    const data = file.replace(/\.lrcat$/, '.lrcat-data')
    fs.mkdirSync(data)
    fs.writeFileSync(path.join(data, 'CURRENT'), 'MANIFEST-000001\n')
    fs.writeFileSync(path.join(data, 'MANIFEST-000001'), 'manifest')
    fs.writeFileSync(path.join(data, '000012.blob'), Buffer.alloc(5000, 3))
    const result = await this.call('catalog/backup', { catalog: file })
    assert.equal(result.exitCode, 0, result.summary)
  }

  async drill(params: Params<'drill/run'> = {}): Promise<DrillResult> {
    const before = namesBelow(this.ssd).length + namesBelow(this.vault).length + namesBelow(this.pictures).length
    const result = await this.call('drill/run', params)
    assert.equal(result.ok, result.findings.length === 0)
    assert.equal(result.exitCode === 0, result.ok)
    assert.equal(fs.existsSync(path.join(this.home, 'drill')), false, 'nothing is left of it')
    const after = namesBelow(this.ssd).length + namesBelow(this.vault).length + namesBelow(this.pictures).length
    assert.equal(after, before, 'nothing was written anywhere else')
    return result
  }
}

function kindsOf({ findings }: DrillResult): string[] {
  return findings.map(({ kind, file }) => `${kind} ${file}`).sort()
}

describe('a drill', function () {
  this.timeout(120_000)
  let studio: Rehearsal
  beforeEach(() => {
    studio = new Rehearsal()
  })
  afterEach(() => studio.remove())

  it('restores a shoot, compares every byte, opens raws, a picture, a film and the catalog, and finds the edits', async () => {
    await studio.prepare()
    const result = await studio.drill()
    assert.deepEqual(kindsOf(result), [], result.summary)
    assert.deepEqual(
      [result.shoot, result.files, result.identical, result.opened.raws, result.opened.pictures, result.opened.videos],
      [SHOOT, 9, 9, 5, 1, 1],
    )
    assert.equal(result.opened.edits, 5)
    assert.match(result.opened.catalog ?? '', /^Trips \d{4}-\d{2}-\d{2} \d{4}/)
    assert.match(
      result.summary,
      /^The drill went well, errors: 0\. 9 of 9 files .* came back from "(Studio SSD|Vault)"/,
    )
    const status = await studio.call('status/get', {})
    assert.equal(status.drill?.state, 'fresh')
    await withDaemon({ home: studio.home }, ({ journal }) => {
      const kept = lastDrill(journal)
      assert.deepEqual([kept?.ok, kept?.report.identical, kept?.report.place], [true, 9, result.place])
      return Promise.resolve()
    })
  })

  it('finds the edits beside the pictures where no catalog is backed up, and says that none is', async () => {
    await studio.prepare({ catalog: false })
    const result = await studio.drill()
    assert.deepEqual([result.ok, result.opened.edits, result.opened.catalog], [true, 1, undefined])
    assert.ok(result.notTried.some((what) => what.startsWith('a catalog')))
  })

  it('finds a planted raw that nothing can open: it was already broken at import', async () => {
    fs.mkdirSync(path.join(studio.pictures, SHOOT), { recursive: true })
    fs.writeFileSync(path.join(studio.pictures, SHOOT, 'IMG_0000.CR3'), Buffer.alloc(40_000, 0x5a))
    await studio.prepare({ catalog: false })
    const result = await studio.drill()
    assert.deepEqual(kindsOf(result), ['broken IMG_0000.CR3'])
    assert.match(result.findings[0]?.message ?? '', /came back exactly as it was first read.*already broken at import/)
    assert.equal(result.identical, 10)
    await withDaemon({ home: studio.home }, ({ journal }) => {
      assert.deepEqual(
        brokenContents(journal).map(({ file }) => file),
        ['IMG_0000.CR3'],
      )
      return Promise.resolve()
    })
    const status = await studio.call('status/get', {})
    assert.equal(status.drill?.state, 'failed')
    const { files, list } = status.brokenAtImport ?? { files: 0, list: [] }
    assert.deepEqual([files, list.map(({ shoot, file }) => `${shoot}/${file}`)], [1, [`${SHOOT}/IMG_0000.CR3`]])
    assert.ok(status.notices?.some(({ kind }) => kind === 'broken-at-import'))
    assert.ok(!status.notProtected.some(({ missing }) => missing.join().includes('damaged')), 'the copies are good')
  })

  it('finds a planted raw that was cut short before it was imported', async () => {
    fs.mkdirSync(path.join(studio.pictures, SHOOT), { recursive: true })
    fs.writeFileSync(
      path.join(studio.pictures, SHOOT, 'IMG_0000.dng'),
      makeDng(3, { pictureFirst: false }).subarray(0, 3000),
    )
    await studio.prepare({ catalog: false })
    assert.deepEqual(kindsOf(await studio.drill()), ['broken IMG_0000.dng'])
  })

  it('finds a planted flipped bit', async () => {
    await studio.prepare({ catalog: false })
    rot(studio.copy(studio.ssd, SHOOT, 'IMG_0003.dng'))
    const result = await studio.drill({ place: 'Studio SSD' })
    assert.deepEqual(
      result.findings.map(({ file }) => file),
      ['IMG_0003.dng'],
    )
    assert.match(result.findings[0]?.message ?? '', /damaged/)
    assert.equal(result.identical, 8)
    assert.equal(result.exitCode, 11)
  })

  it('finds a copy that is gone', async () => {
    await studio.prepare({ catalog: false })
    fs.rmSync(studio.copy(studio.ssd, SHOOT, 'MVI_0008.MP4'))
    const result = await studio.drill({ place: 'Studio SSD' })
    assert.deepEqual(
      kindsOf(result).map((each) => each.split(' ')[1]),
      ['MVI_0008.MP4'],
    )
    assert.ok(!result.ok)
  })

  it('finds a planted missing blob of the catalog', async () => {
    await studio.prepare()
    const data = path.join(studio.ssd, 'Safelight', 'Catalogs', 'Trips', 'data')
    const blob = fs.readdirSync(data).find((name) => name.startsWith('000012'))
    assert.ok(blob)
    fs.rmSync(path.join(data, blob))
    const result = await studio.drill({ place: 'Studio SSD' })
    assert.deepEqual(kindsOf(result), ['catalog '])
    assert.match(result.findings[0]?.message ?? '', /000012\.blob/)
  })

  it('takes turns: the shoot and the place that were drilled longest ago come next, off-site first', async () => {
    await studio.prepare({ catalog: false })
    studio.make(path.join(studio.pictures, 'Wales'), { 'IMG_1.JPG': 'not really a picture' })
    await studio.backUp('Wales')
    await withDaemon({ home: studio.home }, ({ journal }) => {
      journal.run("UPDATE places SET location = 'off-site' WHERE name = 'Vault'")
      return Promise.resolve()
    })
    const first = await studio.drill()
    const second = await studio.drill()
    assert.deepEqual([first.place, second.place], ['Vault', 'Vault'])
    assert.notEqual(first.shoot, second.shoot)
  })

  it('says so when nothing is there to be drilled, and keeps no result', async () => {
    await assert.rejects(studio.drill(), { code: 'VOLUME_AWAY' })
    await studio.prepare({ catalog: false })
    await assert.rejects(studio.drill({ shoot: 'Nowhere' }), { code: 'SHOOT_UNKNOWN' })
    await assert.rejects(studio.drill({ place: 'Nowhere' }), { code: 'PLACE_UNKNOWN' })
    await withDaemon({ home: studio.home }, ({ journal }) => {
      assert.equal(lastDrill(journal), undefined)
      return Promise.resolve()
    })
  })
})
