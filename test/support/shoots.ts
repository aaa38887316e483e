// Literal shoots: a folder tree written down in the test becomes real files with bytes that follow from a seed. And the other way: what a
// folder holds, as plain data that can be compared, and what `b3sum --check` says of it.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { chooseHashEngine, hashBytes } from '../../helper/files/hash.js'
import { parseManifest } from '../../helper/manifest/manifest.js'

/** A file: its text, or its size in bytes, or more about it. */
export type FileLiteral =
  string | number | { readonly bytes: number | string; readonly seed?: number; readonly mtime?: string }

export interface LinkLiteral {
  readonly link: string
}

export interface Tree {
  readonly [name: string]: FileLiteral | LinkLiteral | Tree
}

const MTIME = Date.UTC(2024, 5, 1, 10, 0, 0)

/** Makes the tree below `folder`. Modification times are whole seconds that differ from file to file. */
export function makeTree(folder: string, tree: Tree, seed = 1): void {
  fs.mkdirSync(folder, { recursive: true })
  Object.entries(tree).forEach(([name, literal], index) => {
    const at = path.join(folder, name)
    if (typeof literal === 'object' && 'link' in literal && typeof literal.link === 'string')
      fs.symlinkSync(literal.link, at)
    else if (isFile(literal)) makeFile(at, literal, seed * 31 + index)
    else makeTree(at, literal as Tree, seed * 31 + index + 7)
  })
}

function isFile(literal: FileLiteral | LinkLiteral | Tree): literal is FileLiteral {
  return typeof literal !== 'object' || ('bytes' in literal && typeof literal.bytes !== 'object')
}

export function makeFile(file: string, literal: FileLiteral, seed = 1): void {
  const { bytes, mtime, seed: own } = typeof literal === 'object' ? literal : { bytes: literal }
  fs.writeFileSync(file, typeof bytes === 'string' ? bytes : contentOf(bytes, own ?? seed))
  const mtimeMs = mtime === undefined ? MTIME + (seed % 100_000) * 1000 : Date.parse(mtime)
  fs.utimesSync(file, mtimeMs / 1000, mtimeMs / 1000)
}

/** Bytes that look random and follow from the seed (xorshift). */
export function contentOf(sizeBytes: number, seed: number): Buffer {
  const words = new Uint32Array(Math.ceil(sizeBytes / 4))
  let state = (seed * 2_654_435_761 + 1) >>> 0 || 1
  for (let index = 0; index < words.length; index++) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    words[index] = state >>> 0
  }
  return Buffer.from(words.buffer).subarray(0, sizeBytes)
}

/** A fresh folder for one test. In memory where that is possible and wanted: fsync then costs nothing. */
export function freshFolder({ inMemory = false } = {}): string {
  const parent = inMemory && fs.existsSync('/dev/shm') ? '/dev/shm' : os.tmpdir()
  return fs.realpathSync(fs.mkdtempSync(path.join(parent, 'safelight-test-')))
}

export interface Found {
  readonly hash: string
  readonly sizeBytes: number
  readonly mtimeMs: number
}

const engine = chooseHashEngine()

export function hashOf(file: string): string {
  return hashBytes(engine, fs.readFileSync(file))
}

/** Every regular file below a folder, by its path with `/`. */
export function readTree(folder: string): Map<string, Found> {
  const found = new Map<string, Found>()
  if (!fs.existsSync(folder)) return found
  for (const entry of fs.readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const file = path.join(entry.parentPath, entry.name)
    const { size, mtimeMs } = fs.statSync(file)
    // Times are set through a double of seconds, which is right to a microsecond.
    const facts = { hash: hashOf(file), sizeBytes: size, mtimeMs: Math.floor(mtimeMs + 0.01) }
    found.set(path.relative(folder, file).replaceAll(path.sep, '/'), facts)
  }
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** Every name below a folder, files, folders and links alike. */
export function namesBelow(folder: string): string[] {
  return fs.existsSync(folder) ? fs.readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort() : []
}

/** Temporary files of Safelight's anywhere below a folder. */
export function temporariesBelow(folder: string): string[] {
  return namesBelow(folder).filter((name) => /(^|[\\/])\.safelight-[^\\/]*\.tmp$/.test(name))
}

export const hasB3sum = isThere('b3sum', ['--version'])

export function isThere(command: string, args: readonly string[]): boolean {
  try {
    execFileSync(command, [...args], { stdio: 'ignore' })
    return true
  } catch (error) {
    if (error instanceof Error) return false
    throw error
  }
}

/** Folders below (or at) `folder` that hold a manifest. */
export function manifestFolders(folder: string): string[] {
  return namesBelow(folder)
    .filter((name) => path.basename(name) === 'safelight.b3')
    .map((name) => path.join(folder, path.dirname(name)))
}

/** What is wrong with the files that the manifests below a folder list, by `b3sum --check` where it is installed, else by our own reading.
 *  @returns a line for each file that differs or is not there */
export function checkManifests(folder: string): string[] {
  return manifestFolders(folder).flatMap((each) => (hasB3sum ? checkWithB3sum(each) : checkByHand(each)))
}

function checkWithB3sum(folder: string): string[] {
  try {
    execFileSync('b3sum', ['--check', '--quiet', 'safelight.b3'], { cwd: folder, encoding: 'utf8', stdio: 'pipe' })
    return []
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string }
    return `${stdout}${stderr}`
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => `${folder}: ${line}`)
  }
}

function checkByHand(folder: string): string[] {
  const { entries, badLines } = parseManifest(fs.readFileSync(path.join(folder, 'safelight.b3'), 'utf8'))
  const wrong = entries.filter(({ path: file, hash }) => {
    const at = path.join(folder, file)
    return !fs.existsSync(at) || hashOf(at) !== hash
  })
  return [
    ...wrong.map(({ path: file }) => `${folder}: ${file} FAILED`),
    ...badLines.map((number) => `${folder}: line ${number}`),
  ]
}
