// A new user's way, in order: set-up in the real page, an import in Lightroom, green only when everything is proven, a drive that is away for
// 31 and 45 days, and back. The helper runs in this process so that its clock can be moved; the page, the bridge, Lightroom's plugin and the
// S3 protocol are the real ones.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Page } from 'playwright-core'
import { installPlugin } from '../../helper/service/plugin-install.js'
import { describeInBrowser, shoot, visit } from '../support/browser.js'
import { makeCatalog } from '../support/catalog.js'
import { LightroomHost } from '../support/lightroom/host.js'
import { makeDng } from '../support/pictures.js'
import { MAIN, PROJECT } from '../support/safelight.js'
import { startDouble, type S3Double } from '../support/s3/double.js'
import { makeBucket, setTestCredentials } from '../support/s3/fixture.js'
import { openWorld, type World } from './world.js'

const DAY = 24 * 60 * 60 * 1000
const SHOOT = 'Weddings/2026-11-20 Anna'

describeInBrowser('the journey of a new user', (browser) => {
  let world: World
  let double: S3Double
  let lightroom: LightroomHost | undefined
  let offsetMs = 0
  const faults: unknown[] = []
  const keepers: { close(): Promise<void> }[] = []

  before(async () => {
    setTestCredentials()
    double = await startDouble('aws')
    world = await openWorld({
      clock: () => Date.now() + offsetMs,
      home: 'user/Library/Application Support/Safelight',
      isOnDisk: true,
    })
  })
  after(async () => {
    lightroom?.kill()
    for (const keeper of keepers) await keeper.close()
    await world.close()
    await double.close()
  })

  async function until(what: string, fact: () => Promise<boolean>): Promise<void> {
    for (let attempt = 0; attempt < 1500; attempt++) {
      if (await fact()) return
      if (lightroom) await lightroom.pass(2)
      else await wait(50)
    }
    assert.fail(
      `not so: ${what}: ${JSON.stringify(await world.call('status/get', {}))} ${faults.map(String).join(' | ')}`,
    )
  }

  const headline = (page: Page, text: RegExp) =>
    page.getByRole('heading', { level: 1, name: text }).waitFor({ timeout: 60_000 })

  it('from nothing to green, to amber, to red, to green', async () => {
    const drive = path.join(world.folder, 'Studio SSD')
    const away = path.join(world.folder, 'away')
    const library = path.join(world.folder, 'internal', 'Weddings')
    const catalog = path.join(world.folder, 'internal', 'Lightroom', 'Wedding.lrcat')
    const originals = path.join(library, '2026-11-20 Anna')
    for (const folder of [drive, originals, path.dirname(catalog)]) fs.mkdirSync(folder, { recursive: true })
    const names = Array.from({ length: 12 }, (_, index) => `IMG_${String(index + 1).padStart(4, '0')}.dng`)
    for (const [index, name] of names.entries()) fs.writeFileSync(path.join(originals, name), makeDng(index + 1))
    makeCatalog(catalog, { roots: { [`${library}/`]: { '2026-11-20 Anna/': names.map((name) => ({ name })) } } })
    const bucket = await makeBucket(double.url, { lock: true })

    const { page, context, complaints } = await visit(browser())
    await page.goto(await world.link())
    await headline(page, /Set up Safelight/)
    await page
      .getByRole('textbox', { name: /folder/ })
      .first()
      .fill(drive)
    await page.getByRole('button', { name: 'Use this drive' }).click()
    await page
      .getByText(/is a place for copies now/)
      .first()
      .waitFor()
    await page.getByRole('textbox', { name: 'Bucket' }).fill(`s3://${bucket}/photos`)
    await page.getByRole('textbox', { name: /Endpoint/ }).fill(double.url)
    await page.getByRole('textbox', { name: /Days/ }).fill('30')
    await page.getByRole('button', { name: 'Use this bucket' }).click()
    await page.locator('.panel').nth(1).getByRole('img', { name: 'chosen' }).waitFor({ timeout: 60_000 })
    await page.getByRole('button', { name: 'Prove it now' }).click()
    await page.getByText(/copied, damaged, found, healed, restored/).waitFor({ timeout: 60_000 })
    await shoot(page, 'journey-1-set-up')

    const onFault = (error: unknown, what: string): void => void faults.push(`${what}: ${String(error)}`)
    keepers.push(
      world.daemon.startQueue({ driveCheckMs: 200, retryMs: 500, sweepMs: 60_000 }, onFault),
      await world.daemon.startCatalogKeeper({ pollMs: 200, retryMs: 500, lookMs: 60_000 }, onFault),
      await world.daemon.startBucketKeeper({ lookMs: 300, retryMs: 500 }, onFault),
    )
    const modules = path.join(world.folder, 'Modules')
    installPlugin({
      home: world.home,
      source: path.join(PROJECT, 'dist', 'Safelight.lrplugin'),
      command: [process.execPath, MAIN],
      version: '0.1.0',
      modules,
    })
    lightroom = await LightroomHost.start({
      plugin: path.join(modules, 'Safelight.lrplugin'),
      home: path.join(world.folder, 'user'),
      catalog,
      roots: [library],
      rate: 40,
      habits: { sendTellsOfLoss: true },
    })
    lightroom.import(names.map((name) => path.join(originals, name)))
    await page.goto(page.url().replace(/#.*/, '#/'))
    const verdictOf = async () => (await world.call('shoots/list', {})).shoots.find(({ id }) => id === SHOOT)
    await until(
      'every photo is verified on the drive',
      async () =>
        ((await verdictOf())?.places.find(({ place }) => place === 'Studio SSD')?.verified ?? 0) === names.length,
    )
    assert.equal(await page.locator('.verdict-good').count(), 0, 'no green before everything is proven')
    await lightroom.quit()
    lightroom = undefined
    await until('everything is proven', async () => (await world.call('status/get', {})).verdict === 'protected')
    await headline(page, /Everything is protected/)
    await shoot(page, 'journey-2-green')

    fs.renameSync(drive, away)
    offsetMs += 31 * DAY + 3_600_000
    await page.locator('.verdict-care, .verdict-unsure').waitFor({ timeout: 60_000 })
    assert.equal(await page.locator('.verdict-good').count(), 0)
    await page.getByText(/"Studio SSD" was not seen for 31 days/).waitFor()
    await page.getByText(/Connect "Studio SSD": it was not seen for long/).waitFor()
    await shoot(page, 'journey-3-amber')

    offsetMs += 15 * DAY
    await page.locator('.verdict-bad').waitFor({ timeout: 60_000 })
    await headline(page, /No restore was rehearsed for too long/)
    await shoot(page, 'journey-4-red')

    fs.renameSync(away, drive)
    await page.goto(page.url().replace(/#.*/, `#/shoot/${encodeURIComponent(SHOOT)}`))
    await page.getByRole('button', { name: 'Rehearse a restore' }).click()
    await page.getByRole('button', { name: 'Rehearse now' }).click()
    await page.getByRole('dialog').getByRole('img', { name: 'done' }).waitFor({ timeout: 60_000 })
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click()
    await page.goto(page.url().replace(/#.*/, '#/'))
    await until('everything is proven again', async () => (await world.call('status/get', {})).verdict === 'protected')
    await headline(page, /Everything is protected/)
    await shoot(page, 'journey-5-green-again')
    assert.deepEqual(complaints, [])
    await context.close()
  }).timeout(240_000)
})
