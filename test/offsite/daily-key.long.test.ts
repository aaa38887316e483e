// The key that the README asks for, at a real store: a user of Ceph's whose policy allows to put, get, list and lock, and nothing that takes
// away. With it the whole daily job passes, reading back included, and what it has no right to is refused by the store itself.
import assert from 'node:assert/strict'
import { setTimeout as wait } from 'node:timers/promises'
import * as s3 from '@aws-sdk/client-s3'
import { listObjects, type ObjectRow } from '../../helper/journal/offsite.js'
import { startCephOrSkip, type Ceph } from '../support/s3/ceph.js'
import { MIB, collect, makeBucket, openTestStore, rawClient, setTestCredentials } from '../support/s3/fixture.js'
import { studio, type Studio } from './support.js'

const DAY = 24 * 3600 * 1000

const ALLOWED = [
  's3:PutObject',
  's3:GetObject',
  's3:GetObjectVersion',
  's3:ListBucket',
  's3:ListBucketVersions',
  's3:GetBucketVersioning',
  's3:GetBucketObjectLockConfiguration',
  's3:GetObjectRetention',
  's3:PutObjectRetention',
  's3:ListBucketMultipartUploads',
  's3:ListMultipartUploadParts',
  's3:AbortMultipartUpload',
]

describe('a key that may put, get, list and lock, at a real store', () => {
  let ceph: Ceph
  let room: Studio
  let bucket: string

  before(async function () {
    setTestCredentials()
    ceph = await startCephOrSkip(this)
    const user = ['--uid=daily', '--display-name=daily', '--access-key=daily', '--secret-key=dailysecret']
    await ceph.admin('user', 'create', ...user)
  })
  after(() => (ceph as Ceph | undefined)?.stop())
  beforeEach(async () => {
    bucket = await makeBucket(ceph.url, { lock: true })
    const owner = rawClient(ceph.url)
    const Policy = JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { AWS: ['arn:aws:iam:::user/daily'] },
          Action: ALLOWED,
          Resource: [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`],
        },
      ],
    })
    await owner.send(new s3.PutBucketPolicyCommand({ Bucket: bucket, Policy }))
    owner.destroy()
    room = studio({ Wedding: { 'IMG_1.CR3': 17 * MIB, 'IMG_2.CR3': 6_000 } })
    setTestCredentials('daily', 'dailysecret')
  })
  afterEach(() => {
    setTestCredentials()
    room.remove()
  })

  it('is enough for the whole daily job, and takes nothing away', async function () {
    this.timeout(180_000)
    await room.call('place/add', { path: room.drive })
    const added = await room.call('place/add', {
      path: `s3://${bucket}/backup`,
      name: 'Cloud',
      bucket: { endpoint: ceph.url, lockDays: 10 },
    })
    assert.equal(added.exitCode, 0, added.summary)
    assert.doesNotMatch((added.warnings ?? []).join(), /may delete versions/)
    const sent = await room.call('backup/run', { paths: [room.originals], to: [] })
    assert.equal(sent.exitCode, 0, sent.summary)
    assert.equal(sent.offsite?.[0]?.locked, 2)

    // A year later, as it were: everything is due.
    await room.with(async (daemon) => {
      const { journal } = daemon
      journal.run("UPDATE places SET added_ms = 0 WHERE kind = 'bucket'")
      journal.run("DELETE FROM meta WHERE key LIKE 'offsite-%'")
      journal.run('UPDATE objects SET confirmed_ms = 1, locked_until_ms = ?', [Date.now() + DAY])
      const faults: unknown[] = []
      const keeper = await daemon.startBucketKeeper({ lookMs: 20, retryMs: 20 }, (error) => faults.push(error))
      const isDone = (objects: readonly ObjectRow[]): boolean =>
        objects.every((each) => each.confirmedMs > 1 && (each.lockedUntilMs ?? 0) > Date.now() + 5 * DAY) &&
        objects.some(({ readBackMs }) => readBackMs !== undefined)
      while (!isDone(listObjects(journal, added.place.id)) && faults.length === 0) await wait(20)
      await keeper.close()
      assert.deepEqual(faults, [])
    })
    const { places } = await room.call('place/list', {})
    const cloud = places.find(({ name }) => name === 'Cloud')?.bucket
    assert.deepEqual([cloud?.waitingFiles, cloud?.trouble], [0, undefined])

    const stolen = openTestStore(ceph.url, bucket)
    const versions = (await collect(stolen.listVersions('backup/'))).filter(({ key }) => key.endsWith('.CR3'))
    assert.equal(versions.length, 2)
    for (const { key, versionId } of versions) {
      assert.equal(await stolen.delete(key, versionId), 'refused')
      assert.equal(await stolen.delete(key), 'refused')
    }
    await assert.rejects(stolen.enableVersioning(), { code: 'OFFSITE_DENIED' })
    assert.equal((await collect(stolen.listVersions('backup/'))).filter(({ key }) => key.endsWith('.CR3')).length, 2)
    stolen.close()
  })
})
