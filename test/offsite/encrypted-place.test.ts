// A place that encrypts: nothing leaves in the clear, two keys open it, and a stock `age` reads every object.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { execa } from 'execa'
import { listPlaces } from '../../helper/journal/places.js'
import { AGE_KEY_FILE } from '../../helper/offsite/age-keys.js'
import { openBucket } from '../../helper/offsite/open-bucket.js'
import { startDouble, type S3Double } from '../support/s3/double.js'
import { instantSleep, makeBucket } from '../support/s3/fixture.js'
import { offsiteOf, studio, type Studio } from './support.js'

describe('an encrypted place', () => {
  let double: S3Double
  let room: Studio
  let bucket: string
  let recoveryKey: string
  let tree: Map<string, Buffer>

  before(async () => {
    double = await startDouble('b2')
    room = studio({ Wedding: { 'IMG_1.CR3': 90_000 } })
    bucket = await makeBucket(double.url)
    const added = await room.call('place/add', {
      path: `s3://${bucket}/backup`,
      name: 'Cloud',
      bucket: { endpoint: double.url, encrypt: true },
    })
    recoveryKey = added.recoveryKey ?? ''
    const result = await room.call('backup/run', { paths: [room.originals], to: [] })
    assert.equal(offsiteOf(result).confirmed, 1, result.summary)
    tree = await room.tree(double.url, bucket, 'backup')
  })
  after(async () => {
    room.remove()
    await double.close()
  })

  it('holds nothing in the clear but its marker and the instructions', () => {
    assert.deepEqual([...tree.keys()].sort(), [
      'HOW-TO-RESTORE.txt',
      'Photos/Pictures/Wedding/IMG_1.CR3.age',
      'Photos/Pictures/Wedding/safelight-log.jsonl.age',
      'Photos/Pictures/Wedding/safelight.b3.age',
      'chain.jsonl.age',
      'place.json',
    ])
    for (const [name, bytes] of tree)
      if (name.endsWith('.age')) assert.equal(bytes.subarray(0, 21).toString(), 'age-encryption.org/v1', name)
    assert.match(String(tree.get('HOW-TO-RESTORE.txt')), /THIS PLACE IS ENCRYPTED/)
  })

  it('keeps the key of this computer for its owner alone, and the recovery key nowhere', () => {
    const file = path.join(room.home, AGE_KEY_FILE)
    if (process.platform !== 'win32') assert.equal(fs.statSync(file).mode & 0o777, 0o600)
    assert.match(recoveryKey, /^AGE-SECRET-KEY-1/)
    for (const each of fs.readdirSync(room.home, { recursive: true, encoding: 'utf8' })) {
      const at = path.join(room.home, each)
      if (fs.statSync(at).isFile()) assert.ok(!fs.readFileSync(at).includes(recoveryKey), each)
    }
    for (const [name, bytes] of tree) assert.ok(!bytes.includes(recoveryKey), name)
  })

  it('is read back, decrypted, by the key of this computer; not by a stranger', async () => {
    const original = fs.readFileSync(path.join(room.originals, 'Wedding/IMG_1.CR3'))
    const read = (home: string): Promise<Buffer> =>
      room.with(async (daemon) => {
        const place = listPlaces(daemon.journal).find(({ kind }) => kind === 'bucket')
        if (!place) throw new Error('there is no bucket')
        const opened = openBucket({ home, sleep: instantSleep(), random: Math.random }, place)
        try {
          const object = await opened.read('Photos/Pictures/Wedding/IMG_1.CR3')
          const chunks: Uint8Array[] = []
          for await (const chunk of object?.body ?? []) chunks.push(chunk)
          return Buffer.concat(chunks)
        } finally {
          opened.close()
        }
      })
    assert.deepEqual(await read(room.home), original)
    await assert.rejects(read(room.root), /None of the keys/)
  })

  it('is opened by a stock age with either key', async function () {
    const age = await execa('age', ['--version'], { reject: false })
    if (age.exitCode !== 0) {
      process.stderr.write('\n!!! NOT TESTED WITH A STOCK AGE: the program "age" is not installed\n\n')
      return this.skip()
    }
    const recovery = path.join(room.root, 'recovery.txt')
    fs.writeFileSync(recovery, `${recoveryKey}\n`)
    for (const key of [recovery, path.join(room.home, AGE_KEY_FILE)])
      for (const [name, bytes] of tree) {
        if (!name.endsWith('.age')) continue
        const { stdout } = await execa('age', ['-d', '-i', key], { input: bytes, encoding: 'buffer' })
        if (name.includes('IMG_1'))
          assert.deepEqual(Buffer.from(stdout), fs.readFileSync(path.join(room.originals, 'Wedding/IMG_1.CR3')))
      }
  })

  it('stays encrypted when it is added again, and one that is not is never half encrypted', async () => {
    const again = await room.call('place/add', { path: `s3://${bucket}/backup`, bucket: { endpoint: double.url } })
    assert.equal(again.place.bucket?.encrypted, true)
    assert.equal(again.recoveryKey, undefined)
    await room.call('place/add', { path: `s3://${bucket}/plain`, bucket: { endpoint: double.url } })
    await assert.rejects(
      room.call('place/add', { path: `s3://${bucket}/plain`, bucket: { endpoint: double.url, encrypt: true } }),
      { code: 'USAGE' },
    )
  })
})
