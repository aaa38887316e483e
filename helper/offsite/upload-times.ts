// When sending may go on by itself: within the hours that the user gave, and not over a connection that is paid by the megabyte. Pure, but for
// the one question to the system.
import { execa } from 'execa'
import type { Config } from '../config.js'
import { isWithin } from '../manners/hours.js'

export type MayUpload = { readonly may: true } | { readonly may: false; readonly why: string }

/** @param windows  none means always
 *  @param now      of which the local time counts */
export function withinWindows(windows: readonly string[], now: Date): MayUpload {
  if (windows.length === 0 || isWithin(windows, now)) return { may: true }
  return {
    may: false,
    why: `off-site copies are sent between ${windows.map((each) => each.replace('-', ' and ')).join(', ')} only`,
  }
}

/** The hours and the connection together. */
export async function mayUploadNow(
  { uploadWindows, uploadOnMetered }: Pick<Config, 'uploadWindows' | 'uploadOnMetered'>,
  now: Date,
): Promise<MayUpload> {
  const window = withinWindows(uploadWindows, now)
  if (!window.may || uploadOnMetered || !(await isMetered())) return window
  return { may: false, why: 'this connection is paid by the megabyte; off-site copies wait for another one' }
}

const ASK_TIMEOUT_MS = 5_000

/** How each system is asked whether the connection is paid by the megabyte; macOS tells no program. */
const QUESTIONS: Partial<Record<NodeJS.Platform, readonly [string, readonly string[]]>> = {
  linux: ['nmcli', ['-t', '-g', 'GENERAL.METERED', 'device', 'show']],
  win32: [
    'powershell',
    [
      '-NoProfile',
      '-Command',
      '[void][Windows.Networking.Connectivity.NetworkInformation,Windows.Networking.Connectivity,ContentType=WindowsRuntime]; [Windows.Networking.Connectivity.NetworkInformation]::GetInternetConnectionProfile().GetConnectionCost().NetworkCostType',
    ],
  ],
}

/** @returns false as well when nobody can tell */
export async function isMetered(platform: NodeJS.Platform = process.platform): Promise<boolean> {
  const question = QUESTIONS[platform]
  if (!question) return false
  const { stdout, exitCode } = await execa(question[0], [...question[1]], { reject: false, timeout: ASK_TIMEOUT_MS })
  return exitCode === 0 && saysMetered(stdout)
}

/** `yes`, `yes (guessed)` of one connection; `Fixed`, `Variable` on Windows. */
export function saysMetered(answer: string): boolean {
  return answer.split('\n').some((line) => /^(yes\b|Fixed$|Variable$)/i.test(line.trim()))
}
