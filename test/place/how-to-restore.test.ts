// The page that lies on every drive is for the day when nothing of Safelight is left: its commands, run to the letter, bring a shoot back
// and prove it.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { execa } from 'execa'
import { makeCatalog, makeCatalogData } from '../support/catalog.js'
import { commandsOf, unpackCatalog } from '../support/page.js'
import { ask, backup } from '../support/safelight.js'
import { contentOf, scratch, TAKEN, type Scratch } from '../support/tree.js'

describe('HOW-TO-RESTORE.txt', () => {
  let here: Scratch
  before(() => (here = scratch()))
  after(() => here.remove())

  it('brings a shoot back with its own commands, and b3sum agrees', async function () {
    const source = here.tree('Big Day', { 'IMG 1.CR3': null, 'IMG_2.xmp': null, 'party/IMG_3.CR3': null })
    const drive = here.folder('drive')
    await backup(here.home, source, drive)
    const page = readFileSync(path.join(drive, 'Safelight/HOW-TO-RESTORE.txt'), 'utf8')
    const filledIn = commandsOf(page, here.folder('home again'), { '<shoot>': 'Big Day' })
    const copy = filledIn.find((line) => line.startsWith('cp '))
    const check = filledIn.filter((line) => line.startsWith('cd ') || line.startsWith('b3sum'))
    assert.ok(copy && check.length === 2, 'the page has the commands')
    const quoted = copy.replace(here.at('home again'), `"${here.at('home again')}"`)

    await execa('sh', ['-ec', quoted], { cwd: path.join(drive, 'Safelight') })
    for (const name of ['IMG 1.CR3', 'IMG_2.xmp', 'party/IMG_3.CR3']) {
      const restored = here.at('home again/Big Day', name)
      assert.deepEqual(readFileSync(restored), contentOf(name))
      assert.equal(statSync(restored).mtimeMs, TAKEN.getTime(), 'with the date it had')
    }
    if ((await execa('b3sum', ['--version'], { reject: false })).exitCode !== 0) {
      console.log('      (b3sum is not installed: that part was not run)')
      this.skip()
    }
    const { stdout } = await execa('sh', ['-ec', check.join('\n')])
    assert.deepEqual(stdout.split('\n'), ['IMG 1.CR3: OK', 'IMG_2.xmp: OK'])
    const broken = here.at('home again/Big Day/IMG 1.CR3')
    await execa('sh', ['-c', 'printf x >> "$1"', 'sh', broken])
    const { stdout: failed, exitCode } = await execa('sh', ['-ec', check.join('\n')], { reject: false })
    assert.match(failed, /IMG 1\.CR3: FAILED/)
    assert.notEqual(exitCode, 0)
    assert.ok(readdirSync(path.join(drive, 'Safelight')).includes('place.json'))
  })
  it('brings a Lightroom catalog back with its own commands, its data folder too', async () => {
    const drive = here.folder('catalog drive')
    const source = here.tree('Small Day', { 'IMG 1.CR3': null })
    await backup(here.home, source, drive)
    const catalog = path.join(here.folder('Lightroom'), 'Main Catalog.lrcat')
    makeCatalog(catalog, { roots: { [`${source}/`]: { '': [{ name: 'IMG 1.CR3', rating: 3 }] } } })
    makeCatalogData(catalog, { '000012.blob': 'a mask', '000013.sst': 'a table' })
    await ask(here.home, ['catalog', 'backup', catalog])
    const page = readFileSync(path.join(drive, 'Safelight/HOW-TO-RESTORE.txt'), 'utf8')
    const where = here.folder('catalog again')
    await unpackCatalog(page, path.join(drive, 'Safelight'), where, 'Main Catalog')
    for (const name of [
      'Main Catalog.lrcat',
      'Main Catalog.lrcat-data/000012.blob',
      'Main Catalog.lrcat-data/000013.sst',
    ])
      assert.deepEqual(readFileSync(path.join(where, name)), readFileSync(here.at('Lightroom', name)), name)
  })
})
