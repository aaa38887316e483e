import type { Argv } from 'yargs'
import { SafelightError } from '../errors.js'
import { statusLines, storyLines } from '../status/lines.js'
import { callMethod } from './call.js'
import type { CommonArguments, Run } from './cli.js'
import type { CommandResult } from './output.js'

export function statusCommand(parser: Argv<CommonArguments>, run: Run): void {
  parser.command(
    'status [shoot]',
    'what is protected, what is not and why, what to do next',
    (command) =>
      command
        .positional('shoot', { type: 'string', describe: 'this shoot and all below it, or one file: SHOOT/FILE' })
        .option('clock-is-right', {
          type: 'boolean',
          default: false,
          describe: 'the clock showed a later time before, and is right now',
        }),
    (args) => run(args.clockIsRight ? clockIsRight(args) : status(args, args.shoot)),
  )
}

async function status(common: CommonArguments, shoot: string | undefined): Promise<CommandResult> {
  try {
    const outcome = await callMethod(common, 'status/get', shoot === undefined ? {} : { shoot })
    return { outcome, lines: statusLines(outcome) }
  } catch (error) {
    const story = shoot !== undefined && isUnknown(error) ? await tryStory(common, shoot) : undefined
    if (story) return story
    throw error
  }
}

async function clockIsRight(common: CommonArguments): Promise<CommandResult> {
  return { outcome: await callMethod(common, 'status/accept', { what: 'clock' }), lines: [] }
}

/** A shoot that nobody knows may be one and a file in it. */
async function tryStory(common: CommonArguments, typed: string): Promise<CommandResult | undefined> {
  const slash = typed.lastIndexOf('/')
  if (slash <= 0 || slash === typed.length - 1) return undefined
  try {
    const outcome = await callMethod(common, 'file/story', {
      shoot: typed.slice(0, slash),
      file: typed.slice(slash + 1),
    })
    return { outcome, lines: storyLines(outcome) }
  } catch (error) {
    if (isUnknown(error)) return undefined
    throw error
  }
}

function isUnknown(error: unknown): boolean {
  return error instanceof SafelightError && (error.code === 'SHOOT_UNKNOWN' || error.code === 'FILE_UNKNOWN')
}
