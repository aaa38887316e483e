// Everything that can be typed or found wrong about a bucket, through the real program: each has its sentence and an exit code of 30–39, and
// nothing is written down as a place.
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { execa } from 'execa'
import { Journal } from '../../helper/journal/journal.js'
import { listPlaces } from '../../helper/journal/places.js'
import type { DoctorResult, Outcome } from '../../shared/methods.js'
import { answerOf, MAIN, type Failed } from '../support/safelight.js'
import { startDouble, type S3Double } from '../support/s3/double.js'
import { EXPIRED_CERTIFICATE, EXPIRED_KEY } from '../support/s3/expired-certificate.js'
import { openTestStore, makeBucket, setTestCredentials } from '../support/s3/fixture.js'
import { putOf } from '../offsite/store-contract.js'
import { freshFolder } from '../support/shoots.js'

interface Wrong {
  readonly what: string
  readonly args: readonly string[]
  readonly exit: number
  readonly words: RegExp
  readonly secret?: string
  readonly store?: S3Double
}

describe('the command line and a bucket that is wrong', function () {
  // Two dozen processes, each of which asks a store.
  this.timeout(5 * 60_000)
  let good: S3Double
  let suspended: S3Double
  let full: S3Double
  let root: string
  let bucket: string
  let locking: string

  before(async () => {
    setTestCredentials()
    root = freshFolder()
    good = await startDouble('ceph16')
    suspended = await startDouble('aws')
    full = await startDouble('aws')
    bucket = await makeBucket(good.url)
    locking = await makeBucket(good.url, { lock: true })
    for (const store of [suspended, full]) store.state.createBucket(bucket, false)
    suspended.account = { status: 403, code: 'UserSuspended' }
    full.state.quotaBytes = 1
  })
  after(async () => {
    rmSync(root, { recursive: true, force: true })
    await Promise.all([good.close(), suspended.close(), full.close()])
  })

  async function say(home: string, args: readonly string[], secret = 'testsecret'): Promise<Outcome> {
    const said = await execa(process.execPath, [MAIN, ...args, '--json'], {
      reject: false,
      stdin: 'ignore',
      env: { SAFELIGHT_HOME: home, AWS_SECRET_ACCESS_KEY: secret },
    })
    const { exitCode = -1, stdout, stderr } = said
    assert.ok(!`${stdout}${stderr}`.includes('testsecret'), 'no secret is printed')
    return answerOf({ exitCode, stdout, stderr }, args)
  }

  const at = (url: string, ...more: string[]): string[] => ['--endpoint', url, ...more]

  it('says what is wrong, with an exit code of its tens, and knows no place afterwards', async () => {
    const taken = openTestStore(good.url, bucket)
    await taken.put(putOf('others/holiday.jpg', Buffer.from('x')))
    await taken.put(putOf('theirs/laptop-12345678/place.json', Buffer.from('{}')))
    taken.close()
    const url = `s3://${bucket}/backup`
    const wrong: readonly Wrong[] = [
      { what: 'address', args: ['s3://X', ...at(good.url)], exit: 35, words: /cannot be a bucket/ },
      { what: 'prefix', args: [`s3://${bucket}/a//b`, ...at(good.url)], exit: 35, words: /empty part/ },
      { what: 'plain HTTP', args: [url, ...at('http://store.example')], exit: 35, words: /unencrypted/ },
      {
        what: 'no such bucket',
        args: ['s3://no-such-bucket/backup', ...at(good.url)],
        exit: 35,
        words: /no such bucket/,
      },
      {
        what: 'secret',
        args: [url, ...at(good.url)],
        secret: 'wrong',
        exit: 31,
        words: /does not accept the access key/,
      },
      {
        what: 'no key at all',
        args: [url, ...at(good.url)],
        secret: '',
        exit: 31,
        words:
          /neither in the environment that Safelight was started with, nor in the AWS credentials file, nor in the keychain/,
      },
      { what: 'profile', args: [url, ...at(good.url, '--profile', 'nobody')], exit: 31, words: /No access key/ },
      { what: 'endpoint', args: [url, ...at('http://127.0.0.1:9')], exit: 30, words: /could not be reached/ },
      { what: 'suspended', args: [url, ...at(suspended.url)], exit: 34, words: /suspended/ },
      { what: 'full', args: [url, ...at(full.url)], exit: 33, words: /is full/ },
      { what: 'foreign files', args: [`s3://${bucket}/others`, ...at(good.url)], exit: 35, words: /Other things lie/ },
      {
        what: 'inside another computer’s tree',
        args: [`s3://${bucket}/theirs/laptop-12345678`, ...at(good.url)],
        exit: 35,
        words: /itself the folder of a computer/,
      },
      { what: 'no lock', args: [url, ...at(good.url, '--lock-days', '30')], exit: 37, words: /Object Lock is off/ },
      {
        what: 'storage class',
        args: [`s3://${locking}/backup`, ...at(good.url, '--storage-class', 'NO_SUCH_CLASS')],
        exit: 38,
        words: /no storage class NO_SUCH_CLASS/,
      },
      { what: 'usage', args: [url, ...at(good.url, '--lock-mode', 'governance')], exit: 2, words: /needs --lock-days/ },
      { what: 'rate', args: [url, ...at(good.url, '--limit', 'fast')], exit: 2, words: /is no rate/ },
    ]
    await allOf(wrong, async ({ what, args, exit, words, secret }) => {
      const home = path.join(root, `home ${what}`)
      const answer = (await say(home, ['place', 'add', ...args], secret)) as Failed
      assert.equal(answer.exitCode, exit, `${what}: ${answer.summary}`)
      assert.match(answer.message, words, what)
      assert.ok(answer.remedy.length > 0, what)
      assert.deepEqual(placesKnown(home), [], what)
    })
  })

  it('refuses a store that cannot prove who it is', async () => {
    const server = createServer({ key: EXPIRED_KEY, cert: EXPIRED_CERTIFICATE }, (_, response) => response.end())
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
    const answer = (await say(path.join(root, 'tls'), ['place', 'add', `s3://${bucket}/x`, ...at(url)])) as Failed
    await new Promise((resolve) => server.close(resolve))
    assert.equal(answer.exitCode, 30)
    assert.match(answer.message, /certificate/)
  })

  it('corrects a clock that is off by an hour, offers versioning, and keeps no secret', async () => {
    const home = path.join(root, 'clock')
    good.clockOffsetMs = 3_600_000
    const url = `s3://${bucket}/clock`
    const added = await say(home, ['place', 'add', url, ...at(good.url)])
    assert.equal(added.exitCode, 0, added.summary)
    assert.match(JSON.stringify(added), /keeps no old versions/)
    assert.match(JSON.stringify(added), /key was taken from the environment .* add the place again with --profile/)
    assert.match(JSON.stringify(added), /no rule that aborts unfinished uploads below clock\/\S+ after 7 days/)
    assert.equal(good.state.buckets.get(bucket)?.lifecycle, undefined, 'nothing was set unasked')
    const again = await say(home, ['place', 'add', url, ...at(good.url, '--yes')])
    good.clockOffsetMs = 0
    assert.equal(again.exitCode, 0, again.summary)
    assert.doesNotMatch(JSON.stringify(again), /keeps no old versions|aborts unfinished uploads/)
    const rules = good.state.buckets.get(bucket)?.lifecycle ?? ''
    assert.match(rules, /<Prefix>clock\/[^<]+\/<\/Prefix>/)
    assert.match(rules, /<DaysAfterInitiation>7</)
    assert.equal(good.state.buckets.get(bucket)?.versioning, 'Enabled')
    for (const name of ['journal.sqlite', 'journal.sqlite-wal'])
      if (existsSync(path.join(home, name))) assert.ok(!readFileSync(path.join(home, name)).includes('testsecret'))

    const renamed = await say(home, ['place', 'rename', url, 'Far away'])
    assert.equal(renamed.exitCode, 0, renamed.summary)
    const removed = await say(home, ['place', 'remove', 'Far away'])
    assert.match(removed.summary, /was not touched/)
  })

  it('the doctor prints what any store really does', async () => {
    const home = path.join(root, 'doctor')
    const answer = (await say(home, ['doctor', `s3://${locking}/try`, ...at(good.url)])) as DoctorResult
    assert.equal(answer.exitCode, 0, answer.summary)
    const answers = new Map(answer.probe?.findings.map(({ id, answer: said }) => [id, said]))
    assert.equal(answers.get('lock'), 'yes')
    assert.equal(answers.get('multipart-lock'), 'no')
    assert.ok((answer.probe?.findings.length ?? 0) > 15)
  })

  it('a drive that is kept elsewhere is off-site, and has no endpoint', async () => {
    const home = path.join(root, 'drive')
    const folder = path.join(root, 'friend')
    mkdirSync(folder)
    const added = await say(home, ['place', 'add', folder, '--location', 'off-site'])
    assert.match(JSON.stringify(added), /"isOffSite":true/)
    const wrong = await say(home, ['place', 'add', folder, '--endpoint', good.url])
    assert.equal(wrong.exitCode, 2)
  })
})

function placesKnown(home: string): readonly string[] {
  if (!existsSync(path.join(home, 'journal.sqlite'))) return []
  const journal = Journal.open(home)
  try {
    return listPlaces(journal).map(({ path: where }) => where)
  } finally {
    journal.close()
  }
}

/** A few at once: each is a process that does little but start. */
async function allOf<T>(cases: readonly T[], check: (each: T) => Promise<void>): Promise<void> {
  const waiting = [...cases]
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await check(next)
  }
  await Promise.all([work(), work(), work()])
}
