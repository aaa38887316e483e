// chain.jsonl: one line per sealed manifest generation at a place, each carrying the hash of the line before it. A manifest that was
// altered, a removed line and a removed generation all break it; the journal remembers the newest line, so cutting off the end does too.
import path from 'node:path'
import { z } from 'zod'
import { appendLines, readWhole, type DurableFiles } from '../files/durable.js'
import { hashBytes, type HashEngine } from '../files/hash.js'
import type { Hash } from '../model.js'
import { parseJson } from '../parse-json.js'
import { isSafeRelativePath } from './manifest.js'

export const CHAIN_FILE = 'chain.jsonl'

const hash = z.string().regex(/^[0-9a-f]{64}$/)

const ChainLine = z.strictObject({
  n: z.int().min(1),
  at: z.iso.datetime(),
  /** Below `Photos/`, and nowhere else. */
  folder: z.string().refine(isSafeRelativePath),
  generation: z.int().min(1),
  files: z.int().min(0),
  manifestHash: hash,
  /** Length and hash of the shoot's log at that moment: nothing before that point may change any more. */
  logBytes: z.int().min(0),
  logHash: hash,
  /** Hash of the line before, without its newline; '' for the first. */
  previous: hash.or(z.literal('')),
})

export type ChainLine = z.infer<typeof ChainLine>

export interface Chain {
  readonly lines: readonly ChainLine[]
  /** Hash of each line's text. */
  readonly hashes: readonly Hash[]
  /** What is wrong with it, in words; empty when every line follows from the one before. */
  readonly breaks: readonly string[]
  /** Where a write begins that lost its power half-way; the next seal cuts it off. */
  readonly cutAtBytes?: number
}

export const EMPTY_CHAIN: Chain = { lines: [], hashes: [], breaks: [] }

/** Pure: the chain of this text. A last line that a crash cut off was never acknowledged and is passed over; so is everything from a line
 *  with zeros on, which is what a file shows that grew when the power failed before its bytes arrived. Whoever writes zeros over lines to hide
 *  them has cut them off, and that the journal notices (holdsHead). */
export function parseChain(text: string, engine: HashEngine): Chain {
  const lines: ChainLine[] = []
  const hashes: Hash[] = []
  const breaks: string[] = []
  const zeros = text.indexOf('\0')
  const whole = zeros < 0 ? text : text.slice(0, text.lastIndexOf('\n', zeros) + 1)
  whole
    .split('\n')
    .slice(0, -1)
    .forEach((line, index) => {
      const parsed = ChainLine.safeParse(parseJson(line)).data
      if (!parsed) {
        breaks.push(`line ${index + 1} cannot be read`)
        return
      }
      const expected = lines.length + 1
      if (parsed.n !== expected)
        breaks.push(`line ${index + 1} says it is number ${parsed.n} where ${expected} should follow`)
      if (parsed.previous !== (hashes.at(-1) ?? ''))
        breaks.push(`line ${index + 1} does not follow from the line before it`)
      lines.push(parsed)
      hashes.push(hashBytes(engine, Buffer.from(line, 'utf8')))
    })
  return { lines, hashes, breaks, ...(zeros < 0 ? {} : { cutAtBytes: Buffer.byteLength(whole) }) }
}

/** Whether the chain still holds the newest line that the journal knows of.
 *  @param length  number of lines known; 0 when none is */
export function holdsHead(chain: Chain, length: number, head: Hash): boolean {
  return length === 0 || chain.hashes[length - 1] === head
}

/** The newest line about each folder. */
export function newestByFolder(chain: Chain): Map<string, ChainLine> {
  return new Map(chain.lines.map((line) => [line.folder, line]))
}

export function readChain(files: DurableFiles, root: string, engine: HashEngine): Chain {
  const file = path.join(root, CHAIN_FILE)
  const kind = files.stat(file)?.kind
  if (kind === undefined) return EMPTY_CHAIN
  if (kind !== 'file') return { ...EMPTY_CHAIN, breaks: ['it is no file'] }
  return parseChain(readWhole(files, file).toString('utf8'), engine)
}

/** Pure: the lines that follow, linked. @returns their texts, and the hash of the last */
export function linkLines(
  chain: Chain,
  entries: readonly Omit<ChainLine, 'n' | 'previous'>[],
  engine: HashEngine,
): { texts: string[]; head: Hash; length: number } {
  let head = chain.hashes.at(-1) ?? ''
  let length = chain.lines.length
  const texts = entries.map((entry) => {
    length += 1
    const text = JSON.stringify({ n: length, ...entry, previous: head } satisfies ChainLine)
    head = hashBytes(engine, Buffer.from(text, 'utf8'))
    return text
  })
  return { texts, head, length }
}

/** @param chain  as it was read: what lost its power behind it goes */
export function appendToChain(files: DurableFiles, root: string, chain: Chain, texts: readonly string[]): void {
  appendLines(files, path.join(root, CHAIN_FILE), texts, true, chain.cutAtBytes)
}
