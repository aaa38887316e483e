// Senseless, damaged and forged lines for the plugin, from a seed, so that a finding can be had again.
import { Buffer } from 'node:buffer'
import { TOKEN } from '../support/lightroom/peer.js'

/** mulberry32: small, and good enough to be senseless. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

/** What an attacker would like the plugin to believe, under every token but the right one. */
const FORGED = (token: string, id: number): string =>
  `{"token":${JSON.stringify(token)},"message":{"jsonrpc":"2.0","id":${id},"result":{"verdict":"protected","summary":"FORGED","protocol":1}}}`

const PROVEN: readonly string[] = [
  '[]',
  '{"jsonrpc":"2.0","method":"job/progress","params":{"request":{"a":1}}}',
  '{"jsonrpc":"2.0","method":"job/progress","params":[]}',
  '{"jsonrpc":"2.0","id":999999,"result":{}}',
  '{"jsonrpc":"2.0","id":999999,"error":{"code":"x"}}',
  '{"jsonrpc":"2.0","id":"é","result":null}',
  '{"jsonrpc":"2.0","id":1,"method":"photos/imported","params":{}}',
]

/** The proof is over; saying its lines again must change nothing. */
const HANDSHAKES: readonly string[] = [
  `{"safelight":"challenge","lines":2,"nonce":"${'0'.repeat(32)}"}`,
  `{"safelight":"challenge","lines":99,"nonce":"${'0'.repeat(32)}"}`,
  `{"safelight":"answer","lines":2,"nonce":"${'0'.repeat(32)}","proof":"${'0'.repeat(64)}"}`,
  `{"safelight":"proof","proof":"${'0'.repeat(64)}"}`,
]

/** One line without its newline.
 *  @param token  of the lines of this connection */
export function senselessLine(random: () => number, token: string): Buffer {
  const kind = Math.floor(random() * 7)
  const pick = (count: number): number => Math.floor(random() * count)
  if (kind === 0)
    return Buffer.from(Uint8Array.from({ length: pick(40) }, () => 1 + pick(255)).filter((byte) => byte !== 10))
  if (kind === 1) return Buffer.from(FORGED(token.slice(0, pick(64)), pick(60)))
  if (kind === 2) return Buffer.from(FORGED(Array.from(token).reverse().join(''), pick(60)))
  if (kind === 6)
    return Buffer.from(random() < 0.5 ? FORGED(TOKEN, pick(60)) : (HANDSHAKES[pick(HANDSHAKES.length)] ?? ''))
  if (kind === 3) return Buffer.from(`{"token":"${token}","message":${PROVEN[pick(PROVEN.length)] ?? ''}}`)
  const whole = Buffer.from(
    kind === 4
      ? FORGED('x', pick(60))
      : `{"token":"${token}","message":{"jsonrpc":"2.0","id":999999,"result":{"a":[1,2,{"b":"\\u00e9"}]}}}`,
  )
  for (let change = 0; change <= pick(4); change += 1) {
    const byte = pick(256)
    whole[pick(whole.length)] = byte === 10 ? 32 : byte
  }
  return whole
}
