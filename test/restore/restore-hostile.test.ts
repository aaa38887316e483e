import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { systemVolumes } from '../../helper/files/volumes.js'
import { Journal } from '../../helper/journal/journal.js'
import { formatEvent, parseLog } from '../../helper/manifest/log.js'
import { mountImage } from '../support/mounts.js'
import { contentsOf, namesIn, Studio } from './support.js'

const TRIP = { 'IMG_1.CR3': 200_000, 'IMG_1.xmp': 'xmp', 'Day 2/IMG_2.CR3': 300_000 }

describe('restore and those who lie to it', () => {
  let studio: Studio
  let shoot: string
  let before: Record<string, string>

  beforeEach(async () => {
    studio = new Studio()
    shoot = path.join(studio.pictures, 'Trip')
    studio.make(shoot, TRIP)
    before = contentsOf(shoot)
    await studio.backUp('Trip')
  })
  afterEach(() => studio.remove())

  /** Everything that lies in the studio outside the home, the drives and these folders. */
  function strangers(...known: string[]): string[] {
    const inside = [studio.home, studio.ssd, studio.vault, ...known]
    return namesIn(studio.root).filter(
      (name) => !inside.some((folder) => studio.at(name).startsWith(folder + path.sep)),
    )
  }

  function tamper(act: (journal: Journal) => void): void {
    const journal = Journal.open(studio.home)
    act(journal)
    journal.close()
  }

  it('never follows a link in the target tree, whoever put it there', async () => {
    const outside = studio.at('outside')
    fs.mkdirSync(outside)
    fs.rmSync(shoot, { recursive: true })
    fs.mkdirSync(shoot)
    fs.symlinkSync(outside, path.join(shoot, 'Day 2'))
    const answer = await studio.restore({ shoot: 'Trip' })
    assert.equal(answer.exitCode, 16)
    assert.match(answer.summary, /Day 2 is a link/)
    assert.deepEqual(namesIn(outside), [])
    assert.deepEqual(namesIn(shoot), ['Day 2', 'IMG_1.CR3', 'IMG_1.xmp'])
    const to = studio.at('to')
    fs.mkdirSync(path.join(to, 'Trip'), { recursive: true })
    fs.symlinkSync(outside, path.join(to, 'Trip', 'Day 2'))
    assert.equal((await studio.restore({ all: true, to })).exitCode, 16)
    assert.deepEqual(namesIn(outside), [])
  })

  it('does not follow a link that came where the originals were, and says what to do', async () => {
    fs.rmSync(shoot, { recursive: true })
    fs.mkdirSync(studio.at('outside'))
    fs.symlinkSync(studio.at('outside'), shoot)
    await assert.rejects(studio.restore({ shoot: 'Trip' }), (error: Error & { code?: string; remedy?: string }) => {
      assert.equal(error.code, 'VOLUME_REPLACED')
      assert.ok(error.remedy?.includes(`--to "${studio.pictures}"`))
      return true
    })
    assert.deepEqual(namesIn(studio.at('outside')), [])
  })

  it('does not read through a link on a drive; the next place serves', async () => {
    fs.rmSync(shoot, { recursive: true })
    const folder = studio.copy(studio.ssd, 'Trip', 'Day 2')
    fs.renameSync(folder, studio.at('moved'))
    fs.symlinkSync(studio.at('moved'), folder)
    const only = await studio.restore({ shoot: 'Trip/Day 2', from: 'Studio SSD' })
    assert.equal(only.exitCode, 10)
    assert.match(only.findings[0]?.message ?? '', /is a link, not followed/)
    assert.equal((await studio.restore({ shoot: 'Trip' })).exitCode, 0)
    assert.deepEqual(contentsOf(shoot), before)
  })

  it('writes nothing outside the target for names that lead out of it', async () => {
    const names = ['../evil.CR3', '/evil.CR3', '..', '.', 'a/b.CR3', '\0', 'x'.repeat(4000)]
    fs.rmSync(shoot, { recursive: true })
    for (const name of names) {
      tamper((journal) => journal.run("UPDATE files SET name = ? WHERE name = 'IMG_1.CR3'", [name]))
      for (const to of [undefined, studio.at('to')]) {
        const answer = await studio.restore({ all: true, ...(to === undefined ? {} : { to }) })
        assert.equal(answer.exitCode, 16, `${name.slice(0, 20)}: ${answer.summary}`)
        assert.equal(answer.findings.filter(({ kind }) => kind === 'name').length, 1)
      }
      tamper((journal) => journal.run("UPDATE files SET name = 'IMG_1.CR3' WHERE name = ?", [name]))
    }
    assert.deepEqual(strangers(shoot, studio.at('to')), [])
  })

  it('writes nothing outside the target for folders that lead out of it, however deep', async () => {
    fs.rmSync(shoot, { recursive: true })
    for (const folder of ['../outside', '/outside', 'a/../../outside', '..', 'a//b', 'd/'.repeat(10_000) + 'd']) {
      tamper((journal) =>
        journal.run("UPDATE shoots SET path_from_root = ?, key = ? WHERE key LIKE '%Day 2' OR path_from_root <> ''", [
          folder,
          folder,
        ]),
      )
      for (const to of [undefined, studio.at('to')]) {
        const answer = await studio.restore({ all: true, ...(to === undefined ? {} : { to }) })
        assert.equal(answer.exitCode, 16, `${folder.slice(0, 20)}: ${answer.summary.slice(0, 300)}`)
      }
    }
    assert.deepEqual(strangers(shoot, studio.at('to')), [])
    assert.deepEqual(namesIn(shoot), ['IMG_1.CR3', 'IMG_1.xmp'])
  })

  it('does not restore into hidden folders because a drive says that originals were there', async () => {
    const log = studio.copy(studio.ssd, 'Trip', 'safelight-log.jsonl')
    const hidden = studio.at('.config')
    fs.mkdirSync(hidden)
    const said = parseLog(fs.readFileSync(log, 'utf8').replaceAll(/,"crc32":"[^"]*"/g, '')).events
    const forged = said.map((event) => (event.event === 'source' ? { ...event, root: hidden } : event))
    fs.writeFileSync(log, forged.map((event) => `${formatEvent(event)}\n`).join(''))
    fs.rmSync(studio.home, { recursive: true })
    await studio.call('rebuild/run', { from: studio.ssd })
    await assert.rejects(studio.restore({ shoot: 'Trip' }), { code: 'NAME_NOT_STORABLE' })
    assert.deepEqual(namesIn(hidden), [])
  })

  it('brings them back to where the log of another folder says, when a letter in the log of this one was altered', async () => {
    const log = studio.copy(studio.ssd, 'Trip', 'safelight-log.jsonl')
    fs.writeFileSync(log, fs.readFileSync(log, 'utf8').replace(`"root":"${shoot}"`, `"root":"${shoot}s"`))
    for (const gone of [studio.home, shoot]) fs.rmSync(gone, { recursive: true })
    await studio.call('rebuild/run', { from: studio.ssd })
    const { exitCode, summary } = await studio.restore({ shoot: 'Trip' })
    assert.equal(exitCode, 0, summary)
    assert.deepEqual(contentsOf(shoot), before)
    assert.ok(!fs.existsSync(`${shoot}s`))
  })

  it('restores onto an empty computer what a rebuild learned from one drive', async () => {
    fs.rmSync(studio.home, { recursive: true })
    fs.rmSync(shoot, { recursive: true })
    await studio.call('rebuild/run', { from: studio.ssd })
    const answer = await studio.restore({ all: true, to: studio.pictures })
    assert.equal(answer.exitCode, 0, answer.summary)
    assert.deepEqual(contentsOf(shoot), before)
  })

  it('stops when the target goes away, and writes nothing in its stead', async () => {
    studio.make(path.join(studio.pictures, 'Big'), Object.fromEntries(range(40).map((n) => [`B${n}.CR3`, 1_500_000])))
    await studio.backUp('Big')
    const to = studio.at('to')
    fs.mkdirSync(to)
    const pulled = new Promise<void>((resolve) => {
      const look = setInterval(() => {
        if (!namesIn(to).some((name) => name.endsWith('.CR3'))) return
        clearInterval(look)
        fs.renameSync(to, studio.at('pulled'))
        fs.mkdirSync(to)
        resolve()
      }, 1)
    })
    const answer = await studio.run('restore', 'Big', '--to', to)
    await pulled
    assert.equal(answer.exitCode, 20, answer.summary)
    assert.deepEqual(
      namesIn(to).filter((name) => name.endsWith('.CR3')),
      [],
    )
    fs.rmSync(to, { recursive: true })
    fs.renameSync(studio.at('pulled'), to)
    assert.equal((await studio.restore({ shoot: 'Big', to })).exitCode, 0)
    assert.deepEqual(contentsOf(path.join(to, 'Big')), contentsOf(path.join(studio.pictures, 'Big')))
  })

  describe('on small disks', () => {
    it('says before the first byte that there is no room', async () => {
      const volumes = { ...systemVolumes(), room: () => ({ freeBytes: 400_000, totalBytes: 1e9 }) }
      const to = studio.at('to')
      await assert.rejects(studio.restore({ all: true, to }, { volumes }), { code: 'VOLUME_FULL' })
      assert.deepEqual(namesIn(to), [])
    })

    it('stops when the disk fills up all the same: what is there is whole, and nothing else is', async function () {
      const disk = mountImage(studio.root, 'small', 'ext4', 2)
      if (typeof disk === 'string') {
        console.log(`      not run: ${disk}`)
        this.skip()
        return
      }
      try {
        studio.make(path.join(studio.pictures, 'Big'), Object.fromEntries(range(12).map((n) => [`B${n}.CR3`, 300_000])))
        await studio.backUp('Big')
        const volumes = { ...systemVolumes(), room: () => ({ freeBytes: 1e12, totalBytes: 1e12 }) }
        const answer = await studio.restore({ shoot: 'Big', to: disk.folder }, { volumes })
        assert.equal(answer.exitCode, 22, answer.summary)
        const found = contentsOf(path.join(disk.folder, 'Big'))
        const originals = contentsOf(path.join(studio.pictures, 'Big'))
        assert.ok(Object.keys(found).length < 12)
        for (const [name, content] of Object.entries(found)) assert.equal(content, originals[name], name)
      } finally {
        disk.unmount()
      }
    })

    it('keeps both of two files that the disk takes for one name', async function () {
      const disk = mountImage(studio.root, 'fat', 'exfat', 4)
      if (typeof disk === 'string') {
        console.log(`      not run: ${disk}`)
        this.skip()
        return
      }
      try {
        studio.make(path.join(studio.pictures, 'Cases'), { 'IMG.jpg': 'lower', 'img.JPG': 'UPPER' })
        await studio.backUp('Cases')
        const answer = await studio.restore({ shoot: 'Cases', to: disk.folder })
        assert.equal(answer.exitCode, 0, answer.summary)
        const texts = answer.restored.map((file) => fs.readFileSync(file, 'utf8')).sort()
        assert.deepEqual(texts, ['UPPER', 'lower'])
        assert.equal(answer.beside.length, 1)
      } finally {
        disk.unmount()
      }
    })
  })
})

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index)
}
