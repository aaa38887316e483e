import type { Argv } from 'yargs'
import { callMethod } from './call.js'
import type { CommonArguments, Run } from './cli.js'
import { inWords, type CommandResult } from './output.js'

export function pruneCommand(parser: Argv<CommonArguments>, run: Run): void {
  parser.command(
    'prune',
    'thin catalog backups: 7 daily, 5 weekly and 24 monthly ones stay',
    (command) => command.option('dry-run', { type: 'boolean', default: false, describe: 'only show the plan' }),
    (args) => run(prune(args, args.dryRun)),
  )
}

async function prune(common: CommonArguments, dryRun: boolean): Promise<CommandResult> {
  const outcome = await callMethod(common, 'prune/run', { dryRun })
  const { plan, bytes, heldBack } = outcome
  const lines = [
    ...plan.map(
      ({ place, catalog, backup, action, why }) => `  ${action.padEnd(6)} ${place}: ${catalog} ${backup}  ${why}`,
    ),
    ...(bytes > 0 ? [`  ${inWords(bytes)} ${dryRun ? 'would be freed' : 'freed'}.`] : []),
    ...heldBack.map((reason) => `  ${reason}`),
  ]
  return { outcome, lines }
}
