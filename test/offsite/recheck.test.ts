// Looking again: what a bucket holds today against what was confirmed, for few requests, and by reading everything back.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { SafelightError } from '../../helper/errors.js'
import { ensureLock } from '../../helper/offsite/confirm.js'
import type { UploadReceipt } from '../../helper/offsite/ledger.js'
import type { ObjectStore } from '../../helper/offsite/object-store.js'
import { readBack, recheckByListing, recheckObject } from '../../helper/offsite/recheck.js'
import { startDouble, type S3Double } from '../support/s3/double.js'
import {
  MIB,
  bytesOf,
  makeBucket,
  openTestStore,
  requestFor,
  setTestCredentials,
  testFolder,
  uploadBench,
  type TestFolder,
  type UploadBench,
} from '../support/s3/fixture.js'
import { putOf } from './store-contract.js'

const LOCK = { mode: 'GOVERNANCE', retentionMs: 3_600_000 } as const

describe('a confirmed copy, looked at again', () => {
  let double: S3Double
  let store: ObjectStore
  let folder: TestFolder
  let bench: UploadBench
  let small: UploadReceipt
  let large: UploadReceipt

  beforeEach(async () => {
    setTestCredentials()
    double = await startDouble('aws')
    store = openTestStore(double.url, await makeBucket(double.url, { lock: true }))
    folder = testFolder()
    bench = uploadBench(store, folder, {}, { keepsCrc32: true, answersChecksums: true })
    const send = (name: string, size: number) => {
      const bytes = bytesOf(size)
      const file = folder.file(name, bytes)
      return bench.upload(requestFor(`p/m1/${name}`, file, bytes), file)
    }
    small = await send('small', 1000)
    large = await send('large', 6 * MIB)
  })
  afterEach(async () => {
    store.close()
    folder.remove()
    await double.close()
  })
  /** Rot inside the store, which keeps its ETag and says nothing. */
  const rot = (): void => {
    for (const bucket of double.state.buckets.values())
      for (const versions of bucket.objects.values())
        for (const { file, size } of versions) writeFileSync(file, Buffer.alloc(size, 3))
  }

  it('is the same, by listing, by checksum and by download', async () => {
    const listing = await recheckByListing('p/m1/', [small, large], store)
    assert.deepEqual([listing.same, listing.missing, listing.differs, listing.extra], [2, [], [], []])
    for (const receipt of [small, large]) {
      assert.deepEqual(await recheckObject(receipt, undefined, bench.deps), {
        kind: 'same',
        by: 'full-object checksum',
      })
      assert.deepEqual(await readBack(receipt, bench.deps), { kind: 'same', by: 'download' })
    }
  })

  it('that was deleted, overwritten or joined by a stranger is found by one request', async () => {
    await store.delete('p/m1/small')
    await store.put(putOf('p/m1/large', Buffer.from('other')))
    await store.put(putOf('p/m1/stranger', Buffer.from('x')))
    await store.put(putOf('p/m10/another machine', Buffer.from('x')))
    const before = double.requests.length
    const listing = await recheckByListing('p/m1/', [small, large], store)
    assert.equal(double.requests.length - before, 1)
    assert.deepEqual(listing.missing, [small])
    assert.deepEqual(
      listing.differs.map(({ receipt }) => receipt.key),
      ['p/m1/large'],
    )
    assert.deepEqual(
      listing.extra.map(({ key }) => key),
      ['p/m1/stranger'],
    )
    assert.equal(
      (await recheckObject(large, undefined, bench.deps)).kind,
      'same',
      'the confirmed version is still there',
    )
    assert.ok(large.versionId)
    await store.delete(large.key, large.versionId)
    assert.deepEqual(await recheckObject(large, undefined, bench.deps), { kind: 'missing' })
    assert.deepEqual(await readBack(large, bench.deps), { kind: 'missing' })
  })

  it('that rotted inside the store is found by reading it back', async () => {
    rot()
    for (const receipt of [small, large]) assert.equal((await readBack(receipt, bench.deps)).kind, 'differs')
  })

  it('whose checksum at the store has changed is found without reading it', async () => {
    const lying: ObjectStore = {
      ...store,
      head: async (...asked) => {
        const facts = await store.head(...asked)
        return facts && { ...facts, checksums: { crc32: 'AAAAAA==', type: 'FULL_OBJECT' } }
      },
    }
    assert.equal((await recheckObject(small, undefined, { ...bench.deps, store: lying })).kind, 'differs')
  })

  it('gets the lock that its place wants, and is told apart when it cannot', async () => {
    const locked = await recheckObject(small, LOCK, bench.deps)
    assert.ok(locked.kind === 'same' && (locked.lockedUntilMs ?? 0) > Date.now() + 3_500_000)
    double.faults.plan('PutObjectRetention', { kind: 'status', status: 403, code: 'AccessDenied' }, 4)
    assert.equal((await recheckObject(large, LOCK, bench.deps)).kind, 'unlocked')
    double.faults.assertAllHit()
  })

  it('does not count as locked on the word of a store that forgets the lock', async () => {
    const forgetful = { ...bench.deps, store: { ...store, setLock: () => Promise.resolve() } }
    const facts = await store.head({ key: small.key })
    assert.ok(facts)
    await assert.rejects(
      ensureLock(facts, LOCK, forgetful),
      (error) =>
        error instanceof SafelightError &&
        error.code === 'OFFSITE_UNLOCKED' &&
        /then did not have it/.test(error.message),
    )
  })

  it('in cold storage is said to be cold, not missing', async () => {
    for (const bucket of double.state.buckets.values())
      for (const versions of bucket.objects.values()) for (const version of versions) version.storageClass = 'GLACIER'
    assert.deepEqual(await readBack(small, bench.deps), { kind: 'cold' })
  })
})
