// Canaries: secrets with names that appear nowhere else are given to Safelight wherever it takes secrets, and then everything that it wrote,
// said or passed on is searched for them: its home, the drive, the bucket, its output, the arguments of its processes, what it says when it
// breaks. They may lie where they were put, and nowhere else.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { execa } from 'execa'
import { readEndpoint } from '../../helper/service/endpoint.js'
import { MAIN } from '../support/safelight.js'
import { freshFolder, makeTree } from '../support/shoots.js'
import { startDouble, type S3Double } from '../support/s3/double.js'
import { makeBucket } from '../support/s3/fixture.js'

/** The double knows this pair alone; the name is short and common, so only the second half is searched for. */
const AWS_SECRET = 'testsecret'
const WRONG_SECRET = 'canary-aws-secret-4711-wrong'
const SMTP_PASSWORD = 'canary-smtp-password-4711'

describe('secrets', () => {
  let double: S3Double
  const root = freshFolder()
  const home = path.join(root, 'home')
  const at = (...parts: string[]): string => path.join(root, ...parts)
  const heard: string[] = []

  before(async () => {
    double = await startDouble('aws')
  })
  after(async () => {
    await double.close()
    fs.rmSync(root, { recursive: true, force: true })
  })

  const run = async (secret: string, ...args: string[]): Promise<number> => {
    const { exitCode, stdout, stderr } = await execa(process.execPath, [MAIN, ...args, '--home', home], {
      reject: false,
      stdin: 'ignore',
      env: {
        HOME: at('user'),
        AWS_ACCESS_KEY_ID: 'test',
        AWS_SECRET_ACCESS_KEY: secret,
        SAFELIGHT_SMTP_PASSWORD: SMTP_PASSWORD,
      },
    })
    heard.push(stdout, stderr)
    return exitCode ?? -1
  }

  it('appear in no file, no object, no output and no argument, in success, failure and collapse', async function () {
    this.timeout(180_000)
    makeTree(at('Pictures', 'Shoot'), { 'IMG_1.CR3': 3000, 'IMG_1.xmp': 'x' })
    fs.mkdirSync(at('Drive'))
    fs.mkdirSync(at('user'))
    const bucket = await makeBucket(double.url, { lock: true })
    const url = `s3://${bucket}/backup`
    await run(WRONG_SECRET, 'place', 'add', url, '--endpoint', double.url, '--yes')
    await run(AWS_SECRET, 'place', 'add', at('Drive'))
    assert.equal(await run(AWS_SECRET, 'place', 'add', url, '--endpoint', double.url, '--yes'), 0, heard.at(-2))
    await run(AWS_SECRET, 'backup', at('Pictures', 'Shoot'), '--json')
    await run(WRONG_SECRET, 'backup', at('Pictures', 'Shoot'), '--json')
    assert.equal(await run(AWS_SECRET, 'start', '--json'), 0)
    const token = readEndpoint(home)?.token ?? ''
    assert.match(token, /^[0-9a-f]{64}$/)
    const args = process.platform === 'linux' ? argumentsOf(readEndpoint(home)?.pid ?? 0) : ''
    await run(AWS_SECRET, 'status')
    await run(AWS_SECRET, 'doctor', '--json')
    await run(AWS_SECRET, 'stop', '--json')
    // A collapse: what is wrong is none of our errors, and whatever Node has to say is said.
    fs.rmSync(path.join(home, 'journal.sqlite'))
    fs.mkdirSync(path.join(home, 'journal.sqlite'))
    assert.notEqual(await run(AWS_SECRET, 'status'), 0)

    const canaries = [AWS_SECRET, WRONG_SECRET, SMTP_PASSWORD, token]
    const places: readonly (readonly [string, string])[] = [
      ...filesBelow(home),
      ...filesBelow(at('Drive')),
      ...objectsIn(double, bucket),
      ['output', heard.join('\n')],
      ['arguments', args],
    ]
    const found = places.flatMap(([where, text]) =>
      canaries.filter((each) => text.includes(each)).map((each) => `${where}: ${each.slice(0, 20)}`),
    )
    assert.deepEqual(found, [])
    assert.ok(places.length > 10)
  })
})

/** Latin-1 keeps every byte, so that a secret within other bytes is found too. */
function filesBelow(folder: string): [string, string][] {
  return fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .map((file) => [file, fs.readFileSync(file, 'latin1')])
}

function objectsIn(double: S3Double, bucket: string): [string, string][] {
  return [...(double.state.buckets.get(bucket)?.objects ?? [])].flatMap(([key, versions]) =>
    versions
      .filter(({ isMarker }) => !isMarker)
      .map((version): [string, string] => [
        key,
        `${fs.readFileSync(version.file, 'latin1')}${JSON.stringify(version.metadata)}`,
      ]),
  )
}

function argumentsOf(pid: number): string {
  return fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8')
}
