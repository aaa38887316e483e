import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import type { Argv } from 'yargs'
import { systemCode } from '../errors.js'
import { identitiesIn } from '../offsite/age-keys.js'
import { reachParams } from './bucket-options.js'
import { callMethod } from './call.js'
import type { CommonArguments, Run } from './cli.js'
import { findingLines, notEmpty, usageError, type CommandResult } from './output.js'
import type { BucketParams } from '../../shared/methods.js'

export function rebuildCommand(parser: Argv<CommonArguments>, run: Run): void {
  parser.command(
    'rebuild',
    'make the journal again from what a place says (a new computer, a lost or damaged journal)',
    (command) =>
      command
        .option('from', {
          type: 'string',
          demandOption: true,
          requiresArg: true,
          describe: 'the folder on the drive that holds "Safelight", or s3://bucket/prefix',
        })
        .option('endpoint', {
          type: 'string',
          requiresArg: true,
          describe: 'address of the store; left out for Amazon S3',
        })
        .option('region', { type: 'string', requiresArg: true, describe: 'the store’s region' })
        .option('profile', { type: 'string', requiresArg: true, describe: 'profile of the AWS credentials file' })
        .option('allow-plain-http', { type: 'boolean', describe: 'over a network that you trust' })
        .option('recovery-key', {
          type: 'string',
          requiresArg: true,
          describe: 'of an encrypted bucket: file with the printed line AGE-SECRET-KEY-1…; - reads it from a pipe',
        })
        .option('rehash', { type: 'boolean', default: false, describe: 'read every copy on the drive as well' })
        .example(
          '$0 rebuild --from s3://my-bucket/safelight --endpoint https://s3.example.com',
          'from off-site copies',
        ),
    (args) => run(rebuild(args, args, reachParams(args))),
  )
}

async function rebuild(
  common: CommonArguments,
  { from, rehash, recoveryKey }: { from: string; rehash: boolean; recoveryKey: string | undefined },
  bucket: BucketParams,
): Promise<CommandResult> {
  const isBucket = from.startsWith('s3://')
  if (!isBucket && Object.keys(bucket).length > 0)
    throw usageError('--endpoint and its like belong to s3://bucket/prefix.')
  if (!isBucket && recoveryKey !== undefined)
    throw usageError('Only a bucket (s3://bucket/prefix) can be encrypted by Safelight; a drive has no recovery key.')
  const outcome = await callMethod(common, 'rebuild/run', {
    from: isBucket ? from : resolve(notEmpty('The name after --from', from)),
    rehash,
    ...(isBucket ? { bucket } : {}),
    ...(recoveryKey === undefined ? {} : { recoveryKey: await readKeyFile(recoveryKey) }),
  })
  return { outcome, lines: findingLines(outcome.findings) }
}

/** The key itself is in no argument, where other users of this computer could see it. */
async function readKeyFile(file: string): Promise<string> {
  try {
    const lines = file === '-' ? await text(process.stdin) : await readFile(notEmpty('--recovery-key', file), 'utf8')
    if (identitiesIn(lines).length > 0) return lines.slice(0, KEY_FILE_LENGTH)
  } catch (error) {
    if (systemCode(error) === '') throw error
    throw usageError(`${file} cannot be read (${systemCode(error)}).`)
  }
  throw usageError(`There is no line AGE-SECRET-KEY-1… in ${file === '-' ? 'what was given' : file}.`)
}

const KEY_FILE_LENGTH = 4096
