// A bucket after a rebuild: its copies are known from its log, and the objects behind them are learned again, so that they are looked at,
// locked and counted as before. And which proof stays when two were made.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Daemon } from '../../helper/daemon.js'
import { listObjects, type ObjectRow } from '../../helper/journal/offsite.js'
import { listPlaces, type PlaceRow } from '../../helper/journal/places.js'
import { isOf } from '../../helper/offsite/adopt.js'
import { storedPlainHash } from '../../helper/offsite/journal-ledger.js'
import { readSettings } from '../../helper/offsite/settings.js'
import type { Params } from '../../shared/methods.js'
import { makeFile } from '../support/shoots.js'
import { openTestStore } from '../support/s3/fixture.js'
import { putOf } from './store-contract.js'
import { doubleFor, studioWithBucket, type Studio } from './support.js'

const DAY = 24 * 3600 * 1000

describe('a bucket that a rebuild learned of', () => {
  const double = doubleFor('aws')
  let room: Studio
  let bucket: string

  afterEach(() => room.remove())

  async function backUp(more: Params<'place/add'>['bucket']): Promise<void> {
    const originals = { Wedding: { 'IMG_1.CR3': 70_000, 'IMG_2.CR3': 6_000 } }
    ;({ room, bucket } = await studioWithBucket(double().url, originals, { lockDays: 10, ...more }))
    const result = await room.call('backup/run', { paths: [room.originals], to: [] })
    assert.equal(result.exitCode, 0, result.summary)
  }

  /** The computer is gone, and so is what it knew; a key that opens what is encrypted was kept. */
  async function rebuild(): Promise<void> {
    for (const name of fs.readdirSync(room.home))
      if (name !== 'age-key.txt') fs.rmSync(path.join(room.home, name), { recursive: true })
    const result = await room.call('rebuild/run', { from: `s3://${bucket}/backup`, bucket: { endpoint: double().url } })
    assert.equal(result.exitCode, 0, result.summary)
  }

  const cloudOf = ({ journal }: Daemon): PlaceRow => {
    const place = listPlaces(journal).find(({ kind }) => kind === 'bucket')
    assert.ok(place)
    return place
  }
  const metaOf = ({ journal }: Daemon, key: string): unknown =>
    journal.get('SELECT value FROM meta WHERE key LIKE ?', [`${key} %`])?.['value']

  /** Lets the helper work until it has looked at the bucket. */
  async function look<T>(then: (daemon: Daemon, place: PlaceRow, objects: readonly ObjectRow[]) => T): Promise<T> {
    return room.with(async (daemon) => {
      const faults: unknown[] = []
      const keeper = await daemon.startBucketKeeper({ lookMs: 20, retryMs: 20 }, (error) => faults.push(error))
      while (Number(metaOf(daemon, 'offsite-recheck') ?? 0) === 0 && faults.length === 0) await wait(10)
      await keeper.close()
      assert.deepEqual(faults, [])
      const place = cloudOf(daemon)
      return then(daemon, place, listObjects(daemon.journal, place.id))
    })
  }
  const sentPhotos = (): string[] =>
    double()
      .requests.filter(({ operation, key }) => operation === 'PutObject' && /\.CR3/.test(key))
      .map(({ key }) => key)

  it('keeps an earlier content under Versions/ before a new one takes its name, although no receipt speaks of it', async () => {
    await backUp({})
    await rebuild()
    await room.call('place/add', { path: room.drive })
    const earlier = fs.readFileSync(path.join(room.originals, 'Wedding', 'IMG_2.CR3'))
    makeFile(path.join(room.originals, 'Wedding', 'IMG_2.CR3'), { bytes: 'a new edit', mtime: '2025-02-02T10:00:00Z' })
    await room.call('backup/run', { paths: [room.originals], to: [] })
    const tree = await room.tree(double().url, bucket, 'backup')
    const contents = [...tree].filter(([key]) => key.endsWith('IMG_2.CR3')).sort(([a], [b]) => a.length - b.length)
    assert.deepEqual(
      contents.map(([key, bytes]) => [key.includes('/Versions/'), bytes.equals(earlier)]),
      [
        [false, false],
        [true, true],
      ],
    )
  })

  it('is tried again, its wishes are as they were, and every object has its receipt without being sent again', async () => {
    await backUp({})
    await rebuild()
    double().requests.length = 0
    await look(({ journal }, place, objects) => {
      const settings = readSettings(place)
      assert.deepEqual(settings.lock, { mode: 'GOVERNANCE', days: 10 })
      assert.ok(settings.probedMs > 0 && settings.store.keepsCrc32 && settings.store.locks, 'what it can do is known')
      const names = objects.map(({ key }) => key.split('/').at(-1)).sort()
      assert.deepEqual(names, ['IMG_1.CR3', 'IMG_2.CR3', 'chain.jsonl', 'safelight-log.jsonl', 'safelight.b3'])
      for (const { copy, lockedUntilMs = 0 } of objects)
        if (copy) assert.ok(lockedUntilMs > Date.now() + 9 * DAY, 'its lock is known')
      assert.deepEqual(sentPhotos(), [])
      const [proven] = journal.all("SELECT count(*) AS n FROM copies WHERE state = 'verified' AND place_id = ?", [
        place.id,
      ])
      assert.equal(proven?.['n'], 2)
    })
    const { shoots } = await room.call('shoots/list', {})
    assert.deepEqual(
      shoots.map(({ places }) => places.find(({ place }) => place === 'Cloud')?.offsite?.state),
      ['confirmed and locked'],
    )
  })

  it('is not believed to have what is gone from it or another, and that is named', async () => {
    await backUp({})
    const keys = [...(double().state.buckets.get(bucket)?.objects.keys() ?? [])].filter((key) => key.endsWith('.CR3'))
    const [first = '', second = ''] = keys.sort()
    await rebuild()
    const store = openTestStore(double().url, bucket)
    await store.delete(first)
    await store.put(putOf(second, Buffer.from('other')))
    store.close()
    await look(({ journal }, { id }) => {
      const states = journal.all('SELECT path, state FROM copies WHERE place_id = ? ORDER BY path', [id])
      assert.deepEqual(states, [
        { path: 'IMG_1.CR3', state: 'missing' },
        { path: 'IMG_2.CR3', state: 'damaged' },
      ])
    })
  })

  it('that is encrypted has receipts that know the content; their proofs stay those of its log', async () => {
    await backUp({ encrypt: true })
    const before = await room.with(({ journal }) =>
      Promise.resolve(
        journal.all(
          'SELECT path, hash FROM copies c JOIN versions v ON v.id = c.version_id WHERE place_id IN (SELECT place_id FROM objects) ORDER BY path',
        ),
      ),
    )
    await rebuild()
    await room.with(({ journal }) => Promise.resolve(journal.run('UPDATE copies SET proven_ms = 1000')))
    double().requests.length = 0
    await look(({ journal }, place, objects) => {
      const photos = objects.filter(({ copy }) => copy)
      assert.deepEqual(
        photos.map((object) => ({ path: object.copy?.path, hash: storedPlainHash(object) })),
        before,
      )
      assert.ok(photos.every(({ blake3, key }) => key.endsWith('.age') && !before.some(({ hash }) => hash === blake3)))
      const proofs = journal.all('SELECT DISTINCT proven_ms FROM copies WHERE place_id = ?', [place.id])
      assert.deepEqual(proofs, [{ proven_ms: 1000 }])
      assert.deepEqual(sentPhotos(), [])
    })
  })

  it('takes an encrypted object for a content only when size and date are its own', () => {
    const content = { hash: 'x', sizeBytes: 100_000, mtimeMs: 1_700_000_000_123 }
    const facts = (sizeBytes: number, mtime: string) => ({
      key: 'k',
      sizeBytes,
      metadata: { blake3: 'of the ciphertext', mtime },
      checksums: {},
    })
    assert.ok(isOf(content, facts(100_000 + 16 + 2 * 16 + 266, '1700000000.123400'), true))
    assert.ok(!isOf(content, facts(100_001 + 16 + 2 * 16 + 2_000, '1700000000.123400'), true), 'another size')
    assert.ok(!isOf(content, facts(100_000 + 16 + 2 * 16 + 266, '1700000009.000000'), true), 'another date')
    assert.ok(!isOf(content, facts(100_000, '1700000000.123400'), false), 'another hash')
  })

  const proofsAre = (how: string, ms?: number) =>
    look(({ journal }, { id }) => {
      const proofs = journal.all('SELECT DISTINCT proven_how, proven_ms FROM copies WHERE place_id = ?', [id])
      assert.deepEqual(
        proofs.map((row) => row['proven_how']),
        [how],
      )
      if (ms !== undefined) assert.equal(proofs[0]?.['proven_ms'], ms)
    })
  /** @param agoDays  since every byte was read back */
  const readBackAgo = (agoDays: number): Promise<number> =>
    room.with(({ journal }) => {
      const atMs = Date.now() - agoDays * DAY
      journal.run("DELETE FROM meta WHERE key LIKE 'offsite-recheck %'")
      journal.run(
        "UPDATE copies SET proven_how = 'download', proven_ms = ? WHERE place_id IN (SELECT place_id FROM objects)",
        [atMs],
      )
      return Promise.resolve(atMs)
    })

  it('keeps a proof by download when the store is asked for its checksums, until that would be worth more', async () => {
    await backUp({})
    const atMs = await readBackAgo(100)
    await proofsAre('download', atMs)
    await readBackAgo(340)
    await proofsAre('server checksum')
  })

  it('was last seen when it answered last, not when nothing was asked of it', async () => {
    await backUp({})
    const seen = (): Promise<number> => room.with((daemon) => Promise.resolve(cloudOf(daemon).lastSeenMs ?? 0))
    const longAgo = (): Promise<unknown> =>
      room.with(({ journal }) =>
        Promise.resolve(journal.run("UPDATE places SET last_seen_ms = 1 WHERE kind = 'bucket'")),
      )
    await longAgo()
    double().requests.length = 0
    await room.call('backup/run', { paths: [room.originals], to: [] })
    assert.deepEqual(double().requests, [])
    assert.equal(await seen(), 1)
    await room.with(({ journal }) =>
      Promise.resolve(journal.run("DELETE FROM meta WHERE key LIKE 'offsite-recheck %'")),
    )
    await look(() => undefined)
    assert.ok((await seen()) > Date.now() - DAY)
  })
})
