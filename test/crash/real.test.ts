import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { checkManifests, freshFolder, makeTree, readTree, temporariesBelow } from '../support/shoots.js'

const MAIN = fileURLToPath(new URL('../../helper/main.js', import.meta.url))
const FILES = 200
const KILLS = 3

interface End {
  readonly code: number | null
  readonly signal: string | null
  readonly said: string
}

/** Runs the real command line. @param meanwhile  given the process as soon as it runs */
function safelight(args: readonly string[], meanwhile?: (kill: () => void) => void): Promise<End> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (data: Buffer) => {
        said += data.toString('utf8')
      })
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ code, signal, said }))
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
  function mount(context: Mocha.Context, ...args: readonly string[]): void {
    try {
      execFileSync('mount', [...args], { stdio: 'pipe' })
    } catch (error) {
      console.log(`      skipped: this user cannot mount here (${String(error).split('\n')[0] ?? ''})`)
      context.skip()
    }
    undo.push(() => {
      try {
        execFileSync('umount', ['-l', at('Drive')], { stdio: 'pipe' })
      } catch (error) {
        if (!/not mounted|no mount point/.test(String(error))) throw error
      }
    })
  }

  it(`killed ${KILLS} times, it finishes by itself`, async function () {
    this.timeout(120_000)
    for (let kill = 1; kill <= KILLS; kill++) {
      const end = await backup((stop) => whenThere(at('Drive/Safelight/Photos/Shoot'), kill * 40, stop))
      assert.ok(end.signal === 'SIGKILL' || end.code === 0, end.said)
    }
    await assertFinishes()
  })

  it('a drive that is really full says so, keeps what is whole, and is finished when there is room', async function () {
    this.timeout(120_000)
    execFileSync('truncate', ['-s', '8M', at('disk.img')])
    execFileSync('mkfs.ext4', ['-q', '-m', '0', at('disk.img')])
    mount(this, '-o', 'loop', at('disk.img'), at('Drive'))
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

  it('a drive that is really pulled gets nothing written below its mount point', async function () {
    this.timeout(120_000)
    fs.mkdirSync(at('disk'))
    mount(this, '--bind', at('disk'), at('Drive'))
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
