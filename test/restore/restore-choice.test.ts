// What a restore chooses: the contents of a day and the catalog backup that belongs to it, the best pictures first, and the folder where the
// originals are expected now.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { systemVolumes, type Volumes } from '../../helper/files/volumes.js'
import { Journal } from '../../helper/journal/journal.js'
import { saveCatalog } from '../../helper/journal/wanted.js'
import { catalogsOfDate } from '../../helper/restore/catalog-of-date.js'
import { durationInWords } from '../../helper/restore/pace.js'
import { makeCatalog } from '../support/catalog.js'
import { contentsOf, Studio } from './support.js'

const DAY_MS = 24 * 3600_000
const MONDAY = Date.UTC(2026, 10, 23, 12)

describe('what a restore chooses', () => {
  let studio: Studio
  let shoot: string
  beforeEach(() => {
    studio = new Studio()
    shoot = path.join(studio.pictures, 'Wedding')
    studio.make(shoot, { 'IMG_1.CR3': 3000, 'IMG_1.xmp': 'monday', 'IMG_2.CR3': 2000, 'IMG_3.CR3': 1000 })
  })
  afterEach(() => studio.remove())

  const backUp = (atMs: number) =>
    studio.call('backup/run', { paths: [shoot], to: [studio.ssd, studio.vault] }, { clock: () => atMs })
  const lost = () => fs.rmSync(shoot, { recursive: true })

  it('knows the contents of a day again after a rebuild, however often they were proven since', async () => {
    await backUp(MONDAY)
    const monday = contentsOf(shoot)
    fs.writeFileSync(path.join(shoot, 'IMG_1.xmp'), 'wednesday')
    await backUp(MONDAY + 2 * DAY_MS)
    await studio.call('verify/run', { shoots: [] }, { clock: () => MONDAY + 9 * DAY_MS })
    fs.rmSync(studio.home, { recursive: true })
    const later = { clock: () => MONDAY + 20 * DAY_MS }
    await studio.call('rebuild/run', { from: studio.vault }, later)
    const asOf = new Date(MONDAY + DAY_MS).toISOString()
    const then = await studio.restore({ all: true, asOf, to: studio.at('Then') }, later)
    assert.equal(then.exitCode, 0, then.summary)
    assert.deepEqual(contentsOf(studio.at('Then', 'Wedding')), monday)
    const before = await studio.restore(
      { all: true, asOf: new Date(MONDAY - DAY_MS).toISOString(), to: studio.at('Before') },
      later,
    )
    assert.deepEqual(before.restored, [])
    // A second place knows no later day than the first.
    await studio.call('rebuild/run', { from: studio.ssd }, later)
    const again = await studio.restore({ all: true, asOf, to: studio.at('Again') }, later)
    assert.equal(again.exitCode, 0, again.summary)
    assert.deepEqual(contentsOf(studio.at('Again', 'Wedding')), monday)
  })

  it('names the catalog backup that belongs to the day: the newest good one by then, never a later or a bad one', () => {
    const row = (stamp: string, takenMs: number, verdict: 'good' | 'suspect' | 'bad', name = 'Main') => ({
      ...{ placeId: 'vault', name, stamp, catalog: `/${name}.lrcat`, takenMs, verdict },
      ...{ reasons: [], counts: {}, hash: '', state: '' },
    })
    const rows = [
      row('a', 1, 'good'),
      row('b', 2, 'good'),
      row('c', 3, 'suspect'),
      row('d', 9, 'good'),
      row('e', 2, 'bad', 'Broken'),
      row('f', 2, 'suspect', 'Odd'),
    ]
    assert.deepEqual(
      catalogsOfDate(rows, 5, () => 'Vault').map(({ name, backup, place }) => `${name} ${backup} ${place}`),
      ['Main b Vault', 'Odd f Vault'],
    )
    assert.deepEqual(
      catalogsOfDate(rows, 0, () => 'Vault'),
      [],
    )
  })

  describe('with a catalog that is backed up', () => {
    let catalog: string
    beforeEach(async () => {
      catalog = studio.at('Lightroom', 'Main.lrcat')
      fs.mkdirSync(path.dirname(catalog))
      makeCatalog(catalog, {
        roots: {
          [`${studio.pictures}/`]: {
            'Wedding/': [
              { name: 'IMG_1.CR3', rating: 2 },
              { name: 'IMG_2.CR3', pick: -1, rating: 5 },
              { name: 'IMG_3.CR3', pick: 1 },
            ],
          },
        },
      })
      fs.mkdirSync(studio.home, { recursive: true, mode: 0o700 })
      fs.writeFileSync(path.join(studio.home, 'config.json'), JSON.stringify({ format: 1, catalogSettleSeconds: 0.05 }))
      await backUp(MONDAY)
      await studio.call('catalog/backup', { catalog })
    })

    it('brings what is flagged or starred back first, with its sidecars, and then everything else', async () => {
      const before = contentsOf(shoot)
      lost()
      const plan = await studio.call('restore/plan', { all: true, first: 'picks' })
      assert.equal(plan.picks, 3)
      assert.match(plan.summary, /3 files with a flag or stars in the catalog would come first/)
      assert.ok((plan.seconds ?? 0) >= 1)
      const done = await studio.restore({ all: true, first: 'picks' })
      assert.equal(done.exitCode, 0, done.summary)
      assert.deepEqual(contentsOf(shoot), before)
      const names = done.restored.map((file) => path.basename(file))
      assert.deepEqual([...names.slice(0, 3)].sort(), ['IMG_1.CR3', 'IMG_1.xmp', 'IMG_3.CR3'])
      assert.equal(names[3], 'IMG_2.CR3')
      assert.equal(done.filesThere, 0, 'nothing is read twice')
    })

    it('names it with --as-of, with the command that brings it back', async () => {
      const to = studio.at('Then')
      const asOf = new Date(Date.now() + DAY_MS).toISOString()
      const answer = await studio.restore({ all: true, asOf, to })
      const [its] = answer.catalogs ?? []
      assert.deepEqual([its?.name, its?.judgement], ['Main', 'good'])
      assert.match(answer.summary, /safelight catalog restore "Main" --as-of .* --to DIR/)
      const early = await studio.restore({ all: true, asOf: '2001-01-01', to })
      assert.deepEqual(early.catalogs, [])
      assert.deepEqual((await studio.restore({ all: true, to: studio.at('Now') })).catalogs, [])
    })
  })

  describe('when the originals are expected elsewhere', () => {
    /** Every folder directly below the studio is a disk of its own; a number in its name is its mount, not its identity. */
    const disks: Volumes = {
      ...systemVolumes(),
      describe: (file) => {
        const named = path.relative(studio.root, file).split(path.sep)[0] ?? ''
        const disk = fs.existsSync(path.join(studio.root, named)) ? named : ''
        return Promise.resolve({
          mountPoint: path.join(studio.root, disk),
          volumeId: disk.replace(/ \d$/, ''),
          fileSystem: 'ext4',
          devices: [disk.replace(/ \d$/, '')],
          medium: 'removable',
          isReadOnly: false,
        })
      },
    }
    const told = (...roots: string[]) => {
      const journal = Journal.open(studio.home)
      saveCatalog(journal, { path: studio.at('Main.lrcat'), cursor: 0, roots }, MONDAY)
      journal.close()
    }
    let before: Record<string, string>
    let raid: string
    beforeEach(async () => {
      raid = studio.at('Raid 1', 'Pictures')
      studio.make(path.join(raid, 'Wedding'), { 'IMG_1.CR3': 3000, 'IMG_1.xmp': 'x' })
      before = contentsOf(raid)
      const params = { paths: [raid], to: [studio.ssd, studio.vault] }
      await studio.call('backup/run', params, { volumes: disks })
    })

    it('goes to the same disk under its new letter, says so before it starts, and remembers it', async () => {
      fs.rmSync(path.dirname(raid), { recursive: true })
      const now = studio.at('Raid 2', 'Pictures')
      fs.mkdirSync(path.dirname(now))
      told(`${now}/`)
      const plan = await studio.call('restore/plan', { all: true }, { volumes: disks })
      assert.deepEqual(
        plan.mapped?.map(({ was, now: to }) => [was, to]),
        [[raid, now]],
      )
      assert.ok(plan.summary.includes(`What was in ${raid} goes to ${now}`))
      assert.ok(!fs.existsSync(now), 'a plan writes nothing')
      const done = await studio.restore({ all: true }, { volumes: disks })
      assert.equal(done.exitCode, 0, done.summary)
      assert.deepEqual(contentsOf(now), before)
      assert.ok(!fs.existsSync(raid))
      const again = await studio.restore({ all: true }, { volumes: disks })
      assert.deepEqual([again.restored, again.mapped, again.filesThere], [[], [], 2])
    })

    it('goes to the root folder that Lightroom found again on another disk', async () => {
      fs.rmSync(path.dirname(raid), { recursive: true })
      const now = studio.at('Other', 'Pictures')
      fs.mkdirSync(now, { recursive: true })
      told(`${now}/`)
      const done = await studio.restore({ all: true }, { volumes: disks })
      assert.equal(done.exitCode, 0, done.summary)
      assert.match(done.summary, /the Lightroom catalog has this root folder there now/)
      assert.deepEqual(contentsOf(now), before)
    })

    it('never guesses between two folders of that name, nor takes one that Lightroom does not name', async () => {
      fs.rmSync(path.dirname(raid), { recursive: true })
      const two = ['Other', 'Third'].map((disk) => studio.at(disk, 'Pictures'))
      for (const folder of two) fs.mkdirSync(folder, { recursive: true })
      for (const roots of [two, []]) {
        told(...roots)
        await assert.rejects(studio.restore({ all: true }, { volumes: disks }), { code: 'VOLUME_REPLACED' })
      }
      for (const folder of two) assert.deepEqual(fs.readdirSync(folder), [])
    })
  })

  it('says a duration as people do', () => {
    assert.deepEqual([0, 1, 45, 150, 8000, 90_000, 300_000].map(durationInWords), [
      'about 1 second',
      'about 1 second',
      'about 45 seconds',
      'about 3 minutes',
      'about 2 hours',
      'about 25 hours',
      'about 3 days',
    ])
  })
})
