// A drive that was in other hands. A good drive is made once; then, seed by seed, its records (place.json, manifests, logs, the chain) are
// altered as an attacker or a bad disk would: names that lead out, links, bombs, noise, prototypes. A new home learns from it and restores
// everything. It may refuse, and it may find fault; it may not break, write anything outside its own folders, or restore a wrong byte.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { SafelightError } from '../../helper/errors.js'
import { Daemon } from '../../helper/daemon.js'
import { backup, foldersAsDisks } from '../support/daemon.js'
import { makeTree, readTree } from '../support/shoots.js'
import { randomOf } from '../crash/power-loss/power-loss.js'

export interface HostileWorld {
  readonly root: string
  readonly good: string
  readonly drive: string
  readonly target: string
  readonly outside: string
  /** Content hashes that a restore may bring: those of the originals. */
  readonly hashes: ReadonlySet<string>
}

export async function makeHostileWorld(root: string): Promise<HostileWorld> {
  const at = (name: string): string => path.join(root, name)
  makeTree(path.join(at('card'), 'Shoot'), { 'IMG_1.CR3': 3000, 'IMG_1.xmp': 'one', day: { 'IMG_2.CR3': 500 } })
  fs.mkdirSync(at('good'))
  const options = { home: at('home'), volumes: foldersAsDisks(root), withoutThreads: true }
  await backup(options, [path.join(at('card'), 'Shoot')], [at('good')])
  makeTree(path.join(at('card'), 'Shoot'), { 'IMG_1.xmp': { bytes: 'two, later', mtime: '2025-01-01T00:00:00Z' } })
  const { ok, summary } = await backup(options, [path.join(at('card'), 'Shoot')], [at('good')])
  assert.ok(ok, summary)
  const hashes = new Set([...readTree(path.join(at('good'), 'Safelight', 'Photos')).values()].map(({ hash }) => hash))
  fs.mkdirSync(at('outside'))
  fs.writeFileSync(path.join(at('outside'), 'secret.CR3'), 'nobody may read or change this')
  return { root, good: at('good'), drive: at('drive'), target: at('target'), outside: at('outside'), hashes }
}

/** Alters the drive by `seed`, learns it, restores all of it. */
export async function surviveHostileDrive(world: HostileWorld, seed: number): Promise<'refused' | 'taken'> {
  const draw = randomOf(seed)
  const home = path.join(world.root, 'new-home')
  for (const folder of [world.drive, world.target, home]) fs.rmSync(folder, { recursive: true, force: true })
  fs.cpSync(world.good, world.drive, { recursive: true, preserveTimestamps: true })
  fs.mkdirSync(world.target)
  const done = Array.from({ length: 1 + Math.floor(draw() * 3) }, () => alterOne(world, draw))
  const outsideBefore = snapshotOf(world, [world.drive, world.target, home])
  const photosBefore = readTree(path.join(world.drive, 'Safelight', 'Photos'))
  try {
    return await learnAndRestore(world, home)
  } catch (error) {
    if (error instanceof SafelightError) return 'refused'
    throw new Error(`seed ${seed} (${done.join('; ')}): ${String(error)}`, { cause: error })
  } finally {
    const label = `seed ${seed} (${done.join('; ')})`
    assert.deepEqual(snapshotOf(world, [world.drive, world.target, home]), outsideBefore, `${label}: written outside`)
    for (const [file, { hash }] of readTree(world.target))
      assert.ok(world.hashes.has(hash), `${label}: ${file} was restored with bytes that no original had`)
    const photosAfter = readTree(path.join(world.drive, 'Safelight', 'Photos'))
    for (const [file, { hash }] of photosBefore)
      if (!/safelight/.test(file)) assert.equal(photosAfter.get(file)?.hash, hash, `${label}: ${file} was changed`)
  }
}

async function learnAndRestore(world: HostileWorld, home: string): Promise<'refused' | 'taken'> {
  const daemon = await Daemon.open({ home, command: 'test', volumes: foldersAsDisks(world.root), withoutThreads: true })
  const context = {
    signal: new AbortController().signal,
    client: { kind: 'cli', version: 'test' },
    progress: () => undefined,
  } as const
  try {
    await daemon.handlers['rebuild/run']?.({ from: world.drive }, context)
    await daemon.handlers['restore/run']?.({ all: true, files: [], to: world.target }, context)
    await daemon.handlers['verify/run']?.({ shoots: [] }, context)
    return 'taken'
  } finally {
    daemon.close()
  }
}

/** Everything in the world but these folders. */
function snapshotOf(world: HostileWorld, except: readonly string[]): unknown {
  return [...readTree(world.root)].filter(
    ([file]) => !except.some((folder) => path.join(world.root, file).startsWith(`${folder}${path.sep}`)),
  )
}

const LEADS_OUT = [
  '../../../../outside/secret.CR3',
  '..',
  '/etc/passwd',
  'a/../../../../outside/x',
  'IMG_1.CR3\0.txt',
  '..\\..\\outside',
  'C:\\Windows\\x.CR3',
  '\\\\server\\share\\x',
  '.',
  '',
  'a//b',
  'Versions/../../../../x.CR3',
  'x'.repeat(40_000),
  '__proto__',
  'constructor',
  '\u202egnp.exe',
  'line\nbreak.CR3',
  '.safelight-x.tmp',
  'safelight.b3',
]

const ODD_VALUES: readonly unknown[] = [
  null,
  -1,
  1e308,
  '',
  [],
  {},
  'x'.repeat(100_000),
  true,
  '\0',
  2 ** 53,
  ...LEADS_OUT,
]

function alterOne({ drive, outside }: HostileWorld, draw: () => number): string {
  const pick = <T>(from: readonly T[]): T => from[Math.floor(draw() * from.length)] as T
  const safelight = path.join(drive, 'Safelight')
  const records = fs
    .readdirSync(safelight, { recursive: true, encoding: 'utf8' })
    .filter((name) => /(place\.json|safelight\.b3|safelight-log\.jsonl|chain\.jsonl)$/.test(name))
    .map((name) => path.join(safelight, name))
    .filter((file) => fs.lstatSync(file).isFile())
  if (records.length === 0) return 'nothing is left to alter'
  const file = pick(records)
  const text = fs.readFileSync(file, 'utf8')
  const found = text.split('\n').filter((line) => line !== '')
  // What was cut off to nothing has an empty line to alter.
  const lines = found.length === 0 ? [''] : found
  const at = Math.floor(draw() * lines.length)
  const put = (all: readonly string[]): void => fs.writeFileSync(file, all.map((line) => `${line}\n`).join(''))
  const name = path.relative(safelight, file)
  const acts: Record<string, () => void> = {
    'a name that leads out': () => put(lines.with(at, withName(lines[at] ?? '', pick(LEADS_OUT), draw))),
    'a line more with a name that leads out': () => put([...lines, withName(lines[at] ?? '', pick(LEADS_OUT), draw)]),
    'an odd value': () => put(lines.with(at, withOddValue(lines[at] ?? '', pick(ODD_VALUES), draw))),
    'a line less': () => put(lines.toSpliced(at, 1)),
    'a line twice': () => put([...lines, lines[at] ?? '']),
    'lines in another order': () => put(lines.toReversed()),
    'a wrong character': () => put(lines.with(at, flipped(lines[at] ?? '', draw))),
    'cut off': () => fs.truncateSync(file, Math.floor(draw() * text.length)),
    noise: () => fs.writeFileSync(file, Buffer.from(Array.from({ length: 300 }, () => Math.floor(draw() * 256)))),
    'deep nesting': () => fs.writeFileSync(file, `${'['.repeat(50_000)}\n`),
    'a link that leads out': () => {
      fs.rmSync(file)
      fs.symlinkSync(path.join(outside, 'secret.CR3'), file)
    },
    'a folder in its stead': () => {
      fs.rmSync(file)
      fs.mkdirSync(file)
    },
    'a shoot folder that is a link out': () => {
      const folder = path.dirname(file)
      if (folder === safelight) return
      fs.rmSync(folder, { recursive: true })
      fs.symlinkSync(outside, folder)
    },
    'a copy that is a link out': () => {
      const copy = path.join(path.dirname(file), 'IMG_1.CR3')
      if (!fs.existsSync(copy)) return
      fs.rmSync(copy)
      fs.symlinkSync(path.join(outside, 'secret.CR3'), copy)
    },
  }
  const what = pick(Object.keys(acts))
  acts[what]?.()
  return `${name}: ${what}`
}

/** Of a manifest line its name, of a JSON line one of its paths. */
function withName(line: string, name: string, draw: () => number): string {
  if (/^\\?[0-9a-f]{64} {2}/.test(line)) return `${line.slice(0, 66)}${name}`
  return changed(line, (fields) => {
    const keys = ['path', 'file', 'to', 'shoot', 'root', 'pathFromRoot', 'folder', 'pathOnVolume', 'name'].filter(
      (key) => key in fields,
    )
    const key = keys[Math.floor(draw() * keys.length)]
    if (key !== undefined) fields[key] = name
  })
}

function withOddValue(line: string, value: unknown, draw: () => number): string {
  return changed(line, (fields) => {
    const keys = Object.keys(fields)
    const key = keys[Math.floor(draw() * keys.length)]
    if (key !== undefined) fields[key] = value
  })
}

function changed(line: string, act: (fields: Record<string, unknown>) => void): string {
  try {
    const fields: unknown = JSON.parse(line)
    if (typeof fields !== 'object' || fields === null) return line
    act(fields as Record<string, unknown>)
    return JSON.stringify(fields)
  } catch (error) {
    if (error instanceof SyntaxError) return line
    throw error
  }
}

function flipped(line: string, draw: () => number): string {
  const at = Math.floor(draw() * line.length)
  return `${line.slice(0, at)}${String.fromCharCode(line.charCodeAt(at) ^ 1)}${line.slice(at + 1)}`
}
