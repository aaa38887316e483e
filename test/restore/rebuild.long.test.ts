// The journal is a cache: lost, damaged or on another computer, it is made again from a drive, and after that everything is as it was.
// And a drive may have been in other hands: whatever its records claim, nothing outside it is read or written.
import assert from 'node:assert/strict'
import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { execaSync } from 'execa'
import type { Outcome, RebuildResult, Shoot } from '../../shared/methods.js'
import { ask, backup, named, safelight, verify, type Failed } from '../support/safelight.js'
import { contentOf, scratch, type Scratch, write } from '../support/tree.js'

describe('rebuild', () => {
  let here: Scratch
  let source: string
  let drive: string
  let photos: string
  beforeEach(() => {
    here = scratch()
    source = here.tree('Wedding', { 'IMG_1.CR3': null, 'IMG_1.xmp': 'first', 'party/IMG_2.CR3': null })
    drive = here.folder('drive')
    photos = path.join(drive, 'Safelight/Photos')
  })
  afterEach(() => here.remove())

  const rebuild = (home: string, ...more: string[]): Promise<RebuildResult> =>
    ask<RebuildResult>(home, ['rebuild', '--from', drive, ...more])
  /** What the drive can tell: its own copies, not where the originals are. Proofs may be told as older than they are, never as newer. */
  const onDrive = async (home: string, provenBefore?: number): Promise<unknown> =>
    (await ask<Outcome & { shoots: Shoot[] }>(home, ['shoots'])).shoots.map(({ id, files, bytes, places }) => ({
      id,
      files,
      bytes,
      places: places
        .filter(({ place }) => place === 'drive')
        .map(({ provenAt = '', ...rest }) => {
          assert.ok(provenBefore === undefined || Date.parse(provenAt) <= provenBefore)
          return rest
        }),
    }))

  it('knows again all that was known, and the next backup copies nothing', async () => {
    await backup(here.home, source, drive)
    write(path.join(source, 'IMG_1.xmp'), 'second', new Date('2026-06-02T00:00:00Z'))
    await backup(here.home, source, drive)
    const before = await onDrive(here.home)

    for (const home of ['journal deleted', 'another computer']) {
      const then = Date.now()
      if (home === 'journal deleted') rmSync(path.join(here.home, 'journal.sqlite'))
      const at = home === 'journal deleted' ? here.home : here.at('new-home')
      const result = await rebuild(at)
      assert.deepEqual([result.exitCode, result.shoots, result.files, result.versions], [0, 2, 3, 1], home)
      assert.deepEqual(await onDrive(at, then), before, home)
      const again = await backup(at, source, drive)
      assert.deepEqual([again.exitCode, again.bytesCopied, again.filesUnchanged], [0, 0, 3], home)
      assert.deepEqual(named((await verify(at)).findings), [], home)
    }
  })

  it('believes the log where a manifest is not the one that was sealed: one rotten digit makes no photo a damaged one', async () => {
    await backup(here.home, source, drive)
    const manifest = path.join(photos, 'Wedding/safelight.b3')
    const rotten = readFileSync(manifest, 'utf8').replace(/.(?= {2}IMG_1\.CR3)/, (digit) => (digit === '0' ? '1' : '0'))
    writeFileSync(manifest, rotten)
    const fresh = here.at('new-home')
    const { findings } = await rebuild(fresh)
    assert.deepEqual(named(findings), ['manifest drive Wedding/safelight.b3'])
    const again = await backup(fresh, source, drive)
    assert.deepEqual([again.exitCode, again.filesUnchanged, again.findings], [0, 3, []])
    assert.deepEqual(named((await verify(fresh)).findings), [])
  })

  it('is done by itself when a drive of another computer is met', async () => {
    await backup(here.home, source, drive)
    const fresh = here.at('new-home')
    const first = await backup(fresh, source, drive)
    assert.deepEqual(
      [first.exitCode, first.bytesCopied, first.shoots.map(({ id }) => id)],
      [0, 0, ['Wedding', 'Wedding/party']],
    )
  })

  it('is what a journal of garbage asks for, and mends it', async () => {
    await backup(here.home, source, drive)
    const before = await onDrive(here.home)
    const then = Date.now()
    writeFileSync(path.join(here.home, 'journal.sqlite'), Buffer.alloc(40_000, 'garbage '))
    for (const command of [['status'], ['backup', source, '--to', drive], ['verify'], ['shoots']]) {
      const failed = await ask<Failed>(here.home, command)
      assert.deepEqual([failed.exitCode, failed.code], [41, 'JOURNAL_DAMAGED'])
      assert.match(failed.remedy, /rebuild --from/)
    }
    assert.equal((await rebuild(here.home)).exitCode, 0)
    assert.deepEqual(await onDrive(here.home, then), before)
    assert.ok(
      readdirSync(here.home).some((name) => name.endsWith('.damaged')),
      'the damaged one is kept',
    )
  })

  it('finds flipped bits and missing files when it is told to read them', async () => {
    await backup(here.home, source, drive)
    const rotten = Buffer.from(contentOf('IMG_1.CR3'))
    rotten.writeUInt8(rotten.readUInt8(7) ^ 4, 7)
    write(path.join(photos, 'Wedding/IMG_1.CR3'), rotten)
    rmSync(path.join(photos, 'Wedding/party/IMG_2.CR3'))
    const quick = await rebuild(here.at('quick'))
    assert.deepEqual([quick.exitCode, named(quick.findings)], [10, ['missing drive Wedding/party/IMG_2.CR3']])
    const read = await rebuild(here.at('read'), '--rehash')
    assert.equal(read.exitCode, 11)
    assert.deepEqual(
      [...new Set(named(read.findings))],
      ['damaged drive Wedding/IMG_1.CR3', 'missing drive Wedding/party/IMG_2.CR3'],
    )
    assert.equal(read.findings.length, 2, 'each thing is said once')
  })

  it('believes no record that leads out of its folder, and says so', async () => {
    await backup(here.home, source, drive)
    const secret = here.tree('elsewhere', { 'secret.txt': 'mine', 'log.txt': 'before\n' })
    const hash = '0'.repeat(64)
    const shoot = path.join(photos, 'Wedding')
    appendFileSync(
      path.join(shoot, 'safelight.b3'),
      [
        `${hash}  ../../../../elsewhere/secret.txt`,
        `${hash}  ${secret}/secret.txt`,
        `${hash}  Versions/../../x.jpg`,
        `${hash}  Quarantine/a/b/c.jpg`,
        'no manifest line at all',
        'x'.repeat(4_000_000),
        '',
      ].join('\n'),
    )
    symlinkSync(path.join(secret, 'secret.txt'), path.join(shoot, 'link.jpg'))
    appendFileSync(path.join(shoot, 'safelight.b3'), `${hash}  link.jpg\n`)
    symlinkSync(secret, path.join(photos, 'Linked'))
    symlinkSync(path.dirname(photos), path.join(photos, 'Loop'))
    const fresh = here.at('new-home')
    const result = await rebuild(fresh)
    assert.ok(result.exitCode >= 10 && result.exitCode < 20)
    const messages = result.findings.map(({ file, message }) => `${file}: ${message}`).join('\n')
    assert.ok(messages.length < 10_000, 'the findings can be read')
    assert.equal(messages.match(/cannot be understood/g)?.length, 5)
    assert.match(messages, /Quarantine\/a\/b\/c\.jpg: .*passed over/)
    assert.match(messages, /link\.jpg: /)
    assert.equal(result.shoots, 2, 'links are no shoots')
    const checked = await verify(fresh)
    assert.ok(!checked.findings.some(({ message }) => /mine/.test(message)))
    assert.deepEqual(readdirSync(secret).sort(), ['log.txt', 'secret.txt'])
  })

  it('never writes through a link that lies on the drive, and takes no link for a copy', async () => {
    const elsewhere = here.tree('elsewhere', { 'log.txt': 'before\n' })
    await backup(here.home, source, drive)
    rmSync(path.join(photos, 'Wedding/IMG_1.CR3'))
    symlinkSync(path.join(source, 'IMG_1.CR3'), path.join(photos, 'Wedding/IMG_1.CR3'))
    const checked = await verify(here.home)
    assert.deepEqual(named(checked.findings), ['unreadable drive Wedding/IMG_1.CR3'])
    const again = await backup(here.home, source, drive)
    assert.deepEqual(named(again.findings), ['unreadable drive Wedding/IMG_1.CR3'])

    rmSync(path.join(photos, 'Wedding/party'), { recursive: true })
    symlinkSync(elsewhere, path.join(photos, 'Wedding/party'))
    const through = await backup(here.home, source, drive)
    assert.notEqual(through.exitCode, 0)
    rmSync(path.join(photos, 'Wedding/safelight-log.jsonl'))
    symlinkSync(path.join(elsewhere, 'log.txt'), path.join(photos, 'Wedding/safelight-log.jsonl'))
    write(path.join(source, 'IMG_1.xmp'), 'second', new Date('2026-06-02T00:00:00Z'))
    assert.notEqual((await backup(here.home, source, drive)).exitCode, 0)
    assert.deepEqual(readdirSync(elsewhere), ['log.txt'])
    assert.equal(readFileSync(path.join(elsewhere, 'log.txt'), 'utf8'), 'before\n')
    assert.notEqual((await verify(here.home)).exitCode, 0)
  })

  it('of a drive with thousands of nested folders comes to an end and says what it did not look at', async () => {
    await backup(here.home, source, drive)
    const cwd = process.cwd()
    try {
      process.chdir(photos)
      for (let level = 0; level < 10_000; level++) {
        mkdirSync('d')
        process.chdir('d')
      }
    } finally {
      process.chdir(cwd)
    }
    const result = await rebuild(here.at('new-home'))
    assert.equal(result.shoots, 2)
    assert.ok(result.findings.some(({ message }) => /nested deeper than 64/.test(message)))
    // Paths this deep are longer than the system takes at once, for Node's own rm too.
    execaSync('rm', ['-rf', path.join(photos, 'd')])
  })

  it('says what is wrong when there is nothing to rebuild from', async () => {
    const none = await ask<Failed>(here.home, ['rebuild', '--from', drive])
    assert.deepEqual([none.exitCode, none.code], [20, 'VOLUME_AWAY'])
    assert.match(none.message, /holds no Safelight folder/)
    const said = await safelight(here.home, ['rebuild', '--from', here.at('nowhere')])
    assert.equal(said.exitCode, 20)
    assert.doesNotMatch(said.stderr, /Nothing was copied/, 'a rebuild copies nothing anyway')
  })
})
