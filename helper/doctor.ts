// The doctor: what this machine has and lacks for the promise to hold, each as a line a photographer can act on.
import { execa } from 'execa'
import { ERROR_CODES } from './errors.js'
import { chooseHashEngine } from './files/hash.js'
import { LITTER, OWN_FILES } from './files/scan.js'
import { getMeta } from './journal/meta.js'
import { listPlaces } from './journal/places.js'
import { placeReport, type StatusDeps } from './status/place-report.js'
import type { DoctorResult } from '../shared/methods.js'
import { sizeWords } from '../shared/words.js'

type Check = DoctorResult['checks'][number]

export async function doctor(deps: StatusDeps & { readonly home: string }): Promise<DoctorResult> {
  const checks: Check[] = [
    { name: 'Node', state: 'good', detail: process.versions.node },
    { name: 'home', state: 'good', detail: deps.home },
    checkJournal(deps),
    { name: 'hash', state: 'good', detail: `BLAKE3 by ${chooseHashEngine().name}` },
    checkReadBack(),
    ...(await checkTools()),
    ...listPlaces(deps.journal).map((place): Check => {
      const { name, state, path, warnings, freeBytes } = placeReport(deps, place)
      const detail = [
        `${state} (${path})`,
        ...(freeBytes === undefined ? [] : [`${sizeWords(freeBytes)} free`]),
        ...warnings,
      ].join('; ')
      return { name: `place ${name}`, state: state === 'here' && warnings.length === 0 ? 'good' : 'warning', detail }
    }),
  ]
  const bad = checks.filter((check) => check.state === 'bad')
  const warnings = checks.filter((check) => check.state === 'warning')
  const exitCode = bad.length > 0 ? ERROR_CODES.JOURNAL_DAMAGED.exit : 0
  const summary =
    bad.length > 0
      ? `${bad.length} thing${bad.length === 1 ? ' is' : 's are'} wrong.`
      : warnings.length > 0
        ? `Nothing is wrong; ${warnings.length} thing${warnings.length === 1 ? '' : 's'} to know.`
        : 'Nothing is wrong.'
  return { ok: exitCode === 0, exitCode, summary, checks, leftOut: [...LITTER, ...OWN_FILES] }
}

function checkJournal({ journal }: StatusDeps): Check {
  const result = journal.get('PRAGMA quick_check')
  const found = String(Object.values(result ?? {})[0] ?? 'no answer')
  const isGood = found === 'ok'
  const made = getMeta(journal, 'temporary-tag') === undefined ? ', new' : ''
  return {
    name: 'journal',
    state: isGood ? 'good' : 'bad',
    detail: isGood ? `whole${made} (${journal.file})` : `damaged: ${found}. Run: safelight rebuild --from DRIVE`,
  }
}

function checkReadBack(): Check {
  return process.platform === 'linux'
    ? {
        name: 'read-back',
        state: 'good',
        detail: 'copies are read back from the device where its file system allows it',
      }
    : {
        name: 'read-back',
        state: 'warning',
        detail:
          'this system lets nobody past its cache: copies are read back as late as possible, and the log says "cached"',
      }
}

/** Without these, disks cannot be told apart, and Safelight counts what it cannot tell apart as one. */
const TOOLS: Partial<Record<NodeJS.Platform, readonly (readonly [string, readonly string[]])[]>> = {
  linux: [
    ['lsblk', ['--version']],
    ['findmnt', ['--version']],
  ],
  darwin: [['diskutil', ['list']]],
  win32: [['powershell', ['-NoProfile', '-Command', 'exit 0']]],
}

const TOOL_TIMEOUT_MS = 15_000

async function checkTools(): Promise<Check[]> {
  const tools = TOOLS[process.platform] ?? []
  return Promise.all(
    tools.map(async ([tool, args]): Promise<Check> => {
      const { exitCode } = await execa(tool, [...args], { reject: false, timeout: TOOL_TIMEOUT_MS })
      return exitCode === 0
        ? { name: tool, state: 'good', detail: 'found' }
        : { name: tool, state: 'warning', detail: 'not found: disks cannot be told apart without it, and count as one' }
    }),
  )
}
