// An empty computer with nothing but credentials and the printed recovery key: everything of an encrypted, locked bucket is known again, what is
// missing there is found and sent, and every byte comes back.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { execa } from 'execa'
import { generateAgeKey } from '../../helper/offsite/encryption.js'
import { AGE_KEY_FILE } from '../../helper/offsite/age-keys.js'
import { MAIN, safelight } from '../support/safelight.js'
import { startDouble, type S3Double } from '../support/s3/double.js'
import { makeBucket } from '../support/s3/fixture.js'
import { contentsOf } from '../restore/support.js'
import { makeFile } from '../support/shoots.js'
import { studio, type Studio } from './support.js'

for (const hideNames of [false, true])
  describe(`an encrypted bucket${hideNames ? ' that hides its names' : ''} and its recovery key`, () => {
    let double: S3Double
    let room: Studio
    let bucket: string
    let recoveryKey: string
    let asShot: Record<string, string>
    const reach = () => ({ endpoint: double.url })
    const from = () => `s3://${bucket}/backup`

    before(async () => {
      double = await startDouble('aws')
    })
    after(() => double.close())
    beforeEach(async () => {
      room = studio({ Wedding: { 'IMG_1.CR3': 70_000, 'IMG_2.CR3': 6_000, Party: { 'Été 🎞.jpg': 400 } } })
      bucket = await makeBucket(double.url, { lock: true })
      const wish = { ...reach(), lockDays: 10, encrypt: true, hideNames }
      const added = await room.call('place/add', { path: from(), name: 'Cloud', bucket: wish })
      recoveryKey = added.recoveryKey ?? ''
      const result = await room.call('backup/run', { paths: [room.originals], to: [] })
      assert.equal(result.exitCode, 0, result.summary)
      asShot = contentsOf(room.originals)
      fs.rmSync(room.home, { recursive: true })
    })
    afterEach(() => room.remove())

    /** As the helper does by itself soon after a rebuild. */
    async function helperLooksAtBucket(): Promise<void> {
      await room.with(async (daemon) => {
        const keeper = await daemon.startBucketKeeper({ lookMs: 20, retryMs: 20 }, assert.ifError)
        const isLookedAt = (): boolean =>
          Number(daemon.journal.get("SELECT value FROM meta WHERE key LIKE 'offsite-recheck %'")?.['value'] ?? 0) > 0
        while (!isLookedAt()) await wait(10)
        await keeper.close()
      })
    }

    it('bring back locks, receipts and every byte, and the key serves restores from then on', async () => {
      const learned = await room.call('rebuild/run', {
        from: from(),
        bucket: reach(),
        recoveryKey: `my key:\n${recoveryKey}\n`,
      })
      assert.equal(learned.exitCode, 0, learned.summary)
      const file = path.join(room.home, AGE_KEY_FILE)
      if (process.platform !== 'win32') assert.equal(fs.statSync(file).mode & 0o777, 0o600)
      const { shoots } = await room.call('shoots/list', {})
      assert.deepEqual(
        shoots.map(({ files }) => files).reduce((a, b) => a + b),
        3,
      )
      await helperLooksAtBucket()
      const again = await room.call('backup/run', { paths: [room.originals], to: [] })
      assert.deepEqual(
        again.offsite?.map(({ files, confirmed, locked, filesSent }) => ({ files, confirmed, locked, filesSent })),
        [{ files: 3, confirmed: 3, locked: 3, filesSent: 0 }],
        again.summary,
      )
      fs.rmSync(room.originals, { recursive: true })
      const back = await room.call('restore/run', { all: true })
      assert.equal(back.exitCode, 0, back.summary)
      assert.deepEqual(contentsOf(room.originals), asShot)
      const drilled = await room.call('drill/run', { place: 'Cloud' })
      // They are no pictures and cannot be opened; what counts here is that they came.
      assert.match(drilled.summary, /2 of 2 files .* came back from "Cloud" as they were first read/)
    })

    it('find out what is missing there, and send it, with what is new', async () => {
      const objects = double.state.buckets.get(bucket)?.objects
      const isIt = (sizeBytes: number): boolean => sizeBytes > 6_100 && sizeBytes < 6_900
      const [gone] = [...(objects ?? [])].find(([, versions]) => versions.some(({ size }) => isIt(size))) ?? []
      assert.ok(objects !== undefined && gone !== undefined && objects.delete(gone))
      const learned = await room.call('rebuild/run', { from: from(), bucket: reach(), recoveryKey })
      assert.deepEqual(
        learned.findings.map(({ kind, file }) => [kind, file]),
        [['missing', 'IMG_2.CR3']],
        learned.summary,
      )
      makeFile(path.join(room.originals, 'Wedding', 'IMG_3.CR3'), 5_000)
      const again = await room.call('backup/run', { paths: [room.originals], to: [] })
      assert.deepEqual(
        again.offsite?.map(({ files, confirmed, filesSent }) => ({ files, confirmed, filesSent })),
        [{ files: 4, confirmed: 4, filesSent: 2 }],
        again.summary,
      )
      assert.ok(objects.has(gone))
    })

    it('learn nothing without the key, and nothing with another', async () => {
      await assert.rejects(room.call('rebuild/run', { from: from(), bucket: reach() }), {
        code: 'OFFSITE_DENIED',
        remedy: /--recovery-key FILE/,
      })
      const { identity } = await generateAgeKey()
      for (const wrong of [identity, `${recoveryKey}Q`, 'no key at all'])
        await assert.rejects(room.call('rebuild/run', { from: from(), bucket: reach(), recoveryKey: wrong }), {
          code: 'OFFSITE_DENIED',
          message: /does not open/,
        })
      assert.ok(!fs.existsSync(path.join(room.home, AGE_KEY_FILE)))
      assert.deepEqual((await room.call('place/list', {})).places, [])
    })

    it('are enough for the command, from a file or from a pipe', async () => {
      const file = path.join(room.root, 'key.txt')
      const args = ['rebuild', '--from', from(), '--endpoint', double.url, '--recovery-key']
      fs.writeFileSync(file, 'nothing\n')
      for (const wrong of [file, path.join(room.root, 'no such file')])
        assert.equal((await safelight(room.home, [...args, wrong])).exitCode, 2)
      const env = { SAFELIGHT_HOME: room.home }
      const piped = await execa(process.execPath, [MAIN, ...args, '-'], { input: recoveryKey, env, reject: false })
      assert.equal(piped.exitCode, 0, piped.stderr)
      assert.ok(!(piped.stdout + piped.stderr).includes(recoveryKey))
    })
  })
