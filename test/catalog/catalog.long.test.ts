// The long part of the catalog room: a full disk at every call, a kill at every step, a zip with an entry of more than 4 GiB.
import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import path from 'node:path'
import { execaSync } from 'execa'
import { inspectLightroomBackup } from '../../helper/catalog/lightroom-backups.js'
import { listCatalogs } from '../../helper/catalog/store.js'
import { verifyStored } from '../../helper/catalog/wholeness.js'
import { makeCatalog, makeCatalogData } from '../support/catalog.js'
import { attempt, failing } from '../support/catalog-faults.js'
import { contentsOf, inWorld, makeLibrary } from '../support/catalog-world.js'
import { makeHugeZip } from '../support/catalog-zip.js'

const SHOOT = { '2024/lake/': [{ name: 'IMG_0001.CR3', sidecars: 'xmp' }, { name: 'IMG_0002.jpg' }] }
const BACKUP_ONCE = path.join(import.meta.dirname, 'fixtures', 'backup-once.js')

describe('catalog backups, at length', function () {
  // A busy machine needs minutes for what a quiet one does in seconds.
  this.timeout(3_600_000)

  it('a backup that was broken off does not count, and the next one is whole', () =>
    inWorld(async (world, deps) => {
      makeLibrary(world, SHOOT)
      makeCatalogData(world.catalog, { '000012.blob': 'mask' })
      for (const fault of ['create', 'sync', 'link', 'write', 'syncFolder'] as const) {
        const root = path.join(world.folder, fault, 'Safelight')
        mkdirSync(root, { recursive: true })
        let failures = 0
        while (
          (await attempt(world, { ...deps, files: failing(deps.files, fault, failures + 1) }, root)) === 'failed'
        ) {
          failures += 1
          const counted = listCatalogs(deps.files, root).flatMap(({ backups }) => backups)
          for (const backup of counted) assert.deepEqual(await verifyStored(deps, backup), [], `${fault} ${failures}`)
          rmSync(path.join(root, 'Catalogs'), { recursive: true, force: true })
        }
        assert.ok(failures >= 3, `${fault} was hit ${failures} times`)
        assert.equal(listCatalogs(deps.files, root)[0]?.backups.length, 1)
      }
    }))

  it('kill -9 at every step leaves the live catalog as it was, and the next exit makes a good backup', () =>
    inWorld(async (world, deps) => {
      makeLibrary(world, SHOOT)
      makeCatalogData(world.catalog, { '000012.blob': 'mask'.repeat(100_000) })
      const folder = path.dirname(world.catalog)
      const live = contentsOf(folder)
      const args = [BACKUP_ONCE, world.catalog, world.privateParent, world.root]
      const { steps } = JSON.parse(execaSync(process.execPath, args).stdout) as { steps: number }
      assert.ok(steps > 40, `${steps} steps`)
      for (let step = 1; step <= steps; step += 1) {
        rmSync(path.join(world.root, 'Catalogs'), { recursive: true, force: true })
        const { signal } = execaSync(process.execPath, [...args, String(step)], { reject: false })
        assert.equal(signal, 'SIGKILL', `step ${step} came`)
        assert.deepEqual(contentsOf(folder), live, `killed before step ${step}`)
        for (const { backups } of listCatalogs(deps.files, world.root))
          for (const backup of backups) assert.deepEqual(await verifyStored(deps, backup), [], `step ${step}`)
        execaSync(process.execPath, args)
        const [catalog] = listCatalogs(deps.files, world.root)
        assert.ok(catalog)
        assert.equal(catalog.backups.at(-1)?.record.verdict, 'good')
        for (const backup of catalog.backups) assert.deepEqual(await verifyStored(deps, backup), [])
        assert.deepEqual(readdirSync(world.privateParent), [], 'no private copy is left lying')
        assert.deepEqual(contentsOf(folder), live)
      }
    }))

  it('a zip of Lightroom with an entry of more than 4 GiB is unpacked and opened', () =>
    inWorld(async (world) => {
      const made = path.join(world.folder, 'made.lrcat')
      makeCatalog(made, { roots: { '/p/': { 'a/': [{ name: 'IMG_1.CR3' }] } } })
      const folder = path.join(world.folder, 'Backups', '2024-01-02 0304')
      mkdirSync(folder, { recursive: true })
      const file = path.join(folder, 'Wedding.lrcat.zip')
      const sizeBytes = 4 * 1024 ** 3 + 4096 * 100
      makeHugeZip(file, 'Wedding.lrcat', readFileSync(made), sizeBytes)
      const backup = { stamp: '2024-01-02 0304', folder, file, isZip: true, sizeBytes: statSync(file).size }
      const { judgement, facts } = await inspectLightroomBackup(backup, world.privateParent)
      assert.equal(facts?.sizeBytes, sizeBytes, JSON.stringify(judgement))
      assert.equal(judgement.verdict, 'good')
      assert.equal(facts.counts?.files, 1)
    }))
})
