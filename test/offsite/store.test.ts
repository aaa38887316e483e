// The S3 store against the double: the contract under several stores' habits, and every fault that a request can meet.
import assert from 'node:assert/strict'
import * as s3 from '@aws-sdk/client-s3'
import { SafelightError, type ErrorCode } from '../../helper/errors.js'
import { createLimiter } from '../../helper/offsite/limiter.js'
import type { ObjectStore } from '../../helper/offsite/object-store.js'
import { startDouble, type S3Double } from '../support/s3/double.js'
import {
  bytesOf,
  collect,
  instantSleep,
  makeBucket,
  openTestStore,
  rawClient,
  readAll,
  setTestCredentials,
  testFolder,
} from '../support/s3/fixture.js'
import { itKeepsTheContract, putOf } from './store-contract.js'

const failsWith = (code: ErrorCode, words: RegExp) => (error: unknown) => {
  assert.ok(error instanceof SafelightError, String(error))
  assert.equal(error.code, code)
  assert.match(error.message, words)
  assert.ok(error.exitCode >= 30 && error.exitCode <= 39)
  return true
}

beforeEach(() => setTestCredentials())

for (const [profile, has] of [
  ['aws', { versions: true, locks: true }],
  ['b2', { versions: true, locks: true }],
  ['r2', { versions: false, locks: false }],
  ['swift', { versions: false, locks: false }],
  ['ceph16', { versions: true, locks: true }],
  ['wasabi', { versions: true, locks: true }],
] as const)
  describe(`an S3 store with the habits of ${profile}`, () => {
    let double: S3Double
    before(async () => {
      setTestCredentials()
      double = await startDouble(profile)
    })
    after(() => double.close())
    itKeepsTheContract(() => double.url, has)
  })

describe('an S3 store whose line or server fails', () => {
  let double: S3Double
  let bucket: string
  let store: ObjectStore
  const slept: number[] = []
  const body = bytesOf(200_000)

  before(async () => {
    double = await startDouble('aws')
    bucket = await makeBucket(double.url, { versioned: true })
  })
  after(() => double.close())
  beforeEach(() => {
    slept.length = 0
    store = openTestStore(double.url, bucket, { socketTimeoutMs: 300 }, { sleep: instantSleep(slept) })
  })
  afterEach(() => {
    store.close()
    double.faults.assertAllHit()
    double.faults.clear()
  })

  const passing = [
    ['503 SlowDown', { kind: 'status', status: 503, code: 'SlowDown' }],
    ['500 InternalError', { kind: 'status', status: 500, code: 'InternalError' }],
    ['429', { kind: 'status', status: 429, code: 'TooManyRequests' }],
    ['502 from something in between', { kind: 'status', status: 502, code: 'BadGateway' }],
    ['XAmzContentSHA256Mismatch', { kind: 'status', status: 400, code: 'XAmzContentSHA256Mismatch' }],
    ['a bit that flipped on the way', { kind: 'flip-bit' }],
    ['409 ConditionalRequestConflict', { kind: 'status', status: 409, code: 'ConditionalRequestConflict' }],
    ['409 OperationAborted', { kind: 'status', status: 409, code: 'OperationAborted' }],
    ['a connection reset in the middle of the body', { kind: 'reset-after', bytes: 100_000 }],
    ['a server that falls silent', { kind: 'freeze' }],
    ['a lost reply', { kind: 'lose-reply' }],
  ] as const
  for (const [name, fault] of passing)
    it(`gets over ${name} by itself`, async () => {
      double.faults.plan('PutObject', fault, 2)
      const key = `passing ${name}`
      assert.equal((await store.put(putOf(key, body))).kind, 'stored')
      assert.equal(slept.length, 2)
      assert.deepEqual(await readAll(store, key), body)
    })

  it('gives up after a bounded number of attempts, and says so plainly', async () => {
    double.faults.plan('PutObject', { kind: 'status', status: 503, code: 'SlowDown' }, 6)
    await assert.rejects(store.put(putOf('busy', body)), failsWith('OFFSITE_UNREACHABLE', /too busy/))
    assert.equal(slept.length, 5)
    assert.ok(slept.every((ms, index) => ms <= 1000 * 2 ** index))
  })

  it('waits as long as the store asks for', async () => {
    double.faults.plan('PutObject', { kind: 'status', status: 503, code: 'SlowDown', headers: { 'retry-after': '17' } })
    await store.put(putOf('asked to wait', body))
    assert.deepEqual(slept, [17_000])
  })

  it('reads on where a reply was cut off, from the same version', async () => {
    const first = await store.put(putOf('cut', body))
    assert.ok(first.kind === 'stored')
    double.faults.plan('GetObject', { kind: 'cut-reply', bytes: 50_000 })
    double.faults.plan('GetObject', { kind: 'cut-reply', bytes: 60_000 })
    const opened = await store.read({ key: 'cut' })
    assert.ok(opened)
    await store.put(putOf('cut', bytesOf(200_000, 99)))
    assert.deepEqual(Buffer.concat(await collect(opened.body)), body, 'not a mixture with the version put meanwhile')
  })

  it('takes a hotel’s login page for no answer, and goes on when the store is back', async () => {
    double.faults.plan('ListObjectsV2', { kind: 'captive-portal' }, 2)
    assert.ok((await collect(store.list(''))).length > 0)
    assert.equal(slept.length, 2)
    double.faults.plan('CreateMultipartUpload', { kind: 'captive-portal' }, 6)
    await assert.rejects(store.beginUpload({ key: 'portal' }), failsWith('OFFSITE_UNREACHABLE', /could not be reached/))
  })

  it('takes an error inside a 200 for an error', async () => {
    const { uploadId } = await store.beginUpload({ key: 'late error' })
    const part = bytesOf(10)
    const sent = await store.uploadPart({ uploadId, number: 1, ...putOf('late error', part) })
    assert.ok(sent.kind === 'stored')
    double.faults.plan('CompleteMultipartUpload', { kind: 'error-in-200', code: 'InternalError' })
    const outcome = await store.completeUpload({
      key: 'late error',
      uploadId,
      parts: [{ number: 1, etag: sent.etag }],
      sizeBytes: 10,
    })
    assert.equal(outcome.kind, 'completed')
    assert.equal(slept.length, 1)
  })

  it('follows the store’s clock when this computer’s is off by an hour, without losing a request', async () => {
    for (const clockOffsetMs of [3_600_000, -3_600_000]) {
      const skewed = openTestStore(double.url, bucket, {}, { clockOffsetMs })
      await skewed.put(putOf('skewed', body))
      assert.ok(Math.abs(skewed.clockCorrectionMs() + clockOffsetMs) < 5_000, String(skewed.clockCorrectionMs()))
      const another = openTestStore(double.url, bucket, {}, { clockOffsetMs })
      assert.ok(await another.head({ key: 'skewed' }), 'a HEAD, whose refusal has no words')
      skewed.close()
      another.close()
    }
  })

  it('names each refusal that only a person can end, and does not try again', async () => {
    const cases: [ErrorCode, RegExp, { readonly status: number; readonly code: string }][] = [
      ['OFFSITE_DENIED', /does not accept the access key/, { status: 403, code: 'SignatureDoesNotMatch' }],
      ['OFFSITE_DENIED', /does not accept the access key/, { status: 403, code: 'InvalidAccessKeyId' }],
      ['OFFSITE_DENIED', /has expired/, { status: 400, code: 'ExpiredToken' }],
      ['OFFSITE_DENIED', /does not allow it/, { status: 403, code: 'AccessDenied' }],
      ['OFFSITE_FULL', /is full/, { status: 403, code: 'QuotaExceeded' }],
      ['OFFSITE_FULL', /is full/, { status: 507, code: 'Whatever' }],
      ['OFFSITE_SUSPENDED', /suspended/, { status: 403, code: 'UserSuspended' }],
      ['OFFSITE_ADDRESS', /another region/, { status: 400, code: 'AuthorizationHeaderMalformed' }],
      ['OFFSITE_ADDRESS', /no such bucket/, { status: 404, code: 'NoSuchBucket' }],
      ['OFFSITE_COLD', /cold storage/, { status: 403, code: 'InvalidObjectState' }],
      ['OFFSITE_REFUSED', /refuses this kind/, { status: 501, code: 'NotImplemented' }],
    ]
    for (const [code, words, refusal] of cases) {
      double.faults.plan('PutObject', { kind: 'status', ...refusal })
      await assert.rejects(store.put(putOf('refused', body)), failsWith(code, words), refusal.code)
    }
    assert.deepEqual(slept, [])
  })

  it('finds out why a HEAD was refused, although its reply has no words', async () => {
    double.account = { status: 403, code: 'UserSuspended' }
    await assert.rejects(store.head({ key: 'x' }), failsWith('OFFSITE_SUSPENDED', /suspended/))
    double.account = undefined
  })

  it('says that nothing listens there', async () => {
    const nowhere = openTestStore('http://127.0.0.1:9', 'bucket')
    await assert.rejects(nowhere.head({ key: 'x' }), failsWith('OFFSITE_UNREACHABLE', /could not be reached/))
    nowhere.close()
  })

  it('sends step by step under a bandwidth limit, with every body still signed', async () => {
    let now = 0
    const limiter = createLimiter(1_000_000, {
      monotonicMs: () => now,
      sleep: (ms) => {
        now += ms
        return Promise.resolve()
      },
    })
    const limited = openTestStore(double.url, bucket, {}, { limiter })
    await limited.put(putOf('limited', body))
    assert.deepEqual(await readAll(limited, 'limited'), body)
    assert.ok(now >= 200 * 0.99 && now <= 210, `${now} ms of waiting for 200,000 bytes`)
    const put = double.requests.findLast(({ operation }) => operation === 'PutObject')
    assert.match(String(put?.headers['x-amz-content-sha256']), /^[0-9a-f]{64}$/)
    double.faults.plan('PutObject', { kind: 'flip-bit' })
    await limited.put(putOf('limited', body))
    limited.close()
  })

  it('asks for cold objects, waits for them, and reads them', async () => {
    await store.put(putOf('cold', body, { storageClass: 'DEEP_ARCHIVE' }))
    await assert.rejects(store.read({ key: 'cold' }), failsWith('OFFSITE_COLD', /cold storage/))
    assert.equal(await store.requestRestore('cold', undefined, 3, 'Bulk'), 'requested')
    assert.equal(await store.requestRestore('cold', undefined, 3, 'Bulk'), 'already-requested')
    assert.equal((await store.head({ key: 'cold' }))?.restore?.ongoing, true)
    double.clockOffsetMs = 2 * 3_600_000
    const facts = await store.head({ key: 'cold' })
    assert.equal(facts?.restore?.ongoing, false)
    assert.ok((facts.restore.untilMs ?? 0) > Date.now())
    assert.deepEqual(await readAll(store, 'cold'), body)
    assert.equal(await store.requestRestore('cold', undefined, 3, 'Bulk'), 'readable')
    double.clockOffsetMs = 0
  })

  it('lists a thousand objects per request', async () => {
    const many = await makeBucket(double.url)
    const raw = rawClient(double.url)
    await Promise.all(
      Array.from({ length: 1001 }, (_, n) =>
        raw.send(new s3.PutObjectCommand({ Bucket: many, Key: `k${n}`, Body: '', ContentLength: 0 })),
      ),
    )
    const listing = openTestStore(double.url, many)
    const before = double.requests.length
    assert.equal((await collect(listing.list(''))).length, 1001)
    assert.equal(double.requests.length - before, 2)
    listing.close()
    raw.destroy()
  })
})

describe('the credentials', () => {
  let double: S3Double
  let bucket: string
  before(async () => {
    double = await startDouble('aws')
    bucket = await makeBucket(double.url)
  })
  after(() => double.close())

  it('come from the environment', async () => {
    const store = openTestStore(double.url, bucket)
    await store.put(putOf('environment', Buffer.from('x')))
    store.close()
  })

  it('come from a profile of the AWS files', async () => {
    const folder = testFolder()
    setTestCredentials()
    process.env['AWS_SHARED_CREDENTIALS_FILE'] = folder.file(
      'credentials',
      Buffer.from(
        '[wrong]\naws_access_key_id=x\naws_secret_access_key=y\n[studio]\naws_access_key_id=test\naws_secret_access_key=testsecret\n',
      ),
    )
    delete process.env['AWS_ACCESS_KEY_ID']
    delete process.env['AWS_SECRET_ACCESS_KEY']
    const store = openTestStore(double.url, bucket, { profile: 'studio' })
    await store.put(putOf('profile', Buffer.from('x')))
    const wrong = openTestStore(double.url, bucket, { profile: 'wrong' })
    await assert.rejects(wrong.head({ key: 'x' }), failsWith('OFFSITE_DENIED', /does not accept/))
    const missing = openTestStore(double.url, bucket, { profile: 'nobody' })
    await assert.rejects(missing.head({ key: 'x' }), failsWith('OFFSITE_DENIED', /No access key/))
    for (const each of [store, wrong, missing]) each.close()
    folder.remove()
  })

  it('never appear in what is said, logged or thrown', async () => {
    const secret = 'wJalrCANARYsecretEXAMPLEKEY'
    const keyId = 'AKIACANARYEXAMPLE'
    setTestCredentials(keyId, secret)
    const said: string[] = []
    const store = openTestStore(double.url, bucket, {}, { onFault: (...facts) => said.push(JSON.stringify(facts)) })
    const attempts = [
      () => store.put(putOf('canary', Buffer.from('x'))),
      () => store.head({ key: 'canary' }),
      () => store.beginUpload({ key: 'canary' }),
      () => collect(store.list('')),
    ]
    for (const attempt of attempts)
      await assert.rejects(attempt(), (error: unknown) => {
        for (let at = error; at instanceof Error; at = at.cause)
          said.push(at.message, at.stack ?? '', JSON.stringify(at), Object.values(at).map(String).join(' '))
        return failsWith('OFFSITE_DENIED', /does not accept/)(error)
      })
    const everything = said.join('\n')
    assert.ok(said.length > 10)
    for (const word of [secret, keyId, 'AWS4-HMAC', 'Signature=', 'Credential='])
      assert.ok(!everything.includes(word), word)
    store.close()
  })
})
