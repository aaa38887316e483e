import { resolve } from 'node:path'
import type { Argv } from 'yargs'
import { callMethod } from './call.js'
import type { CommonArguments, Run } from './cli.js'
import { inWords, usageError, warningLines, type CommandResult } from './output.js'

export function catalogCommand(parser: Argv<CommonArguments>, run: Run): void {
  parser.command('catalog', 'Lightroom catalogs: back up, check, list, restore', (catalog) =>
    catalog
      .command(
        'backup <file>',
        'back a catalog up to every connected drive, read it back and open it',
        (command) =>
          command
            .positional('file', { type: 'string', demandOption: true, describe: 'the .lrcat file' })
            .option('accept', {
              type: 'boolean',
              default: false,
              describe: 'what is missing since the last good backup was removed on purpose',
            }),
        (args) => run(backUp(args as unknown as CommonArguments, args.file, args.accept)),
      )
      .command(
        'check <file>',
        'account for every file that a catalog names',
        (command) =>
          command
            .positional('file', { type: 'string', demandOption: true, describe: 'the .lrcat file' })
            .option('places', { type: 'boolean', default: false, describe: 'say which lie in too few places as well' }),
        (args) => run(check(args as unknown as CommonArguments, args.file, args.places)),
      )
      .command(
        'list',
        'every catalog backup, and whether it and the originals beside it are a complete set',
        (command) => command,
        (args) => run(list(args as unknown as CommonArguments)),
      )
      .command(
        'restore <name>',
        'bring a catalog back with all that belongs to it',
        (command) =>
          command
            .positional('name', { type: 'string', demandOption: true, describe: 'as the list names it' })
            .option('as-of', { type: 'string', requiresArg: true, describe: 'the newest taken by this date' })
            .option('to', { type: 'string', requiresArg: true, demandOption: true, describe: 'folder to put it into' }),
        (args) => run(restore(args as unknown as CommonArguments, args.name, args.to, args.asOf)),
      )
      .demandCommand(1, 'Name what to do: backup, check, list or restore'),
  )
}

async function backUp(common: CommonArguments, file: string, accept: boolean): Promise<CommandResult> {
  const outcome = await callMethod(common, 'catalog/backup', { catalog: resolve(file), accept })
  const { places, reasons, warnings, bytesWritten } = outcome
  const lines = [
    ...places.map(({ place, backup, state }) => `  ${place}: ${backup}${state === 'unchanged' ? ' (unchanged)' : ''}`),
    ...(bytesWritten > 0 ? [`  ${inWords(bytesWritten)} written.`] : []),
    ...reasons.map((reason) => `  ${reason}`),
    ...warningLines(warnings),
  ]
  return { outcome, lines }
}

async function check(common: CommonArguments, file: string, places: boolean): Promise<CommandResult> {
  const outcome = await callMethod(common, 'catalog/check', { catalog: resolve(file), places })
  const { files, sidecars, mend, offlineRoots, movedRoots } = outcome
  const lines = [
    `  ${files} photos and ${sidecars} sidecars looked at.`,
    ...mend.flatMap(({ message, mend: command }) => [`  ${message}`, `    → ${command}`]),
    ...offlineRoots.map(({ message, files: count }) => `  ${count} photos away: ${message}`),
    ...movedRoots.map(({ message }) => `  ${message}`),
  ]
  return { outcome, lines }
}

async function list(common: CommonArguments): Promise<CommandResult> {
  const outcome = await callMethod(common, 'catalog/list', {})
  const lines = outcome.catalogs.flatMap(({ name, path, backups }) => [
    `  ${name} (${path})`,
    ...backups.map(({ place, backup, judgement, files, set, unproven = 0 }) => {
      const photos = files === undefined ? '' : `, ${files} photos`
      const pair =
        set === 'complete'
          ? 'complete set with its originals'
          : set === 'unknown'
            ? 'originals beside it not counted'
            : `${unproven} files not verified beside it`
      return `    ${backup}  ${place}  ${judgement}${photos}, ${pair}`
    }),
  ])
  return { outcome, lines }
}

async function restore(
  common: CommonArguments,
  name: string,
  to: string,
  typed: string | undefined,
): Promise<CommandResult> {
  const asOf = typed === undefined ? undefined : endOf(typed)
  const outcome = await callMethod(common, 'catalog/restore', {
    name,
    to: resolve(to),
    ...(asOf === undefined ? {} : { asOf }),
  })
  const moved = outcome.movedAway.map(({ from, to: now }) => `  moved aside: ${from} → ${now}`)
  return { outcome, lines: [...outcome.restored.map((file) => `  ${file}`), ...moved] }
}

/** A day means its end, in local time. */
function endOf(typed: string): string {
  const ms = Date.parse(/^\d{4}-\d{2}-\d{2}$/.test(typed) ? `${typed}T23:59:59.999` : typed)
  if (Number.isNaN(ms)) throw usageError(`"${typed}" is not a date; write it as 2026-11-23 or 2026-11-23T18:00`)
  return new Date(ms).toISOString()
}
