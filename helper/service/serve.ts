// The life of a running helper: listens, makes itself findable, works until it is asked to stop, and leaves nothing behind. The daemon
// gives it the rooms and has already claimed the home; a signal and `helper/stop` end it the same way.
import { newToken } from '../server/guard.js'
import type { Handlers } from '../server/handlers.js'
import type { Limits } from '../server/limits.js'
import { notAvailable } from '../server/refusals.js'
import { StatusServer } from '../server/server.js'
import { removeEndpoint, writeEndpoint, type Endpoint } from './endpoint.js'

export interface ServeOptions {
  /** SAFELIGHT_HOME, claimed by the caller. */
  readonly home: string
  readonly logs: string
  readonly version: string
  /** All methods but `helper/stop` and `page/open`, which are answered here. */
  readonly handlers: Omit<Partial<Handlers>, 'helper/stop' | 'page/open'>
  /** Aborting it stops the helper (the daemon wires SIGINT and SIGTERM to it). */
  readonly signal: AbortSignal
  readonly now: () => Date
  readonly onFault: (error: unknown, what: string) => void
  /** Called once it answers and can be found. */
  readonly onReady?: (endpoint: Endpoint) => void
  /** Given what tells every open page something. */
  readonly onOpen?: (announce: StatusServer['announce']) => void
  readonly limits?: Partial<Limits>
  /** Folder of the built status page. */
  readonly page?: string
}

/** Resolves after the helper has stopped: no request in work, nobody connected, endpoint.json gone.
 *  @throws HOME_UNUSABLE */
export async function runServe(options: ServeOptions): Promise<void> {
  const { home, logs, version, handlers, signal, now, onFault, onReady, onOpen, limits = {}, page } = options
  const token = newToken()
  const asked = new AbortController()
  const stopped = eitherAborted(asked.signal, signal)
  const stop: Handlers['helper/stop'] = () => {
    // The answer goes out before the server, which waits for every request, hangs up.
    setImmediate(() => asked.abort())
    return Promise.resolve({ ok: true, exitCode: 0, summary: 'The Safelight helper is stopping.' })
  }
  const openPage: Handlers['page/open'] = () => {
    const url = server.linkToPage()
    return url === undefined ? Promise.reject(notAvailable('page/open')) : Promise.resolve({ url })
  }
  const server = await StatusServer.open({
    handlers: { ...handlers, 'helper/stop': stop, 'page/open': openPage },
    token,
    version,
    home,
    logs,
    limits,
    onFault,
    ...(page === undefined ? {} : { page }),
  })
  onOpen?.((kind, message) => server.announce(kind, message))
  try {
    const endpoint = writeEndpoint(home, {
      port: server.port,
      token,
      pid: process.pid,
      version,
      startedAt: now().toISOString(),
    })
    onReady?.(endpoint)
    await stopped
  } finally {
    // First unfindable, then gone: who looks now starts a new helper instead of waiting for this one.
    removeEndpoint(home, token)
    await server.close()
  }
}

/** Not AbortSignal.any: in Node 20 its signal can be collected as garbage before it fires, and the helper would not stop. */
async function eitherAborted(first: AbortSignal, second: AbortSignal): Promise<void> {
  if (first.aborted || second.aborted) return
  await new Promise<void>((resolve) => {
    for (const signal of [first, second]) signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
