// One mishap each, at a chosen moment; draws of several at once are in import.long.test.ts, a killed helper in import.test.ts.
import assert from 'node:assert/strict'
import fs from 'fs-extra'
import { Journey } from './journey.js'

describe('an import with one mishap', function () {
  this.timeout(120_000)
  let journey: Journey

  beforeEach(async () => {
    journey = await Journey.prepare()
  })
  afterEach(() => journey.end())

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
