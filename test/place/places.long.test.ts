// Where copies may go and where they may not. A drive is known by its marker and never by its path; what is refused is refused before
// anything is written, in words that name the drive.
import assert from 'node:assert/strict'
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import type { Outcome, Place } from '../../shared/methods.js'
import { bindMount, mountImage, type Mounted } from '../support/mounts.js'
import { ask, backup, named, verify, type Failed } from '../support/safelight.js'
import { contentOf, scratch, type Scratch } from '../support/tree.js'

type Listed = Outcome & { places: Place[] }
type Added = Outcome & { place: Place }

describe('places', () => {
  let here: Scratch
  let source: string
  let mounted: Mounted[]
  beforeEach(() => {
    here = scratch()
    source = here.tree('Wedding', { 'IMG_1.CR3': null })
    mounted = []
  })
  afterEach(() => {
    for (const each of mounted.reverse()) each.unmount()
    here.remove()
  })

  const mount = (context: Mocha.Context, result: Mounted | string): Mounted => {
    if (typeof result === 'string') {
      console.log(`      (skipped: ${result})`)
      return context.skip()
    }
    mounted.push(result)
    return result
  }
  const refused = async (code: string, ...args: string[]): Promise<Failed> => {
    const answer = await ask<Failed>(here.home, args)
    assert.equal(answer.code, code, answer.summary)
    return answer
  }

  it('can be added, listed, named anew and removed, and nothing on the drive is touched by the last', async () => {
    const drive = here.folder('drive')
    const added = await ask<Added>(here.home, ['place', 'add', drive, '--name', 'Studio'])
    assert.deepEqual([added.exitCode, added.place.name, added.place.state], [0, 'Studio', 'here'])
    await backup(here.home, source)
    assert.equal((await ask<Added>(here.home, ['place', 'rename', 'studio', 'Attic'])).place.name, 'Attic')
    assert.match(readFileSync(path.join(drive, 'Safelight/place.json'), 'utf8'), /"name": "Attic"/)
    const again = await ask<Added>(here.home, ['place', 'add', drive, '--name', 'Cellar'])
    assert.equal(again.place.name, 'Cellar', 'adding a known place under a name gives it that name')
    const before = readdirSync(path.join(drive, 'Safelight'), { recursive: true }).length
    assert.equal((await ask(here.home, ['place', 'remove', 'Cellar'])).exitCode, 0)
    assert.equal(readdirSync(path.join(drive, 'Safelight'), { recursive: true }).length, before)
    assert.deepEqual((await ask<Listed>(here.home, ['place', 'list'])).places, [])
    await ask(here.home, ['place', 'add', drive])
    assert.equal((await verify(here.home)).checked, 1, 'and added again, it is known again')
    await refused('PLACE_UNKNOWN', 'place', 'remove', 'Nowhere')
  })

  it('cannot be given names that nobody could use afterwards', async () => {
    const drive = here.folder('drive')
    for (const name of ['working', 'x'.repeat(201), 'two\nlines', '\u001b[2J'])
      await refused('USAGE', 'place', 'add', drive, '--name', name)
    assert.ok(!existsSync(path.join(drive, 'Safelight')))
    await ask(here.home, ['place', 'add', drive, '--name', 'Studio'])
    for (const name of ['working', 'x'.repeat(201), 'two\nlines'])
      await refused('USAGE', 'place', 'rename', 'Studio', name)
    await refused('USAGE', 'place', 'add', here.folder('other'), '--name', 'studio')
    const long = here.folder('L'.repeat(255))
    assert.equal((await backup(here.home, source, long)).exitCode, 0)
    assert.equal(
      (await backup(here.home, source, long)).exitCode,
      0,
      'a long folder name makes no place that cannot be read',
    )
  })

  it('may not lie inside what is backed up, nor the reverse, whatever the path', async function () {
    const inside = here.folder('Wedding/backup')
    await refused('PLACES_OVERLAP', 'backup', source, '--to', inside)
    await refused('PLACES_OVERLAP', 'backup', inside, '--to', source)
    await refused('PLACES_OVERLAP', 'backup', source, '--to', source)
    symlinkSync(source, here.at('link'))
    await refused('PLACES_OVERLAP', 'backup', here.at('link'), '--to', inside)
    await refused('PLACES_OVERLAP', 'backup', source, '--to', here.at('link/backup'))
    assert.deepEqual(readdirSync(inside), [])
    const bound = mount(this, bindMount(source, here.at('bound')))
    await refused('PLACES_OVERLAP', 'backup', source, '--to', path.join(bound.folder, 'backup'))
    assert.deepEqual(readdirSync(inside), [], 'nothing was written')
  })

  it('that is a folder of a sync client is served, and said never to count as off-site', async () => {
    const folder = here.folder('Dropbox')
    writeFileSync(path.join(folder, '.dropbox'), '')
    const { exitCode, warnings } = await backup(here.home, source, folder)
    assert.equal(exitCode, 0)
    assert.ok(warnings.some((warning) => /folder of Dropbox.*never counts as off-site/.test(warning)))
    const { places } = await ask<Listed>(here.home, ['place', 'list'])
    assert.ok(places[0]?.warnings.some((warning) => /Dropbox: never counts as off-site/.test(warning)))
  })

  it('gets nothing written when its mount point is empty or holds an unknown drive', async () => {
    const point = here.folder('mnt')
    await backup(here.home, source, point)
    renameSync(point, here.at('unplugged'))
    mkdirSync(point)
    const empty = await refused('VOLUME_AWAY', 'backup', source, '--to', point)
    assert.match(empty.message, /"mnt" is not at/)
    assert.deepEqual(readdirSync(point), [])

    const otherHome = { ...here, home: here.at('other-home') }
    const other = here.folder('other')
    await backup(otherHome.home, source, other)
    rmSync(point, { recursive: true })
    renameSync(other, point)
    const replaced = await refused('VOLUME_REPLACED', 'backup', source, '--to', point)
    assert.match(replaced.message, /there used to be the drive "mnt"/)
    assert.equal((await ask<Listed>(here.home, ['place', 'list'])).places[0]?.state, 'replaced')
  })

  it('may take turns at one mount point', async () => {
    const point = here.folder('mnt')
    const swap = (out: string, into: string): void => {
      renameSync(point, here.at(out))
      if (existsSync(here.at(into))) renameSync(here.at(into), point)
      else mkdirSync(point)
    }
    await ask(here.home, ['place', 'add', point, '--name', 'Monday'])
    await backup(here.home, source)
    swap('monday', 'tuesday')
    await ask(here.home, ['place', 'add', point, '--name', 'Tuesday'])
    await backup(here.home, source, point)
    swap('tuesday', 'monday')
    const monday = await backup(here.home, source, point)
    assert.deepEqual([monday.exitCode, monday.filesCopied], [0, 0])
    swap('monday', 'tuesday')
    const tuesday = await backup(here.home, source, point)
    assert.deepEqual([tuesday.exitCode, tuesday.filesCopied], [0, 0])
    const { places } = await ask<Listed>(here.home, ['place', 'list'])
    assert.deepEqual(
      places.map(({ name, state }) => `${name} ${state}`),
      ['Monday replaced', 'Tuesday here'],
    )
    assert.equal((await verify(here.home, '--place', 'Tuesday')).checked, 1)
    const away = await refused('VOLUME_AWAY', 'verify', '--place', 'Monday')
    assert.match(away.message, /"Monday" is not connected: at .* there is "Tuesday" now/)
    const asked = await backup(here.home, source)
    assert.deepEqual([asked.exitCode, asked.files], [20, 1], 'a backup to all places says that one of them is away')
  })

  it('that was copied whole to another disk is not taken for two places', async () => {
    const drive = here.folder('drive')
    await backup(here.home, source, drive)
    cpSync(drive, here.at('clone'), { recursive: true, preserveTimestamps: true })
    const clone = await refused('PLACE_INVALID', 'backup', source, '--to', here.at('clone'))
    assert.match(clone.message, /same identity|a copy of/)
    assert.equal((await ask<Listed>(here.home, ['place', 'list'])).places[0]?.path, drive)
  })

  const HOSTILE: readonly (readonly [string, string])[] = [
    ['huge', `"${'x'.repeat(10_000_000)}"`],
    ['not JSON', '{"id": '],
    ['empty', ''],
    ['of wrong types', '{"id": 7, "name": [], "created": true, "format": "1"}'],
    [
      'with a name that is no name',
      '{"id":"6f1c1a34-3f0e-4c57-9c5e-0f8f5ad1a111","name":"../../x\\u001b[2J","created":"2026-01-01T00:00:00Z","format":1}',
    ],
    [
      'of a future format',
      '{"id":"6f1c1a34-3f0e-4c57-9c5e-0f8f5ad1a111","name":"x","created":"2026-01-01T00:00:00Z","format":2}',
    ],
  ]
  it('whose place.json is hostile are refused by name, and nothing is written there', async () => {
    const drive = here.folder('drive')
    for (const [name, text] of HOSTILE) {
      here.tree('drive', { 'Safelight/place.json': text })
      const { message } = await refused('PLACE_INVALID', 'backup', source, '--to', drive)
      assert.match(message, /place\.json/, name)
      assert.ok(message.length < 1000, `${name}: the message is readable`)
      assert.deepEqual(readdirSync(path.join(drive, 'Safelight')), ['place.json'], name)
    }
  })

  it('that do not exist, are files, or hold too little room are refused with what to do', async function () {
    await refused('VOLUME_AWAY', 'backup', source, '--to', here.at('nowhere'))
    await refused('USAGE', 'backup', source, '--to', path.join(source, 'IMG_1.CR3'))
    await refused('SOURCE_MISSING', 'backup', here.at('nowhere'), '--to', here.folder('drive'))
    const empty = await backup(here.home, here.folder('Empty'), here.at('drive'))
    assert.equal(empty.exitCode, 15, empty.summary)
    assert.match(empty.summary, /no file/i)

    const small = mount(this, mountImage(here.root, 'small', 'ext4', 4))
    here.tree('Wedding', { 'IMG_2.CR3': Buffer.alloc(8_000_000, 1) })
    const full = await backup(here.home, source, small.folder)
    assert.equal(full.exitCode, 22)
    assert.match(full.summary, /8\.\d MB are needed and .* are free/)
    assert.ok(!existsSync(path.join(small.folder, 'Safelight/Photos/Wedding')), 'not a byte was sent')
    const both = await backup(here.home, source, small.folder, here.at('drive'))
    assert.equal(both.exitCode, 22)
    assert.deepEqual(readFileSync(here.at('drive/Safelight/Photos/Wedding/IMG_1.CR3')), contentOf('IMG_1.CR3'))
  })

  it('that are read-only are refused for backups, and verified all the same', async function () {
    await backup(here.home, source, here.folder('drive'))
    const readOnly = mount(this, bindMount(here.at('drive'), here.at('drive'), 'ro'))
    here.tree('Wedding', { 'IMG_2.CR3': null })
    const { exitCode, summary } = await backup(here.home, source, readOnly.folder)
    assert.equal(exitCode, 23, summary)
    const checked = await verify(here.home)
    assert.deepEqual([checked.exitCode, checked.checked, named(checked.findings)], [0, 1, []])
    assert.match(checked.warnings?.join() ?? '', /not in its log/)
    const fresh = mount(this, bindMount(here.folder('fresh'), here.at('fresh'), 'ro'))
    await refused('VOLUME_READ_ONLY', 'backup', source, '--to', fresh.folder)
  })

  it('keep two folders of one name apart, also after a rebuild', async () => {
    const second = here.tree('card/Wedding', { 'IMG_1.CR3': 'other pictures' })
    const drive = here.folder('drive')
    await backup(here.home, source, drive)
    const renamed = await backup(here.home, second, drive)
    assert.deepEqual([renamed.exitCode, renamed.shoots[0]?.id], [0, 'Wedding (2)'])
    assert.ok(renamed.warnings.some((warning) => /goes by the name "Wedding \(2\)"/.test(warning)))
    const fresh = here.at('fresh-home')
    assert.equal((await ask(fresh, ['rebuild', '--from', drive])).exitCode, 0)
    for (const [folder, id] of [
      [second, 'Wedding (2)'],
      [source, 'Wedding'],
    ] as const) {
      const again = await backup(fresh, folder, drive)
      assert.deepEqual([again.shoots[0]?.id, again.bytesCopied, again.exitCode], [id, 0, 0])
    }
  })
})
