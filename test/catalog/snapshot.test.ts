import assert from 'node:assert/strict'
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { execaSync } from 'execa'
import { lightroomInPs, lightroomInTasklist, findLightroom } from '../../helper/catalog/lightroom-process.js'
import { isCatalogQuiet, type CatalogState } from '../../helper/catalog/quiet.js'
import { readLock } from '../../helper/catalog/live.js'
import { discardSnapshot, isSnapshotCurrent, takeSnapshot } from '../../helper/catalog/snapshot.js'
import { leaveHotJournal, leaveWal, makeCatalogData, makeLock } from '../support/catalog.js'
import { contentsOf, inWorld, makeLibrary, type World, type WorldDeps } from '../support/catalog-world.js'

const SHOOT = { '2024/lake/': [{ name: 'IMG_0001.CR3' }] }
const STILL: CatalogState = {
  main: { sizeBytes: 1, mtimeMs: 1, inode: 1 },
  wal: undefined,
  journal: undefined,
  shm: undefined,
  data: undefined,
}

describe('is the catalog quiet', () => {
  const quiet = { lightroom: [], lock: undefined, before: STILL, after: STILL }

  it('a catalog that nobody has and that did not move is quiet', () => {
    assert.deepEqual(isCatalogQuiet(quiet), { kind: 'quiet' })
  })

  it('a running Lightroom makes it busy, with and without a lock', () => {
    for (const lock of [undefined, { pid: 7 }]) {
      const answer = isCatalogQuiet({ ...quiet, lightroom: [7], lock })
      assert.equal(answer.kind === 'busy' && answer.why, 'lightroom-running')
    }
  })

  it('a lock without a Lightroom is stale, and said', () => {
    assert.deepEqual(isCatalogQuiet({ ...quiet, lock: { pid: 1940 } }), { kind: 'quiet', staleLock: { pid: 1940 } })
  })

  it('where the processes are unknown, a lock counts as living', () => {
    const answer = isCatalogQuiet({ ...quiet, lightroom: 'unknown', lock: { pid: 1940 } })
    assert.equal(answer.kind === 'busy' && answer.why, 'locked')
    assert.equal(isCatalogQuiet({ ...quiet, lightroom: 'unknown' }).kind, 'quiet')
  })

  it('each part that moves makes it busy', () => {
    const other = { sizeBytes: 2, mtimeMs: 1, inode: 1 }
    const moves: Partial<CatalogState>[] = [{ main: other }, { wal: other }, { journal: other }, { data: new Map() }]
    for (const move of moves) {
      const answer = isCatalogQuiet({ ...quiet, after: { ...STILL, ...move } })
      assert.equal(answer.kind === 'busy' && answer.why, 'still-writing', JSON.stringify(move))
    }
    const data = (mtimeMs: number) => ({ ...STILL, data: new Map([['1.blob', { ...other, mtimeMs }]]) })
    assert.equal(isCatalogQuiet({ ...quiet, before: data(1), after: data(2) }).kind, 'busy')
  })
})

describe('finding Lightroom among the processes', () => {
  it('knows Lightroom Classic, 6 and 5 on both systems, and not its helpers', () => {
    const listing = [
      '  1 /sbin/launchd',
      ' 77 /Applications/Adobe Lightroom Classic/Adobe Lightroom Classic.app/Contents/MacOS/Adobe Lightroom Classic',
      ' 78 /Applications/Adobe Lightroom CEF Helper.app/Contents/MacOS/Adobe Lightroom CEF Helper',
      ' 79 /Applications/Adobe Photoshop Lightroom 5.app/Contents/MacOS/Adobe Photoshop Lightroom 5',
    ]
    assert.deepEqual(lightroomInPs(listing.join('\n')), [77, 79])
    const tasks =
      '"System Idle Process","0","Services","0","8 K"\r\n"Lightroom.exe","1940","Console","1","812,344 K"\r\n'
    assert.deepEqual(lightroomInTasklist(tasks), [1940])
  })

  it('asks this very system', async () => {
    assert.deepEqual(await findLightroom(), [])
  })
})

describe('a snapshot of a catalog', () => {
  it('is the bytes of the catalog, and the list of its .lrcat-data', () =>
    inWorld(async (world, deps) => {
      makeLibrary(world, SHOOT)
      makeCatalogData(world.catalog, { '000012.blob': 'mask' })
      const snapshot = await take(world, deps)
      assert.deepEqual(readFileSync(snapshot.copy.file), readFileSync(world.catalog))
      assert.deepEqual(
        snapshot.parts.map(({ role }) => role),
        ['catalog'],
      )
      assert.deepEqual(
        snapshot.data?.map(({ name }) => name),
        ['000012.blob', 'CURRENT', 'IDENTITY', 'LOCK', 'MANIFEST-000005'],
      )
      await discardSnapshot(snapshot)
      assert.deepEqual(readdirSync(world.privateParent), [])
    }))

  it('takes a -wal that is not empty, a -journal that is hot, and neither of the others', () =>
    inWorld(async (world, deps) => {
      makeLibrary(world, SHOOT)
      writeFileSync(`${world.catalog}-wal`, '')
      writeFileSync(`${world.catalog}-journal`, Buffer.alloc(33_344))
      assert.deepEqual(await rolesOf(world, deps), ['catalog'])
      const made = path.join(world.folder, 'made.lrcat')
      leaveWal(world.catalog, made, ['CREATE TABLE more (x)'])
      writeFileSync(`${world.catalog}-wal`, readFileSync(`${made}-wal`))
      assert.deepEqual(await rolesOf(world, deps), ['catalog', 'wal'])

      for (const suffix of ['', '-wal', '-journal']) rmSync(`${world.catalog}${suffix}`)
      makeLibrary(
        world,
        { 'a/': Array.from({ length: 200 }, (_, index) => ({ name: `${index}.CR3` })) },
        { version: 'lr6' },
      )
      leaveHotJournal(world.catalog, made, ["UPDATE AgLibraryFile SET originalFilename = 'half-written'"])
      for (const suffix of ['', '-journal'])
        writeFileSync(`${world.catalog}${suffix}`, readFileSync(`${made}${suffix}`))
      assert.deepEqual(await rolesOf(world, deps), ['catalog', 'journal'])
    }))

  it('waits for Lightroom by refusing, and says so', () =>
    inWorld(async (world, deps) => {
      makeLibrary(world, SHOOT)
      deps.setLightroom([4711])
      await assert.rejects(take(world, deps), { code: 'CATALOG_IN_USE', message: /4711/ })
      deps.setLightroom([])
      await assert.rejects(take({ ...world, catalog: `${world.catalog}x` }, deps), { code: 'SOURCE_MISSING' })
    }))

  it('reads the lock as Lightroom writes it, and takes anything else of that name for a lock as well', () =>
    inWorld(async (world) => {
      makeLock(world.catalog, 1940)
      assert.equal((await readLock(world.catalog))?.pid, 1940)
      writeFileSync(`${world.catalog}.lock`, 'no lock of Lightroom')
      assert.deepEqual(await readLock(world.catalog), {})
      rmSync(`${world.catalog}.lock`)
      assert.equal(await readLock(world.catalog), undefined)
      mkdirSync(`${world.catalog}.lock`)
      assert.deepEqual(await readLock(world.catalog), {})
    }))

  it('starts over when the catalog moved meanwhile, a bounded number of times', () =>
    inWorld(async (world, deps) => {
      makeLibrary(world, SHOOT)
      let looks = 0
      const writesDuringCopy = (times: number): WorldDeps => ({
        ...deps,
        hash: {
          ...deps.hash,
          create() {
            looks += 1
            if (looks <= times) appendFileSync(world.catalog, 'more')
            return deps.hash.create()
          },
        },
      })
      const snapshot = await take(world, writesDuringCopy(2))
      assert.deepEqual(readFileSync(snapshot.copy.file), readFileSync(world.catalog))
      looks = 0
      await assert.rejects(take(world, writesDuringCopy(1_000)), { code: 'SOURCE_CHANGING', message: /5 times/ })
      assert.equal(readdirSync(world.privateParent).length, 1, 'only the good one is left')
    }))

  it('starts over when Lightroom came back meanwhile', () =>
    inWorld(async (world, deps) => {
      makeLibrary(world, SHOOT)
      const answers: (readonly number[])[] = [[], [4711], [4711]]
      const findLightroom = () => Promise.resolve(answers.shift() ?? [])
      await assert.rejects(take(world, { ...deps, findLightroom }), { code: 'CATALOG_IN_USE' })
    }))

  it('knows whether the live catalog is still the one it saw', () =>
    inWorld(async (world, deps) => {
      makeLibrary(world, SHOOT)
      makeCatalogData(world.catalog, { '000012.blob': 'mask' })
      const snapshot = await take(world, deps)
      assert.equal(await isSnapshotCurrent(snapshot, deps), true)
      makeLock(world.catalog, 1)
      assert.equal(await isSnapshotCurrent(snapshot, deps), false)
      rmSync(`${world.catalog}.lock`)
      appendFileSync(path.join(path.dirname(world.catalog), 'Wedding.lrcat-data', '000012.blob'), 'more')
      assert.equal(await isSnapshotCurrent(snapshot, deps), false)
    }))

  it('clears away what a killed helper left of its private copies, and nothing of a living one', () =>
    inWorld(async (world, deps) => {
      makeLibrary(world, SHOOT)
      const living = await take(world, deps)
      const dead = path.join(world.privateParent, 'safelight-private-dead')
      mkdirSync(dead)
      writeFileSync(path.join(dead, 'owner.json'), JSON.stringify({ pid: 2 ** 22 + 1 }))
      const next = await take(world, deps)
      assert.ok(existsSync(living.copy.folder) && existsSync(next.copy.folder))
      assert.ok(!existsSync(dead))
    }))

  it('opens nothing in the folder of the catalog for writing and makes nothing there, call by call', function () {
    if (execaSync('strace', ['-V'], { reject: false }).failed) return void this.skip()
    return inWorld((world) => {
      makeLibrary(world, SHOOT)
      makeCatalogData(world.catalog, { '000012.blob': 'mask' })
      makeLock(world.catalog, 2 ** 22 + 1)
      const folder = path.dirname(world.catalog)
      const before = contentsOf(folder)
      const beforeMs = statSync(folder).mtimeMs
      const trace = path.join(world.folder, 'trace')
      const script = path.join(import.meta.dirname, 'fixtures', 'backup-once.js')
      const calls =
        'trace=openat,open,creat,mkdir,mkdirat,rename,renameat,renameat2,unlink,unlinkat,rmdir,link,linkat,symlink,symlinkat,chmod,fchmodat,truncate,utimensat,mknod,mknodat'
      execaSync('strace', [
        '-f',
        '-qq',
        '-s',
        '4096',
        '-e',
        calls,
        '-o',
        trace,
        process.execPath,
        script,
        world.catalog,
        world.privateParent,
        world.root,
      ])
      const lines = readFileSync(trace, 'utf8')
        .split('\n')
        .filter((line) => line.includes(`"${folder}`))
      assert.ok(
        lines.some((line) => line.includes('Wedding.lrcat"') && line.includes('O_RDONLY')),
        'the trace saw the catalog',
      )
      const touching = lines.filter(
        (line) => !/open(at)?\(/.test(line) || /O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_APPEND/.test(line),
      )
      assert.deepEqual(touching, [])
      assert.deepEqual(contentsOf(folder), before)
      assert.equal(statSync(folder).mtimeMs, beforeMs)
      assert.equal(readdirSync(path.join(world.root, 'Catalogs', 'Wedding')).length, 2)
    })
  })
})

function take(world: World, deps: WorldDeps) {
  return takeSnapshot(world.catalog, deps, { privateParent: world.privateParent })
}

async function rolesOf(world: World, deps: WorldDeps): Promise<string[]> {
  const snapshot = await take(world, deps)
  await discardSnapshot(snapshot)
  return snapshot.parts.map(({ role }) => role)
}
