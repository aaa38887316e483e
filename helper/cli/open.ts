import type { Argv } from 'yargs'
import { homeFolder } from '../config.js'
import { startHelper } from '../service/background.js'
import { openInBrowser } from '../service/browser.js'
import { RpcClient } from '../server/client.js'
import type { CommonArguments, Run } from './cli.js'
import { done, type CommandResult } from './output.js'
import { serveCommandFor } from './program.js'
import { version } from './version.js'

export function openCommand(parser: Argv<CommonArguments>, run: Run): void {
  parser.command(
    'open',
    'open the status page in your browser; starts the helper when none runs',
    (command) => command.option('print', { type: 'boolean', default: false, describe: 'only print the address' }),
    (args) => run(open(args, args.print)),
  )
}

async function open(common: CommonArguments, isPrinted: boolean): Promise<CommandResult> {
  const url = await pageLink(homeFolder(common.home))
  if (!isPrinted && (await openInBrowser(url))) return withUrl('The Safelight page is open in your browser.', url, [])
  return withUrl('The Safelight page opens once, within a minute, at the address below.', url, [url])
}

/** Starts the helper when none runs. @returns an address that opens the page once, `view` of it
 *  @throws HELPER_AWAY, PROTOCOL_DIFFERS, NOT_AVAILABLE */
export async function pageLink(home: string): Promise<string> {
  const caller = { client: 'cli', version } as const
  const { endpoint } = await startHelper({ home, command: serveCommandFor(home), caller })
  const client = await RpcClient.connect({ ...caller, port: endpoint.port, token: endpoint.token })
  try {
    return (await client.call('page/open', {})).url
  } finally {
    await client.close()
  }
}

function withUrl(summary: string, url: string, lines: readonly string[]): CommandResult {
  const { outcome } = done(summary)
  return { outcome: { ...outcome, ...{ url } }, lines }
}
