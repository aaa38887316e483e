import type { Argv } from 'yargs'
import { callMethod } from './call.js'
import type { CommonArguments, Run } from './cli.js'
import { findingLines, warningLines, type CommandResult } from './output.js'

export function healCommand(parser: Argv<CommonArguments>, run: Run): void {
  parser.command(
    'heal [shoot..]',
    'replace damaged and missing copies from good ones; what was damaged is kept in Quarantine',
    (command) =>
      command
        .positional('shoot', {
          type: 'string',
          array: true,
          describe: 'shoot ids; one stands for all below it; every shoot when left out',
        })
        .option('dry-run', { type: 'boolean', default: false, describe: 'show what would be done; write nothing' })
        .option('originals', {
          type: 'boolean',
          default: false,
          describe: 'damaged originals too; the damaged one is kept beside the new one',
        }),
    ({ shoot, dryRun, originals, json, home }) => run(heal({ json, home }, shoot ?? [], dryRun, originals)),
  )
}

const COPIES_SHOWN = 50

async function heal(
  common: CommonArguments,
  shoots: readonly string[],
  dryRun: boolean,
  originals: boolean,
): Promise<CommandResult> {
  const outcome = await callMethod(common, 'heal/run', { shoots, dryRun, originals })
  const { copies, findings, warnings } = outcome
  const lines = copies
    .slice(0, COPIES_SHOWN)
    .map(
      ({ place, shoot, file, was, from, quarantined }) =>
        `  ${place === 'working' ? 'original' : place}: ${shoot}/${file} was ${was}, from ${from}${quarantined === undefined ? '' : `; the old one is ${quarantined}`}`,
    )
  const more = copies.length > COPIES_SHOWN ? [`  … and ${copies.length - COPIES_SHOWN} more; --json lists them`] : []
  return { outcome, lines: [...lines, ...more, ...findingLines(findings), ...warningLines(warnings)] }
}
