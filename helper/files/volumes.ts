// The mounted disks: which volume a path lies on, which physical devices are below it, and how much room is left. Asks the system's own
// tools, and when they are missing or silent says `unknown` rather than guess. Names and identities are facts at the moment of asking;
// that a place is still the same place is for its marker file to say.
import { accessSync, constants, statSync, statfsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { execa } from 'execa'
import { systemCode } from '../errors.js'
import { numberedDevice, type Room, type Volume } from './volumes/volume.js'

export { deviceRelation, sharesDevice } from './volumes/volume.js'
export type { DeviceRelation, Medium, Room, Volume } from './volumes/volume.js'
export { syncClientOf, type SyncClient } from './volumes/sync-clients.js'

export interface Volumes {
  /** The volume that holds `path`, or that would if it existed (its nearest existing parent decides). Never rejects for want of a tool. */
  describe(path: string): Promise<Volume>
  /** Room on the volume of `path` or of its nearest existing parent. */
  room(path: string): Room
}

/** Runs one program with its arguments as they are, no shell; gives its standard output, rejects when it fails or takes too long. */
export type RunCommand = (file: string, args: readonly string[]) => Promise<string>

/** No tool asked here needs a tenth of this on a healthy machine; a dead network share can hold one up for ever. */
export const TOOL_TIMEOUT_MS = 15_000

/** The disks of this machine.
 *  @param run  how tools are run
 *  @param platform  whose tools to ask */
export function systemVolumes(_run: RunCommand = runTool, _platform: NodeJS.Platform = process.platform): Volumes {
  return {
    describe(path) {
      const found = nearestExisting(path)
      return Promise.resolve(numberedVolume(found))
    },
    room,
  }
}

async function runTool(file: string, args: readonly string[]): Promise<string> {
  const { stdout } = await execa(file, args, { timeout: TOOL_TIMEOUT_MS, stdin: 'ignore', windowsHide: true })
  return stdout
}

function room(path: string): Room {
  const { bavail, blocks, bsize } = statfsSync(nearestExisting(path))
  return { freeBytes: bavail * bsize, totalBytes: blocks * bsize }
}

/** What can be said without any tool. */
function numberedVolume(path: string): Volume {
  return {
    mountPoint: topOfDevice(path),
    fileSystem: 'unknown',
    devices: [numberedDevice(statSync(path).dev)],
    medium: 'unknown',
    isReadOnly: isReadOnly(path),
  }
}

function nearestExisting(path: string): string {
  const folder = resolve(path)
  const found = statSync(folder, { throwIfNoEntry: false })
  return found || dirname(folder) === folder ? folder : nearestExisting(dirname(folder))
}

function topOfDevice(path: string): string {
  const parent = dirname(path)
  return parent === path || statSync(parent).dev !== statSync(path).dev ? path : topOfDevice(parent)
}

function isReadOnly(path: string): boolean {
  try {
    accessSync(path, constants.W_OK)
    return false
  } catch (error) {
    return systemCode(error) === 'EROFS'
  }
}
