// The bridge's half of the proof between plugin and bridge (shared/handshake.ts): challenges whoever listens on the two ports, tells nothing
// that is secret before that one has proven to know the token of plugin.json, and then proves itself. A plugin of the time before the proof,
// which says the token by itself, is told in its own way that it is too old, and may still say that Lightroom is leaving.
import { randomBytes } from 'node:crypto'
import { LINES_VERSION, NONCE_DIGITS, parseHandshake, proofOf, writeHandshake } from '../../shared/handshake.js'
import { isJsonObject } from '../../shared/json.js'
import { isSameToken, parseEnvelope } from '../../shared/rpc.js'
import { linesDiffer, tokenRefused } from '../server/refusals.js'
import { parseJson } from '../parse-json.js'
import { errorText, lineOf } from './lines.js'
import type { Ports } from './plugin-ports.js'

export interface DoorwayDeps {
  readonly numbers: Ports
  /** The token of plugin.json as it is now. */
  readonly readToken: () => string | undefined
  readonly write: (line: string) => unknown
}

export type AtTheDoor =
  /** `token` is that of every line from now on. */
  | { readonly kind: 'proven'; readonly token: string }
  /** `text` is its `lightroom/exiting`. */
  | { readonly kind: 'older-plugin-exits'; readonly text: string }
  /** Lightroom quits before anybody was proven. */
  | { readonly kind: 'leaving' }
  | { readonly kind: 'nobody' }

const NOBODY: AtTheDoor = { kind: 'nobody' }

export class Doorway {
  readonly #bridgeNonce = randomBytes(NONCE_DIGITS / 2).toString('hex')
  #hasRefused = false

  /** Challenges at once: the plugin waits for it. */
  constructor(private readonly deps: DoorwayDeps) {
    const challenge = { kind: 'challenge', lines: LINES_VERSION, nonce: this.#bridgeNonce } as const
    deps.write(`${writeHandshake(challenge)}\n`)
  }

  /** Takes a line of somebody who is not proven. */
  take(text: string): AtTheDoor {
    const said = parseHandshake(text)
    if (said?.kind === 'leaving') return said
    // Read now: Safelight may have been set up again under a running Lightroom.
    const secret = this.deps.readToken()
    if (secret === undefined) return NOBODY
    if (said?.kind !== 'answer') return this.#takeOlder(text, secret)
    const meeting = { ...this.deps.numbers, bridgeNonce: this.#bridgeNonce, pluginNonce: said.nonce }
    if (said.lines !== LINES_VERSION || !isSameToken(proofOf(secret, 'plugin', meeting), said.proof)) {
      this.#refuseOnce()
      return NOBODY
    }
    this.deps.write(`${writeHandshake({ kind: 'proof', proof: proofOf(secret, 'bridge', meeting) })}\n`)
    return { kind: 'proven', token: proofOf(secret, 'lines', meeting) }
  }

  #takeOlder(text: string, secret: string): AtTheDoor {
    const line = parseJson(text)
    const message = isJsonObject(line) ? line['message'] : undefined
    if (!isJsonObject(line) || message === undefined) return NOBODY
    if (!isSameToken(secret, line['token'])) {
      this.#refuseOnce()
      return NOBODY
    }
    const envelope = parseEnvelope(message)
    if (envelope.kind === 'notification' && envelope.method === 'lightroom/exiting')
      return { kind: 'older-plugin-exits', text: JSON.stringify(message) }
    // It said the token itself, so saying it back tells it nothing.
    if (envelope.kind === 'request') this.deps.write(lineOf(secret, errorText(envelope.id, linesDiffer())))
    return NOBODY
  }

  /** Said without a token: the plugin sees a line that is not proven, which is just what it is told. */
  #refuseOnce(): void {
    if (this.#hasRefused) return
    this.#hasRefused = true
    this.deps.write(lineOf('', errorText(null, tokenRefused())))
  }
}
