import assert from 'node:assert/strict'
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import {
  findLightroomBackups,
  inspectLightroomBackup,
  isLightroomBackupFolder,
  mirrorLightroomBackup,
  sameDeviceWarning,
  UNZIP_LIMITS,
  type InspectedLightroomBackup,
  type UnzipLimits,
} from '../../helper/catalog/lightroom-backups.js'
import { makeCatalog } from '../support/catalog.js'
import { inWorld, type World } from '../support/catalog-world.js'
import { makeZip, type ZipEntry } from '../support/catalog-zip.js'

const NAME = 'Wedding.lrcat'

describe('Lightroom’s own backups', () => {
  it('are found beside the catalog, zipped or bare, oldest first, and only those of this catalog', () =>
    inWorld(async (world) => {
      const bytes = catalogBytes(world)
      zipAt(world, '2021-09-25 2150', [{ name: NAME, content: bytes }])
      place(world, '2020-06-10 1000', NAME, bytes)
      place(world, '2021-10-01 0900', 'Other.lrcat', bytes)
      place(world, 'notes', NAME, bytes)
      const found = await findLightroomBackups(world.catalog)
      assert.deepEqual(
        found.map(({ stamp, isZip }) => [stamp, isZip]),
        [
          ['2020-06-10 1000', false],
          ['2021-09-25 2150', true],
        ],
      )
    }))

  it('are found in a folder that the user names, because the catalog does not say where they are', () =>
    inWorld(async (world) => {
      const elsewhere = path.join(world.folder, 'elsewhere')
      mkdirSync(path.join(elsewhere, '2024-01-02 0304'), { recursive: true })
      writeFileSync(path.join(elsewhere, '2024-01-02 0304', `${NAME}.zip`), 'x')
      assert.equal((await findLightroomBackups(world.catalog, [elsewhere, '/not/there'])).length, 1)
    }))

  it('a folder is recognised by its name and by what it holds', () => {
    assert.equal(isLightroomBackupFolder('2021-09-25 2150', ['A.lrcat.zip']), true)
    assert.equal(isLightroomBackupFolder('2021-09-25 2150', ['A.lrcat', 'A.lrcat-data']), true)
    assert.equal(isLightroomBackupFolder('2021-09-25 2150', ['IMG_1.jpg']), false)
    assert.equal(isLightroomBackupFolder('2021-09-25', ['A.lrcat']), false)
    assert.equal(isLightroomBackupFolder('2021-09-25 2150', []), false)
  })

  for (const [name, entry] of [
    ['a deflated zip', {}],
    ['a stored zip', { isStored: true }],
    ['a Zip64', { isZip64: true }],
  ] as const)
    it(`${name} is opened and counted`, () =>
      inWorld(async (world) => {
        zipAt(world, '2021-09-25 2150', [
          { name: NAME, content: catalogBytes(world), ...entry },
          { name: 'Wedding.lrcat-data/000012.blob', content: Buffer.from('mask') },
        ])
        const { judgement, facts, dataFiles } = await inspectOnly(world)
        assert.equal(judgement.verdict, 'good', JSON.stringify(judgement.reasons))
        assert.equal(facts?.counts?.files, 1)
        assert.deepEqual(dataFiles, ['Wedding.lrcat-data/000012.blob'])
      }))

  it('a bare catalog is opened in the same way, on a copy', () =>
    inWorld(async (world) => {
      place(world, '2021-09-25 2150', NAME, catalogBytes(world))
      const folder = path.join(path.dirname(world.catalog), 'Backups', '2021-09-25 2150')
      assert.equal((await inspectOnly(world)).judgement.verdict, 'good')
      assert.deepEqual(readdirSync(folder), [NAME])
    }))

  const hostile: readonly (readonly [string, (world: World) => readonly ZipEntry[], RegExp, Partial<UnzipLimits>?])[] =
    [
      [
        'a name that climbs out of the folder',
        (world) => [{ name: '../../evil.lrcat', content: catalogBytes(world) }],
        /invalid relative path/,
      ],
      ['an absolute name', (world) => [{ name: '/etc/evil.lrcat', content: catalogBytes(world) }], /absolute path/],
      [
        'two catalogs',
        (world) => [
          { name: 'a.lrcat', content: catalogBytes(world) },
          { name: 'b.lrcat', content: catalogBytes(world) },
        ],
        /more than one catalog/,
      ],
      ['no catalog', () => [{ name: 'readme.txt', content: Buffer.from('hello') }], /no catalog in it/],
      ['a damaged entry', (world) => [{ name: NAME, content: catalogBytes(world), declaredCrc: 1 }], /check word/],
      [
        'a bomb that says so',
        () => [{ name: NAME, content: Buffer.alloc(5_000_000) }],
        /larger than 1000000 bytes/,
        { maxBytes: 1_000_000 },
      ],
      [
        'a bomb that lies about its size',
        () => [{ name: NAME, content: Buffer.alloc(5_000_000), declaredBytes: 1_000 }],
        /too many bytes/,
      ],
      [
        'more entries than any backup has',
        () => Array.from({ length: 20 }, (_, index) => ({ name: `${index}.blob`, content: Buffer.alloc(1) })),
        /20 entries/,
        { maxEntries: 10 },
      ],
    ]
  for (const [name, entries, why, limits] of hostile)
    it(`a zip with ${name} is called bad and leaves nothing behind`, () =>
      inWorld(async (world) => {
        zipAt(world, '2021-09-25 2150', entries(world))
        const { judgement } = await inspectOnly(world, { ...UNZIP_LIMITS, ...limits })
        assert.equal(judgement.verdict, 'bad')
        assert.match(judgement.reasons[0]?.message ?? '', why)
        assert.deepEqual(readdirSync(world.privateParent), [])
        assert.ok(!existsSync(path.join(world.folder, 'evil.lrcat')))
      }))

  it('a zip that was cut, and one that is no zip, are called bad in words', () =>
    inWorld(async (world) => {
      const file = zipAt(world, '2021-09-25 2150', [{ name: NAME, content: catalogBytes(world) }])
      const bytes = readFileSync(file)
      writeFileSync(file, bytes.subarray(0, bytes.length >> 1))
      assert.equal((await inspectOnly(world)).judgement.verdict, 'bad')
      writeFileSync(file, 'this is text')
      assert.match((await inspectOnly(world)).judgement.reasons[0]?.message ?? '', /it is not a zip file/)
    }))

  it('on the disk of the catalog they are warned of, on another they are not', () => {
    assert.match(sameDeviceWarning(['S4EWNX0R'], ['WD-1', 'S4EWNX0R']) ?? '', /same disk/)
    assert.equal(sameDeviceWarning(['S4EWNX0R'], ['WD-1']), undefined)
  })

  it('are mirrored to a place as they are, once', () =>
    inWorld(async (world, deps) => {
      const file = zipAt(world, '2021-09-25 2150', [{ name: NAME, content: catalogBytes(world) }])
      const [backup] = await findLightroomBackups(world.catalog)
      assert.ok(backup)
      assert.ok(await mirrorLightroomBackup(deps, world.root, 'Wedding', backup))
      const mirrored = path.join(world.root, 'Catalogs', 'Wedding', 'Lightroom', '2021-09-25 2150', `${NAME}.zip`)
      assert.deepEqual(readFileSync(mirrored), readFileSync(file))
      assert.equal(await mirrorLightroomBackup(deps, world.root, 'Wedding', backup), undefined)
    }))
})

function catalogBytes(world: World): Buffer {
  const made = path.join(world.folder, 'made.lrcat')
  if (!existsSync(made)) makeCatalog(made, { roots: { '/p/': { 'a/': [{ name: 'IMG_1.CR3' }] } } })
  return readFileSync(made)
}

function place(world: World, stamp: string, name: string, content: Uint8Array): string {
  const folder = path.join(path.dirname(world.catalog), 'Backups', stamp)
  mkdirSync(folder, { recursive: true })
  writeFileSync(path.join(folder, name), content)
  return path.join(folder, name)
}

function zipAt(world: World, stamp: string, entries: readonly ZipEntry[]): string {
  const made = path.join(world.folder, 'made.zip')
  makeZip(made, entries)
  const file = place(world, stamp, `${NAME}.zip`, Buffer.alloc(0))
  copyFileSync(made, file)
  return file
}

async function inspectOnly(world: World, limits?: UnzipLimits): Promise<InspectedLightroomBackup> {
  const [backup] = await findLightroomBackups(world.catalog)
  assert.ok(backup)
  return inspectLightroomBackup(backup, world.privateParent, limits)
}
