// Whether the drive, or the folder, under a target's path is still the one that the run began with. Asked before every file: what was
// pulled, or replaced by another disk, gets nothing written in its stead.
import path from 'node:path'
import { readWhole, type DurableFiles } from '../files/durable.js'
import { obstacleBelow } from '../files/inside.js'
import type { Failure, SourceDrive, Target } from './jobs.js'

/** @throws ENODEV when something else, or nothing, is there now; ELOOP when the way down from a folder is not made of plain folders */
export function assertHere(files: DurableFiles, target: Target): void {
  if (target.rootIsFolder) {
    assertFolderHere(files, target)
    return
  }
  if (isDriveHere(files, target)) return
  throw Object.assign(new Error('the drive is no longer there'), { code: 'ENODEV' })
}

function isDriveHere(files: DurableFiles, { place, root, marker }: SourceDrive): boolean {
  const file = path.join(root, 'place.json')
  const found = files.stat(file)
  return found !== undefined && (`${found.device}:${found.inode}` === marker || idIn(files, file) === place)
}

/** Why a file of a drive cannot be read, or is not to be; undefined when it is an ordinary file on a way of plain folders.
 *  @throws the system's error */
export function obstacleToSource(files: DurableFiles, drive: SourceDrive, file: string): Failure | undefined {
  const obstacle = obstacleBelow(files, drive.root, path.dirname(file))
  if (obstacle !== undefined) return { kind: 'source-vanished', message: `${obstacle} is a link, not followed` }
  const kind = files.stat(file)?.kind
  if (kind === 'file') return undefined
  if (kind !== undefined) return { kind: 'source-vanished', message: `there is a ${kind} in its place` }
  return whyGone(files, drive)
}

/** @throws the system's error */
export function whyGone(files: DurableFiles, drive: SourceDrive): Failure {
  return isDriveHere(files, drive)
    ? { kind: 'source-vanished', message: 'it is not there any more' }
    : { kind: 'source-away', message: 'it was disconnected' }
}

function assertFolderHere(files: DurableFiles, { root, folder, marker }: Target): void {
  const stat = files.stat(root)
  if (stat === undefined || `${stat.device}:${stat.inode}` !== marker)
    throw Object.assign(new Error('the folder is no longer there'), { code: 'ENODEV' })
  const obstacle = obstacleBelow(files, root, folder)
  if (obstacle !== undefined)
    throw Object.assign(new Error(`${obstacle} is a link or a file where a folder is needed`), { code: 'ELOOP' })
}

/** FAT and exFAT give a file a new inode number when the old one has been forgotten: then what the marker says decides. */
function idIn(files: DurableFiles, marker: string): unknown {
  try {
    const said: unknown = JSON.parse(readWhole(files, marker).toString('utf8'))
    return typeof said === 'object' && said !== null && 'id' in said ? said.id : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
