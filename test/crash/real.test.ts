import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { checkManifests, freshFolder, makeTree, readTree, temporariesBelow } from '../support/shoots.js'

const MAIN = fileURLToPath(new URL('../../helper/main.js', import.meta.url))
const FILES = 200

interface End {
  readonly code: number | null
  readonly signal: string | null
  /** On stdout. */
  readonly answer: string
  readonly said: string
}

/** Runs the real command line. @param meanwhile  given the process as soon as it runs */
function safelight(args: readonly string[], meanwhile?: (kill: () => void) => void): Promise<End> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    let answer = ''
    child.stdout.on('data', (data: Buffer) => (answer += data.toString('utf8')))
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (data: Buffer) => {
        said += data.toString('utf8')
      })
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ code, signal, answer, said }))
    meanwhile?.(() => child.kill('SIGKILL'))
  })
}

/** Calls back when the drive holds this many names, which is a fact of the run and no guess at its speed. */
function whenThere(folder: string, count: number, act: () => void): void {
  const look = (): void => {
    const names = fs.existsSync(folder) ? fs.readdirSync(folder).length : 0
    if (names >= count) act()
    else setTimeout(look, 2).unref()
  }
  look()
}

describe('the real command line on real disks', () => {
  let root: string
  const at = (name: string): string => path.join(root, name)
  const undo: (() => void)[] = []

  beforeEach(() => {
    root = freshFolder()
    makeTree(at('Shoot'), Object.fromEntries(Array.from({ length: FILES }, (_, n) => [`IMG_${n}.CR3`, 20_000 + n])))
    fs.mkdirSync(at('Drive'))
  })
  afterEach(() => {
    for (const each of undo.splice(0).reverse()) each()
    fs.rmSync(root, { recursive: true, force: true })
  })

  const backup = (meanwhile?: (kill: () => void) => void): Promise<End> =>
    safelight(['backup', at('Shoot'), '--to', at('Drive'), '--home', at('home'), '--json'], meanwhile)

  async function assertFinishes(): Promise<void> {
    const end = await backup()
    assert.equal(end.code, 0, end.said)
    const copies = readTree(at('Drive/Safelight/Photos/Shoot'))
    for (const [name, { hash }] of readTree(at('Shoot'))) assert.equal(copies.get(name)?.hash, hash, name)
    assert.deepEqual(checkManifests(at('Drive')), [])
    assert.deepEqual(temporariesBelow(at('Drive')), [])
    const checked = await safelight(['verify', '--home', at('home')])
    assert.equal(checked.code, 0, checked.said)
  }

  /** Mounts, or says why this machine cannot. */
  function mount(context: Mocha.Context, where: string, ...args: readonly string[]): void {
    try {
      execFileSync('mount', [...args, where], { stdio: 'pipe' })
    } catch (error) {
      console.log(`      skipped: this user cannot mount here (${String(error).split('\n')[0] ?? ''})`)
      context.skip()
    }
    undo.push(() => {
      try {
        execFileSync('umount', ['-l', where], { stdio: 'pipe' })
      } catch (error) {
        if (!/not mounted|no mount point/.test(String(error))) throw error
      }
    })
  }

  it('killed in the middle, it finishes by itself', async function () {
    this.timeout(120_000)
    const end = await backup((stop) => whenThere(at('Drive/Safelight/Photos/Shoot'), 40, stop))
    assert.ok(end.signal === 'SIGKILL' || end.code === 0, end.said)
    await assertFinishes()
  })

  it('a drive that is really full says so, keeps what is whole, and is finished when there is room', async function () {
    this.timeout(120_000)
    execFileSync('truncate', ['-s', '8M', at('disk.img')])
    execFileSync('mkfs.ext4', ['-q', '-m', '0', at('disk.img')])
    mount(this, at('Drive'), '-o', 'loop', at('disk.img'))
    const filler = at('Drive/holiday.mov')
    const end = await backup(() => {
      // Fills up behind Safelight's back, after it has seen that there is room.
      whenThere(at('Drive/Safelight/Photos/Shoot'), 3, () => {
        try {
          fs.writeFileSync(filler, Buffer.alloc(8_000_000))
        } catch (error) {
          assert.match(String(error), /ENOSPC/)
        }
      })
    })
    assert.equal(end.code, 22, end.said)
    fs.rmSync(filler)
    await assertFinishes()
  })

  it('a home on a disk that is really full is named, is not called damaged, and goes on when there is room', async function () {
    this.timeout(120_000)
    fs.mkdirSync(at('home'))
    // Too little for a new journal; enough for one, and not for what this shoot makes of it.
    mount(this, at('home'), '-t', 'tmpfs', '-o', 'size=40k', 'tmpfs')
    for (const size of ['40k', '256k']) {
      execFileSync('mount', ['-o', `remount,size=${size}`, at('home')])
      const end = await backup()
      assert.deepEqual([end.code, (JSON.parse(end.answer) as { ok: boolean }).ok], [43, false], end.said)
      assert.match(end.answer, /disk/)
      assert.doesNotMatch(end.answer, /damaged|rebuild/)
    }
    execFileSync('mount', ['-o', 'remount,size=16m', at('home')])
    await assertFinishes()
  })

  it('a drive that is really pulled gets nothing written below its mount point', async function () {
    this.timeout(120_000)
    fs.mkdirSync(at('disk'))
    mount(this, at('Drive'), '--bind', at('disk'))
    const end = await backup(() => {
      whenThere(at('Drive/Safelight/Photos/Shoot'), 3, () => execFileSync('umount', ['-l', at('Drive')]))
    })
    assert.equal(end.code, 20, end.said)
    assert.deepEqual(fs.readdirSync(at('Drive')), [])
    const refused = await backup()
    assert.equal(refused.code, 20, refused.said)
    assert.deepEqual(fs.readdirSync(at('Drive')), [])
    execFileSync('mount', ['--bind', at('disk'), at('Drive')])
    await assertFinishes()
  })
})
