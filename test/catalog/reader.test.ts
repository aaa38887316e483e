import assert from 'node:assert/strict'
import { copyFileSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { inspectCopy, isThoroughDue } from '../../helper/catalog/inspect.js'
import { fromLightroomTime } from '../../helper/catalog/lightroom-time.js'
import { createPrivateFolder, withPrivateFolder, type PrivateCopy } from '../../helper/catalog/private-copy.js'
import {
  listReferencedFiles,
  readCatalogOutline,
  readCatalogSummary,
  type ReferencedFile,
} from '../../helper/catalog/reader.js'
import { importedBytesOf } from '../../helper/catalog/columns.js'
import { readSummary } from '../../helper/catalog/read-copy.js'
import { leaveHotJournal, leaveWal, makeCatalog, tamper, type LiteralCatalog } from '../support/catalog.js'
import { inWorld, type World } from '../support/catalog-world.js'

const LIBRARY: LiteralCatalog = {
  roots: {
    '/Volumes/Studio/Weddings/': {
      '2024/lake/': [
        { name: 'IMG_0001.CR3', sidecars: 'JPG,xmp', virtualCopies: 2, importedBytes: 25_000_001 },
        { name: 'IMG_0002.jpg', import: 1 },
      ],
      '': [{ name: 'IMG_0003.dng', import: 1, modifiedMs: Date.UTC(2013, 11, 1, 20, 39, 10) }],
    },
    'C:/Bilder/': { 'été/': [{ name: 'téléchargement.NEF'.normalize('NFD') }] },
  },
  keywords: ['lake', 'wedding'],
  collections: ['best'],
  lastBackupMs: Date.UTC(2021, 8, 25, 13, 50, 34, 860),
}

describe('reading a catalog', () => {
  for (const version of ['lr5', 'lr6', 'lrc9', 'lrc12'] as const)
    it(`lists every file once, with path, sidecars and size at import (${version})`, () =>
      inWorld(async (world) => {
        const files = await list(await copyOf(world, { ...LIBRARY, version }))
        assert.deepEqual(
          files.map(({ path: file }) => file),
          [
            '/Volumes/Studio/Weddings/IMG_0003.dng',
            '/Volumes/Studio/Weddings/2024/lake/IMG_0001.CR3',
            '/Volumes/Studio/Weddings/2024/lake/IMG_0002.jpg',
            `C:/Bilder/été/${'téléchargement.NEF'.normalize('NFD')}`,
          ],
        )
        const raw = files[1]
        assert.deepEqual(raw?.sidecars, ['JPG', 'xmp'])
        assert.equal(raw.virtualCopies, 2)
        assert.equal(raw.importedBytes, 25_000_001)
        assert.equal(raw.format, 'RAW')
      }))

  it('keeps names as the file system gave them, composed or not', () =>
    inWorld(async (world) => {
      const files = await list(await copyOf(world, LIBRARY))
      assert.ok(files.some(({ name }) => name === 'téléchargement.NEF'.normalize('NFD')))
    }))

  it('says versions, counts, imports and roots', () =>
    inWorld(async (world) => {
      const copy = await copyOf(world, LIBRARY)
      const summary = await readCatalogSummary(copy)
      assert.equal(summary.versions.dbVersion, '1200001')
      assert.equal(summary.versions.lastBackupMs, Date.UTC(2021, 8, 25, 13, 50, 34, 860))
      const { files, images, virtualCopies, developRows, missingDevelopRows, imports, keywords, collections } =
        summary.counts
      assert.deepEqual(
        { files, images, virtualCopies, developRows, missingDevelopRows, imports, keywords, collections },
        {
          files: 4,
          images: 6,
          virtualCopies: 2,
          developRows: 6,
          missingDevelopRows: 0,
          imports: 2,
          keywords: 2,
          collections: 1,
        },
      )
      assert.deepEqual(
        summary.imports.map(({ images: photos }) => photos),
        [2, 2],
      )
      assert.equal(summary.imports[0]?.folder, '/Volumes/Studio/Weddings/2024/lake/')
      assert.deepEqual(
        (await readCatalogOutline(copy)).roots.map(({ path: root }) => root),
        ['/Volumes/Studio/Weddings/', 'C:/Bilder/'],
      )
    }))

  it('slices of any size give the same list, and a listing goes on after any file', () =>
    inWorld(async (world) => {
      const copy = await copyOf(world, {
        roots: { '/p/': { 'a/': Array.from({ length: 25 }, (_, index) => ({ name: `${index}.CR3` })) } },
      })
      const all = await list(copy)
      assert.equal(all.length, 25)
      for (const rowsPerSlice of [1, 7, 25, 100]) assert.deepEqual(await list(copy, { rowsPerSlice }), all)
      assert.deepEqual(await list(copy, { after: all[9]?.id ?? 0 }), all.slice(10))
    }))

  it('lists a file whose folder the catalog has lost, instead of leaving it out', () =>
    inWorld(async (world) => {
      const copy = await copyOf(world, { roots: { '/p/': { 'a/': [{ name: 'lost.CR3' }] } } }, (file) =>
        tamper(file, "DELETE FROM AgLibraryFolder WHERE pathFromRoot = 'a/'"),
      )
      const [file] = await list(copy)
      assert.equal(file?.name, 'lost.CR3')
      assert.equal(file.root, 0)
    }))

  it('shows what was committed to the -wal and leaves the bytes of the copy alone', () =>
    inWorld(async (world) => {
      const made = path.join(world.folder, 'made.lrcat')
      const copy = await createPrivateFolder(world.privateParent)
      makeCatalog(made, LIBRARY)
      leaveWal(made, copy.file, ["INSERT INTO AgLibraryImport VALUES (900001, NULL, '2026-01-02T03:04:05Z', NULL)"])
      const before = [readFileSync(copy.file), readFileSync(`${copy.file}-wal`)]
      assert.equal((await readCatalogSummary(copy)).imports.length, 3)
      assert.equal((await inspectCopy(copy, { isThorough: true })).wal?.foreignBecause.length, 0)
      assert.deepEqual([readFileSync(copy.file), readFileSync(`${copy.file}-wal`)], before)
    }))

  it('never shows what a half-written transaction of Lightroom 6 left', () =>
    inWorld(async (world) => {
      const made = path.join(world.folder, 'made.lrcat')
      const copy = await createPrivateFolder(world.privateParent)
      const many = Array.from({ length: 300 }, (_, index) => ({ name: `IMG_${index}.CR3` }))
      makeCatalog(made, { version: 'lr6', roots: { '/p/': { 'a/': many } } })
      leaveHotJournal(made, copy.file, ["UPDATE AgLibraryFile SET idx_filename = 'half', lc_idx_filename = id_local"])
      const files = await list(copy)
      assert.equal(files.length, 300)
      assert.deepEqual(
        files.filter(({ name }) => name === 'half'),
        [],
      )
    }))

  it('opens nothing but a private copy', () =>
    inWorld((world) => {
      const file = path.join(world.folder, 'live.lrcat')
      makeCatalog(file, LIBRARY)
      assert.throws(() => readSummary({ folder: world.folder, file }), { code: 'UNEXPECTED' })
      assert.deepEqual(
        readdirSync(world.folder).filter((name) => name.startsWith('live')),
        ['live.lrcat'],
      )
    }))

  it('a file that is no catalog is refused in words', () =>
    inWorld(async (world) => {
      const copy = await createPrivateFolder(world.privateParent)
      writeFileSync(copy.file, 'not a database at all, but long enough to look at it'.repeat(100))
      await assert.rejects(readCatalogSummary(copy), { code: 'COPY_DIFFERS', message: /not a database/ })
    }))

  it('a listing that is broken off leaves no thread behind, and one that is called off stops', () =>
    inWorld(async (world) => {
      const copy = await copyOf(world, LIBRARY)
      const outline = await readCatalogOutline(copy)
      for await (const slice of listReferencedFiles(copy, outline, { rowsPerSlice: 1 })) if (slice.length > 0) break
      const stop = new AbortController()
      stop.abort(new Error('called off'))
      await assert.rejects(async () => {
        for await (const slice of listReferencedFiles(copy, outline, { signal: stop.signal })) assert.ok(slice)
      }, /called off/)
    }))

  it('two readings of two copies do not get in each other’s way', () =>
    inWorld(async (world) => {
      const made = path.join(world.folder, 'made.lrcat')
      makeCatalog(made, LIBRARY)
      const read = () =>
        withPrivateFolder(world.privateParent, async (copy) => {
          copyFileSync(made, copy.file)
          return (await list(copy)).length
        })
      assert.deepEqual(await Promise.all([read(), read(), read()]), [4, 4, 4])
    }))
})

describe('Lightroom’s own notations', () => {
  it('its clock counts seconds from 2001, and has a word for never', () => {
    assert.equal(fromLightroomTime(407_623_150), Date.parse('2013-12-01T20:39:10Z'))
    assert.equal(fromLightroomTime('654270634.86'), Date.parse('2021-09-25T13:50:34.860Z'))
    for (const never of [-63_113_817_600, null, '', 'soon']) assert.equal(fromLightroomTime(never), undefined)
  })

  it('an importHash ends in the size, whatever the name holds', () => {
    assert.equal(importedBytesOf('407630349:_MAX7667.NEF:14114354'), 14_114_354)
    assert.equal(importedBytesOf('1:a:b:c.jpg:7'), 7)
    for (const none of [null, '', 'abc', '1:a.jpg:', '1:a.jpg:x']) assert.equal(importedBytesOf(none), undefined)
  })

  it('a thorough check is due for a small catalog always, for a large one once a week', () => {
    const [small, large, day] = [1024, 10 * 1024 ** 3, 86_400_000]
    assert.equal(isThoroughDue(small, 0, 1), true)
    assert.equal(isThoroughDue(large, undefined, 1), true)
    assert.equal(isThoroughDue(large, 0, 6 * day), false)
    assert.equal(isThoroughDue(large, 0, 7 * day), true)
  })
})

async function copyOf(
  world: World,
  literal: LiteralCatalog,
  change: (file: string) => void = () => undefined,
): Promise<PrivateCopy> {
  const made = path.join(world.folder, 'made.lrcat')
  makeCatalog(made, literal)
  change(made)
  const copy = await createPrivateFolder(world.privateParent)
  copyFileSync(made, copy.file)
  return copy
}

async function list(
  copy: PrivateCopy,
  options: { rowsPerSlice?: number; after?: number } = {},
): Promise<ReferencedFile[]> {
  const files: ReferencedFile[] = []
  for await (const slice of listReferencedFiles(copy, await readCatalogOutline(copy), options)) files.push(...slice)
  return files
}
