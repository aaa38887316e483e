// The plugin's half of the proof between plugin and bridge (shared/handshake.ts). The plugin is silent until it has been challenged, answers
// one challenge a connection, and believes nobody who has not proven the token in return. What it says meanwhile helps a stranger to nothing.
import { LINES_VERSION, NONCE_DIGITS, parseHandshake, proofOf, writeHandshake } from '../shared/handshake.js'
import { isSameToken } from '../shared/rpc.js'
import { hmacSha256 } from '../shared/sha256.js'
import { giveWay, now } from './tasks.js'

/** @noSelf */
export interface Greeting {
  /** What the bridge has to say to be believed; undefined until it has challenged us. */
  expected: string | undefined
  /** The token of every line after that. */
  token: string | undefined
}

/** What the link has to do about a line that came before the proof. */
export type GreetingStep =
  | { readonly kind: 'answer'; readonly line: string }
  | { readonly kind: 'proven'; readonly token: string }
  | { readonly kind: 'other-lines'; readonly lines: number }
  | { readonly kind: 'stranger' }

export function newGreeting(): Greeting {
  return { expected: undefined, token: undefined }
}

/** Takes one line of somebody who is not proven. Only inside a task: reckoning takes some milliseconds. */
export function greet(
  greeting: Greeting,
  secret: string,
  ports: { readonly receivePort: number; readonly sendPort: number },
  text: string,
): GreetingStep {
  const said = parseHandshake(text)
  if (said?.kind === 'challenge' && greeting.expected === undefined) {
    if (said.lines !== LINES_VERSION) return { kind: 'other-lines', lines: said.lines }
    const meeting = { ...ports, bridgeNonce: said.nonce, pluginNonce: freshNonce(secret) }
    const proof = proofOf(secret, 'plugin', meeting, BREATHING)
    greeting.token = proofOf(secret, 'lines', meeting, BREATHING)
    greeting.expected = proofOf(secret, 'bridge', meeting, BREATHING)
    const answer = { kind: 'answer', lines: LINES_VERSION, nonce: meeting.pluginNonce, proof } as const
    return { kind: 'answer', line: `${writeHandshake(answer)}\n` }
  }
  const { expected, token } = greeting
  if (said?.kind === 'proof' && expected !== undefined && token !== undefined && isSameToken(expected, said.proof))
    return { kind: 'proven', token }
  return { kind: 'stranger' }
}

const BREATHING = { breathe: giveWay }

let drawn = 0

/** Lua has no good randomness; what only the secret can make of a moment that never comes again is as good. */
function freshNonce(secret: string): string {
  drawn += 1
  const moment = `nonce ${now()} ${drawn} ${Math.random()}`
  return hmacSha256(secret, moment, BREATHING).substring(0, NONCE_DIGITS)
}
