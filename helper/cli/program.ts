// This program as others start it: which Node, which file, which home.
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ServeCommand } from '../service/background.js'

/** Absolute path of Node and of the program. */
export function programCommand(): readonly [string, string] {
  return [process.execPath, fileURLToPath(new URL('../main.js', import.meta.url))]
}

/** The built plugin beside this program. */
export function builtPlugin(): string {
  return path.join(fileURLToPath(new URL('../../', import.meta.url)), 'Safelight.lrplugin')
}

/** The built status page beside this program. */
export function builtPage(): string {
  return path.join(fileURLToPath(new URL('../../', import.meta.url)), 'page')
}

export function serveCommandFor(home: string): ServeCommand {
  const [file, program] = programCommand()
  return { file, args: [program, 'serve', '--home', home] }
}
