// One kill point: a world as it was before the run, a run that is killed before one call of the durable surface, what must be true then, and
// what must be true after the same command was given once more.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { readTree, temporariesBelow, type Found } from '../../support/shoots.js'
import { actOn, isOwn, reference, worldAt, type Scenario, type World } from './scenarios.js'

type Trees = ReadonlyMap<string, ReadonlyMap<string, Found>>

/** A scenario's world on the disk, and its state before the run, to which it can be set back. */
export interface Stage {
  readonly scenario: Scenario
  readonly world: World
  readonly base: string
  readonly before: Trees
}

export async function setStage(folder: string, scenario: Scenario): Promise<Stage> {
  const world = worldAt(path.join(folder, 'world'))
  fs.mkdirSync(world.root, { recursive: true })
  await scenario.prepare(world)
  const base = path.join(folder, 'base')
  copyTree(world.root, base)
  return { scenario, world, base, before: treesOf(scenario, world) }
}

function treesOf(scenario: Scenario, world: World): Trees {
  return new Map(scenario.watched(world).map((folder) => [folder, readTree(folder)]))
}

/** The same paths, bytes and times as before the run. */
function reset({ world, base }: Stage): void {
  fs.rmSync(world.root, { recursive: true })
  copyTree(base, world.root)
}

function copyTree(from: string, to: string): void {
  fs.cpSync(from, to, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true })
}

const PROGRAM = fileURLToPath(new URL('./one-run.js', import.meta.url))

function runOnce({ world, scenario }: Stage, killAt: number): Promise<number | 'killed'> {
  const args = [PROGRAM, world.root, scenario.name, String(killAt)]
  return new Promise((resolve, reject) => {
    const child = execFile(process.execPath, args, { encoding: 'utf8' }, (error, stdout, stderr) => {
      if (child.signalCode === 'SIGKILL') resolve('killed')
      else if (error) reject(new Error(`the run broke instead of being killed: ${stderr}${stdout}`, { cause: error }))
      else resolve((JSON.parse(stdout) as { calls: number }).calls)
    })
  })
}

/** How many calls the run of this scenario makes when nothing stops it. */
export async function countCalls(stage: Stage): Promise<number> {
  reset(stage)
  const calls = await runOnce(stage, 0)
  await stage.scenario.done(stage.world, stage.before)
  assert.ok(typeof calls === 'number' && calls > 20, 'the run makes its calls through the surface')
  return calls
}

/** Kills the run before call `killAt`, and demands all that is promised. @returns whether it was killed */
export async function killAt(stage: Stage, call: number): Promise<boolean> {
  const { scenario, world } = stage
  reset(stage)
  const end = await runOnce(stage, call)
  try {
    const then = treesOf(scenario, world)
    if (end === 'killed') mustHoldAfterKill(stage, then)
    const inodes = inodesOf(stage, then)
    const { exitCode, summary } = await scenario.run(world, actOn(world))
    assert.equal(exitCode, 0, summary)
    await scenario.done(world, stage.before)
    for (const folder of scenario.watched(world))
      assert.deepEqual(temporariesBelow(folder), [], 'no temporary file is left')
    for (const [file, inode] of inodes)
      if (fs.existsSync(file)) assert.equal(fs.statSync(file).ino, inode, `${file} was in place and is not made again`)
  } catch (error) {
    throw new Error(`killed before call ${call} of ${scenario.name}: ${String(error)}`, { cause: error })
  }
  return end === 'killed'
}

/** What was there before exists still, under its name or in Versions, Quarantine or beside; and a final name holds whole bytes: those of
 *  before, or those of a copy of the same name anywhere. */
function mustHoldAfterKill({ before }: Stage, now: Trees): void {
  const known = new Set([...before.values()].flatMap((tree) => [...tree.values()].map(({ hash }) => hash)))
  for (const [folder, tree] of now) {
    const hashes = new Set([...tree.values()].map(({ hash }) => hash))
    for (const [file, { hash }] of before.get(folder) ?? [])
      if (!isOwn(file)) assert.ok(hashes.has(hash), `the content of ${file} exists still`)
    for (const [file, { hash }] of tree)
      if (!isOwn(file)) assert.ok(known.has(hash), `${file} holds whole and right bytes, or has not this name`)
  }
}

/** Of files whose content is what it is to be already. */
function inodesOf({ world }: Stage, trees: Trees): Map<string, number> {
  const right = new Set([...reference(world).values()].map(({ hash }) => hash))
  const files = new Map<string, number>()
  for (const [folder, tree] of trees)
    for (const [name, { hash }] of tree)
      if (!isOwn(name) && right.has(hash)) files.set(path.join(folder, name), fs.statSync(path.join(folder, name)).ino)
  return files
}
