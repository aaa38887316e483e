// The program itself, as a person runs it, and a real store that is killed, falls silent, or is to be sent to no faster than was said; and
// every name that a file can have, up and back again.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { BackupResult, Outcome } from '../../shared/methods.js'
import { ask, answerOf, start, type Running } from '../support/safelight.js'
import { startCephOrSkip, type Ceph } from '../support/s3/ceph.js'
import { seededRandom, startFaultProxy, type FaultProxy } from '../support/s3/fault-proxy.js'
import { MIB, collect, makeBucket, openTestStore, readAll, setTestCredentials } from '../support/s3/fixture.js'
import { freshFolder, makeFile } from '../support/shoots.js'

describe('the program and a real store', () => {
  let ceph: Ceph
  let proxy: FaultProxy
  let root: string
  let home: string
  let pictures: string
  let bucket: string

  before(async function () {
    setTestCredentials()
    ceph = await startCephOrSkip(this)
  })
  after(() => (ceph as Ceph | undefined)?.stop())
  beforeEach(async () => {
    root = freshFolder()
    home = path.join(root, 'home')
    pictures = path.join(root, 'Pictures')
    fs.mkdirSync(path.join(root, 'drive'))
    fs.mkdirSync(path.join(pictures, 'Wedding'), { recursive: true })
    bucket = await makeBucket(ceph.url, { lock: true })
    proxy = await startFaultProxy(ceph.url, seededRandom(1))
    await ask(home, ['place', 'add', path.join(root, 'drive')])
  })
  afterEach(async () => {
    await proxy.close()
    fs.rmSync(root, { recursive: true, force: true })
  })

  async function addBucket(...more: string[]): Promise<void> {
    const place = ['place', 'add', `s3://${bucket}/studio`, '--name', 'Cloud', '--endpoint', proxy.url, ...more]
    const added = await ask<Outcome>(home, place)
    assert.equal(added.exitCode, 0, added.summary)
  }
  const photo = (name: string): string => path.join(pictures, 'Wedding', name)

  /** Begins a backup. @returns when so many bytes have gone towards the store; the process goes on */
  async function sendingSince(bytes: number): Promise<{ readonly run: Running }> {
    const before = proxy.bytesSent()
    const run = start(home, ['backup', pictures, '--json'])
    const life = { isOver: false }
    void run.finally(() => (life.isOver = true))
    while (!life.isOver && proxy.bytesSent() - before < bytes) await wait(5)
    assert.ok(!life.isOver, 'it is still sending')
    return { run }
  }

  async function arrives(run: Running): Promise<void> {
    const { stdout, stderr, exitCode = -1 } = await run
    const result = answerOf({ stdout, stderr, exitCode }) as BackupResult
    assert.equal(result.exitCode, 0, result.summary)
    assert.deepEqual([result.offsite?.[0]?.confirmed, result.offsite?.[0]?.files], [1, 1])
    const store = openTestStore(ceph.url, bucket)
    const [key = ''] = (await collect(store.list('studio/')))
      .map((each) => each.key)
      .filter((each) => /CR3$/.test(each))
    assert.ok((await readAll(store, key)).equals(fs.readFileSync(photo('IMG_0.CR3'))))
    assert.deepEqual(await collect(store.listUploads('')), [])
    store.close()
  }

  it('go on when the store is killed in the middle of a large photo and started again', async function () {
    this.timeout(180_000)
    makeFile(photo('IMG_0.CR3'), 48 * MIB, 1)
    await addBucket()
    proxy.faults = { bytesPerSecond: 12 * MIB }
    const { run } = await sendingSince(20 * MIB)
    await ceph.killGateway()
    await ceph.startGateway()
    proxy.faults = {}
    await arrives(run)
  })

  it('go on within a minute when the store falls silent (SIGSTOP) and never answers what it was sent', async function () {
    this.timeout(240_000)
    makeFile(photo('IMG_0.CR3'), 40 * MIB, 2)
    await addBucket()
    proxy.faults = { bytesPerSecond: 12 * MIB }
    const { run } = await sendingSince(18 * MIB)
    await ceph.freeze()
    proxy.faults = {}
    const [connections, silentMs] = [proxy.connections(), performance.now()]
    try {
      while (proxy.connections() === connections && performance.now() - silentMs < 90_000) await wait(20)
      assert.ok(proxy.connections() > connections, 'another connection was tried')
    } finally {
      await ceph.thaw()
    }
    assert.ok(performance.now() - silentMs < 60_000, 'within the minute')
    await arrives(run)
  })

  it('send as fast as was said: never more than 5 % above, and no more than 5 % below where the computer keeps up', async function () {
    this.timeout(240_000)
    const rate = 4_000_000
    await addBucket('--limit', '4M')
    const reached: number[] = []
    while (reached.length < 3 && !reached.some((share) => share >= 0.95)) {
      makeFile(photo('IMG_0.CR3'), 24 * MIB, reached.length + 3)
      fs.utimesSync(photo('IMG_0.CR3'), new Date(), new Date(1.7e12 + reached.length * 1e6))
      const from = proxy.bytesSent() + 2 * MIB
      const { run } = await sendingSince(2 * MIB)
      const [begunMs, begunAt] = [performance.now(), proxy.bytesSent()]
      while (proxy.bytesSent() - from < 20 * MIB) await wait(2)
      reached.push((proxy.bytesSent() - begunAt) / ((performance.now() - begunMs) / 1000) / rate)
      assert.equal((await run).exitCode, 0)
    }
    const words = reached.map((share) => share.toFixed(3)).join()
    process.stderr.write(`      limit held: ${words} of what was said\n`)
    assert.ok(reached.every((share) => share <= 1.05) && reached.some((share) => share >= 0.95), words)
  })

  it('take every name that a file can have up and back again, and name the one that no store can hold', async function () {
    this.timeout(180_000)
    const names = [
      'trailing space ',
      ' leading space.jpg',
      '...',
      '..jpg',
      'trailing dot.',
      'back\\slash.jpg',
      'new\nline.jpg',
      'percent%20.jpg',
      '100%.jpg',
      '%2E%2E',
      'plus+and&hash#question?.jpg',
      '\u{1F4F7} camera \u{1F1EA}\u{1F1FA}.jpg',
      'e\u0301.jpg',
      'é.jpg',
      `${'n'.repeat(251)}.jpg`,
      'é'.repeat(127),
      '-rf',
      'shoot /photo .jpg',
      '..a/..b/...c',
    ]
    const make = (name: string, size: number): void => {
      fs.mkdirSync(path.dirname(photo(name)), { recursive: true })
      makeFile(photo(name), size, size)
    }
    for (const [index, name] of names.entries()) make(name, 100 + index)
    const deep = path.join(...Array.from({ length: 5 }, (_, index) => `${index}`.repeat(230)), 'IMG_1.CR3')
    make(deep, 321)
    await addBucket()
    const result = await ask<BackupResult>(home, ['backup', pictures])
    assert.ok(result.exitCode >= 30 && result.exitCode < 40, result.summary)
    assert.deepEqual(
      result.findings.map(({ kind, place, shoot, file }) => [kind, place, path.posix.join(shoot, file)]),
      [['name', 'Cloud', path.posix.join('Pictures/Wedding', deep)]],
    )
    assert.equal(result.offsite?.[0]?.confirmed, names.length)

    fs.rmSync(home, { recursive: true })
    fs.renameSync(path.join(root, 'drive'), path.join(root, 'drive on the shelf'))
    const rebuilt = await ask<Outcome>(home, ['rebuild', '--from', `s3://${bucket}/studio`, '--endpoint', ceph.url])
    assert.equal(rebuilt.exitCode, 0, rebuilt.summary)
    const back = path.join(root, 'Back')
    const restored = await ask<Outcome>(home, ['restore', '--all', '--to', back])
    assert.equal(restored.exitCode, 0, restored.summary)
    for (const name of names)
      assert.ok(fs.readFileSync(path.join(back, 'Pictures/Wedding', name)).equals(fs.readFileSync(photo(name))), name)
  })
})
