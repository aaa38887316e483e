import type { Argv } from 'yargs'
import { callMethod } from './call.js'
import type { CommonArguments, Run } from './cli.js'
import type { CommandResult } from './output.js'

export function doctorCommand(parser: Argv<CommonArguments>, run: Run): void {
  parser.command(
    'doctor',
    'what this computer has and lacks for backups to be trusted, and which files are left out',
    (command) => command,
    (args) => run(doctor(args)),
  )
}

async function doctor(common: CommonArguments): Promise<CommandResult> {
  const outcome = await callMethod(common, 'doctor/run', {})
  const marks = { good: '✓', warning: '!', bad: '✗' } as const
  const lines = outcome.checks.map(({ name, state, detail }) => `  ${marks[state]} ${name}: ${detail}`)
  return { outcome, lines: [...lines, `  Left out of every backup: ${outcome.leftOut.join(', ')}`] }
}
