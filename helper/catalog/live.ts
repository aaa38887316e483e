// What a live catalog shows from outside: the files that belong to it with size, date and inode, and Lightroom's lock. Read only, and nothing of
// it is opened with SQLite.
import { readdir, readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { systemCode } from '../errors.js'
import type { CatalogState, FileState, LockFile } from './quiet.js'

/** Sizes, dates and inodes of a live catalog and all that belongs to it. */
export async function lookAtCatalog(catalog: string): Promise<CatalogState> {
  const [main, wal, journal, shm] = [
    await stateOf(catalog),
    await stateOf(`${catalog}-wal`),
    await stateOf(`${catalog}-journal`),
    await stateOf(`${catalog}-shm`),
  ]
  return { main, wal, journal, shm, data: await lookAtData(dataFolderOf(catalog)) }
}

export function dataFolderOf(catalog: string): string {
  return catalog.replace(/\.lrcat$/i, '') + '.lrcat-data'
}

async function lookAtData(folder: string): Promise<ReadonlyMap<string, FileState> | undefined> {
  try {
    const entries = await readdir(folder, { withFileTypes: true, recursive: true })
    const found = new Map<string, FileState>()
    for (const entry of entries) {
      if (!entry.isFile()) continue
      const file = path.join(entry.parentPath, entry.name)
      const state = await stateOf(file)
      if (state) found.set(path.relative(folder, file).split(path.sep).join('/'), state)
    }
    return found
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return undefined
    throw error
  }
}

async function stateOf(file: string): Promise<FileState | undefined> {
  try {
    const { size, mtimeMs, ino } = await stat(file)
    return { sizeBytes: size, mtimeMs, inode: ino }
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return undefined
    throw error
  }
}

/** Lightroom's lock as it is on disk. Its content is the path of the program and its process id, a line each. */
export async function readLock(catalog: string): Promise<LockFile | undefined> {
  const lock = `${catalog}.lock`
  try {
    const [program, pid] = (await readFile(lock, 'utf8')).split(/\r?\n/)
    if (program === undefined || pid === undefined || !/^\d{1,10}$/.test(pid.trim())) return {}
    return { program, pid: Number(pid) }
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    // Not in Lightroom's form (a folder of that name, or unreadable): it is a lock all the same.
    if (error instanceof Error) return {}
    throw error
  }
}
