// From the press of Import to a catalog backup that was opened, counted and found whole, with every part real, and with the worst order of
// events in between: the drive away when Lightroom quits, the helper killed, and both back at different times.
import assert from 'node:assert/strict'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'
import fs from 'fs-extra'
import type { StatusResult } from '../../shared/methods.js'
import { makeCatalog, type LiteralPhoto } from '../support/catalog.js'
import { Journey } from './journey.js'

const SHOOT = '2026-11-20 Anna & Ben'

describe('the catalog, from import to a backup that counts', function () {
  this.timeout(180_000)
  let journey: Journey

  beforeEach(async () => {
    journey = await Journey.prepare()
  })
  afterEach(() => journey.end())

  /** The originals, and a catalog of Lightroom's that names them with their sidecars. */
  function library(count: number): string[] {
    const raws = journey.shoot(SHOOT, count)
    writeCatalog([SHOOT])
    return raws
  }

  /** A catalog that names every raw in these folders of the library, as Lightroom leaves it. */
  function writeCatalog(shoots: readonly string[]): void {
    const folders = shoots.map((shoot) => [`${shoot}/`, photosIn(path.join(journey.library, shoot))] as const)
    fs.removeSync(journey.catalog)
    makeCatalog(journey.catalog, { roots: { [`${journey.library}/`]: Object.fromEntries(folders) } })
  }

  function photosIn(folder: string): LiteralPhoto[] {
    const names = fs.readdirSync(folder)
    return names
      .filter((name) => name.endsWith('.CR3'))
      .map((name) => {
        const stem = `${path.parse(name).name}.`
        const sidecars = names.filter((each) => each.startsWith(stem) && each !== name)
        return {
          name,
          sidecars: sidecars.map((each) => each.slice(stem.length)).join(','),
          importedBytes: fs.statSync(path.join(folder, name)).size,
        }
      })
  }

  async function imported(): Promise<Buffer> {
    const raws = library(40)
    const live = fs.readFileSync(journey.catalog)
    await journey.startLightroom()
    journey.host.import(raws)
    await journey.until('every photo verified on the drive', () => journey.isVerified(SHOOT))
    return live
  }

  /** What the status says of the catalog; nothing in the moment in which a helper is just starting. */
  async function lastBackup(): Promise<StatusResult['catalogs'][number] | undefined> {
    const { catalogs } = (await journey.safelight('status')) as Partial<StatusResult>
    return catalogs?.find(({ path: each }) => each === journey.catalog)
  }

  async function assertBackedUp(live: Buffer): Promise<void> {
    await journey.until('the catalog has a good backup', async () => (await lastBackup())?.judgement === 'good')
    const folder = path.join(journey.drive, 'Safelight', 'Catalogs', 'Wedding')
    const stamps = fs.readdirSync(folder).filter((name) => name !== 'data')
    assert.equal(stamps.length, 1)
    const stored = fs.readFileSync(path.join(folder, stamps[0] ?? '', 'Wedding.lrcat.gz'))
    assert.deepEqual(gunzipSync(stored), live)
    assert.deepEqual(fs.readFileSync(journey.catalog), live)
    assert.deepEqual(fs.readdirSync(path.dirname(journey.catalog)), ['Wedding.lrcat'])
    const check = await journey.safelight('catalog', 'check', journey.catalog)
    assert.deepEqual([check['files'], check['findings'], check['exitCode']], [40, [], 0])
  }

  it('import, quit: the catalog is on the drive, opened and whole, and the check of its files finds nothing', async () => {
    const live = await imported()
    await journey.host.quit()
    await assertBackedUp(live)
  })

  it('with the drive away at exit and the helper killed, the backup is made when both are back', async () => {
    const live = await imported()
    const away = `${journey.drive} (unplugged)`
    fs.renameSync(journey.drive, away)
    await journey.host.quit()
    await journey.until(
      'the helper knows that Lightroom has left',
      async () => (await lastBackup())?.closedAt !== undefined,
    )
    await journey.until('the backup is owed', async () => ((await lastBackup())?.owed ?? '') !== '')
    await journey.until('the bridge is gone', async () => (await journey.bridgePids()).length === 0)
    const pid = journey.helperPid()
    assert.ok(pid !== undefined)
    process.kill(pid, 'SIGKILL')
    await journey.until('the helper is gone', async () => (await journey.status()).helper === 'down')
    assert.equal((await lastBackup())?.judgement, undefined)
    await journey.safelight('start')
    assert.equal(fs.existsSync(journey.drive), false, 'nothing was written where the drive should be')
    fs.renameSync(away, journey.drive)
    await assertBackedUp(live)
  })

  it('with the helper killed before the quit, the bridge brings up another one, which makes the backup', async () => {
    const live = await imported()
    const pid = journey.helperPid()
    assert.ok(pid !== undefined)
    process.kill(pid, 'SIGKILL')
    await journey.host.quit()
    await assertBackedUp(live)
  })

  it('photos moved, renamed and deleted inside Lightroom are protected where they are now and keep their earlier copies', async () => {
    await imported()
    await journey.host.quit()
    await journey.until('the catalog has a good backup', async () => (await lastBackup())?.judgement === 'good')
    const [moved, deleted] = ['IMG_0002.CR3', 'IMG_0003.CR3'].map((name) => path.join(journey.library, SHOOT, name))
    assert.ok(moved !== undefined && deleted !== undefined)
    const [movedBytes, deletedBytes] = [fs.readFileSync(moved), fs.readFileSync(deleted)]
    fs.moveSync(moved, path.join(journey.library, 'Selected', 'Anna 1.CR3'))
    fs.removeSync(deleted)
    writeCatalog([SHOOT, 'Selected'])
    await journey.startLightroom()
    await journey.host.waitFor(() => journey.host.log.some((line) => line.includes('connected to Safelight')), Infinity)
    await journey.host.quit()
    await journey.until('the moved photo is verified where it is now', () => journey.isVerified('Selected'))
    journey.assertOnDrive('Selected')
    const copies = path.join(journey.drive, 'Safelight', 'Photos', 'Weddings', SHOOT)
    assert.deepEqual(fs.readFileSync(path.join(copies, 'IMG_0002.CR3')), movedBytes)
    assert.deepEqual(fs.readFileSync(path.join(copies, 'IMG_0003.CR3')), deletedBytes)
    const check = await journey.safelight('catalog', 'check', journey.catalog)
    assert.deepEqual([check['files'], check['findings'], check['exitCode']], [39, [], 0])
  })
})
