// The matrix of cards: one world in which everything is proven, and one thing after the other taken away from it. Never once may the answer
// be "safe" for a card that is not. Long, because every kind of card is a case of one matrix.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { saveCopy } from '../../helper/journal/files.js'
import type { Journal } from '../../helper/journal/journal.js'
import { number, text } from '../../helper/journal/rows.js'
import { listPlaces, savePlace } from '../../helper/journal/places.js'
import { saveCatalog } from '../../helper/journal/wanted.js'
import { freshFolder, makeFile, makeTree, namesBelow } from '../support/shoots.js'
import { foldersAsDisks, withDaemon } from '../support/daemon.js'
import type { CardPolicy, CardResult, Params } from '../../shared/methods.js'

const DAY_MS = 24 * 60 * 60 * 1000
const BUCKET = 'b0000000-0000-4000-8000-000000000000'

const PICTURES = {
  'IMG_0001.CR3': 4000,
  'IMG_0001.JPG': 1500,
  'IMG_0002.CR3': 4100,
  'IMG_0002.xmp': '<x:xmpmeta/>',
  'MVI_0003.MP4': 9000,
  'MVI_0003.WAV': 800,
}

class World {
  readonly root = freshFolder({ inMemory: true })
  readonly home = path.join(this.root, 'home')
  readonly originals = path.join(this.root, 'pictures', 'Iceland')
  readonly ssd = path.join(this.root, 'ssd')
  readonly nas = path.join(this.root, 'nas')
  readonly card = path.join(this.root, 'EOS_DIGITAL')
  nowMs = Date.now()

  get dcim(): string {
    return path.join(this.card, 'DCIM', '100EOSR5')
  }

  file(name: string): string {
    return path.join(this.dcim, name)
  }

  /** Copied to a drive, and confirmed in a bucket; the card still holds it all. */
  async make(): Promise<void> {
    makeTree(this.originals, PICTURES)
    for (const folder of [this.ssd, this.nas]) fs.mkdirSync(folder)
    this.insert()
    await this.run(async ({ handlers }) => {
      const { exitCode } = await handlers['backup/run']!({ paths: [this.originals], to: [this.ssd] }, context())
      assert.equal(exitCode, 0)
    })
    await this.change((journal) => this.confirm(journal, 'verified'))
  }

  /** A card as the camera left it. */
  insert(card = this.card): void {
    fs.cpSync(this.originals, path.join(card, 'DCIM', '100EOSR5'), { recursive: true, preserveTimestamps: true })
  }

  confirm(journal: Journal, state: 'written' | 'verified', name?: string): void {
    savePlace(journal, {
      id: BUCKET,
      name: 'Bucket',
      kind: 'bucket',
      path: 's3://photos/me',
      devices: ['s3:127.0.0.1/photos'],
      volume: {},
      addedMs: 1,
      location: 'off-site',
      settings: { machineId: 'desk' },
    })
    const rows = journal.all('SELECT f.name, f.version_id, v.size FROM files f JOIN versions v ON v.id = f.version_id')
    for (const row of rows) {
      if (name !== undefined && text(row, 'name') !== name) continue
      saveCopy(journal, {
        versionId: number(row, 'version_id'),
        placeId: BUCKET,
        state,
        path: text(row, 'name'),
        sizeBytes: number(row, 'size'),
        mtimeMs: 0,
        ...(state === 'verified' ? { provenMs: this.nowMs, provenHow: 'server checksum' } : {}),
      })
    }
  }

  lock(journal: Journal, untilMs: number, suffix = ''): void {
    for (const row of journal.all('SELECT f.name, v.hash, v.size FROM files f JOIN versions v ON v.id = f.version_id'))
      journal.run(
        'INSERT INTO objects (place_id, key, size, blake3, confirmed_ms, locked_until_ms, receipt) VALUES (?, ?, ?, ?, ?, ?, ?)',
        [
          BUCKET,
          `me/desk/Photos/Iceland/${text(row, 'name')}${suffix}`,
          number(row, 'size'),
          suffix === '' ? text(row, 'hash') : 'f'.repeat(64),
          this.nowMs,
          untilMs,
          '{}',
        ],
      )
  }

  async change(act: (journal: Journal) => void): Promise<void> {
    await this.run(({ journal }) => {
      act(journal)
      return Promise.resolve()
    })
  }

  async ask(params: Partial<Params<'card/check'>> = {}): Promise<CardResult> {
    let result: CardResult | undefined
    await this.run(async ({ handlers }) => {
      result = await handlers['card/check']!({ path: this.card, ...params }, context())
    })
    assert.ok(result)
    assert.equal(result.ok, result.verdict === 'safe')
    assert.equal(result.exitCode === 0, result.verdict === 'safe')
    assert.equal(result.answer, result.verdict === 'safe' ? 'SAFE TO FORMAT' : 'DO NOT FORMAT')
    assert.ok(result.summary.startsWith(result.answer))
    return result
  }

  run(act: Parameters<typeof withDaemon<void>>[1]): Promise<void> {
    return withDaemon(
      { home: this.home, volumes: foldersAsDisks(this.root), clock: () => this.nowMs, withoutThreads: true },
      act,
    )
  }

  remove(): void {
    fs.rmSync(this.root, { recursive: true, force: true })
  }
}

function context(signal = new AbortController().signal) {
  return { signal, client: { kind: 'cli' as const, version: 'test' }, progress: () => undefined }
}

/** Changes one byte and nothing that a look at the folder would show. */
function flip(file: string): void {
  const { mtime } = fs.statSync(file)
  const bytes = fs.readFileSync(file)
  bytes[bytes.length >> 1]! ^= 1
  fs.writeFileSync(file, bytes)
  fs.utimesSync(file, mtime, mtime)
}

interface Case {
  readonly name: string
  readonly arrange?: (world: World) => void | Promise<void>
  readonly ask?: Partial<Params<'card/check'>>
  /** `safe`, or the kinds of doubt, each once. */
  readonly expect: 'safe' | readonly string[]
  readonly level?: CardPolicy | 'hold'
  readonly also?: (result: CardResult, world: World) => void
}

const sql =
  (statement: string, ...values: (string | number)[]) =>
  (world: World) =>
    world.change((journal) => void journal.run(statement, values))

function sonyCard({ card }: World): void {
  const of = (name: string): Record<string, number> => ({ [name]: 6000 })
  makeTree(path.join(card, 'PRIVATE', 'M4ROOT'), {
    CLIP: { ...of('C0001.MP4'), ...of('C0001M01.XML') },
    SUB: of('C0001S03.MP4'),
    THMBNL: of('C0001T01.JPG'),
    ...of('MEDIAPRO.XML'),
  })
}

/** Files of the Sony card, in the library and where everything of it is. */
async function importClip(world: World, names: readonly string[]): Promise<void> {
  sonyCard(world)
  const clips = path.join(world.card, 'PRIVATE', 'M4ROOT', 'CLIP')
  for (const name of names)
    fs.cpSync(path.join(clips, name), path.join(world.originals, name), { preserveTimestamps: true })
  await world.run(async ({ handlers }) => {
    const { exitCode } = await handlers['backup/run']!({ paths: [world.originals], to: [world.ssd] }, context())
    assert.equal(exitCode, 0)
  })
  await world.change((journal) => world.confirm(journal, 'verified'))
}

const CASES: readonly Case[] = [
  { name: 'everything proven and confirmed', expect: 'safe', level: 'confirmed' },
  { name: 'the same, and only asked for two drives', ask: { policy: 'local-only' }, expect: 'safe' },
  { name: 'the same, and only asked to be on its way', ask: { policy: 'in-flight' }, expect: 'safe' },
  { name: 'confirmed and not locked', ask: { policy: 'confirmed-locked' }, expect: ['not-locked'] },
  {
    name: 'confirmed and locked',
    arrange: (world) => world.change((journal) => world.lock(journal, world.nowMs + 30 * DAY_MS)),
    ask: { policy: 'confirmed-locked' },
    expect: 'safe',
    level: 'confirmed-locked',
  },
  {
    name: 'encrypted, confirmed and locked',
    arrange: (world) => world.change((journal) => world.lock(journal, world.nowMs + 30 * DAY_MS, '.age')),
    ask: { policy: 'confirmed-locked' },
    expect: 'safe',
  },
  {
    name: 'locked until yesterday',
    arrange: (world) => world.change((journal) => world.lock(journal, world.nowMs - DAY_MS)),
    ask: { policy: 'confirmed-locked' },
    expect: ['not-locked'],
  },
  {
    name: 'one picture that was never imported',
    arrange: ({ dcim }) => makeFile(path.join(dcim, 'IMG_0404.CR3'), 4000, 99),
    expect: ['never-imported'],
    level: 'hold',
    also: ({ unsafe }) => assert.equal(unsafe[0]?.file, 'DCIM/100EOSR5/IMG_0404.CR3'),
  },
  {
    name: 'one sidecar that was never imported',
    arrange: ({ dcim }) => makeFile(path.join(dcim, 'IMG_0001.xmp'), '<x/>'),
    expect: ['never-imported'],
  },
  { name: 'one bit off', arrange: (world) => flip(world.file('IMG_0002.CR3')), expect: ['differs'] },
  { name: 'one bit off in a film', arrange: (world) => flip(world.file('MVI_0003.MP4')), expect: ['differs'] },
  {
    name: 'a file that is cut short on the card',
    arrange: (world) => {
      const { mtime } = fs.statSync(world.file('IMG_0002.CR3'))
      fs.truncateSync(world.file('IMG_0002.CR3'), 4000)
      fs.utimesSync(world.file('IMG_0002.CR3'), mtime, mtime)
    },
    expect: ['differs'],
  },
  {
    name: 'an import that was one bit off',
    arrange: async (world) => {
      fs.writeFileSync(world.file('IMG_0001.CR3'), fs.readFileSync(world.file('IMG_0002.CR3')).subarray(0, 4000))
      await Promise.resolve()
    },
    expect: ['differs'],
  },
  {
    name: 'a file of no bytes',
    arrange: ({ dcim }) => makeFile(path.join(dcim, 'IMG_0405.CR3'), ''),
    expect: ['never-imported'],
  },
  {
    name: 'a raw of which only the DNG was kept',
    arrange: async (world) => {
      makeFile(path.join(world.originals, 'IMG_0009.dng'), 3000, 5)
      makeFile(world.file('IMG_0009.CR3'), 5000, 6)
      await world.run(async ({ handlers }) => {
        await handlers['backup/run']!({ paths: [world.originals], to: [world.ssd] }, context())
      })
    },
    expect: ['converted'],
  },
  {
    name: 'not uploaded yet',
    arrange: sql('DELETE FROM copies WHERE place_id = ?', BUCKET),
    expect: ['not-off-site'],
    level: 'local-only',
  },
  {
    name: 'one file of all not uploaded yet',
    arrange: sql("DELETE FROM copies WHERE place_id = ? AND path = 'IMG_0001.JPG'", BUCKET),
    expect: ['not-off-site'],
    also: ({ safe, unsafe }) => assert.deepEqual([safe, unsafe.length], [5, 1]),
  },
  {
    name: 'on its way and not confirmed',
    arrange: (world) =>
      world.change((journal) => {
        journal.run('DELETE FROM copies WHERE place_id = ?', [BUCKET])
        world.confirm(journal, 'written')
      }),
    expect: ['not-confirmed'],
    level: 'in-flight',
  },
  {
    name: 'on its way, where that is enough',
    arrange: (world) =>
      world.change((journal) => {
        journal.run('DELETE FROM copies WHERE place_id = ?', [BUCKET])
        world.confirm(journal, 'written')
      }),
    ask: { policy: 'in-flight' },
    expect: 'safe',
  },
  {
    name: 'no off-site place at all',
    arrange: (world) =>
      world.change((journal) => {
        journal.run('DELETE FROM copies WHERE place_id = ?', [BUCKET])
        journal.run('DELETE FROM places WHERE id = ?', [BUCKET])
      }),
    expect: ['not-off-site'],
    also: ({ summary }) => assert.match(summary, /No off-site place is set up.*--policy local-only/),
  },
  {
    name: 'no off-site place, and local-only asked for by name',
    arrange: (world) =>
      world.change((journal) => {
        journal.run('DELETE FROM copies WHERE place_id = ?', [BUCKET])
        journal.run('DELETE FROM places WHERE id = ?', [BUCKET])
      }),
    ask: { policy: 'local-only' },
    expect: 'safe',
    also: ({ summary }) => assert.match(summary, /Nothing of this says that a copy is off-site/),
  },
  {
    name: 'a drive that was not read for 91 days',
    arrange: (world) =>
      sql(
        "UPDATE copies SET proven_ms = ? WHERE place_id NOT IN ('working', ?)",
        world.nowMs - 91 * DAY_MS,
        BUCKET,
      )(world),
    expect: ['expired'],
  },
  {
    name: 'one proof of all that has passed its best-before',
    arrange: (world) =>
      sql(
        "UPDATE copies SET proven_ms = ? WHERE place_id NOT IN ('working', ?) AND path = 'MVI_0003.WAV'",
        world.nowMs - 91 * DAY_MS,
        BUCKET,
      )(world),
    expect: ['expired'],
    also: ({ unsafe }) => assert.equal(unsafe.length, 1),
  },
  {
    name: 'a confirmation of 32 days ago',
    arrange: (world) =>
      sql('UPDATE copies SET proven_ms = ? WHERE place_id = ?', world.nowMs - 32 * DAY_MS, BUCKET)(world),
    expect: ['expired'],
  },
  {
    name: 'a proof without a date',
    arrange: sql('UPDATE copies SET proven_ms = NULL WHERE place_id = ?', BUCKET),
    expect: ['expired'],
  },
  {
    name: 'a clock that was set back: every proof is of the future',
    arrange: (world) => {
      world.nowMs -= 2 * DAY_MS
    },
    expect: ['expired'],
  },
  {
    name: 'a drive whose copies were only written',
    arrange: sql("UPDATE copies SET state = 'written' WHERE place_id NOT IN ('working', ?)", BUCKET),
    expect: ['one-place'],
  },
  {
    name: 'a drive whose copy is damaged',
    arrange: sql(
      "UPDATE copies SET state = 'damaged' WHERE place_id NOT IN ('working', ?) AND path = 'IMG_0001.CR3'",
      BUCKET,
    ),
    expect: ['one-place'],
  },
  {
    name: 'a drive that lost a copy since it was proven',
    arrange: ({ ssd }) => fs.rmSync(path.join(ssd, 'Safelight/Photos/Iceland/IMG_0001.CR3')),
    expect: ['one-place'],
  },
  {
    name: 'a drive on which a copy was cut short since',
    arrange: ({ ssd }) => fs.truncateSync(path.join(ssd, 'Safelight/Photos/Iceland/IMG_0001.CR3'), 10),
    expect: ['one-place'],
  },
  {
    name: 'a drive that is away and was proven lately',
    arrange: ({ ssd }) => fs.renameSync(path.join(ssd, 'Safelight'), path.join(ssd, 'away')),
    expect: 'safe',
  },
  {
    name: 'an original that was deleted after the import',
    arrange: ({ originals }) => fs.rmSync(path.join(originals, 'IMG_0002.CR3')),
    expect: ['one-place'],
  },
  {
    name: 'an original that was written over since',
    arrange: ({ originals }) => fs.writeFileSync(path.join(originals, 'IMG_0001.JPG'), 'edited'),
    expect: ['one-place'],
  },
  {
    name: 'originals and drive on one device',
    arrange: sql("UPDATE places SET devices = (SELECT devices FROM sources) WHERE kind = 'drive'"),
    expect: ['one-device'],
  },
  {
    name: 'a drive that cannot be told apart from others',
    arrange: sql("UPDATE places SET devices = '[]' WHERE kind = 'drive'"),
    expect: ['one-device'],
  },
  {
    name: 'a bucket that the user says is not off-site',
    arrange: sql("UPDATE places SET location = '' WHERE kind = 'bucket'"),
    expect: ['not-off-site'],
  },
  {
    name: 'an off-site folder of a sync client',
    arrange: sql(`UPDATE places SET volume = '{"syncClient":"Dropbox"}' WHERE kind = 'bucket'`),
    expect: ['not-off-site'],
  },
  {
    name: 'the only drive is the off-site one',
    arrange: (world) =>
      world.change((journal) => {
        journal.run('DELETE FROM copies WHERE place_id = ?', [BUCKET])
        journal.run("UPDATE places SET location = 'off-site' WHERE kind = 'drive'")
      }),
    expect: ['one-place'],
  },
  {
    name: 'a card that is no card: nothing on it',
    arrange: ({ card }) => {
      fs.rmSync(card, { recursive: true })
      fs.mkdirSync(card)
    },
    expect: [],
    also: ({ summary }) => assert.match(summary, /No picture, video or sidecar was found/),
  },
  {
    name: 'a card with nothing but the camera’s own files',
    arrange: ({ card }) => {
      fs.rmSync(card, { recursive: true })
      makeTree(card, { DCIM: {}, MISC: { 'M0100.CTG': 10 } })
    },
    expect: [],
  },
  {
    name: 'a card with the camera’s own files besides',
    arrange: ({ card }) =>
      makeTree(card, {
        MISC: { 'M0100.CTG': 10, '.DS_Store': 5 },
        PRIVATE: { M4ROOT: { GENERAL: { 'CUEUP.XML': 9 } } },
      }),
    expect: 'safe',
    also: ({ leftOut, files }) => assert.deepEqual([leftOut.length, files], [3, 6]),
  },
  {
    name: 'a Sony card: the clip and its XML are proven, its proxy and thumbnail are its own',
    arrange: async (world) => {
      await importClip(world, ['C0001.MP4', 'C0001M01.XML'])
      sonyCard(world)
    },
    expect: 'safe',
    also: ({ leftOut }) =>
      assert.deepEqual(leftOut.map(({ file }) => path.posix.basename(file)).sort(), [
        'C0001S03.MP4',
        'C0001T01.JPG',
        'MEDIAPRO.XML',
      ]),
  },
  {
    name: 'a Sony card whose clip was imported and whose XML was not',
    arrange: async (world) => {
      await importClip(world, ['C0001.MP4'])
      sonyCard(world)
    },
    expect: ['never-imported'],
    also: ({ unsafe }) =>
      assert.deepEqual(
        unsafe.map(({ file }) => path.posix.basename(file)),
        ['C0001M01.XML'],
      ),
  },
  {
    name: 'a Sony card with proxies of clips that lie in the other slot',
    arrange: (world) => {
      sonyCard(world)
      fs.rmSync(path.join(world.card, 'PRIVATE', 'M4ROOT', 'CLIP'), { recursive: true })
    },
    expect: ['never-imported'],
    also: ({ unsafe }) =>
      assert.deepEqual(unsafe.map(({ file }) => path.posix.basename(file)).sort(), ['C0001S03.MP4', 'C0001T01.JPG']),
  },
  {
    name: 'a picture of a format that nobody here knows',
    arrange: ({ dcim }) => makeFile(path.join(dcim, 'IMG_0406.NRAW'), 4000, 12),
    expect: ['never-imported'],
  },
  {
    name: 'a link among the pictures',
    arrange: ({ dcim, originals }) =>
      fs.symlinkSync(path.join(originals, 'IMG_0001.CR3'), path.join(dcim, 'IMG_0407.CR3')),
    expect: ['unreadable'],
  },
  {
    name: 'a folder that is a link to the library',
    arrange: ({ card, originals }) => fs.symlinkSync(originals, path.join(card, 'DCIM', '101EOSR5')),
    expect: ['unreadable'],
  },
  {
    name: 'the second folder of a card, never imported, where only the first is named',
    arrange: ({ card }) => makeTree(path.join(card, 'DCIM', '101EOSR5'), { 'IMG_0001.CR3': 777 }, 4),
    ask: { path: 'DCIM/100EOSR5' },
    expect: ['never-imported'],
    also: ({ warnings, folder }, { card }) => {
      assert.equal(folder, card)
      assert.match(warnings.join(), /all of the card .* was read/)
    },
  },
  {
    name: 'a quick look at a card that is safe',
    ask: { quick: true },
    expect: ['not-read'],
    also: ({ summary }) => assert.match(summary, /not proof/),
  },
  {
    name: 'originals that are on the card itself (added, not copied)',
    arrange: (world) => sql('UPDATE sources SET path = ?', path.join(world.card, 'DCIM/100EOSR5'))(world),
    expect: ['one-place'],
  },
  {
    name: 'a drive that is a partition of the card',
    arrange: sql(`UPDATE places SET devices = '["serial of EOS_DIGITAL"]' WHERE kind = 'drive'`),
    expect: ['one-place'],
  },
  {
    name: 'a picture whose edited version is newer: the first content is kept under Versions',
    arrange: async (world) => {
      fs.writeFileSync(path.join(world.originals, 'IMG_0001.JPG'), 'with a caption')
      fs.mkdirSync(path.join(world.root, 'third'))
      await world.run(async ({ handlers }) => {
        await handlers['backup/run']!({ paths: [world.originals], to: [world.ssd] }, context())
      })
    },
    expect: ['one-place'],
    also: ({ unsafe }) => assert.match(unsafe[0]?.why ?? '', /ssd/),
  },
]

describe('the verdict on a card', function () {
  this.timeout(60_000)
  let world: World
  beforeEach(async () => {
    world = new World()
    await world.make()
  })
  afterEach(() => world.remove())

  for (const { name, arrange, ask, expect, level, also } of CASES) {
    it(`${name}: ${expect === 'safe' ? 'SAFE TO FORMAT' : `DO NOT FORMAT (${expect.join(', ') || 'nothing there'})`}`, async () => {
      await arrange?.(world)
      const before = listing(world.card)
      const result = await world.ask(ask?.path === undefined ? ask : { ...ask, path: path.join(world.card, ask.path) })
      const kinds = [...new Set(result.unsafe.map(({ kind }) => kind))]
      assert.deepEqual([result.verdict, kinds], expect === 'safe' ? ['safe', []] : ['not-safe', expect], result.summary)
      if (level !== undefined) assert.equal(result.level, level)
      also?.(result, world)
      assert.deepEqual(listing(world.card), before, 'nothing on the card has changed')
    })
  }

  it('a file that cannot be read: DO NOT FORMAT, exit code 12', async function () {
    const file = world.file('IMG_0002.CR3')
    fs.rmSync(file)
    // A folder under a picture's name stands in for a sector that cannot be read where the tests run as root.
    fs.mkdirSync(file)
    fs.symlinkSync('nowhere', path.join(file, 'IMG_0002.CR3'))
    const result = await world.ask()
    assert.equal(result.exitCode, 12)
    assert.deepEqual(
      result.unsafe.map(({ kind }) => kind),
      ['unreadable'],
    )
  })

  it('refuses a place, a folder of a place, and the library that Lightroom works on', async () => {
    await assert.rejects(world.ask({ path: world.ssd }), { code: 'PLACES_OVERLAP', message: /DO NOT FORMAT.*ssd/ })
    await assert.rejects(world.ask({ path: path.join(world.ssd, 'Safelight', 'Photos') }), { code: 'PLACES_OVERLAP' })
    await world.change((journal) => saveCatalog(journal, { path: '/x.lrcat', cursor: 0, roots: [world.originals] }, 1))
    await assert.rejects(world.ask({ path: world.originals }), {
      code: 'PLACES_OVERLAP',
      message: /Lightroom itself works/,
    })
    await assert.rejects(world.ask({ path: path.join(world.root, 'no such card') }), { code: 'SOURCE_MISSING' })
  })

  it('knows the other slot’s card as the same pictures, says what differs, and never counts a card as a copy', async () => {
    const second = path.join(world.root, 'SLOT_2')
    world.insert(second)
    makeFile(path.join(second, 'DCIM/100EOSR5/IMG_0404.CR3'), 4000, 99)
    fs.rmSync(path.join(second, 'DCIM/100EOSR5/MVI_0003.WAV'))
    const first = await world.ask()
    assert.deepEqual([first.sameAs, first.shoots], [[], [{ id: 'Iceland', files: 6 }]])
    const { sameAs, verdict, unsafe } = await world.ask({ path: second })
    assert.deepEqual(
      sameAs.map(({ card, same, onlyHere, onlyThere }) => ({ card, same, onlyHere, onlyThere })),
      [{ card: 'EOS_DIGITAL', same: 5, onlyHere: 1, onlyThere: 1 }],
    )
    assert.deepEqual([verdict, unsafe.map(({ file }) => file)], ['not-safe', ['DCIM/100EOSR5/IMG_0404.CR3']])
    await world.change((journal) =>
      assert.deepEqual(
        listPlaces(journal)
          .map(({ name }) => name)
          .sort(),
        ['Bucket', 'ssd'],
      ),
    )
  })

  it('remembers which shoots a card belonged to', async () => {
    await world.ask()
    await world.change((journal) => {
      const row = journal.get('SELECT * FROM cards')
      assert.deepEqual(row && [text(row, 'label'), text(row, 'shoots'), text(row, 'verdict')], [
        'EOS_DIGITAL',
        '["Iceland"]',
        'safe',
      ])
      assert.equal(journal.all('SELECT * FROM card_files').length, 6)
    })
  })
})

function listing(folder: string): string[] {
  return namesBelow(folder).map((name) => {
    const { size, mtimeMs, mode } = fs.lstatSync(path.join(folder, name))
    return `${name} ${size} ${mtimeMs} ${mode}`
  })
}
