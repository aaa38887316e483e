// The whole way with real parts: the real program, a real drive's folder, a real store. Import → drive → bucket, confirmed and locked, with
// the process killed again and again on the way, and at the end everything compared byte for byte.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { execa } from 'execa'
import * as s3 from '@aws-sdk/client-s3'
import type { BackupResult, Outcome, Shoot } from '../../shared/methods.js'
import { start, ask } from '../support/safelight.js'
import { startCephOrSkip, type Ceph } from '../support/s3/ceph.js'
import { seededRandom } from '../support/s3/fault-proxy.js'
import {
  MIB,
  collect,
  makeBucket,
  openTestStore,
  rawClient,
  readAll,
  setTestCredentials,
} from '../support/s3/fixture.js'
import { freshFolder, hashOf, makeFile, makeTree } from '../support/shoots.js'
import { parseManifest } from '../../helper/manifest/manifest.js'

const KILLS = Number(process.env['SAFELIGHT_OFFSITE_KILLS'] ?? 50)

describe('from the originals to a drive and a bucket', () => {
  let ceph: Ceph
  let root: string
  let bucket: string
  let home: string
  let pictures: string

  before(async function () {
    ceph = await startCephOrSkip(this)
  })
  after(() => ceph.stop())
  beforeEach(async () => {
    setTestCredentials()
    root = freshFolder()
    home = path.join(root, 'home')
    pictures = path.join(root, 'Pictures')
    fs.mkdirSync(path.join(root, 'drive'))
    bucket = await makeBucket(ceph.url, { lock: true })
  })
  afterEach(() => fs.rmSync(root, { recursive: true, force: true }))

  async function addPlaces(...more: string[]): Promise<void> {
    await ask(home, ['place', 'add', path.join(root, 'drive')])
    const added = await ask<Outcome>(home, [
      ...['place', 'add', `s3://${bucket}/studio`, '--name', 'Cloud', '--endpoint', ceph.url],
      ...more,
    ])
    assert.equal(added.exitCode, 0, added.summary)
  }

  it(`nothing is lost, doubled or called safe too early, however often the process is killed (${KILLS} times)`, async function () {
    this.timeout(20 * 60_000)
    makeTree(pictures, { Wedding: { 'IMG_0.CR3': 40 * MIB, 'IMG_1.CR3': 60_000 } })
    await addPlaces('--lock-days', '7')
    const random = seededRandom(4)
    let killed = 0
    for (let round = 0; killed < KILLS; round++) {
      // There is always something left to do: a new photo, a sidecar that changed.
      makeFile(path.join(pictures, 'Wedding', `IMG_${round + 2}.CR3`), 30_000 + round, round + 2)
      makeFile(path.join(pictures, 'Wedding/IMG_1.xmp'), {
        bytes: `rating ${round}`,
        mtime: new Date(1.7e12 + round * 1e4).toISOString(),
      })
      const run = start(home, ['backup', pictures])
      const isOver = run.then(() => true)
      const isDone = await Promise.race([isOver, wait(300 + random() * 2_500).then(() => false)])
      if (isDone) continue
      run.kill('SIGKILL')
      await run
      killed += 1
    }
    const result = await ask<BackupResult>(home, ['backup', pictures])
    assert.equal(result.exitCode, 0, result.summary)
    await everythingIsThere(7)

    const { shoots } = await ask<Outcome & { shoots: Shoot[] }>(home, ['shoots'])
    assert.deepEqual(
      shoots.map(({ places }) => places.find(({ place }) => place === 'Cloud')?.offsite?.state),
      ['confirmed and locked'],
    )
    const client = rawClient(ceph.url)
    const { Uploads = [] } = await client.send(new s3.ListMultipartUploadsCommand({ Bucket: bucket }))
    client.destroy()
    assert.deepEqual(
      Uploads.map(({ Key }) => Key),
      [],
      'no upload is left open',
    )
  })

  /** Every original under its own name, byte for byte and locked; every line of every manifest true. */
  async function everythingIsThere(days: number): Promise<void> {
    const store = openTestStore(ceph.url, bucket)
    try {
      const keys = (await collect(store.list('studio/'))).map(({ key }) => key)
      const own = keys.find((key) => key.endsWith('/place.json'))?.replace('place.json', '') ?? ''
      for (const name of fs.readdirSync(path.join(pictures, 'Wedding'))) {
        const file = path.join(pictures, 'Wedding', name)
        const key = `${own}Photos/Pictures/Wedding/${name}`
        const bytes = await readAll(store, key)
        assert.ok(bytes.equals(fs.readFileSync(file)), `${name} is there byte for byte`)
        const facts = await store.head({ key })
        assert.ok((facts?.lock?.untilMs ?? 0) > Date.now() + (days - 1) * 86_400_000, `${name} is locked`)
      }
      const manifest = parseManifest(String(await readAll(store, `${own}Photos/Pictures/Wedding/safelight.b3`)))
      assert.deepEqual(manifest.badLines, [])
      const scratch = path.join(root, 'scratch')
      for (const { path: name, hash } of manifest.entries) {
        fs.writeFileSync(scratch, await readAll(store, `${own}Photos/Pictures/Wedding/${name}`))
        assert.equal(hashOf(scratch), hash, `the manifest is true of ${name}`)
      }
      const listed = new Set(manifest.entries.map(({ path: name }) => name))
      for (const name of fs.readdirSync(path.join(pictures, 'Wedding')))
        assert.ok(listed.has(name), `${name} is listed`)
    } finally {
      store.close()
    }
  }

  /** Every object but the marker and the page, with the key file of the home and the program of the system. */
  async function openedByAge(): Promise<void> {
    if ((await execa('age', ['--version'], { reject: false })).exitCode !== 0) {
      process.stderr.write('\n!!! NOT TESTED WITH A STOCK AGE: the program "age" is not installed\n\n')
      return
    }
    const store = openTestStore(ceph.url, bucket)
    const opened: string[] = []
    for (const { key } of await collect(store.list('studio/'))) {
      if (!key.endsWith('.age')) continue
      const input = await readAll(store, key)
      const { stdout } = await execa('age', ['-d', '-i', path.join(home, 'age-key.txt')], { input, encoding: 'buffer' })
      const name = path.posix.basename(key, '.age')
      const original = path.join(pictures, 'Wedding', name)
      if (fs.existsSync(original)) assert.ok(fs.readFileSync(original).equals(Buffer.from(stdout)), name)
      opened.push(name)
    }
    store.close()
    assert.deepEqual(opened.sort(), ['IMG_0.CR3', 'IMG_1.CR3', 'chain.jsonl', 'safelight-log.jsonl', 'safelight.b3'])
  }

  it('an encrypted place opens with a stock age, and old Ceph’s dropped locks are set again', async function () {
    this.timeout(5 * 60_000)
    makeTree(pictures, { Wedding: { 'IMG_0.CR3': 20 * MIB, 'IMG_1.CR3': 60_000 } })
    await addPlaces('--lock-days', '3', '--encrypt')
    const result = await ask<BackupResult>(home, ['backup', pictures])
    assert.equal(result.exitCode, 0, result.summary)
    assert.equal(result.offsite?.[0]?.locked, 2)
    await openedByAge()
  })
})
