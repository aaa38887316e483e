// Access keys in the keychain: what each system's program is told and what it says, with programs that stand in for those that are not here;
// and, where a Linux has it, the real secret-tool with a real keyring.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { PassThrough, Writable } from 'node:stream'
import { execa } from 'execa'
import { askForKey } from '../../helper/cli/ask-for-key.js'
import {
  keychainAccount,
  lookUpCommand,
  parseKey,
  readKey,
  storeCommand,
  storeKey,
  withKeychain,
} from '../../helper/offsite/keychain.js'
import { freshFolder } from '../support/shoots.js'
import { MAIN } from '../support/safelight.js'
import { startDouble } from '../support/s3/double.js'
import { makeBucket } from '../support/s3/fixture.js'

const KEY = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' }
const SYSTEMS = ['darwin', 'win32', 'linux'] as const
const ACCOUNT = 's3:s3.example.com/photos'

describe('the keychain', () => {
  let folder: string
  const before = process.env['PATH']
  beforeEach(() => (folder = freshFolder()))
  afterEach(() => {
    process.env['PATH'] = before
    fs.rmSync(folder, { recursive: true, force: true })
  })

  /** A program on PATH that writes down how it was called, and keeps and gives one secret, as the real one does. */
  function standIn(tool: string): { calls: () => { args: string[]; input: string }[] } {
    const log = path.join(folder, 'calls')
    const body = `#!${process.execPath}
const fs = require('node:fs')
const args = process.argv.slice(2)
const writes = args[0] === 'store' || args[0] === '-i' || args.join(' ').includes('ReadToEnd')
const input = writes ? fs.readFileSync(0, 'utf8') : ''
fs.appendFileSync(${JSON.stringify(log)}, JSON.stringify({ args, input, target: process.env.SAFELIGHT_TARGET }) + '\\n')
const kept = ${JSON.stringify(path.join(folder, 'kept'))}
if (writes) fs.writeFileSync(kept, args[0] === '-i' ? /-w "(.*)"\\n$/.exec(input)[1] : input)
else if (!fs.existsSync(kept)) process.exit(44)
else process.stdout.write(fs.readFileSync(kept, 'utf8') + (args[0] === 'find-generic-password' ? '\\n' : ''))
`
    fs.writeFileSync(path.join(folder, tool), body, { mode: 0o755 })
    process.env['PATH'] = `${folder}:${before ?? ''}`
    return {
      calls: () =>
        fs
          .readFileSync(log, 'utf8')
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line) as { args: string[]; input: string }),
    }
  }

  for (const platform of SYSTEMS) {
    it(`keeps a key and gives it back, and no secret is an argument (${platform})`, async () => {
      const { calls } = standIn(lookUpCommand(ACCOUNT, platform).tool)
      assert.equal(await readKey(ACCOUNT, platform), undefined)
      await storeKey(ACCOUNT, KEY, platform)
      assert.deepEqual(await readKey(ACCOUNT, platform), KEY)
      const all = calls()
      assert.ok(all.some(({ input }) => input.includes(KEY.secretAccessKey)))
      for (const { args } of all) assert.ok(!args.join(' ').includes(KEY.secretAccessKey))
      const { environment = {}, args } = storeCommand(ACCOUNT, KEY, platform)
      assert.ok(!JSON.stringify([environment, args]).includes(KEY.secretAccessKey))
    })
  }

  it('takes for a key what is one, and nothing else', () => {
    assert.deepEqual(parseKey('ID:a/b+c=\n'), { accessKeyId: 'ID', secretAccessKey: 'a/b+c=' })
    assert.deepEqual(parseKey('ID:x\r\n'), { accessKeyId: 'ID', secretAccessKey: 'x' })
    for (const none of ['', '\n', 'ID', 'ID:', ':x', 'ID:a b', '0x49443A78  "ID:x"'])
      assert.equal(parseKey(none), undefined, none)
  })

  it('keeps nothing that could be taken for a command', async () => {
    standIn('security')
    for (const secretAccessKey of ['', 'a"b', 'a\nb', "a'b", 'a b', 'a\\b', '`a`'])
      await assert.rejects(storeKey(ACCOUNT, { ...KEY, secretAccessKey }, 'darwin'), { code: 'USAGE' })
    assert.ok(!fs.existsSync(path.join(folder, 'calls')))
  })

  it('says so when there is no keychain', async () => {
    process.env['PATH'] = folder
    assert.equal(await readKey(ACCOUNT, 'linux'), undefined)
    await assert.rejects(storeKey(ACCOUNT, KEY, 'linux'), { code: 'NOT_AVAILABLE', remedy: /libsecret-tools/ })
  })

  it('is asked after the chain, and the chain’s own word stands when it has nothing', async () => {
    const asked: string[] = []
    const chain = (has: boolean) => () => (has ? Promise.resolve('a profile') : Promise.reject(new Error('no profile')))
    const read = (key?: typeof KEY) => (account: string) => {
      asked.push(account)
      return Promise.resolve(key)
    }
    assert.equal(await withKeychain(chain(true), ACCOUNT, read(KEY))(), 'a profile')
    assert.deepEqual(asked, [])
    assert.deepEqual(await withKeychain(chain(false), ACCOUNT, read(KEY))(), KEY)
    await assert.rejects(withKeychain(chain(false), ACCOUNT, read())(), /no profile/)
    assert.deepEqual(asked, [ACCOUNT, ACCOUNT])
  })

  it('is asked by bucket', () => {
    assert.equal(keychainAccount('https://s3.example.com:9000/', 'photos'), 's3:s3.example.com:9000/photos')
    assert.equal(keychainAccount(undefined, 'photos'), 's3:s3.amazonaws.com/photos')
  })

  it('is filled from a pipe, and what is typed as the secret is not shown', async () => {
    const shown: string[] = []
    const output = new Writable({
      write: (chunk, _encoding, done) => {
        shown.push(String(chunk))
        done()
      },
    })
    const typed = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => undefined })
    const asked = askForKey(typed, output)
    typed.write(`${KEY.accessKeyId}\n`)
    typed.write(`${KEY.secretAccessKey}\n`)
    assert.deepEqual(await asked, KEY)
    assert.ok(!shown.join('').includes(KEY.secretAccessKey))
    const piped = new PassThrough()
    piped.end(` ${KEY.accessKeyId} \n${KEY.secretAccessKey}`)
    assert.deepEqual(await askForKey(piped, output), KEY)
  })

  /** The command as somebody has it who has a keychain and no AWS files. */
  async function backUpWithKeychain(wrap: (program: string, args: string[]) => [string, string[]]): Promise<void> {
    const double = await startDouble('aws')
    try {
      const bucket = await makeBucket(double.url)
      fs.mkdirSync(path.join(folder, 'Wedding'))
      fs.writeFileSync(path.join(folder, 'Wedding', 'IMG_1.CR3'), 'raw')
      const safelight = (args: string[], input = '') => {
        const [program, all] = wrap(process.execPath, [MAIN, ...args, '--home', path.join(folder, 'home')])
        const secret = new Set(['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'])
        const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !secret.has(name)))
        return execa(program, all, { input, reject: false, env: environment, extendEnv: false })
      }
      const add = ['place', 'add', `s3://${bucket}/backup`, '--endpoint', double.url]
      const without = await safelight(add)
      assert.equal(without.exitCode, 31, without.stderr)
      assert.match(without.stderr, /nor in the keychain/)
      const added = await safelight([...add, '--keychain'], 'test\ntestsecret\n')
      assert.equal(added.exitCode, 0, added.stderr)
      const backedUp = await safelight(['backup', path.join(folder, 'Wedding')])
      assert.equal(backedUp.exitCode, 0, backedUp.stderr)
      assert.match(backedUp.stdout, /confirmed by/)
      for (const file of fs.readdirSync(path.join(folder, 'home')).filter((name) => name.startsWith('journal')))
        if (fs.statSync(path.join(folder, 'home', file)).isFile())
          assert.ok(!fs.readFileSync(path.join(folder, 'home', file)).includes('testsecret'), file)
    } finally {
      await double.close()
    }
  }

  it('is where a place finds its key that is in no environment and no profile', async function () {
    this.timeout(120_000)
    standIn('secret-tool')
    await backUpWithKeychain((program, args) => [program, args])
  })

  it('is the real one of a Linux desktop', async function () {
    this.timeout(180_000)
    const tools = await Promise.all(
      ['secret-tool', 'gnome-keyring-daemon', 'dbus-run-session'].map((tool) =>
        execa('which', [tool], { reject: false }),
      ),
    )
    if (tools.some(({ exitCode }) => exitCode !== 0)) {
      console.warn('      left out: secret-tool, gnome-keyring-daemon or dbus-run-session is missing')
      this.skip()
    }
    const kept = path.join(folder, 'user')
    fs.mkdirSync(kept, { mode: 0o700 })
    const program = `
import { readKey, storeKey } from ${JSON.stringify(new URL('../../helper/offsite/keychain.js', import.meta.url).href)}
const key = ${JSON.stringify(KEY)}
if (await readKey('${ACCOUNT}', 'linux')) throw new Error('there is one already')
await storeKey('${ACCOUNT}', key, 'linux')
console.log(JSON.stringify(await readKey('${ACCOUNT}', 'linux')))
`
    const inSession = `printf 'password\\n' | gnome-keyring-daemon --unlock --components=secrets >/dev/null && exec "$@"`
    const { stdout, stderr, exitCode } = await execa(
      'dbus-run-session',
      ['--', 'sh', '-c', inSession, 'sh', process.execPath, '--input-type=module', '-e', program],
      {
        reject: false,
        env: { HOME: kept, XDG_DATA_HOME: kept, XDG_RUNTIME_DIR: kept, XDG_CONFIG_HOME: kept, XDG_CACHE_HOME: kept },
      },
    )
    assert.equal(exitCode, 0, stderr)
    assert.deepEqual(JSON.parse(stdout), KEY)
  })
})
