import path from 'node:path'
import type { Argv } from 'yargs'
import { homeFolder, readConfig } from '../config.js'
import { describeError } from '../errors.js'
import { startHelper, stopHelper } from '../service/background.js'
import { done, type CommandResult } from './output.js'
import { stopOnSignal } from './interrupt.js'
import { builtPage, serveCommandFor } from './program.js'
import type { CommonArguments, Run } from './cli.js'
import { version } from './version.js'

export function serviceCommands(parser: Argv<CommonArguments>, run: Run): void {
  parser
    .command(
      'start',
      'start the helper in the background, or find the one that runs',
      (command) => command,
      (args) => run(start(args)),
    )
    .command(
      'stop',
      'stop the helper; what it is copying is finished first',
      (command) => command,
      (args) => run(stop(args)),
    )
    .command(
      'serve',
      'run the helper in the foreground (what a login item runs)',
      (command) => command,
      (args) => run(serve(args)),
    )
}

async function start(common: CommonArguments): Promise<CommandResult> {
  const home = homeFolder(common.home)
  const { kind, endpoint } = await startHelper({
    home,
    command: serveCommandFor(home),
    caller: { client: 'cli', version },
  })
  return done(
    kind === 'started'
      ? `The helper is running now (process ${endpoint.pid}).`
      : `The helper was running already (process ${endpoint.pid}).`,
  )
}

async function stop(common: CommonArguments): Promise<CommandResult> {
  const stopped = await stopHelper({ home: homeFolder(common.home), caller: { client: 'cli', version } })
  return done(
    stopped ? 'The helper has stopped. Nothing is backed up by itself until it runs again.' : 'No helper was running.',
  )
}

async function serve(common: CommonArguments): Promise<CommandResult> {
  const home = homeFolder(common.home)
  // Loaded only here: every other command starts sooner without them.
  const [{ Daemon }, { runServe }] = await Promise.all([import('../daemon.js'), import('../service/serve.js')])
  const { driveCheckSeconds, retrySeconds, sweepMinutes, catalogPollSeconds, uploadRetrySeconds, upkeepMinutes } =
    readConfig(home)
  const daemon = await Daemon.open({ home, command: 'safelight serve', helper: 'running' })
  const { signal, release } = stopOnSignal()
  const onFault = (error: unknown, what: string): void => {
    process.stderr.write(`${new Date().toISOString()} ${what}: ${describeError(error)}\n`)
  }
  try {
    const queue = daemon.startQueue(
      { driveCheckMs: driveCheckSeconds * 1000, retryMs: retrySeconds * 1000, sweepMs: sweepMinutes * 60_000 },
      onFault,
    )
    const keeper = await daemon.startCatalogKeeper(
      { pollMs: catalogPollSeconds * 1000, retryMs: retrySeconds * 1000, lookMs: sweepMinutes * 60_000 },
      onFault,
    )
    const watch = await daemon.startWatch(onFault)
    const bucketKeeper = await daemon.startBucketKeeper(
      { lookMs: driveCheckSeconds * 1000, retryMs: uploadRetrySeconds * 1000 },
      onFault,
    )
    const thaws = await daemon.startThawKeeper(driveCheckSeconds * 1000, onFault)
    const rehearsals = await daemon.startRehearsals(upkeepMinutes * 60_000, onFault)
    try {
      await runServe({
        home,
        logs: path.join(home, 'logs'),
        version,
        handlers: daemon.handlers,
        signal,
        now: () => new Date(),
        page: builtPage(),
        onFault,
        onOpen: (announce) => daemon.announceBy(announce),
      })
    } finally {
      await watch.close()
      await bucketKeeper.close()
      await rehearsals.close()
      await thaws.close()
      await keeper.close()
      await queue.close()
    }
  } finally {
    release()
    daemon.close()
  }
  return done('The helper has stopped.')
}
