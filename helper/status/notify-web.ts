// A webhook that is told of each condition, and a heartbeat that says "still at work" to somebody outside who notices when it stays away. Over
// https only (http is for a server on this very computer), never following a redirection to elsewhere, and never waiting long.
import { SafelightError } from '../errors.js'
import type { Notice, Verdict } from '../../shared/methods.js'

const TIMEOUT_MS = 10_000

export interface WebNotice extends Notice {
  readonly at: string
  /** Which computer this is about. */
  readonly machine: string
}

export interface Heartbeat {
  readonly at: string
  readonly machine: string
  readonly verdict: Verdict
  readonly summary: string
}

/** @throws CONFIG_INVALID for an address that is not allowed, OFFSITE_UNREACHABLE when it was not accepted */
export async function post(address: string, body: WebNotice | Heartbeat): Promise<void> {
  const url = requireSafeAddress(address)
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'user-agent': 'Safelight' },
    body: JSON.stringify(body),
    redirect: 'manual',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch((error: unknown) => {
    throw unreachable(url, 'it does not answer', error)
  })
  await response.body?.cancel()
  if (!response.ok) throw unreachable(url, `it answers ${response.status}`)
}

/** https; http only to this very computer. @throws CONFIG_INVALID */
export function requireSafeAddress(address: string): URL {
  const url = URL.parse(address)
  if (url?.protocol === 'https:') return url
  if (url?.protocol === 'http:' && LOOPBACK.has(url.hostname)) return url
  throw new SafelightError('CONFIG_INVALID', {
    message: `The address ${url?.host ?? 'of the notification'} is not one that begins with https://. Nothing was sent.`,
    remedy: 'Use an https address in config.json; over http anybody on the way reads and changes what is said.',
  })
}

const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost', '[::1]'])

/** The path and the query of such an address are often its secret, so only the host is named. */
function unreachable(url: URL, why: string, cause?: unknown): SafelightError {
  return new SafelightError('OFFSITE_UNREACHABLE', {
    message: `${url.host} was not told: ${why}.`,
    remedy: 'Look at the address in config.json. It is tried again within the hour.',
    cause,
  })
}
