import type { Argv } from 'yargs'
import { homeFolder } from '../config.js'
import { installService, serviceState, uninstallService } from '../service/service.js'
import type { CommonArguments, Run } from './cli.js'
import { done, type CommandResult } from './output.js'
import { programCommand } from './program.js'

export function loginCommand(parser: Argv<CommonArguments>, run: Run): void {
  parser.command('service', 'start the helper at login: install, uninstall, status', (service) =>
    service
      .command(
        'install',
        'start the helper whenever you log in',
        (command) => command,
        (args) => run(install(args as unknown as CommonArguments)),
      )
      .command(
        'uninstall',
        'start it no longer by itself',
        (command) => command,
        (args) => run(uninstall(args as unknown as CommonArguments)),
      )
      .command(
        'status',
        'whether it starts at login',
        (command) => command,
        (args) => run(status(args as unknown as CommonArguments)),
      )
      .demandCommand(1, 'Name what to do: install, uninstall or status'),
  )
}

function options(common: CommonArguments) {
  return { home: homeFolder(common.home), command: programCommand() }
}

async function install(common: CommonArguments): Promise<CommandResult> {
  const { kind, where } = await installService(options(common))
  return done(`The helper starts whenever you log in (${kind}: ${where}).`)
}

async function uninstall(common: CommonArguments): Promise<CommandResult> {
  const { wasThere, where } = await uninstallService(options(common))
  return done(
    wasThere
      ? `The helper no longer starts by itself (${where} was removed). Nothing is backed up until you or Lightroom start it.`
      : 'The helper did not start at login; nothing was removed.',
  )
}

async function status(common: CommonArguments): Promise<CommandResult> {
  const { state, where, kind } = await serviceState(options(common))
  const words = {
    installed: `The helper starts at login (${kind}: ${where}).`,
    other: `Something else starts at login in its place (${kind}: ${where}). "safelight service install" makes it this Safelight.`,
    absent: 'The helper does not start at login. "safelight service install" changes that.',
  }[state]
  return { outcome: { ...done(words).outcome, ...{ state, where } }, lines: [] }
}
