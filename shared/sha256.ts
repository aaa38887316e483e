// SHA-256 and HMAC over text of one byte per character, in plain arithmetic: Lua 5.1 has no operators for bits and Lightroom's own digests
// are not documented well enough to trust a secret to them. Slow (some sixty thousand Lua steps a block of 64 bytes) and meant for a handful
// of short texts: `breathe` is called after every block. The same result in Node and in Lua.

/** @noSelf */
export interface DigestLimits {
  /** Called between blocks, so that Lightroom gets its turn. */
  readonly breathe?: () => void
}

const BLOCK_BYTES = 64
const WORD = 4294967296

const ROUND_CONSTANTS: readonly number[] = [
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98,
  0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
  0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8,
  0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
  0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819,
  0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
  0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
  0xc67178f2,
]

const INITIAL: readonly number[] = [
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
]

/** `AND[16 * a + b]` for two values of four bits. */
const AND: readonly number[] = andTable()

/** @param text  characters up to 255, one byte each  @returns 64 lower-case hex digits */
export function sha256(text: string, limits: DigestLimits = {}): string {
  return hexOf(digest(bytesOf(text), limits))
}

/** @param key  at most 64 characters up to 255  @returns 64 lower-case hex digits */
export function hmacSha256(key: string, text: string, limits: DigestLimits = {}): string {
  const padded = bytesOf(key)
  while (padded.length < BLOCK_BYTES) padded.push(0)
  const inner = digest([...padded.map((byte) => xor(byte, 0x36)), ...bytesOf(text)], limits)
  return hexOf(digest([...padded.map((byte) => xor(byte, 0x5c)), ...bytesOfWords(inner)], limits))
}

function digest(bytes: number[], { breathe }: DigestLimits): readonly number[] {
  const message = padded(bytes)
  let state = INITIAL
  for (let at = 0; at < message.length; at += BLOCK_BYTES) {
    state = compress(state, message, at)
    breathe?.()
  }
  return state
}

/** A one bit, zeros, and the length in bits as 64 bits, of which ours need 32. */
function padded(bytes: number[]): readonly number[] {
  const message = [...bytes, 0x80]
  while (message.length % BLOCK_BYTES !== BLOCK_BYTES - 8) message.push(0)
  message.push(0, 0, 0, 0, ...bytesOfWords([bytes.length * 8]))
  return message
}

function compress(state: readonly number[], message: readonly number[], at: number): readonly number[] {
  const schedule = scheduleOf(message, at)
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state
  for (let round = 0; round < 64; round += 1) {
    const sigma1 = xor(xor(rotated(e, 6), rotated(e, 11)), rotated(e, 25))
    const choice = xor(g, and(e, xor(f, g)))
    const one = (h + sigma1 + choice + (ROUND_CONSTANTS[round] ?? 0) + (schedule[round] ?? 0)) % WORD
    const sigma0 = xor(xor(rotated(a, 2), rotated(a, 13)), rotated(a, 22))
    const majority = and(a, b) + and(c, xor(a, b))
    h = g
    g = f
    f = e
    e = (d + one) % WORD
    d = c
    c = b
    b = a
    a = (one + sigma0 + majority) % WORD
  }
  return [a, b, c, d, e, f, g, h].map((word, index) => (word + (state[index] ?? 0)) % WORD)
}

function scheduleOf(message: readonly number[], at: number): readonly number[] {
  const words: number[] = []
  for (let index = 0; index < 16; index += 1) {
    let word = 0
    for (let byte = 0; byte < 4; byte += 1) word = word * 256 + (message[at + 4 * index + byte] ?? 0)
    words.push(word)
  }
  for (let index = 16; index < 64; index += 1) {
    const early = words[index - 15] ?? 0
    const late = words[index - 2] ?? 0
    const sigma0 = xor(xor(rotated(early, 7), rotated(early, 18)), shifted(early, 3))
    const sigma1 = xor(xor(rotated(late, 17), rotated(late, 19)), shifted(late, 10))
    words.push(((words[index - 16] ?? 0) + sigma0 + (words[index - 7] ?? 0) + sigma1) % WORD)
  }
  return words
}

function and(one: number, other: number): number {
  let result = 0
  let place = 1
  while (one > 0 && other > 0) {
    const low = one % 16
    const otherLow = other % 16
    result += (AND[16 * low + otherLow] ?? 0) * place
    one = (one - low) / 16
    other = (other - otherLow) / 16
    place *= 16
  }
  return result
}

/** What is set in one of them is their sum less twice what is set in both. */
function xor(one: number, other: number): number {
  return one + other - 2 * and(one, other)
}

function shifted(word: number, bits: number): number {
  return (word - (word % 2 ** bits)) / 2 ** bits
}

function rotated(word: number, bits: number): number {
  return shifted(word, bits) + (word % 2 ** bits) * 2 ** (32 - bits)
}

function andTable(): number[] {
  const table: number[] = []
  for (let one = 0; one < 16; one += 1)
    for (let other = 0; other < 16; other += 1) {
      let result = 0
      for (let bit = 1; bit < 16; bit *= 2)
        if (Math.floor(one / bit) % 2 === 1 && Math.floor(other / bit) % 2 === 1) result += bit
      table.push(result)
    }
  return table
}

function bytesOf(text: string): number[] {
  const bytes: number[] = []
  for (let at = 0; at < text.length; at += 1) bytes.push(text.charCodeAt(at))
  return bytes
}

function bytesOfWords(words: readonly number[]): number[] {
  const bytes: number[] = []
  for (const word of words) for (let shift = 24; shift >= 0; shift -= 8) bytes.push(Math.floor(word / 2 ** shift) % 256)
  return bytes
}

function hexOf(words: readonly number[]): string {
  return bytesOfWords(words)
    .map((byte) => `${DIGITS.charAt(Math.floor(byte / 16))}${DIGITS.charAt(byte % 16)}`)
    .join('')
}

const DIGITS = '0123456789abcdef'
