// How a command reaches its method. The answers are the same whoever gives them: the methods are the same functions.
import { setTimeout as wait } from 'node:timers/promises'
import { homeFolder } from '../config.js'
import { Daemon } from '../daemon.js'
import { SafelightError } from '../errors.js'
import type { MethodName, Params, Result } from '../../shared/methods.js'
import type { CommonArguments } from './cli.js'
import { ProgressLine } from './progress-line.js'
import { version } from './version.js'

/** Ctrl-C asks for a clean stop. Whoever cannot wait for it presses twice. */
const FORCED_EXIT_CODE = 130

export async function callMethod<M extends MethodName>(
  common: CommonArguments,
  method: M,
  params: Params<M>,
): Promise<Result<M>> {
  const home = homeFolder(common.home)
  const command = `safelight ${method.replace('/run', '').replace('/', ' ')}`
  const options = { home, command }
  const daemon = method === 'rebuild/run' ? await Daemon.openForRebuild(options) : await Daemon.open(options)
  const progress = new ProgressLine()
  const interrupt = new AbortController()
  const onSignal = (): void => {
    if (interrupt.signal.aborted) process.exit(FORCED_EXIT_CODE)
    progress.say('Stopping; what is finished stays safe. Press Ctrl-C again to stop at once.')
    interrupt.abort()
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal)
  try {
    const handler = daemon.handlers[method]
    if (!handler)
      throw new SafelightError('USAGE', {
        message: `${method} is not available here.`,
        remedy: 'See: safelight --help',
      })
    return await handler(params, {
      signal: interrupt.signal,
      client: { kind: 'cli', version },
      progress: (facts) => progress.show(facts),
    })
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.off(signal, onSignal)
    progress.end()
    daemon.close()
    await wait(0)
  }
}
