// The power fails during a task: the task is recorded once as it runs to its end, and from the record follow as many disks as wanted, each
// as it may look when the power comes back. Of every one must be true what the invariants say; of some, that the same task, done again,
// comes to its end by itself and that nothing is wrong then.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { Journal } from '../../../helper/journal/journal.js'
import { listPlaces } from '../../../helper/journal/places.js'
import { holdsHead, parseChain } from '../../../helper/manifest/chain.js'
import { chooseHashEngine } from '../../../helper/files/hash.js'
import { temporariesBelow } from '../../support/shoots.js'
import {
  copiesInPlace,
  isOwn,
  mustBeDone,
  mustFinish,
  mustHoldAfterKill,
  setStage,
  type Stage,
} from '../crash-point.js'
import { Disks, FATES, type DiskState, type Fate } from './disk.js'
import type { Noted } from './record.js'
import type { Task } from './tasks.js'

export interface Recorded {
  readonly task: Task
  readonly stage: Stage
  readonly calls: readonly Noted[]
}

const RECORD = fileURLToPath(new URL('./record.js', import.meta.url))
const PROGRAM = fileURLToPath(new URL('./one-run.js', import.meta.url))

/** Does the task in a world below `folder` and writes down its calls. */
export async function record(folder: string, task: Task): Promise<Recorded> {
  for (let attempt = 1; ; attempt++) {
    const at = path.join(folder, String(attempt))
    fs.mkdirSync(at)
    try {
      return await recordOnce(at, task)
    } catch (error) {
      // Two threads may note what they did in another order than they did it; then a name comes before its folder, and nothing can be told.
      if (attempt === RECORDINGS || !(error instanceof Error) || !error.message.startsWith('the record names'))
        throw error
    }
  }
}

const RECORDINGS = 3

async function recordOnce(folder: string, task: Task): Promise<Recorded> {
  const stage = stageOf(await setStage(folder, task), task)
  const into = path.join(folder, 'record')
  fs.mkdirSync(into)
  const before = new Disks(stage.world.root)
  const said = execFileSync(process.execPath, ['--import', RECORD, PROGRAM, stage.world.root, task.name], {
    encoding: 'utf8',
    env: { ...process.env, RECORD_ROOT: stage.world.root, RECORD_INTO: into },
  })
  assert.ok((task.exits ?? [0]).includes(Number(said)), `${task.name} ended with ${said}`)
  const calls = fs
    .readdirSync(into)
    .flatMap((name) => fs.readFileSync(path.join(into, name), 'utf8').split('\n').filter(Boolean))
    .map((line) => JSON.parse(line) as Noted)
    .sort((a, b) => a.ended - b.ended)
  assertRecordComplete(before, calls, stage.world.root)
  return { task, stage, calls }
}

/** What a restore must bring back is what the drive holds. */
function stageOf(stage: Stage, task: Task): Stage {
  if (task.restoresOriginals !== true) return stage
  const copies = [...(stage.drivesBefore[0] ?? [])].filter(([file]) => !isOwn(file))
  return { ...stage, original: new Map(copies) }
}

/** Played to its end, the record gives the very disk that the run left: nothing that changes a disk went past it. */
function assertRecordComplete(disks: Disks, calls: readonly Noted[], root: string): void {
  for (const call of calls) disks.apply(call)
  const real = new Disks(root).now()
  const played = disks.now()
  assert.deepEqual([...played.files.keys()].sort(), [...real.files.keys()].sort(), 'the record holds every name')
  for (const [file, { content }] of real.files)
    assert.ok(content.equals(played.files.get(file)?.content ?? Buffer.alloc(0)), `the record holds all of ${file}`)
}

export interface Wanted {
  readonly states: number
  /** Every so manieth state is also carried to its end by doing the task again. */
  readonly finishEvery: number
  readonly seed: number
}

export interface Tried {
  readonly states: number
  readonly finished: number
  readonly failures: readonly string[]
}

/** After how many calls the power fails, ascending: every other time evenly over the run, and between these just before a sync, when the
 *  most is at stake. */
function momentsOf(calls: readonly Noted[], states: number): number[] {
  const syncs = calls.flatMap(({ call }, index) => (call === 'sync' || call === 'sync-disk' ? [index] : []))
  return Array.from({ length: states }, (_, state) =>
    state % 2 === 0
      ? Math.floor(((state + 1) / states) * calls.length)
      : (syncs[((state - 1) / 2) % syncs.length] ?? 0),
  ).sort((a, b) => a - b)
}

/** Draws moments and fates over the run, and demands of each state all that is promised. */
export async function losePower({ task, stage, calls }: Recorded, wanted: Wanted): Promise<Tried> {
  const draw = randomOf(wanted.seed)
  restoreBase(stage)
  const disks = new Disks(stage.world.root)
  const failures: string[] = []
  let [played, finished] = [0, 0]
  for (const [state, moment] of momentsOf(calls, wanted.states).entries()) {
    for (; played < moment; played++) disks.apply(calls[played] as Noted)
    const fate = FATES[Math.floor(draw() * FATES.length)] as Fate
    materialize(stage.world.root, disks.stateAfterPowerLoss(fate, draw))
    const isFinished = state % wanted.finishEvery === 0
    try {
      mustHold(task, stage)
      if (isFinished) await mustComeToItsEnd(task, stage)
    } catch (error) {
      const last = calls[moment - 1]
      failures.push(
        `${task.name}, seed ${wanted.seed}, state ${state}, after call ${moment} (${describe(last)}), ${fate}: ${String(error).split('\n').slice(0, 6).join(' | ')}`,
      )
    }
    if (isFinished) finished += 1
  }
  return { states: wanted.states, finished, failures }
}

function mustHold(task: Task, stage: Stage): void {
  mustHoldAfterKill(stage, task.restoresOriginals === true)
  mustHoldEveryHead(stage)
}

/** No seal that the journal knows of is missing on its drive. */
function mustHoldEveryHead({ world }: Stage): void {
  if (!fs.existsSync(path.join(world.home, 'journal.sqlite'))) return
  const journal = Journal.open(world.home)
  try {
    for (const { path: drive, chainLength, chainHead } of listPlaces(journal)) {
      const file = path.join(drive, 'Safelight', 'chain.jsonl')
      const text = fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : ''
      const chain = parseChain(text, chooseHashEngine())
      assert.deepEqual(chain.breaks, [], 'the chain is whole, but for a last line that was cut off')
      assert.ok(holdsHead(chain, chainLength, chainHead), 'the journal knows no seal that the drive does not hold')
    }
  } finally {
    journal.close()
  }
}

async function mustComeToItsEnd(task: Task, stage: Stage): Promise<void> {
  const { world } = stage
  const inPlace = copiesInPlace(stage)
  const { exitCode } = await task.act(world, { withoutThreads: true })
  assert.ok([0, ...(task.exits ?? [])].includes(exitCode), `done again, it ended with ${exitCode}`)
  if (!task.restoresOriginals) await mustFinish(stage, inPlace)
  for (const drive of world.drives) assert.deepEqual(temporariesBelow(drive), [], 'no temporary file is left')
  await mustBeDone(stage)
}

/** The world as it was before the run. */
function restoreBase({ world, base }: Stage): void {
  fs.rmSync(world.root, { recursive: true })
  fs.cpSync(base, world.root, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true })
}

function materialize(root: string, state: DiskState): void {
  fs.rmSync(root, { recursive: true, force: true })
  for (const folder of state.folders) fs.mkdirSync(folder, { recursive: true })
  for (const [file, { content, mtimeMs }] of state.files) {
    fs.writeFileSync(file, content)
    fs.utimesSync(file, mtimeMs / 1000, mtimeMs / 1000)
  }
}

function describe(call: Noted | undefined): string {
  if (!call) return 'none'
  const { call: name } = call
  return 'path' in call
    ? `${name} ${call.path}`
    : 'to' in call
      ? `${name} ${call.from} ${call.to}`
      : `${name} ${call.handle}`
}

/** Mulberry32: the same numbers for the same seed. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
