// The real engine in a history: opened, asked, killed, started again, rebuilt from what the places say, as the photographer and the system
// would do it. Owns the daemon of the moment and the diary of what was done.
import fs from 'node:fs'
import path from 'node:path'
import { Daemon } from '../../../helper/daemon.js'
import { SafelightError } from '../../../helper/errors.js'
import { WaitReasons } from '../../../helper/manners/wait-reasons.js'
import { listPlaces } from '../../../helper/journal/places.js'
import type { MethodName, Params, Result } from '../../../shared/methods.js'
import { context } from './judge.js'
import { Killed } from './surface.js'
import type { World } from './world.js'

/** Longer than any history: the helper's own rounds are begun by hand. */
const NEVER_MS = 2 ** 30

export class Engine {
  /** What was done, line by line: printed when the history fails. */
  readonly diary: string[] = []
  daemon: Daemon | undefined
  kills = 0
  hasLostHome = false
  /** The bucket was out of reach when a rebuild asked it: the photographer does that part again. */
  owesBucket = false
  readonly #world: World
  readonly #offSite: string | undefined

  /** @param offSite  the drive that is kept in another house, if one is */
  constructor(world: World, offSite: string | undefined) {
    this.#world = world
    this.#offSite = offSite
  }

  /** What the method said, or why it refused. A failure that is none of ours is a defect. */
  async ask<M extends MethodName>(method: M, params: Params<M>): Promise<string> {
    return this.#told(async () => {
      const result = await this.call(method, params)
      return (result as { summary?: string } | null)?.summary ?? ''
    })
  }

  async call<M extends MethodName>(method: M, params: Params<M>): Promise<Result<M>> {
    const daemon = await this.open()
    const run = daemon.handlers[method] as ((params: Params<M>, context: unknown) => Promise<Result<M>>) | undefined
    if (!run) throw new Error(`there is no ${method}`)
    try {
      return await run(params, context())
    } finally {
      this.#rememberPlaces(daemon)
    }
  }

  /** What the plugin tells. @returns undefined when the engine died of it, or could not take it */
  async take(telling: Params<'photos/imported'>): Promise<Result<'photos/imported'> | undefined> {
    let answer: Result<'photos/imported'> | undefined
    await this.#told(async () => {
      answer = await this.call('photos/imported', telling)
      return ''
    })
    return answer
  }

  /** The helper pays what Lightroom's imports owe, as it does by itself. */
  payWhatIsOwed(): Promise<string> {
    return this.#told(async () => {
      const faults = new Faults()
      const daemon = await this.open()
      const queue = daemon.startQueue({ driveCheckMs: NEVER_MS, retryMs: 1, sweepMs: NEVER_MS }, faults.note)
      try {
        await queue.idle()
      } finally {
        await queue.close()
        this.#rememberPlaces(daemon)
      }
      return faults.told()
    })
  }

  /** The helper looks after the bucket, as it does by itself: sweeps, compares, sends, reads a little back. */
  lookAfterBucket(): Promise<string> {
    return this.#told(async () => {
      const faults = new Faults()
      const daemon = await this.open()
      const keeper = await daemon.startBucketKeeper({ lookMs: NEVER_MS, retryMs: 1 }, faults.note)
      try {
        await keeper.idle()
      } finally {
        await keeper.close()
      }
      return faults.told()
    })
  }

  async #told(act: () => Promise<string>): Promise<string> {
    try {
      return await act()
    } catch (error) {
      if (this.#world.surface.isDead || error instanceof Killed) return 'killed'
      if (!(error instanceof SafelightError)) throw error
      if (error.code === 'JOURNAL_DAMAGED') await this.rebuild()
      return `${error.code}: ${error.message}`
    }
  }

  async open(): Promise<Daemon> {
    if (!fs.existsSync(this.#world.home)) this.#makeHome()
    this.daemon ??= await Daemon.open(this.#options())
    return this.daemon
  }

  /** Nothing waits for what only a real system has. */
  #makeHome(): void {
    fs.mkdirSync(this.#world.home, { mode: 0o700 })
    const config = { format: 1, catalogSettleSeconds: 0.05, uploadOnMetered: true }
    fs.writeFileSync(path.join(this.#world.home, 'config.json'), JSON.stringify(config))
  }

  #options() {
    return {
      home: this.#world.home,
      command: 'simulation',
      volumes: this.#world.volumes,
      clock: () => this.#world.clockMs,
      files: this.#world.surface.files,
      wait: () => Promise.resolve(),
      probe: this.#world.cloud.probe,
      waiting: new WaitReasons(() => undefined),
      withoutThreads: true,
    }
  }

  /** One drive may live at a friend's; and what each marker says is remembered, as the photographer could look it up. */
  #rememberPlaces(daemon: Daemon): void {
    if (this.#world.surface.isDead) return
    this.#world.readMarkers()
    for (const { id } of listPlaces(daemon.journal))
      if (this.#offSite !== undefined && this.#world.driveOfPlace(id)?.name === this.#offSite)
        daemon.journal.run(`UPDATE places SET location = 'off-site' WHERE id = ?`, [id])
  }

  async revive(): Promise<void> {
    this.kills += 1
    this.close()
    this.#world.surface.revive()
    await this.open()
  }

  async rebuild(): Promise<void> {
    this.close()
    this.hasLostHome = true
    const { drives, cloud } = this.#world
    const plugged = drives.filter((drive) => this.#world.isIn(drive))
    if (!fs.existsSync(this.#world.home)) this.#makeHome()
    this.daemon = await Daemon.openForRebuild(this.#options())
    for (const { socket } of plugged) this.diary.push(`   → ${await this.ask('rebuild/run', { from: socket })}`)
    if (cloud.isUsed) this.diary.push(`   → ${await this.rebuildFromBucket()}`)
  }

  /** Where several homes have kept theirs, each of them. */
  async rebuildFromBucket(): Promise<string> {
    const { cloud } = this.#world
    const said: string[] = []
    for (const tree of cloud.trees().keys())
      said.push(await this.ask('rebuild/run', { from: `${cloud.url}/${tree}`, bucket: cloud.request }))
    this.owesBucket = said.some((each) => each.startsWith('OFFSITE_'))
    return said.join(' · ')
  }

  close(): void {
    const { daemon } = this
    this.daemon = undefined
    try {
      daemon?.close()
    } catch (error) {
      if (!(error instanceof SafelightError)) throw error
      this.diary.push(`   → ${error.code} at closing`)
    }
  }
}

/** What the helper could not do while nobody waited for it. */
class Faults {
  readonly #all: unknown[] = []

  readonly note = (error: unknown): void => void this.#all.push(error)

  /** @throws the first that is neither ours nor a kill, or that the journal is damaged: its remedy is followed */
  told(): string {
    for (const error of this.#all)
      if (!(error instanceof SafelightError) && !(error instanceof Killed))
        throw new Error('the helper failed by itself', { cause: error })
      else if (error instanceof SafelightError && error.code === 'JOURNAL_DAMAGED') throw error
    return this.#all.map((error) => (error instanceof Error ? error.message : '')).join(' · ')
  }
}
