// What a backup is doing when it is killed. Each scenario makes a world (originals, two drives, a home) as it stands before the run; the run
// itself is always the same: back up `Shoot` to both drives.
import fs from 'node:fs'
import path from 'node:path'
import { backup, foldersAsDisks, verify } from '../support/daemon.js'
import type { Fault } from '../support/faults.js'
import { contentOf, makeFile, makeTree, type Tree } from '../support/shoots.js'

export interface World {
  readonly root: string
  readonly home: string
  readonly source: string
  readonly drives: readonly string[]
}

export function worldAt(root: string): World {
  const at = (name: string): string => path.join(root, name)
  return { root, home: at('home'), source: path.join(at('card'), 'Shoot'), drives: [at('Drive A'), at('Drive B')] }
}

export interface Scenario {
  readonly name: string
  readonly prepare: (world: World) => Promise<void>
  readonly faults?: readonly Fault[]
  /** Exit codes that a run which is not killed, or the one after, may end with. */
  readonly exits?: readonly number[]
}

export const SHOOT: Tree = {
  'IMG_0001.CR3': 3000,
  'IMG_0001.xmp': '<x:xmpmeta rating="1"/>',
  'IMG_0002.CR3': 1_200_000,
  'empty.txt': 0,
  'Été 🎞.jpg': 500,
  selects: { 'IMG_0002.jpg': 900, 'IMG_0002.xmp': '<x:xmpmeta rating="5"/>' },
}

/** Enough folders for the manifests to be synced together. */
const MANY_FOLDERS: Tree = {
  'a.jpg': 100,
  one: { 'b.jpg': 200, 'b.xmp': 'b' },
  two: { 'c.jpg': 300 },
  three: { 'd.jpg': 400 },
  four: { 'e.jpg': 500 },
  five: { deep: { 'f.jpg': 600 } },
}

/** Enough small files for a batch to be synced together. */
const MANY_FILES: Tree = Object.fromEntries(
  Array.from({ length: 30 }, (_, index) => [`IMG_${index + 1}.jpg`, 100 + index]),
)

export const SCENARIOS: readonly Scenario[] = [
  { name: 'the first backup of a shoot', prepare: (world) => begin(world, SHOOT) },
  { name: 'the first backup of many folders', prepare: (world) => begin(world, MANY_FOLDERS) },
  { name: 'the first backup of many small files', prepare: (world) => begin(world, MANY_FILES) },
  { name: 'a backup after changes', prepare: backedUpAndChanged },
  {
    name: 'a backup after changes, for the third time',
    async prepare(world) {
      await backedUpAndChanged(world)
      await run(world)
      makeFile(path.join(world.source, 'IMG_0001.xmp'), { bytes: 'third', mtime: '2024-08-03T00:00:00Z' })
    },
  },
  { name: 'the adoption of copies made by hand', prepare: copiedByHand },
  { name: 'the replacement of a damaged copy', prepare: backedUpAndDamaged, exits: [0, 11] },
  {
    name: 'the replacement of a copy that a verify found damaged',
    async prepare(world) {
      await backedUp(world, SHOOT)
      rot(path.join(photos(world.drives[0]!), 'IMG_0001.CR3'))
      await verify(optionsFor(world))
    },
    exits: [0, 11],
  },
  {
    name: 'the replacement of a lost copy and a lost manifest',
    async prepare(world) {
      await backedUp(world, SHOOT)
      fs.rmSync(path.join(photos(world.drives[0]!), 'IMG_0001.CR3'))
      fs.rmSync(path.join(photos(world.drives[1]!), 'safelight.b3'))
    },
  },
  {
    name: 'a backup to drives that are read through the cache',
    prepare: (world) => begin(world, SHOOT),
    faults: [{ on: 'openDirect', times: Infinity, act: { absent: true } }],
  },
  {
    name: 'a backup after changes to drives without hard links',
    prepare: backedUpAndChanged,
    faults: [{ on: 'link', times: Infinity, act: { fail: 'EPERM' } }],
  },
]

export function optionsFor(world: World): { home: string; volumes: ReturnType<typeof foldersAsDisks> } {
  return { home: world.home, volumes: foldersAsDisks(world.root) }
}

/** The folder of the copies at a drive. */
export function photos(drive: string): string {
  return path.join(drive, 'Safelight', 'Photos', 'Shoot')
}

async function begin(world: World, tree: Tree): Promise<void> {
  makeTree(world.source, tree)
  for (const drive of world.drives) fs.mkdirSync(drive, { recursive: true })
  return Promise.resolve()
}

function run(world: World): ReturnType<typeof backup> {
  return backup(optionsFor(world), [world.source], world.drives)
}

export async function backedUp(world: World, tree: Tree): Promise<void> {
  await begin(world, tree)
  const result = await run(world)
  if (!result.ok) throw new Error(result.summary)
}

async function backedUpAndChanged(world: World): Promise<void> {
  await backedUp(world, SHOOT)
  const file = (name: string): string => path.join(world.source, name)
  makeFile(file('IMG_0001.xmp'), { bytes: '<x:xmpmeta rating="4" label="red"/>', mtime: '2024-07-01T00:00:00Z' })
  makeFile(file('selects/IMG_0002.xmp'), { bytes: '<x:xmpmeta rating="3"/>', mtime: '2024-07-02T00:00:00Z' })
  makeFile(file('IMG_0001.CR3'), { bytes: 3000, seed: 77, mtime: '2024-07-03T00:00:00Z' })
  makeFile(file('IMG_0003.CR3'), { bytes: 700, seed: 78 })
  fs.rmSync(file('empty.txt'))
}

async function copiedByHand(world: World): Promise<void> {
  await begin(world, SHOOT)
  for (const drive of world.drives)
    fs.cpSync(world.source, photos(drive), { recursive: true, preserveTimestamps: true })
  const [one, two] = world.drives.map(photos)
  fs.rmSync(path.join(one!, 'IMG_0001.CR3'))
  fs.writeFileSync(path.join(two!, 'IMG_0001.xmp'), 'somebody else wrote this')
  fs.writeFileSync(path.join(two!, 'selects', 'IMG_0002.jpg'), contentOf(900, 4711))
}

async function backedUpAndDamaged(world: World): Promise<void> {
  await backedUp(world, SHOOT)
  const copy = path.join(photos(world.drives[0]!), 'IMG_0001.CR3')
  rot(copy)
  fs.utimesSync(copy, 1_700_000_000, 1_700_000_000)
  const other = path.join(photos(world.drives[1]!), 'selects', 'IMG_0002.jpg')
  fs.truncateSync(other, 100)
}

/** One wrong bit, and nothing else that shows. */
export function rot(file: string): void {
  const { atimeMs, mtimeMs } = fs.statSync(file)
  const bytes = fs.readFileSync(file)
  bytes[Math.floor(bytes.length / 2)]! ^= 1
  fs.writeFileSync(file, bytes)
  fs.utimesSync(file, atimeMs / 1000, mtimeMs / 1000)
}
