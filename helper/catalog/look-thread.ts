// The worker thread that looks at originals: which of the wanted names are in a folder, with size and mtime, and the hash of a file when
// asked. Synchronous calls are several times quicker than the thread pool for hundreds of thousands of small questions, and a share that
// hangs hangs this thread and not the helper. It reads names, attributes and bytes, and opens nothing for writing.
import { closeSync, lstatSync, openSync, readdirSync, readSync, statSync } from 'node:fs'
import { parentPort } from 'node:worker_threads'
import { describeError, systemCode } from '../errors.js'
import { chooseHashEngine } from '../files/hash.js'
import { folderNames, type FolderNames } from './locate.js'
import {
  MISSING,
  UNREADABLE,
  type HashRequest,
  type LookAnswer,
  type LookRequest,
  type PackedLook,
} from './look-format.js'

const CHUNK_BYTES = 1024 * 1024

if (parentPort) {
  const port = parentPort
  port.on('message', (request: LookRequest | HashRequest) => {
    try {
      const answer = request.kind === 'look' ? look(request) : hash(request.file)
      if (answer.kind === 'looked') port.postMessage(answer, [answer.values.buffer, answer.otherCounts.buffer])
      else port.postMessage(answer)
    } catch (error) {
      port.postMessage({ kind: 'failed', message: describeError(error) } satisfies LookAnswer)
    }
  })
}

class Packer {
  readonly #values: number[] = []
  readonly #otherCounts: number[] = []
  readonly #otherNames: string[] = []
  readonly #exceptions: { index: number; name: string; message?: string }[] = []

  seen(sizeBytes: number, mtimeMs: number): void {
    this.#values.push(sizeBytes, mtimeMs)
  }

  /** Before `seen` of the same file. */
  except(name: string, message?: string): void {
    this.#exceptions.push({ index: this.#values.length / 2, name, ...(message === undefined ? {} : { message }) })
  }

  others(names: readonly string[]): void {
    this.#otherCounts.push(names.length)
    this.#otherNames.push(...names)
  }

  pack(): PackedLook {
    return {
      kind: 'looked',
      values: Float64Array.from(this.#values),
      otherCounts: Uint32Array.from(this.#otherCounts),
      otherNames: this.#otherNames,
      exceptions: this.#exceptions,
    }
  }
}

function look({ folders }: LookRequest): PackedLook {
  const packer = new Packer()
  for (const { folder, wanted } of folders) lookIntoFolder(packer, folder, wanted.split('\0').slice(0, -1))
  return packer.pack()
}

function lookIntoFolder(packer: Packer, folder: string, wanted: readonly string[]): void {
  const names = namesOf(folder)
  const rows = new Set<string>()
  for (let at = 0; at < wanted.length; at += 3) rows.add(wanted[at] ?? '')
  for (let at = 0; at < wanted.length; at += 3) {
    const [name = '', baseName = '', sidecars = ''] = [wanted[at], wanted[at + 1], wanted[at + 2]]
    const all = [name, ...(sidecars === '' ? [] : sidecars.split(',').map((extension) => `${baseName}.${extension}`))]
    if (typeof names === 'string') {
      for (const each of all) {
        packer.except(each, names)
        packer.seen(UNREADABLE, 0)
      }
      packer.others([])
      continue
    }
    const taken = all.map((each) => see(packer, folder, names, each))
    const others = names.withBaseName(baseName).filter((other) => !taken.includes(other) && !rows.has(other))
    packer.others(others)
    for (const other of others) see(packer, folder, names, other)
  }
}

/** @returns the name on disk, or the wanted one when it is not there */
function see(packer: Packer, folder: string, names: FolderNames, wanted: string): string {
  const match = names.find(wanted)
  if (!match) {
    packer.seen(MISSING, 0)
    return wanted
  }
  try {
    const { size, mtimeMs } = statFollowing(`${folder}${match.name}`)
    if (match.how !== 'exact') packer.except(match.name)
    packer.seen(size, mtimeMs)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') packer.seen(MISSING, 0)
    else {
      packer.except(wanted, describeError(error))
      packer.seen(UNREADABLE, 0)
    }
  }
  return match.name
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
