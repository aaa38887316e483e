import type { Argv } from 'yargs'
import type { Place, StatusResult } from '../../shared/methods.js'
import { callMethod } from './call.js'
import type { CommonArguments, Run } from './cli.js'
import { inWords, type CommandResult } from './output.js'

export function statusCommand(parser: Argv<CommonArguments>, run: Run): void {
  parser.command(
    'status [shoot]',
    'what is protected, what is not and why, what to do next',
    (command) => command.positional('shoot', { type: 'string', describe: 'this shoot and all below it' }),
    (args) => run(status(args, args.shoot)),
  )
}

async function status(common: CommonArguments, shoot: string | undefined): Promise<CommandResult> {
  const outcome = await callMethod(common, 'status/get', shoot === undefined ? {} : { shoot })
  return { outcome, lines: statusLines(outcome) }
}

const SHOOTS_SHOWN = 30

export function statusLines({ shoots, notProtected, catalogs, places, helper, asOf }: StatusResult): string[] {
  const { protected: safe, partly, atRisk, unknown } = shoots
  const counts = [
    `${safe} protected`,
    `${partly} partly`,
    `${atRisk} at risk`,
    ...(unknown > 0 ? [`${unknown} unknown`] : []),
  ].join(', ')
  const list = notProtected
    .slice(0, SHOOTS_SHOWN)
    .map(({ id, verdict, missing }) => `  ${verdict.padEnd(8)} ${id}: missing ${missing.join(', ')}`)
  const more =
    notProtected.length > SHOOTS_SHOWN
      ? [`  … and ${notProtected.length - SHOOTS_SHOWN} more; --json lists all of them`]
      : []
  const next =
    partly + atRisk > 0 ? ['  Next: keep a copy on a drive of its own, and one off-site, for every shoot above.'] : []
  return [
    `  Shoots: ${counts}.`,
    ...list,
    ...more,
    ...catalogs.map(catalogLine),
    ...places.map(placeLine),
    helper === 'running'
      ? '  The helper is running.'
      : '  The helper is not running: nothing is backed up by itself until it is.',
    ...next,
    `  As of ${asOf}.`,
  ]
}

function catalogLine({ name, lastBackupAt, judgement, owed, warnings = [] }: StatusResult['catalogs'][number]): string {
  const last = lastBackupAt === undefined ? 'not backed up yet' : `backed up ${lastBackupAt}, ${judgement ?? 'unknown'}`
  const due = owed === undefined ? '' : `; a new backup is due: ${owed}`
  return [`  Catalog "${name}": ${last}${due}`, ...warnings.map((warning) => `    WARNING  ${warning}`)].join('\n')
}

export function placeLine({ name, state, path, freeBytes, lastSeenAt, warnings }: Place): string {
  const where =
    state === 'here'
      ? `connected at ${path}`
      : state === 'away'
        ? `not connected (last seen ${lastSeenAt ?? 'never'})`
        : `another drive is at ${path}`
  const room = freeBytes === undefined ? '' : `, ${inWords(freeBytes)} free`
  return [`  Place "${name}": ${where}${room}`, ...warnings.map((warning) => `    WARNING  ${warning}`)].join('\n')
}
