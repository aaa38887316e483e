// One history: a library, three drives and some dozens of steps drawn from a seed, each followed by the judge. At its end the faults stop,
// every drive is plugged in, and everything must come right by the ordinary round alone: backup, verify, heal.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { Daemon } from '../../../helper/daemon.js'
import { SafelightError } from '../../../helper/errors.js'
import { listPlaces } from '../../../helper/journal/places.js'
import { parseManifest } from '../../../helper/manifest/manifest.js'
import type { MethodName, Params, Result } from '../../../shared/methods.js'
import { randomOf } from '../../crash/power-loss/power-loss.js'
import { foldersAsDisks } from '../../support/daemon.js'
import { temporariesBelow } from '../../support/shoots.js'
import { context, Judge, nameOf } from './judge.js'
import { Killed, Surface, type Trouble } from './surface.js'
import { isRecord, World, type Drive } from './world.js'

export interface Told {
  readonly steps: number
  readonly kills: number
  readonly troubles: number
  /** Times that a shoot was called protected, and was. */
  readonly greens: number
}

/** What was done, line by line: printed when the history fails. */
type Diary = string[]

const OFF_SITE = 'Drive C'

export class History {
  readonly #draw: () => number
  readonly #world: World
  readonly #judge: Judge
  readonly #diary: Diary = []
  #daemon: Daemon | undefined
  #hasLostHome = false
  #kills = 0
  #troubles = 0

  private constructor(seed: number, folder: string) {
    this.#draw = randomOf(seed)
    const surface = new Surface(path.join(folder, 'home'))
    this.#world = new World(folder, surface, ['Drive A', 'Drive B', OFF_SITE])
    this.#judge = new Judge(this.#world)
  }

  /** Lives through the history of this seed in an empty folder. @throws with the seed and the diary when a promise was broken */
  static async live(seed: number, folder: string): Promise<Told> {
    const history = new History(seed, folder)
    try {
      return await history.#live()
    } catch (error) {
      const told = history.#diary.map((line, index) => `  ${index + 1}. ${line}`).join('\n')
      throw new Error(
        `SEED=${seed}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n${told}`,
        { cause: error },
      )
    } finally {
      history.#close()
    }
  }

  async #live(): Promise<Told> {
    await this.#step('the first shoot is imported', () => this.#importShoot())
    await this.#step('the first backup', () => this.#backUp())
    const steps = 8 + Math.floor(this.#draw() * 16)
    for (let step = 0; step < steps; step++) await this.#randomStep()
    await this.#comeRight()
    return { steps: steps + 2, kills: this.#kills, troubles: this.#troubles, greens: this.#judge.greens }
  }

  // ── steps ──

  async #step(what: string, act: () => unknown, mayRestore = false): Promise<void> {
    this.#diary.push(what)
    this.#world.clockMs += 60_000 + Math.floor(this.#draw() * 7_200_000)
    const before = this.#judge.before()
    const result = await act()
    if (typeof result === 'string') this.#diary.push(`   → ${result}`)
    try {
      // What it had written down when it died is judged before anything else happens.
      if (this.#world.surface.isDead) await this.#revive()
      await this.#judge.after(before, this.#daemon, mayRestore)
    } catch (error) {
      // A page of the journal that rotted is met when somebody asks for it.
      if (!(error instanceof SafelightError) || error.code !== 'JOURNAL_DAMAGED') throw error
      this.#diary.push('   → the journal is found to be damaged, and rebuilt')
      await this.#rebuild()
      await this.#judge.after(before, this.#daemon, mayRestore)
    }
  }

  async #randomStep(): Promise<void> {
    const draw = this.#draw
    const world = this.#world
    const drive = this.#pick(world.drives)
    const steps: readonly (readonly [number, string, () => unknown, boolean?])[] = [
      [3, 'a shoot is imported', () => this.#importShoot()],
      [4, 'sidecars are edited', () => this.#edit()],
      [1, 'a photo is renamed', () => this.#rename()],
      [1, 'a photo is deleted', () => this.#delete()],
      [6, 'backup', () => this.#backUp()],
      [5, 'backup, in trouble', () => this.#inTrouble(() => this.#backUp())],
      [2, 'verify', () => this.#ask('verify/run', { shoots: [] })],
      [1, 'verify all, in trouble', () => this.#inTrouble(() => this.#ask('verify/run', { shoots: [], all: true }))],
      [1, 'heal', () => this.#ask('heal/run', { shoots: [] })],
      [1, 'heal, in trouble', () => this.#inTrouble(() => this.#ask('heal/run', { shoots: [] }))],
      [1, 'heal with originals', () => this.#ask('heal/run', { shoots: [], originals: true }), true],
      [
        1,
        'restore all, in trouble',
        () => this.#inTrouble(() => this.#ask('restore/run', { all: true, files: [] })),
        true,
      ],
      [2, `${drive.name} is pulled`, () => world.pull(drive, draw() < 0.5)],
      [3, `${drive.name} is plugged in`, () => world.plug(drive)],
      [1, 'two drives change sockets', () => this.#swap()],
      [2, `a copy on ${drive.name} rots`, () => world.rotAt(drive, 'copy', draw)],
      [1, `a record on ${drive.name} rots`, () => this.#rotRecord(drive)],
      [1, `a copy on ${drive.name} is lost`, () => world.loseAt(drive, draw)],
      [1, 'an original rots', () => this.#rotOriginal()],
      [1, 'the journal rots', () => this.#rotJournal()],
      [1, 'the home is lost', () => this.#loseHome()],
      [1, 'the helper is started again', () => this.#close()],
      [
        1,
        'the clock leaps',
        () => void (world.clockMs += (draw() < 0.3 ? -1 : 1) * Math.floor(draw() * 120) * 86_400_000),
      ],
    ]
    const [, what, act, mayRestore] = this.#weighted(steps)
    await this.#step(what, act, mayRestore === true)
  }

  #importShoot(): string {
    const shoot = `2024/Shoot ${1 + Math.floor(this.#draw() * 5)}`
    const count = 1 + Math.floor(this.#draw() * 4)
    for (let n = 0; n < count; n++) {
      const name = `${shoot}/IMG_${Math.floor(this.#draw() * 12)}`
      for (const ending of this.#draw() < 0.5 ? ['.CR3', '.xmp'] : ['.JPG'])
        if (!this.#world.originals.has(name + ending)) this.#world.write(name + ending, this.#draw)
    }
    return shoot
  }

  #edit(): void {
    for (const file of [...this.#world.originals.keys()])
      if (this.#draw() < (file.endsWith('.xmp') ? 0.5 : 0.08)) this.#world.write(file, this.#draw)
  }

  #rename(): string {
    const from = this.#anyOriginal()
    if (from === undefined) return 'nothing'
    const to = from.replace(/IMG_/, 'Anna-')
    this.#world.rename(from, to)
    return `${from} → ${to}`
  }

  #delete(): string {
    const file = this.#anyOriginal()
    if (file !== undefined) this.#world.remove(file)
    return file ?? 'nothing'
  }

  #rotOriginal(): string {
    const file = this.#anyOriginal()
    if (file !== undefined) this.#world.rotOriginal(file, this.#draw)
    return file ?? 'nothing'
  }

  #swap(): string {
    const [one, two] = [this.#world.drives[0], this.#world.drives[1]]
    if (!one || !two || !this.#world.isIn(one) || !this.#world.isIn(two)) return 'not now'
    // Each is judged by what lies in its own socket, so they are changed back before the step is over.
    const aside = path.join(this.#world.root, 'aside')
    const change = (): void => {
      fs.renameSync(one.socket, aside)
      fs.renameSync(two.socket, one.socket)
      fs.renameSync(aside, two.socket)
    }
    change()
    return this.#backUp().then((said) => {
      change()
      return said
    }) as unknown as string
  }

  #rotRecord(drive: Drive): string {
    return this.#world.rotAt(drive, 'record', this.#draw)
  }

  #rotJournal(): string {
    this.#close()
    const file = path.join(this.#world.home, 'journal.sqlite')
    if (!fs.existsSync(file)) return 'there is none'
    // Noise in a page: what SQLite itself finds. A single wrong bit in a value is the manifests' and the chain's business.
    const size = fs.statSync(file).size
    const descriptor = fs.openSync(file, 'r+')
    const page = Math.floor(this.#draw() * (size / 4096)) * 4096
    fs.writeSync(descriptor, Buffer.alloc(64, 0xa5), 0, 64, page)
    fs.closeSync(descriptor)
    return `page ${page / 4096}`
  }

  #loseHome(): string {
    this.#close()
    fs.rmSync(this.#world.home, { recursive: true, force: true })
    this.#hasLostHome = true
    return ''
  }

  // ── the engine ──

  async #inTrouble(act: () => Promise<string>): Promise<string> {
    const trouble = this.#drawTrouble()
    this.#world.surface.plan(trouble)
    try {
      const said = await act()
      const { hasHappened, calls } = this.#world.surface
      if (hasHappened) this.#troubles += 1
      return `${trouble.kind} at call ${trouble.atCall} of ${calls}${hasHappened ? '' : ' (did not come)'}: ${said}`
    } finally {
      if (!this.#world.surface.isDead) this.#world.surface.plan(undefined)
    }
  }

  #drawTrouble(): Trouble {
    const world = this.#world
    const atCall = 1 + Math.floor(this.#draw() ** 1.5 * 1500)
    const drive = this.#pick(this.#world.drives)
    const lot = this.#draw()
    if (lot < 0.5) return { kind: 'kill', atCall }
    if (lot < 0.65) return { kind: 'pull', atCall, act: () => this.#world.pull(drive, this.#draw() < 0.5) }
    if (lot < 0.85)
      return { kind: 'fail', code: this.#pick(['ENOSPC', 'EIO', 'EROFS'] as const), below: drive.socket, atCall }
    const on = this.#draw() < 0.5 ? 'read' : 'write'
    const tell = (file: string): void => {
      if (on === 'write' && !/IMG_|Anna/.test(path.basename(file))) world.spoiled.add(drive.name)
    }
    return { kind: 'flip', on, below: drive.socket, atCall, tell }
  }

  async #revive(): Promise<void> {
    this.#kills += 1
    this.#close()
    this.#world.surface.revive()
    await this.#open()
  }

  #backUp(): Promise<string> {
    const plugged = this.#world.drives.filter(({ socket, shelf }) => fs.existsSync(socket) && !fs.existsSync(shelf))
    return this.#ask('backup/run', { paths: [this.#world.library], to: plugged.map(({ socket }) => socket) })
  }

  /** What the method said, or why it refused. A failure that is none of ours is a defect. */
  async #ask<M extends MethodName>(method: M, params: Params<M>): Promise<string> {
    try {
      const result = await this.#call(method, params)
      return (result as { summary?: string }).summary ?? ''
    } catch (error) {
      if (this.#world.surface.isDead || error instanceof Killed) return 'killed'
      if (!(error instanceof SafelightError)) throw error
      if (error.code === 'JOURNAL_DAMAGED') await this.#rebuild()
      return `${error.code}: ${error.message}`
    }
  }

  async #call<M extends MethodName>(method: M, params: Params<M>): Promise<Result<M>> {
    const daemon = await this.#open()
    const run = daemon.handlers[method] as ((params: Params<M>, context: unknown) => Promise<Result<M>>) | undefined
    if (!run) throw new Error(`there is no ${method}`)
    try {
      return await run(params, context())
    } finally {
      this.#rememberPlaces(daemon)
    }
  }

  async #open(): Promise<Daemon> {
    this.#daemon ??= await Daemon.open(this.#options())
    return this.#daemon
  }

  #options() {
    return {
      home: this.#world.home,
      command: 'simulation',
      volumes: foldersAsDisks(this.#world.root),
      clock: () => this.#world.clockMs,
      files: this.#world.surface.files,
      withoutThreads: true,
    }
  }

  /** Drive C lives at a friend's; and what each marker says is remembered, as the photographer could look it up. */
  #rememberPlaces(daemon: Daemon): void {
    if (this.#world.surface.isDead) return
    this.#world.readMarkers()
    for (const { id } of listPlaces(daemon.journal))
      if (this.#world.driveOfPlace(id)?.name === OFF_SITE)
        daemon.journal.run(`UPDATE places SET location = 'off-site' WHERE id = ?`, [id])
  }

  async #rebuild(): Promise<void> {
    this.#close()
    this.#hasLostHome = true
    const plugged = this.#world.drives.filter((drive) => this.#world.isIn(drive))
    this.#daemon = await Daemon.openForRebuild(this.#options())
    for (const { socket } of plugged) await this.#ask('rebuild/run', { from: socket })
  }

  #close(): void {
    const daemon = this.#daemon
    this.#daemon = undefined
    try {
      daemon?.close()
    } catch (error) {
      if (!(error instanceof SafelightError)) throw error
      this.#diary.push(`   → ${error.code} at closing`)
    }
  }

  // ── the end ──

  async #comeRight(): Promise<void> {
    this.#world.surface.plan(undefined)
    for (const drive of this.#world.drives) {
      this.#world.plug(drive)
      this.#mendMarker(drive)
    }
    this.#world.clockMs = Math.max(this.#world.clockMs, Date.UTC(2030, 0, 1))
    // Where another drive is known in this socket, the message says: take this one as a further place.
    for (const drive of this.#world.drives)
      await this.#step(`at the end: ${drive.name} is added`, () => this.#ask('place/add', { path: drive.socket }))
    for (let round = 1; round <= 3; round++) {
      await this.#step('at the end: backup', () => this.#backUp())
      await this.#step('at the end: verify', () => this.#ask('verify/run', { shoots: [], all: true }))
      await this.#step('at the end: heal', () => this.#ask('heal/run', { shoots: [], originals: true }), true)
    }
    this.#diary.push('at the end: is everything right?')
    await this.#mustBeRight()
  }

  /** A marker that cannot be read is put back by the photographer, as the message says. */
  #mendMarker(drive: Drive): void {
    const marker = path.join(drive.socket, 'Safelight', 'place.json')
    const text = this.#world.markers.get(drive)
    if (text !== undefined && fs.existsSync(path.dirname(marker))) fs.writeFileSync(marker, text)
  }

  async #mustBeRight(): Promise<void> {
    const world = this.#world
    for (const drive of world.drives) {
      const lying = world.lyingAt(drive)
      for (const [relative, { hash, isRotten }] of world.originals) {
        const label = `${relative} on ${drive.name}`
        if (isRotten) {
          assert.ok(!this.#isAnywhere(relative, hash), `the original of ${label} is healed from a good copy`)
          continue
        }
        const finals = [...lying].filter(
          ([file]) =>
            /^Photos\/[^/]+\//.test(file) && nameOf(file) === file && file.split('/').slice(2).join('/') === relative,
        )
        assert.ok(
          finals.some(([, each]) => each === hash),
          `${label} is there under its name`,
        )
      }
      // Those of a home that is lost carry its mark; another home cannot know that it is at work no more.
      if (!this.#hasLostHome) assert.deepEqual(temporariesBelow(drive.socket), [], 'no temporary file is left')
      if (!world.spoiled.has(drive.name)) this.#manifestsTrue(drive, lying)
    }
    const last = await this.#call('verify/run', { shoots: [], all: true })
    const bad = last.findings.filter(
      ({ kind, place, shoot, file }) =>
        !(kind === 'manifest' && world.spoiled.has(place)) &&
        this.#isWithin(`${shoot}/${file}`.split('/').slice(1).join('/')),
    )
    assert.deepEqual(bad, [], 'nothing is found that could have been mended')
    const again = await this.#call('backup/run', {
      paths: [world.library],
      to: world.drives.map(({ socket }) => socket),
    })
    assert.equal(again.filesCopied, 0, `a further run has nothing to do: ${again.summary}`)
  }

  /** Every line of each manifest is true, unless the only copies of that content were destroyed. */
  #manifestsTrue(drive: Drive, lying: ReadonlyMap<string, string>): void {
    for (const file of [...lying.keys()].filter((each) => each.endsWith('/safelight.b3'))) {
      const { entries, badLines } = parseManifest(fs.readFileSync(path.join(drive.socket, 'Safelight', file), 'utf8'))
      assert.deepEqual(badLines, [])
      for (const { path: relative, hash } of entries) {
        const at = path.posix.join(path.posix.dirname(file), relative)
        const original = nameOf(at).split('/').slice(2).join('/')
        if (lying.get(at) !== hash)
          assert.ok(
            !this.#isAnywhere(original, hash),
            `${drive.name}: the manifest says that ${at} is ${hash.slice(0, 8)}`,
          )
      }
    }
  }

  /** Whether this content of this path still lies on any drive, or is the original. */
  #isAnywhere(relative: string, hash: string): boolean {
    const isIt = ([file, each]: readonly [string, string]): boolean =>
      each === hash &&
      !isRecord(file) &&
      !file.includes('Quarantine/') &&
      nameOf(file).split('/').slice(2).join('/') === relative
    const original = this.#world.originals.get(relative)
    return (
      (original?.hash === hash && !original.isRotten) ||
      this.#world.drives.some((drive) => [...this.#world.lyingAt(drive)].some(isIt))
    )
  }

  /** Whether a finding is about something that a good copy of still exists. */
  #isWithin(relative: string): boolean {
    const contents = this.#world.contents.get(nameOf(relative))
    return contents === undefined || [...contents].some((hash) => this.#isAnywhere(nameOf(relative), hash))
  }

  // ── lots ──

  #anyOriginal(): string | undefined {
    return this.#pick<string | undefined>([...this.#world.originals.keys()])
  }

  #pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.#draw() * from.length)] as T
  }

  #weighted<T extends readonly [number, ...unknown[]]>(from: readonly T[]): T {
    let lot = this.#draw() * from.reduce((sum, [weight]) => sum + weight, 0)
    return from.find(([weight]) => (lot -= weight) < 0) ?? this.#pick(from)
  }
}
