// Temporary names: under which a file is written until it is whole. Each carries the tag of the home that writes it; a home has one owner,
// so whatever carries the tag and is found at the beginning of a run was left by a crash, and may go; another home's may after a month.
import path from 'node:path'
import { TEMPORARY_PREFIX, TEMPORARY_SUFFIX } from './scan.js'
import type { DurableFiles, EntryStat } from './durable.js'

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

/** No file is written to for so long: whoever began it is gone, or begins it anew. */
const ABANDONED_MS = 30 * 24 * 60 * 60 * 1000

/** What another home began and nobody has touched for a month: that home was lost, and will never clear it. */
export function isAbandoned(
  name: string,
  tag: string,
  { mtimeMs, ctimeMs }: Pick<EntryStat, 'mtimeMs' | 'ctimeMs'>,
  nowMs: number,
): boolean {
  const isTemporary = name.startsWith(TEMPORARY_PREFIX) && name.endsWith(TEMPORARY_SUFFIX)
  return isTemporary && !isLeftover(name, tag) && nowMs - Math.max(mtimeMs, ctimeMs) > ABANDONED_MS
}

/** Takes away what a crash of this home left in a folder that exists.
 *  @param nowMs  at a place: then what a lost home left goes as well
 *  @throws the system's error */
export function clearLeftovers(files: DurableFiles, folder: string, tag: string, nowMs?: number): void {
  for (const { name } of files.list(folder)) {
    const file = path.join(folder, name)
    if (isLeftover(name, tag) || (nowMs !== undefined && isAbandonedAt(files, file, tag, nowMs))) files.unlink(file)
  }
}

function isAbandonedAt(files: DurableFiles, file: string, tag: string, nowMs: number): boolean {
  const name = path.basename(file)
  const stat = name.startsWith(TEMPORARY_PREFIX) ? files.stat(file) : undefined
  return stat !== undefined && isAbandoned(name, tag, stat, nowMs)
}
