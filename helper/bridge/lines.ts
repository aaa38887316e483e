// Lines out of a byte stream: TCP cuts and joins them as it likes. Promises that memory stays bounded whatever comes, and that bytes
// which are no UTF-8 never become text.
import { Buffer } from 'node:buffer'
import type { RequestId } from '../../shared/rpc.js'
import type { SafelightError } from '../errors.js'
import { toWireError } from '../server/wire-error.js'

export type LineEvent =
  | { readonly kind: 'line'; readonly text: string }
  | { readonly kind: 'refused'; readonly why: 'too-long' | 'not-utf-8' }

const NEWLINE = 0x0a

export class LineReader {
  #parts: Buffer[] = []
  #bytes = 0
  #isSkipping = false

  /** @param maxBytes  of one line without its newline; the rest of a longer one is skipped and it is reported once */
  constructor(private readonly maxBytes: number) {}

  /** Takes the next bytes and returns what they complete. Empty lines are nothing. */
  push(chunk: Buffer): LineEvent[] {
    const events: LineEvent[] = []
    let from = 0
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      this.#keep(chunk.subarray(from, at), events)
      this.#end(events)
      from = at + 1
    }
    this.#keep(chunk.subarray(from), events)
    return events
  }

  #keep(part: Buffer, events: LineEvent[]): void {
    if (this.#isSkipping || part.length === 0) return
    this.#bytes += part.length
    if (this.#bytes <= this.maxBytes) {
      this.#parts.push(part)
      return
    }
    this.#parts = []
    this.#isSkipping = true
    events.push({ kind: 'refused', why: 'too-long' })
  }

  #end(events: LineEvent[]): void {
    const bytes = Buffer.concat(this.#parts)
    const wasSkipping = this.#isSkipping
    this.#parts = []
    this.#bytes = 0
    this.#isSkipping = false
    if (wasSkipping || bytes.length === 0) return
    const text = decode(bytes)
    events.push(text === undefined ? { kind: 'refused', why: 'not-utf-8' } : { kind: 'line', text })
  }
}

function decode(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    if (error instanceof TypeError) return undefined
    throw error
  }
}

export function errorText(id: RequestId | null, error: SafelightError): string {
  return JSON.stringify({ jsonrpc: '2.0', id, error: toWireError(error) })
}

/** JSON has no raw line ends inside strings, so any that a message holds is blank between its parts. */
export function lineOf(token: string, messageText: string): string {
  return `{"token":"${token}","message":${messageText.replaceAll(/[\r\n]+/g, ' ')}}\n`
}
