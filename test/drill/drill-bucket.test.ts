// A drill of what lies off-site, when the bucket is all that is left; and what the helper does by itself, month after month.
import assert from 'node:assert/strict'
import crypto from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { Daemon } from '../../helper/daemon.js'
import { lastDrill } from '../../helper/journal/drills.js'
import { studioWithBucket, type Studio } from '../offsite/support.js'
import { makeCatalog, makeCatalogData } from '../support/catalog.js'
import { foldersAsDisks } from '../support/daemon.js'
import { makeDng, makeFilm, makeJpeg } from '../support/pictures.js'
import { startDouble, type S3Double } from '../support/s3/double.js'
import { openTestStore, readAll } from '../support/s3/fixture.js'

const DAY_MS = 24 * 60 * 60 * 1000

describe('a drill of a bucket', function () {
  this.timeout(120_000)
  let double: S3Double
  let room: Studio
  let bucket: string

  before(async () => {
    double = await startDouble('aws')
  })
  after(() => double.close())
  beforeEach(async () => {
    ;({ room, bucket } = await studioWithBucket(double.url, { Iceland: {} }, { lock: false }))
    const shoot = path.join(room.originals, 'Iceland')
    fs.mkdirSync(shoot, { recursive: true })
    for (let n = 1; n <= 5; n++) fs.writeFileSync(path.join(shoot, `IMG_${n}.dng`), makeDng(n))
    fs.writeFileSync(path.join(shoot, 'IMG_6.JPG'), makeJpeg(6))
    fs.writeFileSync(path.join(shoot, 'MVI_7.MP4'), makeFilm(7))
    const catalog = path.join(room.root, 'Lightroom', 'Trips.lrcat')
    fs.mkdirSync(path.dirname(catalog))
    const photos = [1, 2, 3, 4, 5].map((n) => ({ name: `IMG_${n}.dng` }))
    makeCatalog(catalog, { roots: { [`${room.originals}/`]: { 'Iceland/': photos } } })
    makeCatalogData(catalog, { '000012.blob': 'a mask' })
    const kept = await room.call('catalog/backup', { catalog })
    assert.equal(kept.exitCode, 0, kept.summary)
    const result = await room.call('backup/run', { paths: [room.originals], to: [] })
    assert.equal(result.exitCode, 0, result.summary)
    // All that is left.
    fs.rmSync(room.drive, { recursive: true })
  })
  afterEach(() => room.remove())

  const keysLike = (what: RegExp): string[] =>
    [...(double.state.buckets.get(bucket)?.objects.keys() ?? [])].filter((key) => what.test(key))

  it('fetches, compares and opens everything, the catalog with its data too, though no drive is there', async () => {
    const result = await room.call('drill/run', {})
    assert.deepEqual([result.findings, result.exitCode, result.place], [[], 0, 'Cloud'], result.summary)
    assert.deepEqual([result.files, result.identical], [7, 7])
    const { catalog, ...opened } = result.opened
    assert.deepEqual(opened, { raws: 5, pictures: 1, videos: 1, edits: 5 })
    assert.match(catalog ?? '', /^Trips /)
    for (const left of ['drill', 'fetched', 'fetched-catalog'])
      assert.ok(!fs.existsSync(path.join(room.home, left)), `${left} is gone`)
  })

  it('finds a planted flipped bit, a photo that is gone and a missing blob of the catalog', async () => {
    const store = openTestStore(double.url, bucket)
    const [bent = ''] = keysLike(/IMG_2\.dng$/)
    const body = Buffer.from(await readAll(store, bent))
    body[body.length >> 1]! ^= 1
    await store.put({ key: bent, body, contentMd5: crypto.createHash('md5').update(body).digest('base64') })
    for (const gone of [...keysLike(/MVI_7\.MP4$/), ...keysLike(/Catalogs\/Trips\/data\/000012\.blob/)])
      await store.delete(gone)
    store.close()
    const result = await room.call('drill/run', {})
    assert.deepEqual(result.findings.map(({ kind, file }) => `${kind} ${file}`).sort(), [
      'catalog ',
      'lost IMG_2.dng',
      'lost MVI_7.MP4',
    ])
    assert.equal(result.identical, 5)
    const said = (name: string): string => result.findings.find(({ file }) => file === name)?.message ?? ''
    assert.match(said('IMG_2.dng'), /Cloud: damaged/)
    assert.match(said('MVI_7.MP4'), /Cloud: missing/)
    assert.match(said(''), /000012\.blob/)
  })

  it('is held every month by the helper itself; without it the status turns amber after 31 days and red after 45', async () => {
    let nowMs = Date.now() + 2 * DAY_MS
    const { home, waiting } = room
    const volumes = foldersAsDisks(room.root)
    const daemon = await Daemon.open({ home, command: 'test', volumes, waiting, clock: () => nowMs })
    const faults: string[] = []
    try {
      const drilledAfter = async (beforeMs: number): Promise<boolean> => {
        const keeper = await daemon.startRehearsals(5, (error, what) => faults.push(`${what}: ${String(error)}`))
        try {
          for (let looks = 0; looks < 2000 && faults.length === 0; looks++) {
            if ((lastDrill(daemon.journal)?.atMs ?? 0) > beforeMs) return true
            await new Promise((resolve) => setTimeout(resolve, 10))
          }
          return false
        } finally {
          await keeper.close()
        }
      }
      assert.ok(await drilledAfter(0), `the first, a day after the first pictures ${faults.join()}`)
      const first = lastDrill(daemon.journal)
      assert.deepEqual([first?.ok, first?.report.place, first?.report.identical], [true, 'Cloud', 7])
      const firstMs = first?.atMs ?? 0
      const stateAfter = async (days: number) => {
        nowMs = firstMs + days * DAY_MS
        const context = { signal: new AbortController().signal, client: { kind: 'cli', version: 'test' } as const }
        const status = await daemon.handlers['status/get']?.({}, { ...context, progress: () => undefined })
        return status?.drill?.state
      }
      assert.deepEqual(
        [
          await stateAfter(29),
          await stateAfter(30.9),
          await stateAfter(31.1),
          await stateAfter(44.9),
          await stateAfter(45.1),
        ],
        ['fresh', 'fresh', 'overdue', 'overdue', 'red'],
      )
      nowMs = firstMs + 30.5 * DAY_MS
      assert.ok(await drilledAfter(firstMs), `the second, a month later ${faults.join()}`)
      assert.equal(await stateAfter(45.1), 'fresh')
      assert.deepEqual(faults, [])
    } finally {
      daemon.close()
    }
  })
})
