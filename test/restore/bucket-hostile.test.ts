// A bucket is in other hands: whoever holds its key, or the provider's, can list what was never sent. Whatever it says, nothing is written
// outside the home and the target, what is good comes back all the same, and the rest is said.
import assert from 'node:assert/strict'
import crypto from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { chooseHashEngine, hashBytes } from '../../helper/files/hash.js'
import { studio, type Studio } from '../offsite/support.js'
import { startDouble, type S3Double } from '../support/s3/double.js'
import type { Version } from '../support/s3/state.js'
import { makeBucket, openTestStore, readAll } from '../support/s3/fixture.js'
import { contentsOf, namesIn } from './support.js'

const SHOOT = { Trip: { 'IMG_1.CR3': 70_000, 'IMG_1.xmp': 'rating 1', 'Day 2': { 'IMG_2.CR3': 90_000 } } }
const GIB = 1024 ** 3

describe('a bucket that lies', () => {
  let double: S3Double
  let room: Studio
  let bucket: string
  let own: string
  let asShot: Record<string, string>

  before(async () => {
    double = await startDouble('aws')
  })
  after(() => double.close())
  beforeEach(async () => {
    room = studio(SHOOT)
    bucket = await makeBucket(double.url)
    const reach = { endpoint: double.url }
    await room.call('place/add', { path: `s3://${bucket}/backup`, name: 'Cloud', bucket: reach })
    const result = await room.call('backup/run', { paths: [room.originals], to: [] })
    assert.equal(result.exitCode, 0, result.summary)
    asShot = contentsOf(room.originals)
    const sent = double.requests.findLast(({ operation, key }) => operation === 'PutObject' && /place\.json$/.test(key))
    assert.ok(sent)
    own = sent.key.slice(0, -'place.json'.length)
    // A new computer.
    for (const folder of [room.home, room.originals]) fs.rmSync(folder, { recursive: true })
  })
  afterEach(() => room.remove())

  async function put(key: string, content: string | Buffer): Promise<void> {
    const store = openTestStore(double.url, bucket)
    const body = Buffer.from(content)
    await store.put({ key, body, contentMd5: crypto.createHash('md5').update(body).digest('base64') })
    store.close()
  }

  const versionsOf = (key: string): Version[] => {
    const versions = double.state.buckets.get(bucket)?.objects.get(key)
    assert.ok(versions && versions.length > 0, key)
    return versions
  }

  /** Under a key that no client would send as it is. */
  async function plant(key: string, content: string): Promise<void> {
    await put('planted', content)
    const objects = double.state.buckets.get(bucket)?.objects
    objects?.set(key, [...versionsOf('planted')])
    objects?.delete('planted')
  }

  /** Four gigabytes of nothing, which cost no room. */
  function grow(key: string): void {
    const versions = versionsOf(key)
    const version = versions.at(-1)
    assert.ok(version)
    versions.splice(0, versions.length, { ...version, size: 4 * GIB })
    fs.truncateSync(version.file, 4 * GIB)
  }

  const rebuild = () => room.call('rebuild/run', { from: `s3://${bucket}/backup`, bucket: { endpoint: double.url } })
  const restore = (to: string) => room.call('restore/run', { all: true, to })

  /** What lies in the test's world and neither in the home, nor on the drive, nor in the target. */
  const strangers = (to: string): string[] =>
    namesIn(room.root).filter(
      (name) => ![room.home, room.drive, to].some((folder) => path.join(room.root, name).startsWith(folder + path.sep)),
    )

  /** Rebuilds and restores, whatever was planted; all that was really sent must come back. */
  async function survives(): Promise<{ rebuilt: Awaited<ReturnType<typeof rebuild>>; to: string }> {
    const rebuilt = await rebuild()
    const to = path.join(room.root, 'to')
    await restore(to)
    const came = contentsOf(path.join(to, 'Pictures'))
    for (const [name, content] of Object.entries(asShot)) assert.ok(came[name] === content, `${name} came back`)
    assert.deepEqual(strangers(to), [])
    return { rebuilt, to }
  }

  const MANIFEST = `${hashBytes(chooseHashEngine(), Buffer.from('evil'))}  evil.CR3\n`
  const PLANTED: Readonly<Record<string, readonly string[]>> = {
    'lead out of the place': ['Photos/../../../evil', 'Photos/Pictures/../../../../../evil', '../evil', '../../evil'],
    'lead out of it once they are decoded': ['Photos/%2E%2E/%2E%2E/%2E%2E/evil', 'Photos/%2e%2e/evil', '%2E%2E/evil'],
    'are absolute, or have empty parts': ['/evil', 'Photos//evil', '/tmp/evil', 'Photos/./evil'],
    'hold a backslash or a drive letter': ['Photos\\..\\..\\evil', 'Photos/C:\\evil', 'Photos/..\\..\\evil'],
    'are deeper than any folder': [`Photos/${'d/'.repeat(200)}evil`, `Photos/${'x'.repeat(300)}`],
  }
  for (const [what, folders] of Object.entries(PLANTED))
    it(`gives back what was sent, and nothing else, where object names ${what}`, async () => {
      for (const folder of folders) {
        await plant(`${own}${folder}/safelight.b3`, MANIFEST)
        await plant(`${own}${folder}/evil.CR3`, 'evil')
      }
      const { to } = await survives()
      assert.deepEqual(
        namesIn(to).filter((name) => /evil/.test(name)),
        [],
      )
      assert.deepEqual(
        namesIn(room.home).filter((name) => /evil\.CR3/.test(name)),
        [],
      )
    })

  it('gives back what was sent where a name is file and folder at once', async () => {
    await put(`${own}Photos/Pictures/Trip/safelight.b3/safelight.b3`, MANIFEST)
    await put(`${own}Photos/Pictures/Trip/IMG_1.CR3/safelight.b3`, MANIFEST)
    await put(`${own}Photos/Pictures`, 'a file where a folder is')
    const { rebuilt } = await survives()
    assert.notEqual(rebuilt.exitCode, 0, 'what cannot be is said')
    assert.ok(rebuilt.findings.length > 0)
  })

  it('gives back what was sent where names differ in case or in their Unicode form only', async () => {
    const folders = ['pictures/TRIP', 'PICTURES/trip', 'E\u0301te\u0301', '\u00c9t\u00e9', 'Pictures/TRIP']
    for (const folder of folders) {
      await put(`${own}Photos/${folder}/safelight.b3`, MANIFEST)
      await put(`${own}Photos/${folder}/evil.CR3`, 'evil')
    }
    await rebuild()
    const to = path.join(room.root, 'to')
    await restore(to)
    // Another folder may have been given the name: then it lies under the same with a number.
    const came = new Map(Object.entries(contentsOf(to)).map(([name, content]) => [content, name]))
    for (const [name, content] of Object.entries(asShot))
      assert.equal(path.basename(came.get(content) ?? ''), path.basename(name), `${name} came back`)
    assert.deepEqual(strangers(to), [])
  })

  it('believes no line of a manifest or a log that leads out of its folder', async () => {
    const store = openTestStore(double.url, bucket)
    const at = `${own}Photos/Pictures/Trip/`
    const manifest = String(await readAll(store, `${at}safelight.b3`))
    const log = String(await readAll(store, `${at}safelight-log.jsonl`))
    store.close()
    const [hash = ''] = manifest.split(' ')
    const names = ['../../../evil.CR3', '/evil.CR3', 'a/../../evil.CR3', '..', 'Versions/../../evil.CR3', 'C:/evil.CR3']
    await put(`${at}safelight.b3`, manifest + names.map((name) => `${hash}  ${name}\n`).join(''))
    const line = log.split('\n').find((each) => each.includes('"copied"')) ?? ''
    const told = JSON.parse(line) as Record<string, unknown>
    const lies = names.map((name) => `${JSON.stringify({ ...told, file: name, path: name })}\n`)
    await put(`${at}safelight-log.jsonl`, log + lies.join(''))
    const { rebuilt } = await survives()
    assert.notEqual(rebuilt.exitCode, 0)
    assert.match(rebuilt.findings.map(({ message }) => message).join(), /cannot be understood/)
  })

  for (const name of ['safelight.b3', 'safelight-log.jsonl'])
    it(`does not fetch a ${name} of one line and four gigabytes, and says so`, async () => {
      const key = `${own}Photos/Pictures/Monster/${name}`
      await put(key, 'x')
      grow(key)
      double.requests.length = 0
      const { rebuilt } = await survives()
      assert.notEqual(rebuilt.exitCode, 0)
      assert.match(rebuilt.findings.map(({ message }) => message).join(), /4294967296 bytes long/)
      assert.deepEqual(
        double.requests.filter((request) => request.operation === 'GetObject' && request.key === key),
        [],
      )
    })

  it('does not fetch a photo that has become four gigabytes, and calls it damaged', async () => {
    await rebuild()
    const key = `${own}Photos/Pictures/Trip/IMG_1.CR3`
    grow(key)
    double.requests.length = 0
    const to = path.join(room.root, 'to')
    const answer = await restore(to)
    assert.deepEqual([answer.exitCode, answer.filesRestored], [11, 2], answer.summary)
    assert.match(answer.findings[0]?.message ?? '', /long where .* were sent/)
    assert.ok(!double.requests.some((request) => request.operation === 'GetObject' && request.key === key))
  })

  it('is not believed where its place.json is none', async () => {
    const good = { name: 'Cloud', created: '2026-11-23T08:31:53.000Z', format: 1 }
    for (const marker of ['', '{}', '[', JSON.stringify({ ...good, id: '../../../..' }), 'x'.repeat(100_000)]) {
      await put(`${own}place.json`, marker)
      await assert.rejects(rebuild(), { code: 'OFFSITE_FOREIGN' })
    }
    assert.deepEqual(strangers(room.home), [])
  })
})
