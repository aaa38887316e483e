import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { backUpCatalog } from '../../helper/catalog/backup.js'
import { chooseBackup, newestOfAny, restoreCatalog } from '../../helper/catalog/restore-catalog.js'
import { listCatalogs, type CatalogFolder } from '../../helper/catalog/store.js'
import { leaveWal, makeCatalogData, makeLock, tamper } from '../support/catalog.js'
import { A_MOMENT_MS, contentsOf, inWorld, makeLibrary, type World, type WorldDeps } from '../support/catalog-world.js'

const SHOOT = { '2024/lake/': [{ name: 'IMG_0001.CR3', sidecars: 'xmp' }] }
const DAY_MS = 24 * 60 * 60 * 1000

describe('catalog restore', () => {
  it('brings the catalog, its -wal and its .lrcat-data of one snapshot back together', () =>
    inWorld(async (world, deps) => {
      makeLibrary(world, SHOOT)
      leaveCrashed(world)
      makeCatalogData(world.catalog, { '000012.blob': 'mask' })
      const live = contentsOf(path.dirname(world.catalog))
      const to = path.join(world.folder, 'restored')
      const { written, catalog } = await restore(world, deps, to)
      assert.deepEqual(contentsOf(to), live)
      assert.equal(written.at(-1), catalog, 'the .lrcat comes last')
    }))

  it('is refused beside a catalog that is open, and nothing is touched', () =>
    inWorld(async (world, deps) => {
      makeLibrary(world, SHOOT)
      const backups = await backedUp(world, deps)
      const to = path.dirname(world.catalog)
      makeLock(world.catalog, 1940)
      deps.setLightroom([1940])
      const before = contentsOf(to)
      await assert.rejects(restoreCatalog(deps, newest(backups), to), { code: 'CATALOG_IN_USE' })
      assert.deepEqual(contentsOf(to), before)
    }))

  it('goes on beside the lock of a crashed Lightroom, says so, and leaves the lock alone', () =>
    inWorld(async (world, deps) => {
      makeLibrary(world, SHOOT)
      const backups = await backedUp(world, deps)
      makeLock(world.catalog, 1940)
      rmSync(world.catalog)
      const restored = await restoreCatalog(deps, newest(backups), path.dirname(world.catalog))
      assert.equal(restored.staleLock?.pid, 1940)
      assert.ok(existsSync(`${world.catalog}.lock`))
    }))

  it('moves a -wal, -shm and -journal of another moment away, so that none is replayed into it', () =>
    inWorld(async (world, deps) => {
      makeLibrary(world, SHOOT)
      const backups = await backedUp(world, deps)
      const to = path.join(world.folder, 'restored')
      mkdirSync(to)
      for (const suffix of ['-wal', '-shm', '-journal'])
        writeFileSync(path.join(to, `Wedding.lrcat${suffix}`), `old ${suffix}`)
      const { movedAway } = await restoreCatalog(deps, newest(backups), to)
      assert.equal(movedAway.length, 3)
      assert.equal(readFileSync(movedAway[0]?.to ?? '', 'utf8'), 'old -wal')
      assert.deepEqual(
        readdirSync(to).filter((name) => /-(wal|shm|journal)$/.test(name)),
        [],
      )
    }))

  it('never writes over another catalog, nor mixes two .lrcat-data folders', () =>
    inWorld(async (world, deps) => {
      makeLibrary(world, SHOOT)
      makeCatalogData(world.catalog, { '000012.blob': 'mask' })
      const backups = await backedUp(world, deps)
      const inTheWay = ['Wedding.lrcat', 'Wedding.lrcat-data/000099.blob', 'Wedding.lrcat-data/CURRENT']
      for (const [index, name] of inTheWay.entries()) {
        const to = path.join(world.folder, `restored ${index}`)
        mkdirSync(path.dirname(path.join(to, name)), { recursive: true })
        writeFileSync(path.join(to, name), 'somebody else’s')
        const before = contentsOf(to)
        await assert.rejects(restoreCatalog(deps, newest(backups), to), { code: 'NAME_TAKEN' }, name)
        assert.deepEqual(contentsOf(to), before)
      }
    }))

  it('may be run again after it was interrupted', () =>
    inWorld(async (world, deps) => {
      makeLibrary(world, SHOOT)
      leaveCrashed(world)
      makeCatalogData(world.catalog, { '000012.blob': 'mask' })
      const backups = await backedUp(world, deps)
      const to = path.join(world.folder, 'restored')
      const first = await restoreCatalog(deps, newest(backups), to)
      rmSync(first.catalog)
      const second = await restoreCatalog(deps, newest(backups), to)
      assert.deepEqual(second.written, [first.catalog])
      assert.deepEqual(second.movedAway, [], 'its own -wal stays')
    }))

  it('refuses a backup that is not whole before anything is written', () =>
    inWorld(async (world, deps) => {
      makeLibrary(world, SHOOT)
      makeCatalogData(world.catalog, { '000012.blob': 'mask' })
      const backups = await backedUp(world, deps)
      const blob = newest(backups).record.data?.find(({ name }) => name === '000012.blob')
      rmSync(path.join(backups.folder, blob?.storedAs ?? ''))
      const to = path.join(world.folder, 'restored')
      await assert.rejects(restoreCatalog(deps, newest(backups), to), { code: 'COPY_MISSING', message: /000012\.blob/ })
      assert.ok(!existsSync(to))
    }))

  it('throws away what does not unpack to the recorded bytes', () =>
    inWorld(async (world, deps) => {
      makeLibrary(world, SHOOT)
      const backups = await backedUp(world, deps)
      const packed = path.join(newest(backups).folder, 'Wedding.lrcat.gz')
      const bytes = readFileSync(packed)
      // One flipped bit may unpack to the same bytes: a copy from another distance in a run of zeros.
      bytes.fill(0xa5, bytes.length >> 1, (bytes.length >> 1) + 64)
      writeFileSync(packed, bytes)
      const to = path.join(world.folder, 'restored')
      await assert.rejects(restoreCatalog(deps, newest(backups), to))
      assert.deepEqual(readdirSync(to), [])
    }))

  it('chooses the newest good backup of the date that was asked for', () =>
    inWorld(async (world, deps) => {
      makeLibrary(world, SHOOT)
      await backedUp(world, deps)
      tamper(world.catalog, 'DELETE FROM Adobe_imageDevelopSettings')
      deps.setNow(A_MOMENT_MS + 2 * DAY_MS)
      const backups = await backedUp(world, deps)
      assert.deepEqual(
        backups.backups.map(({ record }) => record.verdict),
        ['good', 'bad'],
      )
      assert.equal(chooseBackup(backups), backups.backups[0])
      assert.equal(newestOfAny(backups), backups.backups[1])
      assert.equal(chooseBackup(backups, A_MOMENT_MS - DAY_MS), undefined)
    }))
})

async function backedUp(world: World, deps: WorldDeps): Promise<CatalogFolder> {
  await backUpCatalog(deps, world.catalog, { privateParent: world.privateParent, roots: [world.root] })
  const [catalog] = listCatalogs(deps.files, world.root)
  assert.ok(catalog)
  return catalog
}

async function restore(world: World, deps: WorldDeps, to: string) {
  return restoreCatalog(deps, newest(await backedUp(world, deps)), to)
}

function newest({ backups }: CatalogFolder) {
  const backup = backups.at(-1)
  assert.ok(backup)
  return backup
}

/** Lightroom killed with committed work in its -wal. */
function leaveCrashed(world: World): void {
  const made = path.join(world.folder, 'made.lrcat')
  leaveWal(world.catalog, made, ["INSERT INTO AgLibraryImport VALUES (5001, NULL, '2024-07-01T10:00:00Z', NULL)"])
  for (const suffix of ['', '-wal']) writeFileSync(`${world.catalog}${suffix}`, readFileSync(`${made}${suffix}`))
}
