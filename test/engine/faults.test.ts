// Long, because every kind of trouble with a disk is a case of one set-up.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { photos, rot, worldAt, type World } from '../crash/scenarios.js'
import { backup, foldersAsDisks, verify, withDaemon } from '../support/daemon.js'
import { FaultSet, type Fault } from '../support/faults.js'
import {
  checkManifests,
  contentOf,
  freshFolder,
  hashOf,
  makeFile,
  makeTree,
  readTree,
  temporariesBelow,
  type Tree,
} from '../support/shoots.js'
import type { BackupResult } from '../../shared/methods.js'

const SHOOT: Tree = {
  'IMG_1.CR3': 40_000,
  'IMG_1.xmp': '<x:xmpmeta/>',
  'IMG_2.CR3': 5_000_000,
  selects: { 'IMG_1.jpg': 5000 },
}

describe('a backup whose disks fail', () => {
  let world: World
  let original: ReturnType<typeof readTree>

  beforeEach(() => {
    world = worldAt(freshFolder({ inMemory: true }))
    makeTree(world.source, SHOOT)
    for (const drive of world.drives) fs.mkdirSync(drive)
    original = readTree(world.source)
  })
  afterEach(() => fs.rmSync(world.root, { recursive: true, force: true }))

  const a = (): string => world.drives[0]!
  const b = (): string => world.drives[1]!
  const source = (name: string): string => path.join(world.source, name)
  const options = (): { home: string; volumes: ReturnType<typeof foldersAsDisks> } => ({
    home: world.home,
    volumes: foldersAsDisks(world.root),
  })

  /** Backs up under these faults, all of which must come about. */
  async function backUpWith(faults: readonly Fault[], to: readonly string[] = world.drives): Promise<BackupResult> {
    const set = new FaultSet(faults)
    const result = await backup({ ...options(), faults: set }, [world.source], to)
    set.assertAllHit()
    return result
  }

  function backUp(to: readonly string[] = world.drives): Promise<BackupResult> {
    return backup(options(), [world.source], to)
  }

  /** Every file of the shoot, or every one but these, is at the drive with its bytes and date, and nothing else is. */
  function assertWhole(drive: string, except: readonly string[] = []): void {
    const copies = [...readTree(photos(drive))].filter(
      ([name]) => !/safelight|(^|\/)(Versions|Quarantine)\//.test(name),
    )
    assert.deepEqual(
      copies,
      [...original].filter(([name]) => !except.includes(name)),
    )
    assert.deepEqual(checkManifests(drive), [])
    assert.deepEqual(temporariesBelow(drive), [])
  }

  /** The next run, without faults, finishes by itself, and a verify of everything is clean. */
  async function assertHeals(files: number): Promise<void> {
    original = readTree(world.source)
    const next = await backUp()
    assert.deepEqual([next.exitCode, next.findings, next.filesCopied], [0, [], files], next.summary)
    for (const drive of world.drives) assertWhole(drive)
    const checked = await verify(options())
    assert.deepEqual([checked.exitCode, checked.findings], [0, []])
    const again = await backUp()
    assert.deepEqual([again.exitCode, again.filesCopied, again.filesAdopted], [0, 0, 0])
  }

  /** Every copy that the journal calls verified has the bytes that it is said to have. */
  async function assertJournalTrue(): Promise<void> {
    await withDaemon(options(), (daemon) => {
      const rows = daemon.journal.all(
        `SELECT c.path, p.path AS drive, s.path_from_root AS shoot, v.hash FROM copies c JOIN versions v ON v.id = c.version_id
           JOIN files f ON f.id = v.file_id JOIN shoots s ON s.id = f.shoot_id JOIN places p ON p.id = c.place_id WHERE c.state = 'verified'`,
      )
      for (const row of rows)
        assert.equal(
          hashOf(path.join(photos(String(row['drive'])), String(row['shoot']), String(row['path']))),
          row['hash'],
        )
      return Promise.resolve()
    })
  }

  const LOG = 'safelight-log.jsonl'
  const atDrive: readonly { name: string; fault: Fault; exit: number; word: RegExp; left: number }[] = [
    {
      name: 'full in the middle of a file',
      fault: { on: 'write', after: 4, act: { partly: 1000, fail: 'ENOSPC' } },
      exit: 22,
      word: /is full/,
      left: 4,
    },
    {
      name: 'over its quota',
      fault: { on: 'write', name: '-0.tmp', act: { fail: 'EDQUOT' } },
      exit: 22,
      word: /is full/,
      left: 4,
    },
    {
      name: 'turned read-only',
      fault: { on: 'create', name: '-0.tmp', act: { fail: 'EROFS' } },
      exit: 23,
      word: /cannot be written/,
      left: 4,
    },
    {
      name: 'gone while a file is made',
      fault: { on: 'create', name: '-0.tmp', act: { fail: 'ENODEV' } },
      exit: 20,
      word: /no longer there/,
      left: 4,
    },
    {
      name: 'full while the name of a folder is taken',
      fault: { on: 'write', name: LOG, act: { partly: 100, fail: 'ENOSPC' } },
      exit: 22,
      word: /is full/,
      left: 4,
    },
    {
      name: 'gone while a log is opened',
      fault: { on: 'openAppend', name: LOG, after: 1, act: { fail: 'ENOENT' } },
      exit: 20,
      word: /no longer there/,
      left: 0,
    },
    {
      name: 'full while a log is written',
      fault: { on: 'write', name: LOG, after: 1, act: { partly: 100, fail: 'ENOSPC' } },
      exit: 22,
      word: /is full/,
      left: 0,
    },
    {
      name: 'failing while a log is synced',
      fault: { on: 'sync', name: LOG, after: 1, act: { fail: 'EIO' } },
      exit: 24,
      word: /answers with errors/,
      left: 0,
    },
    {
      name: 'full while a manifest is written',
      fault: { on: 'write', path: 'Shoot/.safelight-', after: 4, act: { partly: 10, fail: 'ENOSPC' } },
      exit: 22,
      word: /is full/,
      left: 0,
    },
    {
      name: 'failing while a manifest gets its name',
      fault: { on: 'rename', name: 'safelight.b3', act: { fail: 'EIO' } },
      exit: 24,
      word: /answers with errors/,
      left: 0,
    },
    {
      name: 'failing while the chain is opened',
      fault: { on: 'openAppend', name: 'chain.jsonl', act: { fail: 'EIO' } },
      exit: 24,
      word: /answers with errors/,
      left: 0,
    },
    {
      name: 'full in the middle of a line of the chain',
      fault: { on: 'write', name: 'chain.jsonl', act: { partly: 40, fail: 'ENOSPC' } },
      exit: 22,
      word: /is full/,
      left: 0,
    },
    {
      name: 'failing while the chain is synced',
      fault: { on: 'sync', name: 'chain.jsonl', act: { fail: 'EIO' } },
      exit: 24,
      word: /answers with errors/,
      left: 0,
    },
    {
      name: 'failing while it is asked whether it is there',
      fault: { on: 'stat', name: 'place.json', after: 6, times: Infinity, act: { fail: 'EIO' } },
      exit: 24,
      word: /answers with errors/,
      left: 4,
    },
  ]
  for (const { name, fault, exit, word, left } of atDrive) {
    it(`a drive ${name}: the other drive is complete, and the next run finishes`, async () => {
      await backUp([b()])
      fs.rmSync(path.join(b(), 'Safelight'), { recursive: true })
      fs.rmSync(world.home, { recursive: true })
      const result = await backUpWith([
        { ...fault, path: path.join(a(), 'Safelight') + (fault.path ? `/Photos/${fault.path}` : '') },
      ])
      assert.equal(result.exitCode, exit, result.summary)
      assert.match([result.summary, ...result.warnings].join('\n'), word)
      assertWhole(b())
      const next = await backUp()
      assert.ok(next.filesCopied <= left, `${next.filesCopied} files were sent again, at most ${left} should be`)
      await assertHeals(0)
    })
  }

  it('a drive that turns read-only before its cached copies are read again leaves the other drive complete', async () => {
    const result = await backUpWith([
      { on: 'openDirect', times: Infinity, act: { absent: true } },
      { on: 'openAppend', path: a(), name: LOG, after: 2, act: { fail: 'EROFS' } },
    ])
    assert.equal(result.exitCode, 23, result.summary)
    assertWhole(b())
    await backUp()
    await assertHeals(0)
  })

  for (const on of ['write', 'sync', 'setTimes', 'openDirect', 'close', 'link'] as const) {
    it(`one ${on} answered with EIO: that file is named, everything else is safe, and the next run brings it`, async () => {
      const result = await backUpWith([{ on, path: path.join(photos(a()), '.safelight-'), act: { fail: 'EIO' } }])
      assert.deepEqual(
        [result.exitCode, result.findings.map(({ kind, place }) => [kind, place])],
        [10, [['unwritable', 'Drive A']]],
        result.summary,
      )
      assertWhole(b())
      await assertHeals(1)
    })
  }

  it('a folder whose new names cannot be synced: nothing in it is called safe, and the next run takes what is there', async () => {
    const result = await backUpWith([
      { on: 'syncFolder', name: path.join(photos(a()), 'selects'), act: { fail: 'EIO' } },
    ])
    assert.equal(result.exitCode, 10, result.summary)
    assertWhole(b())
    await assertHeals(0)
  })

  it('another drive in the place of one half-way: nothing more is written to it', async () => {
    await backUp()
    const stranger = path.join(world.root, 'stranger')
    fs.cpSync(a(), stranger, { recursive: true })
    const marker = path.join(stranger, 'Safelight', 'place.json')
    const other = JSON.parse(fs.readFileSync(marker, 'utf8')) as object
    fs.writeFileSync(marker, JSON.stringify({ ...other, id: '01234567-89ab-4def-8123-456789abcdef' }))
    const before = [...readTree(stranger)]
    for (const name of ['IMG_3.CR3', 'IMG_4.CR3', 'IMG_5.CR3']) makeFile(source(name), 9_000_000)
    const result = await backUpWith([
      { on: 'write', path: photos(a()), act: { moveAway: a(), to: path.join(world.root, 'taken') } },
      { on: 'write', path: photos(a()), after: 1, act: { moveAway: stranger, to: a() } },
    ])
    assert.equal(result.exitCode, 20, result.summary)
    assert.deepEqual([...readTree(a())], before)
    original = readTree(world.source)
    assertWhole(b())
  })

  it('a drive pulled half-way: nothing is made where it was', async () => {
    const away = path.join(world.root, 'away')
    const result = await backUpWith([{ on: 'write', path: photos(a()), act: { moveAway: a(), to: away } }])
    assert.equal(result.exitCode, 20, result.summary)
    assert.ok(!fs.existsSync(a()))
    assertWhole(b())
    fs.renameSync(away, a())
    await backUp()
    await assertHeals(0)
  })

  it('a marker that shows another inode, as on FAT after a while, is still the same drive', async () => {
    await backUp()
    makeFile(source('IMG_3.CR3'), 9_000_000)
    const file = path.join(a(), 'Safelight', 'place.json')
    const result = await backUpWith([{ on: 'write', path: photos(a()), act: { alter: 'replace', file } }])
    assert.deepEqual([result.exitCode, result.findings, result.warnings], [0, [], []], result.summary)
    await assertHeals(0)
  })

  it('a bit flipped between write and read-back is noticed, and the file is written again', async () => {
    const result = await backUpWith([{ on: 'write', path: path.join(photos(a()), '.safelight-'), act: { flip: true } }])
    assert.deepEqual([result.exitCode, result.findings], [0, []], result.summary)
    for (const drive of world.drives) assertWhole(drive)
    const logs = ['', 'selects'].map((folder) => fs.readFileSync(path.join(photos(a()), folder, LOG), 'utf8')).join('')
    assert.match(logs, /"event":"failed".*read back/)
    await assertHeals(0)
  })

  it('a drive that flips a bit three times is named, and the file is not called safe there', async () => {
    const result = await backUpWith([
      { on: 'read', path: path.join(photos(a()), 'selects', '.safelight-'), times: 3, act: { flip: true } },
    ])
    assert.deepEqual(
      [result.exitCode, result.findings.map(({ kind, place, file }) => [kind, place, file])],
      [10, [['unwritable', 'Drive A', 'IMG_1.jpg']]],
    )
    assert.match(result.findings[0]!.message, /do not trust this drive/)
    assertWhole(a(), ['selects/IMG_1.jpg'])
    assertWhole(b())
    await assertHeals(1)
  })

  it('an original that changes between two tries is not passed off as the content of the first', async () => {
    const file = source('selects/IMG_1.jpg')
    const result = await backUpWith([
      { on: 'read', path: path.join(photos(a()), 'selects', '.safelight-'), act: { flip: true } },
      {
        on: ['openRead', 'openDirect'],
        name: 'selects/IMG_1.jpg',
        path: world.source,
        after: 1,
        act: { alter: 'rewrite', file },
      },
    ])
    await assertJournalTrue()
    assert.notEqual(result.exitCode, 0, result.summary)
    await backUp()
    await assertHeals(0)
  })

  for (const how of ['grow', 'shrink', 'rewrite'] as const) {
    it(`an original that changes half-way (${how}) is taken again, whole`, async () => {
      const act = { alter: how, file: source('IMG_2.CR3') }
      const result = await backUpWith([{ on: 'read', name: 'IMG_2.CR3', path: world.source, after: 1, act }])
      assert.deepEqual([result.exitCode, result.findings], [0, []], result.summary)
      original = readTree(world.source)
      for (const drive of world.drives) assertWhole(drive)
      await assertHeals(0)
    })
  }

  it('an original that never comes to rest is reported, and not called safe', async () => {
    const act = { alter: 'grow', file: source('IMG_2.CR3') } as const
    const result = await backUpWith([{ on: 'read', name: 'IMG_2.CR3', path: world.source, times: Infinity, act }])
    assert.deepEqual(
      [result.exitCode, result.findings.map(({ kind, file }) => [kind, file])],
      [13, [['changing', 'IMG_2.CR3']]],
    )
    for (const drive of world.drives) assertWhole(drive, ['IMG_2.CR3'])
    await assertHeals(1)
  })

  it('an original that vanishes half-way is reported as missing', async () => {
    const act = { alter: 'remove', file: source('IMG_2.CR3') } as const
    const result = await backUpWith([{ on: 'read', name: 'IMG_2.CR3', path: world.source, after: 1, act }])
    assert.deepEqual(
      [result.exitCode, result.findings.map(({ kind, file }) => [kind, file])],
      [10, [['missing', 'IMG_2.CR3']]],
    )
    for (const drive of world.drives) assertWhole(drive, ['IMG_2.CR3'])
    await assertHeals(0)
  })

  const unreadable = [
    ['open', 'EACCES'],
    ['open', 'EIO'],
    ['read', 'EIO'],
    ['close', 'EIO'],
  ] as const
  for (const [call, fail] of unreadable) {
    const on = call === 'open' ? (['openRead', 'openDirect'] as const) : call
    it(`${fail} at ${call} of an original is reported by its name, and all others are safe`, async () => {
      const result = await backUpWith([{ on, name: 'IMG_2.CR3', path: world.source, act: { fail } }])
      assert.deepEqual(
        [result.exitCode, result.findings.map(({ kind, file }) => [kind, file])],
        [12, [['unreadable', 'IMG_2.CR3']]],
      )
      for (const drive of world.drives) assertWhole(drive, ['IMG_2.CR3'])
      await assertHeals(1)
    })
  }

  it('short reads lose nothing', async () => {
    const result = await backUpWith([
      { on: 'read', path: world.source, times: 20, act: { short: 777 } },
      { on: 'openDirect', times: Infinity, act: { absent: true } },
      { on: 'read', path: photos(a()), times: 20, act: { short: 333 } },
    ])
    assert.deepEqual([result.exitCode, result.findings], [0, []], result.summary)
    for (const drive of world.drives) assertWhole(drive)
  })

  it('an original that cannot be looked at is not said to be gone', async () => {
    await backUp()
    const result = await backUpWith([{ on: 'stat', name: 'IMG_1.CR3', path: world.source, act: { fail: 'EIO' } }])
    assert.deepEqual([result.exitCode, result.warnings], [12, []], result.summary)
    await assertHeals(0)
  })

  it('an original that rots before any copy of it could be made is told, and brought as it is: there is nothing else', async () => {
    const full = (drive: string): Fault => ({
      on: 'create',
      path: path.join(photos(drive), '.safelight-'),
      times: Infinity,
      act: { fail: 'ENOSPC' },
    })
    assert.equal((await backUpWith([full(a()), full(b())])).exitCode, 22)
    rot(source('IMG_1.CR3'))
    const result = await backUp()
    assert.deepEqual(
      [result.exitCode, result.findings.map(({ kind, place, file }) => [kind, place, file])],
      [11, [['damaged', 'working', 'IMG_1.CR3']]],
    )
    assert.match(result.findings[0]!.message, /backed up as it is now: look at it/)
    assert.doesNotMatch(result.warnings.join(), /a raw file was rewritten/)
    await assertHeals(0)
    rot(source('IMG_1.CR3'))
    const later = await backUp()
    assert.match(later.findings.map(({ message }) => message).join(), /The good content is safe at 2 other places/)
  })

  it('a card that is pulled ends the run with one sentence', async () => {
    const card = path.dirname(world.source)
    const away = path.join(world.root, 'away')
    const result = await backUpWith([
      { on: 'read', name: 'IMG_2.CR3', path: world.source, after: 1, act: { moveAway: card, to: away } },
    ])
    assert.deepEqual([result.exitCode, result.findings], [25, []], result.summary)
    fs.renameSync(away, card)
    await backUp()
    await assertHeals(0)
  })

  it('a card that answers nothing any more ends the run with one sentence', async () => {
    const result = await backUpWith([
      { on: 'read', path: world.source, times: Infinity, act: { fail: 'EIO' } },
      { on: 'stat', name: `${path.sep}Shoot`, path: world.source, after: 1, times: Infinity, act: { fail: 'EIO' } },
    ])
    assert.deepEqual([result.exitCode, result.findings], [25, []], result.summary)
  })

  for (const fail of ['EPERM', 'ENOTSUP', 'ENOSYS']) {
    it(`a drive that refuses hard links (${fail}) gets its files by rename, and nothing is overwritten`, async () => {
      const noLinks: Fault = { on: 'link', times: Infinity, act: { fail } }
      const first = await backUpWith([noLinks])
      assert.deepEqual([first.exitCode, first.findings], [0, []], first.summary)
      const old = hashOf(source('IMG_1.xmp'))
      makeFile(source('IMG_1.xmp'), { bytes: 'changed', mtime: '2025-01-01T00:00:00Z' })
      const second = await backUpWith([noLinks])
      assert.deepEqual([second.exitCode, second.findings, second.filesCopied], [0, [], 1], second.summary)
      for (const drive of world.drives) {
        const kept = [...readTree(photos(drive))].filter(([name]) => name.startsWith('Versions/'))
        assert.deepEqual(
          kept.map(([, { hash }]) => hash),
          [old],
        )
      }
      await assertHeals(0)
    })
  }

  it('a rename that is refused is reported, and the next run brings the file', async () => {
    const result = await backUpWith([
      { on: 'link', times: Infinity, act: { fail: 'EPERM' } },
      { on: 'rename', name: 'IMG_1.CR3', path: photos(a()), act: { fail: 'EIO' } },
    ])
    assert.equal(result.exitCode, 10, result.summary)
    await assertHeals(1)
  })

  describe('when a changed file moves to Versions', () => {
    beforeEach(async () => {
      await backUp()
      makeFile(source('IMG_1.xmp'), { bytes: 'changed', mtime: '2025-01-01T00:00:00Z' })
    })

    it('and its new copy fails, the next run finds both', async () => {
      const result = await backUpWith([
        { on: 'link', name: `${path.sep}IMG_1.xmp`, path: path.join(photos(a()), '.safelight-'), act: { fail: 'EIO' } },
      ])
      assert.equal(result.exitCode, 10, result.summary)
      await assertHeals(1)
    })

    it('and its drive fails before that is written down, the next run finds the old content', async () => {
      const result = await backUpWith([{ on: 'openAppend', path: photos(a()), act: { fail: 'EIO' } }])
      assert.equal(result.exitCode, 24, result.summary)
      await backUp()
      await assertHeals(0)
    })

    it('and the run is killed before that is written down, and it changes once more, all three contents are kept and none is called damaged', async () => {
      const final = path.join(photos(a()), 'IMG_1.xmp')
      const aside = path.join(photos(a()), 'Versions/20250101T000000-000Z/IMG_1.xmp')
      fs.mkdirSync(path.dirname(aside), { recursive: true })
      fs.renameSync(final, aside)
      fs.copyFileSync(source('IMG_1.xmp'), final)
      makeFile(source('IMG_1.xmp'), { bytes: 'changed again', mtime: '2025-01-02T00:00:00Z' })
      const result = await backUp()
      assert.deepEqual([result.exitCode, result.findings], [0, []], result.summary)
      const found = [...readTree(photos(a())).keys()].filter((name) => name.endsWith('IMG_1.xmp'))
      assert.equal(found.filter((name) => name.startsWith('Versions/')).length, 2)
      assert.ok(!found.some((name) => name.includes('Quarantine/')))
      await assertHeals(0)
    })

    it('and its drive is gone before the new copy is there, the next run finds the old content', async () => {
      const result = await backUpWith([
        {
          on: 'link',
          name: `${path.sep}IMG_1.xmp`,
          path: path.join(photos(a()), '.safelight-'),
          act: { fail: 'ENODEV' },
        },
        { on: 'openAppend', path: photos(a()), act: { fail: 'ENODEV' } },
      ])
      assert.equal(result.exitCode, 20, result.summary)
      await backUp()
      await assertHeals(0)
    })

    for (const [how, on, act] of [
      ['cannot be taken away', 'rename', { fail: 'EIO' }],
      ['is taken away, though the disk says otherwise', 'rename', { failAfter: 'EIO' }],
      ['is taken away, and what it became stays', 'unlink', { fail: 'EIO' }],
    ] as const)
      it(`and the name there ${how}, the next run finds one of it`, async () => {
        const result = await backUpWith([{ on, path: path.join(photos(a()), '.safelight-'), name: '.gone.tmp', act }])
        assert.equal(result.exitCode, 10, result.summary)
        await backUp()
        await assertHeals(0)
        assert.deepEqual(temporariesBelow(a()), [])
      })

    it('and one drive was not there, its next run keeps the old content there too', async () => {
      const old = hashOf(path.join(photos(a()), 'IMG_1.xmp'))
      const only = await backUp([b()])
      assert.equal(only.filesCopied, 1)
      await backUp()
      assert.ok([...readTree(photos(a()))].some(([name, { hash }]) => name.startsWith('Versions/') && hash === old))
      await assertHeals(0)
    })
  })

  it('a clock that was set back, or stands still, costs no copy and no version', async () => {
    let now = Date.UTC(2026, 0, 1)
    const run = (): Promise<BackupResult> => backup({ ...options(), clock: () => now }, [world.source], world.drives)
    await run()
    for (const [index, step] of [0, 0, -86_400_000, 0].entries()) {
      now += step
      makeFile(source('IMG_1.xmp'), { bytes: `edit ${index}`, mtime: `2025-01-0${index + 1}T00:00:00Z` })
      const result = await run()
      assert.deepEqual([result.exitCode, result.findings, result.filesCopied], [0, [], 1], result.summary)
    }
    const kept = [...readTree(photos(a())).keys()].filter((name) => name.startsWith('Versions/'))
    assert.equal(kept.length, 4)
    await assertHeals(0)
  })

  it('an earlier content has the same name in Versions of every place, whatever the clock shows in between', async () => {
    let now = Date.UTC(2026, 0, 1)
    const run = (): Promise<BackupResult> => backup({ ...options(), clock: () => now++ }, [world.source], world.drives)
    await run()
    makeFile(source('IMG_1.xmp'), { bytes: 'edited', mtime: '2025-01-01T00:00:00Z' })
    await run()
    const [kept, too] = world.drives.map((drive) =>
      [...readTree(photos(drive)).keys()].filter((name) => name.startsWith('Versions/')),
    )
    assert.equal(kept?.length, 1)
    assert.deepEqual(too, kept)
  })

  it('a temporary file of somebody else is left alone', async () => {
    await backUp()
    const foreign = path.join(photos(a()), '.safelight-someoneelse-1.tmp')
    fs.writeFileSync(foreign, contentOf(10, 1))
    await backUp()
    assert.ok(fs.existsSync(foreign))
  })
})
