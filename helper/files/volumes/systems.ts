// Which tools each system is asked for a volume, and in which order. Thin: what they say is understood in linux.ts, macos.ts and
// windows.ts. A tool that is missing, fails, or says what nobody expects leaves a part unknown, and never more than that part.
import { readFileSync } from 'node:fs'
import { findmntArguments, linuxVolume, LSBLK_ARGUMENTS, parseFindmnt, parseLsblk } from './linux.js'
import { lazily } from '../../lazily.js'
import type { Described } from './volume.js'

const macWords = lazily(() => import('./macos.js'))
const windowsWords = lazily(() => import('./windows.js'))

/** Runs one program with its arguments as they are, no shell; gives its standard output, rejects when it fails or takes too long. */
export type RunCommand = (file: string, args: readonly string[]) => Promise<string>

/** How one description asks. */
export interface Asking {
  /** Asks now. */
  readonly run: RunCommand
  /** Takes a recent answer that was given while the mount, and `about`, were the same. */
  readonly remembered: (about: string) => RunCommand
  readonly isReadOnly: (path: string) => boolean
}

/** Describes the volume of an existing path without symbolic links; nothing when the system would not say. */
export type AskSystem = (path: string, asking: Asking) => Promise<Described | undefined>

export const SYSTEMS: Partial<Record<NodeJS.Platform, AskSystem>> = {
  linux: askLinux,
  darwin: askMac,
  win32: askWindows,
}

async function askLinux(path: string, { run, remembered }: Asking): Promise<Described | undefined> {
  const answer = await ifAnswered(() => run('findmnt', findmntArguments(path)))
  const mount = await ifAnswered(() => Promise.resolve(parseFindmnt(answer ?? '', path)))
  if (!mount) return undefined
  // Kernel names go to the next drive at once, and findmnt says that it is another.
  const lsblk = () => remembered(answer ?? '')('lsblk', LSBLK_ARGUMENTS)
  const devices = (await ifAnswered(async () => parseLsblk(await lsblk()))) ?? []
  return linuxVolume(mount, devices, path, backingFileOf)
}

/** The partition of a loop device has the file of its parent, which is whom linux.ts asks about. */
function backingFileOf(kernelName: string): string | undefined {
  try {
    return readFileSync(`/sys/block/${kernelName}/loop/backing_file`, 'utf8').replace(/\n$/, '')
  } catch (error) {
    // Detached in the meantime, or hidden by a container: then the file is not known.
    if (error instanceof Error) return undefined
    throw error
  }
}

async function askMac(path: string, asking: Asking): Promise<Described | undefined> {
  const { imageFileOf, isDiskImage, macDiskVolume, macOtherVolume, wholeDisksBelow, ...parsers } = await macWords()
  const { parseContainers, parseDf, parseDiskInfo, parseFirstPartitions, parseMountOptions, parseRaidSets } = parsers
  const mount = await ifAnswered(async () => parseDf(await asking.run('df', ['-P', path])))
  if (!mount) return undefined
  const run = asking.remembered(mount.device)
  const options = (await ifAnswered(async () => parseMountOptions(await run('mount', []), mount))) ?? []
  if (!mount.device.startsWith('/dev/')) return macOtherVolume(mount, options)

  const infoOf = (device: string) =>
    ifAnswered(async () => parseDiskInfo(await run('diskutil', ['info', '-plist', device])))
  const info = (await infoOf(mount.device)) ?? { DeviceIdentifier: mount.device.replace('/dev/', '') }
  const listed = <T>(parser: (output: string) => T, ...args: string[]) =>
    ifAnswered(async () => parser(await run('diskutil', [...args, '-plist'])))
  const containers = await listed(parseContainers, 'apfs', 'list')
  const raidSets = await listed(parseRaidSets, 'appleRAID', 'list')
  const layout = {
    members: new Map([...(containers ?? []), ...(raidSets ?? [])]),
    firstPartition: (await listed(parseFirstPartitions, 'list')) ?? new Map<string, string>(),
  }

  const below = []
  for (const disk of wholeDisksBelow(info.DeviceIdentifier, layout)) below.push(await infoOf(disk))
  const image = below.find((disk) => disk !== undefined && isDiskImage(disk))
  const imageFile =
    image &&
    (await ifAnswered(async () => imageFileOf(image.DeviceIdentifier, await run('hdiutil', ['info', '-plist']))))
  return macDiskVolume(mount, options, info, below, layout, imageFile)
}

async function askWindows(path: string, { remembered, isReadOnly }: Asking): Promise<Described | undefined> {
  const { parseStorage, POWERSHELL, POWERSHELL_ARGUMENTS, uncVolume, windowsVolume } = await windowsWords()
  const share = uncVolume(path, isReadOnly(path))
  if (share) return share
  const run = remembered('')
  return ifAnswered(async () => windowsVolume(path, parseStorage(await run(POWERSHELL, POWERSHELL_ARGUMENTS))))
}

/** What a tool said, or nothing when it is missing, failed or was not understood. */
async function ifAnswered<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask()
  } catch (error) {
    if (error instanceof Error) return undefined
    throw error
  }
}
