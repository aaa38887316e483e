import type { Argv } from 'yargs'
import { homeFolder } from '../config.js'
import type { CommonArguments, Run } from './cli.js'
import { stopOnSignal } from './interrupt.js'
import { done, type CommandResult } from './output.js'
import { serveCommandFor } from './program.js'
import { version } from './version.js'

export function bridgeCommand(parser: Argv<CommonArguments>, run: Run): void {
  parser.command(
    'bridge',
    false,
    (command) =>
      command
        .option('receive-port', {
          type: 'number',
          demandOption: true,
          requiresArg: true,
          describe: 'where the plugin receives',
        })
        .option('send-port', {
          type: 'number',
          demandOption: true,
          requiresArg: true,
          describe: 'where the plugin sends',
        })
        .option('lightroom-pid', {
          type: 'number',
          requiresArg: true,
          describe: 'the process of Lightroom, when it is known',
        }),
    (args) => run(bridge(args, args['receive-port'], args['send-port'], args['lightroom-pid'])),
  )
}

async function bridge(
  common: CommonArguments,
  receivePort: number,
  sendPort: number,
  lightroomPid: number | undefined,
): Promise<CommandResult> {
  const home = homeFolder(common.home)
  // Loaded only here: every other command starts sooner without it.
  const { runBridge } = await import('../bridge/bridge.js')
  const { signal, release } = stopOnSignal()
  try {
    const pid = lightroomPid === undefined ? {} : { lightroomPid }
    const end = await runBridge({
      home,
      version,
      command: serveCommandFor(home),
      receivePort,
      sendPort,
      signal,
      ...pid,
    })
    return done(`The bridge has ended: ${end}.`)
  } finally {
    release()
  }
}
