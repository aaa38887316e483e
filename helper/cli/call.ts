// How a command reaches its method: over the helper's WebSocket when one runs, in this process when none does. The answers are the same,
// because the methods are the same functions.
import { setTimeout as wait } from 'node:timers/promises'
import { homeFolder } from '../config.js'
import { SafelightError } from '../errors.js'
import { findHelper } from '../service/endpoint.js'
import type { RpcClient } from '../server/client.js'
import type { MethodName, Params, Result } from '../../shared/methods.js'
import type { CommonArguments } from './cli.js'
import { stopOnSignal } from './interrupt.js'
import { ProgressLine } from './progress-line.js'
import { version } from './version.js'

export async function callMethod<M extends MethodName>(
  common: CommonArguments,
  method: M,
  params: Params<M>,
): Promise<Result<M>> {
  const home = homeFolder(common.home)
  const progress = new ProgressLine()
  const { signal, release } = stopOnSignal(() =>
    progress.say('Stopping; what is finished stays safe. Press Ctrl-C again to stop at once.'),
  )
  try {
    for (let attempt = 1; ; attempt++) {
      const helper = await findHelper(home, { client: 'cli', version })
      if (helper.kind === 'other-version') throw helper.error
      if (helper.kind === 'running') return await callHelper(helper.client, method, params, signal, progress)
      try {
        return await callHere(home, method, params, signal, progress)
      } catch (error) {
        if (!isHomeInUse(error) || attempt === TRIES || signal.aborted) throw error
        await wait(BETWEEN_TRIES_MS)
      }
    }
  } finally {
    progress.end()
    release()
  }
}

/** A home that is in use may be a helper's that has only just begun and is about to answer: it is asked again, for three seconds. */
const TRIES = 10
const BETWEEN_TRIES_MS = 300

function isHomeInUse(error: unknown): boolean {
  return error instanceof SafelightError && error.code === 'HOME_IN_USE'
}

async function callHelper<M extends MethodName>(
  client: RpcClient,
  method: M,
  params: Params<M>,
  signal: AbortSignal,
  progress: ProgressLine,
): Promise<Result<M>> {
  try {
    return await client.call(method, params, { signal, onProgress: (facts) => progress.show(facts) })
  } finally {
    await client.close()
  }
}

async function callHere<M extends MethodName>(
  home: string,
  method: M,
  params: Params<M>,
  signal: AbortSignal,
  progress: ProgressLine,
): Promise<Result<M>> {
  // Loaded only here: it is most of the program, and a command that a running helper answers does without.
  const { Daemon } = await import('../daemon.js')
  const options = { home, command: `safelight ${method.replace('/run', '').replace('/', ' ')}` }
  const daemon = method === 'rebuild/run' ? await Daemon.openForRebuild(options) : await Daemon.open(options)
  try {
    const handler = daemon.handlers[method]
    if (!handler)
      throw new SafelightError('NOT_AVAILABLE', {
        message: `This Safelight cannot do that yet (${method}).`,
        remedy: 'See what it can do: safelight --help',
      })
    const result = await handler(params, {
      signal,
      client: { kind: 'cli', version },
      progress: (facts) => progress.show(facts),
    })
    if (method === 'backup/run' && !signal.aborted)
      for (const said of await daemon.leaveStatus(result as Result<'backup/run'>, signal))
        process.stderr.write(`${said}\n`)
    return result
  } finally {
    daemon.close()
  }
}
