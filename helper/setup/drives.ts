// Which drives a photographer could choose for the copies: what is mounted where people's drives are mounted. A list to choose from, no
// judgement; whether a folder can be a place is found out when it is made one.
import { existsSync, readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { describeError } from '../errors.js'
import type { Volumes } from '../files/volumes.js'

export interface Candidate {
  readonly path: string
  readonly name: string
  readonly freeBytes: number
  readonly totalBytes: number
  readonly fileSystem?: string
}

export interface Places {
  /** Names in a folder, sorted; none when it is not there. */
  readonly namesIn: (folder: string) => readonly string[]
  readonly exists: (folder: string) => boolean
}

/** Folders where drives appear. Pure. */
export function driveFolders(platform: NodeJS.Platform, user: string, { namesIn, exists }: Places): string[] {
  if (platform === 'win32')
    return 'DEFGHIJKLMNOPQRSTUVWXYZ'
      .split('')
      .map((letter) => `${letter}:\\`)
      .filter((root) => exists(root))
  const parents = platform === 'darwin' ? ['/Volumes'] : [`/media/${user}`, `/run/media/${user}`, '/mnt']
  return parents.flatMap((parent) => namesIn(parent).map((name) => path.posix.join(parent, name)))
}

const MOST = 16

/** @param known  paths of places that there are already */
export async function candidates(
  volumes: Volumes,
  folders: readonly string[],
  known: readonly string[],
): Promise<Candidate[]> {
  const found: Candidate[] = []
  for (const folder of folders.filter((each) => !known.includes(each)).slice(0, MOST)) {
    const candidate = await candidateAt(volumes, folder)
    if (candidate !== undefined) found.push(candidate)
  }
  return found
}

/** A drive that does not answer is no candidate; the folder of an unplugged one is not a drive of its own. */
async function candidateAt(volumes: Volumes, folder: string): Promise<Candidate | undefined> {
  try {
    const { mountPoint, fileSystem, isReadOnly } = await volumes.describe(folder)
    if (isReadOnly || mountPoint !== folder) return undefined
    const { freeBytes, totalBytes } = volumes.room(folder)
    return {
      path: folder,
      name: path.basename(folder) || folder,
      freeBytes,
      totalBytes,
      ...(fileSystem === 'unknown' ? {} : { fileSystem }),
    }
  } catch (error) {
    process.stderr.write(`${folder} is not offered for copies: ${describeError(error)}\n`)
    return undefined
  }
}

export const systemPlaces: Places = {
  namesIn: (folder) => (existsSync(folder) && statSync(folder).isDirectory() ? readdirSync(folder).sort() : []),
  exists: (folder) => existsSync(folder),
}
