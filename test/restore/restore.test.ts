// Long, because its cases share one studio.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import type { Finding, Params } from '../../shared/methods.js'
import { contentsOf, namesIn, rot, Studio } from './support.js'

const WEDDING = {
  'IMG_1.CR3': 300_000,
  'IMG_1.JPG': 40_000,
  'IMG_1.xmp': '<x:xmpmeta/>',
  'IMG_2.CR3': 280_000,
  'Ceremony/IMG_3.CR3': 1_500_000,
  'Ceremony/empty.txt': '',
}

/** What both the program and the method answer. */
interface Said {
  readonly restored?: unknown
  readonly findings?: unknown
}

function findings(answer: Said): Finding[] {
  return answer.findings as Finding[]
}

function restored(answer: Said): string[] {
  return [...(answer.restored as string[])].sort()
}

describe('restore', () => {
  let studio: Studio
  let shoot: string
  let before: Record<string, string>

  beforeEach(async () => {
    studio = new Studio()
    shoot = path.join(studio.pictures, 'Wedding')
    studio.make(shoot, WEDDING)
    before = contentsOf(shoot)
    await studio.backUp('Wedding')
  })
  afterEach(() => studio.remove())

  it('brings a lost shoot and all below it back to where it was, byte for byte, with its dates', async () => {
    fs.rmSync(shoot, { recursive: true })
    const answer = await studio.run('restore', 'Wedding')
    assert.equal(answer.exitCode, 0, answer.summary)
    assert.deepEqual(contentsOf(shoot), before)
    assert.deepEqual(
      restored(answer),
      Object.keys(before)
        .map((name) => path.join(shoot, name))
        .sort(),
    )
    assert.deepEqual([answer.filesRestored, answer.filesThere], [6, 0])
    // The originals count again at once.
    const list = await studio.call('shoots/list', {})
    assert.deepEqual(
      list.shoots.map(({ places }) => places.find(({ place }) => place === 'working')?.verified),
      [4, 2],
    )
    const again = await studio.run('restore', 'Wedding')
    assert.deepEqual([again.exitCode, restored(again), again.filesThere], [0, [], 6])
    assert.deepEqual(contentsOf(shoot), before)
  })

  it('restores only what is missing, and leaves what is there untouched to the inode', async () => {
    fs.rmSync(path.join(shoot, 'IMG_2.CR3'))
    const inodes = namesIn(shoot).map((name) => fs.statSync(path.join(shoot, name)).ino)
    const answer = await studio.run('restore', 'Wedding')
    assert.deepEqual(restored(answer), [path.join(shoot, 'IMG_2.CR3')])
    const others = namesIn(shoot).filter((name) => name !== 'IMG_2.CR3')
    assert.deepEqual(
      others.map((name) => fs.statSync(path.join(shoot, name)).ino),
      inodes,
    )
  })

  it('shows with --dry-run what it would do and writes nothing at all', async () => {
    fs.rmSync(path.join(shoot, 'Ceremony'), { recursive: true })
    fs.appendFileSync(path.join(shoot, 'IMG_1.xmp'), 'edited')
    const all = contentsOf(studio.pictures)
    const plan = await studio.run('restore', 'Wedding', '--dry-run')
    assert.equal(plan.exitCode, 0)
    const { files, bytes, missing, inTheWay, toCompare, outOfReach } = plan as unknown as Record<string, number>
    assert.deepEqual(
      { files, bytes, missing, inTheWay, toCompare, outOfReach },
      {
        ...{ files: 6, bytes: 1_500_000 + 12, missing: 2, inTheWay: 1, toCompare: 3, outOfReach: 0 },
      },
    )
    assert.deepEqual(contentsOf(studio.pictures), all)
    const elsewhere = await studio.run('restore', '--all', '--dry-run', '--to', studio.at('New', 'Disk'))
    assert.deepEqual(
      (elsewhere.targets as { folder: string }[]).map((target) => target.folder),
      [studio.at('New', 'Disk', 'Wedding'), studio.at('New', 'Disk', 'Wedding', 'Ceremony')],
    )
    assert.ok(!fs.existsSync(studio.at('New')))
  })

  it('restores everything to a new folder as DIR/<shoot id>/…', async () => {
    const to = studio.at('New', 'Disk')
    const answer = await studio.run('restore', '--all', '--to', to)
    assert.equal(answer.exitCode, 0, answer.summary)
    assert.deepEqual(contentsOf(path.join(to, 'Wedding')), before)
    assert.deepEqual(contentsOf(shoot), before)
  })

  it('restores single files with what belongs to them, and nothing else', async () => {
    for (const name of ['IMG_1.CR3', 'IMG_1.JPG', 'IMG_1.xmp', 'IMG_2.CR3']) fs.rmSync(path.join(shoot, name))
    const answer = await studio.restore({ shoot: 'Wedding', files: ['IMG_1.CR3'] })
    assert.deepEqual(
      restored(answer).map((file) => path.basename(file)),
      ['IMG_1.CR3', 'IMG_1.JPG', 'IMG_1.xmp'],
    )
    fs.rmSync(path.join(shoot, 'IMG_1.CR3'))
    fs.appendFileSync(path.join(shoot, 'IMG_1.xmp'), 'edited since')
    // The edits of today are not what was asked for: they stay, and get no twin.
    await studio.restore({ shoot: 'Wedding', files: ['IMG_1.CR3'] })
    assert.deepEqual(
      namesIn(shoot).filter((name) => name.includes('(restored')),
      [],
    )
    const below = await studio.restore({ shoot: 'Wedding', files: ['Ceremony/IMG_3.CR3'], to: studio.at('Out') })
    assert.deepEqual(restored(below), [studio.at('Out', 'Wedding', 'Ceremony', 'IMG_3.CR3')])
  })

  it('knows which shoots, files, places and dates there are, and says so before it writes', async () => {
    const wrong: [Params<'restore/run'>, string][] = [
      [{ shoot: 'Funeral' }, 'SHOOT_UNKNOWN'],
      [{ shoot: 'Wedding', files: ['IMG_9.CR3'] }, 'FILE_UNKNOWN'],
      [{ shoot: 'Wedding', files: ['../Wedding/IMG_1.CR3'] }, 'FILE_UNKNOWN'],
      [{}, 'USAGE'],
      [{ shoot: 'Wedding', all: true }, 'USAGE'],
      [{ shoot: 'Wedding', asOf: 'yesterday' }, 'USAGE'],
      [{ shoot: 'Wedding', from: 'Nowhere' }, 'PLACE_UNKNOWN'],
      [{ shoot: 'Wedding', to: path.join(shoot, 'IMG_1.CR3') }, 'USAGE'],
      [{ shoot: 'Wedding', to: path.join(studio.ssd, 'Safelight', 'Photos') }, 'PLACES_OVERLAP'],
    ]
    const all = contentsOf(studio.root)
    for (const [params, code] of wrong) await assert.rejects(studio.restore(params), { code }, JSON.stringify(params))
    const untouched = contentsOf(studio.root)
    for (const name of Object.keys(all).filter((each) => !each.startsWith('home/')))
      assert.equal(untouched[name], all[name])
    assert.equal((await studio.run('restore')).exitCode, 2)
  })

  it('never overwrites: the restored file goes beside a differing one, once, and is reported', async () => {
    const file = path.join(shoot, 'IMG_2.CR3')
    const day = new Date(2026, 10, 23, 12).getTime()
    const beside = path.join(shoot, 'IMG_2 (restored 2026-11-23).CR3')
    rot(file)
    const rotten = fs.readFileSync(file)
    const answer = await studio.restore({ shoot: 'Wedding' }, { clock: () => day })
    assert.equal(answer.exitCode, 0, answer.summary)
    assert.deepEqual(answer.restored, [beside])
    assert.deepEqual(answer.beside, [{ shoot: 'Wedding', file: 'IMG_2.CR3', path: beside }])
    assert.match(answer.warnings.join(), /IMG_2\.CR3 has another content/)
    assert.deepEqual(fs.readFileSync(file), rotten)
    const good = fs.readFileSync(studio.copy(studio.ssd, 'Wedding', 'IMG_2.CR3'))
    assert.deepEqual(fs.readFileSync(beside), good)
    // Run again on another day: it is there already.
    const again = await studio.restore({ shoot: 'Wedding' }, { clock: () => day + 86_400_000 })
    assert.deepEqual(again.restored, [])
    // The name beside is taken by something else: it is numbered.
    fs.writeFileSync(beside, 'mine')
    const third = await studio.restore({ shoot: 'Wedding' }, { clock: () => day })
    assert.deepEqual(third.restored, [path.join(shoot, 'IMG_2 (restored 2026-11-23 2).CR3')])
    assert.equal(fs.readFileSync(beside, 'utf8'), 'mine')
  })

  it('puts files beside folders and links that have their names, and does not follow the links', async () => {
    const precious = studio.at('precious.txt')
    fs.writeFileSync(precious, 'precious')
    for (const name of ['IMG_1.CR3', 'IMG_2.CR3']) fs.rmSync(path.join(shoot, name))
    fs.symlinkSync(precious, path.join(shoot, 'IMG_1.CR3'))
    fs.mkdirSync(path.join(shoot, 'IMG_2.CR3'))
    const answer = await studio.restore({ shoot: 'Wedding' })
    assert.equal(answer.exitCode, 0, answer.summary)
    assert.equal(restored(answer).filter((file) => file.includes('(restored')).length, 2)
    assert.equal(fs.readFileSync(precious, 'utf8'), 'precious')
  })

  it('takes each file from the next place when one is damaged, missing there, or unreadable', async () => {
    fs.rmSync(shoot, { recursive: true })
    rot(studio.copy(studio.ssd, 'Wedding', 'IMG_1.CR3'))
    rot(studio.copy(studio.vault, 'Wedding', 'IMG_2.CR3'))
    fs.rmSync(studio.copy(studio.ssd, 'Wedding', 'IMG_1.JPG'))
    fs.rmSync(studio.copy(studio.vault, 'Wedding', 'IMG_1.xmp'))
    fs.symlinkSync('/dev/zero', studio.copy(studio.vault, 'Wedding', 'IMG_1.xmp'))
    const answer = await studio.restore({ shoot: 'Wedding' })
    assert.equal(answer.exitCode, 0, answer.summary)
    assert.deepEqual(contentsOf(shoot), before)
    for (const { kind, message } of findings(answer)) {
      assert.ok(['damaged', 'missing'].includes(kind))
      assert.match(message, /another copy served/)
    }
    assert.ok(findings(answer).length >= 1)
  })

  it('restores from the other drive when one of two returns wrong bytes for every file, whichever it is', async () => {
    const names = Object.keys(before).filter((each) => !each.endsWith('empty.txt'))
    for (const drive of ['ssd', 'vault'] as const) {
      fs.rmSync(shoot, { recursive: true })
      for (const name of names) rot(studio.copy(studio[drive], 'Wedding', name))
      const answer = await studio.restore({ all: true })
      assert.equal(answer.exitCode, 0, answer.summary)
      assert.deepEqual(contentsOf(shoot), before)
      // Rotten bits flip back, and the journal learns it.
      for (const name of names) rot(studio.copy(studio[drive], 'Wedding', name))
      await studio.call('verify/run', { shoots: [] })
    }
  })

  it('restores from the drive that is connected when the other is away', async () => {
    fs.rmSync(shoot, { recursive: true })
    fs.renameSync(studio.vault, studio.at('on the shelf'))
    const answer = await studio.restore({ shoot: 'Wedding' })
    assert.equal(answer.exitCode, 0, answer.summary)
    assert.deepEqual(answer.from, [{ place: 'Studio SSD', files: 6 }])
    assert.deepEqual(contentsOf(shoot), before)
  })

  it('says what is left of a file whose copies are all bad, and touches nothing', async () => {
    fs.rmSync(path.join(shoot, 'IMG_2.CR3'))
    for (const drive of [studio.ssd, studio.vault]) rot(studio.copy(drive, 'Wedding', 'IMG_2.CR3'))
    const all = { ...contentsOf(shoot), ...contentsOf(studio.ssd) }
    const answer = await studio.restore({ shoot: 'Wedding' })
    assert.equal(answer.exitCode, 11)
    const [lost] = findings(answer)
    assert.equal(lost?.kind, 'lost')
    assert.match(lost.message, /Studio SSD: damaged.*|Vault: damaged/)
    assert.deepEqual({ ...contentsOf(shoot), ...contentsOf(studio.ssd) }, all)
    fs.renameSync(studio.vault, studio.at('on the shelf'))
    const away = await studio.restore({ shoot: 'Wedding' })
    assert.equal(away.exitCode, 20)
    assert.match(findings(away)[0]?.message ?? '', /Vault: not connected/)
  })

  it('restores only --from the place that was named', async () => {
    fs.rmSync(shoot, { recursive: true })
    fs.rmSync(studio.copy(studio.vault, 'Wedding', 'IMG_1.CR3'))
    const answer = await studio.restore({ shoot: 'Wedding', from: 'Vault' })
    assert.equal(answer.exitCode, 10)
    assert.deepEqual(answer.from, [{ place: 'Vault', files: 5 }])
    assert.ok(!fs.existsSync(path.join(shoot, 'IMG_1.CR3')))
  })

  it('finds the same bytes under another name when every copy of a file is gone', async () => {
    fs.cpSync(shoot, path.join(studio.pictures, 'Album'), { recursive: true, preserveTimestamps: true })
    await studio.backUp('Album')
    fs.rmSync(path.join(shoot, 'IMG_2.CR3'))
    for (const drive of [studio.ssd, studio.vault]) fs.rmSync(studio.copy(drive, 'Wedding', 'IMG_2.CR3'))
    const answer = await studio.restore({ shoot: 'Wedding' })
    assert.equal(answer.exitCode, 0, answer.summary)
    assert.deepEqual(contentsOf(shoot), before)
  })

  it('brings back the contents of a day with --as-of, from Versions', async () => {
    const xmp = path.join(shoot, 'IMG_1.xmp')
    const then = Date.now()
    const later = { clock: () => then + 3 * 86_400_000 }
    fs.writeFileSync(xmp, '<x:xmpmeta>edited</x:xmpmeta>')
    studio.make(shoot, { 'IMG_4.CR3': 1000 })
    await studio.call('backup/run', { paths: [shoot], to: [] }, later)
    const edited = contentsOf(shoot)
    const of = (name: string) => contentsOf(studio.at(name, 'Wedding'))
    const day = new Date(then + 86_400_000).toISOString()
    const old = await studio.restore({ shoot: 'Wedding', asOf: day, to: studio.at('Then') })
    assert.equal(old.exitCode, 0, old.summary)
    assert.deepEqual(of('Then'), before)
    assert.match(String(old.warnings), /1 files were not known yet/)
    await studio.restore({ shoot: 'Wedding', to: studio.at('Now') })
    assert.deepEqual(of('Now'), edited)
    // To its own place the earlier content goes beside the newest one.
    const beside = await studio.restore({ shoot: 'Wedding', files: ['IMG_1.xmp'], asOf: day })
    assert.equal(restored(beside).length, 1)
    assert.equal(fs.readFileSync(xmp, 'utf8'), '<x:xmpmeta>edited</x:xmpmeta>')
    assert.equal(fs.readFileSync(restored(beside)[0] ?? '', 'utf8'), '<x:xmpmeta/>')
  })

  it('goes on after kill -9: what is there is left, what was half written is cleared', async () => {
    fs.rmSync(shoot, { recursive: true })
    studio.make(path.join(studio.pictures, 'Big'), Object.fromEntries(range(24).map((n) => [`B${n}.CR3`, 2_500_000])))
    const big = path.join(studio.pictures, 'Big')
    const bytes = contentsOf(big)
    await studio.backUp('Big')
    fs.rmSync(big, { recursive: true })
    const child = studio.start('restore', '--all')
    await new Promise<void>((resolve) => {
      const look = setInterval(() => {
        if (!namesIn(big).some((name) => name.endsWith('.CR3'))) return
        clearInterval(look)
        child.kill('SIGKILL')
        child.once('close', () => resolve())
      }, 1)
    })
    const whole = namesIn(big).filter((name) => name.endsWith('.CR3'))
    for (const name of whole) assert.equal(contentsOf(big)[name], bytes[name], 'a final name holds complete bytes')
    const inodes = whole.map((name) => fs.statSync(path.join(big, name)).ino)
    const answer = await studio.run('restore', '--all')
    assert.equal(answer.exitCode, 0, answer.summary)
    assert.deepEqual(contentsOf(big), bytes, 'and no temporary name is left')
    assert.deepEqual(contentsOf(shoot), before)
    assert.deepEqual(
      whole.map((name) => fs.statSync(path.join(big, name)).ino),
      inodes,
    )
  })

  it('stops when asked, says so, and goes on', async () => {
    fs.rmSync(shoot, { recursive: true })
    const stop = new AbortController()
    stop.abort()
    const stopped = await studio.restore({ shoot: 'Wedding' }, { signal: stop.signal })
    assert.equal(stopped.exitCode, 14)
    assert.deepEqual(stopped.restored, [])
    await studio.restore({ shoot: 'Wedding' })
    assert.deepEqual(contentsOf(shoot), before)
  })

  it('tells the plugin as many paths as fit into one message, and the count of all', async () => {
    const deep = Array.from({ length: 12 }, () => 'deep '.repeat(38)).join('/')
    studio.make(
      path.join(studio.pictures, 'Album'),
      Object.fromEntries(range(300).map((n) => [`${deep}/${n}.xmp`, `${n}`])),
    )
    await studio.backUp('Album')
    fs.rmSync(path.join(studio.pictures, 'Album'), { recursive: true })
    const answer = await studio.restore({ shoot: 'Album' }, { kind: 'plugin' })
    assert.equal(answer.filesRestored, 300)
    assert.ok(
      answer.restored.length > 100 && answer.restored.length < 300 && JSON.stringify(answer).length < 1024 * 1024,
    )
  })
})

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index)
}
