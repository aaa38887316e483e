// What the user sees: the result on stdout, everything else on stderr. With --json it is one object, whatever happened.
import { describeError, ERROR_CODES, SafelightError, systemCode } from '../errors.js'
import type { Finding, Outcome } from '../../shared/methods.js'

export interface CommandResult {
  readonly outcome: Outcome
  /** What a person reads, below the summary. */
  readonly lines: readonly string[]
}

/** What a command says that has nothing but a sentence to say. */
export function done(summary: string): CommandResult {
  return { outcome: { ok: true, exitCode: 0, summary }, lines: [] }
}

/** @returns the exit code */
export function printResult({ outcome, lines }: CommandResult, json: boolean): number {
  process.stdout.write(
    json ? `${JSON.stringify(outcome)}\n` : `${[outcome.summary, ...lines].map(printable).join('\n')}\n`,
  )
  return outcome.exitCode
}

/** @returns the exit code */
export function printFailure(error: unknown, json: boolean): number {
  const known = error instanceof SafelightError ? error : unexpected(error)
  const { exitCode, message, remedy, code } = known
  if (json)
    process.stdout.write(
      `${JSON.stringify({ ok: false, exitCode, summary: `${message} ${remedy}`, code, message, remedy })}\n`,
    )
  else process.stderr.write(`${printable(message)}\n${printable(remedy)}\n`)
  if (code === 'UNEXPECTED' && error instanceof Error && error.stack !== undefined)
    process.stderr.write(`\n${error.stack}\n`)
  return exitCode
}

function unexpected(error: unknown): SafelightError {
  return new SafelightError('UNEXPECTED', {
    message: `Something went wrong that should not have: ${describeError(error)}. Nothing is called safe that was not proven before.`,
    remedy: 'Run the same command again. If it happens again, please report it with the lines below.',
    cause: error,
  })
}

/** Whoever reads the output may go away (a closed terminal, `| head`): the work goes on to its end, and its exit code still tells how it
 *  ended. An answer that was wanted and could not be written is a failure. */
export function outliveReaders(): void {
  process.stderr.on('error', (error: Error) => failUnlessUnread(error))
  process.stdout.on('error', (error: Error) => failUnlessUnread(error))
}

function failUnlessUnread(error: Error): void {
  if (systemCode(error) === 'EPIPE') return
  process.once('exit', () => {
    process.exitCode = ERROR_CODES.UNEXPECTED.exit
  })
}

/** Names of files and drives come from anywhere: what would move the cursor or clear the screen is shown as a sign instead. */
export function printable(text: string): string {
  return text.replaceAll(/[^\P{Cc}\n]/gu, '\uFFFD')
}

/** What the parser found wrong, in words for people who never saw a parser. */
export function usageError(message: string): SafelightError {
  const said = PARSER_SAYS.reduce((text, [pattern, words]) => text.replace(pattern, words), message.trim())
  return new SafelightError('USAGE', {
    message: /[.!?]$/.test(said) ? said : `${said}.`,
    remedy: 'What can be written is in: safelight --help',
  })
}

const PARSER_SAYS: readonly (readonly [RegExp, string])[] = [
  [/^Not enough non-option arguments.*$/s, 'Something is missing: the name of a folder, a file or a place'],
  [/^Not enough arguments following: (.*)$/s, 'After --$1 something has to follow'],
  [/^Missing required arguments?: (.*)$/s, 'Something is missing: --$1'],
  [/^Unknown (?:argument|command)s?: (.*)$/s, '"$1" is not a command or option here'],
]

/** Empty names come from scripts whose variable was not set; taken for the current folder they would do what nobody asked for.
 *  @throws USAGE */
export function notEmpty(what: string, value: string): string {
  if (value.trim() !== '') return value
  throw new SafelightError('USAGE', {
    message: `${what} is empty. Nothing was done.`,
    remedy: 'If a script wrote it, its variable is not set.',
  })
}

/** Findings as lines, at most so many of them; the rest is in --json. */
const FINDINGS_SHOWN = 50

export function findingLines(findings: readonly Finding[]): string[] {
  const lines = findings.slice(0, FINDINGS_SHOWN).map(({ kind, place, shoot, file, message }) => {
    const what = [shoot, file].filter((part) => part !== '').join('/')
    return `  ${kind.toUpperCase().padEnd(10)} ${place === 'working' ? 'original' : place}: ${what}\n             ${message}`
  })
  const more = findings.length - lines.length
  return lines.length === 0
    ? []
    : ['', ...lines, ...(more > 0 ? [`  … and ${more} more; --json lists all of them`] : [])]
}

export function warningLines(warnings: readonly string[]): string[] {
  return warnings.flatMap((warning) => ['', `  WARNING  ${warning}.`.replace(/\.\.$/, '.')])
}

/** 1,234,567 bytes → 1.2 MB */
export { inWords } from '../files/in-words.js'

/** 1 file, 2 files */
export function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`
}
