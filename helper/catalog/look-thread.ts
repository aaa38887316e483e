// The worker thread that looks at originals: which of the wanted names are in a folder, with size and mtime, and the hash of a file when
// asked. Synchronous calls are several times quicker than the thread pool for hundreds of thousands of small questions, and a share that
// hangs hangs this thread and not the helper. It reads names, attributes and bytes, and opens nothing for writing.
import { closeSync, lstatSync, openSync, readdirSync, readSync, statSync } from 'node:fs'
import { parentPort } from 'node:worker_threads'
import { describeError, systemCode } from '../errors.js'
import { chooseHashEngine } from '../files/hash.js'
import { belongingsIn, ownNames, type Belongings, type WantedFile } from './belongings.js'
import { asText, baseNameOf, Extensions, importedBytesOf, type Columns } from './columns.js'
import {
  MISSING,
  UNREADABLE,
  type FoldersRequest,
  type HashRequest,
  type LookAnswer,
  type LookRequest,
  type PackedLook,
} from './look-format.js'

const CHUNK_BYTES = 1024 * 1024

const extensions = new Extensions()
let folders: ReadonlyMap<number, string> = new Map()

if (parentPort) {
  const port = parentPort
  port.on('message', (request: FoldersRequest | LookRequest | HashRequest) => {
    if (request.kind === 'folders') {
      folders = request.folders
      return
    }
    try {
      const answer = request.kind === 'look' ? look(request) : hash(request.file)
      if (answer.kind === 'looked') {
        const { rows, ids, importedBytes, counts, values } = answer
        port.postMessage(
          answer,
          [rows, ids, importedBytes, counts, values].map((each) => each.buffer),
        )
      } else port.postMessage(answer)
    } catch (error) {
      port.postMessage({ kind: 'failed', message: describeError(error) } satisfies LookAnswer)
    }
  })
}

function look({ json }: LookRequest): PackedLook {
  const slice = JSON.parse(json) as readonly Columns[]
  const { inside, elsewhere } = byFolder(slice)
  const listed = [...inside].map(([folder, rows]) => ({
    folder,
    rows,
    ...belongingsOf(folder, wantedFiles(slice, rows)),
  }))
  const all = listed.reduce((sum, { wanted }) => sum + wanted.length, 0)
  const values = new Float64Array(all * 2)
  const messages = new Map<number, string>()
  let at = 0
  const looked = listed.map(({ folder, rows, wanted, onDisk, message }) => {
    let names = ''
    onDisk.forEach((name, index) => {
      names += `${see(folder, wanted[index] ?? '', name, message, values, at, messages)}\0`
      at += 1
    })
    return { folder, names, files: rows.length }
  })
  const rows = Uint32Array.from(listed.flatMap((each) => each.rows))
  return {
    kind: 'looked',
    folders: looked,
    rows,
    ids: Float64Array.from(rows, (row) => slice[row]?.[0] ?? 0),
    importedBytes: Float64Array.from(rows, (row) => importedBytesOf(slice[row]?.[5]) ?? Number.NaN),
    counts: Uint32Array.from(listed.flatMap((each) => each.counts)),
    values,
    messages,
    elsewhere,
  }
}

/** @returns places in the slice */
function byFolder(slice: readonly Columns[]): { inside: Map<string, number[]>; elsewhere: number[] } {
  const inside = new Map<string, number[]>()
  const elsewhere: number[] = []
  slice.forEach(([, id], row) => {
    const folder = folders.get(id)
    const rows = folder === undefined ? elsewhere : inside.get(folder)
    if (rows) rows.push(row)
    else if (folder !== undefined) inside.set(folder, [row])
  })
  return { inside, elsewhere }
}

function wantedFiles(slice: readonly Columns[], rows: readonly number[]): WantedFile[] {
  return rows.map((row) => {
    const [, , column, baseName, sidecars] = slice[row] ?? []
    const name = asText(column)
    return { name, baseName: baseNameOf(name, baseName), sidecars: extensions.listedIn(asText(sidecars)) }
  })
}

/** @returns with the system's words when the folder is there and cannot be listed */
function belongingsOf(folder: string, wanted: readonly WantedFile[]): Belongings & { message?: string } {
  try {
    return belongingsIn(readdirSync(folder), wanted)
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return belongingsIn([], wanted)
    return { ...ownNames(wanted), message: describeError(error) }
  }
}

/** Writes down what there is to see of one name. @returns the name on disk, or the wanted one when there is nothing to see */
function see(
  folder: string,
  wanted: string,
  onDisk: string | undefined,
  unlisted: string | undefined,
  values: Float64Array,
  at: number,
  messages: Map<number, string>,
): string {
  const unreadable = (message: string): string => {
    values[at * 2] = UNREADABLE
    messages.set(at, message)
    return wanted
  }
  if (unlisted !== undefined) return unreadable(unlisted)
  if (onDisk !== undefined)
    try {
      const { size, mtimeMs } = statFollowing(`${folder}${onDisk}`)
      values[at * 2] = size
      values[at * 2 + 1] = mtimeMs
      return onDisk
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') return unreadable(describeError(error))
    }
  values[at * 2] = MISSING
  return wanted
}

function statFollowing(file: string): { size: number; mtimeMs: number } {
  const stats = lstatSync(file)
  return stats.isSymbolicLink() ? statSync(file) : stats
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
