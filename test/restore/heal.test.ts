// Long, because its cases share one studio.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import type { HealResult, Params } from '../../shared/methods.js'
import { checkManifests } from '../support/shoots.js'
import { contentsOf, namesIn, rot, Studio, type CallOptions } from './support.js'

const HIKE = { 'IMG_1.CR3': 200_000, 'IMG_1.xmp': 'as shot', 'IMG_2.CR3': 300_000, 'Peak/IMG_3.CR3': 100_000 }

describe('heal', () => {
  let studio: Studio
  let shoot: string

  beforeEach(async () => {
    studio = new Studio()
    shoot = path.join(studio.pictures, 'Hike')
    studio.make(shoot, HIKE)
    await studio.backUp('Hike')
  })
  afterEach(() => studio.remove())

  const heal = (params: Partial<Params<'heal/run'>> = {}, options?: CallOptions): Promise<HealResult> =>
    studio.call('heal/run', { shoots: [], ...params }, options)
  const ssd = (name: string): string => studio.copy(studio.ssd, 'Hike', name)
  const vault = (name: string): string => studio.copy(studio.vault, 'Hike', name)
  const verify = () => studio.call('verify/run', { shoots: [] })
  const quarantined = (drive: string): string[] =>
    namesIn(path.join(drive, 'Safelight', 'Photos')).filter((name) => name.includes('Quarantine/'))

  it('makes damaged and missing copies again from wherever good bytes are, and every check is good after it', async () => {
    const photos = contentsOf(path.join(studio.ssd, 'Safelight', 'Photos', 'Hike'))
    rot(ssd('IMG_1.CR3'))
    const rotten = fs.readFileSync(ssd('IMG_1.CR3'))
    fs.rmSync(vault('IMG_2.CR3'))
    rot(vault('Peak/IMG_3.CR3'))
    await verify()
    const result = await studio.run('heal')
    assert.equal(result.exitCode, 0, result.summary)
    const { healed, copies } = result as unknown as HealResult
    assert.equal(healed, 3)
    assert.deepEqual(copies.map(({ place, file, was }) => `${place} ${file} ${was}`).sort(), [
      'Studio SSD IMG_1.CR3 damaged',
      'Vault IMG_2.CR3 missing',
      'Vault IMG_3.CR3 damaged',
    ])
    const checked = await verify()
    assert.equal(checked.exitCode, 0, JSON.stringify(checked.findings))
    assert.equal(checked.good, 8)
    for (const [name, content] of Object.entries(contentsOf(path.join(studio.vault, 'Safelight', 'Photos', 'Hike'))))
      if (/CR3$/.test(name) && !name.includes('Quarantine')) assert.equal(content, photos[name], name)
    // The loser is kept, byte for byte, and the log says where.
    const [aside = '', ...more] = quarantined(studio.ssd)
    assert.deepEqual(more, [])
    assert.deepEqual(fs.readFileSync(path.join(studio.ssd, 'Safelight', 'Photos', aside)), rotten)
    const log = fs.readFileSync(ssd('safelight-log.jsonl'), 'utf8')
    assert.match(log, /"event":"quarantined".*"to":"Quarantine\/[^"]*IMG_1\.CR3".*\n.*"event":"copied".*IMG_1\.CR3/)
    const again = await heal()
    assert.deepEqual([again.exitCode, again.checked, again.healed], [0, 0, 0])
  })

  it('looks for itself what is gone or was altered, without a verification before it', async () => {
    fs.rmSync(ssd('IMG_2.CR3'))
    fs.writeFileSync(vault('IMG_1.xmp'), 'scribbled over')
    const result = await heal({ shoots: ['Hike'] })
    assert.deepEqual([result.exitCode, result.healed], [0, 2], result.summary)
    assert.equal((await verify()).exitCode, 0)
    await assert.rejects(heal({ shoots: ['Nowhere'] }), { code: 'SHOOT_UNKNOWN' })
  })

  it('says with --dry-run what it would do, having read the bytes, and writes nothing', async () => {
    rot(ssd('IMG_1.CR3'))
    rot(ssd('IMG_2.CR3'))
    rot(vault('IMG_2.CR3'))
    rot(path.join(shoot, 'IMG_2.CR3'))
    await verify()
    const all = { ...contentsOf(studio.ssd), ...contentsOf(studio.vault) }
    const result = await studio.run('heal', '--dry-run')
    assert.equal(result.exitCode, 11)
    const { healed, copies, findings } = result as unknown as HealResult
    assert.equal(healed, 0)
    assert.deepEqual(
      copies.map(({ place, file }) => `${place} ${file}`),
      ['Studio SSD IMG_1.CR3'],
    )
    assert.equal(findings.length, 2)
    assert.deepEqual({ ...contentsOf(studio.ssd), ...contentsOf(studio.vault) }, all)
  })

  it('heals from a good original when every copy is bad', async () => {
    rot(ssd('IMG_1.CR3'))
    fs.rmSync(vault('IMG_1.CR3'))
    await verify()
    const result = await heal()
    assert.deepEqual([result.exitCode, result.healed], [0, 2], result.summary)
    assert.equal(result.copies[0]?.from, 'the original')
    assert.equal((await verify()).exitCode, 0)
  })

  it('knows what a killed backup had moved to Versions before it could write that down, and the original has gone since', async () => {
    const reference = fs.readFileSync(ssd('IMG_2.CR3'))
    const moved = (file: string): string => path.join(path.dirname(file), 'Versions/20260101T000000-000Z/IMG_2.CR3')
    for (const file of [ssd('IMG_2.CR3'), vault('IMG_2.CR3')]) {
      fs.mkdirSync(path.dirname(moved(file)), { recursive: true })
      fs.renameSync(file, moved(file))
      fs.writeFileSync(file, 'the edited content')
    }
    fs.rmSync(path.join(shoot, 'IMG_2.CR3'))
    const result = await heal()
    assert.deepEqual([result.exitCode, result.healed], [0, 2], result.summary)
    for (const file of [ssd('IMG_2.CR3'), vault('IMG_2.CR3'), moved(ssd('IMG_2.CR3')), moved(vault('IMG_2.CR3'))])
      assert.deepEqual(fs.readFileSync(file), reference, file)
    for (const drive of [studio.ssd, studio.vault])
      assert.deepEqual(
        quarantined(drive).map((name) => fs.readFileSync(path.join(drive, 'Safelight', 'Photos', name), 'utf8')),
        ['the edited content'],
      )
    const checked = await verify()
    assert.deepEqual([checked.exitCode, checked.findings], [0, []])
  })

  it('touches nothing where no bytes match the reference, and says so plainly', async () => {
    for (const file of [ssd('IMG_2.CR3'), vault('IMG_2.CR3'), path.join(shoot, 'IMG_2.CR3')]) rot(file)
    await verify()
    const all = contentsOf(studio.root)
    const result = await heal()
    assert.equal(result.exitCode, 11)
    assert.equal(result.findings.length, 2)
    for (const { message } of result.findings)
      assert.match(message, /no copy in reach matches the reference, so nothing was touched/)
    const after = contentsOf(studio.root)
    for (const name of Object.keys(all).filter((each) => each.endsWith('CR3')))
      assert.equal(after[name], all[name], name)
    assert.deepEqual([...quarantined(studio.ssd), ...quarantined(studio.vault)], [])
    // A drive on the shelf may still have it: it is named.
    fs.renameSync(studio.vault, studio.at('on the shelf'))
    assert.match((await heal()).findings[0]?.message ?? '', /Vault: not connected/)
  })

  it('leaves a damaged original alone until --originals, and then keeps the damaged one beside it', async () => {
    const file = path.join(shoot, 'IMG_2.CR3')
    const good = contentsOf(shoot)
    rot(file)
    const rotten = fs.readFileSync(file)
    await studio.call('verify/run', { shoots: [], all: true })
    const left = await heal()
    assert.equal(left.exitCode, 11)
    assert.match(left.findings[0]?.message ?? '', /heal --originals/)
    assert.deepEqual(fs.readFileSync(file), rotten)
    const day = { clock: () => new Date(2026, 10, 23, 12).getTime() }
    const result = await heal({ originals: true }, day)
    assert.deepEqual([result.exitCode, result.healed], [0, 1], result.summary)
    const { 'IMG_2 (damaged 2026-11-23).CR3': kept, ...rest } = contentsOf(shoot)
    assert.deepEqual(rest, good)
    assert.equal(kept?.split(' ')[0], rotten.toString('base64'))
    assert.equal((await studio.call('verify/run', { shoots: [], all: true })).exitCode, 0)
  })

  for (const [state, interrupt] of Object.entries({
    'has two names': (file: string, aside: string) => fs.linkSync(file, aside),
    'has only its new name': (file: string, aside: string) => fs.renameSync(file, aside),
  }))
    it(`goes on with the heal of an original that was killed when the damaged one ${state}`, async () => {
      const file = path.join(shoot, 'IMG_2.CR3')
      const good = contentsOf(shoot)
      rot(file)
      const rotten = fs.readFileSync(file)
      await studio.call('verify/run', { shoots: [], all: true })
      interrupt(file, path.join(shoot, 'IMG_2 (damaged 2026-11-22).CR3'))
      const day = { clock: () => new Date(2026, 10, 23, 12).getTime() }
      const result = await heal({ originals: true }, day)
      assert.deepEqual([result.exitCode, result.healed], [0, 1], result.summary)
      const { 'IMG_2 (damaged 2026-11-22).CR3': kept, ...rest } = contentsOf(shoot)
      assert.deepEqual(rest, good)
      assert.equal(kept?.split(' ')[0], rotten.toString('base64'))
      assert.equal((await studio.call('verify/run', { shoots: [], all: true })).exitCode, 0)
    })

  it('does not bring back a damaged original that somebody threw away, and says what would', async () => {
    const file = path.join(shoot, 'IMG_2.CR3')
    rot(file)
    await studio.call('verify/run', { shoots: [], all: true })
    fs.rmSync(file)
    const result = await heal({ originals: true })
    assert.deepEqual([result.exitCode, result.healed], [11, 0], result.summary)
    assert.match(result.findings[0]?.message ?? '', /not there any more.*safelight restore/)
    assert.ok(!fs.existsSync(file))
  })

  it('never takes an edited original for a damaged one', async () => {
    const file = path.join(shoot, 'IMG_2.CR3')
    rot(file)
    await studio.call('verify/run', { shoots: [], all: true })
    fs.appendFileSync(file, 'worked on')
    const edited = fs.readFileSync(file)
    const result = await heal({ originals: true })
    assert.equal(result.healed, 0)
    assert.match(result.warnings.join(), /has been worked on/)
    assert.deepEqual(fs.readFileSync(file), edited)
  })

  it('heals earlier contents in Versions too', async () => {
    fs.writeFileSync(path.join(shoot, 'IMG_1.xmp'), 'edited in the evening')
    await studio.call('backup/run', { paths: [shoot], to: [] })
    const versions = namesIn(path.join(studio.ssd, 'Safelight', 'Photos', 'Hike')).filter((name) =>
      name.startsWith('Versions/'),
    )
    assert.equal(versions.length, 1)
    rot(ssd(versions[0] ?? ''))
    await verify()
    const result = await heal()
    assert.deepEqual([result.exitCode, result.healed], [0, 1], result.summary)
    assert.equal(fs.readFileSync(ssd(versions[0] ?? ''), 'utf8'), 'as shot')
    assert.equal((await verify()).exitCode, 0)
  })

  it('brings a drive what was shot and edited while it was away, and deleted before it came back', async () => {
    const away = studio.at('Vault, at home')
    fs.renameSync(studio.vault, away)
    studio.make(shoot, { 'IMG_1.xmp': 'worked on', 'IMG_9.CR3': 50_000 })
    const one = await studio.call('backup/run', { paths: [shoot], to: [studio.ssd] })
    assert.equal(one.filesCopied, 2, one.summary)
    const originals = contentsOf(shoot)
    for (const name of ['IMG_1.xmp', 'IMG_9.CR3']) fs.rmSync(path.join(shoot, name))
    fs.renameSync(away, studio.vault)
    await studio.backUp('Hike')
    const would = await heal({ dryRun: true })
    assert.deepEqual([would.exitCode, would.copies.map(({ file }) => file).sort()], [0, ['IMG_1.xmp', 'IMG_9.CR3']])
    assert.equal(fs.readFileSync(vault('IMG_1.xmp'), 'utf8'), 'as shot')
    const result = await heal()
    assert.deepEqual([result.exitCode, result.healed, result.findings], [0, 2, []], result.summary)
    assert.equal(fs.readFileSync(vault('IMG_1.xmp'), 'utf8'), 'worked on')
    // The earlier content is good, and kept as any other.
    const kept = namesIn(path.dirname(vault('IMG_1.xmp'))).filter((name) => name.startsWith('Versions/'))
    assert.deepEqual(
      kept.map((name) => fs.readFileSync(vault(name), 'utf8')),
      ['as shot'],
    )
    assert.deepEqual(quarantined(studio.vault), [])
    assert.deepEqual(checkManifests(studio.vault), [])
    assert.equal((await verify()).exitCode, 0)
    assert.deepEqual([(await heal()).healed, (await heal()).findings], [0, []])
    // This drive alone brings back the newest.
    for (const folder of [studio.ssd, studio.home, shoot]) fs.rmSync(folder, { recursive: true })
    await studio.call('rebuild/run', { from: studio.vault })
    const to = studio.at('Out')
    assert.equal((await studio.restore({ all: true, to })).exitCode, 0)
    assert.deepEqual(contentsOf(path.join(to, 'Hike')), originals)
  })

  it('brings what is owed in the same heal that mends a bad copy of an earlier content under its name', async () => {
    const away = studio.at('Vault, at home')
    fs.renameSync(studio.vault, away)
    studio.make(shoot, { 'IMG_1.xmp': 'worked on' })
    await studio.call('backup/run', { paths: [shoot], to: [studio.ssd] })
    fs.rmSync(path.join(shoot, 'IMG_1.xmp'))
    fs.renameSync(away, studio.vault)
    await studio.backUp('Hike')
    rot(vault('IMG_1.xmp'))
    await verify()
    const result = await heal()
    assert.deepEqual([result.exitCode, result.healed], [0, 2], result.summary)
    assert.equal(fs.readFileSync(vault('IMG_1.xmp'), 'utf8'), 'worked on')
    assert.equal((await verify()).exitCode, 0)
    assert.deepEqual(checkManifests(studio.vault), [])
  })

  it('does not bring what was moved to where the drive has it', async () => {
    const away = studio.at('Vault, at home')
    fs.renameSync(studio.vault, away)
    studio.make(shoot, { 'IMG_9.CR3': 50_000 })
    await studio.call('backup/run', { paths: [shoot], to: [studio.ssd] })
    fs.renameSync(path.join(shoot, 'IMG_9.CR3'), path.join(shoot, 'IMG_9 best.CR3'))
    fs.renameSync(away, studio.vault)
    await studio.backUp('Hike')
    const result = await heal()
    assert.deepEqual([result.exitCode, result.healed], [0, 0], result.summary)
    assert.ok(!fs.existsSync(vault('IMG_9.CR3')))
  })

  it('knows the size of what the drive has lost that the journal was made again from', async () => {
    fs.rmSync(ssd('IMG_1.CR3'))
    for (const folder of [studio.home, shoot]) fs.rmSync(folder, { recursive: true })
    await studio.call('rebuild/run', { from: studio.ssd })
    await studio.call('rebuild/run', { from: studio.vault })
    const result = await heal()
    assert.deepEqual([result.exitCode, result.healed, result.bytesCopied], [0, 1, 200_000], result.summary)
    assert.equal((await studio.restore({ all: true, to: studio.at('Out') })).bytesRestored, 600_007)
    assert.equal((await verify()).exitCode, 0)
  })

  it('takes back what it had called damaged when it reads well, and does not copy it', async () => {
    rot(ssd('IMG_1.CR3'))
    await verify()
    rot(ssd('IMG_1.CR3'))
    const result = await heal()
    assert.deepEqual([result.exitCode, result.good, result.healed], [0, 1, 0], result.summary)
    assert.equal(
      (await studio.call('shoots/list', {})).shoots[0]?.places.find(({ place }) => place === 'Studio SSD')?.verified,
      3,
    )
  })

  it('does not heal through a link that lies in the tree of a drive', async () => {
    const outside = studio.at('outside')
    fs.mkdirSync(outside)
    fs.rmSync(ssd('Peak'), { recursive: true })
    fs.symlinkSync(outside, ssd('Peak'))
    const result = await heal()
    assert.equal(result.exitCode, 10, result.summary)
    assert.match(result.findings[0]?.message ?? '', /is a link/)
    assert.deepEqual(namesIn(outside), [])
  })

  it('is finished by the next heal after kill -9, wherever that came', async () => {
    const copies = Object.keys(HIKE)
    for (const delayMs of [15]) {
      for (const name of copies) rot(ssd(name))
      const before = copies.map((name) => fs.statSync(ssd(name)).ino)
      await verify()
      const child = studio.start('heal')
      await new Promise<void>((resolve) => {
        child.once('close', () => resolve())
        const look = setInterval(() => {
          // From the first exchange on, some way further.
          if (
            child.exitCode === null &&
            fs.existsSync(ssd(copies[0] ?? '')) &&
            fs.statSync(ssd(copies[0] ?? '')).ino === before[0]
          )
            return
          clearInterval(look)
          setTimeout(() => child.kill('SIGKILL'), delayMs)
        }, 1)
      })
      const result = await heal()
      assert.equal(result.exitCode, 0, result.summary)
      const checked = await verify()
      assert.equal(checked.exitCode, 0, JSON.stringify(checked.findings))
      assert.deepEqual(
        namesIn(studio.ssd).filter((name) => name.endsWith('.tmp')),
        [],
      )
    }
  })
})
