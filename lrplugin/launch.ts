// The one command line that the plugin ever gives to a shell: how to start the bridge and not wait for it. Pure, because here a file name
// could become a command. What cannot be quoted without doubt is refused, never passed on.

export type Platform = 'windows' | 'unix'

/** @param parts  program and arguments, as the program shall receive them
 *  @returns the text for LrTasks.execute; undefined when some part cannot be quoted safely on that system */
export function backgroundCommand(platform: Platform, parts: readonly string[]): string | undefined {
  if (parts.length === 0 || !parts.every((part) => isQuotable(platform, part))) return undefined
  return platform === 'windows' ? windowsCommand(parts) : unixCommand(parts)
}

/** sh: single quotes hold everything but a single quote. */
function unixCommand(parts: readonly string[]): string {
  const words = parts.map((part) => `'${part.split("'").join("'\\''")}'`)
  return `${words.join(' ')} </dev/null >/dev/null 2>&1 &`
}

/** cmd.exe /c takes away the first and the last quote of the line, hence the outermost pair. `start` takes its first quoted word for
 *  a window title, hence the empty one; /b opens no window. A backslash before a closing quote would hide it from the program. */
function windowsCommand(parts: readonly string[]): string {
  const words = parts.map((part) => `"${part.endsWith('\\') ? `${part}\\` : part}"`)
  return `"start "" /b ${words.join(' ')} <NUL >NUL 2>&1"`
}

/** Control characters have no business in a program's name. In cmd.exe a quote ends the quoting and a percent sign begins a variable
 *  even inside quotes, and neither can be escaped on a command line. */
function isQuotable(platform: Platform, part: string): boolean {
  if (part === '') return false
  for (let at = 0; at < part.length; at += 1) if (part.charCodeAt(at) < 32) return false
  return platform === 'unix' || (!part.includes('"') && !part.includes('%'))
}
