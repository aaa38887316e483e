// Copying: every file of a run's plans, shoot by shoot, several at once or one at a time as the disks like it best.
import type { Volume } from '../files/volumes.js'
import { forEachBounded } from './bounded.js'
import {
  choosePace,
  isTrialWorthIt,
  mayDiffer,
  paceKey,
  rememberedPace,
  rememberPace,
  TRIAL,
  type Trial,
} from './pace.js'
import type { FilePlan } from './plan.js'
import type { PreparedShoot } from './prepare.js'
import { protectFile } from './protect-file.js'
import type { BackupRun } from './run.js'
import { withSmallHeap } from './small-heap.js'

/** Tasks under way at once: enough for the workers to find small files in batches, few enough to keep in memory. */
const TASKS_AT_ONCE = 2048

/** @param sourceVolume  where the originals lie, when they all lie on one */
export async function protectFiles(
  run: BackupRun,
  prepared: readonly PreparedShoot[],
  sourceVolume: Volume | undefined,
): Promise<void> {
  const todo = filesToDo(run, prepared)
  if (sourceVolume) await settlePace(run, prepared, sourceVolume, todo)
  const isLong = prepared.reduce((sum, { plan }) => sum + plan.files.length, 0) > TASKS_AT_ONCE
  await (isLong ? withSmallHeap(() => protect(run, todo)) : protect(run, todo))
}

export function bytesToSend(prepared: readonly PreparedShoot[]): number {
  return prepared.reduce((sum, { plan }) => sum + plan.files.reduce((bytes, file) => bytes + file.bytesToSend, 0), 0)
}

interface Task {
  readonly shoot: PreparedShoot['shoot']
  readonly file: FilePlan
}

function protect(run: BackupRun, tasks: Iterable<Task>): Promise<void> {
  return forEachBounded(tasks, TASKS_AT_ONCE, ({ shoot, file }) => protectFile(run, shoot, file))
}

/** One after the other, for as long as the run goes on. */
function* filesToDo(run: BackupRun, prepared: readonly PreparedShoot[]): Generator<Task> {
  for (const { shoot, plan, unchanged } of prepared) {
    if (isOver(run)) return
    run.counts.done += unchanged
    run.counts.unchanged += unchanged
    for (const file of plan.files) {
      if (isOver(run)) return
      yield { shoot, file }
    }
  }
}

export function isOver(run: BackupRun): boolean {
  // Without any drive the originals are only read and hashed, for the buckets that are sent from them.
  const hasNowhereToGo = run.places.length > 0 && run.livePlaces().length === 0
  return run.signal.aborted || run.sourceFailure !== undefined || hasNowhereToGo
}

/** Sets how many workers take part, from what is remembered or from a trial with the first files. */
async function settlePace(
  run: BackupRun,
  prepared: readonly PreparedShoot[],
  sourceVolume: Volume,
  todo: Generator<Task>,
): Promise<void> {
  const { journal, clock, pool } = run.deps
  const volumes = run.livePlaces().map(({ volume }) => volume)
  if (!mayDiffer([sourceVolume, ...volumes])) return
  const key = paceKey(
    sourceVolume.devices,
    volumes.flatMap(({ devices }) => devices),
  )
  let pace = rememberedPace(journal, key, clock())
  if (pace === undefined) {
    const first = prepared.find(({ plan }) => plan.files.length > 0)
    if (!first || !isTrialWorthIt(first.plan.files, bytesToSend(prepared))) return
    const several = await timed(run, take(todo, TRIAL.several))
    pool.limitTo(1)
    const one = await timed(run, take(todo, TRIAL.one))
    pace = choosePace(several, one)
    if (!isOver(run)) rememberPace(journal, key, pace, clock())
  }
  pool.limitTo(pace === 'one' ? 1 : Infinity)
}

async function timed(run: BackupRun, tasks: Iterable<Task>): Promise<Trial> {
  const { pool } = run.deps
  const before = pool.bytesDone().source
  const startedMs = performance.now()
  await protect(run, tasks)
  return { bytes: pool.bytesDone().source - before, ms: performance.now() - startedMs }
}

/** The next few of a generator, which is not closed by it. */
function* take<T>(from: Generator<T>, count: number): Generator<T> {
  for (let n = 0; n < count; n++) {
    const next = from.next()
    if (next.done === true) return
    yield next.value
  }
}
