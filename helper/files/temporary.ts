// Temporary names: under which a file is written until it is whole. Each carries the tag of the home that writes it; a home has one owner,
// so whatever carries the tag and is found at the beginning of a run was left by a crash, and may go.
import path from 'node:path'
import { TEMPORARY_PREFIX, TEMPORARY_SUFFIX } from './scan.js'
import type { DurableFiles } from './durable.js'

/** @param unique  tells this file from all others that this home is writing */
export function temporaryName(tag: string, unique: string): string {
  return `${TEMPORARY_PREFIX}${tag}-${unique}${TEMPORARY_SUFFIX}`
}

let counter = 0

/** A free name for one of Safelight's own files before it gets its own. */
export function temporaryIn(folder: string, tag: string): string {
  counter += 1
  return path.join(folder, temporaryName(tag, `own-${process.pid}-${counter}`))
}

export function isLeftover(name: string, tag: string): boolean {
  return name.startsWith(`${TEMPORARY_PREFIX}${tag}-`) && name.endsWith(TEMPORARY_SUFFIX)
}

/** Takes away what a crash of this home left in a folder that exists. @throws the system's error */
export function clearLeftovers(files: DurableFiles, folder: string, tag: string): void {
  for (const { name } of files.list(folder)) if (isLeftover(name, tag)) files.unlink(path.join(folder, name))
}
