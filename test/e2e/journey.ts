// One import from the press of the button to a verified second copy, with every part real: the built plugin in the Lightroom host, the bridge
// and the helper as processes of their own, files on the disk. Nothing but the import itself is told to anybody. Afterwards the drive is
// judged by its own records and by reading every byte.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import fs from 'fs-extra'
import { SafelightError, systemCode } from '../../helper/errors.js'
import { chooseHashEngine, hashBytes } from '../../helper/files/hash.js'
import { parseManifest } from '../../helper/manifest/manifest.js'
import { stopHelper } from '../../helper/service/background.js'
import { findHelper, type Caller } from '../../helper/service/endpoint.js'
import type { Shoot, StatusResult } from '../../shared/methods.js'
import { LightroomHost } from '../support/lightroom/host.js'

const PROGRAM = fileURLToPath(new URL('../../helper/main.js', import.meta.url))

/** Seconds of Lightroom's clock per real second: the poll is every half minute, and nobody wants to wait for it. */
const RATE = 40
/** Real time that a fact may take on the slowest of machines. */
const PATIENCE_MS = 100_000
const CALLER: Caller = { client: 'cli', version: '0.1.0' }

export class Journey {
  readonly folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'safelight-e2e-')))
  readonly library = path.join(this.folder, 'Pictures', 'Weddings')
  readonly drive = path.join(this.folder, 'Studio SSD')
  readonly userFolder = path.join(this.folder, 'user')
  readonly home = path.join(this.userFolder, 'Library', 'Application Support', 'Safelight')
  readonly catalog = path.join(this.folder, 'Lightroom', 'Wedding.lrcat')
  readonly #modules = path.join(this.folder, 'Modules')
  #host: LightroomHost | undefined

  /** Installed, one drive chosen; Lightroom not started yet. */
  static async prepare(): Promise<Journey> {
    const journey = new Journey()
    for (const folder of [journey.library, journey.drive, journey.home, path.dirname(journey.catalog)])
      fs.ensureDirSync(folder)
    fs.writeFileSync(journey.catalog, '')
    fs.writeJsonSync(path.join(journey.home, 'config.json'), {
      format: 1,
      driveCheckSeconds: 0.2,
      retrySeconds: 0.5,
      catalogSettleSeconds: 0.1,
      catalogPollSeconds: 0.2,
    })
    await journey.safelight('place', 'add', journey.drive)
    await journey.safelight('plugin', 'install', '--modules', journey.#modules)
    return journey
  }

  get host(): LightroomHost {
    assert.ok(this.#host, 'Lightroom has not been started')
    return this.#host
  }

  /** @param rate  seconds of its clock per real one */
  async startLightroom(rate = RATE): Promise<void> {
    this.#host = await LightroomHost.start({
      plugin: path.join(this.#modules, 'Safelight.lrplugin'),
      home: this.userFolder,
      catalog: this.catalog,
      roots: [this.library],
      rate,
      habits: { sendTellsOfLoss: true },
    })
  }

  /** Originals as a camera makes them, with a sidecar or a JPEG here and there. @returns the raws */
  shoot(name: string, count: number): string[] {
    const folder = path.join(this.library, name)
    fs.ensureDirSync(folder)
    return Array.from({ length: count }, (_, index) => {
      const stem = path.join(folder, `IMG_${String(index + 1).padStart(4, '0')}`)
      fs.writeFileSync(`${stem}.CR3`, randomBytes(2000 + index))
      if (index % 5 === 0) fs.writeFileSync(`${stem}.JPG`, randomBytes(500))
      if (index % 7 === 0) fs.writeFileSync(`${stem}.xmp`, `<x:xmpmeta>${index}</x:xmpmeta>`)
      return `${stem}.CR3`
    })
  }

  /** Runs a command of Safelight's. @returns its JSON */
  async safelight(...args: readonly string[]): Promise<Record<string, unknown>> {
    const { stdout } = await execa(process.execPath, [PROGRAM, ...args, '--json', '--home', this.home], {
      reject: false,
    })
    return JSON.parse(stdout) as Record<string, unknown>
  }

  /** Lets Lightroom run until a fact is so. */
  async until(what: string, fact: () => Promise<boolean>): Promise<void> {
    const endsAt = performance.now() + PATIENCE_MS
    while (performance.now() < endsAt) {
      if (await fact()) return
      if (this.#host) await this.#host.pass(RATE / 20)
    }
    const log = path.join(this.home, 'logs')
    const logs = fs.existsSync(log)
      ? fs.readdirSync(log).map((name) => fs.readFileSync(path.join(log, name), 'utf8'))
      : []
    assert.fail(
      `not so: ${what}; status: ${JSON.stringify(await this.safelight('status'))}; Lightroom: ${this.#host?.log.slice(-5).join(' | ') ?? ''}; logs: ${logs.join('\n').slice(-2000)}`,
    )
  }

  /** Every original of a shoot, sidecars included, is verified on the drive according to the helper that runs. */
  async isVerified(name: string): Promise<boolean> {
    const wanted = fs.readdirSync(path.join(this.library, name)).length
    const shoots = await this.#askShoots()
    const place = shoots.find((each) => each.id === `Weddings/${name}`)?.places.find((each) => each.place !== 'working')
    return place?.verified === wanted
  }

  /** Asked over its socket, as a page does: a command of its own for each look costs more than all that is looked at. */
  async #askShoots(): Promise<readonly Shoot[]> {
    const presence = await findHelper(this.home, CALLER)
    if (presence.kind !== 'running') return []
    try {
      return (await presence.client.call('shoots/list', {})).shoots
    } catch (error) {
      // One that is killed or stopped while it is asked has no answer; the next look asks the next one.
      if (error instanceof SafelightError && error.retry === 'later') return []
      throw error
    } finally {
      await presence.client.close()
    }
  }

  async status(): Promise<StatusResult> {
    return (await this.safelight('status')) as unknown as StatusResult
  }

  /** The process of the helper, when one says it runs. */
  helperPid(): number | undefined {
    const file = path.join(this.home, 'endpoint.json')
    return fs.existsSync(file) ? (fs.readJsonSync(file) as { pid: number }).pid : undefined
  }

  /** Processes of the bridge that serve this home. */
  async bridgePids(): Promise<number[]> {
    return (await this.#processes()).filter(({ args }) => args.includes(' bridge ')).map(({ pid }) => pid)
  }

  /** Whatever Safelight runs for this home. */
  async #processes(): Promise<{ readonly pid: number; readonly args: string }[]> {
    const { stdout } = await execa('ps', ['-eo', 'pid=,args='])
    return stdout
      .split('\n')
      .filter((line) => line.includes(PROGRAM) && line.includes(this.folder))
      .map((line) => ({ pid: Number.parseInt(line, 10), args: line }))
  }

  /** Reads the drive as a stranger would: the manifest names every original, and every byte is right. */
  assertOnDrive(name: string): void {
    const originals = path.join(this.library, name)
    const copies = path.join(this.drive, 'Safelight', 'Photos', 'Weddings', name)
    const { entries, badLines } = parseManifest(fs.readFileSync(path.join(copies, 'safelight.b3'), 'utf8'))
    const listed = new Map(entries.map((entry) => [entry.path, entry.hash]))
    const engine = chooseHashEngine()
    assert.deepEqual(badLines, [])
    for (const file of fs.readdirSync(originals)) {
      const original = hashBytes(engine, fs.readFileSync(path.join(originals, file)))
      assert.equal(hashBytes(engine, fs.readFileSync(path.join(copies, file))), original, `${file} on the drive`)
      assert.equal(listed.get(file), original, `${file} in the manifest`)
    }
    assert.deepEqual(
      fs.readdirSync(copies).filter((file) => file.endsWith('.tmp')),
      [],
    )
  }

  /** Lightroom noticed nothing it would complain about, and nothing was written beside the originals or the catalog. */
  assertUndisturbed(originals: ReadonlyMap<string, readonly string[]>): void {
    assert.deepEqual(this.host.faults, [])
    for (const [folder, names] of originals) assert.deepEqual(fs.readdirSync(folder).sort(), [...names].sort(), folder)
    assert.deepEqual(fs.readdirSync(path.dirname(this.catalog)), ['Wedding.lrcat'])
  }

  contentsOf(name: string): [string, string[]] {
    const folder = path.join(this.library, name)
    return [folder, fs.readdirSync(folder)]
  }

  async end(): Promise<void> {
    this.#host?.kill()
    await stopHelper({ home: this.home, caller: CALLER })
    // The bridge may just be starting another helper for its last word.
    for (let left = await this.#processes(); left.length > 0; left = await this.#processes())
      for (const { pid } of left) killIfThere(pid)
    fs.rmSync(this.folder, { recursive: true, force: true, maxRetries: 40, retryDelay: 50 })
  }
}

/** What is gone already needs no killing. */
export function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if (systemCode(error) !== 'ESRCH') throw error
  }
}
