// A TIFF, or a DNG, which is one: pictures lie in strips or tiles that its directories point to. Directories of previews and thumbnails are
// left out, because programs draw those anew; of the others the bytes and the tags that are needed to read them are the picture.
import { NotUnderstood, NumberReader, type ByteSource } from './byte-source.js'
import type { PictureData, Range } from './picture.js'

const MOST_DIRECTORIES = 64
const MOST_ENTRIES = 4096
/** Strips and tiles of one file, all directories together. */
const MOST_RANGES = 200_000

const TYPE_BYTES: Readonly<Record<number, number>> = { 1: 1, 2: 1, 3: 2, 4: 4, 6: 1, 7: 1, 8: 2, 9: 4, 13: 4 }

const TAG = {
  subfileType: 254,
  photometric: 262,
  stripOffsets: 273,
  stripCounts: 279,
  tileOffsets: 324,
  tileCounts: 325,
  subDirectories: 330,
  jpegTables: 347,
  jpegOffset: 513,
  jpegLength: 514,
  dngVersion: 50706,
} as const

/** Size, depth, compression, layout of samples, strips and tiles, the pattern of the colour filters. */
const NEEDED: ReadonlySet<number> = new Set([
  256, 257, 258, 259, 262, 277, 278, 284, 317, 322, 323, 338, 339, 33421, 33422,
])

interface Entry {
  readonly type: number
  readonly count: number
  /** Where its values lie. */
  readonly at: number
}

export function locateTiff(source: ByteSource, isLittle: boolean): PictureData {
  const numbers = new NumberReader(source, isLittle)
  const waiting = [numbers.at(4, 4)]
  const seen = new Set<number>()
  const ranges: Range[] = []
  const marks: string[] = []
  let isDng = false
  for (let directory = waiting.shift(); directory !== undefined; directory = waiting.shift()) {
    if (directory === 0 || seen.has(directory)) continue
    if (seen.size >= MOST_DIRECTORIES) throw new NotUnderstood('it has more pictures in it than any file')
    seen.add(directory)
    const { entries, next } = readDirectory(numbers, directory)
    if (seen.size === 1) isDng = entries.has(TAG.dngVersion)
    waiting.push(...valuesOf(numbers, entries.get(TAG.subDirectories), MOST_DIRECTORIES), next)
    const [subfileType = 0] = valuesOf(numbers, entries.get(TAG.subfileType), 1)
    if ((subfileType & 1) !== 0) continue
    const found = rangesOf(numbers, entries)
    if (found.length === 0) continue
    if (ranges.length + found.length > MOST_RANGES) throw new NotUnderstood('it has more strips than any file')
    ranges.push(...found)
    marks.push(marksOf(numbers, entries))
  }
  return {
    container: isDng ? 'dng' : 'tiff',
    marks: marks.join('\n'),
    ranges,
    isWhole: ranges.every(({ end }) => end <= source.sizeBytes),
  }
}

function readDirectory(
  numbers: NumberReader,
  at: number,
): { readonly entries: Map<number, Entry>; readonly next: number } {
  const count = numbers.at(at, 2)
  if (count > MOST_ENTRIES) throw new NotUnderstood('one of its directories is longer than any')
  const entries = new Map<number, Entry>()
  for (let index = 0; index < count; index++) {
    const entry = at + 2 + index * 12
    const type = numbers.at(entry + 2, 2)
    const values = numbers.at(entry + 4, 4)
    const bytes = (TYPE_BYTES[type] ?? 0) * values
    entries.set(numbers.at(entry, 2), { type, count: values, at: bytes <= 4 ? entry + 8 : numbers.at(entry + 8, 4) })
  }
  const after = at + 2 + count * 12
  return { entries, next: after + 4 <= numbers.source.sizeBytes ? numbers.at(after, 4) : 0 }
}

/** Whole numbers only; of other types there are none. */
function valuesOf(numbers: NumberReader, entry: Entry | undefined, most: number): number[] {
  const bytes = TYPE_BYTES[entry?.type ?? 0]
  if (entry === undefined || bytes === undefined) return []
  if (entry.count > most || entry.at + entry.count * bytes > numbers.source.sizeBytes)
    throw new NotUnderstood('one of its tables is longer than the file')
  return Array.from({ length: entry.count }, (_, index) => numbers.at(entry.at + index * bytes, bytes))
}

function rangesOf(numbers: NumberReader, entries: ReadonlyMap<number, Entry>): Range[] {
  for (const [offsets, counts] of [
    [TAG.tileOffsets, TAG.tileCounts],
    [TAG.stripOffsets, TAG.stripCounts],
    [TAG.jpegOffset, TAG.jpegLength],
  ] as const) {
    const starts = valuesOf(numbers, entries.get(offsets), MOST_RANGES)
    const sizes = valuesOf(numbers, entries.get(counts), MOST_RANGES)
    if (starts.length === 0) continue
    if (starts.length !== sizes.length) throw new NotUnderstood('its strips have no sizes')
    return starts
      .map((start, index) => ({ start, end: start + (sizes[index] ?? 0) }))
      .filter(({ start, end }) => end > start)
  }
  return []
}

/** Bytes of one table that is needed; longer ones are not needed to tell two pictures apart. */
const MOST_MARKS = 4096

function marksOf(numbers: NumberReader, entries: ReadonlyMap<number, Entry>): string {
  const needed = [...entries.keys()].filter((tag) => NEEDED.has(tag)).sort((a, b) => a - b)
  const words = needed.map((tag) => `${tag}=${valuesOf(numbers, entries.get(tag), MOST_MARKS).join(',')}`)
  const tables = entries.get(TAG.jpegTables)
  const inCommon = tables && tables.count <= MOST_MARKS ? valuesOf(numbers, tables, MOST_MARKS) : []
  return [...words, ...(inCommon.length === 0 ? [] : [`tables=${Buffer.from(inCommon).toString('hex')}`])].join(' ')
}
