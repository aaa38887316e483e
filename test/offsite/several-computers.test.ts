// Several computers and one bucket: each has a folder of its own, and one folder is never written to by two, so that no update is lost.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { makeBucket } from '../support/s3/fixture.js'
import { doubleFor, offsiteOf, studio, type Studio } from './support.js'

describe('several computers and one bucket', () => {
  const double = doubleFor('aws')
  let bucket: string
  let rooms: Studio[] = []

  beforeEach(async () => {
    bucket = await makeBucket(double().url, {})
  })
  afterEach(() => {
    for (const room of rooms) room.remove()
    rooms = []
  })

  const computer = (name: string): Studio => {
    const room = studio({ Wedding: { [`${name}_1.CR3`]: 7_000, [`${name}_2.CR3`]: 6_000 } })
    rooms.push(room)
    return room
  }
  const add = (room: Studio) =>
    room.call('place/add', { path: `s3://${bucket}/studio`, name: 'Cloud', bucket: { endpoint: double().url } })
  const backUp = async (room: Studio) => {
    await room.call('place/add', { path: room.drive })
    return room.call('backup/run', { paths: [room.originals], to: [] })
  }
  const keys = (): string[] => [...(double().state.buckets.get(bucket)?.objects.keys() ?? [])].sort()
  const folderOf = (room: Studio) =>
    room.call('place/list', {}).then(({ places }) => places.find(({ name }) => name === 'Cloud')?.bucket?.folder ?? '')
  const photosIn = (folder: string): string[] =>
    keys().flatMap((key) => (key.startsWith(`studio/${folder}/`) && key.endsWith('.CR3') ? [path.basename(key)] : []))

  it('each write to a folder of their own at the same time, and each is whole', async () => {
    const [anna, ben] = [computer('anna'), computer('ben')]
    for (const room of [anna, ben]) await add(room)
    const results = await Promise.all([backUp(anna), backUp(ben)])
    for (const result of results)
      assert.deepEqual([offsiteOf(result).confirmed, offsiteOf(result).files], [2, 2], result.summary)
    const folders = [await folderOf(anna), await folderOf(ben)]
    assert.notEqual(folders[0], folders[1])
    assert.deepEqual(folders.map(photosIn), [
      ['anna_1.CR3', 'anna_2.CR3'],
      ['ben_1.CR3', 'ben_2.CR3'],
    ])
    for (const room of [anna, ben]) assert.deepEqual((await backUp(room)).findings, [])
  })

  it('a computer that was rebuilt from another’s folder goes on there, and the other writes no more until it says so', async () => {
    const old = computer('anna')
    await add(old)
    await backUp(old)
    const folder = await folderOf(old)
    const from = `s3://${bucket}/studio/${folder}`
    const rebuild = (room: Studio) => room.call('rebuild/run', { from, bucket: { endpoint: double().url } })

    const later = computer('carla')
    await rebuild(later)
    assert.equal((await rebuild(later)).findings.length, 0)
    fs.writeFileSync(path.join(later.originals, 'Wedding', 'new.CR3'), 'a new photo')
    const went = offsiteOf(await backUp(later))
    assert.equal(went.confirmed, went.files, 'the new one has taken it over')
    const all = async (): Promise<Map<string, Buffer>> => later.tree(double().url, bucket, 'studio')
    const before = await all()

    fs.writeFileSync(path.join(old.originals, 'Wedding', 'late.CR3'), 'too late')
    const refused = await backUp(old)
    assert.match(refused.summary, /Another computer \(".*"\) has taken over the folder/)
    assert.ok(refused.exitCode >= 30 && refused.exitCode < 40, String(refused.exitCode))
    assert.deepEqual(await all(), before, 'nothing of the other was touched')

    await rebuild(old)
    const back = offsiteOf(await backUp(old))
    assert.equal(back.confirmed, back.files, 'and it goes on when the user says so')
    fs.writeFileSync(path.join(later.originals, 'Wedding', 'later.CR3'), 'too late as well')
    assert.match((await backUp(later)).summary, /has taken over the folder/)
  })

  it('a computer that was rebuilt while the other went on writes nothing over what came since', async () => {
    const old = computer('anna')
    await add(old)
    await backUp(old)
    const later = computer('carla')
    await later.call('rebuild/run', {
      from: `s3://${bucket}/studio/${await folderOf(old)}`,
      bucket: { endpoint: double().url },
    })
    fs.writeFileSync(path.join(old.originals, 'Wedding', 'since.CR3'), 'since then')
    assert.equal(offsiteOf(await backUp(old)).confirmed, 3)
    assert.match((await backUp(later)).summary, /has gone on since this one was rebuilt/)
    assert.ok(photosIn(await folderOf(old)).includes('since.CR3'))
    assert.deepEqual((await backUp(old)).findings, [], 'and the other goes on undisturbed')
  })
})

for (const [store, how] of [
  ['aws', 'leaves an existing object alone when told so'],
  ['wasabi', 'overwrites whatever it is told'],
] as const)
  describe(`a bucket’s folder that two computers take over at the same moment, where the store ${how}`, () => {
    const double = doubleFor(store)
    const rooms: Studio[] = []
    after(() => {
      for (const room of rooms) room.remove()
    })

    it('is one computer’s, the other says so and writes nothing, and both remember', async function () {
      this.timeout(120_000)
      const bucket = await makeBucket(double().url, {})
      const computer = (name: string): Studio => {
        const room = studio({ Wedding: { [`${name}_1.CR3`]: 7_000 } })
        rooms.push(room)
        return room
      }
      const backUp = (room: Studio) => room.call('backup/run', { paths: [room.originals], to: [] })
      const old = computer('anna')
      await old.call('place/add', { path: old.drive })
      await old.call('place/add', { path: `s3://${bucket}/studio`, name: 'Cloud', bucket: { endpoint: double().url } })
      await backUp(old)
      const { places } = await old.call('place/list', {})
      const folder = places.find(({ name }) => name === 'Cloud')?.bucket?.folder ?? ''
      const owner = async (): Promise<string> => {
        const text = (await old.tree(double().url, bucket, 'studio')).get('place.json')?.toString('utf8') ?? ''
        return (JSON.parse(text) as { owner: string }).owner
      }
      const first = await owner()
      const [ben, carla] = [computer('ben'), computer('carla')]
      for (const room of [ben, carla])
        await room.call('rebuild/run', { from: `s3://${bucket}/studio/${folder}`, bucket: { endpoint: double().url } })
      const results = await Promise.all([backUp(ben), backUp(carla)])
      const went = results.map((result) => offsiteOf(result).trouble === undefined)
      assert.deepEqual([...went].sort(), [false, true], results.map(({ summary }) => summary).join('\n'))
      const refused = results[went.indexOf(false)]
      assert.match(refused?.summary ?? '', /has taken over the folder/)
      assert.notEqual(await owner(), first)
      const winner = await owner()
      const again = [await backUp(ben), await backUp(carla)].map((result) => offsiteOf(result).trouble === undefined)
      assert.deepEqual(again, went)
      assert.equal(await owner(), winner)
      const loser = went[0] ? 'carla' : 'ben'
      const keys = [...(double().state.buckets.get(bucket)?.objects.keys() ?? [])]
      assert.deepEqual(
        keys.filter((key) => key.includes(`${loser}_1`)),
        [],
      )
    })
  })
