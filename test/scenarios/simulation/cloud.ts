// The off-site store of the histories: the S3 double behind a bad line, both real servers in this process, one pair for all histories and a
// bucket for each. The model knows what lies in the bucket by looking behind the store's back. Which request meets which fault is decided by
// the request's own name and how often it came, not by its number, so that a seed meets the same trouble however requests overtake each other.
import fs from 'node:fs'
import path from 'node:path'
import { probeStore } from '../../../helper/offsite/probe.js'
import type { ProbeReport } from '../../../helper/offsite/providers.js'
import { randomOf } from '../../crash/power-loss/power-loss.js'
import { FAULTS } from '../../offsite/lies.js'
import { hashOf } from '../../support/shoots.js'
import { startDouble, type S3Double } from '../../support/s3/double.js'
import { startFaultProxy, type FaultProxy } from '../../support/s3/fault-proxy.js'
import type { Fault } from '../../support/s3/faults.js'
import { openTestStore, setTestCredentials } from '../../support/s3/fixture.js'
import type { Version } from '../../support/s3/state.js'
import { isRecord, type Draw, type Lying } from './world.js'

const PREFIX = 'backup'

/** One store and one line to it, for many histories. */
export class Store {
  /** Where the line cuts. */
  random: Draw = () => 0
  #made = 0

  /** Every bucket of the store can do the same, so it is tried once, and not in trouble. */
  readonly probe: typeof probeStore

  private constructor(
    readonly double: S3Double,
    readonly proxy: FaultProxy,
    report: ProbeReport,
  ) {
    this.probe = () => Promise.resolve(report)
  }

  static async open(): Promise<Store> {
    setTestCredentials()
    const double = await startDouble('aws')
    const line = { random: (): number => 0 }
    const proxy = await startFaultProxy(double.url, () => line.random())
    const store = new Store(double, proxy, await tryOnce(double))
    line.random = () => store.random()
    return store
  }

  makeBucket(): string {
    this.#made += 1
    const name = `photos-${this.#made}`
    this.double.state.createBucket(name, false).versioning = 'Enabled'
    return name
  }

  async close(): Promise<void> {
    await this.proxy.close()
    await this.double.close()
  }
}

async function tryOnce(double: S3Double): Promise<ProbeReport> {
  double.state.createBucket('tried-once', false).versioning = 'Enabled'
  const store = openTestStore(double.url, 'tried-once')
  try {
    return await probeStore({ ownPrefix: '' }, { store, now: Date.now })
  } finally {
    store.close()
  }
}

export class Cloud {
  /** `<machine id>/<path> <hash>` of what was done to the bucket behind the engine's back. */
  readonly destroyed = new Set<string>()
  /** Trees (machine ids) whose records were altered or lost. */
  readonly spoiled = new Set<string>()
  /** Files of the store that rotted, and the hash of what it believes is in them. */
  readonly #believed = new Map<string, string>()
  /** By key: what a tree's marker was before it rotted or was lost, and what it was then. */
  readonly #markers = new Map<string, { readonly good: readonly Version[]; readonly bad: Version | undefined }>()
  /** How many objects hold other bytes than the store says: found only by reading them back. */
  rotten = 0
  readonly #store: Store
  readonly #bucket: string
  #met = 0

  constructor(store: Store) {
    this.#store = store
    this.#bucket = store.makeBucket()
  }

  /** Whether anything was ever put there. */
  get isUsed(): boolean {
    return this.#newest().length > 0
  }

  get probe(): typeof probeStore {
    return this.#store.probe
  }

  get url(): string {
    return `s3://${this.#bucket}/${PREFIX}`
  }

  /** How `place/add` and `rebuild/run` reach it. */
  get request(): { endpoint: string; yes: true } {
    return { endpoint: this.#store.proxy.url, yes: true }
  }

  /** From now on requests meet trouble. @param kill  called once, when that trouble has come @returns what the trouble is */
  plan(draw: Draw, kill: () => boolean): string {
    const { double, proxy } = this.#store
    const seed = Math.floor(draw() * 2 ** 31)
    this.#met = 0
    const lot = draw()
    if (lot < 0.15) {
      proxy.faults = { cutShare: 1, cutWithinBytes: 1 }
      return 'the line is down'
    }
    if (lot < 0.35) {
      this.#store.random = randomOf(seed)
      proxy.faults = { cutShare: 0.5, cutWithinBytes: 20_000 }
      return 'the line is cut now and then'
    }
    if (lot < 0.45) {
      double.clockOffsetMs = (draw() < 0.5 ? -1 : 1) * 3_600_000
      return 'the clock of the store is off'
    }
    if (lot < 0.65) return this.killAt(1 + Math.floor(draw() * 40), kill)
    const share = [0.03, 0.2, 0.7][Math.floor(draw() * 3)] ?? 1
    double.faults.decide = this.#byName(seed, share)
    return `the store lies to ${share * 100} % of what it is asked`
  }

  /** The engine dies while this request is on its way, and nothing of it gets through any more. */
  killAt(request: number, kill: () => boolean): string {
    let count = 0
    let isDead = false
    this.#store.double.faults.decide = () => {
      count += 1
      if (count >= request && !isDead) isDead = kill()
      return isDead ? { kind: 'reset-after', bytes: 0 } : undefined
    }
    return `killed at request ${request}`
  }

  #byName(seed: number, share: number): (operation: string, key: string) => Fault | undefined {
    const counts = new Map<string, number>()
    return (operation, key) => {
      // Without what is drawn by the engine: the bucket's own folder carries this computer's random id.
      const name = `${operation} ${key.split('/').slice(2).join('/')}`
      const count = (counts.get(name) ?? 0) + 1
      counts.set(name, count)
      const its = randomOf(seed ^ numberOf(`${name} ${count}`))
      if (its() >= share) return undefined
      const possible = FAULTS.filter(([of]) => of === operation || of === '*')
      this.#met += 1
      return possible[Math.floor(its() * possible.length)]?.[1]
    }
  }

  /** The trouble is over. @returns how many lies were told */
  calm(): number {
    const { double, proxy } = this.#store
    double.faults.decide = undefined
    double.clockOffsetMs = 0
    proxy.faults = {}
    return this.#met
  }

  /** The text of what lies under this path of a tree. */
  read(machine: string, file: string): string {
    const version = this.#contents()?.objects.get(`${PREFIX}/${machine}/${file}`)?.at(-1)
    return version === undefined ? '' : fs.readFileSync(version.file, 'utf8')
  }

  /** Everything that lies in it now, newest contents, by tree. */
  trees(): Map<string, Lying> {
    const trees = new Map<string, Map<string, string>>()
    for (const [key, version] of this.#newest()) {
      const [, machine = '', ...rest] = key.split('/')
      const tree = trees.get(machine) ?? new Map<string, string>()
      trees.set(machine, tree.set(rest.join('/'), hashOfObject(version)))
    }
    return trees
  }

  holds(machine: string): boolean {
    return this.#newest().some(([key]) => key.startsWith(`${PREFIX}/${machine}/`))
  }

  /** What the store says that it has under this path of a tree: a claim by its checksum can be no better. */
  saysOf(machine: string, file: string): string | undefined {
    const version = this.#contents()?.objects.get(`${PREFIX}/${machine}/${file}`)?.at(-1)
    if (version === undefined || version.isMarker) return undefined
    return this.#believed.get(version.file) ?? hashOfObject(version)
  }

  openUploads(): number {
    return this.#contents()?.uploads.size ?? 0
  }

  /** An object vanishes, versions and all. */
  lose(draw: Draw): string {
    return this.#harm(draw, (key) => this.#contents()?.objects.delete(key))
  }

  /** One wrong bit, of which the store knows nothing. */
  rot(draw: Draw): [said: string, hash?: string] {
    let hash: string | undefined
    const said = this.#harm(draw, (key, versions) => {
      const last = versions.at(-1)
      if (!last || last.size === 0) return
      const bytes = fs.readFileSync(last.file)
      bytes[Math.floor(draw() * bytes.length)]! ^= 1 << Math.floor(draw() * 8)
      const file = this.#store.double.state.keepBytes(bytes)
      this.#contents()?.objects.set(key, [...versions.slice(0, -1), { ...last, file }])
      hash = hashOf(file)
      this.#believed.set(file, this.#believed.get(last.file) ?? hashOfObject(last))
      this.rotten += 1
    })
    return hash === undefined ? [said] : [said, hash]
  }

  #harm(draw: Draw, harm: (key: string, versions: Version[]) => unknown): string {
    const newest = this.#newest()
    const [key, version] = newest[Math.floor(draw() * newest.length)] ?? []
    if (key === undefined || version === undefined) return 'nothing'
    const [, machine = '', ...rest] = key.split('/')
    this.destroyed.add(`${machine}/${rest.join('/')} ${hashOfObject(version)}`)
    if (isRecord(key) || !rest.includes('Photos')) this.spoiled.add(machine)
    const objects = this.#contents()?.objects
    const versions = objects?.get(key) ?? []
    const before = this.#markers.get(key)
    harm(key, versions)
    if (key.endsWith('/place.json')) {
      const good = before?.bad === version ? before.good : versions
      this.#markers.set(key, { good, bad: objects?.get(key)?.at(-1) })
    }
    return key
  }

  /** A marker that cannot be read is put back by the photographer, from an earlier version, as the message says; one that was written anew
   *  since is left. */
  mendMarkers(): void {
    const objects = this.#contents()?.objects
    for (const [key, { good, bad }] of this.#markers)
      if (objects?.get(key)?.at(-1) === bad) objects?.set(key, [...good])
  }

  #newest(): [string, Version][] {
    return [...(this.#contents()?.objects ?? [])].flatMap(([key, versions]): [string, Version][] => {
      const last = versions.at(-1)
      return last === undefined || last.isMarker || key.includes('/.safelight-probe/') ? [] : [[key, last]]
    })
  }

  #contents() {
    return this.#store.double.state.buckets.get(this.#bucket)
  }

  close(): void {
    this.calm()
    const { state, requests } = this.#store.double
    for (const versions of this.#contents()?.objects.values() ?? [])
      for (const { file } of versions) if (file !== '') fs.rmSync(file, { force: true })
    state.buckets.delete(this.#bucket)
    requests.length = 0
  }
}

/** What the store keeps is never altered in place. */
const hashes = new Map<string, string>()

function hashOfObject({ file }: Version): string {
  const name = path.basename(file)
  const known = hashes.get(name) ?? hashOf(file)
  hashes.set(name, known)
  return known
}

/** FNV-1a */
function numberOf(text: string): number {
  let hash = 0x811c9dc5
  for (const sign of text) hash = Math.imul(hash ^ (sign.codePointAt(0) ?? 0), 0x01000193)
  return hash >>> 0
}
