// Between one plugin connection and the helper: has whoever listens prove that it is our plugin (doorway.ts), proves the token of every
// line after that, passes messages on as they are, and sees to it that every request of the plugin is answered, by the helper or, when that
// is away, in words. Understands `lightroom/exiting` and, to know which catalog is open, the plugin's hello.
import { parseHandshake } from '../../shared/handshake.js'
import { isJsonObject } from '../../shared/json.js'
import { isSameToken, parseEnvelope, type Envelope, type RequestId } from '../../shared/rpc.js'
import type { SafelightError } from '../errors.js'
import { tooBusy } from '../server/refusals.js'
import { parseJson } from '../parse-json.js'
import { Doorway } from './doorway.js'
import type { HelperLink } from './helper-link.js'
import { errorText, lineOf, type LineEvent } from './lines.js'
import type { PluginPorts, Ports } from './plugin-ports.js'

export interface RelayDeps {
  readonly ports: PluginPorts
  /** Their numbers, which the proof names. */
  readonly numbers: Ports
  readonly helper: HelperLink
  /** How long a request waits for a helper that is being started before it is answered HELPER_AWAY. */
  readonly holdMs: number
  /** The token of plugin.json as it is now; asked again when a proof was made with another one. */
  readonly readToken: () => string | undefined
  /** Something was said. */
  readonly onHeard: () => void
  readonly onCatalog: (catalog: string) => void
  /** The plugin said `lightroom/exiting`; `text` is that message. */
  readonly onExiting: (text: string) => void
  /** The plugin could only say that Lightroom is leaving. */
  readonly onLeaving: () => void
}

/** Requests of one Lightroom without an answer yet. */
const MAX_OPEN_REQUESTS = 256

interface Held {
  readonly id: RequestId | undefined
  readonly text: string
  readonly timer: NodeJS.Timeout
}

export class Relay {
  readonly #door: Doorway
  /** Of every line, once the plugin has proven itself. */
  #token: string | undefined
  /** Sent to the helper and not answered yet. */
  readonly #asked = new Set<RequestId>()
  readonly #held = new Set<Held>()

  constructor(private readonly deps: RelayDeps) {
    const { ports, numbers, readToken } = deps
    this.#door = new Doorway({ numbers, readToken, write: (line) => ports.write(line) })
    deps.ports.onLines((event) => this.#takeLine(event))
    deps.ports.onDrain(() => deps.helper.resumeReading())
  }

  /** A frame of the helper. */
  takeFrame(text: string): void {
    const envelope = parseEnvelope(parseJson(text))
    if ((envelope.kind === 'success' || envelope.kind === 'failure') && envelope.id !== undefined)
      this.#asked.delete(envelope.id)
    this.#write(text)
  }

  helperIsUp(): void {
    for (const held of this.#held) {
      clearTimeout(held.timer)
      this.#forward(held.id, held.text)
    }
    this.#held.clear()
  }

  /** What was asked of it may or may not have been done; the plugin asks again, which is harmless. */
  helperIsDown(): void {
    for (const id of this.#asked) this.#fail(id, this.deps.helper.problem)
    this.#asked.clear()
    if (this.deps.helper.problem.code === 'PROTOCOL_DIFFERS') for (const held of this.#held) this.#giveUp(held)
  }

  /** The connection is gone: nobody waits for these answers any more. */
  close(): void {
    for (const { timer } of this.#held) clearTimeout(timer)
    this.#held.clear()
  }

  #takeLine(event: LineEvent): void {
    this.deps.onHeard()
    if (event.kind === 'refused') return
    if (this.#token === undefined) {
      const said = this.#door.take(event.text)
      if (said.kind === 'proven') this.#token = said.token
      else if (said.kind === 'older-plugin-exits') this.deps.onExiting(said.text)
      else if (said.kind === 'leaving') this.deps.onLeaving()
      return
    }
    const line = parseJson(event.text)
    if (!isJsonObject(line)) return
    // It may not have read our proof when it quit. Every line comes by here, so only what looks like one of the proof is read as such.
    if (line['safelight'] !== undefined && parseHandshake(event.text)?.kind === 'leaving') this.deps.onLeaving()
    if (line['message'] === undefined || !isSameToken(this.#token, line['token'])) return
    this.#takeMessage(parseEnvelope(line['message']), JSON.stringify(line['message']))
  }

  #takeMessage(envelope: Envelope, text: string): void {
    const id = envelope.kind === 'request' ? envelope.id : undefined
    if (envelope.kind === 'notification' && envelope.method === 'lightroom/exiting') {
      this.deps.onExiting(text)
      return
    }
    if (envelope.kind === 'request' && envelope.method === 'session/hello' && isJsonObject(envelope.params)) {
      const { catalog } = envelope.params
      if (typeof catalog === 'string') this.deps.onCatalog(catalog)
    }
    if (this.#asked.size + this.#held.size >= MAX_OPEN_REQUESTS) this.#fail(id, tooBusy(MAX_OPEN_REQUESTS))
    else if (this.deps.helper.isUp) this.#forward(id, text)
    else this.#hold(id, text)
  }

  #forward(id: RequestId | undefined, text: string): void {
    const { helper, ports } = this.deps
    if (id !== undefined) this.#asked.add(id)
    if (!helper.send(text, () => ports.resumeReading())) ports.pauseReading()
  }

  #hold(id: RequestId | undefined, text: string): void {
    const isHopeless = this.deps.helper.problem.code === 'PROTOCOL_DIFFERS'
    const held: Held = { id, text, timer: setTimeout(() => this.#giveUp(held), isHopeless ? 0 : this.deps.holdMs) }
    this.#held.add(held)
  }

  #giveUp(held: Held): void {
    clearTimeout(held.timer)
    this.#held.delete(held)
    this.#fail(held.id, this.deps.helper.problem)
  }

  #fail(id: RequestId | undefined, error: SafelightError): void {
    if (id === undefined) return
    this.#write(errorText(id, error))
  }

  /** Nothing goes out before the other side has proven itself: it would tell a stranger on this port. */
  #write(text: string): void {
    if (this.#token === undefined) return
    if (!this.deps.ports.write(lineOf(this.#token, text))) this.deps.helper.pauseReading()
  }
}
