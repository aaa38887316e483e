// JSON as RFC 8259 has it, by the same code in Node and in Lightroom's Lua 5.1, so that the two can never disagree about a line. It owns
// text ⇄ value and nothing of what the values mean. It promises: never throws; refuses what is not JSON, what is nested too deep, what is
// not well-formed Unicode (a lone surrogate, in Lua a byte sequence that is not UTF-8) and numbers that overflow; writes equal values as
// equal bytes (names sorted, no white space). In Lua strings are bytes, `null` cannot be held by a table and an empty list looks like an
// empty object; the two exports JSON_NULL and emptyList() are how this file keeps them apart there.
// Long on purpose: reading and writing share what a string, a number and a name may be, and each Lua bundle takes it in once.

/** Deeper nesting is refused in both directions: no message of ours comes near it, and Lua's stack is small. */
export const MAX_JSON_DEPTH = 100

export type JsonOutcome<T> =
  | { readonly ok: true; readonly value: T }
  /** `problem` in plain English; `at` counts characters in Node, bytes in Lua, from 0. */
  | { readonly ok: false; readonly problem: string; readonly at: number }

/** A function type by name: in the translation to Lua that keeps it a plain function. */
export type Breathe = () => void

export interface JsonLimits {
  readonly maxDepth?: number
  /** Called every few thousand steps of a long text; the plugin yields in it so that Lightroom does not stand still. */
  readonly breathe?: Breathe
}

/** In Lua a string is its UTF-8 bytes. */
const STRINGS_ARE_BYTES = 'é'.length === 2

/** What `null` is read as and written from: `null` itself in Node, one particular table in Lua, where a table cannot hold nil. */
export const JSON_NULL: unknown = STRINGS_ARE_BYTES ? { null: true } : null

/** In Lua only these tables are written as `[]`; every other empty table is `{}`. */
const emptyLists = new WeakSet<object>()

/** A list that is written as `[]` in Lua too. Do not append to it. */
export function emptyList(): readonly never[] {
  const list: never[] = []
  emptyLists.add(list)
  return list
}

/** Reads one JSON value; white space may surround it, nothing else. */
export function decodeJson(text: string, limits: JsonLimits = {}): JsonOutcome<unknown> {
  const reader: Reader = {
    text,
    end: text.length,
    at: 0,
    depth: 0,
    maxDepth: limits.maxDepth ?? MAX_JSON_DEPTH,
    problem: '',
    breathe: limits.breathe,
    breathAt: BREATH,
  }
  skipSpace(reader)
  const value = readValue(reader)
  if (reader.problem === '') {
    skipSpace(reader)
    if (reader.at < reader.end) fail(reader, 'something follows the value')
  }
  if (reader.problem !== '') return { ok: false, problem: reader.problem, at: reader.at }
  return { ok: true, value }
}

/** Writes a value without white space, names sorted by code point; members that are undefined are left out.
 *  Refuses what JSON cannot hold: functions, NaN and infinities, undefined in a list, strings that are not well-formed. */
export function encodeJson(value: unknown, limits: JsonLimits = {}): JsonOutcome<string> {
  const writer: Writer = {
    parts: [],
    depth: 0,
    maxDepth: limits.maxDepth ?? MAX_JSON_DEPTH,
    problem: '',
    breathe: limits.breathe,
    steps: 0,
  }
  writeValue(writer, value)
  if (writer.problem !== '') return { ok: false, problem: writer.problem, at: 0 }
  return { ok: true, value: writer.parts.join('') }
}

/** Whether every character can be sent: no lone surrogate in Node, valid UTF-8 in Lua. A file name may fail this. */
export function isWellFormed(text: string): boolean {
  let at = 0
  const end = text.length
  while (at < end) {
    const width = characterWidth(text, at, text.charCodeAt(at))
    if (width === 0) return false
    at += width
  }
  return true
}

/** Whether a decoded value is an object whose members may be asked for; lists and JSON_NULL are not. */
export function isJsonObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && value !== JSON_NULL && !isList(value)
}

// ---------------------------------------------------------------- reading

const BREATH = 16_384

interface Reader {
  readonly text: string
  readonly end: number
  at: number
  depth: number
  readonly maxDepth: number
  problem: string
  readonly breathe: Breathe | undefined
  breathAt: number
}

const QUOTE = 34
const COMMA = 44
const MINUS = 45
const POINT = 46
const ZERO = 48
const NINE = 57
const COLON = 58
const BACKSLASH = 92
const OPEN_LIST = 91
const CLOSE_LIST = 93
const OPEN_OBJECT = 123
const CLOSE_OBJECT = 125

/** Notes the first problem; every caller above then returns at once. */
function fail(reader: Reader, problem: string): null {
  if (reader.problem === '') reader.problem = problem
  return null
}

/** The code at the reading position, or -1 at the end. */
function codeHere(reader: Reader): number {
  return reader.at < reader.end ? reader.text.charCodeAt(reader.at) : -1
}

function skipSpace(reader: Reader): void {
  const { text, end } = reader
  let at = reader.at
  while (at < end) {
    const code = text.charCodeAt(at)
    if (code !== 32 && code !== 10 && code !== 13 && code !== 9) break
    at += 1
    if (at >= reader.breathAt) breathe(reader, at)
  }
  reader.at = at
}

function breathe(reader: Reader, at: number): void {
  reader.breathAt = at + BREATH
  if (reader.breathe !== undefined) reader.breathe()
}

function readValue(reader: Reader): unknown {
  if (reader.at >= reader.breathAt) breathe(reader, reader.at)
  const code = codeHere(reader)
  if (code === QUOTE) return readString(reader)
  if (code === OPEN_OBJECT) return readNested(reader, readObject)
  if (code === OPEN_LIST) return readNested(reader, readList)
  if (code === MINUS || (code >= ZERO && code <= NINE)) return readNumber(reader)
  if (code === 116) return readWord(reader, 'true', true)
  if (code === 102) return readWord(reader, 'false', false)
  if (code === 110) return readWord(reader, 'null', JSON_NULL)
  return fail(reader, code === -1 ? 'the text ends where a value should stand' : 'a value should stand here')
}

function readWord(reader: Reader, word: string, value: unknown): unknown {
  if (reader.text.substring(reader.at, reader.at + word.length) !== word)
    return fail(reader, `"${word}" should stand here`)
  reader.at += word.length
  return value
}

function readNested(reader: Reader, read: (reader: Reader) => unknown): unknown {
  if (reader.depth >= reader.maxDepth) return fail(reader, `nested deeper than ${reader.maxDepth}`)
  reader.depth += 1
  reader.at += 1
  skipSpace(reader)
  const value = read(reader)
  reader.depth -= 1
  return value
}

function readList(reader: Reader): unknown {
  const list: unknown[] = []
  if (codeHere(reader) === CLOSE_LIST) {
    reader.at += 1
    return emptyList()
  }
  for (;;) {
    const value = readValue(reader)
    if (reader.problem !== '') return null
    list.push(value)
    if (!readSeparator(reader, CLOSE_LIST)) return finished(reader, list)
  }
}

function readObject(reader: Reader): unknown {
  let object: Record<string, unknown> = {}
  if (codeHere(reader) === CLOSE_OBJECT) {
    reader.at += 1
    return object
  }
  for (;;) {
    if (codeHere(reader) !== QUOTE) return fail(reader, 'a name in quotes should stand here')
    const name = readString(reader)
    if (name === null) return null
    skipSpace(reader)
    if (codeHere(reader) !== COLON) return fail(reader, 'a colon should stand here')
    reader.at += 1
    skipSpace(reader)
    const value = readValue(reader)
    if (reader.problem !== '') return null
    // Assigning to this one name would change the object's prototype in Node instead of adding a member.
    if (name === '__proto__') object = Object.fromEntries([...Object.entries(object), [name, value]])
    else object[name] = value
    if (!readSeparator(reader, CLOSE_OBJECT)) return finished(reader, object)
    if (codeHere(reader) === CLOSE_OBJECT) return fail(reader, 'a name in quotes should stand here')
  }
}

/** After a value in a list or object: true when a comma says that another follows, false at the closing bracket or a problem. */
function readSeparator(reader: Reader, close: number): boolean {
  skipSpace(reader)
  const code = codeHere(reader)
  if (code === COMMA) {
    reader.at += 1
    skipSpace(reader)
    return true
  }
  if (code === close) reader.at += 1
  else fail(reader, 'a comma or the closing bracket should stand here')
  return false
}

/** The value, unless something was found wrong on the way. */
function finished(reader: Reader, value: object): object | null {
  return reader.problem === '' ? value : null
}

function readString(reader: Reader): string | null {
  const { text, end } = reader
  const parts: string[] = []
  let at = reader.at + 1
  let from = at
  while (at < end) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) {
      reader.at = at + 1
      const last = text.substring(from, at)
      if (parts.length === 0) return last
      parts.push(last)
      return parts.join('')
    }
    if (code === BACKSLASH) {
      parts.push(text.substring(from, at))
      reader.at = at
      const character = readEscape(reader)
      if (character === null) return null
      parts.push(character)
      at = reader.at
      from = at
    } else if (code < 32) {
      reader.at = at
      return fail(reader, 'a control character stands unescaped in a string')
    } else if (code < 128) {
      at += 1
    } else {
      const width = characterWidth(text, at, code)
      if (width === 0) {
        reader.at = at
        return fail(reader, 'the text is not well-formed Unicode')
      }
      at += width
    }
    if (at >= reader.breathAt) breathe(reader, at)
  }
  reader.at = end
  return fail(reader, 'the text ends inside a string')
}

const ESCAPED: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
}

function readEscape(reader: Reader): string | null {
  const letter = reader.text.charAt(reader.at + 1)
  if (letter !== 'u') {
    const character = ESCAPED[letter]
    if (character === undefined) return fail(reader, 'an escape that JSON does not know')
    reader.at += 2
    return character
  }
  const first = readHex(reader)
  if (first === null) return null
  if (first < 0xd800 || first > 0xdfff) return characterOf(first)
  if (first > 0xdbff || reader.text.substring(reader.at, reader.at + 2) !== '\\u')
    return fail(reader, 'a lone surrogate')
  const second = readHex(reader)
  if (second === null) return null
  if (second < 0xdc00 || second > 0xdfff) return fail(reader, 'a lone surrogate')
  return characterOf(0x10000 + (first - 0xd800) * 0x400 + (second - 0xdc00))
}

/** The four hexadecimal digits after `\u` at the reading position, which moves past them. */
function readHex(reader: Reader): number | null {
  let value = 0
  for (let offset = 2; offset < 6; offset += 1) {
    const digit = reader.at + offset < reader.end ? hexDigit(reader.text.charCodeAt(reader.at + offset)) : -1
    if (digit < 0) return fail(reader, 'four hexadecimal digits should follow \\u')
    value = value * 16 + digit
  }
  reader.at += 6
  return value
}

function hexDigit(code: number): number {
  if (code >= ZERO && code <= NINE) return code - ZERO
  if (code >= 65 && code <= 70) return code - 55
  if (code >= 97 && code <= 102) return code - 87
  return -1
}

function characterOf(codePoint: number): string {
  if (codePoint < 0x80) return String.fromCharCode(codePoint)
  if (!STRINGS_ARE_BYTES) {
    if (codePoint < 0x10000) return String.fromCharCode(codePoint)
    const above = codePoint - 0x10000
    return String.fromCharCode(0xd800 + Math.floor(above / 0x400), 0xdc00 + (above % 0x400))
  }
  const last = 0x80 + (codePoint % 64)
  const rest = Math.floor(codePoint / 64)
  if (codePoint < 0x800) return String.fromCharCode(0xc0 + rest, last)
  const third = 0x80 + (rest % 64)
  const top = Math.floor(rest / 64)
  if (codePoint < 0x10000) return String.fromCharCode(0xe0 + top, third, last)
  return String.fromCharCode(0xf0 + Math.floor(top / 64), 0x80 + (top % 64), third, last)
}

/** How many units (bytes in Lua) the character at `at` takes, 0 when it is not well-formed. `code` is the unit at `at`. */
function characterWidth(text: string, at: number, code: number): number {
  if (code < 128) return 1
  if (!STRINGS_ARE_BYTES) {
    if (code < 0xd800 || code > 0xdfff) return 1
    if (code > 0xdbff) return 0
    const second = at + 1 < text.length ? text.charCodeAt(at + 1) : 0
    return second >= 0xdc00 && second <= 0xdfff ? 2 : 0
  }
  // RFC 3629, section 4: no overlong form, no surrogate, nothing above U+10FFFF.
  if (code < 0xc2 || code > 0xf4) return 0
  const width = code < 0xe0 ? 2 : code < 0xf0 ? 3 : 4
  if (at + width > text.length) return 0
  const second = text.charCodeAt(at + 1)
  const lowest = code === 0xe0 ? 0xa0 : code === 0xf0 ? 0x90 : 0x80
  const highest = code === 0xed ? 0x9f : code === 0xf4 ? 0x8f : 0xbf
  if (second < lowest || second > highest) return 0
  for (let offset = 2; offset < width; offset += 1) {
    const next = text.charCodeAt(at + offset)
    if (next < 0x80 || next > 0xbf) return 0
  }
  return width
}

/** Digits are gathered by hand: exact for every number of ours, and Lua's own conversion follows the locale's decimal sign. */
function readNumber(reader: Reader): unknown {
  const start = reader.at
  const isNegative = codeHere(reader) === MINUS
  if (isNegative) reader.at += 1
  const integerAt = reader.at
  let mantissa = readDigits(reader, 0)
  const integerDigits = reader.at - integerAt
  if (integerDigits === 0) return fail(reader, 'a digit should stand here')
  if (integerDigits > 1 && reader.text.charCodeAt(integerAt) === ZERO)
    return fail(reader, 'a number begins with a zero')
  let exponent = 0
  let digits = integerDigits
  if (codeHere(reader) === POINT) {
    reader.at += 1
    const fractionAt = reader.at
    mantissa = readDigits(reader, mantissa)
    exponent = fractionAt - reader.at
    if (exponent === 0) return fail(reader, 'a digit should follow the point')
    digits -= exponent
  }
  const letter = codeHere(reader)
  if (letter === 69 || letter === 101) {
    reader.at += 1
    const sign = codeHere(reader)
    if (sign === MINUS || sign === 43) reader.at += 1
    const exponentAt = reader.at
    const size = readDigits(reader, 0)
    if (reader.at === exponentAt) return fail(reader, 'a digit should follow the exponent')
    exponent += sign === MINUS ? -size : size
  }
  // Up to 15 digits and a power of ten up to 22 are exact in a double, so one multiplication or division rounds correctly.
  const isExact = digits <= 15 && exponent >= -22 && exponent <= 22
  const size = isExact
    ? exponent < 0
      ? mantissa / 10 ** -exponent
      : mantissa * 10 ** exponent
    : Number(reader.text.substring(integerAt, reader.at))
  if (size - size !== 0) {
    reader.at = start
    return fail(reader, 'a number too large')
  }
  return isNegative ? -size : size
}

function readDigits(reader: Reader, before: number): number {
  const { text, end } = reader
  let value = before
  let at = reader.at
  while (at < end) {
    const code = text.charCodeAt(at)
    if (code < ZERO || code > NINE) break
    value = value * 10 + (code - ZERO)
    at += 1
    if (at >= reader.breathAt) breathe(reader, at)
  }
  reader.at = at
  return value
}

// ---------------------------------------------------------------- writing

interface Writer {
  readonly parts: string[]
  depth: number
  readonly maxDepth: number
  problem: string
  readonly breathe: Breathe | undefined
  steps: number
}

function writeValue(writer: Writer, value: unknown): void {
  if (value === JSON_NULL || value === null) writer.parts.push('null')
  else if (typeof value === 'string') writeString(writer, value)
  else if (typeof value === 'number') writeNumber(writer, value)
  else if (value === true) writer.parts.push('true')
  else if (value === false) writer.parts.push('false')
  else if (typeof value === 'object') writeNested(writer, value)
  else writer.problem = `a ${typeof value} cannot be written as JSON`
}

function writeNested(writer: Writer, value: object): void {
  if (writer.depth >= writer.maxDepth) {
    writer.problem = `nested deeper than ${writer.maxDepth}`
    return
  }
  writer.depth += 1
  if (isList(value)) writeList(writer, value)
  else writeObject(writer, value as Record<string, unknown>)
  writer.depth -= 1
}

function isList(value: object): value is readonly unknown[] {
  return Array.isArray(value) && (!STRINGS_ARE_BYTES || value.length > 0 || emptyLists.has(value))
}

function writeList(writer: Writer, list: readonly unknown[]): void {
  writer.parts.push('[')
  for (let index = 0; index < list.length; index += 1) {
    if (index > 0) writer.parts.push(',')
    writeValue(writer, list[index])
    if (writer.problem !== '') return
  }
  writer.parts.push(']')
}

function writeObject(writer: Writer, object: Record<string, unknown>): void {
  const names: string[] = []
  for (const name of Object.keys(object)) {
    if (typeof name !== 'string') {
      writer.problem = 'a list with a gap cannot be written as JSON'
      return
    }
    if (object[name] !== undefined) names.push(name)
  }
  // An arrow: Lua's translation of sort calls a named function with one argument more.
  names.sort((one, other) => compareByCodePoint(one, other))
  writer.parts.push('{')
  for (let index = 0; index < names.length; index += 1) {
    const name = names[index] ?? ''
    if (index > 0) writer.parts.push(',')
    writeString(writer, name)
    writer.parts.push(':')
    writeValue(writer, object[name])
    if (writer.problem !== '') return
  }
  writer.parts.push('}')
}

/** The order of UTF-8 bytes, which is the order of code points; UTF-16 units would put U+10000 before U+E000. */
function compareByCodePoint(one: string, other: string): number {
  const shared = Math.min(one.length, other.length)
  for (let at = 0; at < shared; at += 1) {
    const a = one.charCodeAt(at)
    const b = other.charCodeAt(at)
    if (a !== b) return orderOf(a) - orderOf(b)
  }
  return one.length - other.length
}

function orderOf(unit: number): number {
  if (unit < 0xd800) return unit
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800
}

const SHORT_ESCAPES: Readonly<Record<number, string>> = {
  8: '\\b',
  9: '\\t',
  10: '\\n',
  12: '\\f',
  13: '\\r',
  34: '\\"',
  92: '\\\\',
}

function writeString(writer: Writer, text: string): void {
  const { parts } = writer
  const end = text.length
  let at = 0
  let from = 0
  parts.push('"')
  while (at < end) {
    const code = text.charCodeAt(at)
    if (code < 32 || code === QUOTE || code === BACKSLASH) {
      if (at > from) parts.push(text.substring(from, at))
      parts.push(SHORT_ESCAPES[code] ?? `\\u00${code < 16 ? '0' : '1'}${'0123456789abcdef'.charAt(code % 16)}`)
      at += 1
      from = at
    } else if (code < 128) {
      at += 1
    } else {
      const width = characterWidth(text, at, code)
      if (width === 0) {
        writer.problem = 'a string is not well-formed Unicode'
        return
      }
      at += width
    }
    writer.steps += 1
    if (writer.steps % BREATH === 0 && writer.breathe !== undefined) writer.breathe()
  }
  parts.push(from === 0 ? text : text.substring(from, end))
  parts.push('"')
}

function writeNumber(writer: Writer, value: number): void {
  if (value - value !== 0) {
    writer.problem = 'NaN and infinities cannot be written as JSON'
    return
  }
  if (value < 0) writer.parts.push('-')
  const size = value < 0 ? -value : value
  // Lua prints numbers from 1e15 with an exponent and fourteen digits, so long integers are written in two halves.
  if (size < 1e14 && size % 1 === 0) writer.parts.push(size === 0 ? '0' : `${size}`)
  else if (size <= 9007199254740992 && size % 1 === 0) {
    const low = size % 1e7
    writer.parts.push(`${(size - low) / 1e7}${`${1e7 + low}`.substring(1)}`)
  } else writer.parts.push(scientific(size))
}

type FormatNumber = (pattern: string, value: number) => string
interface LuaStringLibrary {
  readonly format: FormatNumber
}
/** Lua's own library; in Node there is no such global. */
declare const string: LuaStringLibrary | undefined

/** The fewest of 15, 16 or 17 digits that read back as the same number, laid out as JavaScript lays numbers out. */
function scientific(size: number): string {
  const text = exponentForm(size, MANY_DIGITS - 1)
  const letterAt = text.indexOf('e')
  // The character after the first digit is the decimal sign, which in Lua follows the locale.
  const many = text.charAt(0) + text.substring(2, letterAt)
  const manyExponent = Number(text.substring(letterAt + 1))
  let digits = ''
  let exponent = manyExponent
  for (let count = 15; count <= 17; count += 1) {
    digits = rounded(many, count)
    exponent = digits.length > count ? manyExponent + 1 : manyExponent
    digits = digits.substring(0, count)
    if (Number(`${digits}e${exponent - count + 1}`) === size) break
  }
  let kept = digits.length
  while (kept > 1 && digits.charCodeAt(kept - 1) === ZERO) kept -= 1
  digits = digits.substring(0, kept)
  if (exponent >= 0 && exponent < 21) {
    if (kept <= exponent + 1) return digits + zeros(exponent + 1 - kept)
    return `${digits.substring(0, exponent + 1)}.${digits.substring(exponent + 1)}`
  }
  if (exponent < 0 && exponent >= -7) return `0.${zeros(-exponent - 1)}${digits}`
  const mantissa = kept === 1 ? digits : `${digits.charAt(0)}.${digits.substring(1)}`
  return `${mantissa}e${exponent < 0 ? '-' : '+'}${exponent < 0 ? -exponent : exponent}`
}

/** Enough that rounding them by hand is exact. C rounds a tie to the even digit and JavaScript up, so neither is asked to. */
const MANY_DIGITS = 30

/** The first `count` of the digits, rounded half up; one digit longer when a carry ran out at the front. */
function rounded(digits: string, count: number): string {
  if (digits.charCodeAt(count) < ZERO + 5) return digits.substring(0, count)
  let at = count - 1
  while (at >= 0 && digits.charCodeAt(at) === NINE) at -= 1
  if (at < 0) return `1${zeros(count)}`
  return digits.substring(0, at) + String.fromCharCode(digits.charCodeAt(at) + 1) + zeros(count - 1 - at)
}

function zeros(count: number): string {
  return '000000000000000000000000'.substring(0, count)
}

function exponentForm(size: number, decimals: number): string {
  if (typeof string !== 'undefined') return string.format(`%.${decimals}e`, size)
  // Asked for by name: the translator to Lua refuses the method on a number, and this line never runs there.
  return (size as unknown as { toExponential: (decimals: number) => string }).toExponential(decimals)
}
