// The command line as a whole. Each command is one short file: what it takes, which method it calls, how it prints. Scripts rely on the
// commands, on `--json` and on the exit codes; see docs/design.md.
import yargs, { type Argv } from 'yargs'
import { printFailure, printResult, usageError, type CommandResult } from './output.js'
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
    .middleware((argv) => refuseTwice(args, argv, parser))
    .demandCommand(1, 'Name a command; the list is in: safelight --help')
    .recommendCommands()
    .exitProcess(false)
    .wrap(100)
  for (const command of await commandsFor(args)) command(parser, run)
  await parser.parseAsync([...args], {}, (error: Error | undefined, _argv: unknown, output: string) => {
    text = output
    if (error) throw error.name === 'YError' || output !== '' ? usageError(error.message) : error
  })
  return { text }
}

/** An option that takes one value and is given twice would arrive as a list, where a text is expected. */
function refuseTwice(args: readonly string[], argv: Readonly<Record<string, unknown>>, parser: unknown): void {
  // Part of yargs, and not of its types.
  const { array } = (parser as { getOptions(): { readonly array: readonly string[] } }).getOptions()
  const twice = Object.keys(argv).find(
    (name) => Array.isArray(argv[name]) && !array.includes(name) && timesGiven(args, `--${name}`) > 1,
  )
  if (twice !== undefined) throw usageError(`--${twice} was given twice, and takes one value.`)
}

function timesGiven(args: readonly string[], option: string): number {
  return args.filter((each) => each === option || each.startsWith(`${option}=`)).length
}

type Command = (parser: Argv<CommonArguments>, run: Run) => void

const serving = async (): Promise<Command> => (await import('./helper.js')).serviceCommands

/** By the word that begins it, in the order of the help. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  backup: async () => (await import('./backup.js')).backupCommand,
  status: async () => (await import('./status.js')).statusCommand,
  shoots: async () => (await import('./shoots.js')).shootsCommand,
  verify: async () => (await import('./verify.js')).verifyCommand,
  restore: async () => (await import('./restore.js')).restoreCommand,
  heal: async () => (await import('./heal.js')).healCommand,
  card: async () => (await import('./card.js')).cardCommand,
  drill: async () => (await import('./drill.js')).drillCommand,
  place: async () => (await import('./place.js')).placeCommand,
  catalog: async () => (await import('./catalog.js')).catalogCommand,
  prune: async () => (await import('./prune.js')).pruneCommand,
  rebuild: async () => (await import('./rebuild.js')).rebuildCommand,
  doctor: async () => (await import('./doctor.js')).doctorCommand,
  start: serving,
  stop: serving,
  serve: serving,
  setup: async () => (await import('./setup.js')).setupCommand,
  service: async () => (await import('./service.js')).loginCommand,
  open: async () => (await import('./open.js')).openCommand,
  plugin: async () => (await import('./plugin.js')).pluginCommand,
  bridge: async () => (await import('./bridge.js')).bridgeCommand,
}

/** The command that is named first, alone: a program that starts often loads what it was asked for. Whatever begins with another word may
 *  need the whole list, for the help or to say which was meant; the version needs none. */
async function commandsFor(args: readonly string[]): Promise<readonly Command[]> {
  const [first = ''] = args
  if (first === '--version') return []
  const named = Object.hasOwn(COMMANDS, first) ? COMMANDS[first] : undefined
  if (named) return [await named()]
  return Promise.all([...new Set(Object.values(COMMANDS))].map((load) => load()))
}
