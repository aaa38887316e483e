// The helper as few files: the program and each of its worker threads with everything that they import, at the very places where the build has
// them, so that whatever looks beside itself finds what it looks for. Packages that read files of their own (WebAssembly, native code) stay
// packages and are named.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { build, type Plugin } from 'esbuild'
import type { Entry } from './archive.js'

const BANNER =
  "import { createRequire as bundleRequire } from 'node:module'; const require = bundleRequire(import.meta.url);"

export interface Bundle {
  readonly entries: readonly Entry[]
  /** Packages that must lie in node_modules beside it. */
  readonly packages: readonly string[]
}

export async function bundleHelper(root: string): Promise<Bundle> {
  const dist = path.join(root, 'dist')
  const packages = packagesWithFiles(root)
  const programs = ['helper/main.js', ...workersIn(dist)]
  const entries: Entry[] = []
  for (const program of programs) {
    const { outputFiles } = await build({
      entryPoints: [path.join(dist, program)],
      outfile: path.join(dist, program),
      write: false,
      bundle: true,
      format: 'esm',
      platform: 'node',
      target: 'node22',
      banner: { js: BANNER },
      external: [...packages],
      legalComments: 'inline',
      charset: 'utf8',
      logLevel: 'error',
      absWorkingDir: root,
      nodePaths: [path.join(root, 'node_modules')],
      plugins: [keepPlaces(path.dirname(path.join(dist, program)))],
    })
    const [file] = outputFiles
    if (file === undefined) throw new Error(`${program} was not bundled`)
    entries.push({ path: `dist/${program}`, bytes: file.contents, isProgram: false })
  }
  return { entries, packages }
}

/** In one file every module has the same address; each of ours is given back its own. */
function keepPlaces(folder: string): Plugin {
  return {
    name: 'keep-places',
    setup: (its) => {
      its.onLoad({ filter: /[\\/]dist[\\/](helper|shared)[\\/].*\.js$/ }, ({ path: file }) => {
        const from = path.relative(folder, file).split(path.sep).join('/')
        const own = `new URL(${JSON.stringify(from)}, import.meta.url).href`
        return { contents: readFileSync(file, 'utf8').replaceAll('import.meta.url', own), loader: 'js' }
      })
    },
  }
}

/** Modules that are started by their address instead of being imported. */
function workersIn(dist: string): string[] {
  const files = readdirSync(path.join(dist, 'helper'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.js'))
    .map((name) => `helper/${name.split(path.sep).join('/')}`)
  const named = files.flatMap((file) =>
    [
      ...readFileSync(path.join(dist, file), 'utf8').matchAll(
        /new URL\(['"](\.\/[\w-]+\.js)['"], import\.meta\.url\)/g,
      ),
    ].map(([, name = '']) => path.posix.join(path.posix.dirname(file), name)),
  )
  return [...new Set(named)].sort()
}

/** What package.json names and what brings files along that code alone does not hold. */
function packagesWithFiles(root: string): string[] {
  const { dependencies, optionalDependencies = {} } = JSON.parse(
    readFileSync(path.join(root, 'package.json'), 'utf8'),
  ) as {
    dependencies: Record<string, string>
    optionalDependencies?: Record<string, string>
  }
  const reads = Object.keys(dependencies).filter((name) => hasFiles(path.join(root, 'node_modules', name)))
  return [...reads, ...Object.keys(optionalDependencies)].sort()
}

function hasFiles(folder: string): boolean {
  return (
    existsSync(folder) &&
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).some((name) => /\.(wasm|node)$/.test(name))
  )
}
