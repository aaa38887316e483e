// A drive refresh: one command copies everything that is known to a new drive, from whatever place has it, proves it, and goes on where it was
// stopped. What is on the new drive is as much worth as what was on the old one.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { checkManifests } from '../support/shoots.js'
import { contentsOf, rot, Studio } from './support.js'

describe('a drive that is added to an archive', () => {
  let studio: Studio
  let shoot: string
  let fresh: string
  beforeEach(async () => {
    studio = new Studio()
    shoot = path.join(studio.pictures, 'Wedding')
    fresh = studio.at('New Drive')
    fs.mkdirSync(fresh)
    studio.make(shoot, { 'IMG_1.CR3': 30_000, 'IMG_1.xmp': 'first', 'Ceremony/IMG_2.CR3': 1_200_000, 'empty.txt': '' })
    await studio.backUp('Wedding')
    fs.writeFileSync(path.join(shoot, 'IMG_1.xmp'), 'second')
    await studio.backUp('Wedding')
  })
  afterEach(() => studio.remove())

  const photosOn = (drive: string) =>
    Object.fromEntries(
      Object.entries(contentsOf(path.join(drive, 'Safelight', 'Photos'))).filter(
        ([name]) => !name.includes('safelight'),
      ),
    )

  it('gets everything, earlier contents too, without the originals and the older of two drives', async () => {
    const before = contentsOf(shoot)
    const old = photosOn(studio.vault)
    fs.rmSync(studio.pictures, { recursive: true })
    fs.rmSync(studio.ssd, { recursive: true })
    const added = await studio.run('place', 'add', fresh)
    assert.equal(added.exitCode, 0, added.summary)
    assert.match(added.summary, /5 files .* were copied to it from the other places, read back and proven/)
    assert.deepEqual(photosOn(fresh), old)
    assert.deepEqual(checkManifests(fresh), [], 'b3sum --check passes')
    // The new one alone is enough, on a computer that knows nothing.
    fs.rmSync(studio.vault, { recursive: true })
    fs.rmSync(studio.home, { recursive: true })
    await studio.call('rebuild/run', { from: fresh })
    const to = studio.at('Out')
    const restored = await studio.restore({ all: true, to })
    assert.equal(restored.exitCode, 0, restored.summary)
    assert.deepEqual(contentsOf(path.join(to, 'Wedding')), before)
    const again = await studio.call('place/add', { path: fresh, fill: true })
    assert.deepEqual([again.filled?.files, again.filled?.bytes, again.filled?.left], [0, 0, 0])
  })

  it('takes each file from a place where it is good, and says which no place has', async () => {
    const one = studio.copy(studio.ssd, 'Wedding', 'IMG_1.CR3')
    rot(one)
    for (const file of [
      studio.copy(studio.ssd, 'Wedding', 'Ceremony/IMG_2.CR3'),
      studio.copy(studio.vault, 'Wedding', 'Ceremony/IMG_2.CR3'),
      path.join(shoot, 'Ceremony', 'IMG_2.CR3'),
    ])
      rot(file)
    const { filled, exitCode } = await studio.call('place/add', { path: fresh, fill: true })
    assert.deepEqual([exitCode, filled?.files, filled?.left], [10, 4, 1])
    assert.match(filled?.findings[0]?.message ?? '', /no copy in reach matches the reference/)
    assert.deepEqual(
      fs.readFileSync(studio.copy(fresh, 'Wedding', 'IMG_1.CR3')),
      fs.readFileSync(path.join(shoot, 'IMG_1.CR3')),
    )
    assert.ok(!fs.existsSync(studio.copy(fresh, 'Wedding', 'Ceremony/IMG_2.CR3')))
  })

  it('keeps a good copy of an earlier content where the newest takes its name', async () => {
    const away = studio.at('Vault, at home')
    fs.renameSync(studio.vault, away)
    fs.writeFileSync(path.join(shoot, 'IMG_1.xmp'), 'third')
    await studio.call('backup/run', { paths: [shoot], to: [studio.ssd] })
    fs.renameSync(away, studio.vault)
    const { filled, exitCode } = await studio.call('place/add', { path: studio.vault, fill: true })
    assert.deepEqual([exitCode, filled?.files, filled?.left], [0, 1, 0])
    assert.deepEqual(photosOn(studio.vault)['Wedding/IMG_1.xmp'], photosOn(studio.ssd)['Wedding/IMG_1.xmp'])
    const folder = path.join(studio.vault, 'Safelight', 'Photos', 'Wedding')
    const aside = Object.keys(photosOn(studio.vault)).filter((name) => /(Versions|Quarantine)/.test(name))
    assert.deepEqual(aside.map((name) => fs.readFileSync(path.join(folder, '..', name), 'utf8')).sort(), [
      'first',
      'second',
    ])
    assert.ok(aside.every((name) => !name.includes('Quarantine')))
    assert.deepEqual(checkManifests(studio.vault), [])
    assert.equal((await studio.call('verify/run', { shoots: [] })).exitCode, 0)
  })

  it('goes on after kill -9 with what is missing, and keeps what a person had copied by hand', async () => {
    const many = Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`B${n}.CR3`, 600_000 + n]))
    studio.make(path.join(studio.pictures, 'Big'), many)
    await studio.backUp('Big')
    const child = studio.start('place', 'add', fresh)
    const big = path.join(fresh, 'Safelight', 'Photos', 'Big')
    await new Promise<void>((resolve) => {
      const look = setInterval(() => {
        if (!fs.existsSync(big) || fs.readdirSync(big).length < 5) return
        clearInterval(look)
        child.kill('SIGKILL')
        child.once('close', () => resolve())
      }, 1)
    })
    const there = photosOn(fresh)
    const inode = (name: string) => fs.statSync(path.join(fresh, 'Safelight', 'Photos', name)).ino
    const whole = Object.keys(there).filter((name) => name.endsWith('.CR3'))
    for (const name of whole)
      assert.equal(there[name], photosOn(studio.vault)[name], 'a final name holds complete bytes')
    const inodes = whole.map(inode)
    const again = await studio.run('place', 'add', fresh)
    assert.equal(again.exitCode, 0, again.summary)
    assert.deepEqual(photosOn(fresh), photosOn(studio.vault), 'and no temporary name is left')
    assert.deepEqual(whole.map(inode), inodes, 'what was there was not copied again')
    assert.deepEqual(checkManifests(fresh), [])
  })
})
