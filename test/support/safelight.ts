// The command line as a script meets it: a real process with a home of its own, its exit code, and what it printed where. With `--json`
// the answer is parsed, and parsing insists on exactly one object with the three keys that every answer begins with.
import assert from 'node:assert/strict'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import type { BackupResult, Outcome, VerifyResult } from '../../shared/methods.js'

export const PROJECT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..')
export const MAIN = path.join(PROJECT, 'dist/helper/main.js')

export interface Said {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** A failure's answer: an outcome, and which failure it was. */
export interface Failed extends Outcome {
  readonly code: string
  readonly message: string
  readonly remedy: string
}

/** @param home  this run's journal; every other setting of the machine is kept out */
export function start(home: string, args: readonly string[], cwd = process.cwd()) {
  return execa(process.execPath, [MAIN, ...args], {
    reject: false,
    stdin: 'ignore',
    env: { SAFELIGHT_HOME: home },
    cwd,
  })
}

export type Running = ReturnType<typeof start>

export async function safelight(home: string, args: readonly string[], cwd?: string): Promise<Said> {
  const { exitCode, stdout, stderr } = await start(home, args, cwd)
  assert.ok(exitCode !== undefined, `safelight ${args.join(' ')} did not end by itself`)
  return { exitCode, stdout, stderr }
}

/** Runs with `--json`. @returns the one object that stdout held */
export async function ask<T extends Outcome>(home: string, args: readonly string[], cwd?: string): Promise<T> {
  const said = await safelight(home, [...args, '--json'], cwd)
  return answerOf(said, args) as T
}

export function answerOf({ stdout, stderr, exitCode }: Said, args: readonly string[] = []): Outcome {
  const lines = stdout.split('\n').filter((line) => line !== '')
  assert.equal(
    lines.length,
    1,
    `safelight ${args.join(' ')} --json printed ${lines.length} lines:\n${stdout}\n${stderr}`,
  )
  const answer = JSON.parse(lines[0] ?? '') as Outcome
  assert.equal(answer.exitCode, exitCode, 'the answer says how the process ended')
  assert.equal(answer.ok, exitCode === 0)
  assert.ok(answer.summary.length > 0)
  return answer
}

export function backup(home: string, source: string | readonly string[], ...places: string[]): Promise<BackupResult> {
  const sources = typeof source === 'string' ? [source] : source
  return ask<BackupResult>(home, ['backup', ...sources, ...places.flatMap((place) => ['--to', place])])
}

export function verify(home: string, ...args: string[]): Promise<VerifyResult> {
  return ask<VerifyResult>(home, ['verify', ...args])
}

/** `kind place shoot/file`, which is what a person looks for in a list of findings. */
export function named(findings: readonly { kind: string; place: string; shoot: string; file: string }[]): string[] {
  return findings.map(({ kind, place, shoot, file }) => `${kind} ${place} ${shoot}/${file}`).sort()
}
