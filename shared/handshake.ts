// How plugin and bridge prove to one another that both know the token of plugin.json, without either of them ever saying it: three lines, by
// which each answers the other's fresh challenge. Whoever is first on a port of this computer is a stranger until then, and learns nothing
// that helps. The proofs name the two ports, so that a stranger between them has nothing to relay. What follows on the connection carries a
// token made for that connection alone. Pure; drawing the challenges is the caller's.
import { decodeJson, isJsonObject } from './json.js'
import { hmacSha256, type DigestLimits } from './sha256.js'

/** Raised when these lines, or what they carry, change. Version 1 had no proof: the plugin said the token at once. */
export const LINES_VERSION = 2

/** What both sides of one connection know. */
export interface Meeting {
  /** 32 hex digits, fresh for the connection. */
  readonly bridgeNonce: string
  readonly pluginNonce: string
  /** The ports that the plugin listens on. */
  readonly receivePort: number
  readonly sendPort: number
}

export type Handshake =
  /** Bridge to plugin, the first line of all. */
  | { readonly kind: 'challenge'; readonly lines: number; readonly nonce: string }
  /** Plugin to bridge. */
  | { readonly kind: 'answer'; readonly lines: number; readonly nonce: string; readonly proof: string }
  /** Bridge to plugin. */
  | { readonly kind: 'proof'; readonly proof: string }
  /** Plugin to bridge, on a connection that was not proven when Lightroom quit: hang up. It says nothing else, and anybody may say it. */
  | { readonly kind: 'leaving' }

export const NONCE_DIGITS = 32
const PROOF_DIGITS = 64

/** What only somebody with the secret can say.
 *  @param who  the side that proves itself, or `lines` for the token of the lines that follow */
export function proofOf(
  secret: string,
  who: 'plugin' | 'bridge' | 'lines',
  { bridgeNonce, pluginNonce, receivePort, sendPort }: Meeting,
  limits: DigestLimits = {},
): string {
  const text = `safelight ${who} ${LINES_VERSION} ${bridgeNonce} ${pluginNonce} ${receivePort} ${sendPort}`
  return hmacSha256(secret, text, limits)
}

/** One line without its newline. */
export function writeHandshake(said: Handshake): string {
  if (said.kind === 'challenge') return `{"safelight":"challenge","lines":${said.lines},"nonce":"${said.nonce}"}`
  if (said.kind === 'proof') return `{"safelight":"proof","proof":"${said.proof}"}`
  if (said.kind === 'leaving') return '{"safelight":"leaving"}'
  return `{"safelight":"answer","lines":${said.lines},"nonce":"${said.nonce}","proof":"${said.proof}"}`
}

/** @returns undefined for a line that is none of these */
export function parseHandshake(text: string): Handshake | undefined {
  if (text.length > LONGEST) return undefined
  const decoded = decodeJson(text)
  if (!decoded.ok || !isJsonObject(decoded.value)) return undefined
  const { safelight, lines, nonce, proof } = decoded.value
  if (safelight === 'leaving') return { kind: 'leaving' }
  if (safelight === 'proof') return isHex(proof, PROOF_DIGITS) ? { kind: 'proof', proof } : undefined
  if (typeof lines !== 'number') return undefined
  if (safelight === 'challenge' && isHex(nonce, NONCE_DIGITS)) return { kind: 'challenge', lines, nonce }
  if (safelight === 'answer' && isHex(nonce, NONCE_DIGITS) && isHex(proof, PROOF_DIGITS))
    return { kind: 'answer', lines, nonce, proof }
  return undefined
}

const LONGEST = 1000

function isHex(value: unknown, digits: number): value is string {
  if (typeof value !== 'string' || value.length !== digits) return false
  for (let at = 0; at < digits; at += 1) {
    const code = value.charCodeAt(at)
    if (!(code >= 48 && code <= 57) && !(code >= 97 && code <= 102)) return false
  }
  return true
}
