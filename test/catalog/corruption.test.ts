// The corruption matrix: what can happen to a catalog, and which witness finds it. SQLite's own check is one column of it and often blind;
// what it misses, the counts, the -wal's history or the hash of the bytes must find. Long, because every kind of damage is a case of one matrix.
import assert from 'node:assert/strict'
import { copyFileSync, existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { backUpCatalog } from '../../helper/catalog/backup.js'
import { inspectPrivateCopy } from '../../helper/catalog/inspect-copy.js'
import { judgeBackup, type ReasonCode } from '../../helper/catalog/judge.js'
import { createPrivateFolder } from '../../helper/catalog/private-copy.js'
import { verifyStored } from '../../helper/catalog/wholeness.js'
import { hashBytes } from '../../helper/files/hash.js'
import {
  hasRealCatalogs,
  leaveHotJournal,
  leaveWal,
  makeCatalog,
  makeCatalogData,
  REAL_CATALOGS,
  tamper,
} from '../support/catalog.js'
import { inWorld, makeLibrary, type World, type WorldDeps } from '../support/catalog-world.js'

const MANY = {
  '2024/lake/': Array.from({ length: 300 }, (_, index) => ({ name: `IMG_${index}.CR3`, sidecars: 'xmp' })),
}
const NEW_IMPORT = "INSERT INTO AgLibraryImport VALUES (900001, NULL, '2024-07-01T10:00:00Z', NULL)"

interface Row {
  readonly name: string
  readonly damage: (world: World) => void
  readonly verdict: 'good' | 'suspect' | 'bad'
  /** The reason that must be among those given. */
  readonly by?: ReasonCode
  /** Whether integrity_check alone would have found it. */
  readonly seenBySqlite: boolean
}

const MATRIX: readonly Row[] = [
  { name: 'a healthy catalog', damage: () => undefined, verdict: 'good', seenBySqlite: false },
  {
    name: '0 bytes',
    damage: ({ catalog }) => truncateSync(catalog, 0),
    verdict: 'bad',
    by: 'empty-file',
    seenBySqlite: false,
  },
  {
    name: 'a text file',
    damage: ({ catalog }) => writeFileSync(catalog, 'not a catalog '.repeat(400)),
    verdict: 'bad',
    by: 'not-a-database',
    seenBySqlite: true,
  },
  {
    name: 'cut in half',
    damage: ({ catalog }) => truncateSync(catalog, sizeOf(catalog) >> 1),
    verdict: 'bad',
    by: 'truncated',
    seenBySqlite: true,
  },
  {
    name: 'the last 100 bytes gone',
    damage: ({ catalog }) => truncateSync(catalog, sizeOf(catalog) - 100),
    verdict: 'bad',
    by: 'truncated',
    seenBySqlite: true,
  },
  {
    name: 'a page zeroed',
    damage: ({ catalog }) => overwrite(catalog, 4096 * 20, Buffer.alloc(4096)),
    verdict: 'bad',
    by: 'damaged',
    seenBySqlite: true,
  },
  {
    name: 'the develop rows gone',
    damage: ({ catalog }) => tamper(catalog, 'DELETE FROM Adobe_imageDevelopSettings WHERE id_local > 1000'),
    verdict: 'bad',
    by: 'develop-rows-missing',
    seenBySqlite: false,
  },
  {
    name: 'a few develop rows gone',
    damage: ({ catalog }) => tamper(catalog, 'DELETE FROM Adobe_imageDevelopSettings WHERE id_local < 60'),
    verdict: 'suspect',
    by: 'develop-rows-missing',
    seenBySqlite: false,
  },
  {
    name: 'the folder rows gone',
    damage: ({ catalog }) => tamper(catalog, "DELETE FROM AgLibraryFolder WHERE pathFromRoot <> ''"),
    verdict: 'bad',
    by: 'rows-dangling',
    seenBySqlite: false,
  },
  {
    name: 'another database',
    damage: ({ catalog }) => anotherDatabase(catalog),
    verdict: 'bad',
    by: 'tables-missing',
    seenBySqlite: false,
  },
  { name: 'a -wal that belongs to it', damage: crashed, verdict: 'good', seenBySqlite: false },
  { name: 'a -wal of another catalog', damage: foreignWal, verdict: 'bad', by: 'foreign-wal', seenBySqlite: true },
  { name: 'a -wal of a twin catalog', damage: twinWal, verdict: 'bad', by: 'foreign-wal', seenBySqlite: false },
  { name: 'a -wal of another day', damage: staleWal, verdict: 'bad', by: 'foreign-wal', seenBySqlite: true },
  {
    name: 'a -wal taken away, its -shm left',
    damage: walTaken,
    verdict: 'suspect',
    by: 'wal-missing',
    seenBySqlite: false,
  },
  {
    name: 'CURRENT gone from .lrcat-data',
    damage: (world) => dataWithout(world, 'CURRENT'),
    verdict: 'bad',
    by: 'data-incomplete',
    seenBySqlite: false,
  },
  {
    name: 'the manifest gone from .lrcat-data',
    damage: (world) => dataWithout(world, 'MANIFEST-000005'),
    verdict: 'bad',
    by: 'data-incomplete',
    seenBySqlite: false,
  },
  {
    name: 'masks in the catalog and no .lrcat-data',
    damage: ({ catalog }) =>
      tamper(catalog, 'UPDATE Adobe_imageDevelopSettings SET hasBigData = 1 WHERE id_local < 60'),
    verdict: 'bad',
    by: 'data-missing',
    seenBySqlite: false,
  },
]

describe('the corruption matrix', () => {
  for (const { name, damage, verdict, by, seenBySqlite } of MATRIX)
    it(`${name}: ${verdict}${by ? `, by ${by}` : ''}${seenBySqlite || verdict === 'good' ? '' : ', where SQLite sees nothing'}`, () =>
      inWorld(async (world, deps) => {
        makeLibrary(world, MANY)
        damage(world)
        const { judgement, facts } = await backUp(world, deps)
        assert.equal(judgement.verdict, verdict, JSON.stringify(judgement.reasons))
        if (by !== undefined)
          assert.ok(
            judgement.reasons.some(({ code }) => code === by),
            JSON.stringify(judgement.reasons),
          )
        const complaints = [...(facts.quickCheck ?? []), ...(facts.integrityCheck ?? [])]
        const isSeen = complaints.length > 0 || (facts.unreadable !== undefined && facts.sizeBytes > 0)
        assert.equal(isSeen, seenBySqlite)
      }))

  it('an interrupted transaction of Lightroom 6 is undone before anything is read, as SQLite itself would', () =>
    inWorld(async (world, deps) => {
      makeLibrary(world, MANY, { version: 'lr6' })
      const made = path.join(world.folder, 'made.lrcat')
      leaveHotJournal(world.catalog, made, [
        "UPDATE AgLibraryFile SET originalFilename = 'half', idx_filename = id_local",
      ])
      for (const suffix of ['', '-journal']) copyFileSync(`${made}${suffix}`, `${world.catalog}${suffix}`)
      const { judgement, facts } = await backUp(world, deps)
      assert.equal(judgement.verdict, 'good')
      assert.ok((facts.journal?.pagesRestored ?? 0) > 0)
      assert.equal(facts.counts?.files, 300)
    }))

  it('a blob of .lrcat-data that was cut is found by its size, because such files never change', () =>
    inWorld(async (world, deps) => {
      makeLibrary(world, MANY)
      const folder = makeCatalogData(world.catalog, { '000012.blob': 'a mask of some length' })
      await backUp(world, deps)
      truncateSync(path.join(folder, '000012.blob'), 5)
      const { judgement } = await backUp(world, deps)
      assert.deepEqual(
        judgement.reasons.map(({ code }) => code),
        ['data-incomplete'],
      )
    }))

  it('a -wal or a blob that goes missing from a stored backup makes that backup bad, by name', () =>
    inWorld(async (world, deps) => {
      makeLibrary(world, MANY)
      makeCatalogData(world.catalog, { '000012.blob': 'mask' })
      crashed(world)
      const { places, facts } = await backUp(world, deps)
      const backup = places[0]?.result.backup
      assert.ok(backup)
      rmSync(path.join(backup.folder, 'Wedding.lrcat-wal'))
      rmSync(path.join(path.dirname(backup.folder), backup.record.data?.[0]?.storedAs ?? ''))
      const found = await verifyStored(deps, backup)
      const missing = found.filter(({ kind }) => kind === 'missing').map(({ name }) => name)
      const { verdict, reasons } = judgeBackup({ facts, stored: { missing, differing: [] } })
      assert.equal(verdict, 'bad')
      assert.deepEqual(
        reasons.map(({ code }) => code),
        ['wal-missing', 'file-missing'],
      )
    }))

  it('of 200 single-bit flips after the copy the hash finds all, where SQLite finds a few', () =>
    inWorld(async (world, deps) => {
      makeLibrary(world, MANY)
      const original = readFileSync(world.catalog)
      const reference = hashBytes(deps.hash, original)
      const copy = await createPrivateFolder(world.privateParent)
      const flipped = Buffer.from(original)
      const random = sequence(20_240_601)
      let [byHash, bySqlite] = [0, 0]
      for (let flip = 0; flip < 200; flip += 1) {
        const bit = Math.floor(random() * original.length * 8)
        const mask = 1 << (bit & 7)
        flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ mask
        writeFileSync(copy.file, flipped)
        if (hashBytes(deps.hash, readFileSync(copy.file)) !== reference) byHash += 1
        if (judgeBackup({ facts: inspectPrivateCopy(copy, { isThorough: true }) }).verdict !== 'good') bySqlite += 1
        flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ mask
      }
      assert.equal(byHash, 200)
      assert.ok(bySqlite < 200, `${bySqlite} of 200 by opening it`)
    }))

  it('a -wal of a real catalog, laid beside any other real one, is called foreign', async function () {
    if (!hasRealCatalogs()) return void this.skip()
    const wal = path.join(REAL_CATALOGS, 'made-wal-uncheckpointed', 'c.lrcat-wal')
    const others = [
      'lrc12-win/Lightroom Catalog.lrcat',
      'lrc11-win-empty/Lightroom Catalog.lrcat',
      'lrc8-win-empty/Lightroom Catalog.lrcat',
      'lrc7-win-empty/Lightroom Catalog.lrcat',
      'lrc9-mac-series/00_test_catalog_fresh.lrcat',
      'lrc9-mac-series/02_test_catalog_two_more_photos_and_edits.lrcat',
    ]
    await inWorld(async (world) => {
      for (const other of others) {
        const copy = await createPrivateFolder(world.privateParent)
        copyFileSync(path.join(REAL_CATALOGS, other), copy.file)
        copyFileSync(wal, `${copy.file}-wal`)
        const { verdict, reasons } = judgeBackup({ facts: inspectPrivateCopy(copy, { isThorough: true }) })
        assert.equal(verdict, 'bad', other)
        assert.ok(
          reasons.some(({ code }) => code === 'foreign-wal'),
          `${other}: ${JSON.stringify(reasons)}`,
        )
      }
    })
  })
})

function backUp(world: World, deps: WorldDeps) {
  return backUpCatalog(deps, world.catalog, { privateParent: world.privateParent, roots: [world.root] })
}

function sizeOf(file: string): number {
  return readFileSync(file).length
}

function overwrite(file: string, at: number, bytes: Uint8Array): void {
  const content = readFileSync(file)
  content.set(bytes, at)
  writeFileSync(file, content)
}

function anotherDatabase(catalog: string): void {
  tamper(catalog, 'DROP TABLE AgLibraryFile', 'DROP TABLE Adobe_images')
}

/** Enough work that the catalog grew by many pages. */
function crashed(world: World): void {
  const keywords = `INSERT INTO AgLibraryKeyword (id_local, id_global, name) WITH RECURSIVE n(i) AS
    (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) SELECT 500000 + i, 'K' || i, 'keyword ' || i FROM n`
  bringWal(world, world.catalog, [NEW_IMPORT, 'UPDATE Adobe_images SET rating = 3', keywords])
}

function foreignWal(world: World): void {
  const other = path.join(world.folder, 'other.lrcat')
  makeCatalog(other, { identity: 'ANOTHER', roots: { '/elsewhere/': { 'x/': [{ name: 'a.CR3' }] } } })
  bringWal(world, other, [NEW_IMPORT])
}

/** The -wal of another photographer's catalog that has as many rows in the same pages: SQLite replays it and is content. */
function twinWal(world: World): void {
  const twin = path.join(world.folder, 'twin.lrcat')
  makeCatalog(twin, { identity: 'ANOTHER', roots: { [world.photos]: MANY } })
  bringWal(world, twin, ["UPDATE Adobe_variablesTable SET value = value + 1 WHERE name = 'Adobe_entityIDCounter'"])
}

/** Yesterday's -wal came back from a sync program, beside today's catalog. */
function staleWal(world: World): void {
  const yesterday = path.join(world.folder, 'yesterday.lrcat')
  copyFileSync(world.catalog, yesterday)
  const counter = "UPDATE Adobe_variablesTable SET value = value + 1000 WHERE name = 'Adobe_entityIDCounter'"
  tamper(world.catalog, counter, counter, 'UPDATE Adobe_images SET rating = 4')
  const made = path.join(world.folder, 'made.lrcat')
  leaveWal(yesterday, made, [counter])
  copyFileSync(`${made}-wal`, `${world.catalog}-wal`)
}

function bringWal(world: World, from: string, sql: readonly string[]): void {
  const made = path.join(world.folder, 'made.lrcat')
  leaveWal(from, made, sql)
  copyFileSync(`${made}-wal`, `${world.catalog}-wal`)
}

function walTaken({ catalog }: World): void {
  writeFileSync(`${catalog}-shm`, Buffer.alloc(32_768))
}

function dataWithout({ catalog }: World, name: string): void {
  const folder = makeCatalogData(catalog, { '000012.blob': 'mask' })
  rmSync(path.join(folder, name))
  assert.ok(!existsSync(path.join(folder, name)))
}

/** A small generator, so that the same flips are tried on every machine. */
function sequence(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
