// The first run as a new user meets it: the bare start opens the set-up page, and the same is done in a terminal without one. The system's own
// tools for browsers and login items are stood in for, so that nothing of this computer is changed.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import http from 'node:http'
import { once } from 'node:events'
import path from 'node:path'
import { execa } from 'execa'
import type { Outcome, Place, StatusResult } from '../../shared/methods.js'
import { MAIN, PROJECT } from '../support/safelight.js'
import { startDouble, type S3Double } from '../support/s3/double.js'
import { makeBucket, setTestCredentials } from '../support/s3/fixture.js'
import { scratch, type Scratch } from '../support/tree.js'

interface SetUp extends Outcome {
  readonly steps: readonly { readonly what: string; readonly ok: boolean; readonly detail: string }[]
}

describe('the first run', function () {
  this.timeout(300_000)
  let here: Scratch
  let double: S3Double

  before(async () => {
    setTestCredentials()
    double = await startDouble('aws')
  })
  after(() => double.close())
  beforeEach(() => {
    here = scratch()
    for (const tool of ['xdg-open', 'systemctl'])
      fs.writeFileSync(path.join(here.folder('tools'), tool), `#!/bin/sh\necho "$@" >> ${here.at(tool)}\n`, {
        mode: 0o755,
      })
  })
  afterEach(async () => {
    await run('stop')
    here.remove()
  })

  const environment = () => ({
    PATH: `${here.at('tools')}${path.delimiter}${process.env['PATH'] ?? ''}`,
    HOME: here.folder('user'),
    XDG_CONFIG_HOME: here.at('user', 'config'),
    SAFELIGHT_HOME: here.home,
    DISPLAY: ':7',
  })
  const run = (...args: string[]) =>
    execa(process.execPath, [MAIN, ...args], { env: environment(), reject: false, stdin: 'ignore' })
  const ask = async <T extends Outcome>(...args: string[]): Promise<T> => {
    const { stdout, stderr } = await run(...args, '--json')
    assert.ok(stdout.startsWith('{'), stderr)
    return JSON.parse(stdout) as T
  }
  const status = () => ask<StatusResult>('status')

  it('with no word at all starts the helper and opens its page in the browser, through the same start as a fresh clone', async () => {
    const { exitCode, stdout } = await execa(process.execPath, [path.join(PROJECT, 'build', 'bootstrap.mjs')], {
      env: environment(),
      reject: false,
    })
    assert.equal(exitCode, 0, stdout)
    assert.match(stdout, /its page is open in your browser/)
    const url = fs.readFileSync(here.at('xdg-open'), 'utf8').trim()
    assert.match(url, /^http:\/\/127\.0\.0\.1:\d+\//)
    const [entered] = (await once(http.get(url), 'response')) as [http.IncomingMessage]
    entered.resume()
    assert.equal(entered.statusCode, 303, 'the address lets in, once')
    assert.equal((await status()).helper, 'running')
  })

  it('in a terminal: a drive, how long to keep, the login item, a live proof, and each step says what came of it', async () => {
    const said = await ask<SetUp>('setup', '--yes', '--drive', here.folder('drive'), '--keep-days', '365')
    assert.deepEqual(
      said.steps.map(({ what, ok }) => [what.replace(here.root, ''), ok]),
      [
        ['Drive /drive', true],
        ['Keeping', true],
        ['Starting at login', true],
        ['Live proof', true],
      ],
      JSON.stringify(said),
    )
    assert.match(said.steps.at(-1)?.detail ?? '', /copied, damaged, found, healed, restored/)
    const { retention } = JSON.parse(fs.readFileSync(path.join(here.home, 'config.json'), 'utf8')) as {
      retention: unknown
    }
    assert.deepEqual(retention, [{ keepEarlierDays: 365, keepDeletedDays: 365 }])
    assert.match(fs.readFileSync(here.at('systemctl'), 'utf8'), /--user enable/)
    assert.deepEqual(fs.readdirSync(here.at('drive')), ['Safelight'], 'nothing of the proof is left')
    const again = await ask<SetUp>('setup', '--yes', '--drive', here.at('drive'), '--keep-days', '0')
    assert.ok(again.ok, again.summary)
    assert.match(fs.readFileSync(path.join(here.home, 'config.json'), 'utf8'), /"retention": \[\]/)
    assert.equal((await run('setup', '--keep-days', '1.5')).exitCode, 2)
  })

  it('takes a bucket, and one that does not answer is told and keeps the drive from nothing', async () => {
    const bucket = await makeBucket(double.url, {})
    const good = await ask<SetUp>('setup', '--offsite', `s3://${bucket}/photos`, '--endpoint', double.url, '--yes')
    assert.equal(good.steps[0]?.ok, true, JSON.stringify(good))
    const { places } = await ask<Outcome & { places: Place[] }>('place', 'list')
    assert.deepEqual(
      places.map(({ kind, isOffSite }) => [kind, isOffSite]),
      [['bucket', true]],
    )
    const drive = here.folder('drive')
    const bad = await ask<SetUp>(
      'setup',
      '--drive',
      drive,
      '--offsite',
      's3://no-such-bucket/x',
      '--endpoint',
      double.url,
    )
    assert.deepEqual(
      bad.steps.map(({ ok }) => ok),
      [true, false, true],
      JSON.stringify(bad),
    )
    assert.ok(bad.exitCode >= 30 && bad.exitCode < 40, String(bad.exitCode))
  })
})
