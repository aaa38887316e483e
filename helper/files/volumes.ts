// The mounted disks: which volume a path lies on, which physical devices are below it, and how much room is left. Asks the system's own
// tools, and when they are missing or silent says `unknown` rather than guess. Names and identities are facts at the moment of asking;
// that a place is still the same place is for its marker file to say.
import { accessSync, constants, existsSync, realpathSync, statfsSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { describeError, SafelightError, systemCode } from '../errors.js'
import { lazily } from '../lazily.js'
import { SYSTEMS, type RunCommand } from './volumes/systems.js'
import { numberedDevice, withBacking, type Room, type Volume } from './volumes/volume.js'

const running = lazily(() => import('execa'))

export { deviceRelation } from './volumes/volume.js'
export type { Medium, Room, Volume } from './volumes/volume.js'
export type { RunCommand } from './volumes/systems.js'
export { syncClientOf } from './volumes/sync-clients.js'

export interface Volumes {
  /** The volume that holds `path`, or that would if it existed (its nearest existing parent decides). Never rejects for want of a tool. */
  describe(path: string): Promise<Volume>
  /** Room on the volume of `path` or of its nearest existing parent. */
  room(path: string): Room
}

/** No tool asked here needs a tenth of this on a healthy machine; a dead network share can hold one up for ever. */
export const TOOL_TIMEOUT_MS = 15_000

/** What is below a mount is asked for again after this long, or at once when another file system is seen there. */
export const ANSWER_LASTS_MS = 2_000

/** An image on an image on a share … deeper than this is a loop. */
export const MAX_NESTING = 8

/** The disks of this machine.
 *  @param run  how tools are run
 *  @param platform  whose tools to ask
 *  @param now  milliseconds of a clock that never goes back */
export function systemVolumes(
  run: RunCommand = runTool,
  platform: NodeJS.Platform = process.platform,
  now: () => number = () => performance.now(),
): Volumes {
  const ask = SYSTEMS[platform]
  const rememberedFor = rememberedAnswers(run, now)

  async function describe(path: string, depth = 0): Promise<Volume> {
    const found = nearestExisting(path)
    const signature = ifDiskAnswers(found, () => mountSignature(found))
    const remembered = (about: string): RunCommand => rememberedFor(signature + about)
    const answer = await ask?.(found, { run, remembered, isReadOnly })
    const { volume, backing } = answer ?? { volume: unknownVolume(found), backing: [] }
    const isFollowed = depth < MAX_NESTING && backing.every((holder) => existsSync(holder))
    const holders: Volume[] = []
    if (isFollowed) for (const holder of backing) holders.push(await describe(holder, depth + 1))
    const whole = withBacking(volume, holders)
    return whole.devices.length > 0 && isFollowed ? whole : { ...whole, devices: [numberedDevice(statSync(found).dev)] }
  }

  return { describe: (path) => describe(path), room }
}

async function runTool(file: string, args: readonly string[]): Promise<string> {
  const { execa } = await running()
  const { stdout } = await execa(file, args, {
    timeout: TOOL_TIMEOUT_MS,
    stdin: 'ignore',
    windowsHide: true,
    // Names come as they are, and words in English.
    env: { LC_ALL: 'C.UTF-8', LANG: 'C.UTF-8' },
  })
  return stdout
}

/** `run` that, about one thing, gives the same answer to the same command for `ANSWER_LASTS_MS`. */
function rememberedAnswers(run: RunCommand, now: () => number): (about: string) => RunCommand {
  const answers = new Map<string, { readonly answer: Promise<string>; readonly askedAt: number }>()
  return (about) => (file, args) => {
    for (const [key, { askedAt }] of answers) if (now() - askedAt >= ANSWER_LASTS_MS) answers.delete(key)
    const key = JSON.stringify([about, file, ...args])
    const answer = answers.get(key)?.answer ?? run(file, args)
    if (!answers.has(key)) answers.set(key, { answer, askedAt: now() })
    return answer
  }
}

/** Changes when another file system is mounted where one was, unless that has the same number, size and second of birth. */
function mountSignature(path: string): string {
  const top = topOfDevice(path)
  const { dev, ino, birthtimeMs } = statSync(top)
  return [top, dev, ino, birthtimeMs, statfsSync(top).blocks].join(' ')
}

function room(path: string): Room {
  const found = nearestExisting(path)
  const { bavail, blocks, bsize } = ifDiskAnswers(found, () => statfsSync(found))
  return { freeBytes: bavail * bsize, totalBytes: blocks * bsize }
}

/** What can be said without any tool. */
function unknownVolume(path: string): Volume {
  return {
    mountPoint: topOfDevice(path),
    fileSystem: 'unknown',
    devices: [],
    medium: 'unknown',
    isReadOnly: isReadOnly(path),
  }
}

/** `path` itself or its nearest parent that exists, without symbolic links.
 *  @throws VOLUME_AWAY when the disk does not answer: its parent would be another disk */
function nearestExisting(path: string): string {
  const absolute = resolve(path)
  const found = ifDiskAnswers(absolute, () => realPathIfThere(absolute))
  return found ?? nearestExisting(dirname(absolute))
}

function realPathIfThere(path: string): string | undefined {
  try {
    return realpathSync.native(path)
  } catch (error) {
    if (dirname(path) !== path && NOT_THERE.has(systemCode(error))) return undefined
    throw error
  }
}

function ifDiskAnswers<T>(path: string, ask: () => T): T {
  try {
    return ask()
  } catch (error) {
    throw new SafelightError('VOLUME_AWAY', {
      message: `The disk that holds ${path} does not answer (${systemCode(error) || describeError(error)}).`,
      remedy: 'Connect it again, or check that its network share is reachable, and try once more.',
      cause: error,
    })
  }
}

const NOT_THERE: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM', 'ELOOP', 'ENAMETOOLONG'])

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
