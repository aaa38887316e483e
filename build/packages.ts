// Packages of many small files, each gathered into one file below dist/node_modules, where Node looks first for whatever the built program
// imports. A start opens some 370 files fewer for it and takes a third of the time; the code is the very same, and without this step the
// program finds the packages where npm put them.
import { createRequire } from 'node:module'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { build } from 'esbuild'

/** Those that commands load and that consist of plain JavaScript; none that reads files beside itself. */
const PACKAGES = ['age-encryption', 'execa', 'fs-extra', 'p-limit', 'plist', 'ws', 'zod'] as const

/** CommonJS inside asks for Node's own modules by `require`. */
const BANNER =
  "import { createRequire as packageRequire } from 'node:module'; const require = packageRequire(import.meta.url)"

/** @returns how many packages were gathered */
export async function gatherPackages(root: string): Promise<number> {
  const target = path.join(root, 'dist', 'node_modules')
  rmSync(target, { recursive: true, force: true })
  for (const name of PACKAGES) await gather(root, target, name)
  return PACKAGES.length
}

async function gather(root: string, target: string, name: string): Promise<void> {
  const folder = path.join(target, name)
  const exported = Object.keys((await import(name)) as object).filter((each) => /^[A-Za-z_$][\w$]*$/.test(each))
  mkdirSync(folder, { recursive: true })
  await build({
    stdin: { contents: `export { ${exported.join(', ')} } from '${name}'`, resolveDir: root },
    outfile: path.join(folder, 'index.js'),
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    banner: { js: BANNER },
    legalComments: 'inline',
    logLevel: 'error',
  })
  const { version } = JSON.parse(readFileSync(packageFile(root, name), 'utf8')) as { version: string }
  const description = { name, version, type: 'module', exports: './index.js' }
  writeFileSync(path.join(folder, 'package.json'), `${JSON.stringify(description)}\n`)
}

function packageFile(root: string, name: string): string {
  const paths = createRequire(path.join(root, 'package.json')).resolve.paths(name) ?? []
  const found = paths.map((each) => path.join(each, name, 'package.json')).find((each) => each.startsWith(root))
  if (found === undefined) throw new Error(`the package ${name} is not installed`)
  return found
}
