// Whether this computer runs on its battery, and how full that is. Asks the system's own tool or files; understanding the answer is pure.
// A computer that cannot tell, or has no battery, is taken for one on mains: nothing waits for what may never come.
import path from 'node:path'
import { execa } from 'execa'
import fs from 'fs-extra'
import { systemCode } from '../errors.js'
import { parseJson } from '../parse-json.js'

export interface Battery {
  readonly isDischarging: boolean
  readonly percent: number
}

const ASK_TIMEOUT_MS = 5_000

/** @returns undefined when there is none, or nobody can tell */
export async function askBattery(platform: NodeJS.Platform = process.platform): Promise<Battery | undefined> {
  if (platform === 'linux') return batteryOfLinux(readPowerSupplies('/sys/class/power_supply'))
  const question = QUESTIONS[platform]
  if (!question) return undefined
  const { tool, args, understand } = question
  const { stdout, exitCode } = await execa(tool, args, { reject: false, timeout: ASK_TIMEOUT_MS })
  return exitCode === 0 ? understand(stdout) : undefined
}

interface Question {
  readonly tool: string
  readonly args: readonly string[]
  readonly understand: (answer: string) => Battery | undefined
}

const QUESTIONS: Partial<Record<NodeJS.Platform, Question>> = {
  darwin: { tool: 'pmset', args: ['-g', 'batt'], understand: batteryOfMac },
  win32: {
    tool: 'powershell',
    args: [
      '-NoProfile',
      '-NonInteractive',
      '-Command',
      'Get-CimInstance Win32_Battery | Select-Object BatteryStatus, EstimatedChargeRemaining | ConvertTo-Json -Compress',
    ],
    understand: batteryOfWindows,
  },
}

/** @param answer  of `pmset -g batt`: where the power comes from, then one line per battery */
export function batteryOfMac(answer: string): Battery | undefined {
  const levels = [...answer.matchAll(/^\s*-InternalBattery.*?\s(\d{1,3})%;/gm)].map(([, level]) => Number(level))
  return batteryOf(levels, /^Now drawing from 'Battery Power'/m.test(answer))
}

/** Of Win32_Battery: 1 discharging, 4 low, 5 critical; everything else is on mains or charging. */
const DISCHARGING: ReadonlySet<unknown> = new Set([1, 4, 5])

/** @param answer  of ConvertTo-Json: nothing without a battery, an object for one, an array for several */
export function batteryOfWindows(answer: string): Battery | undefined {
  const batteries = [parseJson(answer.trim())].flat().filter((each) => typeof each === 'object' && each !== null) as {
    readonly BatteryStatus?: unknown
    readonly EstimatedChargeRemaining?: unknown
  }[]
  const levels = batteries.map((each) => each.EstimatedChargeRemaining).filter((level) => typeof level === 'number')
  return batteryOf(
    levels,
    batteries.some(({ BatteryStatus: state }) => DISCHARGING.has(state)),
  )
}

/** One folder of /sys/class/power_supply: its files and their content. */
export type PowerSupply = Readonly<Record<string, string>>

/** Batteries of mice and headsets have the scope `Device` and say nothing of the computer. */
export function batteryOfLinux(supplies: readonly PowerSupply[]): Battery | undefined {
  const own = supplies.filter(({ type, scope }) => type === 'Battery' && scope !== 'Device')
  const isOnMains = supplies.some(({ type, online }) => type !== 'Battery' && online === '1')
  const levels = own.map(({ capacity }) => Number.parseInt(capacity ?? '', 10)).filter((level) => !Number.isNaN(level))
  return batteryOf(levels, !isOnMains && own.some(({ status }) => status === 'Discharging'))
}

/** Several are used one after the other, so what is left is their mean. */
function batteryOf(levels: readonly number[], isDischarging: boolean): Battery | undefined {
  if (levels.length === 0) return undefined
  return { isDischarging, percent: Math.round(levels.reduce((sum, each) => sum + each, 0) / levels.length) }
}

const SUPPLY_FILES = ['type', 'scope', 'status', 'capacity', 'online'] as const

function readPowerSupplies(folder: string): PowerSupply[] {
  return namesIn(folder).map((name) =>
    Object.fromEntries(
      SUPPLY_FILES.flatMap((file) => {
        const content = contentOf(path.join(folder, name, file))
        return content === undefined ? [] : [[file, content.trim()]]
      }),
    ),
  )
}

function namesIn(folder: string): string[] {
  return orNothing(() => fs.readdirSync(folder)) ?? []
}

function contentOf(file: string): string | undefined {
  return orNothing(() => fs.readFileSync(file, 'utf8'))
}

/** A driver may refuse a file at any time; then it does not tell. */
function orNothing<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (systemCode(error) === '') throw error
    return undefined
  }
}
