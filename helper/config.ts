// Where the home is and what the user has settled in it. The home can be named on the command line, by SAFELIGHT_HOME, or is the one that
// the system keeps such things in.
import os from 'node:os'
import path from 'node:path'
import fs from 'fs-extra'
import { z } from 'zod'
import { describeError, SafelightError } from './errors.js'

export function homeFolder(
  given: string | undefined,
  environment: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
): string {
  if (given === '') {
    throw new SafelightError('USAGE', {
      message: 'The folder named with --home is empty text.',
      remedy: 'Name a folder, or leave --home out.',
    })
  }
  if (given !== undefined) return path.resolve(given)
  const named = environment['SAFELIGHT_HOME']
  if (named !== undefined && named !== '') return path.resolve(named)
  const user = os.homedir()
  if (platform === 'darwin') return path.join(user, 'Library', 'Application Support', 'Safelight')
  if (platform === 'win32')
    return path.join(environment['APPDATA'] ?? path.join(user, 'AppData', 'Roaming'), 'Safelight')
  return path.join(environment['XDG_STATE_HOME'] ?? path.join(user, '.local', 'state'), 'Safelight')
}

/** `22:00-06:00`; one that ends before it begins goes past midnight. */
export const WINDOW_PATTERN = /^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]|24):([0-5]\d)$/

const days = z.number().min(0.01).max(36_500)

const Config = z.strictObject({
  format: z.literal(1),
  /** Between two looks whether a drive has come or gone. */
  driveCheckSeconds: z.number().min(0.05).max(3600).default(15),
  /** Between two tries of what could not be copied although its drive was there. */
  retrySeconds: z.number().min(0.05).max(86_400).default(300),
  /** Between two looks at every known shoot for files that changed without Lightroom telling. */
  sweepMinutes: z.number().min(0.01).max(10_080).default(60),
  /** How long a catalog must lie still before it is copied; Lightroom writes its last within a second of quitting. */
  catalogSettleSeconds: z.number().min(0.05).max(600).default(3),
  /** Between two looks whether Lightroom has quit, while a catalog backup is owed. */
  catalogPollSeconds: z.number().min(0.05).max(3600).default(10),
  /** Hours in which the helper sends off-site by itself, local time, as in "22:00-06:00"; always when there are none. */
  uploadWindows: z.array(z.string().regex(WINDOW_PATTERN)).max(24).default([]),
  /** Whether the helper sends over a connection that is paid by the megabyte. */
  uploadOnMetered: z.boolean().default(false),
  /** Between the first two tries of what could not be sent; doubled with every further one, up to a quarter of an hour. */
  uploadRetrySeconds: z.number().min(0.05).max(86_400).default(30),
  /** Between two looks whether what was asked for from cold storage can be read. */
  coldLookMinutes: z.number().min(0.001).max(1440).default(60),
  /** What the helper reads back from each bucket a day, to prove every byte within a year; 0: nothing by itself. Providers may bill it; with the
   *  default about 700 GB come round within the year, and more takes longer. */
  readBackMegabytesPerDay: z.number().min(0).max(10_000_000).default(2000),
  /** Hours without upkeep and without notifications (but on the page), local time, as in "22:00-07:00"; what is to be told is told after them.
   *  Copying goes on. */
  quietHours: z.array(z.string().regex(WINDOW_PATTERN)).max(24).default([]),
  /** On battery below this, upkeep waits; 0: never. Copying what is new waits for no battery. */
  upkeepBatteryPercent: z.number().min(0).max(100).default(50),
  /** Between two looks whether a scrub, a drill or a new picture is due. */
  upkeepMinutes: z.number().min(0.001).max(1440).default(10),
  /** How long old copies are read again a day; 0: never by itself. */
  scrubHoursPerDay: z.number().min(0).max(24).default(1),
  /** Whether a restore is rehearsed every month by itself. */
  drillMonthly: z.boolean().default(true),
  /** For how long each claim is believed; what is older is unsure. */
  bestBefore: z
    .strictObject({
      localDays: days.default(90),
      serverChecksumDays: days.default(31),
      bytesDays: days.default(365),
      drillDays: days.default(31),
      drillRedDays: days.default(45),
      driveSeenDays: days.default(30),
    })
    .prefault({}),
  /** What "two media" asks for: two devices, or two kinds of them. */
  mediaRule: z.enum(['devices', 'types']).default('devices'),
  /** What may go, and when; the first rule that fits a file is its rule. Nothing ever goes without one. */
  retention: z
    .array(
      z.strictObject({
        /** A shoot's id: this one and all below it. */
        shoot: z.string().min(1).max(4096).exactOptional(),
        kind: z.enum(['photo', 'video', 'sidecar', 'other']).exactOptional(),
        keepEarlierDays: z.number().min(1).max(36_500).exactOptional(),
        keepDeletedDays: z.number().min(1).max(36_500).exactOptional(),
      }),
    )
    .max(1000)
    .default([]),
  /** Who is told, besides the page, when something is to be done. The mail server's password is in secrets.json. */
  notify: z
    .strictObject({
      desktop: z.boolean().default(true),
      /** https addresses: one is told of each condition, the other hears from a helper that is at work. */
      webhook: z.string().max(2000).optional(),
      heartbeat: z.string().max(2000).optional(),
      heartbeatMinutes: z.number().min(0.001).max(1440).default(15),
      mail: z
        .strictObject({
          host: z.string().min(1).max(255),
          port: z.int().min(1).max(65_535),
          /** Encrypted from the first byte (port 465); else the connection is turned into one that is. */
          secure: z.boolean().default(false),
          user: z.string().min(1).max(500).optional(),
          from: z.string().min(3).max(500),
          to: z.array(z.string().min(3).max(500)).min(1).max(20),
        })
        .optional(),
    })
    .prefault({}),
  /** Whether `protected` asks for a copy that can be taken off the computer and the network. */
  demandOffline: z.boolean().default(false),
})

export type Config = z.infer<typeof Config>

/** config.json in the home; the defaults where there is none. No secret is ever in it.
 *  @throws CONFIG_INVALID */
export function readConfig(home: string): Config {
  const file = path.join(home, 'config.json')
  if (!fs.existsSync(file)) return Config.parse({ format: 1 })
  try {
    return Config.parse(fs.readJsonSync(file))
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error).replaceAll('\n', ' ') : describeError(error)
    throw new SafelightError('CONFIG_INVALID', {
      message: `The settings in ${file} cannot be used: ${why}. Nothing was started with other settings in their stead.`,
      remedy: 'Mend the file, or delete it to go back to the defaults.',
      cause: error,
    })
  }
}
