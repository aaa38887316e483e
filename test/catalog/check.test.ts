import assert from 'node:assert/strict'
import { copyFileSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, utimesSync } from 'node:fs'
import path from 'node:path'
import { belongingsIn, type Belongings, type WantedFile } from '../../helper/catalog/belongings.js'
import { checkCatalog } from '../../helper/catalog/check.js'
import type { CheckOptions, CheckResult } from '../../helper/catalog/check-terms.js'
import {
  classifyCopies,
  classifyFile,
  plainState,
  type FileFacts,
  type FileState,
  type KnownFile,
} from '../../helper/catalog/classify.js'
import { namesIn, packKnown, type AskedFolder } from '../../helper/catalog/known-files.js'
import { summariseFindings } from '../../helper/catalog/findings.js'
import { explainRoot, folderNames, type RootFacts } from '../../helper/catalog/locate.js'
import { withPrivateFolder } from '../../helper/catalog/private-copy.js'
import { chooseHashEngine, hashBytes } from '../../helper/files/hash.js'
import { A_MOMENT_MS, inWorld, makeLibrary, writeOriginal, type World } from '../support/catalog-world.js'

const REFERENCE = { hash: 'a'.repeat(64), sizeBytes: 100, mtimeMs: 1_000_000 }
const OTHER_HASH = 'b'.repeat(64)

describe('what a referenced file is', () => {
  const same = { sizeBytes: 100, mtimeMs: 1_000_000 }
  const later = { sizeBytes: 100, mtimeMs: 9_000_000 }
  const table: readonly (readonly [string, Partial<FileFacts>, FileState])[] = [
    ['a raw with the reference hash', { presence: found({ ...same, hash: REFERENCE.hash }) }, 'proven'],
    [
      'a raw with the reference hash and another date',
      { presence: found({ ...later, hash: REFERENCE.hash }) },
      'proven',
    ],
    ['a raw of the same size and date, unread', { presence: found(same) }, 'present'],
    ['a raw whose date was rounded by FAT', { presence: found({ ...same, mtimeMs: 1_001_900 }) }, 'present'],
    ['a raw whose date moved, unread', { presence: found(later) }, 'must-be-read'],
    ['other bytes under the same size and date: a raw', { presence: found({ ...same, hash: OTHER_HASH }) }, 'damaged'],
    [
      'other bytes under the same size and date: a JPEG',
      { format: 'JPG', presence: found({ ...same, hash: OTHER_HASH }) },
      'damaged',
    ],
    [
      'other bytes under the same size and date: a sidecar',
      { role: 'sidecar', presence: found({ ...same, hash: OTHER_HASH }) },
      'damaged',
    ],
    ['a raw that differs, with a newer date', { presence: found({ ...later, hash: OTHER_HASH }) }, 'damaged'],
    ['a raw of another size, unread', { presence: found({ ...later, sizeBytes: 99 }) }, 'damaged'],
    [
      'a JPEG that differs, with a newer date',
      { format: 'JPG', presence: found({ ...later, hash: OTHER_HASH }) },
      'edited',
    ],
    [
      'a DNG of another size, with a newer date',
      { format: 'DNG', presence: found({ ...later, sizeBytes: 120 }) },
      'edited',
    ],
    [
      'a TIFF that differs, with an older date',
      { format: 'TIFF', presence: found({ sizeBytes: 100, mtimeMs: 1, hash: OTHER_HASH }) },
      'damaged',
    ],
    [
      'a video that differs, with a newer date',
      { format: 'VIDEO', presence: found({ ...later, hash: OTHER_HASH }) },
      'damaged',
    ],
    [
      'an xmp that differs, with a newer date',
      { role: 'sidecar', name: 'IMG_1.xmp', presence: found({ ...later, hash: OTHER_HASH }) },
      'edited',
    ],
    ['a file nobody knows', { known: undefined, presence: found(same) }, 'unknown-content'],
    [
      'a raw of another size than it was imported with',
      { known: undefined, importedBytes: 99, presence: found(same) },
      'size-differs-from-import',
    ],
    [
      'a JPEG of another size than it was imported with',
      { known: undefined, format: 'JPG', importedBytes: 99, presence: found(same) },
      'unknown-content',
    ],
    ['a file that is gone', { presence: { kind: 'missing' } }, 'missing'],
    ['a file on a drive that is away', { presence: { kind: 'root-offline' } }, 'root-offline'],
    ['a file that cannot be read', { presence: { kind: 'unreadable', message: 'EIO' } }, 'unreadable'],
  ]
  for (const [name, facts, expected] of table)
    it(`${name}: ${expected}`, () => {
      const base: FileFacts = {
        role: 'original',
        format: 'RAW',
        name: 'IMG_1.CR3',
        importedBytes: undefined,
        presence: { kind: 'missing' },
        known: { reference: REFERENCE, verifiedCopies: 2 },
      }
      assert.equal(classifyFile({ ...base, ...facts }), expected)
    })

  it('what a few numbers decide is what the whole judgement says', () => {
    const sizes = [-1, 0, 99, 100]
    const times = [1_000_000, 1_002_000, 1_002_001, 998_000, 997_999]
    let decided = 0
    for (const sizeBytes of sizes)
      for (const mtimeMs of times)
        for (const knownBytes of [undefined, 99, 100])
          for (const importedBytes of [undefined, 99, 100]) {
            const state = plainState({ sizeBytes, mtimeMs, knownBytes, knownMtimeMs: 1_000_000, importedBytes })
            const known =
              knownBytes === undefined
                ? undefined
                : { reference: { ...REFERENCE, sizeBytes: knownBytes }, verifiedCopies: 2 }
            const presence = sizeBytes < 0 ? { kind: 'missing' as const } : found({ sizeBytes, mtimeMs })
            const whole = classifyFile({
              role: 'original',
              format: 'RAW',
              name: 'IMG_1.CR3',
              presence,
              known,
              importedBytes,
            })
            if (state === undefined) assert.ok(whole !== 'present' && whole !== 'unknown-content', whole)
            else assert.equal(state, whole)
            decided += state === undefined ? 0 : 1
          }
    assert.ok(decided > 0)
  })

  it('too few copies are said for what they are', () => {
    assert.equal(classifyCopies(undefined), 'not-in-any-place')
    assert.equal(classifyCopies({ verifiedCopies: 0 }), 'not-in-any-place')
    assert.equal(classifyCopies({ verifiedCopies: 1 }), 'only-one-copy')
    assert.equal(classifyCopies({ verifiedCopies: 2 }), undefined)
  })
})

describe('finding a name in a folder', () => {
  it('exactly first, then composed, then as Lightroom does, without regard to case', () => {
    const [nfc, nfd] = ['té.NEF'.normalize('NFC'), 'té.NEF'.normalize('NFD')]
    assert.deepEqual(folderNames([nfc, nfd]).find(nfd), { name: nfd, how: 'exact' })
    assert.deepEqual(folderNames([nfc]).find(nfd), { name: nfc, how: 'composed' })
    assert.deepEqual(folderNames([nfd]).find(nfc), { name: nfd, how: 'composed' })
    assert.deepEqual(folderNames(['IMG_1.cr3']).find('IMG_1.CR3'), { name: 'IMG_1.cr3', how: 'other-case' })
    assert.equal(folderNames(['IMG_11.CR3']).find('IMG_1.CR3'), undefined)
  })

  it('what else belongs to a photo has its base name', () => {
    const names = folderNames(['IMG_1.CR3', 'IMG_1.acr', 'IMG_1.JPG', 'IMG_10.acr', 'img_1.xmp', 'README'])
    assert.deepEqual([...names.withBaseName('IMG_1')].sort(), ['IMG_1.CR3', 'IMG_1.JPG', 'IMG_1.acr', 'img_1.xmp'])
  })
})

describe('what belongs to the files that are looked for in a folder', () => {
  const file = (
    name: string,
    sidecars: readonly string[] = [],
    baseName = name.replace(/\.[^.]*$/, ''),
  ): WantedFile => ({ name, baseName, sidecars })
  const table: readonly (readonly [string, readonly string[], readonly WantedFile[], Belongings])[] = [
    [
      'all of it under its very name',
      ['b.xmp', 'a.xmp', 'b.CR3', 'a.CR3'],
      [file('a.CR3', ['xmp']), file('b.CR3', ['xmp'])],
      { counts: [2, 2], wanted: ['a.CR3', 'a.xmp', 'b.CR3', 'b.xmp'], onDisk: ['a.CR3', 'a.xmp', 'b.CR3', 'b.xmp'] },
    ],
    [
      'and what has its base name, without regard to case, and nothing else',
      ['a.CR3', 'A.acr', 'b.CR3', 'b.wav', 'c.CR3', 'README', '.a'],
      [file('a.CR3'), file('b.CR3')],
      { counts: [2, 2], wanted: ['a.CR3', 'A.acr', 'b.CR3', 'b.wav'], onDisk: ['a.CR3', 'A.acr', 'b.CR3', 'b.wav'] },
    ],
    [
      'a sidecar of one that has the base name of the other, too',
      ['a.CR3', 'a.JPG', 'a.xmp'],
      [file('a.CR3', ['xmp']), file('a.JPG')],
      { counts: [2, 2], wanted: ['a.CR3', 'a.xmp', 'a.JPG', 'a.xmp'], onDisk: ['a.CR3', 'a.xmp', 'a.JPG', 'a.xmp'] },
    ],
    [
      'a listed sidecar that is a photo of its own',
      ['a.CR3', 'a.JPG'],
      [file('a.CR3', ['JPG']), file('a.JPG')],
      { counts: [2, 1], wanted: ['a.CR3', 'a.JPG', 'a.JPG'], onDisk: ['a.CR3', 'a.JPG', 'a.JPG'] },
    ],
    [
      'a sidecar whose extension has a dot, and so the base name of another',
      ['a.CR3', 'a.x.xmp', 'a.x.CR3'],
      [file('a.CR3', ['x.xmp']), file('a.x.CR3')],
      {
        counts: [2, 2],
        wanted: ['a.CR3', 'a.x.xmp', 'a.x.CR3', 'a.x.xmp'],
        onDisk: ['a.CR3', 'a.x.xmp', 'a.x.CR3', 'a.x.xmp'],
      },
    ],
    [
      'what is missing, and what has another case',
      ['A.cr3', 'a.acr'],
      [file('a.CR3', ['xmp']), file('b.CR3')],
      {
        counts: [3, 1],
        wanted: ['a.CR3', 'a.xmp', 'a.acr', 'b.CR3'],
        onDisk: ['A.cr3', undefined, 'a.acr', undefined],
      },
    ],
  ]
  for (const [name, names, wanted, expected] of table)
    it(name, () => assert.deepEqual(belongingsIn(names, wanted), expected))
})

describe('a root folder that is not there', () => {
  const facts = (more: Partial<RootFacts> & Pick<RootFacts, 'path'>): RootFacts => ({
    relativePath: '',
    catalogFolder: '/Users/ann/Lightroom',
    platform: 'darwin',
    hasContent: () => false,
    ...more,
  })

  it('that moved together with the catalog is found by its relative path', () => {
    const state = explainRoot(
      facts({
        path: '/Users/old/Pictures/',
        relativePath: '../Pictures/',
        hasContent: (folder) => folder === '/Users/ann/Pictures/',
      }),
    )
    assert.equal(state.kind === 'moved' && state.path, '/Users/ann/Pictures/')
  })

  it('on a drive, a share, a changed letter and another system is explained as such', () => {
    const explained = (more: Parameters<typeof facts>[0]) => {
      const state = explainRoot(facts(more))
      return state.kind === 'offline' ? state.message : state.kind
    }
    assert.match(explained({ path: '/Volumes/Studio SSD/2024/' }), /drive "Studio SSD"/)
    assert.match(explained({ path: '//nas/photos/2024/' }), /network folder photos on nas/)
    assert.match(explained({ path: 'E:/Photos/', platform: 'win32' }), /drive E: .* not connected/)
    assert.match(
      explained({
        path: 'E:/Photos/',
        platform: 'win32',
        letters: ['D', 'E', 'F'],
        hasContent: (folder) => folder === 'F:/Photos/',
      }),
      /now has the letter F:/,
    )
    assert.match(explained({ path: 'C:/Users/Ann/', platform: 'linux' }), /Windows machine/)
    assert.match(explained({ path: '/Users/ann/gone/' }), /not there/)
  })
})

describe('catalog check', () => {
  it('accounts for every file and sidecar of a whole library, virtual copies once', () =>
    inWorld(async (world) => {
      makeLibrary(world, {
        '2024/lake/': [{ name: 'IMG_1.CR3', sidecars: 'JPG,xmp', virtualCopies: 3 }, { name: 'IMG_2.jpg' }],
        '': [{ name: 'IMG_3.dng' }],
      })
      const result = await check(world)
      assert.deepEqual([result.files, result.sidecars, result.virtualCopies], [3, 2, 3])
      assert.deepEqual(result.states, { present: 5 })
      assert.deepEqual(result.findings, [])
    }))

  it('names what is missing: a photo, the JPEG of a pair, a sidecar', () =>
    inWorld(async (world) => {
      makeLibrary(world, {
        'a/': [{ name: 'IMG_1.CR3', sidecars: 'JPG,xmp' }, { name: 'IMG_2.CR3' }, { name: 'IMG_3.CR3' }],
      })
      for (const name of ['IMG_1.JPG', 'IMG_1.xmp', 'IMG_2.CR3']) rmSync(path.join(world.photos, 'a', name))
      const { findings } = await check(world)
      assert.deepEqual(
        findings.map(({ kind, role, file }) => [kind, role, path.basename(file)]),
        [
          ['missing', 'sidecar', 'IMG_1.JPG'],
          ['missing', 'sidecar', 'IMG_1.xmp'],
          ['missing', 'original', 'IMG_2.CR3'],
        ],
      )
      assert.equal(findings[0]?.shoot, 'Photos/a')
    }))

  it('takes every other file of the same base name along, and no photo of its own twice', () =>
    inWorld(async (world) => {
      makeLibrary(world, { 'a/': [{ name: 'IMG_1.CR3' }, { name: 'IMG_1.jpg' }] })
      writeOriginal(path.join(world.photos, 'a', 'IMG_1.acr'), 'masks')
      const result = await check(world, {}, () => undefined)
      assert.deepEqual([result.files, result.sidecars], [2, 2], 'the .acr belongs to either photo')
      const inNoPlace = result.findings
        .filter(({ kind }) => kind === 'not-in-any-place')
        .map(({ file }) => path.basename(file))
      assert.deepEqual([...new Set(inNoPlace)].sort(), ['IMG_1.CR3', 'IMG_1.acr', 'IMG_1.jpg'])
    }))

  it('tells an edit from damage by reading what moved', () =>
    inWorld(async (world) => {
      makeLibrary(world, {
        'a/': [
          { name: 'IMG_1.CR3', sidecars: 'xmp' },
          { name: 'IMG_2.jpg' },
          { name: 'IMG_3.CR3' },
          { name: 'IMG_4.CR3' },
        ],
      })
      const reference = referencesOf(world)
      const change = (name: string, byMs: number) => {
        const file = path.join(world.photos, 'a', name)
        writeOriginal(file, readFileSync(file, 'utf8').replace('bytes', 'BYTES'), A_MOMENT_MS + byMs)
      }
      change('IMG_1.xmp', 60_000)
      change('IMG_2.jpg', 60_000)
      change('IMG_3.CR3', 60_000)
      utimesSync(path.join(world.photos, 'a', 'IMG_4.CR3'), A_MOMENT_MS / 1000 + 60, A_MOMENT_MS / 1000 + 60)
      const result = await check(world, {}, reference)
      assert.deepEqual(kinds(result), { 'IMG_1.xmp': 'edited', 'IMG_2.jpg': 'edited', 'IMG_3.CR3': 'damaged' })
      assert.equal(result.states.proven, 1, 'IMG_4 was touched, read and found to be what it was')
    }))

  it('finds damage under an unchanged size and date when it reads everything', () =>
    inWorld(async (world) => {
      makeLibrary(world, { 'a/': [{ name: 'IMG_1.CR3' }, { name: 'IMG_2.jpg' }] })
      const reference = referencesOf(world)
      for (const name of ['IMG_1.CR3', 'IMG_2.jpg']) {
        const file = path.join(world.photos, 'a', name)
        writeOriginal(file, readFileSync(file, 'utf8').replace('bytes', 'bytez'))
      }
      assert.deepEqual(kinds(await check(world, {}, reference)), {}, 'sizes and dates alone do not show it')
      const result = await check(world, { readsAll: true }, reference)
      assert.deepEqual(kinds(result), { 'IMG_1.CR3': 'damaged', 'IMG_2.jpg': 'damaged' })
    }))

  it('a root that is away is one line, not three hundred missing photos', () =>
    inWorld(async (world) => {
      const many = Array.from({ length: 300 }, (_, index) => ({ name: `${index}.CR3` }))
      makeLibrary(world, { 'a/': many })
      for (const leaves of ['nothing', 'an empty mount point']) {
        rmSync(world.photos, { recursive: true, force: true })
        if (leaves !== 'nothing') mkdirSync(world.photos)
        const result = await check(world)
        assert.deepEqual(result.findings, [])
        assert.deepEqual(
          result.offlineRoots.map(({ root, files }) => [root, files]),
          [[world.photos, 300]],
        )
      }
    }))

  it('looks for a root that moved with the catalog where it is now', () =>
    inWorld(async (world) => {
      makeLibrary(world, { 'a/': [{ name: 'IMG_1.CR3' }] }, { relativePaths: { [world.photos]: '../Pictures/' } })
      renameSync(world.photos, path.join(world.folder, 'Pictures'))
      const result = await check(world)
      assert.deepEqual(result.states, { 'unknown-content': 1 })
      assert.equal(result.movedRoots[0]?.now, `${world.folder}/Pictures/`)
    }))

  it('finds a name that the disk has decomposed and the catalog composed, and the other way round', () =>
    inWorld(async (world) => {
      makeLibrary(world, { 'a/': [{ name: 'é1.CR3'.normalize('NFC') }, { name: 'é2.CR3'.normalize('NFD') }] })
      for (const [from, to] of [
        ['é1.CR3', 'NFD'],
        ['é2.CR3', 'NFC'],
      ] as const)
        renameSync(
          path.join(world.photos, 'a', from.normalize(to === 'NFD' ? 'NFC' : 'NFD')),
          path.join(world.photos, 'a', from.normalize(to)),
        )
      const { states } = await check(world, { withPlaces: false }, () => undefined)
      assert.deepEqual(states, { 'unknown-content': 2 })
    }))

  it('says of every file in how few places it is, when it is asked to', () =>
    inWorld(async (world) => {
      makeLibrary(world, {
        'a/': [{ name: 'IMG_1.CR3', sidecars: 'xmp' }, { name: 'IMG_2.CR3' }, { name: 'IMG_3.CR3' }],
      })
      const reference = referencesOf(world)
      const copies: Record<string, number> = { 'IMG_1.CR3': 2, 'IMG_1.xmp': 1, 'IMG_2.CR3': 0 }
      const known = (file: string): KnownFile | undefined => {
        const verifiedCopies = copies[path.basename(file)]
        const found = reference(file)
        return found && verifiedCopies !== undefined ? { ...found, verifiedCopies } : undefined
      }
      const result = await check(world, { withPlaces: true }, known)
      assert.deepEqual(result.copies, { 'only-one-copy': 1, 'not-in-any-place': 2 })
      assert.deepEqual((await check(world, { withPlaces: false }, known)).copies, {})
    }))

  it('stops when its time is up and goes on from there, and the parts make the whole', () =>
    inWorld(async (world) => {
      makeLibrary(world, { 'a/': Array.from({ length: 4_500 }, (_, index) => ({ name: `${index}.CR3` })) })
      rmSync(path.join(world.photos, 'a', '4400.CR3'))
      let files = 0
      let runs = 0
      let missing = 0
      let after: number | undefined = 0
      while (after !== undefined) {
        const result: CheckResult = await check(world, { budgetMs: 0, after })
        files += result.files
        missing += result.findings.length
        after = result.resumeAfter
        runs += 1
      }
      assert.deepEqual([files, missing], [4_500, 1])
      assert.equal(runs, 5)
    }))

  it('reads no more bytes than it was given, and says what it did not read', () =>
    inWorld(async (world) => {
      makeLibrary(world, { 'a/': [{ name: 'IMG_1.CR3' }, { name: 'IMG_2.CR3' }] })
      const reference = referencesOf(world)
      for (const name of ['IMG_1.CR3', 'IMG_2.CR3']) utimesSync(path.join(world.photos, 'a', name), 1, 1)
      const result = await check(world, { budgetBytes: 30 }, reference)
      assert.ok(result.bytesRead <= 30)
      assert.equal(result.states['must-be-read'], 1)
    }))

  it('can be asked for one shoot', () =>
    inWorld(async (world) => {
      makeLibrary(world, { 'a/': [{ name: 'IMG_1.CR3' }], 'b/': [{ name: 'IMG_2.CR3' }] })
      assert.equal((await check(world, { shoot: 'Photos/b' })).files, 1)
      assert.equal((await check(world, { shoot: 'Photos' })).files, 2)
      assert.equal((await check(world, { shoot: 'Photos/' })).files, 0, 'no shoot is called so')
    }))

  it('reads everything in parts when it is given bytes for a part, a photo with its sidecars at least', () =>
    inWorld(async (world) => {
      const shoot = Array.from({ length: 9 }, (_, index) => ({ name: `IMG_${index}.CR3`, sidecars: 'xmp' }))
      makeLibrary(world, { 'a/': shoot, 'b/': shoot.map(({ name }) => ({ name })) })
      const reference = referencesOf(world)
      const rotten = path.join(world.photos, 'b', 'IMG_7.CR3')
      writeOriginal(rotten, readFileSync(rotten, 'utf8').replace('bytes', 'bytez'))
      for (const [budgetBytes, runs] of [
        [1, 18],
        [60, 8],
      ] as const) {
        const [parts, found]: [CheckResult[], string[]] = [[], []]
        for (let after: number | undefined = 0; after !== undefined; after = parts.at(-1)?.resumeAfter) {
          const part = await check(world, { readsAll: true, budgetBytes, after }, reference)
          parts.push(part)
          found.push(...part.findings.map(({ kind, file }) => `${kind} ${path.basename(file)}`))
        }
        const sum = (of: (part: CheckResult) => number) => parts.reduce((total, part) => total + of(part), 0)
        assert.deepEqual([sum(({ files }) => files), sum(({ sidecars }) => sidecars)], [18, 9])
        assert.deepEqual(found, ['damaged IMG_7.CR3'])
        assert.equal(
          sum(({ states }) => states.proven ?? 0),
          26,
        )
        assert.equal(parts.length, runs)
      }
    }))

  it('a folder that cannot be read is said to be, and is not missing', () =>
    inWorld(async (world) => {
      makeLibrary(world, { 'a/': [{ name: 'IMG_1.CR3' }] })
      rmSync(path.join(world.photos, 'a'), { recursive: true })
      symlinkSync('a', path.join(world.photos, 'a'))
      const { findings } = await check(world)
      assert.equal(findings[0]?.kind, 'unreadable')
      assert.match(findings[0].detail ?? '', /ELOOP/)
    }))

  it('the few lines that matter come gravest first, each with what mends it', () => {
    const finding = (kind: 'damaged' | 'missing' | 'edited', file: string) => ({
      kind,
      file,
      shoot: 'Photos/a',
      role: 'original' as const,
    })
    const lines = summariseFindings({
      findings: [finding('edited', '1'), finding('missing', '2'), finding('damaged', '3'), finding('missing', '4')],
    })
    assert.deepEqual(
      lines.map(({ kind, count, mend }) => [kind, count, mend]),
      [
        ['damaged', 1, 'safelight heal "Photos/a"'],
        ['missing', 2, 'safelight restore "Photos/a"'],
        ['edited', 1, 'safelight backup, with the folders named above'],
      ],
    )
  })
})

function found(file: { sizeBytes: number; mtimeMs: number; hash?: string }): FileFacts['presence'] {
  return { kind: 'found', file }
}

type Knowledge = (file: string) => KnownFile | undefined

function check(world: World, options: Partial<CheckOptions> = {}, knowledge?: Knowledge): Promise<CheckResult> {
  const known = knowledge ?? referencesOf(world)
  return withPrivateFolder(world.privateParent, (copy) => {
    copyFileSync(world.catalog, copy.file)
    const lookUp = (folders: readonly AskedFolder[]) =>
      Promise.resolve(folders.map((asked) => packKnown(namesIn(asked).map((name) => known(asked.folder + name)))))
    const withPlaces = knowledge !== undefined
    return checkCatalog({ lookUp, now: () => performance.now() }, copy, {
      catalog: world.catalog,
      withPlaces,
      ...options,
    })
  })
}

/** What `makeLibrary` writes at a path of the library is known, and has two copies; its hash is known too. */
function referencesOf(world: World): Knowledge {
  const engine = chooseHashEngine()
  return (file) => {
    if (!file.startsWith(world.photos)) return undefined
    const bytes = Buffer.from(`bytes of ${file.slice(world.photos.length)}`)
    const reference = { hash: hashBytes(engine, bytes), sizeBytes: bytes.length, mtimeMs: A_MOMENT_MS }
    return { reference, verifiedCopies: 2 }
  }
}

function kinds({ findings }: CheckResult): Record<string, string> {
  return Object.fromEntries(findings.map(({ file, kind }) => [path.basename(file), kind]))
}
