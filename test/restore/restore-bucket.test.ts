// Back from off-site: when drives are away, damaged or slow the bucket serves; with nothing but credentials an empty computer gets everything
// back; and what one place has lost is made good from another, in both directions. Long, because its cases share one studio and its bucket.
import assert from 'node:assert/strict'
import crypto from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { chooseHashEngine, hashBytes } from '../../helper/files/hash.js'
import { systemVolumes } from '../../helper/files/volumes.js'
import { generateAgeKey, spoolEncrypted } from '../../helper/offsite/encryption.js'
import type { OpenBucket } from '../../helper/restore/bucket.js'
import { Fetcher, type Fetched } from '../../helper/restore/fetch.js'
import { studioWithBucket, type Studio } from '../offsite/support.js'
import { makeCatalog } from '../support/catalog.js'
import { startDouble, type S3Double } from '../support/s3/double.js'
import { bytesOf, makeBucket, MIB, openTestStore, readAll } from '../support/s3/fixture.js'
import { checkManifests } from '../support/shoots.js'
import { contentsOf, rot } from './support.js'

const SHOOT = {
  Wedding: {
    'IMG_1.CR3': 70_000,
    'IMG_1.xmp': 'rating 1',
    'empty.txt': '',
    Party: { 'IMG_2.CR3': 3 * MIB, 'Été 🎞.jpg': 400 },
  },
}

describe('restore from a bucket', () => {
  let double: S3Double
  let room: Studio
  let bucket: string
  let shoot: string
  let asShot: Record<string, string>

  before(async () => {
    double = await startDouble('aws')
  })
  after(() => double.close())
  beforeEach(async () => {
    ;({ room, bucket } = await studioWithBucket(double.url, SHOOT, { lock: false }))
    shoot = path.join(room.originals, 'Wedding')
    await mustBackUp()
    asShot = contentsOf(room.originals)
  })
  afterEach(() => room.remove())

  async function mustBackUp(): Promise<void> {
    const result = await room.call('backup/run', { paths: [room.originals], to: [] })
    assert.equal(result.exitCode, 0, result.summary)
  }
  const onDrive = (name: string) => path.join(room.drive, 'Safelight', 'Photos', 'Pictures', 'Wedding', name)
  const reads = () => double.requests.filter(({ operation }) => operation === 'GetObject').map(({ key }) => key)
  const photosRead = () => reads().filter((key) => /\.(CR3|jpg|xmp|txt)$/.test(key))
  const keyOf = (name: string) => {
    const its = double.requests.filter(({ key }) => key.endsWith(`/Photos/Pictures/Wedding/${name}`))
    const { key } = its.at(-1) ?? {}
    assert.ok(key)
    return key
  }

  it('reads the drive first, and the bucket only for what the drive has not, or not good', async () => {
    fs.rmSync(room.originals, { recursive: true })
    rot(onDrive('IMG_1.CR3'))
    fs.rmSync(onDrive('Party/IMG_2.CR3'))
    double.requests.length = 0
    const answer = await room.call('restore/run', { all: true })
    assert.equal(answer.exitCode, 0, answer.summary)
    assert.deepEqual(contentsOf(room.originals), asShot)
    assert.deepEqual(
      photosRead()
        .map((key) => path.posix.basename(key))
        .sort(),
      ['IMG_1.CR3', 'IMG_2.CR3'],
    )
    assert.deepEqual(answer.from.map(({ place }) => place).sort(), ['Cloud', 'drive'])
    assert.ok(!fs.existsSync(path.join(room.home, 'fetched')), 'nothing that was fetched stays in the home')
  })

  it('restores everything from the bucket alone, and shows before what that takes', async () => {
    fs.rmSync(room.originals, { recursive: true })
    fs.renameSync(room.drive, `${room.drive} on the shelf`)
    const plan = await room.call('restore/plan', { all: true })
    assert.deepEqual(plan.from, [{ place: 'Cloud', files: 5 }])
    const answer = await room.call('restore/run', { all: true })
    assert.equal(answer.exitCode, 0, answer.summary)
    assert.deepEqual(contentsOf(room.originals), asShot)
  })

  it('gives every file back to an empty computer that has only the credentials, dates and earlier contents included', async () => {
    const asOf = new Date().toISOString()
    fs.writeFileSync(path.join(shoot, 'IMG_1.xmp'), 'rating 5')
    await mustBackUp()
    const now = contentsOf(room.originals)
    for (const folder of [room.home, room.originals, room.drive]) fs.rmSync(folder, { recursive: true })
    for (const from of [`s3://${bucket}/backup`, `s3://${bucket}`]) {
      fs.rmSync(room.home, { recursive: true, force: true })
      const request = room.call('rebuild/run', { from, bucket: { endpoint: double.url } })
      if (from === `s3://${bucket}`) {
        await assert.rejects(request, { code: 'COPY_MISSING' })
        continue
      }
      const rebuilt = await request
      assert.deepEqual([rebuilt.exitCode, rebuilt.files, rebuilt.versions], [0, 5, 1], rebuilt.summary)
      double.requests.length = 0
      const to = path.join(room.root, 'New')
      const answer = await room.call('restore/run', { all: true, to })
      assert.equal(answer.exitCode, 0, answer.summary)
      assert.deepEqual(contentsOf(path.join(to, 'Pictures')), now)
      const then = path.join(room.root, 'Then')
      const old = await room.call('restore/run', { all: true, to: then, asOf })
      assert.equal(old.exitCode, 0, old.summary)
      assert.deepEqual(contentsOf(path.join(then, 'Pictures')), asShot)
      // Everything is known again: nothing is sent a second time.
      const again = await room.call('restore/run', { all: true })
      assert.equal(again.exitCode, 0, again.summary)
      double.requests.length = 0
      await mustBackUp()
      const sent = double.requests.filter(
        ({ operation, key }) => operation === 'PutObject' && /Photos.*(CR3|jpg)/.test(key),
      )
      assert.deepEqual(
        sent.map(({ key }) => key),
        [],
      )
    }
  })

  it('gives an empty computer its catalog back from the bucket too', async () => {
    const catalog = path.join(room.root, 'Lightroom', 'Main.lrcat')
    fs.mkdirSync(path.dirname(catalog))
    makeCatalog(catalog, { roots: { [`${room.originals}/`]: { 'Wedding/': [{ name: 'IMG_1.CR3', rating: 3 }] } } })
    const bytes = fs.readFileSync(catalog)
    const made = await room.call('catalog/backup', { catalog })
    assert.equal(made.exitCode, 0, made.summary)
    await mustBackUp()
    for (const folder of [room.home, room.drive]) fs.rmSync(folder, { recursive: true })
    await room.call('rebuild/run', { from: `s3://${bucket}/backup`, bucket: { endpoint: double.url } })
    const { catalogs } = await room.call('catalog/list', {})
    assert.deepEqual(
      catalogs.map(({ name, backups }) => [name, backups.length, backups[0]?.place]),
      [['Main', 1, 'Cloud']],
    )
    const to = path.join(room.root, 'Catalog again')
    const answer = await room.call('catalog/restore', { name: 'Main', to })
    assert.deepEqual([answer.exitCode, answer.place], [0, 'Cloud'], answer.summary)
    assert.deepEqual(fs.readFileSync(path.join(to, 'Main.lrcat')), bytes)
    assert.deepEqual(
      fs.readdirSync(room.home).filter((name) => name.startsWith('fetched')),
      [],
    )
  })

  it('learns only a computer’s own tree, and says which there are when there are several', async () => {
    const store = openTestStore(double.url, bucket)
    const [mine = ''] = double.requests
      .filter(({ operation, key }) => operation === 'PutObject' && key.endsWith('/place.json'))
      .map(({ key }) => key)
      .slice(-1)
    const body = await readAll(store, mine)
    await store.put({ key: 'backup/another-1234/place.json', body, contentMd5: md5(body) })
    store.close()
    fs.rmSync(room.home, { recursive: true })
    const reach = { bucket: { endpoint: double.url } }
    await assert.rejects(room.call('rebuild/run', { from: `s3://${bucket}/backup`, ...reach }), { code: 'USAGE' })
    const own = await room.call('rebuild/run', { from: `s3://${bucket}/${path.posix.dirname(mine)}`, ...reach })
    assert.equal(own.files, 5, own.summary)
  })

  it('heals the drive from the bucket and the bucket from the drive', async () => {
    rot(onDrive('IMG_1.CR3'))
    await room.call('verify/run', { shoots: [] })
    fs.rmSync(room.originals, { recursive: true })
    const toDrive = await room.call('heal/run', { shoots: [] })
    assert.deepEqual(
      toDrive.copies.map(({ place, file, from }) => `${place} ${file} ${from}`),
      ['drive IMG_1.CR3 Cloud'],
    )
    assert.deepEqual(checkManifests(room.drive), [])
    // Somebody deletes one object and overwrites another.
    const store = openTestStore(double.url, bucket)
    const [gone, other] = [keyOf('IMG_1.xmp'), keyOf('Party/Été 🎞.jpg')]
    await store.delete(gone)
    const body = Buffer.from('not what was sent')
    await store.put({ key: other, body, contentMd5: md5(body) })
    fs.renameSync(room.drive, `${room.drive} away`)
    const to = path.join(room.root, 'Out')
    const some = await room.call('restore/run', { all: true, to })
    assert.equal(some.filesRestored, 3, some.summary)
    fs.renameSync(`${room.drive} away`, room.drive)
    const dry = await room.call('heal/run', { shoots: [], dryRun: true })
    assert.equal(dry.copies.length, 2)
    const toBucket = await room.call('heal/run', { shoots: [] })
    assert.deepEqual([toBucket.exitCode, toBucket.healed], [0, 2], toBucket.summary)
    assert.equal(String(await readAll(store, gone)), 'rating 1')
    assert.deepEqual(await readAll(store, other), fs.readFileSync(onDrive('Party/Été 🎞.jpg')))
    store.close()
  })

  it('sends earlier contents again that the bucket has lost, or has with other bytes', async () => {
    const moments: string[] = []
    for (const rating of [2, 3]) {
      moments.push(new Date().toISOString())
      fs.writeFileSync(path.join(shoot, 'IMG_1.xmp'), `rating ${rating}`)
      await mustBackUp()
    }
    const tree = await room.tree(double.url, bucket, 'backup')
    const earlier = [...tree.keys()].filter((key) => key.includes('/Versions/'))
    assert.equal(earlier.length, 2)
    const store = openTestStore(double.url, bucket)
    const [gone = '', other = ''] = earlier.map((key) => keyOf(key.slice('Photos/Pictures/Wedding/'.length)))
    await store.delete(gone)
    const body = Buffer.from('RATING 2')
    await store.put({ key: other, body, contentMd5: md5(body) })
    store.close()
    // Noticed by whoever wants them.
    for (const [index, asOf] of moments.entries()) {
      const to = path.join(room.root, `Then ${index}`)
      const answer = await room.call('restore/run', { all: true, to, asOf, from: 'Cloud' })
      assert.equal(answer.findings.length, 1, answer.summary)
    }
    const healed = await room.call('heal/run', { shoots: [] })
    assert.deepEqual([healed.exitCode, healed.healed], [0, 2], `${healed.summary} ${JSON.stringify(healed.findings)}`)
    assert.deepEqual(
      healed.copies.map(({ was }) => was),
      ['missing', 'damaged'],
    )
    const after = await room.tree(double.url, bucket, 'backup')
    for (const key of earlier) assert.deepEqual(after.get(key), tree.get(key), key)
    assert.match(String(after.get('Photos/Pictures/Wedding/safelight.b3')), /Versions\/.*\n.*Versions\//)
  })

  it('finds an earlier version of an object that somebody deleted or overwrote, where the bucket keeps versions', async () => {
    const versioned = await makeBucket(double.url, { lock: true })
    await room.call('place/add', {
      path: `s3://${versioned}/backup`,
      name: 'Versions',
      bucket: { endpoint: double.url },
    })
    await mustBackUp()
    const store = openTestStore(double.url, versioned)
    await store.delete(keyOf('IMG_1.CR3'))
    const body = Buffer.from('not what was sent')
    await store.put({ key: keyOf('Party/IMG_2.CR3'), body, contentMd5: md5(body) })
    store.close()
    fs.rmSync(room.originals, { recursive: true })
    const answer = await room.call('restore/run', { all: true, from: 'Versions' })
    assert.equal(answer.exitCode, 0, answer.summary)
    assert.deepEqual(contentsOf(room.originals), asShot)
  })

  it('says that the line to the bucket is the trouble, and not that photos are lost', async () => {
    fs.rmSync(room.originals, { recursive: true })
    fs.renameSync(room.drive, `${room.drive} away`)
    double.account = { status: 403, code: 'UserSuspended' }
    const answer = await room.call('restore/run', { all: true }).finally(() => (double.account = undefined))
    assert.equal(answer.exitCode, 20, answer.summary)
    assert.match(answer.findings[0]?.message ?? '', /Cloud: not in reach .*suspended/)
    assert.ok(answer.findings.every(({ kind }) => kind === 'away'))
    assert.ok(!fs.existsSync(path.join(shoot, 'IMG_1.CR3')))
    const again = await room.call('restore/run', { all: true })
    assert.equal(again.exitCode, 0, again.summary)
    assert.deepEqual(contentsOf(room.originals), asShot)
  })

  it('asks first before it gets files back from cold storage, with price and hours, and brings them when it is asked again after that', async () => {
    const cold = await makeBucket(double.url)
    await room.call('place/add', {
      path: `s3://${cold}/backup`,
      name: 'Ice',
      bucket: { endpoint: double.url, storageClass: 'DEEP_ARCHIVE' },
    })
    await mustBackUp()
    fs.rmSync(room.originals, { recursive: true })
    const params = { all: true, from: 'Ice' }
    const plan = await room.call('restore/plan', params)
    assert.deepEqual(
      [plan.cold?.files, plan.cold?.hours, plan.cold?.isRequested],
      [1, { cheapest: 48, usual: 12 }, false],
    )
    assert.match(plan.summary, /costs about \$\d+\.\d\d .* --thaw/)
    const asked = () => double.requests.filter(({ operation }) => operation === 'RestoreObject').length
    const first = await room.call('restore/run', params)
    assert.deepEqual([first.exitCode, first.filesRestored, asked()], [39, 4, 0], 'nothing is asked for without a yes')
    const second = await room.call('restore/run', { ...params, thaw: true })
    assert.deepEqual([second.exitCode, second.cold?.isRequested, asked()], [39, true, 1])
    assert.match(second.summary, /No helper is running .*safelight start.* or run the same command again then/)
    const third = await room.call('restore/run', params)
    assert.equal(third.exitCode, 39, 'it is not readable yet')
    double.clockOffsetMs = 2 * 3600_000
    const last = await room.call('restore/run', params)
    double.clockOffsetMs = 0
    assert.deepEqual([last.exitCode, last.filesRestored], [0, 1], last.summary)
    assert.deepEqual(contentsOf(room.originals), asShot)
  })

  describe('fetching', () => {
    const hashEngine = chooseHashEngine()
    const content = bytesOf(2 * MIB, 5)
    const hash = hashBytes(hashEngine, content)
    const signal = new AbortController().signal
    let source: OpenBucket
    let folder: string
    beforeEach(async () => {
      const store = openTestStore(double.url, bucket)
      source = {
        id: 'cloud',
        name: 'Cloud',
        store,
        space: { prefix: 'p', machineId: 'm' },
        isEncrypted: false,
        identities: [],
      }
      folder = path.join(room.root, 'fetched')
      await store.put({ key: 'p/m/big.CR3', body: content, contentMd5: md5(content) })
    })
    afterEach(() => source.store.close())
    const fetcher = (more: object = {}) =>
      new Fetcher({ folder, hash: hashEngine, volumes: systemVolumes(), clock: Date.now, ...more })
    const request = (more: object = {}) => ({
      ...{ bucket: source, path: 'big.CR3', hash, sizeBytes: content.length, mayGiveWay: false },
      ...more,
    })
    const bytesIn = (fetched: Fetched) => {
      if (fetched.kind !== 'fetched') throw new Error(JSON.stringify(fetched))
      return fs.readFileSync(fetched.file)
    }

    it('goes on where a killed one stopped, and begins anew when that was the beginning of something else', async () => {
      fs.mkdirSync(folder)
      for (const [start, range] of [
        [content.subarray(0, 1_500_000), 1_500_000],
        [Buffer.alloc(1_500_000, 7), 0],
      ] as const) {
        fs.rmSync(path.join(folder, hash), { force: true })
        fs.writeFileSync(path.join(folder, `${hash}.part`), start)
        let bytes = 0
        const fetched = await fetcher({ onBytes: (count: number) => (bytes += count) }).fetch(request(), signal)
        assert.deepEqual(bytesIn(fetched), content)
        assert.equal(bytes, range === 0 ? 597_152 + content.length : content.length - range)
      }
    })

    it('gives way when a store stalls while another place could serve, and waits for it when none could', async () => {
      double.faults.plan('GetObject', { kind: 'freeze' })
      const slow = await fetcher({ stallMs: 3000 }).fetch(request({ mayGiveWay: true }), signal)
      assert.equal(slow.kind, 'slow')
      const patient = await fetcher({ stallMs: 3000 }).fetch(request(), signal)
      assert.deepEqual(bytesIn(patient), content)
      double.faults.assertAllHit()
    })

    it('hands over nothing that does not hash to the reference', async () => {
      const other = { ...request(), hash: hashBytes(hashEngine, Buffer.from('another')) }
      assert.equal((await fetcher().fetch(other, signal)).kind, 'damaged')
      assert.equal((await fetcher().fetch(request({ path: 'none.CR3' }), signal)).kind, 'missing')
      assert.equal((await fetcher().fetch(request({ path: '../m2/big.CR3' }), signal)).kind, 'missing')
      assert.deepEqual(fs.readdirSync(folder), [])
    })

    it('decrypts what is encrypted, with any of the keys, and says when none fits', async () => {
      const [mine, printed, foreign] = [await generateAgeKey(), await generateAgeKey(), await generateAgeKey()]
      const plain = path.join(room.root, 'plain')
      fs.writeFileSync(plain, content)
      const recipients = [mine.recipient, printed.recipient]
      const { file } = await spoolEncrypted(plain, hash, recipients, path.join(room.root, 'spool'))
      const body = fs.readFileSync(file)
      await source.store.put({ key: 'p/m/secret.CR3.age', body, contentMd5: md5(body) })
      const of = (identity: string) => ({ ...source, isEncrypted: true, identities: [identity] })
      const refused = await fetcher().fetch(request({ path: 'secret.CR3', bucket: of(foreign.identity) }), signal)
      assert.deepEqual([refused.kind, 'code' in refused && refused.code], ['unreadable', 'OFFSITE_DENIED'])
      const opened = await fetcher().fetch(request({ path: 'secret.CR3', bucket: of(printed.identity) }), signal)
      assert.deepEqual(bytesIn(opened), content)
    })
  })
})

function md5(body: Uint8Array): string {
  return crypto.createHash('md5').update(body).digest('base64')
}
