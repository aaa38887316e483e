import { resolve } from 'node:path'
import type { Argv } from 'yargs'
import { callMethod } from './call.js'
import type { CommonArguments, Run } from './cli.js'
import { findingLines, notEmpty, type CommandResult } from './output.js'

export function rebuildCommand(parser: Argv<CommonArguments>, run: Run): void {
  parser.command(
    'rebuild',
    'make the journal again from what a place says (a new computer, a lost or damaged journal)',
    (command) =>
      command
        .option('from', {
          type: 'string',
          demandOption: true,
          requiresArg: true,
          describe: 'the folder on the drive that holds "Safelight"',
        })
        .option('rehash', { type: 'boolean', default: false, describe: 'read every copy as well' }),
    (args) => run(rebuild(args, args.from, args.rehash)),
  )
}

async function rebuild(common: CommonArguments, from: string, rehash: boolean): Promise<CommandResult> {
  const outcome = await callMethod(common, 'rebuild/run', {
    from: resolve(notEmpty('The name after --from', from)),
    rehash,
  })
  return { outcome, lines: findingLines(outcome.findings) }
}
