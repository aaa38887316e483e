// A private copy is the only thing Safelight ever opens as a catalog: a folder of our own, with a name of our own, holding one instant
// of a catalog. The reader makes `<file>.lock` and `-wal` beside what it opens, so opening anything else is refused here.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { SafelightError } from '../errors.js'

const PREFIX = 'safelight-private-'
/** The neutral name inside: no later tool mistakes the copy for the live catalog. */
const FILE = 'copy.sqlite'
const OWNER = 'owner.json'

export interface PrivateCopy {
  readonly folder: string
  /** The database; a `-wal` or `-journal` of the same instant lies beside it under the same name. */
  readonly file: string
}

/** Makes an empty private folder below `parent`.
 *  @param parent  a folder of Safelight's own; made when it is not there */
export async function createPrivateFolder(parent: string): Promise<PrivateCopy> {
  await mkdir(parent, { recursive: true, mode: 0o700 })
  await removeAbandoned(parent)
  const folder = await mkdtemp(path.join(parent, PREFIX))
  await writeFile(path.join(folder, OWNER), JSON.stringify({ pid: process.pid }), { mode: 0o600 })
  return { folder, file: path.join(folder, FILE) }
}

export async function removePrivateFolder(copy: PrivateCopy): Promise<void> {
  requirePrivate(copy)
  await rm(copy.folder, { recursive: true, force: true })
}

/** Runs `use` with a fresh private folder and removes the folder afterwards, whatever happens. */
export async function withPrivateFolder<T>(parent: string, use: (copy: PrivateCopy) => Promise<T>): Promise<T> {
  const copy = await createPrivateFolder(parent)
  try {
    return await use(copy)
  } finally {
    await removePrivateFolder(copy)
  }
}

/** @throws UNEXPECTED when this is not a private copy: the caller is about to open somebody's live file */
export function requirePrivate({ folder, file }: PrivateCopy): void {
  const isPrivate = path.basename(folder).startsWith(PREFIX) && path.join(folder, FILE) === file
  if (isPrivate && existsSync(path.join(folder, OWNER))) return
  throw new SafelightError('UNEXPECTED', {
    message: `${file} is not a private copy, so it was not opened. Your catalog was not touched.`,
    remedy: 'Please report this: it is a mistake in Safelight.',
  })
}

/** Folders whose helper was killed. A catalog copy may be gigabytes, so they do not stay. */
async function removeAbandoned(parent: string): Promise<void> {
  for (const name of readdirSync(parent)) {
    if (!name.startsWith(PREFIX)) continue
    const folder = path.join(parent, name)
    const owner = await ownerOf(folder)
    if (owner !== undefined && !isAlive(owner)) await rm(folder, { recursive: true, force: true })
  }
}

async function ownerOf(folder: string): Promise<number | undefined> {
  const file = path.join(folder, OWNER)
  if (!existsSync(file)) return undefined
  const owner: unknown = JSON.parse((await readFile(file, 'utf8')) || 'null')
  const isOwner = typeof owner === 'object' && owner !== null && 'pid' in owner && typeof owner.pid === 'number'
  return isOwner ? (owner.pid as number) : undefined
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: there is such a process, of another user.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
