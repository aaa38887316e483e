// A week of a wedding photographer in fast motion: three shoots, a catalog that is left every night, a drive that dies on Thursday, a laptop
// that is stolen on Saturday together with the drive in the same bag. Told as a transcript that people read (transcript.txt) and that a test
// compares; it ends on an empty computer, with every photo back from the bucket alone.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import type { MethodName, Params, Result } from '../../../shared/methods.js'
import { parseManifest } from '../../../helper/manifest/manifest.js'
import { makeCatalog, type LiteralPhoto } from '../../support/catalog.js'
import { foldersAsDisks, withDaemon } from '../../support/daemon.js'
import { FaultSet, type Fault } from '../../support/faults.js'
import { freshFolder, hashOf, makeFile, manifestFolders, readTree } from '../../support/shoots.js'
import { startDouble } from '../../support/s3/double.js'
import { collect, makeBucket, openTestStore, readAll, setTestCredentials } from '../../support/s3/fixture.js'

const HOUR_MS = 3_600_000
const SHOOTS = ['Anna and Ben', 'Clara and David', 'Emma and Felix'] as const

/** @param perShoot  photos of each wedding
 *  @returns the transcript */
export async function liveAWeek(perShoot: number): Promise<string> {
  setTestCredentials()
  const double = await startDouble('aws')
  const bucket = await makeBucket(double.url, { lock: true })
  const week = new Week(freshFolder({ inMemory: true }), perShoot, { url: double.url, bucket })
  try {
    await week.live()
    return week.transcript()
  } finally {
    await double.close()
    fs.rmSync(week.root, { recursive: true, force: true })
  }
}

class Week {
  readonly root: string
  readonly #perShoot: number
  readonly #store: { readonly url: string; readonly bucket: string }
  readonly #lines: string[] = []
  /** What was ever photographed, by its path: what must come back. */
  readonly #photos = new Map<string, string>()
  #hours = 0
  #home = 'laptop'
  #faults: FaultSet | undefined

  constructor(root: string, perShoot: number, store: { readonly url: string; readonly bucket: string }) {
    this.root = root
    this.#perShoot = perShoot
    this.#store = store
  }

  transcript(): string {
    return `${this.#lines.join('\n')}\n`
  }

  async live(): Promise<void> {
    await this.#monday()
    await this.#wedding('Tuesday', SHOOTS[0])
    await this.#wedding('Wednesday', SHOOTS[1])
    await this.#thursday()
    await this.#wedding('Friday', SHOOTS[2])
    await this.#saturday()
    await this.#sunday()
  }

  async #monday(): Promise<void> {
    this.#day('Monday')
    fs.mkdirSync(this.#at('disk', 'Pictures'), { recursive: true })
    fs.mkdirSync(this.#at('laptop'), { recursive: true, mode: 0o700 })
    fs.writeFileSync(
      path.join(this.#at('laptop'), 'config.json'),
      JSON.stringify({ format: 1, catalogSettleSeconds: 0.05 }),
    )
    await this.#plug('Studio SSD')
    const { url, bucket } = this.#store
    await this.#tell('A bucket is added.', 'place/add', {
      path: `s3://${bucket}/photos`,
      name: 'Bucket',
      bucket: { endpoint: url, lockDays: 30, yes: true },
    })
  }

  async #wedding(day: string, shoot: string): Promise<void> {
    this.#day(day)
    this.#photograph(shoot)
    this.#say(`${this.#perShoot} photos of ${shoot} are imported.`)
    await this.#backUp()
    this.#later(6)
    const edited = this.#edit(shoot)
    this.#say(`In the evening ${edited} of them are edited; Lightroom is left.`)
    await this.#backUp()
    await this.#leaveLightroom()
    await this.#status()
  }

  async #thursday(): Promise<void> {
    this.#day('Thursday')
    this.#say('Studio SSD begins to die: whatever is written to it or read from it fails.')
    const dying: Fault = {
      on: ['openRead', 'openDirect', 'create', 'createDirect', 'openAppend', 'write', 'read', 'sync'],
      path: '/Studio SSD/',
      times: Infinity,
      act: { fail: 'EIO' },
    }
    this.#faults = new FaultSet([dying])
    this.#edit(SHOOTS[0])
    await this.#backUp()
    this.#faults = undefined
    fs.renameSync(this.#at('Studio SSD'), this.#at('broken'))
    this.#say('It is unplugged. A new drive is bought, and gets everything that is known.')
    await this.#tell('Studio SSD is taken off the list.', 'place/remove', { place: 'Studio SSD' })
    await this.#plug('New SSD')
    await this.#backUp()
    await this.#leaveLightroom()
    await this.#status()
  }

  async #saturday(): Promise<void> {
    this.#day('Saturday')
    await this.#tell('Everything is read again before the trip.', 'verify/run', { shoots: [] })
    this.#say('On the way the bag is stolen: laptop, originals, New SSD.')
    for (const name of ['laptop', 'disk', 'New SSD']) fs.rmSync(this.#at(name), { recursive: true })
  }

  async #sunday(): Promise<void> {
    this.#day('Sunday')
    this.#home = 'new computer'
    const fetched = await this.#fetchBucket()
    this.#say(`A new computer with nothing on it. Any S3 client fetches the bucket: ${fetched} objects.`)
    const wrong = this.#checkFetched()
    this.#say(`Every line of every safelight.b3 is checked against the bytes: ${wrong} wrong.`)
    await this.#tell('The journal is made again.', 'rebuild/run', { from: this.#at('fetched') })
    fs.mkdirSync(this.#at('new disk'))
    await this.#tell('Everything is restored.', 'restore/run', { all: true, files: [], to: this.#at('new disk') })
    const back = readTree(path.join(this.#at('new disk'), 'Pictures'))
    const right = [...this.#photos].filter(([file, hash]) => back.get(file)?.hash === hash).length
    this.#say(`${right} of ${this.#photos.size} files are back, byte for byte as they were last left.`)
    assert.equal(right, this.#photos.size)
  }

  // ── the photographer ──

  #photograph(shoot: string): void {
    const folder = this.#at('disk', 'Pictures', shoot)
    fs.mkdirSync(folder, { recursive: true })
    for (let n = 1; n <= this.#perShoot; n++)
      this.#write(shoot, `IMG_${String(n).padStart(4, '0')}.CR3`, 100 + (n % 400), n)
  }

  /** Every twentieth gets a sidecar. */
  #edit(shoot: string): number {
    let edited = 0
    for (let n = 20; n <= this.#perShoot; n += 20) {
      this.#write(shoot, `IMG_${String(n).padStart(4, '0')}.xmp`, 150, n + this.#hours)
      edited += 1
    }
    return edited
  }

  #write(shoot: string, name: string, bytes: number, seed: number): void {
    const file = this.#at('disk', 'Pictures', shoot, name)
    makeFile(file, {
      bytes,
      seed: seed + 10_000 * SHOOTS.findIndex((each) => each === shoot),
      mtime: new Date(START_MS + this.#hours * HOUR_MS).toISOString(),
    })
    this.#photos.set(`${shoot}/${name}`, hashOf(file))
  }

  async #leaveLightroom(): Promise<void> {
    const catalog = this.#at('disk', 'Lightroom', 'Weddings.lrcat')
    fs.rmSync(path.dirname(catalog), { recursive: true, force: true })
    fs.mkdirSync(path.dirname(catalog), { recursive: true })
    const folders = SHOOTS.filter((shoot) => fs.existsSync(this.#at('disk', 'Pictures', shoot)))
    const roots = Object.fromEntries(folders.map((shoot) => [`${shoot}/`, this.#literals()]))
    makeCatalog(catalog, { roots: { [`${this.#at('disk', 'Pictures')}/`]: roots } })
    const { exitCode } = await this.#call('catalog/backup', { catalog })
    this.#say(`The catalog is backed up${exitCode === 0 ? '' : ` (exit code ${exitCode})`}.`)
  }

  #literals(): LiteralPhoto[] {
    return Array.from({ length: this.#perShoot }, (_, n) => ({ name: `IMG_${String(n + 1).padStart(4, '0')}.CR3` }))
  }

  async #plug(name: string): Promise<void> {
    fs.mkdirSync(this.#at(name))
    await this.#tell(`${name} is plugged in and added.`, 'place/add', { path: this.#at(name) })
  }

  // ── Safelight ──

  async #backUp(): Promise<void> {
    const { exitCode, summary, offsite } = await this.#call('backup/run', {
      paths: [this.#at('disk', 'Pictures')],
      to: [],
    })
    this.#answer(exitCode, summary)
    for (const each of offsite ?? [])
      this.#answer(0, `${each.confirmed} of ${each.files} confirmed by the bucket, ${each.locked} locked`)
  }

  async #status(): Promise<void> {
    const { shoots } = await this.#call('shoots/list', {})
    for (const { id, files, verdict } of shoots) this.#answer(0, `${id}: ${files} files, ${verdict}`)
  }

  async #tell<M extends MethodName>(what: string, method: M, params: Params<M>): Promise<void> {
    this.#say(what)
    const { exitCode, summary } = (await this.#call(method, params)) as { exitCode: number; summary: string }
    this.#answer(exitCode, summary)
  }

  #call<M extends MethodName>(method: M, params: Params<M>): Promise<Result<M>> {
    const options = {
      home: this.#at(this.#home),
      volumes: foldersAsDisks(this.root),
      clock: () => START_MS + this.#hours * HOUR_MS,
      withoutThreads: true,
      ...(this.#faults ? { faults: this.#faults } : {}),
    }
    return withDaemon(options, (daemon) => {
      const run = daemon.handlers[method] as ((params: Params<M>, context: unknown) => Promise<Result<M>>) | undefined
      if (!run) throw new Error(`there is no ${method}`)
      return run(params, {
        signal: new AbortController().signal,
        client: { kind: 'cli', version: 'test' },
        progress: () => undefined,
      })
    })
  }

  // ── the bucket, with a client that knows nothing of Safelight ──

  async #fetchBucket(): Promise<number> {
    const store = openTestStore(this.#store.url, this.#store.bucket)
    let fetched = 0
    for (const { key } of await collect(store.list('photos/'))) {
      if (key.includes('/.safelight-probe/')) continue
      const file = path.join(this.#at('fetched'), 'Safelight', ...key.split('/').slice(2))
      fs.mkdirSync(path.dirname(file), { recursive: true })
      fs.writeFileSync(file, await readAll(store, key))
      fetched += 1
    }
    store.close()
    return fetched
  }

  #checkFetched(): number {
    let wrong = 0
    for (const folder of manifestFolders(this.#at('fetched'))) {
      const { entries } = parseManifest(fs.readFileSync(path.join(folder, 'safelight.b3'), 'utf8'))
      for (const { path: file, hash } of entries)
        if (!fs.existsSync(path.join(folder, file)) || hashOf(path.join(folder, file)) !== hash) wrong += 1
    }
    return wrong
  }

  // ── telling ──

  #at(...parts: string[]): string {
    return path.join(this.root, ...parts)
  }

  #day(name: string): void {
    this.#later(24)
    this.#lines.push('', name)
  }

  #later(hours: number): void {
    this.#hours += hours
  }

  #say(text: string): void {
    this.#lines.push(`  ${text}`)
  }

  /** Without what differs from run to run: folders, days, seconds. */
  #answer(exitCode: number, text: string): void {
    const told = text
      .replaceAll(this.root, '')
      .replaceAll(/s3:\/\/[^/ ]+/g, 's3://bucket')
      .replaceAll(/\d{4}-\d\d-\d\d/g, '<day>')
      .replaceAll(/\d+(\.\d+)? (seconds?|minutes?|s|ms)\b/g, '<time>')
      .replaceAll(/127\.0\.0\.1:\d+/g, '<store>')
    this.#lines.push(`    ${exitCode === 0 ? '' : `[${exitCode}] `}${told}`)
  }
}

/** Locks are dated by this clock and judged by the store's, so the week begins now. */
const START_MS = Math.floor(Date.now() / HOUR_MS) * HOUR_MS
