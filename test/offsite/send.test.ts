// From originals to a bucket that has confirmed them, through the daemon's own methods against the double: what is sent, what is not sent
// twice, in which order, and what the answer says of it.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { parseManifest } from '../../helper/manifest/manifest.js'
import { placeLine } from '../../helper/status/lines.js'
import { startDouble, type S3Double } from '../support/s3/double.js'
import { MIB, makeBucket } from '../support/s3/fixture.js'
import { hashOf, makeFile } from '../support/shoots.js'
import { addPlaces, below, offsiteOf, studio, type BucketWish, type Studio } from './support.js'

const SHOOT = { Wedding: { 'IMG_1.CR3': 70_000, 'IMG_1.xmp': 'rating 1', Party: { 'IMG_2.CR3': 17 * MIB } } }

describe('a backup with a bucket', () => {
  let double: S3Double
  let room: Studio
  let bucket: string

  before(async () => {
    double = await startDouble('aws')
  })
  after(() => double.close())
  beforeEach(async () => {
    room = studio(SHOOT)
    bucket = await makeBucket(double.url, { lock: true })
  })
  afterEach(() => room.remove())

  const addBoth = (wish: BucketWish = {}) => addPlaces(room, double.url, bucket, wish)
  const backUp = () => room.call('backup/run', { paths: [room.originals], to: [] })
  const sent = (): string[] =>
    double.requests
      .filter(({ operation }) => /^(PutObject|UploadPart|CopyObject)$/.test(operation))
      .map(({ operation, key }) => `${operation} ${key.split('/').slice(2).join('/')}`)

  it('brings every file to the drive and to the bucket, confirmed and locked, under its own name', async () => {
    await addBoth({ lockDays: 30 })
    const result = await backUp()
    assert.equal(result.exitCode, 0, result.summary)
    const { files, confirmed, locked } = offsiteOf(result)
    assert.deepEqual({ files, confirmed, locked }, { files: 3, confirmed: 3, locked: 3 })
    assert.match(result.summary, /all 3 files are confirmed by "Cloud" and locked until \d{4}-\d\d-\d\d/)

    const tree = await room.tree(double.url, bucket, 'backup')
    assert.deepEqual([...tree.keys()].sort(), [
      'HOW-TO-RESTORE.txt',
      'Photos/Pictures/Wedding/IMG_1.CR3',
      'Photos/Pictures/Wedding/IMG_1.xmp',
      'Photos/Pictures/Wedding/Party/IMG_2.CR3',
      'Photos/Pictures/Wedding/Party/safelight-log.jsonl',
      'Photos/Pictures/Wedding/Party/safelight.b3',
      'Photos/Pictures/Wedding/safelight-log.jsonl',
      'Photos/Pictures/Wedding/safelight.b3',
      'chain.jsonl',
      'place.json',
    ])
    const original = path.join(room.originals, 'Wedding/Party/IMG_2.CR3')
    assert.deepEqual(tree.get('Photos/Pictures/Wedding/Party/IMG_2.CR3'), fs.readFileSync(original))
    const manifest = parseManifest(String(tree.get('Photos/Pictures/Wedding/safelight.b3')))
    assert.deepEqual(
      manifest.entries.map(({ path: name, hash }) => [name, hash]),
      ['IMG_1.CR3', 'IMG_1.xmp'].map((name) => [name, hashOf(path.join(room.originals, 'Wedding', name))]),
    )

    const { shoots } = await room.call('shoots/list', {})
    const state = shoots.map(({ id, verdict, places }) => [
      id,
      verdict,
      places.find(({ place }) => place === 'Cloud')?.offsite?.state,
    ])
    assert.deepEqual(state, [
      ['Pictures/Wedding', 'protected', 'confirmed and locked'],
      ['Pictures/Wedding/Party', 'protected', 'confirmed and locked'],
    ])
  })

  it('sends nothing again, and asks the bucket for nothing, when nothing has changed', async () => {
    await addBoth()
    await backUp()
    double.requests.length = 0
    const again = await backUp()
    assert.equal(again.exitCode, 0, again.summary)
    assert.deepEqual(double.requests, [])
  })

  it('sends manifest, log and chain after every photo that they speak of', async () => {
    await addBoth()
    double.requests.length = 0
    await backUp()
    const order = sent()
    const lastPhoto = order.findLastIndex((each) => /IMG_/.test(each))
    const firstRecord = order.findIndex((each) => /safelight|chain/.test(each))
    assert.ok(lastPhoto < firstRecord, order.join('\n'))
    assert.equal(order.at(-1), 'PutObject chain.jsonl')
  })

  it('keeps the earlier content of a changed file under Versions, without sending it again', async () => {
    await addBoth({ lockDays: 1 })
    await backUp()
    const before = fs.readFileSync(path.join(room.originals, 'Wedding/IMG_1.xmp'))
    makeFile(path.join(room.originals, 'Wedding/IMG_1.xmp'), { bytes: 'rating 5', mtime: '2026-03-01T00:00:00Z' })
    double.requests.length = 0
    const result = await backUp()
    assert.equal(result.exitCode, 0, result.summary)
    const tree = await room.tree(double.url, bucket, 'backup')
    assert.equal(String(tree.get('Photos/Pictures/Wedding/IMG_1.xmp')), 'rating 5')
    const [kept = ''] = below(tree, 'Photos/Pictures/Wedding/Versions')
    assert.deepEqual(tree.get(kept), before)
    assert.match(String(tree.get('Photos/Pictures/Wedding/safelight.b3')), /Versions\/\d{8}T\d{6}-\d{3}Z\/IMG_1\.xmp/)
    assert.deepEqual(
      sent().filter((each) => each.includes('IMG_1')),
      [`CopyObject ${kept}`, 'PutObject Photos/Pictures/Wedding/IMG_1.xmp'],
    )
    assert.equal(offsiteOf(result).locked, 3)
  })

  it('copies a moved file inside the bucket instead of sending it again', async () => {
    await addBoth()
    await backUp()
    fs.renameSync(path.join(room.originals, 'Wedding/Party/IMG_2.CR3'), path.join(room.originals, 'Wedding/IMG_2.CR3'))
    double.requests.length = 0
    const result = await backUp()
    assert.equal(result.exitCode, 0, result.summary)
    assert.deepEqual(
      sent().filter((each) => each.includes('IMG_2')),
      ['CopyObject Photos/Pictures/Wedding/IMG_2.CR3'],
    )
  })

  it('sends a moved file where the store does not copy it', async () => {
    await addBoth()
    await backUp()
    fs.renameSync(path.join(room.originals, 'Wedding/Party/IMG_2.CR3'), path.join(room.originals, 'Wedding/IMG_2.CR3'))
    double.requests.length = 0
    double.faults.plan('CopyObject', { kind: 'status', status: 501, code: 'NotImplemented' })
    const result = await backUp()
    assert.equal(result.exitCode, 0, result.summary)
    const [asked, ...parts] = sent().filter((each) => each.endsWith(' Photos/Pictures/Wedding/IMG_2.CR3'))
    assert.equal(asked?.split(' ')[0], 'CopyObject')
    assert.deepEqual([...new Set(parts.map((each) => each.split(' ')[0]))], ['UploadPart'])
    const { confirmed, files } = offsiteOf(result)
    assert.deepEqual([confirmed, files], [4, 4], 'the earlier name keeps its object')
  })

  it('does without a drive: the originals are read, sent, and counted as what they are', async () => {
    await room.call('place/add', { path: `s3://${bucket}/backup`, bucket: { endpoint: double.url } })
    const result = await backUp()
    assert.equal(result.exitCode, 0, result.summary)
    assert.equal(offsiteOf(result).confirmed, 3)
    assert.match(result.summary, /There is no drive for copies/)
    const { verdict } = await room.call('status/get', {})
    assert.equal(verdict, 'partly')
  })

  it('says what is safe where when the bucket is away, and goes on with the next run', async () => {
    await addBoth()
    double.account = { status: 403, code: 'UserSuspended' }
    const stopped = await backUp()
    double.account = undefined
    assert.equal(stopped.exitCode, 34, stopped.summary)
    assert.match(stopped.summary, /now on "drive"|safe on "drive"/)
    assert.match(stopped.summary, /"Cloud" has confirmed 0 of 3 files/)
    const { places } = await room.call('place/list', {})
    const cloud = places.find(({ name }) => name === 'Cloud')
    assert.equal(cloud?.state, 'away')
    assert.match(cloud.bucket?.trouble ?? '', /suspended/)
    assert.equal(cloud.bucket?.waitingFiles, 3)
    assert.match(placeLine(cloud), /3 files \(.*\) not confirmed there yet\n {4}WAITS {4}.*suspended/)

    const again = await backUp()
    assert.equal(again.exitCode, 0, again.summary)
    assert.equal(offsiteOf(again).confirmed, 3)
  })

  it('never calls a copy confirmed that the bucket does not confirm', async () => {
    await addBoth()
    // Three are asked for before they are sent, so the fourth question at the latest is one for confirmation.
    double.faults.plan('HeadObject', { kind: 'status', status: 404, code: 'NoSuchKey' }, 4)
    const result = await backUp()
    assert.notEqual(result.exitCode, 0)
    const { confirmed, files, trouble } = offsiteOf(result)
    assert.ok(confirmed < files)
    assert.match(trouble ?? '', /does not confirm it/)
  })
})
