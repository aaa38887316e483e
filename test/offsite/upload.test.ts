// The resumable upload against the double: what is sent, what is not sent again, what is never mixed, and what counts as confirmed.
// Long, because every way in which an upload can break off is a case.
import assert from 'node:assert/strict'
import { utimesSync, writeFileSync } from 'node:fs'
import { SafelightError, type ErrorCode } from '../../helper/errors.js'
import { ensureLock } from '../../helper/offsite/confirm.js'
import type { ObjectStore } from '../../helper/offsite/object-store.js'
import { sweepOrphans } from '../../helper/offsite/orphans.js'
import { startDouble, type S3Double } from '../support/s3/double.js'
import {
  MIB,
  bytesOf,
  collect,
  makeBucket,
  openTestStore,
  readAll,
  requestFor,
  setTestCredentials,
  testFolder,
  uploadBench,
  type TestFolder,
  type UploadBench,
} from '../support/s3/fixture.js'
import type { ProfileName } from '../support/s3/profiles.js'

const failsWith = (code: ErrorCode) => (error: unknown) => error instanceof SafelightError && error.code === code

describe('an upload', () => {
  let double: S3Double
  let store: ObjectStore
  let folder: TestFolder
  let bench: UploadBench
  const bytes = bytesOf(12 * MIB)

  async function openOn(profile: ProfileName, lock = false): Promise<void> {
    double = await startDouble(profile)
    store = openTestStore(double.url, await makeBucket(double.url, { versioned: double.profile.versioning, lock }))
    folder = testFolder()
    bench = uploadBench(store, folder, {}, { keepsCrc32: profile === 'aws', answersChecksums: profile === 'aws' })
  }
  const count = (operation: string): number =>
    double.requests.filter((request) => request.operation === operation).length

  beforeEach(async () => {
    setTestCredentials()
    await openOn('aws')
  })
  afterEach(async () => {
    double.faults.assertAllHit()
    store.close()
    folder.remove()
    await double.close()
  })

  for (const size of [0, 1, 5 * MIB, 5 * MIB + 1, 10 * MIB, 12 * MIB])
    it(`of ${size} bytes arrives byte for byte and leaves nothing open`, async () => {
      const content = bytes.subarray(0, size)
      const file = folder.file('IMG_0001.CR3', content)
      const receipt = await bench.upload(requestFor('k', file, content), file)
      assert.equal(receipt.state, 'confirmed')
      assert.equal(receipt.confirmedBy, 'full-object checksum')
      assert.equal(receipt.sentParts, Math.max(1, Math.ceil(size / (5 * MIB))))
      assert.deepEqual(await readAll(store, 'k'), content)
      assert.deepEqual(await bench.ledger.open(), [])
      assert.deepEqual(await collect(store.listUploads('')), [])
      assert.equal(bench.ledger.receipts().length, 1)
    })

  it('is written down before its first part is sent', async () => {
    const file = folder.file('a', bytes)
    const order: string[] = []
    const { ledger } = bench
    const begin = ledger.begin.bind(ledger)
    ledger.begin = async (upload) => {
      order.push(`begin after ${count('UploadPart')} parts`)
      await begin(upload)
    }
    await bench.upload(requestFor('k', file, bytes), file)
    assert.deepEqual(order, ['begin after 0 parts'])
  })

  it('that cannot be written down is given back to the store', async () => {
    const file = folder.file('a', bytes)
    bench.ledger.begin = () => Promise.reject(new Error('disk full'))
    await assert.rejects(bench.upload(requestFor('k', file, bytes), file), /disk full/)
    assert.deepEqual(await collect(store.listUploads('')), [])
  })

  it('that broke off goes on with the parts that are missing', async () => {
    const file = folder.file('a', bytes)
    const request = requestFor('k', file, bytes)
    double.faults.plan('CompleteMultipartUpload', { kind: 'status', status: 503, code: 'SlowDown' }, 6)
    await assert.rejects(bench.upload(request, file), failsWith('OFFSITE_UNREACHABLE'))
    const sentBefore = count('UploadPart')
    const receipt = await bench.upload(request, file)
    assert.equal(count('UploadPart'), sentBefore, 'no part is sent twice')
    assert.equal(receipt.reusedParts, 3)
    assert.deepEqual(await readAll(store, 'k'), bytes)
  })

  it('that failed at one part sends only what did not arrive', async () => {
    const file = folder.file('a', bytes)
    const request = requestFor('k', file, bytes)
    const alone = uploadBench(store, folder, { concurrency: 1 })
    double.faults.plan('UploadPart', { kind: 'status', status: 403, code: 'AccessDenied' })
    await assert.rejects(alone.upload(request, file), failsWith('OFFSITE_DENIED'))
    const receipt = await alone.upload(request, file)
    assert.deepEqual([receipt.sentParts, receipt.reusedParts], [3, 0])
    assert.deepEqual(await readAll(store, 'k'), bytes)
  })

  it('of a file that has changed since starts anew and never mixes the two', async () => {
    const file = folder.file('a', bytes)
    double.faults.plan('CompleteMultipartUpload', { kind: 'status', status: 503, code: 'SlowDown' }, 6)
    await assert.rejects(bench.upload(requestFor('k', file, bytes), file))
    const edited = Buffer.from(bytes)
    edited[11 * MIB] = (edited[11 * MIB] ?? 0) ^ 1
    writeFileSync(file, edited)
    const receipt = await bench.upload(requestFor('k', file, edited), file)
    assert.equal(receipt.reusedParts, 0)
    assert.deepEqual(await readAll(store, 'k'), edited)
    assert.deepEqual(await collect(store.listUploads('')), [], 'the old upload is given back')
  })

  it('of a file that changes while it is read ends without an object', async () => {
    const file = folder.file('a', bytes)
    const request = requestFor('k', file, bytes)
    const touching = uploadBench(store, folder, {
      onProgress: () => utimesSync(file, new Date(), new Date(Date.now() + 60_000)),
    })
    await assert.rejects(touching.upload(request, file), failsWith('SOURCE_CHANGING'))
    assert.equal(await store.head({ key: 'k' }), undefined)
    assert.deepEqual(await collect(store.listUploads('')), [])
    assert.deepEqual(await touching.ledger.open(), [])
  })

  it('of a file whose bytes are not those of its reference hash ends without an object', async () => {
    for (const size of [1000, 12 * MIB]) {
      const good = bytes.subarray(0, size)
      const rotten = Buffer.from(good)
      rotten[500] = (rotten[500] ?? 0) ^ 4
      const file = folder.file('a', rotten)
      await assert.rejects(bench.upload(requestFor('k', file, good), file), failsWith('COPY_DIFFERS'))
      assert.equal(await store.head({ key: 'k' }), undefined)
      assert.deepEqual(await collect(store.listUploads('')), [])
    }
  })

  for (const profile of ['aws', 'b2'] as const)
    it(`whose reply to Complete was lost is found complete, as ${profile} answers`, async () => {
      await double.close()
      await openOn(profile)
      const file = folder.file('a', bytes)
      double.faults.plan('CompleteMultipartUpload', { kind: 'lose-reply' })
      const receipt = await bench.upload(requestFor('k', file, bytes), file)
      assert.equal(receipt.sentParts, 3)
      assert.equal((await collect(store.listVersions('k'))).length, 1, 'one version, not two')
      assert.deepEqual(await readAll(store, 'k'), bytes)
    })

  it('that ended between Complete and the record is recorded by the next run, without sending anything', async () => {
    const file = folder.file('a', bytes)
    const request = requestFor('k', file, bytes)
    const complete = bench.ledger.complete.bind(bench.ledger)
    bench.ledger.complete = () => Promise.reject(new Error('killed'))
    await assert.rejects(bench.upload(request, file), /killed/)
    bench.ledger.complete = complete
    const sentBefore = count('UploadPart')
    const receipt = await bench.upload(request, file)
    assert.equal(count('UploadPart'), sentBefore)
    assert.ok(receipt.wasThere)
    assert.deepEqual(await bench.ledger.open(), [])
  })

  it('of something that is there already costs one question', async () => {
    const file = folder.file('a', bytes)
    const request = requestFor('k', file, bytes)
    await bench.upload(request, file)
    const before = double.requests.length
    assert.ok((await bench.upload(request, file)).wasThere)
    assert.equal(double.requests.length - before, 2, 'one HEAD before, one to confirm')
    assert.equal((await collect(store.listVersions('k'))).length, 1)
  })

  it('whose parts were swept away by somebody begins anew', async () => {
    const file = folder.file('a', bytes)
    const request = requestFor('k', file, bytes)
    double.faults.plan('CompleteMultipartUpload', { kind: 'status', status: 503, code: 'SlowDown' }, 6)
    await assert.rejects(bench.upload(request, file))
    for (const { key, uploadId } of await collect(store.listUploads(''))) await store.abortUpload(key, uploadId)
    const receipt = await bench.upload(request, file)
    assert.equal(receipt.sentParts, 3)
    assert.deepEqual(await readAll(store, 'k'), bytes)
  })

  it('goes on over a server that is restarted in the middle', async () => {
    const file = folder.file('a', bytes)
    let restarted: Promise<void> | undefined
    const restarting = uploadBench(store, folder, {
      concurrency: 1,
      onProgress: () => void (restarted ??= double.restart()),
    })
    const receipt = await restarting.upload(requestFor('k', file, bytes), file)
    await restarted
    assert.equal(receipt.sentParts, 3)
    assert.deepEqual(await readAll(store, 'k'), bytes)
  })

  it('stops at once when told to, and goes on later', async () => {
    const file = folder.file('a', bytes)
    const request = requestFor('k', file, bytes)
    const stop = new AbortController()
    const stopping = uploadBench(store, folder, { concurrency: 1, onProgress: () => stop.abort(new Error('quitting')) })
    await assert.rejects(stopping.upload(request, file, stop.signal), /quitting/)
    assert.equal((await stopping.ledger.open()).length, 1, 'the upload stays open')
    const receipt = await bench.upload(request, file)
    assert.equal(receipt.reusedParts, 1)
  })

  describe('to a store that checks what is signed', () => {
    const md5s: (string | undefined)[] = []
    let signed: UploadBench
    beforeEach(() => {
      md5s.length = 0
      const watched: ObjectStore = {
        ...store,
        put: (request, signal) => (md5s.push(request.contentMd5), store.put(request, signal)),
        uploadPart: (request, signal) => (md5s.push(request.contentMd5), store.uploadPart(request, signal)),
      }
      signed = uploadBench(watched, folder, {}, { checksSha256: true })
    })

    for (const size of [0, 1, 5 * MIB, 12 * MIB])
      it(`of ${size} bytes is confirmed without an MD5`, async () => {
        const content = bytes.subarray(0, size)
        const file = folder.file('a', content)
        const receipt = await signed.upload(requestFor('k', file, content), file)
        assert.equal(receipt.confirmedBy, 'signed SHA-256')
        assert.ok(md5s.every((md5) => md5 === undefined))
        assert.deepEqual(await readAll(store, 'k'), content)
      })

    for (const [operation, size] of [
      ['PutObject', 1000],
      ['UploadPart', 12 * MIB],
    ] as const)
      it(`gets over a bit that flipped on the way of ${operation}`, async () => {
        const content = bytes.subarray(0, size)
        const file = folder.file('a', content)
        double.faults.plan(operation, { kind: 'flip-bit' })
        await signed.upload(requestFor('k', file, content), file)
        assert.deepEqual(await readAll(store, 'k'), content)
      })

    it('goes on with the parts that are missing, which it knows by their MD5', async () => {
      const file = folder.file('a', bytes)
      double.faults.plan('UploadPart', { kind: 'status', status: 403, code: 'AccessDenied' })
      await assert.rejects(signed.upload(requestFor('k', file, bytes), file), failsWith('OFFSITE_DENIED'))
      double.faults.plan('CompleteMultipartUpload', { kind: 'status', status: 503, code: 'SlowDown' }, 6)
      await assert.rejects(signed.upload(requestFor('k', file, bytes), file))
      const receipt = await signed.upload(requestFor('k', file, bytes), file)
      assert.equal(receipt.reusedParts, 3)
      assert.deepEqual(await readAll(store, 'k'), bytes)
    })

    it('of a file that is to be locked takes the MD5 along', async () => {
      const file = folder.file('a', bytes)
      const lock = { mode: 'COMPLIANCE', retentionMs: 3_600_000 } as const
      await assert.rejects(signed.upload(requestFor('k', file, bytes, { lock }), file))
      assert.equal(md5s.filter((md5) => md5 !== undefined).length, md5s.length)
    })

    it('is not confirmed when the object is not what the store answered for', async () => {
      const file = folder.file('a', bytes)
      double.faults.plan('CompleteMultipartUpload', { kind: 'wrong-checksums' })
      double.faults.plan('HeadObject', { kind: 'status', status: 404, code: 'NoSuchKey' })
      double.faults.plan('HeadObject', { kind: 'wrong-checksums' })
      await assert.rejects(signed.upload(requestFor('k', file, bytes), file), failsWith('OFFSITE_UNCONFIRMED'))
      assert.deepEqual(signed.ledger.receipts(), [])
    })
  })

  it('recognises its parts by the ledger where the ETag is no MD5', async () => {
    const file = folder.file('a', bytes)
    const request = requestFor('k', file, bytes)
    const opaque: ObjectStore = {
      ...store,
      uploadPart: async (part, signal) => {
        const sent = await store.uploadPart(part, signal)
        return sent.kind === 'stored' ? { ...sent, etag: `kms-${sent.etag}` } : sent
      },
      listParts: async (...asked) =>
        (await store.listParts(...asked))?.map((part) => ({ ...part, etag: `kms-${part.etag}` })),
      completeUpload: (completing, signal) =>
        store.completeUpload(
          { ...completing, parts: completing.parts.map((part) => ({ ...part, etag: part.etag.replace('kms-', '') })) },
          signal,
        ),
    }
    const kms = uploadBench(opaque, folder, {}, { etagIsMd5: false })
    double.faults.plan('CompleteMultipartUpload', { kind: 'status', status: 503, code: 'SlowDown' }, 6)
    await assert.rejects(kms.upload(request, file))
    const receipt = await kms.upload(request, file)
    assert.equal(receipt.reusedParts, 3)
    assert.equal(receipt.confirmedBy, 'name and size only')
  })

  it('is not confirmed when the store holds something else', async () => {
    const file = folder.file('a', bytes)
    const lying: ObjectStore = {
      ...store,
      head: async (...asked) => {
        const facts = await store.head(...asked)
        return facts && { ...facts, checksums: {}, etag: '0'.repeat(32) }
      },
    }
    const bench2 = uploadBench(lying, folder)
    await assert.rejects(bench2.upload(requestFor('k', file, bytes), file), failsWith('OFFSITE_UNCONFIRMED'))
    assert.deepEqual(bench2.ledger.receipts(), [], 'nothing is recorded')
  })

  describe('that is to be locked', () => {
    const lock = { mode: 'COMPLIANCE', retentionMs: 3_600_000 } as const
    const held = async (key: string): Promise<string> => {
      const versions = await collect(store.listVersions(key))
      return (await Promise.all(versions.map(({ versionId }) => store.delete(key, versionId)))).join()
    }

    for (const profile of ['aws', 'b2', 'ceph16'] as const)
      it(`is confirmed as locked only when it is, small and large, as ${profile} behaves`, async () => {
        await double.close()
        await openOn(profile, true)
        for (const size of [1000, 12 * MIB]) {
          const content = bytes.subarray(0, size)
          const file = folder.file('a', content)
          const receipt = await bench.upload(requestFor(`k${size}`, file, content, { lock }), file)
          assert.equal(receipt.state, 'confirmed-locked')
          assert.equal(receipt.lockRepaired, profile === 'ceph16' && size > 5 * MIB)
          assert.ok((receipt.lockedUntilMs ?? 0) >= Date.now() + 3_590_000)
          assert.equal(await held(`k${size}`), 'refused')
        }
      })

    it('fails loudly where no lock can be had, and is not recorded', async () => {
      const content = bytes.subarray(0, 1000)
      const file = folder.file('a', content)
      const deaf: ObjectStore = { ...store, put: ({ lock: _, ...request }, signal) => store.put(request, signal) }
      const bench2 = uploadBench(deaf, folder)
      await assert.rejects(bench2.upload(requestFor('k', file, content, { lock }), file), failsWith('OFFSITE_UNLOCKED'))
      assert.deepEqual(bench2.ledger.receipts(), [])
    })

    it('waits out a store that refuses retention in the first second', async () => {
      await double.close()
      await openOn('ceph16', true)
      double.faults.plan('PutObjectRetention', { kind: 'status', status: 403, code: 'AccessDenied' }, 2)
      const file = folder.file('a', bytes)
      const receipt = await bench.upload(requestFor('k', file, bytes, { lock }), file)
      assert.equal(receipt.state, 'confirmed-locked')
    })

    it('has its lock lengthened before it runs out', async () => {
      await double.close()
      await openOn('aws', true)
      const content = bytes.subarray(0, 1000)
      const file = folder.file('a', content)
      await bench.upload(requestFor('k', file, content, { lock }), file)
      const facts = await store.head({ key: 'k' })
      assert.ok(facts)
      assert.equal((await ensureLock(facts, lock, bench.deps)).changed, false)
      const later = { ...bench.deps, now: () => Date.now() + 600_000 }
      const extended = await ensureLock(facts, lock, later)
      assert.ok(extended.changed && extended.untilMs >= Date.now() + 4_190_000)
    })
  })

  it('leaves no orphans of its own, and foreign ones alone', async () => {
    const { uploadId: foreign } = await store.beginUpload({ key: 'other/x' })
    const { uploadId: lost } = await store.beginUpload({ key: 'p/m1/lost' })
    const { uploadId: working } = await store.beginUpload({ key: 'p/m1/working' })
    await bench.ledger.begin({
      key: 'p/m1/working',
      uploadId: working,
      sizeBytes: 1,
      mtimeMs: 1,
      blake3: 'x',
      partSizeBytes: 1,
      withCrc32: false,
      begunAtMs: 1,
    })
    const dueIn = (ms: number) => sweepOrphans('p/m1/', { store, ledger: bench.ledger, now: () => Date.now() + ms })
    assert.deepEqual((await dueIn(3_600_000)).abort, [], 'too young')
    assert.deepEqual(
      (await dueIn(3 * 86_400_000)).abort.map(({ uploadId }) => uploadId),
      [lost],
    )
    assert.deepEqual(
      (await collect(store.listUploads(''))).map(({ uploadId }) => uploadId).sort(),
      [foreign, working].sort(),
    )
    await assert.rejects(sweepOrphans('', { store, ledger: bench.ledger, now: Date.now }), /no folder of ours/)
  })
})
