import path from 'node:path'
import type { Argv } from 'yargs'
import { callMethod } from './call.js'
import type { CommonArguments, Run } from './cli.js'
import { findingLines, warningLines, type CommandResult } from './output.js'
import type { Params } from '../../shared/methods.js'

export function restoreCommand(parser: Argv<CommonArguments>, run: Run): void {
  parser.command(
    'restore [shoot] [file..]',
    'bring a shoot, single files or everything back from the nearest good copy; never over a differing file',
    (command) =>
      command
        .positional('shoot', { type: 'string', describe: 'shoot id; one stands for all below it too' })
        .positional('file', {
          type: 'string',
          array: true,
          describe: 'only these files of it; what belongs to a photo comes along where it is missing',
        })
        .option('all', { type: 'boolean', default: false, describe: 'every shoot' })
        .option('to', {
          type: 'string',
          requiresArg: true,
          describe: 'folder to restore to, as DIR/<shoot id>/…; where the originals were when left out',
        })
        .option('from', { type: 'string', requiresArg: true, describe: 'only from this place' })
        .option('as-of', {
          type: 'string',
          requiresArg: true,
          describe: 'the contents that were the newest at the end of that day (2026-11-23)',
        })
        .option('first', {
          choices: ['picks'] as const,
          requiresArg: true,
          describe: 'what is flagged or has stars in the newest catalog backup comes back before the rest',
        })
        .option('thaw', {
          type: 'boolean',
          default: false,
          describe: 'ask for what lies in cold storage, at the price that --dry-run names',
        })
        .option('dry-run', { type: 'boolean', default: false, describe: 'show the plan; write nothing' })
        .example('$0 restore "2026-11-20 Wedding" --dry-run', 'what is missing, and where it would come from')
        .example('$0 restore --all --to /Volumes/New', 'everything, to a new disk'),
    ({ shoot, file, all, to, from, asOf, first, thaw, dryRun, json, home }) =>
      run(
        restore(
          { json, home },
          {
            all,
            ...(shoot === undefined ? {} : { shoot }),
            ...(file === undefined ? {} : { files: file }),
            ...(to === undefined ? {} : { to: path.resolve(to) }),
            ...(from === undefined ? {} : { from }),
            ...(asOf === undefined ? {} : { asOf }),
            ...(first === undefined ? {} : { first }),
            ...(thaw ? { thaw } : {}),
          },
          dryRun,
        ),
      ),
  )
}

const TARGETS_SHOWN = 20

async function restore(
  common: CommonArguments,
  params: Params<'restore/run'>,
  isDryRun: boolean,
): Promise<CommandResult> {
  if (isDryRun) {
    const outcome = await callMethod(common, 'restore/plan', params)
    const { targets, warnings, obstacles = [], mapped = [] } = outcome
    const lines = targets
      .slice(0, TARGETS_SHOWN)
      .map(({ shoot, folder, files }) => `  ${shoot} (${files} files) → ${folder}`)
    const more =
      targets.length > TARGETS_SHOWN ? [`  … and ${targets.length - TARGETS_SHOWN} more; --json lists them`] : []
    const moved = mapped.map(({ was, now }) => `  ${was} is ${now} now`)
    const inTheWay = obstacles.map(({ path: file }) => `  in the way, and left alone: ${file}`)
    return { outcome, lines: [...moved, ...lines, ...more, ...inTheWay, ...warningLines(warnings)] }
  }
  const outcome = await callMethod(common, 'restore/run', params)
  return { outcome, lines: [...findingLines(outcome.findings), ...warningLines(outcome.warnings)] }
}
