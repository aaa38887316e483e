// The worker thread that looks at originals: which of the wanted names are in a folder, with size and mtime, and the hash of a file when
// asked. Synchronous calls are several times quicker than the thread pool for hundreds of thousands of small questions, and a share that
// hangs hangs this thread and not the helper. It reads names, attributes and bytes, and opens nothing for writing.
import { closeSync, lstatSync, openSync, readdirSync, readSync, statSync } from 'node:fs'
import { parentPort } from 'node:worker_threads'
import { describeError, systemCode } from '../errors.js'
import { chooseHashEngine } from '../files/hash.js'
import { folderNames, type FolderNames } from './locate.js'

export interface WantedFile {
  readonly name: string
  readonly baseName: string
  /** Extensions that Lightroom lists. */
  readonly sidecars: readonly string[]
}

export interface LookRequest {
  readonly kind: 'look'
  readonly folders: readonly { readonly folder: string; readonly wanted: readonly WantedFile[] }[]
}

export interface HashRequest {
  readonly kind: 'hash'
  readonly file: string
}

export type Seen =
  | { readonly kind: 'found'; readonly name: string; readonly sizeBytes: number; readonly mtimeMs: number }
  | { readonly kind: 'missing'; readonly name: string }
  | { readonly kind: 'unreadable'; readonly name: string; readonly message: string }

export interface SeenFile {
  readonly main: Seen
  /** In the order of `sidecars`. */
  readonly listed: readonly Seen[]
  /** Files of the same base name that Lightroom does not list: `.acr`, `.wav`, a JPEG beside a raw. */
  readonly others: readonly Seen[]
}

export type LookAnswer =
  | { readonly kind: 'looked'; readonly folders: readonly (readonly SeenFile[])[] }
  | { readonly kind: 'hashed'; readonly hash: string; readonly sizeBytes: number; readonly mtimeMs: number }
  | { readonly kind: 'failed'; readonly message: string }

const CHUNK_BYTES = 1024 * 1024

if (parentPort) {
  const port = parentPort
  port.on('message', (request: LookRequest | HashRequest) => {
    try {
      port.postMessage(request.kind === 'look' ? look(request) : hash(request.file))
    } catch (error) {
      port.postMessage({ kind: 'failed', message: describeError(error) } satisfies LookAnswer)
    }
  })
}

function look({ folders }: LookRequest): LookAnswer {
  return { kind: 'looked', folders: folders.map(({ folder, wanted }) => lookIntoFolder(folder, wanted)) }
}

function lookIntoFolder(folder: string, wanted: readonly WantedFile[]): SeenFile[] {
  const names = namesOf(folder)
  if (typeof names === 'string')
    return wanted.map(({ name }) => ({ main: { kind: 'unreadable', name, message: names }, listed: [], others: [] }))
  const rows = new Set(wanted.map(({ name }) => name))
  return wanted.map(({ name, baseName, sidecars }) => {
    const main = seen(folder, names, name)
    const listed = sidecars.map((extension) => seen(folder, names, `${baseName}.${extension}`))
    const taken = new Set([main.name, ...listed.map((each) => each.name)])
    const others = names.withBaseName(baseName).filter((other) => !taken.has(other) && !rows.has(other))
    return { main, listed, others: others.map((other) => seen(folder, names, other)) }
  })
}

function seen(folder: string, names: FolderNames, wanted: string): Seen {
  const match = names.find(wanted)
  if (!match) return { kind: 'missing', name: wanted }
  try {
    const { size, mtimeMs } = statFollowing(`${folder}${match.name}`)
    return { kind: 'found', name: match.name, sizeBytes: size, mtimeMs }
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return { kind: 'missing', name: wanted }
    return { kind: 'unreadable', name: wanted, message: describeError(error) }
  }
}

function statFollowing(file: string): { size: number; mtimeMs: number } {
  const stats = lstatSync(file)
  return stats.isSymbolicLink() ? statSync(file) : stats
}

/** @returns the system's words when the folder is there and cannot be listed */
function namesOf(folder: string): FolderNames | string {
  try {
    return folderNames(readdirSync(folder))
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return folderNames([])
    return describeError(error)
  }
}

function hash(file: string): LookAnswer {
  const descriptor = openSync(file, 'r')
  try {
    const hasher = chooseHashEngine().create()
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES)
    let sizeBytes = 0
    for (;;) {
      const count = readSync(descriptor, buffer, 0, buffer.length, null)
      if (count === 0) break
      hasher.update(buffer.subarray(0, count))
      sizeBytes += count
    }
    return { kind: 'hashed', hash: hasher.digest(), sizeBytes, mtimeMs: lstatSync(file).mtimeMs }
  } finally {
    closeSync(descriptor)
  }
}
