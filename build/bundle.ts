// The helper as few files: the program and each of its worker threads with everything that they import, at the very places where the build has
// them, so that whatever looks beside itself finds what it looks for. Packages that read files of their own (WebAssembly, native code) stay
// packages and are named. For a release all of them; in the build itself the program alone, which begins most often.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { build, type BuildOptions, type Plugin } from 'esbuild'
import { execa } from 'execa'
import type { Entry } from './archive.js'

const BANNER =
  "import { createRequire as bundleRequire } from 'node:module'; const require = bundleRequire(import.meta.url);"

export interface Bundle {
  readonly entries: readonly Entry[]
  /** Packages that must lie in node_modules beside it. */
  readonly packages: readonly string[]
}

/** Where it begins, and under which name it is laid down. */
const PROGRAM = { from: 'helper/program.js', as: 'helper/main.js' } as const

export async function bundleHelper(root: string): Promise<Bundle> {
  const dist = path.join(root, 'dist')
  const packages = packagesWithFiles(root)
  const programs = [PROGRAM, ...workersIn(dist).map((file) => ({ from: file, as: file }))]
  const entries: Entry[] = []
  for (const { from, as } of programs) {
    const bytes = await gathered(root, packages, path.join(dist, from), {
      outfile: path.join(dist, as),
      format: 'esm',
      target: 'node22',
      banner: { js: BANNER },
      legalComments: 'inline',
      charset: 'utf8',
      plugins: [keepPlaces(path.dirname(path.join(dist, as)), 'import.meta.url')],
    })
    entries.push({ path: `dist/${as}`, bytes, isProgram: false })
  }
  return { entries, packages }
}

/** Puts the program's one file and its machine code beside the parts, and in place of `main.js` what starts it from there. CommonJS, because
 *  that alone can be started with machine code that is there already (Node 20). @returns bytes of both */
export async function bundleProgram(root: string): Promise<number> {
  const helper = path.join(root, 'dist', 'helper')
  const outfile = path.join(helper, 'program.bundle.cjs')
  const machineCode = `${outfile}.cache`
  // First: V8 compares no more than the length of what the machine code was made from.
  rmSync(machineCode, { force: true })
  const bundleOf = (from: string, outfile: string): Promise<Uint8Array> =>
    gathered(root, packagesWithFiles(root), path.join(helper, from), {
      outfile,
      format: 'cjs',
      target: 'node20',
      banner: { js: "const bundlePlace = require('node:url').pathToFileURL(__filename).href" },
      define: { 'import.meta.url': 'bundlePlace' },
      plugins: [keepPlaces(path.dirname(outfile), 'bundlePlace', inOneFile)],
    })
  const bytes = await bundleOf(path.basename(PROGRAM.from), outfile)
  const worker = inOneFile(path.join(helper, COPY_WORKER))
  writeFileSync(worker, await bundleOf(COPY_WORKER, worker))
  writeFileSync(path.join(helper, 'main.js'), await quickStart(root))
  writeFileSync(outfile, bytes)
  await makeMachineCode(path.join(helper, 'main.js'))
  return bytes.length + (existsSync(machineCode) ? readFileSync(machineCode).length : 0)
}

/** The copy workers, of which every backup and every verification starts several. The program's one file starts theirs, the parts the part. */
const COPY_WORKER = 'engine/worker-main.js'

function inOneFile(text: string): string {
  return text.replaceAll(/worker-main\.js(?!\.map)/g, 'worker-main.bundle.cjs')
}

/** What starts the program's one file, in a file of its own. */
export function quickStart(root: string): Promise<Uint8Array> {
  const file = path.join(root, 'dist', 'build', 'quick-start.js')
  return gathered(root, [], file, { format: 'esm', target: 'node20' })
}

/** By a small backup, with all that it uses. What a failure leaves out is compiled when it is needed. */
async function makeMachineCode(program: string): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'safelight-build-'))
  const at = (name: string): string => path.join(folder, name)
  try {
    for (const name of ['Shoot', 'Drive']) mkdirSync(at(name))
    writeFileSync(at('Shoot/IMG_0001.JPG'), 'a picture')
    const env = { SAFELIGHT_KEEP_MACHINE_CODE: '1', SAFELIGHT_HOME: at('home') }
    await execa(process.execPath, [program, 'backup', at('Shoot'), '--to', at('Drive')], { env, reject: false })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function gathered(
  root: string,
  packages: readonly string[],
  from: string,
  options: BuildOptions,
): Promise<Uint8Array> {
  const { outputFiles } = await build({
    entryPoints: [from],
    bundle: true,
    platform: 'node',
    external: [...packages],
    logLevel: 'error',
    absWorkingDir: root,
    nodePaths: [path.join(root, 'node_modules')],
    ...options,
    write: false,
  })
  const [file] = outputFiles
  if (file === undefined) throw new Error(`${from} was not bundled`)
  return file.contents
}

/** In one file every module has the same address; each of ours is given back its own.
 *  @param address  how the file itself is called in it
 *  @param alter  what else is to be said otherwise in a module */
function keepPlaces(folder: string, address: string, alter = (text: string): string => text): Plugin {
  return {
    name: 'keep-places',
    setup: (its) => {
      its.onLoad({ filter: /[\\/]dist[\\/](helper|shared)[\\/].*\.js$/ }, ({ path: file }) => {
        const from = path.relative(folder, file).split(path.sep).join('/')
        const own = `new URL(${JSON.stringify(from)}, ${address}).href`
        return { contents: alter(readFileSync(file, 'utf8')).replaceAll('import.meta.url', own), loader: 'js' }
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
