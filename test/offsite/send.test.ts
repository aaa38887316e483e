// From originals to a bucket that has confirmed them, through the daemon's own methods against the double: what is sent, what is not sent
// twice, in which order, and what the answer says of it. Long, because its cases share one studio and its bucket.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { systemFiles } from '../../helper/files/durable.js'
import { parseManifest } from '../../helper/manifest/manifest.js'
import { placeLine } from '../../helper/status/lines.js'
import { BucketRoom } from '../../helper/upkeep/bucket-room.js'
import { MIB, makeBucket, openTestStore } from '../support/s3/fixture.js'
import { hashOf, makeFile } from '../support/shoots.js'
import { putOf } from './store-contract.js'
import { addPlaces, below, doubleFor, offsiteOf, studio, type BucketWish, type Studio } from './support.js'

const SHOOT = { Wedding: { 'IMG_1.CR3': 70_000, 'IMG_1.xmp': 'rating 1', Party: { 'IMG_2.CR3': 17 * MIB } } }

describe('a backup with a bucket', () => {
  const double = doubleFor('aws')
  let room: Studio
  let bucket: string

  beforeEach(async () => {
    room = studio(SHOOT)
    bucket = await makeBucket(double().url, { lock: true })
  })
  afterEach(() => room.remove())

  const addBoth = (wish: BucketWish = {}) => addPlaces(room, double().url, bucket, wish)
  const backUp = () => room.call('backup/run', { paths: [room.originals], to: [] })
  const sent = (): string[] =>
    double()
      .requests.filter(({ operation }) => /^(PutObject|UploadPart|CopyObject)$/.test(operation))
      .map(({ operation, key }) => `${operation} ${key.split('/').slice(2).join('/')}`)

  it('brings every file to the drive and to the bucket, confirmed and locked, under its own name', async () => {
    await addBoth({ lockDays: 30 })
    const result = await backUp()
    assert.equal(result.exitCode, 0, result.summary)
    const { files, confirmed, locked } = offsiteOf(result)
    assert.deepEqual({ files, confirmed, locked }, { files: 3, confirmed: 3, locked: 3 })
    assert.match(result.summary, /all 3 files are confirmed by "Cloud" and locked until \d{4}-\d\d-\d\d/)

    const tree = await room.tree(double().url, bucket, 'backup')
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
    double().requests.length = 0
    const again = await backUp()
    assert.equal(again.exitCode, 0, again.summary)
    assert.deepEqual(double().requests, [])
  })

  it('sends manifest, log and chain after every photo that they speak of', async () => {
    await addBoth()
    double().requests.length = 0
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
    double().requests.length = 0
    const result = await backUp()
    assert.equal(result.exitCode, 0, result.summary)
    const tree = await room.tree(double().url, bucket, 'backup')
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

  describe('finds an object under its name that no record speaks of', () => {
    const XMP = 'Photos/Pictures/Wedding/IMG_1.xmp'

    /** As a computer leaves it whose journal was lost between an object and the records that name it. */
    async function leave(bytes: Buffer, metadata: Readonly<Record<string, string>>): Promise<void> {
      const store = openTestStore(double().url, bucket)
      try {
        for await (const { key } of store.list('backup/'))
          if (key.endsWith('/place.json')) await store.put(putOf(key.replace('place.json', XMP), bytes, { metadata }))
      } finally {
        store.close()
      }
    }
    const blake3 = (bytes: string): string => {
      const file = path.join(room.originals, '..', 'other bytes')
      makeFile(file, { bytes })
      return hashOf(file)
    }
    const keptXmp = async (): Promise<string[]> => {
      const tree = await room.tree(double().url, bucket, 'backup')
      assert.equal(String(tree.get(XMP)), 'rating 1', 'the new content has the name')
      return below(tree, 'Photos/Pictures/Wedding/Versions').map((key) => String(tree.get(key)))
    }

    it('and keeps it under Versions before the name is taken', async () => {
      await addBoth()
      await leave(Buffer.from('rating 4'), { blake3: blake3('rating 4'), mtime: '1700000000.000000' })
      const result = await backUp()
      assert.equal(result.exitCode, 0, result.summary)
      assert.deepEqual(await keptXmp(), ['rating 4'])
    })

    it('and keeps it also where the store does not copy, and where it says no hash', async () => {
      await addBoth()
      await leave(Buffer.from('by hand'), {})
      double().faults.plan('CopyObject', { kind: 'status', status: 501, code: 'NotImplemented' })
      const result = await backUp()
      assert.equal(result.exitCode, 0, result.summary)
      assert.deepEqual(await keptXmp(), ['by hand'])
    })

    it('and lists it in the manifest where it is a content that the file had', async () => {
      await addBoth()
      const xmp = path.join(room.originals, 'Wedding/IMG_1.xmp')
      makeFile(xmp, { bytes: 'rating 3', mtime: '2025-02-02T10:00:00Z' })
      const shoot = { paths: [room.originals], to: [room.drive] }
      assert.equal((await room.call('backup/run', shoot)).exitCode, 0)
      await leave(Buffer.from('rating 3'), {
        blake3: hashOf(xmp),
        mtime: String(Date.parse('2025-02-02T10:00:00Z') / 1000),
      })
      makeFile(xmp, { bytes: 'rating 1', mtime: '2025-02-03T10:00:00Z' })
      const result = await backUp()
      assert.equal(result.exitCode, 0, result.summary)
      assert.deepEqual(await keptXmp(), ['rating 3'])
      const tree = await room.tree(double().url, bucket, 'backup')
      assert.match(String(tree.get('Photos/Pictures/Wedding/safelight.b3')), /Versions\/.*\/IMG_1\.xmp/)
    })

    for (const [how, bytes] of [
      ['a small one', 900],
      ['one that is sent in parts', 17 * MIB],
    ] as const)
      it(`and overwrites nothing when the store denies having it at first: ${how}`, async () => {
        await addBoth()
        makeFile(path.join(room.originals, 'Wedding/IMG_1.xmp'), { bytes, mtime: '2025-02-02T10:00:00Z' })
        await leave(Buffer.from('rating 4'), { blake3: blake3('rating 4') })
        double().faults.decide = (() => {
          let denied = 0
          return (operation, key) =>
            operation === 'HeadObject' && key.endsWith('Wedding/IMG_1.xmp') && denied++ === 0
              ? { kind: 'status', status: 404, code: 'NoSuchKey' }
              : undefined
        })()
        const first = await backUp()
        double().faults.decide = undefined
        assert.equal(first.exitCode, 36, first.summary)
        assert.match(first.summary, /said that nothing of that name was there/)
        assert.equal(
          String((await room.tree(double().url, bucket, 'backup')).get(XMP)),
          'rating 4',
          'it lies there still',
        )

        const again = await backUp()
        assert.equal(again.exitCode, 0, again.summary)
        const tree = await room.tree(double().url, bucket, 'backup')
        assert.equal(tree.get(XMP)?.length, bytes)
        const kept = below(tree, 'Photos/Pictures/Wedding/Versions').map((key) => String(tree.get(key)))
        assert.deepEqual(kept, ['rating 4'])
      })

    it('and does not send it again where it is the very content', async () => {
      await addBoth()
      await leave(Buffer.from('rating 1'), {
        blake3: blake3('rating 1'),
        mtime: (fs.statSync(path.join(room.originals, 'Wedding/IMG_1.xmp')).mtimeMs / 1000).toFixed(6),
      })
      double().requests.length = 0
      await backUp()
      assert.deepEqual(
        sent().filter((each) => each.endsWith('IMG_1.xmp')),
        [],
      )
      assert.deepEqual(await keptXmp(), [])
    })

    it('and takes the next free folder where the moment has one', async () => {
      await addBoth()
      await backUp()
      makeFile(path.join(room.originals, 'Wedding/IMG_1.xmp'), { bytes: 'rating 2', mtime: '2026-03-01T00:00:00Z' })
      await backUp()
      await leave(Buffer.from('rating 4'), { blake3: blake3('rating 4') })
      await room.with(({ journal }) => {
        journal.run("DELETE FROM objects WHERE key LIKE '%/Wedding/IMG_1.xmp'")
        journal.run(
          "UPDATE copies SET state = 'damaged' WHERE path = 'IMG_1.xmp' AND place_id IN (SELECT id FROM places WHERE kind = 'bucket')",
        )
        return Promise.resolve()
      })
      const result = await backUp()
      assert.equal(result.exitCode, 0, result.summary)
      const tree = await room.tree(double().url, bucket, 'backup')
      assert.equal(String(tree.get(XMP)), 'rating 2')
      const kept = below(tree, 'Photos/Pictures/Wedding/Versions').map((key) => String(tree.get(key)))
      assert.deepEqual(kept.sort(), ['rating 1', 'rating 4'])
    })
  })

  it('copies a moved file inside the bucket instead of sending it again', async () => {
    await addBoth()
    await backUp()
    fs.renameSync(path.join(room.originals, 'Wedding/Party/IMG_2.CR3'), path.join(room.originals, 'Wedding/IMG_2.CR3'))
    double().requests.length = 0
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
    double().requests.length = 0
    double().faults.plan('CopyObject', { kind: 'status', status: 501, code: 'NotImplemented' })
    const result = await backUp()
    assert.equal(result.exitCode, 0, result.summary)
    const [asked, ...parts] = sent().filter((each) => each.endsWith(' Photos/Pictures/Wedding/IMG_2.CR3'))
    assert.equal(asked?.split(' ')[0], 'CopyObject')
    assert.deepEqual([...new Set(parts.map((each) => each.split(' ')[0]))], ['UploadPart'])
    const { confirmed, files } = offsiteOf(result)
    assert.deepEqual([confirmed, files], [4, 4], 'the earlier name keeps its object')
  })

  it('does without a drive: the originals are read, sent, and counted as what they are', async () => {
    await room.call('place/add', { path: `s3://${bucket}/backup`, bucket: { endpoint: double().url } })
    const result = await backUp()
    assert.equal(result.exitCode, 0, result.summary)
    assert.equal(offsiteOf(result).confirmed, 3)
    assert.match(result.summary, /There is no drive for copies/)
    const { verdict } = await room.call('status/get', {})
    assert.equal(verdict, 'partly')
  })

  it('says what is safe where when the bucket is away, and goes on with the next run', async () => {
    await addBoth()
    double().account = { status: 403, code: 'UserSuspended' }
    const stopped = await backUp()
    double().account = undefined
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
    double().faults.plan('HeadObject', { kind: 'status', status: 404, code: 'NoSuchKey' }, 4)
    const result = await backUp()
    assert.notEqual(result.exitCode, 0)
    const { confirmed, files, trouble } = offsiteOf(result)
    assert.ok(confirmed < files)
    assert.match(trouble ?? '', /does not confirm it/)
  })

  it('sends what is proven meanwhile while another file still hangs in the line', async () => {
    await room.call('place/add', { path: room.drive })
    await backUp()
    await addBoth()
    double().faults.decide = (operation, key) =>
      operation === 'PutObject' && key.endsWith('IMG_1.CR3') ? { kind: 'freeze' } : undefined
    const stop = new AbortController()
    await room.with(async ({ journal }) => {
      const buckets = new BucketRoom({
        files: systemFiles,
        journal,
        clock: Date.now,
        home: room.home,
        wait: (ms, signal) => setTimeout(ms, undefined, { signal }),
      })
      const [place] = buckets.places()
      assert.ok(place)
      const setVersion = (value: string): number =>
        journal.run(`UPDATE files SET version_id = ${value} WHERE name = 'IMG_2.CR3'`)
      setVersion('NULL')
      const more = async (): Promise<boolean> => {
        setVersion('(SELECT id FROM versions WHERE file_id = files.id)')
        if (sent().some((each) => each.endsWith('IMG_2.CR3'))) stop.abort()
        await setTimeout(5)
        return true
      }
      await assert.rejects(buckets.send(place, { more }, stop.signal), { name: 'AbortError' })
    })
    double().faults.decide = undefined
  })
})
