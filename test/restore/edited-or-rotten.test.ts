import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { bytesAsSource } from '../../helper/files/picture/byte-source.js'
import { locatePicture } from '../../helper/files/picture/picture.js'
import { makeDng, makeFilm, makeHeifBuild, makeJpeg, type Words } from '../support/pictures.js'
import { makeCatalog } from '../support/catalog.js'
import { foldersAsDisks } from '../support/daemon.js'
import { Studio } from './support.js'

const MAKERS: Readonly<Record<string, (words: Words) => Buffer>> = {
  'IMG_1.jpg': (words) => makeJpeg(1, words, 128, 96),
  'IMG_2.dng': (words) => makeDng(2, words),
  'IMG_3.heic': (words) => makeHeifBuild(3, words),
  'IMG_4.CR3': (words) => makeFilm(4, words, 12, 'crx '),
  'IMG_5.mp4': (words) => makeFilm(5, words),
}
const AS_SHOT: Words = { xmp: '<x:xmpmeta rating="1"/>' }
const CAPTIONED: Words = { xmp: '<x:xmpmeta rating="5"/>', description: 'Iceland, the second day' }

describe('an original that was edited, or has rotted, or both', () => {
  let studio: Studio
  let shoot: string

  beforeEach(async () => {
    studio = new Studio()
    shoot = path.join(studio.pictures, 'Hike')
    fs.mkdirSync(shoot)
    for (const [name, make] of Object.entries(MAKERS)) write(name, make(AS_SHOT), 1)
    await studio.backUp('Hike')
  })
  afterEach(() => studio.remove())

  /** @param hour  of a day in 2026, which dates the file */
  function write(name: string, bytes: Buffer, hour: number): void {
    fs.writeFileSync(path.join(shoot, name), bytes)
    fs.utimesSync(path.join(shoot, name), hour, Date.UTC(2026, 1, 3, hour) / 1000)
  }

  const verify = () => studio.call('verify/run', { shoots: [], all: true })
  const backup = () => studio.call('backup/run', { paths: [shoot], to: [] })
  const copy = (name: string): Buffer => fs.readFileSync(studio.copy(studio.ssd, 'Hike', name))

  it('takes captions and ratings for an edit: nothing is damaged, and the next backup keeps both contents', async () => {
    for (const [name, make] of Object.entries(MAKERS)) write(name, make(CAPTIONED), 2)
    const checked = await verify()
    assert.deepEqual([checked.findings, checked.exitCode], [[], 0], checked.summary)
    assert.match(checked.warnings?.join() ?? '', /have changed since their last backup/)
    assert.doesNotMatch(checked.warnings?.join() ?? '', /unsure/)
    const { findings, exitCode } = await backup()
    assert.deepEqual([findings, exitCode], [[], 0])
    for (const [name, make] of Object.entries(MAKERS)) assert.deepEqual(copy(name), make(CAPTIONED), name)
  })

  for (const name of Object.keys(MAKERS))
    it(`leaves the good copies alone where the picture in ${name} has rotted under an edit`, async () => {
      const make = MAKERS[name]!
      write(name, withWrongPicture(make(CAPTIONED)), 2)
      const said = /was edited, and its picture has rotted besides: 1 byte of the picture itself is not/
      for (const look of [verify, backup, verify, backup]) {
        const { findings, exitCode } = await look()
        assert.deepEqual(
          findings.map(({ kind, place, file }) => `${kind} ${place} ${file}`),
          [`damaged working ${name}`],
        )
        assert.match(findings[0]?.message ?? '', said)
        assert.equal(exitCode, 11)
        assert.deepEqual(copy(name), make(AS_SHOT), 'the copy is what was first read')
      }
      const status = await studio.call('status/get', {})
      assert.notEqual(status.verdict, 'protected')
      const rotten = fs.readFileSync(path.join(shoot, name))
      const healed = await studio.call('heal/run', { shoots: [], originals: true })
      assert.deepEqual([healed.healed, healed.exitCode], [0, 11], 'an edit is not undone by a heal')
      assert.match(healed.findings[0]?.message ?? '', said)
      assert.deepEqual(fs.readFileSync(path.join(shoot, name)), rotten)
      await studio.call('restore/run', { shoot: 'Hike', files: [name] })
      const beside = fs.readdirSync(shoot).filter((each) => each.includes('(restored '))
      assert.deepEqual(
        beside.map((each) => fs.readFileSync(path.join(shoot, each))),
        [make(AS_SHOT)],
      )
    })

  it('is told by the good one of two copies when the other has rotted itself', async () => {
    const file = studio.copy(studio.ssd, 'Hike', 'IMG_2.dng')
    const { atime, mtime } = fs.statSync(file)
    fs.writeFileSync(file, withWrongPicture(makeDng(2, AS_SHOT)))
    fs.utimesSync(file, atime, mtime)
    write('IMG_2.dng', makeDng(2, CAPTIONED), 2)
    const look = () => studio.call('verify/run', { shoots: [], place: 'working' })
    assert.deepEqual((await look()).findings, [], 'the original is good: it is the copy that is not')
    write('IMG_2.dng', withWrongPicture(makeDng(2, CAPTIONED)), 2)
    assert.match((await look()).findings[0]?.message ?? '', /its picture has rotted besides/)
    for (const drive of [studio.ssd, studio.vault]) fs.renameSync(drive, `${drive} on the shelf`)
    assert.deepEqual((await look()).findings, [], 'without a copy nobody can say, and nothing is claimed')
  })

  it('is judged the same by a check of the catalog that reads: a caption in a raw is no damage, and rot under one is', async () => {
    write('IMG_6.tif', makeDng(6, AS_SHOT, 64, 48, false), 1)
    await backup()
    const settled = { format: 1, catalogSettleSeconds: 0.05 }
    fs.writeFileSync(path.join(studio.home, 'config.json'), JSON.stringify(settled))
    const catalog = studio.at('Lightroom', 'Main.lrcat')
    fs.mkdirSync(path.dirname(catalog))
    const names = [...Object.keys(MAKERS), 'IMG_6.tif']
    makeCatalog(catalog, { roots: { [`${studio.pictures}/`]: { 'Hike/': names.map((name) => ({ name })) } } })
    const check = (read: boolean) =>
      studio.call('catalog/check', { catalog, read }, { volumes: foldersAsDisks(studio.root) })
    for (const name of ['IMG_1.jpg', 'IMG_4.CR3']) write(name, MAKERS[name]!(CAPTIONED), 2)
    write('IMG_2.dng', withWrongPicture(makeDng(2, CAPTIONED)), 2)
    write('IMG_6.tif', withWrongPicture(makeDng(6, AS_SHOT, 64, 48, false)), 2)
    const kinds = ({ findings }: Awaited<ReturnType<typeof check>>) =>
      findings.map(({ kind, file }) => `${kind} ${path.basename(file)}`).sort()
    const read = await check(true)
    assert.deepEqual(kinds(read), ['damaged IMG_2.dng', 'edited IMG_1.jpg', 'edited IMG_4.CR3', 'unsure IMG_6.tif'])
    assert.match(read.findings.find(({ kind }) => kind === 'damaged')?.message ?? '', /its picture has rotted besides/)
    assert.equal(read.exitCode, 11)
    for (const drive of [studio.ssd, studio.vault]) fs.renameSync(drive, `${drive} on the shelf`)
    const alone = kinds(await check(true))
    assert.ok(
      alone.includes('damaged IMG_4.CR3'),
      'without a copy a raw that has changed is damage until proven otherwise',
    )
  })

  it('says that it is unsure where pixels may have been retouched, and does nothing by itself', async () => {
    const tiff = makeDng(6, AS_SHOT, 64, 48, false)
    write('IMG_6.tif', tiff, 1)
    await backup()
    const retouched = withWrongPicture(tiff)
    write('IMG_6.tif', retouched, 2)
    const checked = await verify()
    assert.deepEqual(checked.findings, [])
    assert.match(
      checked.warnings?.join() ?? '',
      /IMG_6\.tif has changed, and it is unsure whether by an edit or by damage/,
    )
    const result = await backup()
    assert.match(result.warnings.join(), /unsure whether by an edit or by damage/)
    const versions = fs.readdirSync(studio.copy(studio.ssd, 'Hike', 'Versions'))
    assert.equal(versions.length, 1, 'what it was is kept')
  })
})

/** One wrong bit in the picture itself, near its end, and no marker made or lost. */
function withWrongPicture(bytes: Buffer): Buffer {
  const located = locatePicture(bytesAsSource(bytes))
  assert.ok(located.ok)
  const { end } = located.data.ranges.at(-1) ?? { end: 0 }
  const wrong = Buffer.from(bytes)
  let at = end - 40
  while (wrong[at] === 0xff || wrong[at - 1] === 0xff || (wrong[at] ?? 0) === 0xfe) at -= 1
  wrong[at] = (wrong[at] ?? 0) ^ 1
  return wrong
}
