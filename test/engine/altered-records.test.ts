// Records beside the copies that rotted or were lost before the journal was: what a rebuild makes of them, and that the next backup finds one
// source, the right names and the right sizes.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import type { Daemon } from '../../helper/daemon.js'
import { photos, rot, worldAt, type World } from '../crash/scenarios.js'
import { backup, call, foldersAsDisks, withDaemon } from '../support/daemon.js'
import { freshFolder, hashOf, makeTree } from '../support/shoots.js'
import type { BackupResult, Result } from '../../shared/methods.js'

describe('a rebuild from records that were altered', () => {
  let world: World
  let a: string
  let b: string

  beforeEach(async () => {
    world = worldAt(freshFolder({ inMemory: true }))
    ;[a = '', b = ''] = world.drives
    for (const drive of [a, b]) fs.mkdirSync(drive)
    makeTree(world.source, { 'IMG_1.CR3': 40_000, 'IMG_2.CR3': 3000, 'IMG_2.xmp': '<x:xmpmeta/>' })
    await backUp()
    fs.rmSync(world.home, { recursive: true })
  })
  afterEach(() => fs.rmSync(world.root, { recursive: true, force: true }))

  const options = () => ({ home: world.home, volumes: foldersAsDisks(world.root) })
  const backUp = (to = [a, b]): Promise<BackupResult> => backup(options(), [world.source], to)
  const inHome = <T>(act: (daemon: Daemon) => T | Promise<T>): Promise<T> =>
    withDaemon(options(), (daemon) => Promise.resolve(act(daemon)))

  const rebuild = (from: string): Promise<Result<'rebuild/run'>> => call(options(), 'rebuild/run', { from })
  function edit(drive: string, record: string, change: (text: string) => string): void {
    const file = path.join(photos(drive), record)
    const text = fs.readFileSync(file, 'utf8')
    assert.notEqual(change(text), text)
    fs.writeFileSync(file, change(text))
  }
  const withoutLines =
    (unwanted: RegExp) =>
    (text: string): string =>
      text
        .split('\n')
        .filter((line) => !unwanted.test(line))
        .join('\n')
  const names = (): Promise<unknown[]> =>
    inHome(({ journal }) => journal.all('SELECT name FROM files ORDER BY name').map((row) => row['name']))
  const folders = (drive: string): string[] => fs.readdirSync(path.join(drive, 'Safelight', 'Photos'))

  async function mustGoOn(): Promise<void> {
    const next = await backUp()
    assert.deepEqual([next.exitCode, next.filesCopied], [0, 0], next.summary)
    assert.deepEqual([folders(a), folders(b)], [['Shoot'], ['Shoot']])
    assert.deepEqual(await names(), ['IMG_1.CR3', 'IMG_2.CR3', 'IMG_2.xmp'])
  }

  for (const [what, change] of [
    ['has lost the line that says where the originals lie', withoutLines(/"event":"source"/)],
    ['says another folder, because a bit of it rotted', (text: string) => text.replace('/card/Shoot"', '/care/Shoot"')],
  ] as const)
    for (const first of ['A', 'B'])
      it(`knows one source where one log ${what}, and drive ${first} is read first`, async () => {
        edit(a, 'safelight-log.jsonl', change)
        for (const from of first === 'A' ? [a, b] : [b, a]) await rebuild(from)
        const sources = await inHome(({ journal }) => journal.all('SELECT label, path FROM sources'))
        assert.deepEqual(sources, [{ label: 'Shoot', path: world.source }])
        await mustGoOn()
      })

  it('takes the folder of the name that holds what was known for the source whose place no log says', async () => {
    for (const drive of [a, b]) edit(drive, 'safelight-log.jsonl', withoutLines(/"event":"source"/))
    for (const from of [a, b]) await rebuild(from)
    await mustGoOn()
  })

  it('takes no folder of the name that holds something else for it', async () => {
    for (const drive of [a, b]) edit(drive, 'safelight-log.jsonl', withoutLines(/"event":"source"/))
    for (const from of [a, b]) await rebuild(from)
    for (const name of fs.readdirSync(world.source)) fs.rmSync(path.join(world.source, name))
    makeTree(world.source, { 'IMG_9.CR3': 5000 })
    const next = await backUp()
    assert.equal(next.exitCode, 0, next.summary)
    assert.deepEqual(folders(a), ['Shoot', 'Shoot (2)'])
  })

  it('knows no file by a name that only a rotten manifest has', async () => {
    edit(a, 'safelight.b3', (text) => text.replace('IMG_2.CR3', 'IMG_2.CS3'))
    await rebuild(a)
    await rebuild(b)
    await mustGoOn()
  })

  for (const first of ['A', 'B'])
    it(`does not call an original damaged on the word of a rotten manifest alone, when drive ${first} is read first`, async () => {
      const hash = hashOf(path.join(world.source, 'IMG_1.CR3'))
      edit(b, 'safelight.b3', (text) => text.replace(hash, hash.slice(0, -1) + (hash.endsWith('0') ? '1' : '0')))
      edit(b, 'safelight-log.jsonl', withoutLines(/IMG_1\.CR3/))
      for (const from of first === 'A' ? [a, b] : [b, a]) await rebuild(from)
      const next = await backUp()
      assert.deepEqual([next.findings, next.filesCopied], [[], 0], next.summary)
      await mustGoOn()
    })

  it('knows the size of a photo that one drive has lost with the lines about it from the next', async () => {
    fs.rmSync(path.join(photos(a), 'IMG_1.CR3'))
    edit(a, 'safelight-log.jsonl', withoutLines(/IMG_1\.CR3/))
    await rebuild(a)
    await rebuild(b)
    const sizes = await inHome(({ journal }) =>
      journal.all(
        "SELECT v.size, f.size AS seen FROM versions v JOIN files f ON f.id = v.file_id WHERE f.name = 'IMG_1.CR3'",
      ),
    )
    assert.deepEqual(sizes, [{ size: 40_000, seen: 40_000 }])
  })

  for (const first of ['A', 'B'])
    it(`takes the last content for the newest, whichever drive has it, when drive ${first} is read first`, async () => {
      fs.writeFileSync(path.join(world.source, 'IMG_2.xmp'), '<x:xmpmeta rating="5"/>')
      await backUp([b])
      fs.rmSync(world.home, { recursive: true })
      const newest = hashOf(path.join(world.source, 'IMG_2.xmp'))
      fs.rmSync(world.source, { recursive: true })
      for (const from of first === 'A' ? [a, b] : [b, a]) await rebuild(from)
      const said = await inHome(({ journal }) =>
        journal.all("SELECT v.hash FROM files f JOIN versions v ON v.id = f.version_id WHERE f.name = 'IMG_2.xmp'"),
      )
      assert.deepEqual(said, [{ hash: newest }])
    })

  it('takes an original that rotted before this home knew it for damaged, as soon as a drive is met that knew it before', async () => {
    const original = path.join(world.source, 'IMG_1.CR3')
    const good = hashOf(original)
    rot(original)
    const c = path.join(world.root, 'Drive C')
    fs.mkdirSync(c)
    assert.equal((await backUp([c])).exitCode, 0, 'nobody can tell yet')
    await rebuild(a)
    const next = await backUp([a, c])
    assert.deepEqual(
      next.findings.map(({ kind, place, file }) => [kind, place, file]),
      [['damaged', 'working', 'IMG_1.CR3']],
    )
    assert.equal(hashOf(path.join(photos(a), 'IMG_1.CR3')), good, 'the good copy is left alone')
  })
})
