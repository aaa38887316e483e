// The double answers as its profiles say; ceph.long.test.ts asks the same list of the real store.
import assert from 'node:assert/strict'
import { CHECKS } from '../support/s3/checks.js'
import { startDouble, type S3Double } from '../support/s3/double.js'
import { setTestCredentials } from '../support/s3/fixture.js'
import { PROFILES, type ProfileName } from '../support/s3/profiles.js'
import { itAnswersAs } from './check-suite.js'

describe('the list of checks', () => {
  it('has at least sixty, each with a name of its own', () => {
    assert.ok(CHECKS.length >= 60, String(CHECKS.length))
    assert.equal(new Set(CHECKS.map(({ id }) => id)).size, CHECKS.length)
  })
})

for (const profile of Object.keys(PROFILES) as ProfileName[])
  describe(`the double as ${profile}`, () => {
    let double: S3Double
    before(async () => {
      setTestCredentials()
      double = await startDouble(profile)
    })
    after(() => double.close())
    itAnswersAs(profile, () => double.url)
  })
