// Every call of a run as a point at which it is killed: several stages of one scenario work through the points together.
import assert from 'node:assert/strict'
import { availableParallelism } from 'node:os'

export interface PointsOf<Stage> {
  /** Of one scenario; a world of its own for each stage. */
  readonly setStage: () => Promise<Stage>
  readonly countCalls: (stage: Stage) => Promise<number>
  /** Demands all that is promised. @returns whether the call was reached, so that it killed the run */
  readonly killAt: (stage: Stage, call: number) => Promise<boolean>
  readonly clear: (stage: Stage) => void
  /** Scenarios with more calls are sampled with an even step. */
  readonly most: number
}

/** @returns how many points killed the run */
export async function killAtEach<Stage>({
  setStage,
  countCalls,
  killAt,
  clear,
  most,
}: PointsOf<Stage>): Promise<number> {
  const stages: Stage[] = []
  for (let index = 0; index < Math.max(2, availableParallelism()); index++) stages.push(await setStage())
  const [first] = stages
  assert.ok(first)
  const calls = await countCalls(first)
  const step = Math.max(1, calls / most)
  const waiting = Array.from({ length: Math.floor(calls / step) }, (_, index) => Math.floor(index * step) + 1)
  let killed = 0
  const failures: string[] = []
  await Promise.all(
    stages.map(async (stage) => {
      for (let at = waiting.shift(); at !== undefined; at = waiting.shift()) {
        try {
          if (await killAt(stage, at)) killed += 1
        } catch (error) {
          failures.push(error instanceof Error ? error.message : String(error))
        }
      }
    }),
  )
  for (const stage of stages) clear(stage)
  console.log(`      ${killed} points of ${calls} calls`)
  assert.deepEqual(failures, [])
  return killed
}
