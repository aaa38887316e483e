// What cmd.exe makes of a line given to `cmd /c`, for the forms that a plugin uses: the outermost quotes go, `start "" /b` starts a program
// without a window, redirections are not arguments. Percent signs would be variables, even in quotes, so a line with one is refused.

/** @returns the program and its arguments; undefined when cmd.exe would do something else than start one program */
export function backgroundWords(line: string): readonly string[] | undefined {
  if (line.includes('%')) return undefined
  const stripped = line.startsWith('"')
    ? line.slice(1, line.lastIndexOf('"')) + line.slice(line.lastIndexOf('"') + 1)
    : line
  const words = split(stripped)
  if (words === undefined) return undefined
  const [start, title, b, ...rest] = words
  if (start !== 'start' || title !== '' || b !== '/b') return undefined
  return rest
}

/** Words as the started program sees them; operators outside quotes make it more than one command. */
function split(line: string): string[] | undefined {
  const words: string[] = []
  let word: string | undefined
  let isQuoted = false
  for (let at = 0; at < line.length; at += 1) {
    const character = line.charAt(at)
    if (character === '"') {
      isQuoted = !isQuoted
      word ??= ''
    } else if (isQuoted) {
      word = (word ?? '') + character
    } else if (character === ' ') {
      if (word !== undefined) words.push(word)
      word = undefined
    } else if (/[&|^()]/.test(character) && line.charAt(at - 1) !== '>') {
      return undefined
    } else {
      word = (word ?? '') + character
    }
  }
  if (isQuoted) return undefined
  if (word !== undefined) words.push(word)
  return words.filter((each) => !/^2?[<>]/.test(each)).map((each) => each.replace(/\\\\$/, '\\'))
}
