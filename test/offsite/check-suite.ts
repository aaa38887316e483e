// Runs the list of checks.ts against one server and compares every answer with what is written there for it.
import assert from 'node:assert/strict'
import * as s3 from '@aws-sdk/client-s3'
import { CHECKS, type CheckContext } from '../support/s3/checks.js'
import { makeBucket, rawClient } from '../support/s3/fixture.js'
import { PROFILES, type ProfileName } from '../support/s3/profiles.js'

export function itAnswersAs(profileName: ProfileName, urlOf: () => string): void {
  const { versioning, objectLock } = PROFILES[profileName]
  let context: CheckContext
  const clients: s3.S3Client[] = []
  const client = (more: s3.S3ClientConfig): s3.S3Client => {
    const created = new s3.S3Client({
      endpoint: urlOf(),
      region: 'us-east-1',
      forcePathStyle: true,
      credentials: { accessKeyId: 'test', secretAccessKey: 'testsecret' },
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      maxAttempts: 1,
      logger: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
      ...more,
    })
    clients.push(created)
    return created
  }

  before(async () => {
    const raw = rawClient(urlOf())
    clients.push(raw)
    context = {
      client: raw,
      withSecret: (secretAccessKey) => client({ credentials: { accessKeyId: 'test', secretAccessKey } }),
      withClockOffset: (systemClockOffset) => client({ systemClockOffset }),
      withDefaults: () => client({ requestChecksumCalculation: 'WHEN_SUPPORTED' }),
      plain: await makeBucket(urlOf()),
      versioned: versioning ? await makeBucket(urlOf(), { versioned: true }) : '',
      locked: objectLock ? await makeBucket(urlOf(), { lock: true }) : '',
    }
  })
  after(() => clients.forEach((each) => each.destroy()))

  for (const check of CHECKS) {
    if ((check.needs === 'versions' && !versioning) || (check.needs === 'lock' && !objectLock)) continue
    it(`${check.id}: ${check.except?.[profileName] ?? check.aws}`, async () => {
      assert.equal(await check.run(context), check.except?.[profileName] ?? check.aws)
    })
  }
}
