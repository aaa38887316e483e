// A key that may not delete, as the daily job should have: the whole job passes with it, and whoever steals it cannot make a locked version go.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import * as s3 from '@aws-sdk/client-s3'
import { listObjects, type ObjectRow } from '../../helper/journal/offsite.js'
import { startDouble, type S3Double } from '../support/s3/double.js'
import { makeBucket, rawClient } from '../support/s3/fixture.js'
import { contentsOf } from '../restore/support.js'
import { studio, type Studio } from './support.js'

const DAY = 24 * 3600 * 1000

/** s3:DeleteObject, s3:DeleteObjectVersion, s3:BypassGovernanceRetention, s3:PutObjectLegalHold and whatever changes the bucket itself. */
const DENIED = /^(Delete|PutBucket|PutObjectLegalHold|PutObjectLockConfiguration)/

describe('a stolen S3 key that may put, get and list', () => {
  let double: S3Double
  let room: Studio
  let bucket: string
  let placeId: string

  beforeEach(async () => {
    double = await startDouble('aws')
    room = studio({ Wedding: { 'IMG_1.CR3': 7_000, 'IMG_2.CR3': 6_000, 'IMG_2.xmp': 300 } })
    bucket = await makeBucket(double.url, { lock: true })
    double.denies = ({ operation, headers }) =>
      DENIED.test(operation) || headers['x-amz-bypass-governance-retention'] !== undefined
    await room.call('place/add', { path: room.drive })
    const added = await room.call('place/add', {
      path: `s3://${bucket}/backup`,
      name: 'Cloud',
      bucket: { endpoint: double.url, lockDays: 10 },
    })
    placeId = added.place.id
    await room.call('backup/run', { paths: [room.originals], to: [room.drive] })
  })
  afterEach(async () => {
    room.remove()
    await double.close()
  })

  /** The helper's own work until a fact holds: sending, clearing up, looking again, locking anew, reading back. */
  async function work(isSo: (objects: readonly ObjectRow[]) => boolean): Promise<void> {
    await room.with(async (daemon) => {
      const faults: unknown[] = []
      const keeper = await daemon.startBucketKeeper({ lookMs: 20, retryMs: 20 }, (error) => faults.push(error))
      while (!isSo(listObjects(daemon.journal, placeId))) await wait(10)
      await keeper.close()
      assert.deepEqual(faults, [])
    })
  }
  const isSent = (objects: readonly ObjectRow[]): boolean =>
    objects.filter(({ copy }) => copy).length === 3 && objects.some(({ key }) => key.endsWith('chain.jsonl'))

  it('does the whole daily job without the right to delete', async () => {
    await work(isSent)
    await room.with(({ journal }) => {
      journal.run("UPDATE places SET added_ms = 0 WHERE kind = 'bucket'")
      journal.run("DELETE FROM meta WHERE key LIKE 'offsite-%'")
      journal.run('UPDATE objects SET confirmed_ms = 1, locked_until_ms = ?', [Date.now() + DAY])
      return Promise.resolve()
    })
    await work(
      (objects) =>
        objects.every((each) => each.confirmedMs > 1 && (each.lockedUntilMs ?? 0) > Date.now() + 5 * DAY) &&
        objects.some(({ readBackMs }) => readBackMs !== undefined),
    )
    const { places } = await room.call('place/list', {})
    const cloud = places.find(({ name }) => name === 'Cloud')?.bucket
    assert.deepEqual([cloud?.waitingFiles, cloud?.trouble], [0, undefined])
  })

  it('loses no locked version, whatever it is used for, and every photo comes back', async () => {
    await work(isSent)
    const asShot = contentsOf(room.originals)
    const before = lockedVersions()
    assert.ok(before.size >= 3)
    const client = rawClient(double.url)
    const refused: string[] = []
    const soon = new Date(Date.now() + 60_000)
    const attempt = async (what: string, act: () => Promise<unknown>): Promise<void> => {
      try {
        await act()
      } catch (error) {
        assert.ok(error instanceof s3.S3ServiceException && error.name === 'AccessDenied', `${what}: ${String(error)}`)
        refused.push(what)
      }
    }
    for (const [name, { key, versionId }] of before) {
      const it = { Bucket: bucket, Key: key, VersionId: versionId }
      const Retention = { Mode: 'GOVERNANCE', RetainUntilDate: soon } as const
      const bypass = { BypassGovernanceRetention: true }
      await attempt(`delete ${name}`, () => client.send(new s3.DeleteObjectCommand(it)))
      await attempt(`delete bypassing ${name}`, () => client.send(new s3.DeleteObjectCommand({ ...it, ...bypass })))
      await attempt(`hide ${name}`, () => client.send(new s3.DeleteObjectCommand({ Bucket: bucket, Key: key })))
      await attempt(`shorten ${name}`, () => client.send(new s3.PutObjectRetentionCommand({ ...it, Retention })))
      await attempt(`shorten bypassing ${name}`, () =>
        client.send(new s3.PutObjectRetentionCommand({ ...it, Retention, ...bypass })),
      )
      await attempt(`overwrite ${name}`, () =>
        client.send(new s3.PutObjectCommand({ Bucket: bucket, Key: key, Body: 'ransom' })),
      )
    }
    await attempt('suspend versions', () =>
      client.send(
        new s3.PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: 'Suspended' } }),
      ),
    )
    client.destroy()
    // All but the overwriting, which only lays another version on top.
    assert.equal(refused.length, before.size * 5 + 1)
    const after = lockedVersions()
    for (const [name, was] of before) assert.deepEqual(after.get(name), was, `${name} is as it was, and locked as long`)

    fs.rmSync(room.originals, { recursive: true })
    const answer = await room.call('restore/run', { all: true, from: 'Cloud' })
    assert.equal(answer.exitCode, 0, answer.summary)
    assert.deepEqual(contentsOf(room.originals), asShot)
  })

  interface Locked {
    readonly key: string
    readonly versionId: string
    readonly bytes: string
    readonly untilMs: number
  }

  /** What lies in the bucket, seen from inside; what the probe locked for a minute is left out. */
  function lockedVersions(): Map<string, Locked> {
    const found = new Map<string, Locked>()
    for (const [key, versions] of double.state.buckets.get(bucket)?.objects ?? [])
      for (const { versionId, lock, file } of versions)
        if (lock && lock.untilMs > Date.now() + 5 * DAY)
          found.set(`${key} ${versionId}`, {
            key,
            versionId,
            bytes: fs.readFileSync(file).toString('base64'),
            untilMs: lock.untilMs,
          })
    return found
  }
})
