import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { freshFolder, makeTree } from '../support/shoots.js'
import { assertFinishes, backupIn, whenThere, type End } from './real-run.js'

const FILES = 200

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

  const backup = (meanwhile?: (kill: () => void) => void): Promise<End> => backupIn(root, meanwhile)

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
    await assertFinishes(root)
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
    await assertFinishes(root)
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
    await assertFinishes(root)
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
    await assertFinishes(root)
  })
})
