import assert from 'node:assert/strict'
import path from 'node:path'
import fc from 'fast-check'
import fs from 'fs-extra'
import { systemFiles } from '../../helper/files/durable.js'
import { ingest, type IngestDeps } from '../../helper/ingest/ingest.js'
import { QUEUE_TIMES } from '../../helper/ingest/queue.js'
import { listCatalogBackups } from '../../helper/journal/catalog-backups.js'
import { Journal } from '../../helper/journal/journal.js'
import { listWanted } from '../../helper/journal/wanted.js'
import { PHOTOS_PER_MESSAGE, type ImportedPhoto } from '../../shared/methods.js'
import { makeCatalog, tamper } from '../support/catalog.js'
import { foldersAsDisks, withDaemon } from '../support/daemon.js'
import { freshFolder } from '../support/shoots.js'

const CATALOG = '/Users/anna/Lightroom/Wedding.lrcat'

function photo(id: number, file: string): ImportedPhoto {
  return { id, uuid: `uuid-${id}`, path: file, format: 'RAW', isVideo: false, isOffline: false }
}

function depsOf(journal: Journal, home: string): IngestDeps {
  return { files: systemFiles, journal, clock: () => 1_700_000_000_000, home, platform: 'linux' }
}

describe('what Lightroom tells', () => {
  let folder: string
  let journal: Journal

  beforeEach(() => {
    folder = freshFolder()
    journal = Journal.open(folder)
  })
  afterEach(() => {
    journal.close()
    fs.removeSync(folder)
  })

  it('is owed once it is acknowledged, under the most deeply nested root that it lies in', () => {
    const roots = ['/Photos', '/Photos/2026']
    const told = ingest(
      depsOf(journal, folder),
      { catalog: CATALOG, roots, photos: [photo(7, '/Photos/2026/Anna/IMG_1.CR3'), photo(8, '/Photos/IMG_2.NEF')] },
      true,
    )
    assert.deepEqual(told, { accepted: 2, refused: [], cursor: 8 })
    const rows = listWanted(journal).map(({ root, pathFromRoot, name }) => [root, pathFromRoot, name])
    assert.deepEqual(rows, [
      ['/Photos/2026', 'Anna', 'IMG_1.CR3'],
      ['/Photos', '', 'IMG_2.NEF'],
    ])
  })

  it('twice is owed once, and the cursor never goes back', () => {
    const tell = (ids: readonly number[]): number =>
      ingest(
        depsOf(journal, folder),
        { catalog: CATALOG, roots: ['/Photos'], photos: ids.map((id) => photo(id, `/Photos/IMG_${id}.CR3`)) },
        true,
      ).cursor
    assert.equal(tell([1, 2, 3]), 3)
    assert.equal(tell([2]), 3)
    assert.equal(listWanted(journal).length, 3)
  })

  it('by hand does not move the cursor, or photos not told of yet would be passed over', () => {
    const told = ingest(
      depsOf(journal, folder),
      { catalog: CATALOG, roots: ['/Photos'], photos: [photo(900, '/Photos/IMG_900.CR3')] },
      false,
    )
    assert.deepEqual(told, { accepted: 1, refused: [], cursor: 0 })
  })

  it('is refused by name where it is no picture, lies outside the roots, or inside Safelight’s own folders', () => {
    const paths = [
      '/Photos/passwords.txt',
      '/Photos/../etc/shadow.CR3',
      '/etc/secret.jpg',
      'Photos/relative.CR3',
      path.join(folder, 'journal.jpg'),
    ]
    const { accepted, refused } = ingest(
      depsOf(journal, folder),
      { catalog: CATALOG, roots: ['/Photos', '/etc', '/', folder], photos: paths.map((each, id) => photo(id, each)) },
      true,
    )
    assert.equal(accepted, 0)
    assert.deepEqual(
      refused.map((each) => each.path),
      paths,
    )
  })

  it('100,000 hostile paths: nothing outside the catalog’s folders is ever owed', () => {
    const root = '/Photos/Library'
    const part = fc.oneof(
      fc.constantFrom(
        '..',
        '.',
        '',
        '...',
        'Library',
        'etc',
        'CON',
        'nul.CR3',
        'a:b.CR3',
        '\u0000',
        'é',
        'e\u0301',
        '\ud800',
        'C:',
        '\\\\server\\share',
        '//server',
        '~',
        '%2e%2e',
        '..\\..',
        'IMG.CR3',
        'x'.repeat(300),
      ),
      fc.string({ maxLength: 12, unit: 'binary' }),
    )
    const hostile = fc
      .tuple(
        fc.constantFrom('', '/', root, `${root}/`, '/Photos', '//', 'C:/', '\\\\?\\C:\\'),
        fc.array(part, { maxLength: 8 }),
        fc.constantFrom('/', '\\', '//'),
      )
      .map(([start, parts, separator]) => [start, ...parts].join(separator))
    let asked = 0
    fc.assert(
      fc.property(fc.array(hostile, { minLength: PHOTOS_PER_MESSAGE, maxLength: PHOTOS_PER_MESSAGE }), (paths) => {
        asked += paths.length
        ingest(
          depsOf(journal, folder),
          { catalog: CATALOG, roots: [root], photos: paths.map((each, id) => photo(id, each)) },
          true,
        )
      }),
      { numRuns: 100_000 / PHOTOS_PER_MESSAGE },
    )
    assert.ok(asked >= 100_000)
    for (const { root: under, pathFromRoot, name } of listWanted(journal)) {
      const file = path.posix.join(under, pathFromRoot, name)
      assert.equal(path.posix.normalize(file), path.posix.join(root, pathFromRoot, name))
      assert.ok(file.startsWith(`${root}/`), file)
    }
  })
})

describe('the helper’s own work', () => {
  let folder: string

  beforeEach(() => {
    folder = fs.realpathSync(freshFolder())
    for (const each of ['library/Weddings/Anna', 'drive', 'elsewhere', 'home'])
      fs.ensureDirSync(path.join(folder, each))
  })
  afterEach(() => fs.removeSync(folder))

  const at = (...parts: string[]): string => path.join(folder, ...parts)

  /** Tells of these, lets the queue do what it can, and gives what is still owed. */
  async function pay(files: readonly string[], roots = [at('library/Weddings')], sweep = false): Promise<string[]> {
    return withDaemon({ home: at('home'), volumes: foldersAsDisks(folder) }, async (daemon) => {
      await daemon.handlers['place/add']?.({ path: at('drive') }, context)
      const queue = daemon.startQueue(QUEUE_TIMES, (error) => {
        throw error
      })
      await queue.idle()
      await daemon.handlers['photos/imported']?.(
        { catalog: CATALOG, roots, photos: files.map((file, id) => photo(id, file)) },
        context,
      )
      await queue.idle()
      if (sweep) {
        await daemon.handlers['lightroom/exiting']?.({ catalog: CATALOG }, context)
        await queue.idle()
      }
      await queue.close()
      return listWanted(daemon.journal).map((row) => `${row.name}: ${row.why}`)
    })
  }

  const context = {
    signal: new AbortController().signal,
    client: { kind: 'plugin', version: 'test' } as const,
    progress: () => undefined,
  }
  const onDrive = (): string[] =>
    fs.existsSync(at('drive/Safelight/Photos'))
      ? fs.readdirSync(at('drive/Safelight/Photos'), { recursive: true, encoding: 'utf8' }).sort()
      : []

  it('copies what was imported with its sidecars and the JPEG of its pair, and nothing else of the folder', async () => {
    for (const name of ['IMG_1.CR3', 'IMG_1.xmp', 'IMG_1.JPG', 'IMG_1.CR3.acr', 'IMG_2.CR3', 'invoice.pdf'])
      fs.writeFileSync(at('library/Weddings/Anna', name), name)
    assert.deepEqual(await pay([at('library/Weddings/Anna/IMG_1.CR3')]), [])
    const copied = onDrive().filter((file) => file.includes('IMG') || file.includes('invoice'))
    assert.deepEqual(
      copied.map((file) => path.basename(file)),
      ['IMG_1.CR3', 'IMG_1.CR3.acr', 'IMG_1.JPG', 'IMG_1.xmp'],
    )
  })

  it('takes a sidecar that Lightroom wrote later, when Lightroom leaves', async () => {
    fs.writeFileSync(at('library/Weddings/Anna/IMG_1.CR3'), 'raw')
    await pay([at('library/Weddings/Anna/IMG_1.CR3')])
    fs.writeFileSync(at('library/Weddings/Anna/IMG_1.xmp'), 'edits')
    await pay([], [at('library/Weddings')], true)
    assert.equal(fs.readFileSync(at('drive/Safelight/Photos/Weddings/Anna/IMG_1.xmp'), 'utf8'), 'edits')
  })

  it('backs up whichever catalog has changed when Lightroom has left one that nobody could name', async () => {
    const catalog = at('Weddings.lrcat')
    const original = at('library/Weddings/Anna/IMG_1.CR3')
    fs.writeFileSync(original, 'raw')
    makeCatalog(catalog, { roots: {} })
    await withDaemon({ home: at('home'), volumes: foldersAsDisks(folder) }, async (daemon) => {
      await daemon.handlers['place/add']?.({ path: at('drive') }, context)
      const telling = { catalog, roots: [at('library/Weddings')], photos: [photo(1, original)] }
      await daemon.handlers['photos/imported']?.(telling, context)
      const hourly = { pollMs: 3_600_000, retryMs: 3_600_000, lookMs: 3_600_000 }
      const keeper = await daemon.startCatalogKeeper(hourly, (error) => {
        throw error
      })
      await keeper.idle()
      assert.equal(listCatalogBackups(daemon.journal).length, 1)
      tamper(catalog, 'PRAGMA user_version = 7')
      await daemon.handlers['lightroom/lost']?.({}, context)
      await keeper.idle()
      assert.equal(listCatalogBackups(daemon.journal).length, 2)
      await keeper.close()
    })
  })

  it('keeps owing a photo whose drive is away, and looks for nothing in its stead', async () => {
    const owed = await pay([at('away/Weddings/IMG_1.CR3')], [at('away/Weddings')])
    assert.deepEqual(owed, ['IMG_1.CR3: the original is not where Lightroom says it is'])
    assert.deepEqual(onDrive(), [])
  })

  it('never follows a link out of the catalog’s folders', async () => {
    fs.writeFileSync(at('elsewhere/IMG_1.CR3'), 'not yours')
    fs.symlinkSync(at('elsewhere'), at('library/Weddings/Linked'))
    fs.symlinkSync(at('elsewhere/IMG_1.CR3'), at('library/Weddings/Anna/IMG_9.CR3'))
    const owed = await pay([at('library/Weddings/Linked/IMG_1.CR3'), at('library/Weddings/Anna/IMG_9.CR3')])
    assert.equal(owed.length, 2)
    assert.deepEqual(
      onDrive().filter((file) => file.endsWith('.CR3')),
      [],
    )
  })
})
