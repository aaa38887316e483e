import path from 'node:path'
import type { Argv } from 'yargs'
import { callMethod } from './call.js'
import type { CommonArguments, Run } from './cli.js'
import { findingLines, inWords, notEmpty, plural, warningLines, type CommandResult } from './output.js'

export function backupCommand(parser: Argv<CommonArguments>, run: Run): void {
  parser.command(
    'backup <path..>',
    'copy folders or files to the places, verify every copy, seal',
    (command) =>
      command
        .positional('path', {
          type: 'string',
          array: true,
          demandOption: true,
          describe: 'folders of pictures, with all below them, or single files',
        })
        .option('to', {
          type: 'string',
          array: true,
          default: [],
          requiresArg: true,
          describe: 'folder on another drive; may be given several times; needs no set-up',
        })
        .example('$0 backup ~/Pictures/2026-11-20-Wedding --to /Volumes/Backup', 'a shoot to a second drive'),
    (args) => run(backup(args, args.path, args.to)),
  )
}

async function backup(
  common: CommonArguments,
  paths: readonly string[],
  to: readonly string[],
): Promise<CommandResult> {
  const outcome = await callMethod(common, 'backup/run', {
    paths: paths.map((each) => path.resolve(notEmpty('A folder to back up', each))),
    to: to.map((each) => path.resolve(notEmpty('The name after --to', each))),
  })
  const { findings, warnings, leftOut, bytesCopied, filesCopied } = outcome
  const left =
    leftOut.length === 0
      ? []
      : [
          '',
          `  Left out: ${leftOut.length} (${[...new Set(leftOut.map((each) => each.why))].join(', ')}); --json lists them.`,
        ]
  const sent = filesCopied > 0 ? [`  ${plural(filesCopied, 'file')}, ${inWords(bytesCopied)} copied.`] : []
  return {
    outcome,
    lines: [
      ...sent,
      ...findingLines(findings),
      ...warningLines(warnings.filter((each) => !outcome.summary.includes(each))),
      ...left,
    ],
  }
}
