import { resolve } from 'node:path'
import type { Argv } from 'yargs'
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
        .option('rehash', { type: 'boolean', default: false, describe: 'read every copy on the drive as well' })
        .example(
          '$0 rebuild --from s3://my-bucket/safelight --endpoint https://s3.example.com',
          'from off-site copies',
        ),
    (args) => run(rebuild(args, args.from, args.rehash, reachParams(args))),
  )
}

async function rebuild(
  common: CommonArguments,
  from: string,
  rehash: boolean,
  bucket: BucketParams,
): Promise<CommandResult> {
  const isBucket = from.startsWith('s3://')
  if (!isBucket && Object.keys(bucket).length > 0)
    throw usageError('--endpoint and its like belong to s3://bucket/prefix.')
  const outcome = await callMethod(common, 'rebuild/run', {
    from: isBucket ? from : resolve(notEmpty('The name after --from', from)),
    rehash,
    ...(isBucket ? { bucket } : {}),
  })
  return { outcome, lines: findingLines(outcome.findings) }
}
