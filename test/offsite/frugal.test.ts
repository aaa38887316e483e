// What it costs to have a large library off-site when nothing has changed: requests, counted at the store. And when nothing may be sent.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Daemon } from '../../helper/daemon.js'
import { getMeta } from '../../helper/journal/meta.js'
import { countPending, saveObject } from '../../helper/journal/offsite.js'
import { listPlaces } from '../../helper/journal/places.js'
import { readTrouble } from '../../helper/status/buckets.js'
import { doubleFor, studioWithBucket, type Studio } from './support.js'

const OBJECTS = 20_000

describe('a helper with a bucket', () => {
  const double = doubleFor('aws')
  let room: Studio
  let bucket: string

  beforeEach(async () => {
    const originals = { Wedding: { 'IMG_1.CR3': 7_000, 'IMG_2.CR3': 6_000 } }
    ;({ room, bucket } = await studioWithBucket(double().url, originals))
  })
  afterEach(() => room.remove())

  const cloudOf = ({ journal }: Daemon): string => listPlaces(journal).find(({ kind }) => kind === 'bucket')?.id ?? ''

  /** Lets the helper work until a fact holds. */
  async function until(isSo: (daemon: Daemon, cloud: string) => boolean): Promise<void> {
    await room.with(async (daemon) => {
      const faults: unknown[] = []
      const keeper = await daemon.startBucketKeeper({ lookMs: 20, retryMs: 20 }, (error) => faults.push(error))
      while (!isSo(daemon, cloudOf(daemon)) && faults.length === 0) await wait(10)
      await keeper.close()
      assert.deepEqual(faults, [])
    })
  }

  it(`looks at ${OBJECTS.toLocaleString('en')} objects with one request per thousand, and at nothing else; a re-run asks nothing at all`, async function () {
    this.timeout(180_000)
    const sent = await room.call('backup/run', { paths: [room.originals], to: [] })
    assert.equal(sent.exitCode, 0, sent.summary)
    const objects = double().state.buckets.get(bucket)?.objects
    assert.ok(objects)
    const key = [...objects.keys()].find((each) => each.endsWith('IMG_1.CR3')) ?? ''
    const version = objects.get(key)?.at(-1)
    assert.ok(version)
    await room.with((daemon) => {
      const { journal } = daemon
      const receipt = journal.get('SELECT * FROM objects WHERE key = ?', [key])
      const { etag, size } = version
      journal.transaction(() => {
        for (let n = 0; n < OBJECTS; n++) {
          const other = key.replace('IMG_1', `IMG_${100_000 + n}`)
          objects.set(other, [version])
          saveObject(journal, {
            placeId: cloudOf(daemon),
            key: other,
            sizeBytes: size,
            blake3: String(receipt?.['blake3']),
            confirmedMs: 1,
            receipt: JSON.stringify({ key: other, sizeBytes: size, etag, blake3: receipt?.['blake3'] }),
          })
        }
        journal.run("DELETE FROM meta WHERE key LIKE 'offsite-recheck %'")
        journal.run("UPDATE meta SET value = ? WHERE key LIKE 'offsite-sweep %'", [String(Date.now())])
      })
      return Promise.resolve()
    })

    double().requests.length = 0
    const again = await room.call('backup/run', { paths: [room.originals], to: [] })
    assert.equal(again.exitCode, 0, again.summary)
    assert.deepEqual(double().requests, [], 'a re-run')

    await until(({ journal }, cloud) => getMeta(journal, `offsite-recheck ${cloud}`) !== undefined)
    const asked = new Map<string, number>()
    for (const { operation } of double().requests) asked.set(operation, (asked.get(operation) ?? 0) + 1)
    assert.equal(asked.get('ListMultipartUploads'), 1, 'the sweep at the start')
    asked.delete('ListMultipartUploads')
    assert.deepEqual([...asked], [['ListObjectsV2', Math.ceil(objects.size / 1000)]])
    await room.with((daemon) => {
      const [row] = daemon.journal.all('SELECT count(*) AS n FROM objects WHERE confirmed_ms > 1')
      assert.ok(Number(row?.['n']) > OBJECTS, 'all of them were confirmed anew')
      return Promise.resolve()
    })
  })

  const configure = (settings: object): void =>
    fs.writeFileSync(path.join(room.home, 'config.json'), JSON.stringify({ format: 1, ...settings }))
  const puts = (): string[] =>
    double()
      .requests.filter(({ operation }) => operation === 'PutObject')
      .map(({ key }) => key)

  it('sends nothing outside the hours that were given, says so, and sends when they have come', async () => {
    await room.call('backup/run', { paths: [room.originals], to: [room.drive] })
    const hour = (later: number): string => `${String((new Date().getHours() + later) % 24).padStart(2, '0')}:00`
    configure({ uploadWindows: [`${hour(2)}-${hour(3)}`] })
    double().requests.length = 0
    await until(({ journal }, cloud) => /sent between .* only/.test(readTrouble(journal, cloud)?.message ?? ''))
    assert.deepEqual(puts(), [])
    const { places } = await room.call('place/list', {})
    assert.match(places.find(({ name }) => name === 'Cloud')?.bucket?.trouble ?? '', /are sent between/)

    configure({ uploadWindows: [`${hour(0)}-${hour(2)}`] })
    await until(({ journal }, cloud) => countPending(journal, cloud).files === 0)
    assert.equal(puts().filter((key) => key.endsWith('.CR3')).length, 2)
  })

  it('sends nothing over a connection that the system calls metered, and does when that is allowed', async function () {
    // macOS tells no program; Windows answers through PowerShell, which cannot be made to say something else.
    if (process.platform !== 'linux') return this.skip()
    await room.call('backup/run', { paths: [room.originals], to: [room.drive] })
    const tools = path.join(room.root, 'tools')
    fs.mkdirSync(tools)
    fs.writeFileSync(path.join(tools, 'nmcli'), '#!/bin/sh\necho yes\n', { mode: 0o755 })
    const before = process.env['PATH']
    process.env['PATH'] = `${tools}:${before}`
    try {
      double().requests.length = 0
      await until(({ journal }, cloud) => /paid by the megabyte/.test(readTrouble(journal, cloud)?.message ?? ''))
      assert.deepEqual(puts(), [])
      configure({ uploadOnMetered: true })
      await until(({ journal }, cloud) => countPending(journal, cloud).files === 0)
      assert.equal(puts().filter((key) => key.endsWith('.CR3')).length, 2)
    } finally {
      process.env['PATH'] = before
    }
  })
})
