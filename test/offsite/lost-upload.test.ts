// The moment in which an upload can get lost: the store has begun it, and whoever asked was stopped, or never heard, before its id was
// written down. Unfinished uploads are billed and in no listing, so the next run gives them back: ours, and nobody else's.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { start } from '../support/safelight.js'
import { MIB, openTestStore } from '../support/s3/fixture.js'
import { doubleFor, offsiteOf, studioWithBucket, type Studio } from './support.js'

describe('an upload that was begun and not written down', () => {
  const double = doubleFor('aws')
  let room: Studio
  let bucket: string

  beforeEach(async () => {
    const originals = { Wedding: { 'IMG_0.CR3': 17 * MIB, 'IMG_1.CR3': 5_000 } }
    ;({ room, bucket } = await studioWithBucket(double().url, originals, { yes: true }))
  })
  afterEach(() => {
    double().faults.assertAllHit()
    room.remove()
  })

  const openKeys = (): string[] =>
    [...(double().state.buckets.get(bucket)?.uploads.values() ?? [])].map(({ key }) => key).sort()

  /** A command that is killed after the store has begun its upload and before it can know. @returns the upload's key */
  async function killWhileBeginning(): Promise<string> {
    double().faults.plan('CreateMultipartUpload', { kind: 'hold-reply' })
    const victim = start(room.home, ['backup', room.originals, '--json'])
    const isOver = { yes: false }
    void victim.finally(() => (isOver.yes = true))
    while (!isOver.yes && openKeys().length === 0) await wait(5)
    victim.kill('SIGKILL')
    assert.equal((await victim).signal, 'SIGKILL')
    const [key = ''] = openKeys()
    assert.match(key, /\/IMG_0\.CR3$/)
    return key
  }

  it('because the process was killed is given back by the next run, which leaves everybody else’s alone', async () => {
    const key = await killWhileBeginning()
    const store = openTestStore(double().url, bucket)
    const others = [`${key}.other`, key.replace(/^backup\/[^/]+/, 'backup/another-computer'), 'somebody/else']
    for (const other of others) await store.beginUpload({ key: other })
    store.close()
    const result = await room.call('backup/run', { paths: [room.originals], to: [] })
    assert.equal(result.exitCode, 0, result.summary)
    assert.equal(offsiteOf(result).confirmed, 2)
    assert.deepEqual(openKeys(), others.sort())
  })

  it('is given back although nothing asks for its photo any more', async () => {
    await killWhileBeginning()
    fs.rmSync(path.join(room.originals, 'Wedding', 'IMG_0.CR3'))
    fs.rmSync(path.join(room.drive, 'Safelight'), { recursive: true })
    await room.call('backup/run', { paths: [room.originals], to: [] })
    assert.deepEqual(openKeys(), [])
  })

  it('because the reply was lost is given back before the second one is used', async () => {
    double().faults.plan('CreateMultipartUpload', { kind: 'lose-reply' })
    const result = await room.call('backup/run', { paths: [room.originals], to: [] })
    assert.equal(result.exitCode, 0, result.summary)
    assert.deepEqual(openKeys(), [])
  })
})
