// The originals that one catalog names, as a file of the home: written from a snapshot in the thread that has it, read line by line when it is
// compared with the journal. One line per folder, so that the comparison asks the journal once per folder and holds no list as a whole.
// It is a cache: thrown away, the next backup of the catalog writes it again.
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { systemCode } from '../errors.js'
import type { PrivateCopy } from './private-copy.js'
import { listReferencedFiles, readCatalogOutline, type ReferencedFile } from './reader.js'
import { stateOfRoot } from './root-state.js'

export interface ReferencedFolder {
  /** Root folder of the catalog, absolute, ending in a slash; where it lies now if it moved together with the catalog. */
  readonly root: string
  /** From the root; '' or ending in a slash. */
  readonly folder: string
  /** The root is not there: its drive is away. */
  readonly isOffline: boolean
  /** Of the originals. */
  readonly names: readonly string[]
  /** Sidecars that Lightroom lists for them. A listed one may not exist. */
  readonly sidecars: readonly string[]
}

/** Where the references of a catalog are kept. One file per catalog, replaced with each backup. */
export function referencesFile(home: string, catalogHash: string): string {
  return path.join(home, 'catalogs', `${catalogHash}.references`)
}

/** Writes the references of a private copy.
 *  @param catalog  path of the live catalog, from which moved roots are found */
export async function writeReferences(
  copy: PrivateCopy,
  catalog: string,
  to: string,
  signal?: AbortSignal,
): Promise<void> {
  await mkdir(path.dirname(to), { recursive: true, mode: 0o700 })
  const temporary = `${to}.new`
  await pipeline(Readable.from(lines(copy, catalog, signal)), createWriteStream(temporary, { mode: 0o600 }))
  await rename(temporary, to)
}

/** Folder by folder; a folder whose files lie apart in the catalog comes more than once.
 *  @returns nothing at all when there is no such file */
export async function* readReferences(file: string): AsyncGenerator<ReferencedFolder> {
  const stream = createReadStream(file, { encoding: 'utf8' })
  try {
    for await (const line of createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY }))
      yield JSON.parse(line) as ReferencedFolder
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error
  } finally {
    stream.destroy()
  }
}

/** Removes the references of backups that are no longer the newest of their catalog. */
export async function forgetReferences(home: string, kept: readonly string[]): Promise<void> {
  const folder = path.dirname(referencesFile(home, ''))
  for (const name of await namesIn(folder))
    if (!kept.includes(path.join(folder, name))) await rm(path.join(folder, name), { force: true })
}

async function* lines(copy: PrivateCopy, catalog: string, signal: AbortSignal | undefined): AsyncGenerator<string> {
  const outline = await readCatalogOutline(copy, signal)
  const roots = new Map(outline.roots.map((root) => [root.id, stateOfRoot(root, catalog)]))
  for await (const slice of listReferencedFiles(copy, outline, signal ? { signal } : {})) {
    const folders = new Map<string, { first: ReferencedFile; names: string[]; sidecars: string[] }>()
    for (const file of slice) {
      const key = `${file.root} ${file.folder}`
      const folder = folders.get(key) ?? { first: file, names: [], sidecars: [] }
      folders.set(key, folder)
      folder.names.push(file.name)
      for (const extension of file.sidecars) folder.sidecars.push(`${file.baseName}.${extension}`)
    }
    for (const { first, names, sidecars } of folders.values()) {
      const state = roots.get(first.root)
      const root = state?.kind === 'moved' ? state.path : first.rootPath
      const isOffline = state?.kind === 'offline'
      const line: ReferencedFolder = { root, folder: first.folder, isOffline, names, sidecars }
      yield `${JSON.stringify(line)}\n`
    }
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return []
    throw error
  }
}
