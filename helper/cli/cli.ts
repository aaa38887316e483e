// The command line as a whole. Each command is one short file: what it takes, which method it calls, how it prints. Scripts rely on the
// commands, on `--json` and on the exit codes; see docs/design.md.
import yargs, { type Argv } from 'yargs'
import { backupCommand } from './backup.js'
import { bridgeCommand } from './bridge.js'
import { cardCommand } from './card.js'
import { catalogCommand } from './catalog.js'
import { doctorCommand } from './doctor.js'
import { drillCommand } from './drill.js'
import { openCommand } from './open.js'
import { pluginCommand } from './plugin.js'
import { serviceCommands } from './helper.js'
import type { CommandResult } from './output.js'
import { printFailure, printResult, usageError } from './output.js'
import { placeCommand } from './place.js'
import { healCommand } from './heal.js'
import { pruneCommand } from './prune.js'
import { rebuildCommand } from './rebuild.js'
import { restoreCommand } from './restore.js'
import { loginCommand } from './service.js'
import { setupCommand } from './setup.js'
import { shootsCommand } from './shoots.js'
import { statusCommand } from './status.js'
import { verifyCommand } from './verify.js'
import { version } from './version.js'

export interface CommonArguments {
  readonly json: boolean
  readonly home: string | undefined
}

/** @returns the exit code */
export async function runCommandLine(args: readonly string[]): Promise<number> {
  const wantsJson = args.some((each) => each === '--json' || each === '--json=true')
  let done: Promise<CommandResult> | undefined
  const run = (result: Promise<CommandResult>): void => {
    done = result
  }
  try {
    const { text } = await parse(args.length === 0 ? NOTHING_NAMED : args, run)
    if (done === undefined) {
      // Help and version are what was asked for, and go to where answers go.
      process.stdout.write(text === '' ? '' : `${text}\n`)
      return 0
    }
    return printResult(await done, wantsJson)
  } catch (error) {
    return printFailure(error, wantsJson)
  }
}

/** Whoever starts Safelight and says nothing wants it to run and to see how things stand, or to set it up. */
const NOTHING_NAMED = ['setup']

export type Run = (result: Promise<CommandResult>) => void

async function parse(args: readonly string[], run: Run): Promise<{ text: string }> {
  let text = ''
  const parser: Argv<CommonArguments> = yargs([...args])
    .scriptName('safelight')
    .usage('$0 <command>\n\nCopies your pictures to other drives, proves it, and never says "safe" of one that is not.')
    .option('json', { type: 'boolean', default: false, describe: 'print one JSON object', global: true })
    .option('home', {
      type: 'string',
      describe: 'folder of the journal (default: SAFELIGHT_HOME, or the system’s)',
      global: true,
      requiresArg: true,
    })
    .epilogue(
      'Exit codes: 0 safe or done · 1 unexpected · 2 usage · 10–19 a copy is missing or differs · 20–29 a volume or card is away · 30–39 off-site · 40–49 configuration or journal.',
    )
    .version(version)
    .strict()
    .demandCommand(1, 'Name a command; the list is in: safelight --help')
    .recommendCommands()
    .exitProcess(false)
    .wrap(100)
  for (const command of [
    backupCommand,
    statusCommand,
    shootsCommand,
    verifyCommand,
    restoreCommand,
    healCommand,
    cardCommand,
    drillCommand,
    placeCommand,
    catalogCommand,
    pruneCommand,
    rebuildCommand,
    doctorCommand,
    serviceCommands,
    setupCommand,
    loginCommand,
    openCommand,
    pluginCommand,
    bridgeCommand,
  ])
    command(parser, run)
  await parser.parseAsync([...args], {}, (error: Error | undefined, _argv: unknown, output: string) => {
    text = output
    if (error) throw error.name === 'YError' || output !== '' ? usageError(error.message) : error
  })
  return { text }
}
