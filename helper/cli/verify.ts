import type { Argv } from 'yargs'
import { callMethod } from './call.js'
import { neverOptimize } from '../tier-up.js'
import type { CommonArguments, Run } from './cli.js'
import { findingLines, notEmpty, warningLines, type CommandResult } from './output.js'

export function verifyCommand(parser: Argv<CommonArguments>, run: Run): void {
  parser.command(
    'verify [shoot..]',
    'read copies again now and report every one that is damaged, missing, extra or unreadable',
    (command) =>
      command
        .positional('shoot', {
          type: 'string',
          array: true,
          describe: 'shoot ids; one stands for all below it; every shoot when left out',
        })
        .option('place', {
          type: 'string',
          requiresArg: true,
          describe: 'only this place; "working" for the originals',
        })
        .option('all', { type: 'boolean', default: false, describe: 'the originals as well as every connected place' }),
    (args) => run(verify(args, args.shoot ?? [], args.place, args.all)),
  )
}

async function verify(
  common: CommonArguments,
  shoots: readonly string[],
  place: string | undefined,
  all: boolean,
): Promise<CommandResult> {
  neverOptimize()
  const outcome = await callMethod(common, 'verify/run', {
    shoots: shoots.map((shoot) => notEmpty('The name of a shoot', shoot)),
    all,
    ...(place === undefined ? {} : { place: notEmpty('The name after --place', place) }),
  })
  return { outcome, lines: [...findingLines(outcome.findings), ...warningLines(outcome.warnings ?? [])] }
}
