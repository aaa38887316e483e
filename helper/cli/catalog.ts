import { resolve } from 'node:path'
import type { Argv } from 'yargs'
import type { Params } from '../../shared/methods.js'
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
            .option('places', { type: 'boolean', default: false, describe: 'say which lie in too few places as well' })
            .option('shoot', { type: 'string', requiresArg: true, describe: 'only this shoot and what lies below it' })
            .option('read', {
              type: 'boolean',
              default: false,
              describe: 'read every file, not only those whose date moved: finds damage that no date shows',
            })
            .option('minutes', { type: 'number', requiresArg: true, describe: 'stop after so long' })
            .option('gigabytes', { type: 'number', requiresArg: true, describe: 'stop when so much was read' })
            .option('after', { type: 'number', requiresArg: true, describe: 'go on where a check stopped' }),
        (args) => run(check(args as unknown as CommonArguments, checkParams(args))),
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

interface CheckArguments {
  readonly file: string
  readonly places: boolean
  readonly shoot: string | undefined
  readonly read: boolean
  readonly minutes: number | undefined
  readonly gigabytes: number | undefined
  readonly after: number | undefined
}

function checkParams({
  file,
  places,
  shoot,
  read,
  minutes,
  gigabytes,
  after,
}: CheckArguments): Params<'catalog/check'> {
  for (const [name, value] of Object.entries({ minutes, gigabytes, after }))
    if (value !== undefined && !(value >= 0)) throw usageError(`--${name} takes a number`)
  return {
    catalog: resolve(file),
    places,
    read,
    ...(shoot === undefined ? {} : { shoot }),
    ...(minutes === undefined ? {} : { seconds: minutes * 60 }),
    ...(gigabytes === undefined ? {} : { bytes: gigabytes * 1e9 }),
    ...(after === undefined ? {} : { after }),
  }
}

async function check(common: CommonArguments, params: Params<'catalog/check'>): Promise<CommandResult> {
  const outcome = await callMethod(common, 'catalog/check', params)
  const { files, sidecars, mend, offlineRoots, movedRoots, resumeAfter } = outcome
  const lines = [
    `  ${files} photos and ${sidecars} sidecars looked at.`,
    ...mend.flatMap(({ message, mend: command }) => [`  ${message}`, `    → ${command}`]),
    ...offlineRoots.map(({ message, files: count }) => `  ${count} photos away: ${message}`),
    ...movedRoots.map(({ message }) => `  ${message}`),
    ...(resumeAfter === undefined ? [] : [`  Not all was looked at. To go on: the same with --after ${resumeAfter}`]),
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
