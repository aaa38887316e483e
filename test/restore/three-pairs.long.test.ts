// The promise behind the word "protected": whichever two of the three places are destroyed, what is left gives everything back, byte for byte;
// and from the bucket also without Safelight, by the commands of its own page. Against a real S3 server.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { execa } from 'execa'
import { studio, type Studio } from '../offsite/support.js'
import { makeCatalog, makeCatalogData } from '../support/catalog.js'
import { commandsOf, unpackCatalog } from '../support/page.js'
import { startCephOrSkip, type Ceph } from '../support/s3/ceph.js'
import { collect, makeBucket, openTestStore } from '../support/s3/fixture.js'
import { hasB3sum, readTree, type Found } from '../support/shoots.js'

const SHOOTS = {
  Wedding: { 'IMG_1.CR3': 900_000, 'IMG_1.JPG': 60_000, 'IMG_1.xmp': 'rating 1', Party: { 'IMG_2.CR3': 17_000_000 } },
  'Été 🎞': { 'Pöst card.jpg': 5000, 'empty.txt': '' },
}

describe('a shoot that is called protected', () => {
  let ceph: Ceph
  let room: Studio
  let bucket: string
  let original: ReadonlyMap<string, Found>
  /** Where the live catalog lies, and all that belonged to it. */
  let lightroom: string
  let catalog: ReadonlyMap<string, Found>

  before(async function () {
    this.timeout(120_000)
    ceph = await startCephOrSkip(this)
  })
  after(async () => ceph.stop())
  beforeEach(async function () {
    this.timeout(120_000)
    room = studio(SHOOTS)
    bucket = await makeBucket(ceph.url)
    const reach = { endpoint: ceph.url }
    await room.call('place/add', { path: room.drive })
    await room.call('place/add', { path: `s3://${bucket}/backup`, name: 'Cloud', bucket: reach })
    lightroom = path.join(room.root, 'Lightroom')
    fs.mkdirSync(lightroom)
    const live = path.join(lightroom, 'Main.lrcat')
    makeCatalog(live, { roots: { [`${room.originals}/`]: { 'Wedding/': [{ name: 'IMG_1.CR3', rating: 3 }] } } })
    makeCatalogData(live, { '000012.blob': 'a mask', '000013.sst': 'a table' })
    catalog = readTree(lightroom)
    const kept = await room.call('catalog/backup', { catalog: live })
    assert.equal(kept.exitCode, 0, kept.summary)
    const result = await room.call('backup/run', { paths: [room.originals], to: [] })
    assert.equal(result.exitCode, 0, result.summary)
    const { shoots } = await room.call('shoots/list', {})
    assert.deepEqual(
      shoots.map(({ id, verdict }) => `${id}: ${verdict}`),
      ['Pictures/Wedding', 'Pictures/Wedding/Party', 'Pictures/Été 🎞'].map((id) => `${id}: protected`),
    )
    original = readTree(room.originals)
  })
  afterEach(() => room.remove())

  const emptyBucket = async (): Promise<void> => {
    const store = openTestStore(ceph.url, bucket)
    for (const { key } of await collect(store.list(''))) await store.delete(key)
    store.close()
  }
  const same = (folder: string): void => assert.deepEqual([...readTree(folder)], [...original])
  const hashes = (tree: ReadonlyMap<string, Found>) => [...tree].map(([name, { hash }]) => [name, hash])
  const catalogComesBack = async (place: string): Promise<void> => {
    const to = fs.mkdtempSync(path.join(room.root, 'catalog-'))
    const answer = await room.call('catalog/restore', { name: 'Main', to })
    assert.deepEqual([answer.exitCode, answer.place], [0, place], answer.summary)
    assert.deepEqual(hashes(readTree(to)), hashes(catalog))
  }

  it('comes back from the bucket when the originals and the drive are destroyed, also on a new computer', async function () {
    this.timeout(180_000)
    for (const folder of [room.originals, lightroom, room.drive]) fs.rmSync(folder, { recursive: true })
    const here = await room.call('restore/run', { all: true })
    assert.equal(here.exitCode, 0, here.summary)
    same(room.originals)
    await catalogComesBack('Cloud')
    for (const folder of [room.originals, room.home]) fs.rmSync(folder, { recursive: true })
    const rebuilt = await room.call('rebuild/run', { from: `s3://${bucket}/backup`, bucket: { endpoint: ceph.url } })
    assert.equal(rebuilt.exitCode, 0, rebuilt.summary)
    const to = path.join(room.root, 'New')
    const anew = await room.call('restore/run', { all: true, to })
    assert.equal(anew.exitCode, 0, anew.summary)
    same(path.join(to, 'Pictures'))
    await catalogComesBack('Cloud')
  })

  it('comes back from the drive when the originals and the bucket are destroyed', async function () {
    this.timeout(180_000)
    for (const folder of [room.originals, lightroom]) fs.rmSync(folder, { recursive: true })
    await emptyBucket()
    const answer = await room.call('restore/run', { all: true })
    assert.equal(answer.exitCode, 0, answer.summary)
    same(room.originals)
    await catalogComesBack('drive')
  })

  it('is whole in the originals when the drive and the bucket are destroyed, and fills a new drive from them', async function () {
    this.timeout(180_000)
    fs.rmSync(room.drive, { recursive: true })
    await emptyBucket()
    const answer = await room.call('restore/run', { all: true })
    assert.deepEqual([answer.exitCode, answer.filesThere], [0, original.size], answer.summary)
    same(room.originals)
    const fresh = path.join(room.root, 'fresh')
    fs.mkdirSync(fresh)
    const added = await room.call('place/add', { path: fresh, fill: true })
    assert.deepEqual([added.exitCode, added.filled?.files], [0, original.size], added.summary)
    assert.deepEqual([...readTree(lightroom)], [...catalog], 'the live catalog was not touched')
    const kept = await room.call('catalog/backup', { catalog: path.join(lightroom, 'Main.lrcat') })
    assert.equal(kept.exitCode, 0, kept.summary)
    for (const folder of [room.originals, lightroom]) fs.rmSync(folder, { recursive: true })
    await catalogComesBack('fresh')
    const again = await room.call('restore/run', { all: true })
    assert.equal(again.exitCode, 0, again.summary)
    same(room.originals)
  })

  it('comes out of the bucket without Safelight, by the commands of HOW-TO-RESTORE.txt', async function () {
    this.timeout(180_000)
    const hasRclone = (await execa('rclone', ['version'], { reject: false })).exitCode === 0
    if (!hasRclone || !hasB3sum) {
      process.stderr.write(
        '\n!!! NOT TESTED: the commands of HOW-TO-RESTORE.txt (Debian: apt-get install rclone b3sum)\n\n',
      )
      this.skip()
    }
    const page = String((await room.tree(ceph.url, bucket, 'backup')).get('HOW-TO-RESTORE.txt'))
    const out = path.join(room.root, 'out')
    const commands = (shoot: string): string[] => commandsOf(page, out, { '<shoot>': shoot, '<catalog>': 'Main' })
    const env = {
      RCLONE_CONFIG: path.join(room.root, 'rclone.conf'),
      RCLONE_CONFIG_OFFSITE_TYPE: 's3',
      RCLONE_CONFIG_OFFSITE_PROVIDER: 'Ceph',
      RCLONE_CONFIG_OFFSITE_ENDPOINT: ceph.url,
      RCLONE_CONFIG_OFFSITE_ACCESS_KEY_ID: process.env['AWS_ACCESS_KEY_ID'] ?? '',
      RCLONE_CONFIG_OFFSITE_SECRET_ACCESS_KEY: process.env['AWS_SECRET_ACCESS_KEY'] ?? '',
      PATH: process.env['PATH'] ?? '',
      HOME: room.root,
    }
    for (const shoot of ['Pictures/Wedding', 'Pictures/Été 🎞']) {
      const copy = commands(shoot).find((line) => line.startsWith('rclone copy'))
      const check = commands(shoot).find((line) => line.startsWith('b3sum'))
      assert.ok(copy && check, 'the page has the commands')
      // Nothing else of this computer's settings for S3.
      await execa('sh', ['-ec', copy], { env, extendEnv: false })
      const { stdout } = await execa('sh', ['-ec', check], { cwd: path.join(out, shoot) })
      assert.ok(
        stdout.split('\n').every((line) => line.endsWith(': OK')),
        stdout,
      )
    }
    const got = readTree(path.join(out, 'Pictures'))
    for (const [name, { hash, mtimeMs }] of original)
      assert.deepEqual([got.get(name)?.hash, got.get(name)?.mtimeMs], [hash, mtimeMs], `${name}, with its date`)
    const bring = commands('').find((line) => line.includes('/Catalogs/'))
    assert.ok(bring)
    await execa('sh', ['-ec', bring], { env, extendEnv: false })
    await unpackCatalog(page, out, out, 'Main')
    const found = readTree(out)
    for (const [name, { hash }] of catalog) assert.equal(found.get(name)?.hash, hash, name)
  })
})
