import type { Argv } from 'yargs'
import { homeFolder } from '../config.js'
import { installPlugin, modulesFolder, pluginPath, uninstallPlugin } from '../service/plugin-install.js'
import type { CommonArguments, Run } from './cli.js'
import { done, type CommandResult } from './output.js'
import { builtPlugin, programCommand } from './program.js'
import { version } from './version.js'

export function pluginCommand(parser: Argv<CommonArguments>, run: Run): void {
  parser.command('plugin', 'the plugin in Lightroom Classic: install, uninstall, path', (plugin) =>
    plugin
      .option('modules', { type: 'string', requiresArg: true, describe: 'another Modules folder than Lightroom’s own' })
      .command(
        'install',
        'put the plugin into Lightroom’s Modules folder',
        (command) => command,
        (args) => run(Promise.resolve().then(() => install(args, args.modules))),
      )
      .command(
        'uninstall',
        'take it out again; copies and settings stay',
        (command) => command,
        (args) => run(Promise.resolve().then(() => uninstall(args, args.modules))),
      )
      .command(
        'path',
        'where the plugin is, to add it in Lightroom’s Plug-in Manager by hand',
        (command) => command,
        () => run(Promise.resolve(done(builtPlugin()))),
      )
      .demandCommand(1, 'Name what to do: install, uninstall or path'),
  )
}

function install(common: CommonArguments, modules = modulesFolder()): CommandResult {
  const { plugin, replaced } = installPlugin({
    home: homeFolder(common.home),
    source: builtPlugin(),
    command: programCommand(),
    version,
    modules,
  })
  const before = replaced === undefined ? '' : ` It takes the place of version ${replaced}.`
  return done(
    `The plugin is installed (${plugin}).${before} Start Lightroom Classic, or restart it; then look for Safelight in File > Plug-in Extras.`,
  )
}

function uninstall(common: CommonArguments, modules = modulesFolder()): CommandResult {
  const removed = uninstallPlugin({ home: homeFolder(common.home), modules })
  return done(
    removed
      ? 'The plugin was taken out of Lightroom. Your copies were not touched.'
      : `There was no plugin at ${pluginPath(modules)}.`,
  )
}
