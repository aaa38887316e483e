// Who may speak to the helper at all: pure judgements of one HTTP head. Only this machine (Host), never a web page of somebody else
// (Origin; a browser sends it unasked), and only who can read the user's private files (the token).
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'

/** Where the WebSocket is. */
export const RPC_PATH = '/rpc'

/** 256 random bits as 64 hex digits. */
export function newToken(): string {
  return randomBytes(32).toString('hex')
}

/** Compares in a time that tells nothing about where the two differ; hashing first makes the lengths equal. */
export function isSameToken(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text, 'utf8').digest()
  return timingSafeEqual(digest(given), digest(expected))
}

/** The HTTP status to refuse with, or undefined when this head may pass.
 *  @param port  the port that we listen on: a Host or Origin with another one was not meant for us */
export function refusalOf(headers: IncomingHttpHeaders, token: string, port: number): 401 | 403 | undefined {
  if (!isLoopbackHost(headers.host, port)) return 403
  if (headers.origin !== undefined && !isOwnOrigin(headers.origin, port)) return 403
  const given = /^Bearer ([0-9a-f]{64})$/.exec(headers.authorization ?? '')?.[1]
  return given !== undefined && isSameToken(given, token) ? undefined : 401
}

/** A name that an attacker's DNS points to 127.0.0.1 is not one of these. */
export function isLoopbackHost(host: string | undefined, port: number): boolean {
  const match = /^(127\.0\.0\.1|localhost|\[::1\])(?::(\d{1,5}))?$/i.exec(host ?? '')
  return match !== null && (match[2] === undefined || Number(match[2]) === port)
}

/** The one spelling that our page is opened under; a browser sends no other to us. */
export function isOwnHost(host: string | undefined, port: number): boolean {
  return host === `127.0.0.1:${port}`
}

/** A WebSocket of the very page that we serve. A browser always says the origin, and a page elsewhere cannot say ours. The session is
 *  still to be proven. */
export function isOwnPage(headers: IncomingHttpHeaders, port: number): boolean {
  return isOwnHost(headers.host, port) && headers.origin === `http://127.0.0.1:${port}`
}

/** The status page that we serve ourselves; `null` (a sandboxed frame, a file) is foreign. */
function isOwnOrigin(origin: string, port: number): boolean {
  return origin === `http://127.0.0.1:${port}` || origin === `http://localhost:${port}`
}
