// The capability probe finds each store's habits by trying, and says what a place there does without.
import assert from 'node:assert/strict'
import { SafelightError } from '../../helper/errors.js'
import { PROBE_RETRY, probeStore } from '../../helper/offsite/probe.js'
import { formatProbe, type ProbeReport, type StoreProfile } from '../../helper/offsite/providers.js'
import { startDouble, type S3Double } from '../support/s3/double.js'
import { collect, makeBucket, openTestStore, setTestCredentials } from '../support/s3/fixture.js'
import type { ProfileName } from '../support/s3/profiles.js'

const FOUND: Record<ProfileName, Partial<StoreProfile>> = {
  aws: {
    versioning: true,
    locks: true,
    locksMultipart: true,
    keepsCrc32: true,
    answersChecksums: true,
    ifAbsent: true,
  },
  b2: {
    versioning: true,
    locks: true,
    locksMultipart: true,
    keepsCrc32: false,
    answersChecksums: false,
    ifAbsent: true,
  },
  r2: {
    versioning: false,
    locks: false,
    locksMultipart: false,
    keepsCrc32: false,
    answersChecksums: true,
    ifAbsent: true,
  },
  swift: { versioning: false, locks: false, locksMultipart: false, keepsCrc32: false, ifAbsent: false },
  ceph16: { versioning: true, locks: true, locksMultipart: false, keepsCrc32: false, ifAbsent: true },
  wasabi: { versioning: true, locks: true, locksMultipart: true, keepsCrc32: false, ifAbsent: false },
}

const ALIKE = { etagIsMd5: true, checksSha256: true, listsUploads: true, mayDelete: true, storageClasses: [] }

describe('the capability probe', () => {
  let double: S3Double

  async function probe(profile: ProfileName): Promise<ProbeReport> {
    double = await startDouble(profile)
    const bucket = await makeBucket(double.url, { lock: double.profile.objectLock })
    const store = openTestStore(double.url, bucket, { retry: PROBE_RETRY })
    try {
      return await probeStore({ ownPrefix: 'p/m1/' }, { store, now: Date.now })
    } finally {
      store.close()
    }
  }
  beforeEach(() => setTestCredentials())
  afterEach(() => double.close())

  for (const name of Object.keys(FOUND) as ProfileName[])
    it(`tells a store like ${name} by what it does`, async () => {
      const { profile } = await probe(name)
      assert.deepEqual({ ...profile, ...FOUND[name], ...ALIKE }, profile)
    })

  it('tidies up after itself, except what its own lock protects', async () => {
    const report = await probe('aws')
    const [bucket = ''] = double.state.buckets.keys()
    const store = openTestStore(double.url, bucket)
    const left = await collect(store.listVersions(''))
    assert.deepEqual(left.map(({ key }) => key).sort(), [...report.leftovers].sort())
    assert.ok(report.leftovers.every((key) => key.startsWith('p/m1/.safelight-probe/')))
    double.clockOffsetMs = 120_000
    for (const { key, versionId } of left) assert.equal(await store.delete(key, versionId), 'deleted')
    assert.deepEqual(await collect(store.listUploads('')), [])
    store.close()
  })

  it('costs few requests', async () => {
    await probe('aws')
    const tidying = double.requests.filter(({ operation }) => operation.startsWith('Delete')).length
    assert.ok(double.requests.length - tidying <= 40, String(double.requests.length - tidying))
  })

  it('prints a table that a person can read, with warnings', async () => {
    const table = formatProbe(await probe('r2'))
    assert.match(table, /keeps and reads old versions +no +versioning is off/)
    assert.match(table, /stores an object and tells its size +yes/)
    assert.match(table, /! This bucket keeps no old versions/)
    assert.match(table, /! Copies cannot be locked here/)
  })

  it('notices a store that accepts locks and deletes what is locked', async () => {
    double = await startDouble('aws')
    const store = openTestStore(double.url, await makeBucket(double.url, { lock: true }), { retry: PROBE_RETRY })
    const liar = { ...store, put: ({ lock: _, ...request }: Parameters<typeof store.put>[0]) => store.put(request) }
    const { profile, findings } = await probeStore({ ownPrefix: 'p/m1/' }, { store: liar, now: Date.now })
    assert.equal(profile.locks, false)
    assert.equal(findings.find(({ id }) => id === 'lock')?.detail, 'the lock was accepted and not kept')
    store.close()
  })

  it('notices a store that does not look at what is signed', async () => {
    double = await startDouble('wasabi')
    const store = openTestStore(double.url, await makeBucket(double.url), { retry: PROBE_RETRY })
    const careless = {
      ...store,
      put: ({ sha256: _, ...request }: Parameters<typeof store.put>[0]) => store.put(request),
    }
    const { profile } = await probeStore({ ownPrefix: 'p/m1/' }, { store: careless, now: Date.now })
    assert.equal(profile.checksSha256, false)
    store.close()
  })

  it('of a store that cannot be used at all ends with its plain message', async () => {
    double = await startDouble('aws')
    setTestCredentials('test', 'wrong')
    const store = openTestStore(double.url, 'bucket', { retry: PROBE_RETRY })
    await assert.rejects(
      probeStore({ ownPrefix: 'p/m1/' }, { store, now: Date.now }),
      (error) => error instanceof SafelightError && error.code === 'OFFSITE_DENIED',
    )
    store.close()
  })
})
