// What the commands about catalogs do and say, from the method down to the disk.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import type { Result } from '../../shared/methods.js'
import { rot, Studio } from '../restore/support.js'
import { makeCatalog, makeLock, type LiteralPhoto } from '../support/catalog.js'
import { foldersAsDisks } from '../support/daemon.js'

/** No system gives out so high a number. */
const NO_PROCESS = 4_194_305

describe('the catalog commands', function () {
  this.timeout(120_000)
  let studio: Studio
  let catalog: string
  beforeEach(async () => {
    studio = new Studio()
    catalog = studio.at('Lightroom', 'Main.lrcat')
    fs.mkdirSync(path.dirname(catalog))
    studio.make(studio.pictures, { 'Walk/IMG_1.CR3': 4000, 'Walk/IMG_2.CR3': 5000, 'Trip/IMG_3.jpg': 3000 })
    write({ 'Walk/': [{ name: 'IMG_1.CR3' }, { name: 'IMG_2.CR3' }], 'Trip/': [{ name: 'IMG_3.jpg' }] })
    fs.mkdirSync(studio.home, { recursive: true, mode: 0o700 })
    fs.writeFileSync(path.join(studio.home, 'config.json'), JSON.stringify({ format: 1, catalogSettleSeconds: 0.05 }))
    await studio.backUp('Walk', 'Trip')
  })
  afterEach(() => studio.remove())

  const disks = () => ({ volumes: foldersAsDisks(studio.root) })

  function write(folders: Record<string, readonly LiteralPhoto[]>): void {
    fs.rmSync(catalog, { force: true })
    makeCatalog(catalog, { roots: { [`${studio.pictures}/`]: folders } })
  }

  const kindsOf = ({ findings }: Result<'catalog/check'>) =>
    findings.map(({ kind, file }) => `${kind} ${path.basename(file)}`).sort()

  it('damage under an unchanged size and date is found by a check that reads, with what mends it', async () => {
    rot(path.join(studio.pictures, 'Walk', 'IMG_2.CR3'))
    const quick = await studio.call('catalog/check', { catalog }, disks())
    assert.deepEqual([quick.exitCode, kindsOf(quick)], [0, []])
    const read = await studio.call('catalog/check', { catalog, read: true }, disks())
    assert.deepEqual([read.exitCode, kindsOf(read)], [11, ['damaged IMG_2.CR3']])
    assert.match(read.mend[0]?.mend ?? '', /safelight heal/)
    const shoot = await studio.call('catalog/check', { catalog, read: true, shoot: 'Pictures/Trip' }, disks())
    assert.deepEqual([shoot.files, kindsOf(shoot)], [1, []])
  })

  it('tells every one of more findings than travel at once, in their order', async () => {
    const names = Array.from({ length: 4_100 }, (_, index) => `IMG_${index + 10_000}.CR3`)
    write({ 'Lost/': names.map((name) => ({ name })) })
    const check = await studio.call('catalog/check', { catalog }, disks())
    assert.deepEqual(
      check.findings.map(({ kind, file }) => `${kind} ${path.basename(file)}`),
      names.map((name) => `missing ${name}`),
    )
  })

  it('knows each of a folder of more files than are looked up at once', async () => {
    const names = Array.from({ length: 450 }, (_, index) => `IMG_${index + 1000}.CR3`)
    studio.make(studio.pictures, Object.fromEntries(names.map((name) => [`Feast/${name}`, 10])))
    write({ 'Feast/': names.map((name) => ({ name })) })
    await studio.backUp('Feast')
    for (const name of [names[0], names[199], names[200], names[449]])
      rot(path.join(studio.pictures, 'Feast', name ?? ''))
    const read = await studio.call('catalog/check', { catalog, read: true, places: true }, disks())
    assert.deepEqual(
      read.findings.filter(({ kind }) => kind === 'damaged').map(({ file }) => path.basename(file)),
      ['IMG_1000.CR3', 'IMG_1199.CR3', 'IMG_1200.CR3', 'IMG_1449.CR3'],
    )
    assert.ok(read.findings.every(({ kind }) => kind !== 'not-in-any-place'))
  })

  it('a check that was given little to read says that it did not reach the end, and is gone on with', async () => {
    let [files, parts] = [0, 0]
    let after: number | undefined = 0
    for (; after !== undefined; parts += 1) {
      const part: Result<'catalog/check'> = await studio.call(
        'catalog/check',
        { catalog, read: true, bytes: 5000, after },
        disks(),
      )
      files += part.files
      after = part.resumeAfter
      assert.equal(/The end of the catalog was not reached/.test(part.summary), after !== undefined)
    }
    assert.deepEqual([files, parts], [3, 3])
  })

  it('says which files lie in no place, or in one only, when it is asked to', async () => {
    studio.make(studio.pictures, { 'New/IMG_4.CR3': 2000 })
    write({ 'Walk/': [{ name: 'IMG_1.CR3' }], 'New/': [{ name: 'IMG_4.CR3' }] })
    await studio.call('place/remove', { place: 'Vault' }, disks())
    const found = await studio.call('catalog/check', { catalog, places: true }, disks())
    assert.deepEqual(kindsOf(found), ['not-in-any-place IMG_4.CR3', 'only-one-copy IMG_1.CR3'])
    assert.equal(found.exitCode, 10)
  })

  it('a backup and the originals beside it are a complete set, or it says how many are not proven there', async () => {
    await studio.call('catalog/backup', { catalog }, disks())
    const sets = async () =>
      (await studio.call('catalog/list', {}, disks())).catalogs[0]?.backups.map(
        ({ place, set, unproven }) => `${place} ${set} ${unproven ?? '?'}`,
      )
    assert.deepEqual((await sets())?.sort(), ['Studio SSD complete 0', 'Vault complete 0'])
    fs.rmSync(studio.copy(studio.vault, 'Walk', 'IMG_1.CR3'))
    await studio.call('verify/run', { shoots: [] }, disks())
    assert.deepEqual((await sets())?.sort(), ['Studio SSD complete 0', 'Vault incomplete 1'])
  })

  it('what the catalog names and nobody has copied is wanted, and what cannot be taken is not protected, and why', async () => {
    studio.make(studio.pictures, { 'New/IMG_4.CR3': 2000 })
    write({ 'Walk/': [{ name: 'IMG_1.CR3' }], 'New/': [{ name: 'IMG_4.CR3' }, { name: 'song.mp3' }] })
    const backup = await studio.call('catalog/backup', { catalog }, disks())
    assert.deepEqual([backup.judgement, backup.wanted], ['good', 1])
    const { notProtected } = await studio.call('status/get', {}, disks())
    assert.deepEqual(notProtected.find(({ id }) => id === 'Pictures/New')?.missing, [
      '1 imported photo not copied yet: being copied',
      '1 file of the catalog cannot be copied: not a photo or video by its name',
    ])
  })

  it('the lock that a crashed Lightroom left is said and left alone', async () => {
    makeLock(catalog, NO_PROCESS)
    const { exitCode, warnings } = await studio.call('catalog/backup', { catalog }, disks())
    assert.equal(exitCode, 0)
    assert.match(warnings.join('\n'), /lock file of a Lightroom that ended without removing it.*left alone/)
    assert.ok(fs.existsSync(`${catalog}.lock`))
  })

  it('shows what thinning would remove, and removes nothing, with --dry-run', async () => {
    for (let day = 0; day < 12; day++) {
      fs.appendFileSync(catalog, Buffer.alloc(4096))
      const clock = () => Date.UTC(2026, 5, 1 + day, 12)
      await studio.call('catalog/backup', { catalog }, { ...disks(), clock })
    }
    const stamps = () => fs.readdirSync(path.join(studio.ssd, 'Safelight', 'Catalogs', 'Main')).sort()
    const before = stamps()
    const plan = await studio.call('prune/run', { dryRun: true }, disks())
    assert.equal(plan.removed, 0)
    assert.ok(plan.plan.every(({ why }) => why !== ''))
    assert.equal(plan.plan.length, before.length * 2)
    assert.deepEqual(stamps(), before)
  })
})
