import type { Argv } from 'yargs'
import { callMethod } from './call.js'
import type { CommonArguments, Run } from './cli.js'
import { inWords, type CommandResult } from './output.js'

export function pruneCommand(parser: Argv<CommonArguments>, run: Run): void {
  parser.command(
    'prune',
    'thin catalog backups, and remove copies whose windows in config.json have passed',
    (command) =>
      command
        .option('dry-run', { type: 'boolean', default: false, describe: 'only show the plan' })
        .option('release-hold', {
          type: 'boolean',
          default: false,
          describe: 'what is gone or changed after a mass loss is so on purpose; removes nothing now',
        }),
    (args) => run(args.releaseHold ? releaseHold(args) : prune(args, args.dryRun)),
  )
}

async function releaseHold(common: CommonArguments): Promise<CommandResult> {
  return { outcome: await callMethod(common, 'status/accept', { what: 'hold' }), lines: [] }
}

async function prune(common: CommonArguments, dryRun: boolean): Promise<CommandResult> {
  const outcome = await callMethod(common, 'prune/run', { dryRun })
  const { plan, bytes, heldBack, copies = [] } = outcome
  const lines = [
    ...plan.map(
      ({ place, catalog, backup, action, why }) => `  ${action.padEnd(6)} ${place}: ${catalog} ${backup}  ${why}`,
    ),
    ...copies.map(({ place, shoot, path, action, why }) => `  ${action.padEnd(6)} ${place}: ${shoot}/${path}  ${why}`),
    ...(bytes > 0 ? [`  ${inWords(bytes)} ${dryRun ? 'would be freed' : 'freed'}.`] : []),
    ...heldBack.map((reason) => `  ${reason}`),
  ]
  return { outcome, lines }
}
