// What is being brought back when the process is killed: a restore, a heal, a rebuild, the filling of a new drive. Each scenario makes a world
// as it stands before the run, runs one method on it, and says what must be true when that method has come to its end.
// Long, because every scenario is told whole.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { Journal } from '../../../helper/journal/journal.js'
import { backup, foldersAsDisks, verify, withDaemon, type Act } from '../../support/daemon.js'
import { startDouble, type S3Double } from '../../support/s3/double.js'
import { makeBucket, setTestCredentials } from '../../support/s3/fixture.js'
import { checkManifests, makeFile, makeTree, readTree, type Found, type Tree } from '../../support/shoots.js'

export interface World {
  readonly root: string
  readonly home: string
  readonly source: string
  readonly drives: readonly [string, string]
  readonly fresh: string
}

export function worldAt(root: string): World {
  const at = (name: string): string => path.join(root, name)
  return {
    root,
    home: at('home'),
    source: path.join(at('Disk'), 'Shoot'),
    drives: [at('Drive A'), at('Drive B')],
    fresh: at('Drive C'),
  }
}

export function actOn(world: World): Act {
  return { home: world.home, volumes: foldersAsDisks(world.root), withoutThreads: true }
}

export interface Outcome {
  readonly exitCode: number
  readonly summary: string
}

export interface Scenario {
  readonly name: string
  readonly prepare: (world: World) => Promise<void>
  readonly run: (world: World, act: Act) => Promise<Outcome>
  /** Trees that hold nothing but whole files at every moment: what lies there, by the names that it had before. */
  readonly watched: (world: World) => readonly string[]
  /** After a run that came to its end. */
  readonly done: (world: World, before: ReadonlyMap<string, ReadonlyMap<string, Found>>) => Promise<void>
}

const LAST = '<x:xmpmeta rating="3"/>'
const SHOOT: Tree = {
  'IMG_0001.CR3': 3000,
  'IMG_0001.xmp': '<x:xmpmeta rating="1"/>',
  'IMG_0002.CR3': 1_200_000,
  'empty.txt': 0,
  'Été 🎞.jpg': 500,
  selects: { 'IMG_0002.jpg': 900, 'IMG_0002.xmp': '<x:xmpmeta rating="5"/>' },
}

export function photos(drive: string): string {
  return path.join(drive, 'Safelight', 'Photos', 'Shoot')
}

async function backedUp(world: World): Promise<void> {
  makeTree(world.source, SHOOT)
  for (const drive of [...world.drives, world.fresh]) fs.mkdirSync(drive, { recursive: true })
  await mustBeOk(backup(actOn(world), [world.source], world.drives))
  makeFile(path.join(world.source, 'IMG_0001.xmp'), { bytes: '<x:xmpmeta rating="4"/>', mtime: '2024-07-01T00:00:00Z' })
  await mustBeOk(backup(actOn(world), [world.source], world.drives))
  // What the originals were is kept where no run looks.
  fs.cpSync(world.source, path.join(world.root, 'Reference'), { recursive: true, preserveTimestamps: true })
}

/** One for all scenarios; runs only read from it. */
let store: Promise<S3Double> | undefined

export async function closeStore(): Promise<void> {
  await (await store)?.close()
  store = undefined
}

/** Everything in a bucket as well, and the drives on a shelf where no run finds them. */
async function onlyInBucket(world: World): Promise<void> {
  setTestCredentials()
  const { url } = await (store ??= startDouble('aws'))
  await backedUp(world)
  const bucket = await makeBucket(url)
  const address = { from: `s3://${bucket}/backup`, bucket: { endpoint: url } }
  fs.writeFileSync(path.join(world.root, 'bucket.json'), JSON.stringify(address))
  await mustBeOk(ask(actOn(world), 'place/add', { path: address.from, name: 'Cloud', bucket: address.bucket }))
  await mustBeOk(ask(actOn(world), 'backup/run', { paths: [world.source], to: [] }))
  for (const drive of world.drives) fs.renameSync(drive, onShelf(drive))
}

const onShelf = (drive: string): string => `${drive} on the shelf`
const bucketOf = (world: World): object =>
  JSON.parse(fs.readFileSync(path.join(world.root, 'bucket.json'), 'utf8')) as object

async function mustBeOk(running: Promise<Outcome>): Promise<void> {
  const { exitCode, summary } = await running
  assert.equal(exitCode, 0, summary)
}

function ask(
  act: Act,
  method: 'backup/run' | 'restore/run' | 'heal/run' | 'verify/run' | 'rebuild/run' | 'place/add',
  params: object,
): Promise<Outcome> {
  return withDaemon(act, (daemon) => {
    const run = daemon.handlers[method] as unknown as (params: object, context: object) => Promise<Outcome>
    const client = { kind: 'cli', version: 'test' }
    return run(params, { signal: new AbortController().signal, client, progress: () => undefined })
  })
}

/** What the originals were. */
export const reference = (world: World): Map<string, Found> => readTree(path.join(world.root, 'Reference'))

function sameAsReference(world: World, folder: string): void {
  assert.deepEqual([...readTree(folder)], [...reference(world)], 'byte for byte, dates included')
}

async function allIsProven(world: World): Promise<void> {
  const checked = await verify(actOn(world))
  assert.deepEqual(checked.findings, [])
  assert.equal(checked.exitCode, 0, checked.summary)
  for (const drive of world.drives) assert.deepEqual(checkManifests(drive), [], 'b3sum --check passes')
}

export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'the restore of a lost shoot to where it was',
    async prepare(world) {
      await backedUp(world)
      fs.rmSync(world.source, { recursive: true })
    },
    run: (_, act) => ask(act, 'restore/run', { all: true }),
    watched: (world) => [world.source, ...world.drives.map(photos)],
    async done(world) {
      sameAsReference(world, world.source)
      await allIsProven(world)
    },
  },
  {
    name: 'the restore of a shoot beside files that differ',
    async prepare(world) {
      await backedUp(world)
      makeFile(path.join(world.source, 'IMG_0002.CR3'), { bytes: 1_200_000, seed: 99 })
      makeFile(path.join(world.source, 'selects', 'IMG_0002.jpg'), 'somebody else wrote this')
      fs.rmSync(path.join(world.source, 'IMG_0001.CR3'))
    },
    run: (_, act) => ask(act, 'restore/run', { all: true }),
    watched: (world) => [world.source, ...world.drives.map(photos)],
    done(world) {
      const now = readTree(world.source)
      for (const [name, { hash, mtimeMs }] of reference(world)) {
        const its = [...now].filter(([each, found]) => found.hash === hash && path.dirname(each) === path.dirname(name))
        assert.equal(its.length, 1, `${name} came back once`)
        assert.equal(its[0]?.[1].mtimeMs, mtimeMs)
      }
      assert.equal(now.size, reference(world).size + 2, 'and the two that differ are there still')
      return Promise.resolve()
    },
  },
  {
    name: 'the restore of an earlier day below another folder',
    async prepare(world) {
      await backedUp(world)
      fs.rmSync(world.drives[0], { recursive: true })
    },
    run: (world, act) =>
      ask(act, 'restore/run', { all: true, to: path.join(world.root, 'Disk', 'Out'), asOf: '2100-01-01' }),
    watched: (world) => [path.join(world.root, 'Disk', 'Out', 'Shoot'), photos(world.drives[1])],
    done(world) {
      sameAsReference(world, path.join(world.root, 'Disk', 'Out', 'Shoot'))
      return Promise.resolve()
    },
  },
  {
    name: 'the heal of damaged and missing copies',
    async prepare(world) {
      await backedUp(world)
      const [a, b] = world.drives.map(photos) as [string, string]
      rot(path.join(a, 'IMG_0002.CR3'))
      rot(path.join(a, 'selects', 'IMG_0002.xmp'))
      fs.rmSync(path.join(b, 'IMG_0001.CR3'))
      fs.rmSync(path.join(b, 'safelight.b3'))
      const [old = ''] = [...readTree(a).keys()].filter((name) => name.startsWith('Versions/'))
      rot(path.join(a, old))
      await verify(actOn(world))
    },
    run: (_, act) => ask(act, 'heal/run', { shoots: [] }),
    watched: (world) => [world.source, ...world.drives.map(photos)],
    done: allIsProven,
  },
  {
    name: 'the heal of a rotten original',
    async prepare(world) {
      await backedUp(world)
      rot(path.join(world.source, 'IMG_0002.CR3'))
      await ask(actOn(world), 'verify/run', { shoots: [], place: 'working' })
    },
    run: (_, act) => ask(act, 'heal/run', { shoots: [], originals: true }),
    watched: (world) => [world.source, ...world.drives.map(photos)],
    done(world) {
      const now = readTree(world.source)
      for (const [name, { hash }] of reference(world)) assert.equal(now.get(name)?.hash, hash, name)
      assert.equal(now.size, reference(world).size + 1, 'the rotten one is kept beside it')
      return Promise.resolve()
    },
  },
  {
    name: 'the heal of what changed while a drive was away and is gone',
    async prepare(world) {
      await backedUp(world)
      const [, b] = world.drives
      fs.renameSync(b, onShelf(b))
      makeFile(path.join(world.source, 'IMG_0001.xmp'), { bytes: LAST, mtime: '2024-08-01T00:00:00Z' })
      await mustBeOk(ask(actOn(world), 'backup/run', { paths: [world.source], to: [world.drives[0]] }))
      fs.renameSync(onShelf(b), b)
      fs.renameSync(path.join(world.source, 'IMG_0001.xmp'), path.join(world.root, 'Reference', 'IMG_0001.xmp'))
      await mustBeOk(backup(actOn(world), [world.source], world.drives))
    },
    run: (_, act) => ask(act, 'heal/run', { shoots: [] }),
    watched: (world) => [world.source, ...world.drives.map(photos)],
    async done(world) {
      for (const drive of world.drives) {
        const contents = [...readTree(photos(drive)).keys()]
          .filter((name) => name.endsWith('IMG_0001.xmp') && !name.startsWith('Quarantine/'))
          .map((name) => [name.startsWith('Versions/'), fs.readFileSync(path.join(photos(drive), name), 'utf8')])
        assert.deepEqual(
          contents.filter(([isEarlier]) => !isEarlier),
          [[false, LAST]],
        )
        assert.equal(contents.length, 3, 'the two earlier ones are kept')
      }
      await allIsProven(world)
    },
  },
  {
    name: 'the filling of a new drive',
    prepare: backedUp,
    run: (world, act) => ask(act, 'place/add', { path: world.fresh, fill: true }),
    watched: (world) => [world.source, ...world.drives.map(photos), photos(world.fresh)],
    async done(world) {
      // Each drive says to the millisecond when it moved an earlier content to Versions; the new one takes over what one of them says.
      const contents = (drive: string): unknown[] =>
        [...pictures(photos(drive))]
          .map(([name, found]) => [name.replace(/Versions\/[^/]+\//, 'Versions/'), found] as const)
          .sort(([a], [b]) => (a < b ? -1 : 1))
      assert.deepEqual(contents(world.fresh), contents(world.drives[0]), 'all that another has, earlier contents too')
      assert.deepEqual(checkManifests(world.fresh), [])
      await allIsProven(world)
    },
  },
  {
    name: 'the rebuild of a lost journal',
    async prepare(world) {
      await backedUp(world)
      await mustBeOk(ask(actOn(world), 'rebuild/run', { from: world.drives[1] }))
      fs.rmSync(world.home, { recursive: true })
      await mustBeOk(ask(actOn(world), 'rebuild/run', { from: world.drives[1] }))
      fs.writeFileSync(path.join(world.root, 'expected.json'), JSON.stringify(knownIn(world)))
      fs.rmSync(world.home, { recursive: true })
    },
    run: (world, act) => ask(act, 'rebuild/run', { from: world.drives[1] }),
    watched: (world) => [world.source, ...world.drives.map(photos)],
    done: allIsKnownAgain,
  },
  {
    name: 'the restore of a lost shoot from a bucket alone',
    async prepare(world) {
      await onlyInBucket(world)
      fs.rmSync(world.source, { recursive: true })
    },
    run: (_, act) => ask(act, 'restore/run', { all: true }),
    watched: (world) => [world.source, ...world.drives.map((drive) => photos(onShelf(drive)))],
    done(world) {
      sameAsReference(world, world.source)
      return Promise.resolve()
    },
  },
  {
    name: 'the rebuild of a lost journal from a bucket',
    async prepare(world) {
      await onlyInBucket(world)
      fs.rmSync(world.home, { recursive: true })
      await mustBeOk(ask(actOn(world), 'rebuild/run', bucketOf(world)))
      fs.writeFileSync(path.join(world.root, 'expected.json'), JSON.stringify(knownIn(world)))
      fs.rmSync(world.home, { recursive: true })
    },
    run: (world, act) => ask(act, 'rebuild/run', bucketOf(world)),
    watched: (world) => [world.source, ...world.drives.map((drive) => photos(onShelf(drive)))],
    done: allIsKnownAgain,
  },
]

function allIsKnownAgain(world: World): Promise<void> {
  const expected: unknown = JSON.parse(fs.readFileSync(path.join(world.root, 'expected.json'), 'utf8'))
  assert.deepEqual(knownIn(world), expected, 'everything is known again, and nothing else')
  return Promise.resolve()
}

/** What the journal knows, without its own numbers. */
function knownIn(world: World): unknown {
  const journal = Journal.open(world.home)
  try {
    return journal.all(
      `SELECT s.key, f.name, v.hash, v.size, v.mtime_ms, v.first_seen_ms, f.version_id = v.id AS newest, c.place_id, c.path, c.state, c.proven_ms, c.proven_how
       FROM shoots s JOIN files f ON f.shoot_id = s.id JOIN versions v ON v.file_id = f.id JOIN copies c ON c.version_id = v.id
       ORDER BY s.key, f.name, v.hash, c.path`,
    )
  } finally {
    journal.close()
  }
}

export const isOwn = (file: string): boolean =>
  /(^|\/)(safelight\.b3|safelight-log\.jsonl|\.safelight-[^/]*\.tmp)$/.test(file)

function pictures(folder: string): Map<string, Found> {
  return new Map([...readTree(folder)].filter(([name]) => !isOwn(name)))
}

/** One wrong bit, and nothing else that shows. */
function rot(file: string): void {
  const { atimeMs, mtimeMs } = fs.statSync(file)
  const bytes = fs.readFileSync(file)
  const middle = Math.floor(bytes.length / 2)
  bytes[middle] = (bytes[middle] ?? 0) ^ 1
  fs.writeFileSync(file, bytes)
  fs.utimesSync(file, atimeMs / 1000, mtimeMs / 1000)
}
