// Real catalogs of Lightroom 5 to Classic 12, where they are present beside the project: read, listed and judged as their README says. They
// are copied into a private folder first and never opened in place. On a fresh clone the synthetic ones stand in for them.
import assert from 'node:assert/strict'
import { copyFileSync, cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import path from 'node:path'
import { backUpCatalog } from '../../helper/catalog/backup.js'
import { checkCatalog } from '../../helper/catalog/check.js'
import { inspectPrivateCopy } from '../../helper/catalog/inspect-copy.js'
import { judgeBackup } from '../../helper/catalog/judge.js'
import { findLightroomBackups, inspectLightroomBackup } from '../../helper/catalog/lightroom-backups.js'
import { withPrivateFolder, type PrivateCopy } from '../../helper/catalog/private-copy.js'
import {
  listReferencedFiles,
  readCatalogOutline,
  readCatalogSummary,
  type ReferencedFile,
} from '../../helper/catalog/reader.js'
import { readLock } from '../../helper/catalog/live.js'
import { chooseHashEngine, hashBytes } from '../../helper/files/hash.js'
import { hasRealCatalogs, REAL_CATALOGS } from '../support/catalog.js'
import { contentsOf, inWorld } from '../support/catalog-world.js'

const CATALOGS: readonly (readonly [file: string, dbVersion: string, files: number, imports: number])[] = [
  ['lr5-mac/test_catalog_1.lrcat', '0500006', 4, 2],
  ['lr6-win-empty/Lightroom Catalog.lrcat', '0600008', 0, 0],
  ['lr6-win-while-open/Lightroom Catalog.lrcat', '0600008', 0, 0],
  ['lrc7-win-empty/Lightroom Catalog.lrcat', '0700003', 0, 0],
  ['lrc8-win-empty/Lightroom Catalog.lrcat', '0700003', 0, 0],
  ['lrc9-mac-series/00_test_catalog_fresh.lrcat', '0900000', 5, 1],
  ['lrc9-mac-series/01_test_catalog_gps_captions_collections_keywords.lrcat', '0900000', 5, 1],
  ['lrc9-mac-series/02_test_catalog_two_more_photos_and_edits.lrcat', '0900000', 7, 2],
  ['lrc9-mac-series/03_test_catalog_more_face_tags_gps_edit.lrcat', '0900000', 7, 2],
  ['lrc11-win-empty/Lightroom Catalog.lrcat', '1100000', 0, 0],
  ['lrc12-win/Lightroom Catalog.lrcat', '1200001', 1, 1],
  ['made-wal-uncheckpointed/c.lrcat', '0900000', 7, 4],
]

describe('real catalogs', function () {
  before(function () {
    if (hasRealCatalogs()) return
    console.log(`    not here: ${REAL_CATALOGS}`)
    this.skip()
  })

  for (const [file, dbVersion, files, imports] of CATALOGS)
    it(`${file} is read, listed and good`, () =>
      withCopy(file, async (copy) => {
        const facts = inspectPrivateCopy(copy, { isThorough: true })
        assert.deepEqual(judgeBackup({ facts }), { verdict: 'good', reasons: [] })
        assert.equal(facts.versions?.dbVersion, dbVersion)
        assert.equal(facts.counts?.missingDevelopRows, 0)
        assert.equal(facts.counts.imports, imports)
        assert.equal((await list(copy)).length, files)
      }))

  it('the two imports that were committed to the -wal only are there, and the uncommitted third is not', () =>
    withCopy('made-wal-uncheckpointed/c.lrcat', async (copy) => {
      const ids = (await readCatalogSummary(copy)).imports.map(({ id }) => id)
      assert.deepEqual(ids.slice(-2), [900_001, 900_002])
    }))

  it('without its -wal the same catalog is as good to SQLite and has lost them', () =>
    withCopy('made-wal-uncheckpointed/c.lrcat', async (copy) => {
      rmSync(`${copy.file}-wal`)
      assert.deepEqual(inspectPrivateCopy(copy, { isThorough: true }).integrityCheck, [])
      assert.equal((await readCatalogSummary(copy)).imports.length, 2)
    }))

  it('paths are joined and kept as they were stored: macOS, Windows, Korean, decomposed', async () => {
    await withCopy('lr5-mac/test_catalog_1.lrcat', async (copy) => {
      const [raw] = await list(copy)
      assert.ok(raw)
      assert.equal(raw.path, `${raw.rootPath}${raw.folder}_MAX7667.NEF`)
      assert.deepEqual(raw.sidecars, ['xmp'])
      assert.equal(raw.importedBytes, 14_114_354)
    })
    await withCopy('lrc12-win/Lightroom Catalog.lrcat', async (copy) => {
      const [picture] = await list(copy)
      assert.match(picture?.path ?? '', /^C:\/Users\/.*\/KakaoTalk_20230703_213520056_04\.jpg$/)
      assert.match(picture?.path ?? '', /[가-힣]/)
    })
  })

  it('the third field of importHash is the size of the very file, 7 of 7', () =>
    withCopy('lrc9-mac-series/03_test_catalog_more_face_tags_gps_edit.lrcat', async (copy) => {
      const files = await list(copy)
      assert.equal(files.length, 7)
      for (const { name, importedBytes } of files)
        assert.equal(
          statSync(path.join(REAL_CATALOGS, 'lrc9-mac-series', 'test_photos', name)).size,
          importedBytes,
          name,
        )
    }))

  it('a check of a catalog of another machine says that its drive is away, and nothing else', () =>
    withCopy('lrc12-win/Lightroom Catalog.lrcat', async (copy) => {
      const deps = { lookUp: () => Promise.resolve([]), now: () => 0 }
      const result = await checkCatalog(deps, copy, { catalog: '/nowhere/Lightroom Catalog.lrcat', withPlaces: true })
      assert.deepEqual(result.findings, [])
      assert.equal(result.offlineRoots[0]?.files, 1)
      if (process.platform !== 'win32') assert.match(result.offlineRoots[0].message, /Windows machine/)
    }))

  it('the lock of an open Lightroom 6 is read, and its zeroed -journal is not taken for a hot one', () =>
    inWorld(async (world, deps) => {
      for (const suffix of ['', '.lock', '-journal'])
        copyFileSync(
          path.join(REAL_CATALOGS, 'lr6-win-while-open', `Lightroom Catalog.lrcat${suffix}`),
          `${world.catalog}${suffix}`,
        )
      assert.equal((await readLock(world.catalog))?.pid, 1940)
      deps.setLightroom([1940])
      const options = { privateParent: world.privateParent, roots: [world.root] }
      await assert.rejects(backUpCatalog(deps, world.catalog, options), { code: 'CATALOG_IN_USE' })
      deps.setLightroom([])
      const backup = await backUpCatalog(deps, world.catalog, options)
      assert.equal(backup.judgement.verdict, 'good')
      assert.equal(backup.staleLock?.pid, 1940)
      assert.deepEqual(
        backup.places[0]?.result.backup.record.files.map(({ role }) => role),
        ['catalog'],
      )
    }))

  it('a real .lrcat-data is backed up with its catalog and named whole', () =>
    inWorld(async (world, deps) => {
      const source = path.join(REAL_CATALOGS, 'lrc12-win')
      copyFileSync(path.join(source, 'Lightroom Catalog.lrcat'), world.catalog)
      const data = path.join(path.dirname(world.catalog), 'Wedding.lrcat-data')
      copyFolder(path.join(source, 'Lightroom Catalog.lrcat-data'), data)
      const backup = await backUpCatalog(deps, world.catalog, {
        privateParent: world.privateParent,
        roots: [world.root],
      })
      assert.deepEqual(backup.judgement, { verdict: 'good', reasons: [] })
      assert.equal(backup.places[0]?.result.backup.record.data?.length, Object.keys(contentsOf(data)).length)
    }))

  it('Lightroom’s own backups are found, opened and counted: 0, 0 and 12 files', async () => {
    const backups = await findLightroomBackups(path.join(REAL_CATALOGS, 'lrc9-win-backups', 'Lightroom Catalog.lrcat'))
    assert.deepEqual(
      backups.map(({ stamp }) => stamp),
      ['2020-06-10 1000', '2020-12-26 0947', '2021-07-17 1452'],
    )
    await inWorld(async (world) => {
      const counted: (number | undefined)[] = []
      for (const backup of backups) {
        const { facts, judgement } = await inspectLightroomBackup(backup, world.privateParent)
        assert.equal(judgement.verdict, 'good')
        counted.push(facts?.counts?.files)
      }
      assert.deepEqual(counted, [0, 0, 12])
    })
  })

  it('none of all this has touched the originals of these tests', () => {
    const engine = chooseHashEngine()
    const listed = [
      ...readFileSync(path.join(REAL_CATALOGS, 'README.md'), 'utf8').matchAll(
        /^\| `([^`]+)` \| (\d+) \| `([0-9a-f]{64})`/gm,
      ),
    ]
    assert.ok(listed.length > 30)
    for (const [, file, , hash] of listed)
      assert.equal(hashBytes(engine, readFileSync(path.join(REAL_CATALOGS, file ?? ''))), hash, file)
  })
})

async function withCopy(file: string, use: (copy: PrivateCopy) => Promise<void>): Promise<void> {
  await inWorld((world) =>
    withPrivateFolder(world.privateParent, async (copy) => {
      const from = path.join(REAL_CATALOGS, file)
      copyFileSync(from, copy.file)
      if (existsSync(`${from}-wal`)) copyFileSync(`${from}-wal`, `${copy.file}-wal`)
      await use(copy)
    }),
  )
}

async function list(copy: PrivateCopy): Promise<ReferencedFile[]> {
  const files: ReferencedFile[] = []
  for await (const slice of listReferencedFiles(copy, await readCatalogOutline(copy))) files.push(...slice)
  return files
}

function copyFolder(from: string, to: string): void {
  cpSync(from, to, { recursive: true })
  assert.deepEqual(readdirSync(to), readdirSync(from))
}
