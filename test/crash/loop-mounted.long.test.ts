// What happens to real drives, on each file system that drives come with: pulled, full, and the program killed, all of it in the middle of
// a run. Where the machine cannot mount one of them, that is said.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { mountImage, type MountedImage } from '../support/mounts.js'
import { freshFolder, makeTree } from '../support/shoots.js'
import { assertFinishes, backupIn, whenThere } from './real-run.js'

const FILES = 120
const DRIVE_MB = 8

for (const type of ['ext4', 'exfat', 'vfat'] as const)
  describe(`a real drive with ${type}`, function () {
    this.timeout(240_000)
    let root: string
    let drive: MountedImage | undefined
    const at = (name: string): string => path.join(root, name)
    const copies = (): string => at('Drive/Safelight/Photos/Shoot')

    beforeEach(function () {
      root = freshFolder()
      const mounted = mountImage(root, 'Drive', type, DRIVE_MB)
      if (typeof mounted === 'string') {
        console.log(`      skipped: ${mounted}`)
        this.skip()
      }
      drive = mounted
      makeTree(at('Shoot'), Object.fromEntries(Array.from({ length: FILES }, (_, n) => [`IMG_${n}.CR3`, 20_000 + n])))
    })
    afterEach(() => {
      drive?.unmount()
      drive = undefined
      fs.rmSync(root, { recursive: true, force: true })
    })

    it('pulled in the middle gets nothing written where it was, and is finished when it is back', async () => {
      const end = await backupIn(root, () => whenThere(copies(), 3, () => drive?.unmount()))
      assert.equal(end.code, 20, end.said)
      assert.deepEqual(fs.readdirSync(at('Drive')), [])
      assert.equal((await backupIn(root)).code, 20)
      assert.deepEqual(fs.readdirSync(at('Drive')), [])
      drive?.mountAgain()
      await assertFinishes(root)
    })

    it('full in the middle says so, keeps what is whole, and is finished when there is room', async () => {
      const filler = at('Drive/holiday.mov')
      const end = await backupIn(root, () =>
        // Behind Safelight's back, after it has seen that there is room.
        whenThere(copies(), 3, () =>
          assert.throws(() => fs.writeFileSync(filler, Buffer.alloc(DRIVE_MB * 1024 * 1024)), /ENOSPC/),
        ),
      )
      assert.equal(end.code, 22, end.said)
      fs.rmSync(filler)
      await assertFinishes(root)
    })

    it('full from the start is refused before the first byte, with the numbers', async () => {
      fs.writeFileSync(at('Drive/holiday.mov'), Buffer.alloc((DRIVE_MB - 3) * 1024 * 1024))
      const end = await backupIn(root)
      assert.equal(end.code, 22, end.said)
      assert.match(end.answer, /too little room: [\d.]+ MB are needed and [\d.]+ [kM]B are free \(\d+ and \d+ bytes\)/)
      assert.ok(!fs.existsSync(copies()), 'nothing was copied')
    })

    it('written to by a program that is killed is finished by the next run', async () => {
      const end = await backupIn(root, (kill) => whenThere(copies(), 20, kill))
      assert.ok(end.signal === 'SIGKILL' || end.code === 0, end.said)
      await assertFinishes(root)
    })
  })
