import { resolve } from 'node:path'
import type { Argv } from 'yargs'
import { callMethod } from './call.js'
import type { CommonArguments, Run } from './cli.js'
import { findingLines, notEmpty, usageError, warningLines, type CommandResult } from './output.js'
import { parseRate, parseSize, reachParams, wholeNumber } from './bucket-options.js'
import { askForKey } from './ask-for-key.js'
import { parseBucketUrl } from '../offsite/address.js'
import { keychainAccount, storeKey } from '../offsite/keychain.js'
import { placeLine } from '../status/lines.js'
import type { Params } from '../../shared/methods.js'

export function placeCommand(parser: Argv<CommonArguments>, run: Run): void {
  parser.command('place', 'the places where copies live: add, list, rename, remove', (place) =>
    place
      .command(
        'add <where>',
        'make a folder on a drive, or a prefix of a bucket, a place for copies',
        (command) => addOptions(command),
        (args) => run(addPlace(args as unknown as CommonArguments, args)),
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

function addOptions(command: Argv) {
  return command
    .positional('where', { type: 'string', demandOption: true, describe: 'folder on a drive, or s3://bucket/prefix' })
    .option('name', { type: 'string', requiresArg: true, describe: 'what to call it' })
    .option('fill', {
      type: 'boolean',
      default: true,
      describe: 'copy what other places have to a drive at once (--no-fill: with the next backup)',
    })
    .option('location', {
      choices: ['off-site', 'here'] as const,
      requiresArg: true,
      describe: 'where it stands; a drive that is kept at another house is off-site, a bucket is unless you say "here"',
    })
    .option('role', {
      choices: ['drive', 'card', 'gallery'] as const,
      requiresArg: true,
      describe:
        'what a folder is; on a card or in a client gallery copies never count. A folder beside DCIM is a card unless you say "drive"',
    })
    .option('endpoint', { type: 'string', requiresArg: true, describe: 'address of the store; left out for Amazon S3' })
    .option('region', { type: 'string', requiresArg: true, describe: 'the store’s region' })
    .option('profile', { type: 'string', requiresArg: true, describe: 'profile of the AWS credentials file' })
    .option('keychain', {
      type: 'boolean',
      describe:
        'ask for the access key and keep it in the keychain of this system (from a pipe: the id on one line, the secret on the next)',
    })
    .option('allow-plain-http', { type: 'boolean', describe: 'send unencrypted over a network that you trust' })
    .option('lock-days', { type: 'number', requiresArg: true, describe: 'nobody can delete a copy for so many days' })
    .option('lock-mode', {
      choices: ['governance', 'compliance'] as const,
      requiresArg: true,
      describe: 'compliance: not even the owner of the account',
    })
    .option('storage-class', { type: 'string', requiresArg: true, describe: 'of originals; manifests stay at hand' })
    .option('limit', { type: 'string', requiresArg: true, describe: 'most to send per second, as in 2M or 500K' })
    .option('quota', {
      type: 'string',
      requiresArg: true,
      describe: 'what may be stored there in all, as in 2T: status then says when it will be full',
    })
    .option('encrypt', { type: 'boolean', describe: 'encrypt everything before it leaves this computer' })
    .option('hide-names', {
      type: 'boolean',
      describe: 'with --encrypt: the names of files and folders, too, are for nobody else to read',
    })
    .option('yes', {
      type: 'boolean',
      describe:
        'switch versioning on, have the bucket clear unfinished uploads away, use a prefix in which other things lie',
    })
    .example('$0 place add /Volumes/Backup', 'a drive')
    .example('$0 place add s3://my-photos/safelight --endpoint https://s3.example.com --yes', 'a bucket')
}

type AddArguments = Awaited<ReturnType<typeof addOptions>['argv']>

async function addPlace(common: CommonArguments, args: AddArguments): Promise<CommandResult> {
  const where = notEmpty('The place', args.where)
  const isBucket = /^s3:/i.test(where)
  const bucket = bucketParams(args)
  if (!isBucket && Object.keys(bucket).length > 0)
    throw usageError('Only a bucket (s3://bucket/prefix) has an endpoint, a lock and the like. A drive has none.')
  if (isBucket && args.role !== undefined)
    throw usageError('Only a folder has a role. A gallery that lies in a bucket is better not added: it is no copy.')
  if (args.keychain === true) {
    if (!isBucket) throw usageError('Only a bucket (s3://bucket/prefix) has an access key to be kept.')
    const { bucket: name } = parseBucketUrl(where)
    await storeKey(keychainAccount(bucket.endpoint, name), await askForKey())
  }
  const outcome = await callMethod(common, 'place/add', {
    path: isBucket ? where : resolve(where),
    ...(args.name === undefined ? {} : { name: notEmpty('The name of the place', args.name) }),
    ...(args.location === undefined ? {} : { location: args.location === 'here' ? '' : args.location }),
    ...(args.role === undefined ? {} : { role: args.role }),
    ...(isBucket ? { bucket } : { fill: args.fill }),
  })
  const key = outcome.recoveryKey
  return {
    outcome,
    lines: [
      ...findingLines(outcome.filled?.findings ?? []),
      ...warningLines([...(outcome.warnings ?? []), ...(outcome.filled?.warnings ?? [])]),
      ...(key === undefined
        ? []
        : [
            '',
            '  RECOVERY KEY. Print it and keep it away from this computer: it is shown this once and kept nowhere.',
            '  Without it, and without this computer, nobody can read what lies in this place.',
            '',
            `  ${key}`,
          ]),
    ],
  }
}

function bucketParams(args: AddArguments): NonNullable<Params<'place/add'>['bucket']> {
  return {
    ...reachParams(args),
    ...(args.lockDays === undefined ? {} : { lockDays: wholeNumber('--lock-days', args.lockDays) }),
    ...(args.lockMode === undefined ? {} : { lockMode: args.lockMode }),
    ...(args.storageClass === undefined ? {} : { storageClass: notEmpty('--storage-class', args.storageClass) }),
    ...(args.limit === undefined ? {} : { limit: parseRate(args.limit) }),
    ...(args.quota === undefined ? {} : { quota: parseSize(args.quota) }),
    ...(args.encrypt === true ? { encrypt: true } : {}),
    ...(args.hideNames === true ? { hideNames: true } : {}),
    ...(args.yes === true ? { yes: true } : {}),
  }
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
