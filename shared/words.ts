// States become sentences here, once and in one voice, for the plugin's dialogs, the command line and the page alike. It owns wording and
// nothing else: pure functions of plain data. It promises that "safe" or "protected" is said of nothing but the verdict `protected`, and
// that every problem comes with what to do about it.
import { RPC_CODES, type RpcError } from './rpc.js'
import type { Finding, Place, RestorePlan, Shoot, StatusResult, Verdict } from './methods.js'

/** Why the plugin has no working session with the helper; `starting` is the only one that is not red. */
export type LinkProblem =
  | 'starting'
  | 'not-installed'
  | 'settings-unreadable'
  | 'settings-too-new'
  | 'moved'
  | 'not-launchable'
  | 'launch-failed'
  | 'no-bridge'
  | 'wrong-token'
  | 'no-answer'
  | 'helper-down'
  | 'versions-differ'
  | 'plugin-too-old'
  | 'helper-too-old'

export interface Words {
  /** What is the case, in one sentence. */
  readonly headline: string
  /** What is at stake and what to do. */
  readonly advice: string
}

const NOT_COPIED = 'New photos are not being copied until this is settled.'

const LINK_WORDS: Readonly<Record<LinkProblem, Words>> = {
  starting: {
    headline: 'Safelight is starting.',
    advice: 'Nothing is known yet. This takes a few seconds after Lightroom has started.',
  },
  'not-installed': {
    headline: 'The Safelight program is not set up on this computer.',
    advice: `${NOT_COPIED} Install Safelight and run "safelight setup", then "safelight plugin install". If you no longer use Safelight, remove this plug-in in Lightroom's Plug-in Manager.`,
  },
  'settings-unreadable': {
    headline: "Safelight's plug-in settings (plugin.json) cannot be read.",
    advice: `${NOT_COPIED} Run "safelight plugin install" and restart Lightroom.`,
  },
  'settings-too-new': {
    headline: 'This plug-in is older than the Safelight program.',
    advice: `${NOT_COPIED} Run "safelight plugin install" and restart Lightroom.`,
  },
  moved: {
    headline: 'The Safelight program is no longer where this plug-in expects it.',
    advice: `${NOT_COPIED} The plug-in was left by an earlier installation, or Safelight was moved. Run "safelight plugin install" and restart Lightroom, or remove the plug-in in the Plug-in Manager.`,
  },
  'not-launchable': {
    headline: 'Safelight lies in a folder whose name Lightroom cannot start programs from.',
    advice: `${NOT_COPIED} Move Safelight to a folder without quotation marks, percent signs and line breaks in its name, then run "safelight plugin install".`,
  },
  'launch-failed': {
    headline: 'Lightroom could not start the Safelight program.',
    advice: `${NOT_COPIED} Run "safelight doctor" in a terminal; it says what is missing.`,
  },
  'no-bridge': {
    headline: 'Safelight does not answer.',
    advice: `${NOT_COPIED} It is tried again by itself. If this stays, run "safelight doctor" in a terminal.`,
  },
  'wrong-token': {
    headline: 'A program that is not this Safelight answered.',
    advice: `${NOT_COPIED} What it said was ignored. Run "safelight plugin install" and restart Lightroom.`,
  },
  'no-answer': {
    headline: 'Safelight is connected and does not answer.',
    advice: `${NOT_COPIED} It is tried again by itself. If this stays, run "safelight stop", then "safelight start".`,
  },
  'helper-down': {
    headline: "Safelight's helper is not running.",
    advice: `${NOT_COPIED} It is started again by itself. If this stays, run "safelight doctor" in a terminal.`,
  },
  'versions-differ': {
    headline: 'The parts of Safelight on this computer are of different versions and do not understand each other.',
    advice: `${NOT_COPIED} Run "safelight stop" and "safelight plugin install", then restart Lightroom.`,
  },
  'plugin-too-old': {
    headline: 'This plug-in is too old for the Safelight program.',
    advice: `${NOT_COPIED} Run "safelight plugin install" and restart Lightroom.`,
  },
  'helper-too-old': {
    headline: 'The Safelight program is too old for this plug-in.',
    advice: `${NOT_COPIED} Update Safelight, then run "safelight stop" and "safelight start".`,
  },
}

export function linkWords(problem: LinkProblem): Words {
  return LINK_WORDS[problem]
}

/** What a refused or failed request means. The helper's own sentence comes first where it has one. */
export function errorWords(error: RpcError): Words {
  const advice = error.data?.remedy ?? adviceFor(error.code)
  if (error.code === RPC_CODES.NOT_AVAILABLE)
    return { headline: 'This version of Safelight cannot do that yet.', advice: nonEmpty(error.message, advice) }
  if (error.code === RPC_CODES.METHOD_NOT_FOUND)
    return {
      headline: 'The Safelight program does not know this request.',
      advice: 'It is older than the plug-in. Update Safelight.',
    }
  if (error.code === RPC_CODES.CANCELLED)
    return { headline: 'Stopped, as you asked.', advice: error.data?.remedy ?? '' }
  return { headline: nonEmpty(error.message, 'Safelight could not do that.'), advice }
}

function adviceFor(code: number): string {
  if (code === RPC_CODES.BUSY) return 'Safelight is busy with something else. Try again in a moment.'
  if (code === RPC_CODES.HELPER_UNREACHABLE) return linkWords('helper-down').advice
  if (code === RPC_CODES.WRONG_PROTOCOL) return linkWords('plugin-too-old').advice
  if (code === RPC_CODES.UNAUTHORIZED) return linkWords('wrong-token').advice
  return 'If it happens again, run "safelight doctor" in a terminal and look into the log.'
}

const VERDICT_WORDS: Readonly<Record<Verdict, string>> = {
  protected: 'protected',
  partly: 'not fully protected',
  'at-risk': 'at risk',
  unknown: 'not known',
}

/** An answer of a newer helper may hold a verdict that this side does not know; it is then not known, never safe. */
export function verdictWords(verdict: string): string {
  return (VERDICT_WORDS as Readonly<Record<string, string>>)[verdict] ?? VERDICT_WORDS.unknown
}

/** The state of everything, for a dialog: the helper's own summary first, then what is missing, then the places. */
export function statusLines(status: StatusResult): string[] {
  const { shoots } = status
  const lines = [
    `Shoots: ${shoots.protected} protected, ${shoots.partly} partly, ${shoots.atRisk} at risk, ${shoots.unknown} not known.`,
    `As of ${momentWords(status.asOf)}.`,
  ]
  const open = status.notProtected
  for (const shoot of open.slice(0, LISTED))
    lines.push(
      `• ${shoot.id}: ${verdictWords(shoot.verdict)}${shoot.missing.length === 0 ? '' : `; missing: ${shoot.missing.join(', ')}`}`,
    )
  if (open.length > LISTED) lines.push(`… and ${open.length - LISTED} more; see the Safelight page.`)
  for (const step of (status.next ?? []).slice(0, STEPS)) lines.push(`Next: ${step}`)
  for (const place of status.places) lines.push(placeLine(place))
  for (const catalog of status.catalogs)
    lines.push(
      `Catalog ${catalog.name}: ${catalog.lastBackupAt === undefined ? 'not yet backed up' : `backed up ${momentWords(catalog.lastBackupAt)}`}.`,
    )
  return lines
}

const LISTED = 20
const STEPS = 5

export function placeLine(place: Place): string {
  const state =
    place.state === 'here'
      ? 'connected'
      : place.state === 'replaced'
        ? 'another drive answers to this name; nothing is written to it'
        : place.lastSeenAt === undefined
          ? 'not connected'
          : `not connected since ${momentWords(place.lastSeenAt)}`
  const room = place.freeBytes === undefined ? '' : `, ${sizeWords(place.freeBytes)} free`
  const warnings = place.warnings.length === 0 ? '' : ` (${place.warnings.join('; ')})`
  return `${place.kind === 'bucket' ? 'Off-site' : 'Drive'} ${place.name}: ${state}${room}${warnings}`
}

/** One line of the list that Restore shows. */
export function shootLine(shoot: Shoot): string {
  const missing = missingNow(shoot)
  const good = placesWithCopies(shoot)
  const where = good.length === 0 ? 'no verified copy anywhere' : `copies on ${good.join(', ')}`
  const state =
    missing === undefined
      ? countWords(shoot.files, 'file')
      : missing === 0
        ? 'nothing missing'
        : `${missing} of ${shoot.files} missing`
  return `${shoot.id}: ${state}, ${where}`
}

/** How many of a shoot's files are not where Lightroom expects them; undefined when the helper did not say. */
export function missingNow(shoot: Shoot): number | undefined {
  const working = shoot.places.find(({ place }) => place === 'working')
  return working === undefined ? undefined : Math.max(0, shoot.files - working.files)
}

function placesWithCopies(shoot: Shoot): string[] {
  return shoot.places
    .filter(({ place, verified }) => place !== 'working' && verified > 0)
    .map(({ place, verified }) => (verified >= shoot.files ? place : `${place} (${verified} of ${shoot.files})`))
}

export function restorePlanWords(plan: RestorePlan): Words {
  if (plan.missing === 0) return { headline: `Nothing of ${plan.shoot} is missing.`, advice: plan.summary }
  const sources = plan.from.map(({ place, files }) => `${files} from ${place}`).join(', ')
  const inTheWay =
    plan.inTheWay === 0
      ? ''
      : ` ${countWords(plan.inTheWay, 'file')} of another content ${plan.inTheWay === 1 ? 'lies' : 'lie'} in the way and will be left alone.`
  return {
    headline: `${plan.missing} of ${plan.files} files of ${plan.shoot} are missing (${sizeWords(plan.bytes)}).`,
    advice: `${sources === '' ? 'No good copy of them is in reach.' : `They can come back: ${sources}.`}${inTheWay} ${plan.summary}`,
  }
}

export function findingLines(findings: readonly Finding[]): string[] {
  const lines = findings.slice(0, FINDINGS_LISTED).map(({ kind, place, shoot, file, message }) => {
    const where = [place, shoot, file].filter((part) => part !== '').join(' / ')
    return `${kind}: ${where}${message === '' ? '' : `: ${message}`}`
  })
  if (findings.length > FINDINGS_LISTED) lines.push(`… and ${findings.length - FINDINGS_LISTED} more`)
  return lines
}

const FINDINGS_LISTED = 100

export function countWords(count: number, noun: string): string {
  return count === 1 ? `1 ${noun}` : `${count} ${noun}s`
}

/** Decimal units, as drives and card makers count. */
export function sizeWords(bytes: number): string {
  if (bytes < 1000) return countWords(bytes, 'byte')
  let size = bytes / 1000
  let unit = 0
  while (size >= 999.95 && unit < UNITS.length - 1) {
    size /= 1000
    unit += 1
  }
  const tenths = Math.floor(size * 10 + 0.5)
  const text = tenths % 10 === 0 ? `${Math.floor(tenths / 10)}` : `${Math.floor(tenths / 10)}.${tenths % 10}`
  return `${text} ${UNITS[unit] ?? ''}`
}

const UNITS = ['KB', 'MB', 'GB', 'TB', 'PB']

/** `2026-11-23T08:15:00.000Z` as `2026-11-23 08:15 UTC`; anything else as it is. */
function momentWords(iso: string): string {
  return iso.length >= 16 && iso.charAt(10) === 'T' ? `${iso.substring(0, 10)} ${iso.substring(11, 16)} UTC` : iso
}

function nonEmpty(text: string, otherwise: string): string {
  return text === '' ? otherwise : text
}
