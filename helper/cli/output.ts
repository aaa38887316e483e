// What the user sees: the result on stdout, everything else on stderr. With --json it is one object, whatever happened.
import { describeError, SafelightError } from '../errors.js'
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
  process.stdout.write(json ? `${JSON.stringify(outcome)}\n` : [outcome.summary, ...lines, ''].join('\n'))
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
  else process.stderr.write(`${message}\n${remedy}\n`)
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

export function usageError(message: string): SafelightError {
  return new SafelightError('USAGE', { message, remedy: 'See: safelight --help' })
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
export { inWords } from '../engine/backup.js'
