// A JPEG: everything but its application segments and comments is picture. What follows the end of the picture (previews, maker's notes) is
// not, because programs drop and rewrite it.
import { NotUnderstood, type ByteSource } from './byte-source.js'
import type { PictureData, Range } from './picture.js'

/** A scan of a progressive picture has a few segments of its own; no picture has more than some hundreds. */
const MOST_SEGMENTS = 20_000

export function locateJpeg(source: ByteSource): PictureData {
  const ranges: Range[] = []
  let at = 2
  let hasScan = false
  for (let segments = 0; segments < MOST_SEGMENTS; segments++) {
    const marker = markerAt(source, at)
    if (marker === undefined) return { container: 'jpeg', marks: '', ranges, isWhole: false }
    at = marker.at
    if (marker.code === EOI) {
      if (!hasScan) throw new NotUnderstood('it ends before its picture begins')
      return { container: 'jpeg', marks: '', ranges, isWhole: true }
    }
    const size = Buffer.from(source.read(at + 2, 2))
    if (size.length < 2 || size.readUInt16BE(0) < 2) throw new NotUnderstood('one of its segments has no size')
    const end = at + 2 + size.readUInt16BE(0)
    if (end > source.sizeBytes) return { container: 'jpeg', marks: '', ranges, isWhole: false }
    if (marker.code === SOS) {
      hasScan = true
      const next = endOfScan(source, end)
      add(ranges, at, next ?? source.sizeBytes)
      if (next === undefined) return { container: 'jpeg', marks: '', ranges, isWhole: false }
      at = next
      continue
    }
    if (!isWords(source, marker.code, at)) add(ranges, at, end)
    at = end
  }
  throw new NotUnderstood('it has more segments than any picture')
}

const SOS = 0xda
const EOI = 0xd9
const COMMENT = 0xfe

/** Skips fill bytes. */
function markerAt(source: ByteSource, from: number): { readonly at: number; readonly code: number } | undefined {
  for (let at = from; at < from + 1024; at++) {
    const [first, code] = source.read(at, 2)
    if (first === undefined || code === undefined) return undefined
    if (first !== 0xff) throw new NotUnderstood('its segments do not follow one another')
    if (code !== 0xff) return { at, code }
  }
  throw new NotUnderstood('its segments do not follow one another')
}

/** How the colours are meant is said in one application segment (Adobe's); the picture cannot be read without it. */
function isWords(source: ByteSource, code: number, at: number): boolean {
  if (code === COMMENT) return true
  if (code < 0xe0 || code > 0xef) return false
  return !(code === 0xee && Buffer.from(source.read(at + 4, 5)).toString('latin1') === 'Adobe')
}

const BLOCK_BYTES = 64 * 1024

/** @returns where the next marker stands that is no restart of the same scan; undefined when the file ends first */
function endOfScan(source: ByteSource, from: number): number | undefined {
  for (let at = from; at < source.sizeBytes; at += BLOCK_BYTES) {
    const block = source.read(at, BLOCK_BYTES + 1)
    for (let index = block.indexOf(0xff); index >= 0 && index < BLOCK_BYTES; index = block.indexOf(0xff, index + 1)) {
      const next = block[index + 1]
      if (next === undefined) return undefined
      if (next !== 0 && next !== 0xff && !(next >= 0xd0 && next <= 0xd7)) return at + index
    }
  }
  return undefined
}

function add(ranges: Range[], start: number, end: number): void {
  const last = ranges.at(-1)
  if (last?.end === start) ranges[ranges.length - 1] = { start: last.start, end }
  else ranges.push({ start, end })
}
