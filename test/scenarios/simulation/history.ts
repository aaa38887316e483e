// One history: a library, three drives, a bucket and some dozens of steps drawn from a seed, each followed by the judge. At its end the faults
// stop, every drive is plugged in, and everything must come right by the ordinary round alone (ending.ts).
import path from 'node:path'
import { SafelightError } from '../../../helper/errors.js'
import { randomOf } from '../../crash/power-loss/power-loss.js'
import { Catalog } from './catalog.js'
import type { Store } from './cloud.js'
import { comeRight } from './ending.js'
import { Engine } from './engine.js'
import { Judge } from './judge.js'
import { Steps, type Step } from './steps.js'
import { Surface } from './surface.js'
import { World } from './world.js'

export interface Told {
  readonly steps: number
  readonly kills: number
  readonly troubles: number
  /** Times that a shoot was called protected, and was. */
  readonly greens: number
}

const OFF_SITE = 'Drive C'
/** In the others the bucket alone is off-site, and green hangs on it. */
const SHARE_WITH_DRIVE_OFF_SITE = 0.4
/** The others have drives only, or no catalog: what costs most time need not be in each. */
const SHARE_WITH_BUCKET = 0.4
const SHARE_WITH_CATALOG = 0.3
/** In the others what Lightroom tells is told in its place. */
const SHARE_OF_THOSE_WITH_PLUGIN = 0.25

export class History {
  readonly #draw: () => number
  readonly #world: World
  readonly #engine: Engine
  readonly #judge: Judge
  readonly #steps: Steps

  private constructor(seed: number, folder: string, store: Store) {
    this.#draw = randomOf(seed)
    const surface = new Surface(path.join(folder, 'home'))
    this.#world = new World(folder, surface, ['Drive A', 'Drive B', OFF_SITE], store)
    this.#engine = new Engine(this.#world, this.#draw() < SHARE_WITH_DRIVE_OFF_SITE ? OFF_SITE : undefined)
    const catalog = new Catalog(this.#world)
    this.#judge = new Judge(this.#world, catalog)
    const catalogs = this.#draw() < SHARE_WITH_CATALOG
    const has = {
      bucket: this.#draw() < SHARE_WITH_BUCKET,
      catalog: catalogs,
      plugin: catalogs && this.#draw() < SHARE_OF_THOSE_WITH_PLUGIN,
    }
    this.#steps = new Steps(this.#draw, this.#world, this.#engine, catalog, has)
  }

  /** Lives through the history of this seed in an empty folder. @throws with the seed and the diary when a promise was broken */
  static async live(seed: number, folder: string, store: Store): Promise<Told> {
    const history = new History(seed, folder, store)
    try {
      return await history.#live()
    } catch (error) {
      const told = history.#engine.diary.map((line, index) => `  ${index + 1}. ${line}`).join('\n')
      throw new Error(`SEED=${seed}: ${inFull(error)}\n${told}`, { cause: error })
    } finally {
      history.#steps.close()
      history.#engine.close()
      history.#world.cloud.close()
    }
  }

  async #live(): Promise<Told> {
    const steps = this.#steps
    await this.#step({ what: 'the first shoot is imported', act: () => steps.importShoot() })
    await this.#step({ what: 'the first backup', act: () => steps.backUp(false) })
    if (steps.has.bucket) await this.#step({ what: 'the bucket is added', act: () => steps.addBucket() })
    const count = 8 + Math.floor(this.#draw() * 16)
    for (let step = 0; step < count; step++) await this.#step(steps.next())
    await comeRight(this.#world, this.#engine, steps, (step) => this.#step(step))
    const { kills } = this.#engine
    return { steps: count + 2, kills, troubles: steps.troubles, greens: this.#judge.greens }
  }

  readonly #step = async ({ what, act, mayRestore }: Omit<Step, 'weight'>): Promise<void> => {
    const { diary } = this.#engine
    diary.push(what)
    this.#world.clockMs += 60_000 + Math.floor(this.#draw() * 7_200_000)
    const before = this.#judge.before()
    const result = await act()
    if (typeof result === 'string' && result !== '') diary.push(`   → ${result}`)
    try {
      // What it had written down when it died is judged before anything else happens.
      if (this.#world.surface.isDead) await this.#engine.revive()
      await this.#judge.after(before, this.#engine.daemon, mayRestore === true)
    } catch (error) {
      // A page of the journal that rotted is met when somebody asks for it.
      if (!(error instanceof SafelightError) || error.code !== 'JOURNAL_DAMAGED') throw error
      diary.push('   → the journal is found to be damaged, and rebuilt')
      await this.#engine.rebuild()
      await this.#judge.after(before, this.#engine.daemon, mayRestore === true)
    }
  }
}

function inFull(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const cause = error.cause === undefined ? '' : `\ncaused by ${inFull(error.cause)}`
  return `${error.stack ?? error.message}${cause}`
}
