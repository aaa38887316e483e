// Every file that a photographer may have, under whatever name: it arrives, or it is reported by name. Nothing is dropped in silence.
import assert from 'node:assert/strict'
import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { execa, execaSync } from 'execa'
import { bindMount, mountImage, type Mounted } from '../support/mounts.js'
import { backup, named, verify } from '../support/safelight.js'
import { contentOf, scratch, TAKEN, type Scratch } from '../support/tree.js'

const STRANGE: readonly string[] = [
  'é NFC.jpg',
  'e\u0301 NFC.jpg',
  '\u{1F4F7} camera \u{1F1EA}\u{1F1FA}.jpg',
  '婚礼 結婚式 결혼.CR3',
  '.hidden.xmp',
  'trailing space ',
  ' leading space.jpg',
  'trailing dot.',
  'back\\slash.jpg',
  'new\nline.jpg',
  'tab\there.jpg',
  '-rf',
  '--to',
  'quote\'and"quote.jpg',
  '$(touch pwned) `x` %s.jpg',
  'CON.jpg',
  'aux',
  'what? *really*: <yes>|no.jpg',
  `${'n'.repeat(251)}.jpg`,
  'é'.repeat(127),
  'place.json',
  'chain.jsonl',
  'catalog.lrcat',
  'movie.MOV',
  'IMG_1.acr',
]

describe('what a backup takes', () => {
  let here: Scratch
  let mounted: Mounted[]
  beforeEach(() => {
    here = scratch()
    mounted = []
  })
  afterEach(() => {
    for (const each of mounted.reverse()) each.unmount()
    here.remove()
  })
  const filesBelow = (folder: string): string[] =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.name.startsWith('safelight'))
      .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
      .sort()

  it('is every name that a file can have, and b3sum reads the manifest of them all', async () => {
    const source = here.tree('Wedding', Object.fromEntries(STRANGE.map((name) => [name, Buffer.from(name)])))
    const result = await backup(here.home, source, here.folder('drive'))
    assert.deepEqual([result.exitCode, result.filesCopied, result.findings], [0, STRANGE.length, []])
    const copies = here.at('drive/Safelight/Photos/Wedding')
    assert.deepEqual(filesBelow(copies), [...STRANGE].sort())
    for (const name of STRANGE) assert.equal(readFileSync(path.join(copies, name), 'utf8'), name)
    const check = await execa('b3sum', ['--check', 'safelight.b3'], { cwd: copies, reject: false })
    if (check.exitCode !== undefined) assert.equal(check.exitCode, 0, check.stdout)
    assert.deepEqual(named((await verify(here.home)).findings), [])
    assert.equal((await backup(here.home, source, here.at('drive'))).bytesCopied, 0)
  })

  it('is every regular file and nothing else, and what is left out is listed with the reason', async () => {
    const source = here.tree('Wedding', {
      'IMG_1.CR3': null,
      'zero.jpg': '',
      'Versions/old.jpg': null,
      'Quarantine/bad.jpg': null,
      '.DS_Store': 'x',
      'Thumbs.db': 'x',
      'DESKTOP.INI': 'x',
      '._IMG_1.CR3': 'x',
      'party/safelight.b3': 'a file of this name',
    })
    mkdirSync(path.join(source, 'empty'))
    symlinkSync('IMG_1.CR3', path.join(source, 'link.jpg'))
    symlinkSync('..', path.join(source, 'loop'))
    symlinkSync('nowhere', path.join(source, 'dangling'))
    linkSync(path.join(source, 'IMG_1.CR3'), path.join(source, 'hard link.CR3'))
    execaSync('mkfifo', [path.join(source, 'fifo')])
    const result = await backup(here.home, source, here.folder('drive'))
    assert.equal(result.exitCode, 0)
    assert.deepEqual(result.shoots.map(({ id, files }) => `${id} ${files}`).sort(), [
      'Wedding 3',
      'Wedding/Quarantine (2) 1',
      'Wedding/Versions (2) 1',
    ])
    assert.deepEqual(
      result.leftOut.map(({ file, why }) => `${file}: ${why}`).sort(),
      [
        'Wedding/._IMG_1.CR3: system litter',
        'Wedding/.DS_Store: system litter',
        'Wedding/DESKTOP.INI: system litter',
        'Wedding/Thumbs.db: system litter',
        'Wedding/dangling: a link, not followed',
        'Wedding/fifo: not a regular file',
        'Wedding/link.jpg: a link, not followed',
        'Wedding/loop: a link, not followed',
        "Wedding/party/safelight.b3: Safelight's own record",
      ].sort(),
    )
    const copies = here.at('drive/Safelight/Photos/Wedding')
    assert.equal(statSync(path.join(copies, 'zero.jpg')).size, 0)
    assert.deepEqual(readFileSync(path.join(copies, 'hard link.CR3')), contentOf('IMG_1.CR3'))
    assert.equal(lstatSync(path.join(copies, 'IMG_1.CR3')).mtimeMs, TAKEN.getTime())
    assert.deepEqual(named((await verify(here.home, '--all')).findings), [])
  })

  it('includes a source folder that is called Versions, and a shoot that was itself restored', async () => {
    const drive = here.folder('drive')
    const versions = here.tree('Versions', { 'IMG_1.CR3': null })
    const first = await backup(here.home, versions, drive)
    assert.deepEqual([first.exitCode, first.filesCopied], [0, 1])
    assert.deepEqual(named((await verify(here.home)).findings), [])

    const source = here.tree('Wedding', { 'IMG_1.xmp': 'first' })
    await backup(here.home, source, drive)
    here.tree('Wedding', { 'IMG_1.xmp': 'second' })
    utimesSync(path.join(source, 'IMG_1.xmp'), new Date(), new Date())
    await backup(here.home, source, drive)
    execaSync('cp', ['-Rp', path.join(drive, 'Safelight/Photos/Wedding'), here.folder('restored')])
    const restored = await backup(here.home, here.at('restored/Wedding'), here.folder('second'))
    assert.equal(restored.exitCode, 0)
    assert.equal(restored.files, 2, 'the earlier content too')
    assert.deepEqual(named((await verify(here.home)).findings), [])
    const fresh = here.at('fresh')
    const again = await backup(fresh, here.at('restored/Wedding'), here.at('second'))
    assert.deepEqual([again.exitCode, again.bytesCopied], [0, 0], 'and a new journal knows all of it again')
  })

  it('reports names that are not valid text, and takes the rest', async () => {
    const source = here.tree('Wedding', { 'IMG_1.CR3': null })
    writeFileSync(Buffer.concat([Buffer.from(`${source}/bad `), Buffer.from([0xff, 0xfe]), Buffer.from('.jpg')]), 'x')
    const result = await backup(here.home, source, here.folder('drive'))
    assert.equal(result.exitCode, 12)
    assert.equal(result.filesCopied, 1)
    assert.match(result.findings[0]?.message ?? '', /not valid text.*rename it/)
    assert.doesNotMatch(result.summary, /\bsafe on\b/)
  })

  it('reaches far down, and comes back from a read-only source', async function () {
    const deep = Array.from({ length: 60 }, (_, level) => `level ${level}`).join('/')
    const source = here.tree('Wedding', { [`${deep}/IMG_1.CR3`]: null, 'IMG_2.CR3': null })
    const readOnly = bindMount(source, here.at('card/Wedding'), 'ro')
    if (typeof readOnly === 'string') console.log(`      (the source was not read-only: ${readOnly})`)
    else mounted.push(readOnly)
    const from = typeof readOnly === 'string' ? source : readOnly.folder
    const result = await backup(here.home, from, here.folder('drive'))
    assert.deepEqual([result.exitCode, result.filesCopied], [0, 2])
    assert.ok(existsSync(here.at('drive/Safelight/Photos/Wedding', deep, 'IMG_1.CR3')))
  })

  for (const type of ['exfat', 'vfat'] as const) {
    it(`arrives on ${type}, and names that it cannot hold are reported by name`, async function () {
      const card = mountImage(here.root, 'card', type, 64)
      if (typeof card === 'string') {
        console.log(`      (skipped: ${card})`)
        this.skip()
      }
      mounted.push(card)
      const source = here.tree('Wedding', {
        'IMG_1.CR3': null,
        'img_1.cr3': 'another file',
        'what?.jpg': null,
        'pipe|.jpg': null,
        'é.jpg': null,
      })
      const result = await backup(here.home, source, card.folder)
      const kinds = named(result.findings)
      assert.ok(result.exitCode >= 10 && result.exitCode < 20, result.summary)
      const listed = kinds.join('\n')
      for (const name of ['what?.jpg', 'pipe|.jpg'])
        assert.ok(listed.includes(`Wedding/${name}`), `${name} in ${listed}`)
      assert.equal(kinds.filter((line) => /img_1/i.test(line)).length, 1, 'one of two names that differ in case alone')
      const there = filesBelow(path.join(card.folder, 'Safelight/Photos/Wedding'))
      assert.equal(there.length, 2, there.join())
      const again = await backup(here.home, source, card.folder)
      assert.deepEqual(named(again.findings), kinds, 'and again, and nothing is sent twice')
      assert.equal(again.bytesCopied, 0)
      assert.deepEqual(named((await verify(here.home)).findings), [])
    })
  }
})
