// What an earlier run, a rebuild or a stranger left behind: copies that nobody has proven, half-written files, something under a copy's name
// that is no file, and records that could not be written while nobody was waiting for them.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { Recorder } from '../../helper/engine/recorder.js'
import { Turns } from '../../helper/place/turn.js'
import { SafelightError } from '../../helper/errors.js'
import { systemFiles } from '../../helper/files/durable.js'
import { Journal } from '../../helper/journal/journal.js'
import { photos, rot, worldAt, type World } from '../crash/scenarios.js'
import { backup, call, foldersAsDisks, verify, withDaemon } from '../support/daemon.js'
import { FaultSet, type Fault, type Method } from '../support/faults.js'
import { checkManifests, freshFolder, makeTree, readTree, temporariesBelow } from '../support/shoots.js'
import type { BackupResult } from '../../shared/methods.js'

describe('what was left unfinished', () => {
  let world: World

  beforeEach(() => {
    world = worldAt(freshFolder({ inMemory: true }))
    makeTree(world.source, { 'IMG_1.CR3': 40_000, 'IMG_2.CR3': 1_500_000, 'IMG_2.xmp': '<x:xmpmeta/>' })
    for (const drive of world.drives) fs.mkdirSync(drive)
  })
  afterEach(() => fs.rmSync(world.root, { recursive: true, force: true }))

  const a = (): string => world.drives[0]!
  const options = (): { home: string; volumes: ReturnType<typeof foldersAsDisks> } => ({
    home: world.home,
    volumes: foldersAsDisks(world.root),
  })
  const backUp = (faults: readonly Fault[] = [], sources = [world.source]): Promise<BackupResult> =>
    backup({ ...options(), faults: new FaultSet(faults) }, sources, [a()])

  function keepOfLog(wanted: RegExp): void {
    const log = path.join(photos(a()), 'safelight-log.jsonl')
    const lines = fs.readFileSync(log, 'utf8').split('\n')
    fs.writeFileSync(
      log,
      lines
        .filter((line) => wanted.test(line))
        .map((line) => `${line}\n`)
        .join(''),
    )
  }

  function copiesThatAre(state: 'written' | 'missing'): Promise<number> {
    return withDaemon(options(), ({ journal }) =>
      Promise.resolve(Number(journal.get('SELECT count(*) AS n FROM copies WHERE state = ?', [state])?.['n'])),
    )
  }

  it('a half file of a home that was lost goes when nobody has touched it for a month, and not before', async () => {
    await backUp()
    const half = path.join(photos(a()), '.safelight-0123456789ab-0-1.tmp')
    fs.writeFileSync(half, 'half')
    const later = (days: number): Promise<BackupResult> =>
      backup({ ...options(), clock: () => Date.now() + days * 86_400_000 }, [world.source], [a()])
    await later(29)
    assert.ok(fs.existsSync(half), 'its home may live')
    await later(31)
    assert.deepEqual(temporariesBelow(a()), [])
  })

  describe('copies that no log proves, after a rebuild', () => {
    beforeEach(async () => {
      await backUp()
      fs.rmSync(world.home, { recursive: true })
      keepOfLog(/"event":"source"/)
    })

    it('are read from the drive before they are called as they were, and it is said', async () => {
      const result = await backUp()
      assert.deepEqual([result.exitCode, result.filesCopied, result.findings], [0, 0, []], result.summary)
      assert.match(result.summary, /3 of the copies had not been proven before; they were read back now/)
      assert.equal(await copiesThatAre('written'), 0)
      assert.doesNotMatch((await backUp()).summary, /had not been proven/)
    })

    it('are found to be damaged where they are, though size and date stand still', async () => {
      rot(path.join(photos(a()), 'IMG_1.CR3'))
      const result = await backUp()
      assert.deepEqual(
        [result.ok, result.findings.map(({ kind, file }) => `${kind} ${file}`)],
        [false, ['damaged IMG_1.CR3']],
        result.summary,
      )
      assert.equal((await backUp()).filesCopied, 1)
      assert.deepEqual(checkManifests(a()), [])
    })
  })

  it('a copy that was read back from the cache alone is not called proven by a rebuild either', async () => {
    const result = await backUp([
      { on: 'openDirect', times: Infinity, act: { absent: true } },
      // The reading at the end, which would prove it, does not take place.
      { on: 'openRead', name: 'IMG_1.CR3', path: photos(a()), times: Infinity, act: { fail: 'EIO' } },
    ])
    assert.equal(result.ok, false)
    fs.rmSync(world.home, { recursive: true })
    keepOfLog(/"event":"(source|copied)"/)
    await call(options(), 'rebuild/run', { from: a() })
    assert.equal(await copiesThatAre('written'), 3)
  })

  it('a drive that is pulled while it is learned is said to be away, before whichever call, and is learned by the next rebuild', async () => {
    await backUp()
    const away = path.join(world.root, 'away')
    const on = Object.keys(systemFiles) as Method[]
    let tries = 0
    for (let after = 0; ; after++) {
      fs.rmSync(world.home, { recursive: true })
      const faults = new FaultSet([{ on, path: a(), after, act: { moveAway: a(), to: away } }])
      const said = await call({ ...options(), faults }, 'rebuild/run', { from: a() }).catch((error: unknown) =>
        error instanceof SafelightError ? { exitCode: error.exitCode, files: 0 } : assert.fail(error as Error),
      )
      if (faults.hits(0) === 0) break
      tries++
      const { exitCode, files: known } = said
      const hadReadAll = exitCode === 0 && known === 3
      assert.ok(
        hadReadAll || (exitCode >= 20 && exitCode < 30),
        `exit code ${exitCode} when it goes before call ${after}`,
      )
      assert.equal(await copiesThatAre('missing'), 0, 'nothing is called missing for that')
      fs.renameSync(away, a())
      const { ok, files } = await call(options(), 'rebuild/run', { from: a() })
      assert.deepEqual([ok, files], [true, 3])
    }
    assert.ok(tries > 10, `${tries} calls`)
  })

  it('half-written files of a shoot whose originals are gone are cleared by the next run, whatever it backs up', async () => {
    const away = path.join(world.root, 'away')
    const pulled = await backUp([{ on: 'write', name: '-0.tmp', after: 1, act: { moveAway: a(), to: away } }])
    assert.equal(pulled.exitCode, 20, pulled.summary)
    assert.notDeepEqual(temporariesBelow(away), [], 'the pulled drive holds something half-written')
    fs.renameSync(away, a())
    fs.rmSync(world.source, { recursive: true })
    const other = path.join(world.root, 'card', 'Other')
    makeTree(other, { 'IMG_9.CR3': 1000 })
    const next = await backUp([], [other])
    assert.equal(next.exitCode, 0, next.summary)
    assert.deepEqual(temporariesBelow(a()), [])
  })

  describe('a seal that was cut off before the manifest had its name', () => {
    const fill = (faults: readonly Fault[] = []): Promise<{ exitCode: number; summary: string }> =>
      withDaemon({ ...options(), faults: new FaultSet(faults) }, (daemon) =>
        daemon.handlers['place/add']!(
          { path: world.drives[1]!, fill: true },
          {
            signal: new AbortController().signal,
            client: { kind: 'cli', version: 'test' },
            progress: () => undefined,
          },
        ),
      )
    const b = (): string => photos(world.drives[1]!)
    const foreign = '.safelight-0123456789ab-own-manifest.tmp'

    beforeEach(async () => {
      await backUp()
      const cut = await fill([{ on: 'rename', name: 'safelight.b3', path: b(), act: { fail: 'EIO' } }])
      assert.notEqual(cut.exitCode, 0, cut.summary)
      assert.equal(temporariesBelow(b()).length, 1, 'the manifest is there under its temporary name')
      assert.ok(!fs.existsSync(path.join(b(), 'safelight.b3')))
      fs.writeFileSync(path.join(b(), foreign), 'of another home')
    })

    async function mustBeSealed(): Promise<void> {
      assert.deepEqual(
        temporariesBelow(b()),
        [foreign],
        "what this home left is gone, and another home's is left alone",
      )
      assert.deepEqual(checkManifests(world.drives[1]!), [])
      assert.ok(fs.existsSync(path.join(b(), 'safelight.b3')))
      assert.deepEqual((await verify(options())).findings, [])
    }

    it('is made by the same filling of a drive, though every copy is on it already', async () => {
      const again = await fill()
      assert.equal(again.exitCode, 0, again.summary)
      await mustBeSealed()
    })

    it('is made by a verification', async () => {
      const { exitCode, summary } = await verify(options())
      assert.equal(exitCode, 0, summary)
      await mustBeSealed()
    })
  })

  it('what came after the last seal is sealed, though the journal that owed it is lost', async () => {
    await backUp()
    fs.writeFileSync(path.join(world.source, 'IMG_2.xmp'), '<x:xmpmeta rating="5"/>')
    const cut = await backUp([{ on: 'rename', name: 'safelight.b3', act: { fail: 'EIO' } }])
    assert.notEqual(cut.exitCode, 0, cut.summary)
    assert.notDeepEqual(checkManifests(a()), [], 'the manifest still names the earlier content')
    fs.rmSync(world.home, { recursive: true })
    await call(options(), 'rebuild/run', { from: a() })
    const next = await backUp()
    assert.deepEqual([next.exitCode, next.filesCopied], [0, 0], next.summary)
    assert.deepEqual(checkManifests(a()), [])
    assert.deepEqual((await verify(options())).findings, [])
  })

  for (const name of ['IMG_1.CR3', 'safelight-log.jsonl', 'safelight.b3']) {
    it(`a pipe that lies where ${name} should be is reported, and nothing waits for it`, async () => {
      await backUp()
      const at = path.join(photos(a()), name)
      fs.rmSync(at)
      execFileSync('mkfifo', [at])
      makeTree(world.source, { 'IMG_3.CR3': 2000 })
      const checked = await verify(options())
      assert.equal(checked.ok, false, checked.summary)
      const result = await backUp()
      if (name === 'safelight.b3') assert.ok(result.ok, result.summary)
      else assert.equal(result.ok, false, result.summary)
      assert.ok(readTree(photos(a())).has('IMG_3.CR3'), 'the other files went on')
    })
  }

  it('a record that could not be written while nobody was waiting fails the next who comes', async () => {
    fs.mkdirSync(world.home)
    const journal = Journal.open(world.home)
    journal.run('DROP TABLE files')
    let flushed = (): void => undefined
    const begun = new Promise<void>((resolve) => (flushed = resolve))
    const clock = (): number => {
      flushed()
      return 0
    }
    const recorder = new Recorder({ files: systemFiles, journal, clock, turns: new Turns('test') }, [], () => undefined)
    const original = { sizeBytes: 1, mtimeMs: 1, ctimeMs: 1 }
    recorder.add({ shootId: 1, name: 'IMG_1.CR3', original, copies: [], emptied: [], events: new Map() })
    await begun
    assert.throws(() => recorder.flush(), /no such table/)
    recorder.flush()
    journal.close()
  })
})
