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
})
