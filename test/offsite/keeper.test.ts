// Off-site copies with nobody asking: what the helper does by itself, and by which rules it waits.
// Long, because its cases share one helper and its bucket.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { listCatalogBackups } from '../../helper/journal/catalog-backups.js'
import { listObjects, type ObjectRow } from '../../helper/journal/offsite.js'
import { listPlaces } from '../../helper/journal/places.js'
import { isReadBackDue, isRecheckDue, locksToRenew, readBackSlice } from '../../helper/offsite/recheck-place.js'
import { saysMetered, withinWindows } from '../../helper/offsite/upload-times.js'
import { retryAfterMs } from '../../helper/upkeep/bucket-keeper.js'
import { makeCatalog } from '../support/catalog.js'
import { makeFile } from '../support/shoots.js'
import { doubleFor, studioWithBucket, type Studio } from './support.js'

const DAY = 24 * 3600 * 1000

describe('the helper and its buckets', () => {
  const double = doubleFor('aws')
  let room: Studio
  let bucket: string
  let key: string

  beforeEach(async () => {
    const originals = { Wedding: { 'IMG_1.CR3': 7_000, 'IMG_2.CR3': 6_000 } }
    ;({ room, bucket } = await studioWithBucket(double().url, originals, { lockDays: 10 }))
    await room.call('backup/run', { paths: [room.originals], to: [room.drive] })
  })
  afterEach(() => room.remove())

  /** Runs the keeper until a fact holds. */
  async function untilSent(isSo: (objects: readonly ObjectRow[]) => boolean): Promise<void> {
    await room.with(async (daemon) => {
      const faults: unknown[] = []
      const keeper = await daemon.startBucketKeeper({ lookMs: 20, retryMs: 20 }, (error) => faults.push(error))
      try {
        const place = listPlaces(daemon.journal).find(({ kind }) => kind === 'bucket')
        while (!isSo(listObjects(daemon.journal, place?.id ?? ''))) await wait(10)
        key = listObjects(daemon.journal, place?.id ?? '').find(({ copy }) => copy?.path === 'IMG_1.CR3')?.key ?? ''
      } finally {
        await keeper.close()
      }
      assert.deepEqual(faults, [])
    })
  }
  const photos = (objects: readonly ObjectRow[]): number => objects.filter(({ copy }) => copy).length
  const isSealed = (objects: readonly ObjectRow[]): boolean => objects.some((each) => each.key.endsWith('chain.jsonl'))
  const isAllThere = (objects: readonly ObjectRow[]): boolean => photos(objects) === 2 && isSealed(objects)

  it('send what is proven on a drive without being asked, and go on when the store is back', async () => {
    double().faults.plan('PutObject', { kind: 'status', status: 403, code: 'UserSuspended' }, 3)
    await untilSent(isAllThere)
    double().faults.assertAllHit()
    const { places } = await room.call('place/list', {})
    const cloud = places.find(({ name }) => name === 'Cloud')
    assert.equal(cloud?.state, 'here')
    assert.equal(cloud.bucket?.waitingFiles, 0)
  })

  it('are no drives, which is what verify reads, and it says so', async () => {
    await assert.rejects(room.call('verify/run', { shoots: [], place: 'Cloud' }), {
      code: 'USAGE',
      message: '"Cloud" is a bucket, and verify reads drives. Nothing was read.',
    })
  })

  it('find what was taken away from the bucket, stop counting it, and send it again', async () => {
    await untilSent(isAllThere)
    double().state.buckets.get(bucket)?.objects.delete(key)
    await room.with((daemon) => {
      daemon.journal.run("UPDATE meta SET value = '0' WHERE key LIKE 'offsite-recheck %'")
      return Promise.resolve()
    })
    await untilSent((objects) => double().state.buckets.get(bucket)?.objects.has(key) === true && isAllThere(objects))
    const { shoots } = await room.call('shoots/list', {})
    assert.deepEqual(
      shoots.map(({ places }) => places.find(({ place }) => place === 'Cloud')?.offsite?.state),
      ['confirmed and locked'],
    )
  })

  /** The day has passed, and this one photo is the longest unread; all others were read today. */
  async function letBeDue(): Promise<void> {
    await room.with(({ journal }) => {
      journal.run("UPDATE places SET added_ms = 0 WHERE kind = 'bucket'")
      journal.run("DELETE FROM meta WHERE key LIKE 'offsite-read-back %'")
      journal.run('UPDATE objects SET read_back_ms = CASE WHEN key = ? THEN 1 ELSE ? END', [key, Date.now()])
      return Promise.resolve()
    })
  }

  it('send an earlier content again that rotted in the bucket', async () => {
    const chainBytes = (known: readonly ObjectRow[]): number =>
      known.find((each) => each.key.endsWith('chain.jsonl'))?.sizeBytes ?? 0
    let before = 0
    await untilSent((known) => {
      before = chainBytes(known)
      return isAllThere(known)
    })
    makeFile(path.join(room.originals, 'Wedding', 'IMG_2.CR3'), { bytes: 'edited', mtime: '2026-02-02T10:00:00Z' })
    await room.call('backup/run', { paths: [room.originals], to: [room.drive] })
    const isReplaced = (known: readonly ObjectRow[]): boolean =>
      known.some(({ copy, sizeBytes }) => copy?.path === 'IMG_2.CR3' && sizeBytes === 'edited'.length)
    await untilSent((known) => photos(known) === 3 && isReplaced(known) && chainBytes(known) > before)
    const objects = double().state.buckets.get(bucket)?.objects
    const kept = [...(objects ?? [])].find(([name]) => name.includes('/Versions/'))
    assert.ok(kept)
    key = kept[0]
    for (const { file, size } of kept[1]) fs.writeFileSync(file, Buffer.alloc(size, 3))
    await letBeDue()
    // A receipt that was taken away and came again has not been read back.
    await untilSent((known) => known.some((each) => each.key === kept[0] && each.readBackMs === undefined))
    const tree = await room.tree(double().url, bucket, 'backup')
    const [name = ''] = [...tree.keys()].filter((each) => each.includes('/Versions/'))
    assert.equal(tree.get(name)?.length, 6_000)
    assert.notEqual(tree.get(name)?.[0], 3, 'it is as it was shot')
  })

  it('read a slice back a day after a place was added: what is whole is proven by download, rot is found and sent again', async () => {
    await untilSent(isAllThere)
    await letBeDue()
    await room.with(async (daemon) => {
      const asked = new Promise<void>((resolve) => {
        let times = 0
        // Asked a third time, two looks have passed in which it was due.
        room.waiting.add(() => {
          times += 1
          if (times === 3) resolve()
          return times < 4 ? 'on battery' : undefined
        })
      })
      const keeper = await daemon.startBucketKeeper({ lookMs: 20, retryMs: 20 }, assert.ifError)
      await asked
      await keeper.close()
      assert.deepEqual(
        listObjects(daemon.journal, listPlaces(daemon.journal).find(({ kind }) => kind === 'bucket')?.id ?? '')
          .filter((each) => each.key === key)
          .map(({ readBackMs }) => readBackMs),
        [1],
        'it waits while there is a reason to',
      )
    })
    const isReadBack = (objects: readonly ObjectRow[]): boolean =>
      objects.some((each) => each.key === key && (each.readBackMs ?? 0) > 1)
    await untilSent(isReadBack)
    await room.with(({ journal }) => {
      const proofs = journal.all(
        "SELECT state, proven_how FROM copies WHERE path = 'IMG_1.CR3' AND place_id IN (SELECT place_id FROM objects)",
      )
      assert.deepEqual(proofs, [{ state: 'verified', proven_how: 'download' }])
      return Promise.resolve()
    })

    for (const { file, size } of double().state.buckets.get(bucket)?.objects.get(key) ?? [])
      fs.writeFileSync(file, Buffer.alloc(size, 3))
    const { places } = await room.call('place/list', {})
    assert.equal(places.find(({ name }) => name === 'Cloud')?.bucket?.waitingFiles, 0, 'nobody has noticed')
    await letBeDue()
    // A receipt that was taken away and came again has not been read back.
    await untilSent(
      (objects) => isAllThere(objects) && objects.some((each) => each.key === key && each.readBackMs === undefined),
    )
    const tree = await room.tree(double().url, bucket, 'backup')
    const [name = ''] = [...tree.keys()].filter((each) => each.endsWith('/IMG_1.CR3'))
    const shot = fs.readFileSync(path.join(room.originals, 'Wedding', 'IMG_1.CR3'))
    assert.ok(tree.get(name)?.equals(shot), `${name} is as it was shot`)
  })

  /** A catalog with nothing in it, closed. */
  function catalogOfTheRoom(): string {
    const catalog = path.join(room.root, 'Lightroom', 'Wedding.lrcat')
    fs.mkdirSync(path.dirname(catalog))
    makeCatalog(catalog, { roots: {} })
    return catalog
  }
  const catalogKeys = (): string[] =>
    [...(double().state.buckets.get(bucket)?.objects.keys() ?? [])].filter((each) => each.includes('/Catalogs/')).sort()
  const isCatalogThere = (): boolean => catalogKeys().some((each) => each.endsWith('catalog.json'))

  it('send a catalog as soon as its backup is made, not at the next look', async () => {
    const catalog = catalogOfTheRoom()
    await room.with(async (daemon) => {
      const faults: unknown[] = []
      const onFault = (error: unknown): void => void faults.push(error)
      const buckets = await daemon.startBucketKeeper({ lookMs: 20, retryMs: 20 }, onFault)
      const place = listPlaces(daemon.journal).find(({ kind }) => kind === 'bucket')?.id ?? ''
      while (!isAllThere(listObjects(daemon.journal, place))) await wait(10)
      const catalogs = await daemon.startCatalogKeeper({ pollMs: 20, retryMs: 20, lookMs: 3_600_000 }, onFault)
      try {
        catalogs.left(catalog)
        while (!isCatalogThere()) await wait(10)
      } finally {
        await catalogs.close()
        await buckets.close()
      }
      assert.deepEqual(faults, [])
    })
  })

  it('say each month anew that the bucket still has a catalog that nobody has changed', async () => {
    await room.call('catalog/backup', { catalog: catalogOfTheRoom() })
    const provenMs = async () =>
      (await room.with(({ journal }) => Promise.resolve(listCatalogBackups(journal)))).map((each) => each.provenMs)
    assert.deepEqual(await provenMs(), [undefined, undefined])
    let proven: readonly (number | undefined)[] = []
    await room.with(async (daemon) => {
      const keeper = await daemon.startBucketKeeper({ lookMs: 20, retryMs: 20 }, (error) => assert.fail(String(error)))
      while (!proven.some((each) => each !== undefined)) {
        await wait(10)
        proven = listCatalogBackups(daemon.journal).map((each) => each.provenMs)
      }
      await keeper.close()
    })
    assert.equal(proven.filter((each) => each !== undefined).length, 1, 'a drive says nothing by itself')
  })

  it('find that a catalog was taken away from the bucket, stop counting it, and send it again', async () => {
    await room.call('catalog/backup', { catalog: catalogOfTheRoom() })
    await untilSent(() => isCatalogThere())
    const sent = catalogKeys()
    const taken = sent.find((each) => each.endsWith('.gz')) ?? ''
    assert.ok(double().state.buckets.get(bucket)?.objects.delete(taken))
    await room.with((daemon) => {
      daemon.journal.run("UPDATE meta SET value = '0' WHERE key LIKE 'offsite-recheck %'")
      return Promise.resolve()
    })
    await untilSent(() => catalogKeys().includes(taken))
    assert.deepEqual(catalogKeys(), sent)
  })

  it('clear their own stale uploads away and leave those of others', async () => {
    const state = double().state.buckets.get(bucket)
    if (!state) throw new Error('there is no bucket')
    const own = [...state.objects.keys()].find((each) => each.endsWith('place.json'))?.replace('place.json', '') ?? ''
    const template = {
      isMarker: false,
      metadata: {},
      contentType: '',
      checksumType: 'FULL_OBJECT' as const,
      storageClass: 'STANDARD',
      lock: undefined,
      legalHold: false,
      restore: undefined,
    }
    for (const [uploadId, at] of [
      ['ours', `${own}Photos/old.CR3`],
      ['theirs', 'backup/other-1234/Photos/old.CR3'],
    ] as const)
      state.uploads.set(uploadId, {
        uploadId,
        key: at,
        initiatedMs: Date.now() - 5 * DAY,
        parts: new Map(),
        template,
        fullObjectCrc32: false,
      })
    await untilSent(isAllThere)
    assert.deepEqual([...state.uploads.keys()], ['theirs'])
  })
})

describe('when off-site copies are sent, looked at and locked anew', () => {
  const at = (time: string): Date => new Date(`2026-11-26T${time}:00`)

  it('within the hours that were given, past midnight too', () => {
    assert.equal(withinWindows([], at('12:00')).may, true)
    for (const [time, may] of [
      ['21:59', false],
      ['22:00', true],
      ['03:00', true],
      ['06:00', false],
      ['12:30', true],
      ['13:00', false],
    ] as const)
      assert.equal(withinWindows(['22:00-06:00', '12:00-13:00'], at(time)).may, may, time)
  })

  it('not over a connection that is paid by the megabyte', () => {
    for (const answer of ['yes', 'yes (guessed)', 'no\nyes', 'Fixed', 'Variable\r'])
      assert.ok(saysMetered(answer), answer)
    for (const answer of ['no', 'no (guessed)', 'unknown', '', 'Unrestricted']) assert.ok(!saysMetered(answer), answer)
  })

  it('again after growing intervals, without end', () => {
    assert.deepEqual(
      [0, 1, 2, 50].map((failures) => retryAfterMs(failures, 1000, 1)),
      [1000, 2000, 4000, 900_000],
    )
    assert.equal(retryAfterMs(0, 1000, 0), 500)
  })

  it('a slice is read back each day, and so many days later after one that was larger than a day may be', () => {
    const now = 400 * DAY
    assert.ok(!isReadBackDue({ atMs: now - DAY + 1, bytes: 5 }, 100, now))
    assert.ok(isReadBackDue({ atMs: now - DAY, bytes: 5 }, 100, now))
    assert.ok(!isReadBackDue({ atMs: now - 4 * DAY, bytes: 500 }, 100, now))
    assert.ok(isReadBackDue({ atMs: now - 5 * DAY, bytes: 500 }, 100, now))
    assert.ok(isReadBackDue({ atMs: now + 2 * DAY, bytes: 5 }, 100, now), 'a clock that was set back')
    assert.ok(!isReadBackDue({ atMs: 0, bytes: 5 }, 0, now), 'nothing is read where the user wants nothing read')
  })

  it('no more is read back a day than may be', () => {
    const objects = Array.from({ length: 20 }, (_, index) => object(`o${index}`, { confirmedMs: index }))
    assert.equal(readBackSlice(objects, 73 * DAY, 400 * DAY).length, 4)
    assert.equal(readBackSlice(objects, 73 * DAY, 400 * DAY, 250).length, 2)
    assert.equal(readBackSlice(objects, 73 * DAY, 400 * DAY, 1).length, 1, 'one at least')
  })

  it('each month, and at once where the last look was by a clock that has been set back', () => {
    const now = 400 * DAY
    assert.ok(isRecheckDue(undefined, now))
    assert.ok(!isRecheckDue(now - 24 * DAY, now))
    assert.ok(isRecheckDue(now - 25 * DAY, now))
    assert.ok(isRecheckDue(now + 2 * DAY, now))
  })

  const object = (key: string, more: Partial<ObjectRow>): ObjectRow => ({
    placeId: 'p',
    key,
    sizeBytes: 100,
    blake3: '',
    confirmedMs: 0,
    receipt: '',
    ...more,
  })

  it('before a lock has lost half its time', () => {
    const objects = [
      object('fresh', { lockedUntilMs: 100 * DAY }),
      object('half', { lockedUntilMs: 14 * DAY }),
      object('never', {}),
    ]
    assert.deepEqual(
      locksToRenew(objects, 30 * DAY, 0).map(({ key }) => key),
      ['half', 'never'],
    )
  })

  it('every byte read back within the year, the longest unread first', () => {
    let objects = Array.from({ length: 73 }, (_, index) => object(`o${index}`, { confirmedMs: index }))
    const reads = new Map<string, number>()
    for (let day = 1; day <= 365; day += 5) {
      for (const { key } of readBackSlice(objects, 5 * DAY, day * DAY)) {
        reads.set(key, (reads.get(key) ?? 0) + 1)
        objects = objects.map((each) => (each.key === key ? { ...each, readBackMs: day * DAY } : each))
      }
    }
    assert.equal(reads.size, 73)
    assert.deepEqual([...new Set(reads.values())], [1])
  })
})
