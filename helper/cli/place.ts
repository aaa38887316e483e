import { resolve } from 'node:path'
import type { Argv } from 'yargs'
import { callMethod } from './call.js'
import type { CommonArguments, Run } from './cli.js'
import { findingLines, notEmpty, warningLines, type CommandResult } from './output.js'
import { placeLine } from './status.js'

export function placeCommand(parser: Argv<CommonArguments>, run: Run): void {
  parser.command('place', 'the places where copies live: add, list, rename, remove', (place) =>
    place
      .command(
        'add <dir>',
        'make a folder on a drive a place for copies',
        (command) =>
          command
            .positional('dir', { type: 'string', demandOption: true, describe: 'folder on the drive' })
            .option('name', { type: 'string', requiresArg: true, describe: 'what to call it' })
            .option('fill', {
              type: 'boolean',
              default: true,
              describe: 'copy what other places have to it at once (--no-fill: with the next backup)',
            }),
        (args) => run(addPlace(args as unknown as CommonArguments, args.dir, args.name, args.fill)),
      )
      .command(
        'list',
        'every place, and whether it is connected',
        (command) => command,
        (args) => run(listPlaces(args as unknown as CommonArguments)),
      )
      .command(
        'rename <place> <name>',
        'give a connected place another name',
        (command) =>
          command
            .positional('place', { type: 'string', demandOption: true, describe: 'its name, id or folder' })
            .positional('name', { type: 'string', demandOption: true, describe: 'what to call it from now on' }),
        (args) => run(renamePlace(args as unknown as CommonArguments, args.place, args.name)),
      )
      .command(
        'remove <place>',
        'count a place no longer; what lies there is not touched',
        (command) =>
          command.positional('place', { type: 'string', demandOption: true, describe: 'its name, id or folder' }),
        (args) => run(removePlace(args as unknown as CommonArguments, args.place)),
      )
      .demandCommand(1, 'Name what to do: add, list, rename or remove'),
  )
}

async function addPlace(
  common: CommonArguments,
  path: string,
  name: string | undefined,
  fill: boolean,
): Promise<CommandResult> {
  const outcome = await callMethod(common, 'place/add', {
    path: resolve(notEmpty('The folder of the place', path)),
    fill,
    ...(name === undefined ? {} : { name: notEmpty('The name of the place', name) }),
  })
  const { findings = [], warnings = [] } = outcome.filled ?? {}
  return { outcome, lines: [...findingLines(findings), ...warningLines(warnings)] }
}

async function listPlaces(common: CommonArguments): Promise<CommandResult> {
  const outcome = await callMethod(common, 'place/list', {})
  return { outcome, lines: outcome.places.map(placeLine) }
}

async function renamePlace(common: CommonArguments, place: string, name: string): Promise<CommandResult> {
  return {
    outcome: await callMethod(common, 'place/rename', { place, name: notEmpty('The new name', name) }),
    lines: [],
  }
}

async function removePlace(common: CommonArguments, place: string): Promise<CommandResult> {
  return { outcome: await callMethod(common, 'place/remove', { place }), lines: [] }
}
