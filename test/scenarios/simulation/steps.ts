// What may happen in a history: what the photographer does, what Lightroom tells and does not tell, what befalls drives, bucket, library and
// journal, and the work of the engine, in trouble or not. Each step is drawn by its weight; what it did is said in a line of the diary.
// Long, because everything that can happen to a photographer is one list.
import fs from 'node:fs'
import path from 'node:path'
import type { ImportedPhoto } from '../../../shared/methods.js'
import type { Catalog } from './catalog.js'
import { randomOf } from '../../crash/power-loss/power-loss.js'
import type { Engine } from './engine.js'
import { Lightroom } from './lightroom.js'
import type { Trouble } from './surface.js'
import type { Draw, Drive, World } from './world.js'

export interface Step {
  readonly weight: number
  readonly what: string
  readonly act: () => unknown
  /** It was asked to bring originals back. */
  readonly mayRestore?: true
}

export class Steps {
  troubles = 0
  readonly #draw: Draw
  readonly #world: World
  readonly #engine: Engine
  readonly #catalog: Catalog
  /** What this history is about, besides library and drives. */
  readonly has: { readonly bucket: boolean; readonly catalog: boolean; readonly plugin: boolean }
  #lightroom: Lightroom | undefined
  #imported = 0

  constructor(draw: Draw, world: World, engine: Engine, catalog: Catalog, has: Steps['has']) {
    this.#draw = draw
    this.#world = world
    this.#engine = engine
    this.#catalog = catalog
    this.has = has
  }

  next(): Step {
    const all = [
      ...this.#work(),
      ...this.#events(),
      ...(this.has.bucket ? this.#withBucket() : []),
      ...(this.has.catalog ? this.#withCatalog() : []),
    ]
    let lot = this.#draw() * all.reduce((sum, { weight }) => sum + weight, 0)
    return all.find(({ weight }) => (lot -= weight) < 0) ?? this.#pick(all)
  }

  // ── the work ──

  #work(): Step[] {
    const engine = this.#engine
    const backUp = (): Promise<string> => this.backUp()
    const verify = (): Promise<string> => engine.ask('verify/run', { shoots: [], all: true })
    const heal = (): Promise<string> => engine.ask('heal/run', { shoots: [] })
    const restore = (): Promise<string> => engine.ask('restore/run', { all: true, files: [] })
    const healOriginals = (): Promise<string> => engine.ask('heal/run', { shoots: [], originals: true })
    return [
      { weight: 6, what: 'backup', act: backUp },
      { weight: 5, what: 'backup, in trouble', act: () => this.#inTrouble(backUp) },
      { weight: 2, what: 'verify', act: () => engine.ask('verify/run', { shoots: [] }) },
      { weight: 1, what: 'verify all, in trouble', act: () => this.#inTrouble(verify) },
      { weight: 1, what: 'heal', act: heal },
      { weight: 1, what: 'heal, in trouble', act: () => this.#inTrouble(heal) },
      { weight: 1, what: 'heal with originals', act: healOriginals, mayRestore: true },
      { weight: 1, what: 'restore all, in trouble', act: () => this.#inTrouble(restore), mayRestore: true },
      { weight: 1, what: 'the helper is started again', act: () => engine.close() },
    ]
  }

  #withBucket(): Step[] {
    const lookAfter = (): Promise<string> => this.#engine.lookAfterBucket()
    const { cloud } = this.#world
    return [
      { weight: 1, what: 'the bucket is added', act: () => this.addBucket() },
      { weight: 3, what: 'the helper looks after the bucket', act: lookAfter },
      { weight: 3, what: 'the helper looks after the bucket, in trouble', act: () => this.#inTrouble(lookAfter) },
      { weight: 1, what: 'an object of the bucket is lost', act: () => cloud.lose(this.#draw) },
      { weight: 0.5, what: 'an object of the bucket rots', act: () => this.#world.rotInCloud(this.#draw) },
    ]
  }

  #withCatalog(): Step[] {
    return [
      { weight: 3, what: 'Lightroom imports and tells of it', act: () => this.#importAndTell() },
      { weight: 2, what: 'Lightroom quits', act: () => this.quitLightroom() },
    ]
  }

  // ── what befalls ──

  #events(): Step[] {
    const draw = this.#draw
    const world = this.#world
    const drive = this.#pick(world.drives)
    return [
      { weight: 3, what: 'a shoot is imported', act: () => this.importShoot() },
      { weight: 4, what: 'sidecars are edited', act: () => this.#edit() },
      { weight: 1, what: 'a photo is renamed', act: () => this.#rename() },
      { weight: 1, what: 'a photo is deleted', act: () => this.#delete() },
      { weight: 2, what: `${drive.name} is pulled`, act: () => world.pull(drive, draw() < 0.5) },
      { weight: 3, what: `${drive.name} is plugged in`, act: () => world.plug(drive) },
      { weight: 1, what: 'two drives change sockets', act: () => this.#swap() },
      { weight: 2, what: `a copy on ${drive.name} rots`, act: () => world.rotAt(drive, 'copy', draw) },
      { weight: 1, what: `a record on ${drive.name} rots`, act: () => world.rotAt(drive, 'record', draw) },
      { weight: 1, what: `a copy on ${drive.name} is lost`, act: () => world.loseAt(drive, draw) },
      { weight: 1, what: 'an original rots', act: () => this.#rotOriginal() },
      { weight: 1, what: 'the journal rots', act: () => this.#rotJournal() },
      { weight: 1, what: 'the home is lost', act: () => this.#loseHome() },
      { weight: 1, what: 'the clock leaps', act: () => this.#leap() },
    ]
  }

  importShoot(): string {
    return this.#newFiles().shoot
  }

  #newFiles(): { shoot: string; made: string[] } {
    const shoot = `2024/Shoot ${1 + Math.floor(this.#draw() * 5)}`
    const count = 1 + Math.floor(this.#draw() * 4)
    const made: string[] = []
    for (let n = 0; n < count; n++) {
      const name = `${shoot}/IMG_${Math.floor(this.#draw() * 12)}`
      for (const ending of this.#draw() < 0.5 ? ['.CR3', '.xmp'] : ['.JPG'])
        if (!this.#world.originals.has(name + ending)) {
          this.#world.write(name + ending, this.#draw)
          made.push(name + ending)
        }
    }
    return { shoot, made }
  }

  /** Some of what Lightroom tells gets lost on the way. */
  async #importAndTell(): Promise<string> {
    const { shoot, made } = this.#newFiles()
    const said = await (this.has.plugin ? this.#tellByPlugin(made) : this.#tell(made))
    const pay = (): Promise<string> => this.#engine.payWhatIsOwed()
    return `${shoot}, ${said}. ${await (this.#draw() < 0.4 ? this.#inTrouble(pay) : pay())}`
  }

  async #tellByPlugin(made: readonly string[]): Promise<string> {
    const { root, library } = this.#world
    this.#lightroom ??= await Lightroom.start(root, this.#catalog.file, library, (telling) =>
      this.#engine.take(telling),
    )
    const pictures = made.filter((file) => !file.endsWith('.xmp')).map((file) => path.join(library, file))
    // Draws of its own: how often the plugin asks again is not the same each time.
    return this.#lightroom.import(pictures, this.#draw() * 0.6, randomOf(Math.floor(this.#draw() * 2 ** 31)))
  }

  /** At the end: what the plugin has not told yet is told now. */
  async settleLightroom(): Promise<string> {
    const said = await this.#lightroom?.settle()
    return said === undefined ? 'there was none' : `${said}. ${await this.#engine.payWhatIsOwed()}`
  }

  close(): void {
    this.#lightroom?.close()
  }

  async #tell(made: readonly string[]): Promise<string> {
    const told = made
      .filter((file) => !file.endsWith('.xmp') && this.#draw() < 0.7)
      .map((file): ImportedPhoto => ({
        id: (this.#imported += 1),
        path: path.join(this.#world.library, file),
        format: file.endsWith('.JPG') ? 'JPG' : 'RAW',
        isVideo: false,
        uuid: file,
        isOffline: false,
      }))
    const telling = { catalog: this.#catalog.file, roots: [this.#world.library], photos: told }
    if (told.length > 0) await this.#engine.ask('photos/imported', telling)
    return `told of ${told.length}`
  }

  /** The catalog is written and backed up; what of it nobody told of is found, and paid. */
  async quitLightroom(): Promise<string> {
    if (this.#world.originals.size === 0) return 'there is nothing in it'
    this.#catalog.write()
    const backedUp = await this.#engine.ask('catalog/backup', { catalog: this.#catalog.file, accept: true })
    return `${backedUp} · ${await this.#engine.payWhatIsOwed()}`
  }

  /** By name, or wherever the places are known to be: then off-site as well. */
  backUp(isToKnown = this.#draw() < 0.6): Promise<string> {
    const plugged = this.#world.drives.filter(({ socket, shelf }) => fs.existsSync(socket) && !fs.existsSync(shelf))
    const to = isToKnown ? [] : plugged.map(({ socket }) => socket)
    return this.#engine.ask('backup/run', { paths: [this.#world.library], to })
  }

  addBucket(): Promise<string> {
    const { url, request } = this.#world.cloud
    return this.#engine.ask('place/add', { path: url, name: 'Cloud', bucket: request })
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

  async #swap(): Promise<string> {
    const [one, two] = this.#world.drives
    if (!one || !two || !this.#world.isIn(one) || !this.#world.isIn(two)) return 'not now'
    // Each is judged by what lies in its own socket, so they are changed back before the step is over.
    const aside = path.join(this.#world.root, 'aside')
    const change = (): void => {
      fs.renameSync(one.socket, aside)
      fs.renameSync(two.socket, one.socket)
      fs.renameSync(aside, two.socket)
    }
    change()
    const said = await this.backUp()
    change()
    return said
  }

  #rotJournal(): string {
    this.#engine.close()
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

  /** With a new computer all that the old one did not send is gone; sometimes the places are read in at once, sometimes as they are met. */
  async #loseHome(): Promise<string> {
    this.#engine.close()
    fs.rmSync(this.#world.home, { recursive: true, force: true })
    this.#engine.hasLostHome = true
    if (this.#draw() < 0.5) return ''
    await this.#engine.rebuild()
    return 'and made again from what the places say'
  }

  #leap(): string {
    const days = (this.#draw() < 0.3 ? -1 : 1) * Math.floor(this.#draw() * 120)
    this.#world.clockMs += days * 86_400_000
    return `${days} days`
  }

  // ── trouble ──

  async #inTrouble(act: () => Promise<string>): Promise<string> {
    return this.#world.cloud.isUsed && this.#draw() < 0.5 ? this.#inCloudTrouble(act) : this.#inDiskTrouble(act)
  }

  async #inCloudTrouble(act: () => Promise<string>): Promise<string> {
    const { cloud, surface } = this.#world
    const what = cloud.plan(this.#draw, () => {
      surface.kill()
      return true
    })
    const said = await act()
    if (cloud.calm() > 0 || surface.isDead) this.troubles += 1
    return `${what}: ${said}`
  }

  async #inDiskTrouble(act: () => Promise<string>): Promise<string> {
    const { surface } = this.#world
    const trouble = this.#drawTrouble()
    surface.plan(trouble)
    try {
      const said = await act()
      const { hasHappened, calls } = surface
      if (hasHappened) this.troubles += 1
      return `${trouble.kind} at call ${trouble.atCall} of ${calls}${hasHappened ? '' : ' (did not come)'}: ${said}`
    } finally {
      if (!surface.isDead) surface.plan(undefined)
    }
  }

  #drawTrouble(): Trouble {
    const world = this.#world
    const atCall = 1 + Math.floor(this.#draw() ** 1.5 * 1500)
    const drive: Drive = this.#pick(world.drives)
    const lot = this.#draw()
    if (lot < 0.5) return { kind: 'kill', atCall }
    if (lot < 0.65) {
      const leavesFolder = this.#draw() < 0.5
      return { kind: 'pull', atCall, act: () => world.pull(drive, leavesFolder) }
    }
    if (lot < 0.85)
      return { kind: 'fail', code: this.#pick(['ENOSPC', 'EIO', 'EROFS'] as const), below: drive.socket, atCall }
    const on = this.#draw() < 0.5 ? 'read' : 'write'
    const tell = (file: string): void => {
      if (on === 'write' && !/IMG_|Anna/.test(path.basename(file))) world.spoiled.add(drive.name)
    }
    return { kind: 'flip', on, below: drive.socket, atCall, tell }
  }

  // ── lots ──

  #anyOriginal(): string | undefined {
    return this.#pick<string | undefined>([...this.#world.originals.keys()])
  }

  #pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.#draw() * from.length)] as T
  }
}
