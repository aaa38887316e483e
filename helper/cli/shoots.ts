import type { Argv } from 'yargs'
import { callMethod } from './call.js'
import type { CommonArguments, Run } from './cli.js'
import { inWords, plural, type CommandResult } from './output.js'

export function shootsCommand(parser: Argv<CommonArguments>, run: Run): void {
  parser.command(
    'shoots',
    'every shoot, its verdict, and where its copies are',
    (command) =>
      command.option('search', {
        type: 'string',
        requiresArg: true,
        describe: 'part of a shoot’s id or of a file’s name',
      }),
    (args) => run(shoots(args, args.search)),
  )
}

async function shoots(common: CommonArguments, search: string | undefined): Promise<CommandResult> {
  const outcome = await callMethod(common, 'shoots/list', search === undefined ? {} : { search })
  const lines = outcome.shoots.map(({ id, files, bytes, verdict, places }) => {
    const where = places.map(
      ({ place, verified, provenAt, offsite }) =>
        `${place} ${verified}/${files}${offsite ? `, ${offsite.state}` : ''}${provenAt === undefined ? '' : ` (proven ${provenAt.slice(0, 10)})`}`,
    )
    return `  ${verdict.padEnd(9)} ${id}  ${plural(files, 'file')}, ${inWords(bytes)}  ${where.join(' · ')}`
  })
  return { outcome, lines }
}
