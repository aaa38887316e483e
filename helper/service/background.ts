// The helper as a background process: start, stop, status. Promises that a start finds the helper that already runs, that "started"
// means it was asked and answered, and that "stopped" means its process is gone. What it does while it runs is serve.ts and the daemon.
import { once } from 'node:events'
import { createWriteStream, mkdirSync, readFileSync, rmSync, type WriteStream } from 'node:fs'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { execa } from 'execa'
import { describeError, ERROR_CODES, SafelightError, systemCode } from '../errors.js'
import { ownerOf } from '../instance.js'
import { helperAway } from '../server/refusals.js'
import { findHelper, isAlive, removeEndpoint, type Caller, type Endpoint, type Presence } from './endpoint.js'

/** How long a helper may take from its start to its first answer: Node, the journal, a cold disk. */
export const START_MS = 20_000
/** How long a helper may take to stop: it finishes the file it is copying. */
export const STOP_MS = 30_000
/** For another start to answer, before we look whether it still lives. */
const SPAWN_AGAIN_MS = 1_000
/** Between two looks at a fact that has no event (a process that is not our child, a file that another process writes). */
const LOOK_MS = 50
const LOG_TAIL_CHARACTERS = 600

/** What runs `safelight serve`: the program and its arguments, `--home` included. */
export interface ServeCommand {
  readonly file: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

export interface StartOptions {
  readonly home: string
  readonly command: ServeCommand
  readonly caller: Caller
  readonly signal?: AbortSignal
  readonly startMs?: number
}

export interface Started {
  readonly kind: 'started' | 'already-running'
  readonly endpoint: Endpoint
}

/** Starts the helper, or finds the one that runs. Resolves when it answers.
 *  @throws the signal's reason when it is aborted · HELPER_AWAY it did not come up, with what it said last · PROTOCOL_DIFFERS one of another version runs · HOME_UNUSABLE */
export async function startHelper(options: StartOptions): Promise<Started> {
  const { home, command, caller, startMs = START_MS } = options
  const { signal } = options
  const endsAt = performance.now() + startMs
  const first = await foundEndpoint(home, caller)
  if (first !== undefined) return { kind: 'already-running', endpoint: first }
  let child = await spawnDetached(home, command)
  let spawnedAt = performance.now()
  while (performance.now() < endsAt) {
    const endpoint = await foundEndpoint(home, caller)
    if (endpoint !== undefined) return { kind: endpoint.pid === child.pid ? 'started' : 'already-running', endpoint }
    if (child.hasEnded()) {
      // It may have lost against another start; that one is about to answer, unless it has died before it could.
      if (child.exitCode() !== HOME_IN_USE_EXIT) break
      if (performance.now() - spawnedAt > SPAWN_AGAIN_MS) {
        spawnedAt = performance.now()
        if ((await ownerOf(home)) === undefined) child = await spawnDetached(home, command)
      }
    }
    await wait(LOOK_MS, undefined, signal === undefined ? {} : { signal })
  }
  throw helperAway(`The Safelight helper did not start.${lastWords(home)}`, child.problem())
}

export interface StopOptions {
  readonly home: string
  readonly caller: Caller
  readonly stopMs?: number
}

/** Asks the helper to stop and waits until its process is gone.
 *  @returns whether there was one to stop
 *  @throws HELPER_BUSY it is still there after `stopMs` */
export async function stopHelper({ home, caller, stopMs = STOP_MS }: StopOptions): Promise<boolean> {
  const presence = await findHelper(home, caller)
  if (presence.kind === 'down') {
    if (presence.endpoint !== undefined && !isAlive(presence.endpoint.pid))
      removeEndpoint(home, presence.endpoint.token)
    return false
  }
  await askToStop(presence)
  const { pid, token } = presence.endpoint
  const endsAt = performance.now() + stopMs
  while (isAlive(pid)) {
    if (performance.now() > endsAt) throw stillThere(pid)
    await wait(LOOK_MS)
  }
  removeEndpoint(home, token)
  return true
}

export type HelperStatus =
  | { readonly kind: 'running'; readonly endpoint: Endpoint }
  | { readonly kind: 'other-version'; readonly endpoint: Endpoint; readonly why: string }
  | { readonly kind: 'down'; readonly why: string }

/** Whether a helper answers right now. */
export async function helperStatus(home: string, caller: Caller): Promise<HelperStatus> {
  const presence = await findHelper(home, caller)
  if (presence.kind === 'running') await presence.client.close()
  switch (presence.kind) {
    case 'running':
      return { kind: 'running', endpoint: presence.endpoint }
    case 'other-version':
      return { kind: 'other-version', endpoint: presence.endpoint, why: presence.error.message }
    case 'down':
      return { kind: 'down', why: presence.why }
  }
}

const HOME_IN_USE_EXIT = ERROR_CODES.HOME_IN_USE.exit

async function foundEndpoint(home: string, caller: Caller): Promise<Endpoint | undefined> {
  const presence = await findHelper(home, caller)
  if (presence.kind === 'other-version') throw presence.error
  if (presence.kind === 'down') return undefined
  await presence.client.close()
  return presence.endpoint
}

interface Detached {
  readonly pid: number | undefined
  hasEnded(): boolean
  exitCode(): number | undefined
  /** Why the program itself could not be run, or how it ended. */
  problem(): string | undefined
}

/** A process of its own session, so that neither the end of this one nor a Ctrl-C in its terminal ends it. */
async function spawnDetached(home: string, { file, args, env }: ServeCommand): Promise<Detached> {
  const log = await openLog(home)
  try {
    const child = execa(file, [...args], {
      detached: true,
      cleanup: false,
      stdin: 'ignore',
      stdout: log,
      stderr: log,
      buffer: false,
      reject: false,
      windowsHide: true,
      cwd: home,
      ...(env === undefined ? {} : { env }),
    })
    child.unref()
    let ended: { exitCode?: number | undefined; shortMessage?: string | undefined } | undefined
    void child.then((result) => (ended = result))
    return {
      pid: child.pid,
      hasEnded: () => ended !== undefined,
      exitCode: () => ended?.exitCode,
      problem: () => ended?.shortMessage,
    }
  } finally {
    log.destroy()
  }
}

/** What the helper prints before its own log is open, and what Node prints when it dies. Begun anew at every start. */
async function openLog(home: string): Promise<WriteStream> {
  try {
    mkdirSync(path.join(home, 'logs'), { recursive: true, mode: 0o700 })
    rmSync(startLog(home), { force: true })
    const log = createWriteStream(startLog(home), { flags: 'a', mode: 0o600 })
    await once(log, 'open')
    return log
  } catch (error) {
    throw new SafelightError('HOME_UNUSABLE', {
      message: `Safelight cannot write in ${home}: ${systemCode(error)}.`,
      remedy: 'Give your user the right to write there, or name another folder with --home.',
      cause: error,
    })
  }
}

function startLog(home: string): string {
  return path.join(home, 'logs', 'start.log')
}

function lastWords(home: string): string {
  try {
    const text = readFileSync(startLog(home), 'utf8').trim()
    return text === '' ? '' : ` It said: ${text.slice(-LOG_TAIL_CHARACTERS)}`
  } catch (error) {
    return ` Its log cannot be read: ${describeError(error)}.`
  }
}

async function askToStop(presence: Exclude<Presence, { kind: 'down' }>): Promise<void> {
  if (presence.kind === 'other-version') {
    // It proved to hold our token, so this pid is a helper of ours; the signal is a language that every version understands.
    process.kill(presence.endpoint.pid, 'SIGTERM')
    return
  }
  try {
    await presence.client.call('helper/stop', {})
  } finally {
    await presence.client.close()
  }
}

function stillThere(pid: number): SafelightError {
  return new SafelightError('HELPER_BUSY', {
    message: `The Safelight helper (process ${pid}) was asked to stop and is still finishing something.`,
    remedy: 'Wait a minute and look again with "safelight status". Nothing is lost if you restart the computer.',
  })
}
