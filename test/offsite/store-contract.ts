// The suite that every object store must pass, whichever server is behind it: mounted by the quick tests on the double and by the long ones
// on Ceph.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { SafelightError } from '../../helper/errors.js'
import type { ObjectStore, PutRequest } from '../../helper/offsite/object-store.js'
import { MIB, bytesOf, collect, makeBucket, openTestStore, readAll } from '../support/s3/fixture.js'

export function putOf(key: string, body: Buffer, more: Partial<PutRequest> = {}): PutRequest {
  return { key, body, contentMd5: createHash('md5').update(body).digest('base64'), ...more }
}

export const md5 = (bytes: Buffer): Buffer => createHash('md5').update(bytes).digest()

export function itKeepsTheContract(
  urlOf: () => string,
  has: { readonly versions: boolean; readonly locks: boolean },
): void {
  let store: ObjectStore
  before(async () => {
    store = openTestStore(urlOf(), await makeBucket(urlOf(), { versioned: has.versions, lock: has.locks }))
  })
  after(() => store.close())

  it('what was put is read back, with its size and metadata, the empty object too', async () => {
    for (const [key, body] of [
      ['a/full', bytesOf(70_000)],
      ['a/empty', Buffer.alloc(0)],
    ] as const) {
      await store.put(
        putOf(key, body, { metadata: { blake3: 'beef', mtime: '1.5' }, contentType: 'image/x-canon-cr3' }),
      )
      const facts = await store.head({ key })
      assert.equal(facts?.sizeBytes, body.length)
      assert.equal(facts.metadata['blake3'], 'beef')
      assert.equal(facts.metadata['mtime'], '1.5')
      assert.equal(facts.etag, md5(body).toString('hex'))
      assert.deepEqual(await readAll(store, key), body)
    }
  })

  it('what is not there is a value, not an error', async () => {
    assert.equal(await store.head({ key: 'nothing' }), undefined)
    assert.equal(await store.read({ key: 'nothing' }), undefined)
    assert.equal(await store.listParts('nothing', 'no-such-upload'), undefined)
    assert.equal(await store.delete('nothing'), 'deleted')
    await store.abortUpload('nothing', 'no-such-upload')
    const part = await store.uploadPart({
      key: 'nothing',
      uploadId: 'no-such-upload',
      number: 1,
      body: Buffer.from('x'),
      contentMd5: md5(Buffer.from('x')).toString('base64'),
    })
    assert.equal(part.kind, 'no-such-upload')
  })

  it('a range is exactly that range', async () => {
    const body = bytesOf(1000)
    await store.put(putOf('range', body))
    const opened = await store.read({ key: 'range', range: { start: 10, end: 19 } })
    assert.ok(opened)
    assert.equal(opened.facts.sizeBytes, 1000)
    assert.deepEqual(Buffer.concat(await collect(opened.body)), body.subarray(10, 20))
  })

  it('bytes that do not fit their MD5 are refused and leave nothing', async () => {
    const wrong = { ...putOf('bad', Buffer.from('one')), contentMd5: md5(Buffer.from('two')).toString('base64') }
    await assert.rejects(
      store.put(wrong),
      (error) => error instanceof SafelightError && error.code === 'OFFSITE_UNCONFIRMED',
    )
    assert.equal(await store.head({ key: 'bad' }), undefined)
  })

  it('names with spaces, plus signs, accents, emoji and percent signs are listed as they were put', async () => {
    const names = [
      'a b',
      'a+b',
      'ä',
      'a\u0308',
      '📷',
      '100%',
      '%41',
      'a&b<c>"d\'',
      '#?;:@=$,!',
      '~(x)*',
      'a'.repeat(900),
    ]
    for (const name of names) await store.put(putOf(`names/${name}`, Buffer.from('x')))
    const listed = (await collect(store.list('names/'))).map(({ key }) => key.slice('names/'.length))
    assert.deepEqual([...listed].sort(), [...names].sort())
    for (const name of names) assert.ok(await store.head({ key: `names/${name}` }), name)
  })

  it('a large object is put together from its parts, in whatever order they came', async () => {
    const bodies = [bytesOf(5 * MIB, 1), bytesOf(5 * MIB, 2), bytesOf(100, 3)]
    const key = 'large'
    const { uploadId } = await store.beginUpload({ key, metadata: { blake3: 'f00d' } })
    const parts: { number: number; etag: string }[] = []
    for (const number of [3, 1, 2]) {
      const body = bodies[number - 1]!
      const sent = await store.uploadPart({ key, uploadId, number, body, contentMd5: md5(body).toString('base64') })
      assert.ok(sent.kind === 'stored')
      assert.equal(sent.etag, md5(body).toString('hex'))
      parts.push({ number, etag: sent.etag })
    }
    assert.equal(await store.head({ key }), undefined, 'nothing is visible before it is complete')
    const listed = await store.listParts(key, uploadId)
    assert.deepEqual(
      listed?.map(({ number, sizeBytes }) => [number, sizeBytes]),
      [
        [1, 5 * MIB],
        [2, 5 * MIB],
        [3, 100],
      ],
    )
    assert.ok(
      (await collect(store.listUploads('large'))).some((upload) => upload.uploadId === uploadId && upload.key === key),
    )

    const ascending = parts.sort((a, b) => a.number - b.number)
    const completed = await store.completeUpload({ key, uploadId, parts: ascending, sizeBytes: 10 * MIB + 100 })
    assert.equal(completed.kind, 'completed')
    assert.equal((await store.head({ key }))?.metadata['blake3'], 'f00d')
    assert.deepEqual(await readAll(store, key), Buffer.concat(bodies))
    assert.equal(await store.listParts(key, uploadId), undefined)
    assert.deepEqual(await collect(store.listUploads('large')), [])
  })

  it('an upload with a part missing asks for a fresh start', async () => {
    const key = 'holes'
    const body = bytesOf(100)
    const { uploadId } = await store.beginUpload({ key })
    await store.uploadPart({ key, uploadId, number: 1, body, contentMd5: md5(body).toString('base64') })
    const etag = md5(Buffer.from('never sent')).toString('hex')
    const outcome = await store.completeUpload({ key, uploadId, parts: [{ number: 2, etag }], sizeBytes: 100 })
    assert.equal(outcome.kind, 'start-again')
    await store.abortUpload(key, uploadId)
    await store.abortUpload(key, uploadId)
    assert.equal(await store.head({ key }), undefined)
  })

  if (has.versions)
    it('an overwritten object keeps its old version, and a deleted one all of them', async () => {
      const first = await store.put(putOf('v', Buffer.from('first')))
      const second = await store.put(putOf('v', Buffer.from('second')))
      assert.ok(first.kind === 'stored' && second.kind === 'stored')
      assert.equal((await readAll(store, 'v', first.versionId)).toString(), 'first')
      await store.delete('v')
      assert.equal(await store.head({ key: 'v' }), undefined)
      const versions = await collect(store.listVersions('v'))
      assert.deepEqual(
        versions.map(({ isDeleteMarker }) => isDeleteMarker),
        [true, false, false],
      )
      assert.equal(versions[1]?.versionId, second.versionId)
      assert.equal((await readAll(store, 'v', second.versionId)).toString(), 'second')
      assert.equal(
        await store.head({ key: 'v', versionId: versions[0]!.versionId }),
        undefined,
        'a marker is no object',
      )
    })

  if (has.locks)
    it('a locked version is told as locked, refuses deletion, and can be lengthened', async () => {
      const untilMs = Math.ceil(Date.now() / 1000) * 1000 + 60_000
      const stored = await store.put(putOf('locked', Buffer.from('x'), { lock: { mode: 'COMPLIANCE', untilMs } }))
      assert.ok(stored.kind === 'stored' && stored.versionId)
      assert.deepEqual((await store.head({ key: 'locked' }))?.lock, { mode: 'COMPLIANCE', untilMs })
      assert.equal(await store.delete('locked', stored.versionId), 'refused')
      await store.setLock('locked', stored.versionId, { mode: 'COMPLIANCE', untilMs: untilMs + 60_000 })
      assert.equal((await store.head({ key: 'locked' }))?.lock?.untilMs, untilMs + 60_000)
      await assert.rejects(
        store.setLock('locked', stored.versionId, { mode: 'COMPLIANCE', untilMs }),
        (error) => error instanceof SafelightError && error.code === 'OFFSITE_UNLOCKED',
      )
    })

  it('the bucket tells what it is set to', async () => {
    const facts = await store.bucketFacts()
    assert.equal(facts.versioning, has.versions || has.locks ? 'enabled' : 'off')
    assert.equal(facts.objectLock, has.locks)
  })

  it('the bucket is told to clear unfinished uploads away, and tells below which prefix it does', async () => {
    assert.deepEqual(await store.unfinishedUploadsExpire('p/m1/'), { kind: 'never', hasOtherRules: false })
    assert.equal(await store.expireUnfinishedUploads('p/m1/', 7), 'set')
    assert.deepEqual(await store.unfinishedUploadsExpire('p/m1/'), { kind: 'after', days: 7 })
    assert.deepEqual(await store.unfinishedUploadsExpire('p/m2/'), { kind: 'never', hasOtherRules: true })
  })

  it('a signal ends a transfer at once, without retrying', async () => {
    const stop = new AbortController()
    stop.abort(new Error('enough'))
    await assert.rejects(store.put(putOf('stopped', Buffer.from('x')), stop.signal), /enough/)
    assert.equal(await store.head({ key: 'stopped' }), undefined)
  })
}
