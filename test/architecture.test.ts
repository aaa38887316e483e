// The house as it is drawn in docs/design.md, held against the imports as they are: no cycle, no arrow in the wrong direction, and each
// package that the outside world reaches through is known in one place only.
import assert from 'node:assert/strict'
import fs from 'fs-extra'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))

interface Import {
  /** Path from the project's root, with `/`. */
  readonly from: string
  /** The same of the imported file, or the package's name. */
  readonly to: string
  readonly isTypeOnly: boolean
}

function sourcesIn(folder: string): string[] {
  return fs
    .readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((file) => `${folder}/${file.split(path.sep).join('/')}`)
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))
}

function importsOf(file: string): Import[] {
  const text = fs.readFileSync(path.join(root, file), 'utf8')
  return [
    ...text.matchAll(
      /(?:^(?:import|export)\s+(type\s+)?(?:[^'";]*?\sfrom\s+)?|\bimport\(|\brequire\(|createRequire\(import\.meta\.url\)\()'([^']+)'/gm,
    ),
  ].map(([, typeOnly, specifier = '']) => ({
    from: file,
    to: specifier.startsWith('.')
      ? path.posix.join(path.posix.dirname(file), specifier).replace(/\.js$/, '.ts')
      : specifier,
    isTypeOnly: typeOnly !== undefined,
  }))
}

const helperImports = sourcesIn('helper').flatMap(importsOf)
const sharedImports = sourcesIn('shared').flatMap(importsOf)
const pluginImports = sourcesIn('lrplugin').flatMap(importsOf)

/** `helper/files/volumes/linux.ts` → `files`; files directly in helper/ are their own room. */
function roomOf(file: string): string {
  const parts = file.split('/')
  return parts.length > 2 ? (parts[1] ?? '') : (parts[1] ?? '').replace(/\.ts$/, '')
}

/** From the ground up. A room may import from rooms above it in this list, never from below; rooms of one line are neighbours. */
const FLOORS: readonly (readonly string[])[] = [
  ['errors', 'model', 'lazily', 'parse-json', 'tier-up', 'unheld-exit', 'wall-clock'],
  ['files'],
  ['journal', 'instance'],
  ['manifest', 'place', 'config', 'manners'],
  ['engine', 'offsite', 'catalog', 'status'],
  ['restore', 'heal', 'card', 'drill', 'upkeep', 'ingest'],
  ['server', 'service', 'bridge', 'doctor'],
  ['setup'],
  ['daemon'],
  ['cli'],
  ['program'],
  ['main'],
]

function floorOf(room: string): number {
  const floor = FLOORS.findIndex((rooms) => rooms.includes(room))
  assert.notEqual(
    floor,
    -1,
    `the room "${room}" is not in the house; give it a floor in test/architecture.test.ts and a line in docs/design.md`,
  )
  return floor
}

/** Arrows that go up for a reason. */
const ALLOWED: ReadonlySet<string> = new Set([
  // Judging a path of a message is text work that the door and the room behind it share.
  'ingest → server',
])

describe('the house', () => {
  it('shared/ imports nothing but itself', () => {
    assert.deepEqual(
      sharedImports.filter(({ to }) => !to.startsWith('shared/')),
      [],
    )
  })

  it('the plugin imports shared/ and its own files only', () => {
    assert.deepEqual(
      pluginImports.filter(({ to }) => !to.startsWith('shared/') && !to.startsWith('lrplugin/')),
      [],
    )
  })

  it('the helper imports shared/, its own files and packages, never the plugin, the tests or the build', () => {
    assert.deepEqual(
      helperImports.filter(({ to }) => /^(lrplugin|test|build)\//.test(to)),
      [],
    )
  })

  it('no arrow between rooms goes up', () => {
    const wrong = helperImports
      .filter(({ to }) => to.startsWith('helper/'))
      .filter(
        ({ from, to }) =>
          floorOf(roomOf(to)) > floorOf(roomOf(from)) && !ALLOWED.has(`${roomOf(from)} → ${roomOf(to)}`),
      )
      .filter(({ isTypeOnly, to }) => !(isTypeOnly && to === 'helper/server/handlers.ts'))
      .map(({ from, to }) => `${from} imports ${to}`)
    assert.deepEqual(wrong, [])
  })

  it('no file imports itself round a circle', () => {
    const arrows = new Map<string, string[]>()
    for (const { from, to, isTypeOnly } of [...helperImports, ...sharedImports])
      if (!isTypeOnly) arrows.set(from, [...(arrows.get(from) ?? []), to])
    const done = new Set<string>()
    const circles: string[] = []
    const visit = (file: string, trail: readonly string[]): void => {
      if (trail.includes(file)) circles.push([...trail.slice(trail.indexOf(file)), file].join(' → '))
      if (done.has(file) || trail.includes(file)) return
      for (const next of arrows.get(file) ?? []) visit(next, [...trail, file])
      done.add(file)
    }
    for (const file of arrows.keys()) visit(file, [])
    assert.deepEqual(circles, [])
  })

  /** Which files may know a package, by the beginning of their path. */
  const KNOWN_IN: Readonly<Record<string, readonly string[]>> = {
    'node-sqlite3-wasm': ['helper/journal/journal.ts', 'helper/catalog/copy-database.ts'],
    '@aws-sdk/client-s3': ['helper/offsite/s3', 'helper/offsite/aws.ts'],
    'age-encryption': ['helper/offsite/'],
    'blake3-wasm': ['helper/files/hash.ts'],
    '@napi-rs/blake-hash': ['helper/files/hash.ts'],
    ws: ['helper/server/', 'helper/bridge/'],
    yargs: ['helper/cli/'],
    nodemailer: ['helper/status/notify-mail.ts'],
    yauzl: ['helper/catalog/lightroom-backups.ts'],
    plist: ['helper/files/volumes/macos.ts'],
    'libraw-wasm': ['helper/drill/open-picture.ts'],
    'libheif-js': ['helper/drill/open-picture.ts'],
    'jpeg-js': ['helper/drill/open-picture.ts'],
    mp4box: ['helper/drill/open-picture.ts'],
    preact: ['helper/server/page/'],
    // Tools of every room.
    execa: ['helper/'],
    'fs-extra': ['helper/'],
    'p-limit': ['helper/'],
    zod: ['helper/'],
  }

  it('knows each package in the files that are named for it, and no other package', () => {
    const packageOf = (to: string): string => to.split('/', to.startsWith('@') ? 2 : 1).join('/')
    const strangers = helperImports
      .filter(({ to }) => !/^(node:|helper\/|shared\/|\.\.\/package\.json$)/.test(to))
      .filter(({ from, to }) => !(KNOWN_IN[packageOf(to)] ?? []).some((home) => from.startsWith(home)))
      .map(({ from, to }) => `${from} imports ${to}`)
    assert.deepEqual(strangers, [])
  })
})

describe('the project', () => {
  it('locks every build of an optional package, so that a clean install works on every system', () => {
    const lock = fs.readJsonSync(path.join(root, 'package-lock.json')) as {
      packages: Record<string, { optionalDependencies?: Record<string, string> }>
    }
    const missing = Object.entries(lock.packages).flatMap(([, each]) =>
      Object.keys(each.optionalDependencies ?? {}).filter((name) => !(`node_modules/${name}` in lock.packages)),
    )
    assert.deepEqual(missing, [])
  })
})
