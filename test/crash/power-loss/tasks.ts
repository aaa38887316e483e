// What a run is doing when the power fails: each task makes its world, does one thing in it, and can be asked to do the same again.
import fs from 'node:fs'
import path from 'node:path'
import type { MethodName, Params, Result } from '../../../shared/methods.js'
import { withDaemon } from '../../support/daemon.js'
import type { FaultSet } from '../../support/faults.js'
import { backedUp, optionsFor, photos, rot, SCENARIOS, SHOOT, type Scenario, type World } from '../scenarios.js'

export interface Task extends Scenario {
  readonly act: (world: World, deps: Deps) => Promise<{ readonly exitCode: number }>
  /** It writes where the originals were. */
  readonly restoresOriginals?: boolean
  /** Its home begins empty: what it does not know is not lost. */
  readonly startsAnew?: boolean
}

export interface Deps {
  readonly faults?: FaultSet
  readonly withoutThreads?: boolean
}

export const TASKS: readonly Task[] = [
  ...SCENARIOS.map((scenario): Task => ({ ...scenario, act: backUpShoot })),
  {
    name: 'a heal of damaged and missing copies',
    async prepare(world) {
      await backedUp(world, SHOOT)
      const [one = '', two = ''] = world.drives.map(photos)
      rot(path.join(one, 'IMG_0001.CR3'))
      rot(path.join(two, 'selects', 'IMG_0002.jpg'))
      fs.rmSync(path.join(one, 'IMG_0001.xmp'))
      await ask(world, {}, 'verify/run', { shoots: [] })
    },
    act: (world, deps) => ask(world, deps, 'heal/run', { shoots: [] }),
    exits: [0, 11],
  },
  {
    name: 'a restore of lost originals to where they were',
    async prepare(world) {
      await backedUp(world, SHOOT)
      fs.rmSync(path.join(world.source, 'IMG_0001.CR3'))
      fs.rmSync(path.join(world.source, 'selects'), { recursive: true })
    },
    act: (world, deps) => ask(world, deps, 'restore/run', { shoot: 'Shoot', files: [], all: false }),
    restoresOriginals: true,
  },
  {
    name: 'a rebuild from one drive',
    async prepare(world) {
      await backedUp(world, SHOOT)
      fs.rmSync(world.home, { recursive: true })
    },
    act: (world, deps) => ask(world, deps, 'rebuild/run', { from: world.drives[0] ?? '' }),
    startsAnew: true,
  },
  {
    name: 'the making of a place',
    prepare: (world) =>
      backedUp({ ...world, drives: world.drives.slice(0, 1) }, SHOOT).then(() => fs.mkdirSync(world.drives[1] ?? '')),
    act: (world, deps) => ask(world, deps, 'place/add', { path: world.drives[1] ?? '' }),
  },
]

function backUpShoot(world: World, deps: Deps): Promise<{ readonly exitCode: number }> {
  return ask(world, deps, 'backup/run', { paths: [world.source], to: world.drives })
}

function ask<M extends MethodName>(world: World, deps: Deps, method: M, params: Params<M>): Promise<Result<M>> {
  return withDaemon({ ...optionsFor(world), ...deps }, (daemon) => {
    const run = daemon.handlers[method] as ((params: Params<M>, context: unknown) => Promise<Result<M>>) | undefined
    if (!run) throw new Error(`there is no ${method}`)
    return run(params, {
      signal: new AbortController().signal,
      client: { kind: 'cli', version: 'test' },
      progress: () => undefined,
    })
  })
}
