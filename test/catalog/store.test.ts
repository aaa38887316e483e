import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'
import { execaSync } from 'execa'
import { backUpCatalog } from '../../helper/catalog/backup.js'
import type { DurableFiles } from '../../helper/files/durable.js'
import { hashBytes } from '../../helper/files/hash.js'
import { freeStamp } from '../../helper/catalog/record.js'
import { listCatalogs, type CatalogFolder } from '../../helper/catalog/store.js'
import { verifyStored } from '../../helper/catalog/wholeness.js'
import { leaveWal, makeCatalog, makeCatalogData, tamper } from '../support/catalog.js'
import { A_MOMENT_MS, contentsOf, inWorld, makeLibrary, type World, type WorldDeps } from '../support/catalog-world.js'
import { attempt, failing } from '../support/catalog-faults.js'

const SHOOT = { '2024/lake/': [{ name: 'IMG_0001.CR3', sidecars: 'xmp' }, { name: 'IMG_0002.jpg' }] }
const DAY_MS = 24 * 60 * 60 * 1000

describe('catalog backups at a place', () => {
  it('a plain gunzip gives the exact bytes of the catalog', () =>
    inWorld(async (world, deps) => {
      makeLibrary(world, SHOOT)
      const { places } = await backUp(world, deps)
      const folder = places[0]?.result.backup.folder ?? ''
      const packed = path.join(folder, 'Wedding.lrcat.gz')
      assert.ok(execaSync('gunzip', ['-c', packed], { encoding: 'buffer' }).stdout instanceof Uint8Array)
      assert.deepEqual(gunzipSync(readFileSync(packed)), readFileSync(world.catalog))
      assert.match(path.relative(world.root, folder), /^Catalogs\/Wedding\/\d{4}-\d{2}-\d{2} \d{4}$/)
      assert.deepEqual(readdirSync(folder).sort(), ['Wedding.lrcat.gz', 'catalog.json'])
    }))

  it('the record names what was found when the backup was opened', () =>
    inWorld(async (world, deps) => {
      makeLibrary(world, SHOOT, { lastBackupMs: A_MOMENT_MS - DAY_MS, keywords: ['lake'] })
      await backUp(world, deps)
      const record = listCatalogs(deps.files, world.root)[0]?.backups[0]?.record
      assert.equal(record?.verdict, 'good')
      assert.deepEqual(record.checks, { quick: 'ok', integrity: 'ok' })
      assert.equal(record.dbVersion, '1200001')
      assert.equal(record.lightroomBackedUpAt, '2024-05-31T12:00:00.000Z')
      assert.equal(record.counts?.files, 2)
      assert.equal(record.counts.missingDevelopRows, 0)
      assert.equal(record.counts.keywords, 1)
    }))

  it('a -wal with committed work is kept with its catalog, as it was', () =>
    inWorld(async (world, deps) => {
      makeLibrary(world, SHOOT)
      const closed = `${world.catalog}.closed`
      leaveWal(world.catalog, closed, ["INSERT INTO AgLibraryImport VALUES (5001, NULL, '2024-07-01T10:00:00Z', NULL)"])
      replaceWith(closed, world.catalog)
      const { places, facts } = await backUp(world, deps)
      const folder = places[0]?.result.backup.folder ?? ''
      assert.deepEqual(readFileSync(path.join(folder, 'Wedding.lrcat-wal')), readFileSync(`${world.catalog}-wal`))
      assert.equal(facts.counts?.imports, 2)
    }))

  it('an unchanged catalog is not stored twice', () =>
    inWorld(async (world, deps) => {
      makeLibrary(world, SHOOT)
      makeCatalogData(world.catalog, { '000012.blob': 'mask' })
      await backUp(world, deps)
      const before = contentsOf(world.root)
      deps.setNow(A_MOMENT_MS + DAY_MS)
      const { places } = await backUp(world, deps)
      assert.equal(places[0]?.result.kind, 'unchanged')
      assert.deepEqual(contentsOf(world.root), before)
    }))

  it('blobs of .lrcat-data are stored once, and listed by every backup that has them', () =>
    inWorld(async (world, deps) => {
      makeLibrary(world, SHOOT)
      makeCatalogData(world.catalog, { '000012.blob': 'mask', '000009.sst': 'table' })
      await backUp(world, deps)
      makeCatalogData(world.catalog, {
        '000013.blob': 'denoise',
        '000012.blob': readBlob(world),
        CURRENT: 'MANIFEST-000005\n',
      })
      tamper(world.catalog, 'UPDATE Adobe_images SET rating = 5')
      deps.setNow(A_MOMENT_MS + DAY_MS)
      await backUp(world, deps)
      const catalog = onlyCatalog(world, deps)
      assert.deepEqual(
        catalog.backups.map(({ record }) => record.data?.length),
        [6, 7],
      )
      const blobs = readdirSync(path.join(catalog.folder, 'data')).filter((name) => name.includes('.blob.'))
      assert.deepEqual(blobs.map((name) => name.slice(0, 11)).sort(), ['000012.blob', '000013.blob'])
    }))

  it('another catalog of the same name gets a folder of its own', () =>
    inWorld(async (world, deps) => {
      makeLibrary(world, SHOOT)
      await backUp(world, deps)
      const other = path.join(world.folder, 'Wedding.lrcat')
      makeCatalog(other, { identity: 'ANOTHER', roots: {} })
      await backUpCatalog(deps, other, { privateParent: world.privateParent, roots: [world.root] })
      assert.deepEqual(
        listCatalogs(deps.files, world.root).map(({ name }) => name),
        ['Wedding', 'Wedding (2)'],
      )
    }))

  it('a backup has one name at every place, and none that another of its minute has anywhere', () =>
    inWorld(async (world, deps) => {
      makeLibrary(world, SHOOT)
      const [first, second] = ['first', 'second'].map((name) => path.join(world.folder, name))
      assert.ok(first !== undefined && second !== undefined)
      for (const root of [first, second]) mkdirSync(root)
      const stamps = async (roots: readonly string[], taken: readonly string[] = []): Promise<string[]> => {
        const { places } = await backUpCatalog(deps, world.catalog, {
          privateParent: world.privateParent,
          roots,
          taken,
        })
        return places.map(({ result }) => result.backup.stamp)
      }
      const [early] = await stamps([first])
      tamper(world.catalog, 'UPDATE Adobe_images SET rating = 1')
      assert.deepEqual(await stamps([second, first]), [`${early} (2)`, `${early} (2)`])
      // Nobody reads a drive that is away, and the journal remembers what it has.
      tamper(world.catalog, 'UPDATE Adobe_images SET rating = 2')
      const remembered = [`${early}`, `${early} (3)`]
      assert.deepEqual(await stamps([second], remembered), [`${early} (4)`])
    }))

  it('a name that is taken is numbered once, so that it is still one of a backup', () => {
    const taken = new Set(['2024-06-01 1200', '2024-06-01 1200 (2)'])
    const free = (wanted: string): string => freeStamp(wanted, (stamp) => taken.has(stamp))
    assert.deepEqual(['2024-06-01 1159', '2024-06-01 1200', '2024-06-01 1200 (2)'].map(free), [
      '2024-06-01 1159',
      '2024-06-01 1200 (3)',
      '2024-06-01 1200 (3)',
    ])
  })

  it('what a broken-off backup left does not stand in the way of the next', () =>
    inWorld(async (world, deps) => {
      makeLibrary(world, SHOOT)
      assert.equal(await attempt(world, { ...deps, files: failing(deps.files, 'link', 2) }, world.root), 'failed')
      await backUp(world, deps)
      const catalog = onlyCatalog(world, deps)
      assert.equal(catalog.unfinished.length, 1)
      assert.deepEqual(
        catalog.backups.map(({ stamp }) => stamp.endsWith('(2)')),
        [true],
      )
    }))

  it('a bit that flips in the stored catalog, or a blob that goes missing, is found by its name', () =>
    inWorld(async (world, deps) => {
      makeLibrary(world, SHOOT)
      makeCatalogData(world.catalog, { '000012.blob': 'mask' })
      const { places } = await backUp(world, deps)
      const backup = places[0]?.result.backup
      assert.ok(backup)
      assert.deepEqual(await verifyStored(deps, backup), [])
      const packed = path.join(backup.folder, 'Wedding.lrcat.gz')
      const bytes = readFileSync(packed)
      bytes[bytes.length >> 1]! ^= 1
      writeFileSync(packed, bytes)
      const blob = backup.record.data?.find(({ name }) => name === '000012.blob')
      rmSync(path.join(path.dirname(backup.folder), blob?.storedAs ?? ''))
      assert.deepEqual(await verifyStored(deps, backup), [
        { name: 'Wedding.lrcat', kind: 'differs' },
        { name: '000012.blob', kind: 'missing' },
      ])
    }))

  it('a catalog that moves while its backup is stored is taken anew, and the half of before does not count', () =>
    inWorld(async (world, deps) => {
      makeLibrary(world, SHOOT)
      makeCatalogData(world.catalog, { '000012.blob': 'mask' })
      let isTouched = false
      const files: DurableFiles = {
        ...deps.files,
        create(file) {
          if (!isTouched) tamper(world.catalog, 'UPDATE Adobe_images SET rating = 5')
          isTouched = true
          return deps.files.create(file)
        },
      }
      await backUp(world, { ...deps, files })
      const { backups } = onlyCatalog(world, deps)
      assert.equal(backups.length, 1)
      assert.equal(backups[0]?.record.files[0]?.hash, hashBytes(deps.hash, readFileSync(world.catalog)))
    }))

  it('nothing in the folder of the live catalog is changed by a backup', () =>
    inWorld(async (world, deps) => {
      makeLibrary(world, SHOOT)
      makeCatalogData(world.catalog, { '000012.blob': 'mask' })
      const before = contentsOf(path.dirname(world.catalog))
      await backUp(world, deps)
      assert.deepEqual(contentsOf(path.dirname(world.catalog)), before)
    }))

  it('a sharp fall of edits makes the backup suspect, by name, unless it is said to be right', () =>
    inWorld(async (world, deps) => {
      const many = Array.from({ length: 60 }, (_, index) => ({ name: `IMG_${index}.CR3` }))
      makeLibrary(world, { 'a/': many })
      await backUp(world, deps)
      tamper(
        world.catalog,
        'DELETE FROM AgLibraryFile WHERE id_local % 2 = 0',
        'DELETE FROM Adobe_images WHERE rootFile NOT IN (SELECT id_local FROM AgLibraryFile)',
        'DELETE FROM AgLibraryImportImage WHERE image NOT IN (SELECT id_local FROM Adobe_images)',
      )
      tamper(
        world.catalog,
        'DELETE FROM Adobe_images WHERE id_local > 300',
        'DELETE FROM AgLibraryImportImage WHERE image > 300',
        'DELETE FROM AgLibraryFile WHERE id_local > 299',
      )
      deps.setNow(A_MOMENT_MS + DAY_MS)
      const { judgement } = await backUp(world, deps)
      assert.equal(judgement.verdict, 'suspect')
      assert.match(judgement.reasons.map(({ message }) => message).join('\n'), /photo files fell from 60 to \d+/)
      tamper(world.catalog, 'UPDATE Adobe_images SET rating = 1')
      const accepted = await backUpCatalog(deps, world.catalog, {
        privateParent: world.privateParent,
        roots: [world.root],
        isFallAccepted: true,
      })
      assert.equal(accepted.judgement.verdict, 'good')
    }))
})

function backUp(world: World, deps: WorldDeps) {
  return backUpCatalog(deps, world.catalog, { privateParent: world.privateParent, roots: [world.root] })
}

function readBlob(world: World): Uint8Array {
  return readFileSync(path.join(path.dirname(world.catalog), 'Wedding.lrcat-data', '000012.blob'))
}

function replaceWith(from: string, to: string): void {
  for (const suffix of ['', '-wal']) {
    if (!existsSync(`${from}${suffix}`)) continue
    writeFileSync(`${to}${suffix}`, readFileSync(`${from}${suffix}`))
    rmSync(`${from}${suffix}`)
  }
}

function onlyCatalog(world: World, deps: WorldDeps): CatalogFolder {
  const [catalog, ...others] = listCatalogs(deps.files, world.root)
  assert.ok(catalog)
  assert.equal(others.length, 0)
  return catalog
}
