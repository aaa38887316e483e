import type { Argv } from 'yargs'
import { SafelightError } from '../errors.js'
import { machineLine, statusLines, storyLines } from '../status/lines.js'
import { callMethod } from './call.js'
import type { CommonArguments, Run } from './cli.js'
import { reachParams, type ReachArguments } from './bucket-options.js'
import { notEmpty, usageError, type CommandResult } from './output.js'

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
        })
        .option('studio', {
          type: 'boolean',
          default: false,
          describe:
            'all computers of a studio, from the bucket alone: those below s3://bucket/prefix, or below the known ones',
        })
        .option('endpoint', { type: 'string', requiresArg: true, describe: 'with --studio: address of the store' })
        .option('region', { type: 'string', requiresArg: true, describe: 'with --studio: the store’s region' })
        .option('profile', { type: 'string', requiresArg: true, describe: 'with --studio: AWS profile' })
        .option('allow-plain-http', { type: 'boolean', describe: 'with --studio: over a network that you trust' }),
    (args) => run(chosen(args)),
  )
}

interface StatusArguments extends CommonArguments, ReachArguments {
  readonly shoot: string | undefined
  readonly clockIsRight: boolean
  readonly studio: boolean
}

async function chosen(args: StatusArguments): Promise<CommandResult> {
  if (args.studio) return studio(args, args.shoot)
  if (Object.keys(reachParams(args)).length > 0) throw usageError('--endpoint and the like belong to --studio.')
  return args.clockIsRight ? clockIsRight(args) : status(args, args.shoot)
}

async function studio(args: StatusArguments, url: string | undefined): Promise<CommandResult> {
  const outcome = await callMethod(
    args,
    'studio/status',
    url === undefined ? {} : { bucket: { ...reachParams(args), url: notEmpty('The bucket', url) } },
  )
  return { outcome, lines: outcome.machines.map(machineLine) }
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
