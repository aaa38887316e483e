import type { Argv } from 'yargs'
import { reachParams } from './bucket-options.js'
import { callMethod } from './call.js'
import type { CommonArguments, Run } from './cli.js'
import { notEmpty, usageError, type CommandResult } from './output.js'
import type { ProbeTable } from '../../shared/methods.js'

export function doctorCommand(parser: Argv<CommonArguments>, run: Run): void {
  parser.command(
    'doctor [bucket]',
    'what this computer has and lacks for backups to be trusted, and which files are left out',
    (command) => doctorOptions(command),
    (args) => run(doctor(args, args)),
  )
}

function doctorOptions(command: Argv<CommonArguments>) {
  return command
    .positional('bucket', { type: 'string', describe: 's3://bucket/prefix: try what its store really does' })
    .option('endpoint', { type: 'string', requiresArg: true, describe: 'address of the store; left out for Amazon S3' })
    .option('region', { type: 'string', requiresArg: true, describe: 'the store’s region' })
    .option('profile', { type: 'string', requiresArg: true, describe: 'profile of the AWS credentials file' })
    .option('allow-plain-http', { type: 'boolean', describe: 'over a network that you trust' })
}

type DoctorArguments = Awaited<ReturnType<typeof doctorOptions>['argv']>

async function doctor(common: CommonArguments, { bucket, ...reach }: DoctorArguments): Promise<CommandResult> {
  const params = reachParams(reach)
  if (bucket === undefined && Object.keys(params).length > 0)
    throw usageError('Name the bucket to try: safelight doctor s3://bucket/prefix --endpoint …')
  const outcome = await callMethod(
    common,
    'doctor/run',
    bucket === undefined ? {} : { bucket: { ...params, url: notEmpty('The bucket', bucket) } },
  )
  const marks = { good: '✓', warning: '!', bad: '✗' } as const
  const lines = outcome.checks.map(({ name, state, detail }) => `  ${marks[state]} ${name}: ${detail}`)
  const { probe, leftOut } = outcome
  return {
    outcome,
    lines: [...(probe ? probeLines(probe) : []), ...lines, `  Left out of every backup: ${leftOut.join(', ')}`],
  }
}

function probeLines({ store, probedAt, findings, warnings, leftovers }: ProbeTable): string[] {
  const width = Math.max(...findings.map(({ claim }) => claim.length))
  return [
    `  ${store}, tried ${probedAt.slice(0, 16).replace('T', ' ')} UTC`,
    ...findings.map(({ claim, answer, detail }) =>
      `    ${claim.padEnd(width)}  ${answer.padEnd(10)}  ${detail}`.trimEnd(),
    ),
    ...warnings.map((warning) => `    ! ${warning}`),
    ...(leftovers.length === 0
      ? []
      : [
          `    ${leftovers.length} small objects of this test are locked for a minute and stay below .safelight-probe/.`,
        ]),
  ]
}
