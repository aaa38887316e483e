import assert from 'node:assert/strict'
import path from 'node:path'
import fs from 'fs-extra'
import { Journey } from './journey.js'

describe('from the press of Import to a verified second copy', function () {
  this.timeout(120_000)
  let journey: Journey

  beforeEach(async () => {
    journey = await Journey.prepare()
  })
  afterEach(() => journey.end())

  it('300 photos are copied, verified and sealed with no further act, and the helper knows when Lightroom has left', async () => {
    await journey.startLightroom()
    const raws = journey.shoot('2026-11-20 Anna & Ben', 300)
    const before = new Map([journey.contentsOf('2026-11-20 Anna & Ben')])
    for (let at = 0; at < raws.length; at += 30) {
      journey.host.import(raws.slice(at, at + 30))
      await journey.host.pass(3)
    }
    await journey.until('every photo verified on the drive', () => journey.isVerified('2026-11-20 Anna & Ben'))
    await journey.until('the shoot is sealed', () =>
      Promise.resolve(
        fs.existsSync(path.join(journey.drive, 'Safelight/Photos/Weddings/2026-11-20 Anna & Ben/safelight.b3')),
      ),
    )
    await journey.host.quit()
    await journey.until('the helper knows that Lightroom has left', async () =>
      (await journey.status()).catalogs.some((catalog) => catalog.closedAt !== undefined),
    )
    await journey.until('the bridge is gone', async () => (await journey.bridgePids()).length === 0)
    journey.assertOnDrive('2026-11-20 Anna & Ben')
    journey.assertUndisturbed(before)
    assert.equal((await journey.status()).helper, 'running')
  })

  it('a helper that is killed in the middle loses no photo', async () => {
    await journey.startLightroom()
    journey.host.import(journey.shoot('Killed helper', 120))
    await journey.until('the helper runs', () => Promise.resolve(journey.helperPid() !== undefined))
    process.kill(journey.helperPid()!, 'SIGKILL')
    await journey.until('every photo verified on the drive', () => journey.isVerified('Killed helper'))
    await journey.host.quit()
    journey.assertOnDrive('Killed helper')
  })

  it('a bridge that is killed in the middle loses no photo', async () => {
    await journey.startLightroom()
    journey.host.import(journey.shoot('Killed bridge', 120))
    await journey.until('the bridge runs', async () => (await journey.bridgePids()).length > 0)
    for (const pid of await journey.bridgePids()) process.kill(pid, 'SIGKILL')
    await journey.until('every photo verified on the drive', () => journey.isVerified('Killed bridge'))
    await journey.host.quit()
    journey.assertOnDrive('Killed bridge')
  })

  it('a Lightroom that crashes loses no photo: the next start tells what was not told', async () => {
    await journey.startLightroom()
    const raws = journey.shoot('Crash', 120)
    journey.host.import(raws)
    await journey.host.pass(5)
    journey.host.kill()
    await journey.startLightroom()
    journey.host.import(raws)
    await journey.until('every photo verified on the drive', () => journey.isVerified('Crash'))
    journey.assertOnDrive('Crash')
  })

  it('with the drive away the photos stay owed, and are paid by themselves when it comes', async () => {
    const away = `${journey.drive} (unplugged)`
    fs.renameSync(journey.drive, away)
    await journey.startLightroom()
    journey.host.import(journey.shoot('Drive away', 60))
    await journey.until('the photos are known and owed', async () =>
      (await journey.status()).notProtected.some(
        (shoot) =>
          shoot.id === 'Weddings/Drive away' &&
          shoot.missing.some((missing) => missing.includes('no drive for copies is connected')),
      ),
    )
    assert.equal(fs.existsSync(journey.drive), false, 'nothing was written where the drive should be')
    fs.renameSync(away, journey.drive)
    await journey.until('every photo verified on the drive', () => journey.isVerified('Drive away'))
    await journey.host.quit()
    journey.assertOnDrive('Drive away')
  })
})
