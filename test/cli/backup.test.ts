// A shoot to a second drive and once more, seen by a photographer and by a script: what arrives, what is said, and that the second time
// costs nothing.
import assert from 'node:assert/strict'
import { existsSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { execa } from 'execa'
import type { Outcome, Place, Shoot, StatusResult } from '../../shared/methods.js'
import { ask, backup, named, safelight, start, verify, type Failed } from '../support/safelight.js'
import { contentOf, scratch, TAKEN, type Scratch } from '../support/tree.js'

const HASH_LINE = /^\\?[0-9a-f]{64} {2}.+$/

describe('backup', () => {
  let here: Scratch
  beforeEach(() => (here = scratch()))
  afterEach(() => here.remove())

  it('brings a shoot to a drive, proves it, and does nothing the second time', async () => {
    const source = here.tree('Wedding', {
      'IMG_1.CR3': null,
      'IMG_1.xmp': null,
      'party/IMG_2.CR3': null,
      'empty.txt': '',
    })
    const drive = here.folder('drive')
    const bytes = ['IMG_1.CR3', 'IMG_1.xmp', 'party/IMG_2.CR3'].reduce((sum, name) => sum + contentOf(name).length, 0)

    const first = await backup(here.home, source, drive)
    assert.equal(first.exitCode, 0)
    assert.deepEqual(
      [first.files, first.filesCopied, first.filesUnchanged, first.filesAdopted, first.bytesCopied],
      [4, 4, 0, 0, bytes],
    )
    assert.deepEqual(first.shoots, [
      { id: 'Wedding', files: 3, filesCopied: 3 },
      { id: 'Wedding/party', files: 1, filesCopied: 1 },
    ])
    assert.deepEqual(first.findings, [])

    const photos = path.join(drive, 'Safelight/Photos')
    for (const name of ['IMG_1.CR3', 'IMG_1.xmp', 'party/IMG_2.CR3']) {
      const copy = path.join(photos, 'Wedding', name)
      assert.deepEqual(readFileSync(copy), contentOf(name))
      assert.equal(statSync(copy).mtimeMs, TAKEN.getTime(), 'the date is kept')
    }
    for (const shoot of ['Wedding', 'Wedding/party']) {
      const manifest = readFileSync(path.join(photos, shoot, 'safelight.b3'), 'utf8')
        .trimEnd()
        .split('\n')
      for (const line of manifest) assert.match(line, HASH_LINE)
      await passesB3sum(path.join(photos, shoot), manifest.length)
    }
    for (const name of ['place.json', 'HOW-TO-RESTORE.txt', 'chain.jsonl'])
      assert.ok(existsSync(path.join(drive, 'Safelight', name)), name)

    const second = await backup(here.home, source, drive)
    assert.deepEqual(
      [second.exitCode, second.bytesCopied, second.filesCopied, second.filesUnchanged, second.filesChecked],
      [0, 0, 0, 4, 4],
    )
    assert.match(second.summary, /nothing to copy/)
  })

  it('says in the summary, in the log and in the status that a drive is on the same disk as the originals', async () => {
    const source = here.tree('Wedding', { 'IMG_1.CR3': null })
    const drive = here.folder('drive')
    const { summary, warnings } = await backup(here.home, source, drive)
    assert.match(summary, /does NOT count as a second device/)
    assert.doesNotMatch(summary, /\bsafe on\b/, 'nothing is called safe that dies with the originals')
    assert.equal(warnings.length, 1)
    const log = readFileSync(path.join(drive, 'Safelight/Photos/Wedding/safelight-log.jsonl'), 'utf8')
    assert.match(log, /does NOT count as a second device/)

    const again = await backup(here.home, source, drive)
    assert.match(again.summary, /does NOT count as a second device/, 'and again at every run')
    const status = await ask<StatusResult>(here.home, ['status'])
    assert.equal(status.exitCode, 10)
    assert.deepEqual(status.notProtected, [
      {
        id: 'Wedding',
        verdict: 'at-risk',
        missing: ['two more copies on devices of their own', 'a copy on a second device', 'an off-site copy'],
      },
    ])
    assert.match(status.places[0]?.warnings[0] ?? '', /not .*a second device/)
  })

  it('answers in the shapes that scripts rely on', async () => {
    const source = here.tree('Wedding', { 'IMG_1.CR3': null, 'IMG_1.xmp': null })
    const drive = here.folder('drive')
    await backup(here.home, source, drive)

    const { shoots } = await ask<Outcome & { shoots: Shoot[] }>(here.home, ['shoots', '--search', 'img_1.CR3'])
    const bytes = contentOf('IMG_1.CR3').length + contentOf('IMG_1.xmp').length
    assert.deepEqual(
      shoots.map(({ id, files, bytes: size, verdict }) => ({ id, files, size, verdict })),
      [{ id: 'Wedding', files: 2, size: bytes, verdict: 'at-risk' }],
    )
    assert.deepEqual(
      shoots[0]?.places.map(({ place, files, verified }) => ({ place, files, verified })),
      [
        { place: 'working', files: 2, verified: 2 },
        { place: 'drive', files: 2, verified: 2 },
      ],
    )
    for (const { provenAt } of shoots.flatMap((each) => each.places))
      assert.match(provenAt ?? '', /^\d{4}-\d\d-\d\dT.*Z$/)

    const status = await ask<StatusResult>(here.home, ['status', 'Wedding/'])
    assert.equal(status.helper, 'down')
    assert.equal(status.verdict, 'at-risk')
    assert.deepEqual(status.shoots, { protected: 0, partly: 0, atRisk: 1, unknown: 0 })
    assert.deepEqual(status.catalogs, [])
    assert.match(status.asOf, /Z$/)

    const verified = await verify(here.home)
    assert.deepEqual([verified.checked, verified.good, verified.ok, verified.findings], [2, 2, true, []])

    const { places } = await ask<Outcome & { places: Place[] }>(here.home, ['place', 'list'])
    assert.deepEqual(
      places.map(({ name, kind, path: at, state }) => ({ name, kind, at, state })),
      [{ name: 'drive', kind: 'drive', at: drive, state: 'here' }],
    )

    const unknown = await ask<Failed>(here.home, ['status', 'Nobody'])
    assert.deepEqual([unknown.exitCode, unknown.code], [18, 'SHOOT_UNKNOWN'])
  })

  it('copies to two drives with one command, and takes single files', async () => {
    const source = here.tree('Wedding', { 'IMG_1.CR3': null, 'IMG_2.CR3': null })
    const [one, two] = [here.folder('one'), here.folder('two')]
    const single = await backup(here.home, path.join(source, 'IMG_2.CR3'), one)
    assert.deepEqual([single.files, single.filesCopied, single.shoots[0]?.id], [1, 1, 'Wedding'])
    assert.ok(!existsSync(path.join(one, 'Safelight/Photos/Wedding/IMG_1.CR3')))
    const both = await backup(here.home, source, one, two)
    assert.equal(both.exitCode, 0)
    for (const drive of [one, two])
      for (const name of ['IMG_1.CR3', 'IMG_2.CR3'])
        assert.deepEqual(readFileSync(path.join(drive, 'Safelight/Photos/Wedding', name)), contentOf(name))
    assert.deepEqual((await verify(here.home)).checked, 4)
  })

  it('needs no --to once a drive is known, and says so when none is', async () => {
    const source = here.tree('Wedding', { 'IMG_1.CR3': null })
    const none = await ask<Failed>(here.home, ['backup', source])
    assert.deepEqual([none.exitCode, none.code], [2, 'USAGE'])
    assert.match(none.remedy, /--to/)
    await ask(here.home, ['place', 'add', here.folder('drive'), '--name', 'Studio'])
    const { exitCode, filesCopied } = await backup(here.home, source)
    assert.deepEqual([exitCode, filesCopied], [0, 1])
    assert.deepEqual(named((await verify(here.home, '--place', 'studio')).findings), [])
  })

  it('goes on to its end when nobody reads what it says any more', async () => {
    const source = here.tree('Wedding', { 'IMG_1.CR3': null })
    const running = start(here.home, ['backup', source, '--to', here.folder('drive')])
    running.stdout.destroy()
    running.stderr.destroy()
    const { exitCode } = await running
    assert.equal(exitCode, 0)
    assert.deepEqual(readFileSync(here.at('drive/Safelight/Photos/Wedding/IMG_1.CR3')), contentOf('IMG_1.CR3'))
  })

  it('prints for people what it did, what it left out and what to mind, and no control characters', async () => {
    const source = here.tree('Wedding', { 'IMG_1.CR3': null, '.DS_Store': 'x', 'evil\u001b[2Jname.jpg': null })
    const { stdout, exitCode } = await safelight(here.home, ['backup', source, '--to', here.folder('drive')])
    assert.equal(exitCode, 0)
    assert.match(stdout, /2 photos .*"drive"/)
    assert.match(stdout, /WARNING: .*does NOT count as a second device/)
    assert.match(stdout, /Left out: 1 \(system litter\)/)
    here.tree('drive/Safelight/Photos/Wedding', { 'bad\u001b[31m\r.jpg': null })
    const found = await safelight(here.home, ['verify'])
    assert.match(found.stdout, /EXTRA/)
    assert.ok(!found.stdout.includes('\u001b') && !found.stdout.includes('\r'))
  })
})

async function passesB3sum(folder: string, lines: number): Promise<void> {
  const { exitCode, stdout } = await execa('b3sum', ['--check', 'safelight.b3'], { cwd: folder, reject: false })
  if (exitCode === undefined) {
    console.log('      (b3sum is not installed: the manifest was not checked with it)')
    return
  }
  assert.equal(exitCode, 0)
  assert.equal(stdout.split('\n').filter((line) => line.endsWith(': OK')).length, lines)
}
