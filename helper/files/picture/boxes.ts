// ISO media files: HEIF, whose pictures are items that a table points to; and CR3, MP4 and MOV, whose samples lie in one or more `mdat` boxes
// while everything that is said about them lies elsewhere.
import { NotUnderstood, NumberReader, type ByteSource } from './byte-source.js'
import type { PictureData, Range } from './picture.js'

const MOST_BOXES = 10_000
const MOST_ITEMS = 20_000

interface Box extends Range {
  readonly type: string
  /** Where its content begins. */
  readonly body: number
  /** It ends beyond the file, or says that it goes on to the end. */
  readonly isOpen: boolean
}

export function locateBoxes(source: ByteSource): PictureData {
  const numbers = new NumberReader(source, false)
  const top = boxesIn(numbers, 0, source.sizeBytes, true)
  const brand = Buffer.from(source.read(8, 4)).toString('latin1')
  const meta = top.find(({ type }) => type === 'meta')
  const isCut = top.some(({ isOpen }) => isOpen)
  if (meta && !top.some(({ type }) => type === 'moov')) return { ...locateItems(numbers, meta), container: 'heif' }
  const container = brand === 'crx ' ? 'cr3' : 'film'
  if (!top.some(({ type }) => type === 'moov')) {
    if (isCut) return { container, marks: '', ranges: [{ start: 0, end: source.sizeBytes }], isWhole: false }
    throw new NotUnderstood('it has no description of what it holds')
  }
  const ranges = top.filter(({ type }) => type === 'mdat').map(({ body, end }) => ({ start: body, end }))
  return { container, marks: '', ranges, isWhole: !isCut }
}

/** @param isTop  at the top of the file a box may go on to its end, and one that was cut short is taken as far as it goes */
function boxesIn(numbers: NumberReader, from: number, to: number, isTop = false): Box[] {
  const boxes: Box[] = []
  for (let at = from; at + 8 <= to;) {
    if (boxes.length >= MOST_BOXES) throw new NotUnderstood('it has more parts than any file')
    const small = numbers.at(at, 4)
    const type = Buffer.from(numbers.source.read(at + 4, 4)).toString('latin1')
    const isLarge = small === 1
    const size = isLarge ? numbers.at(at + 8, 8) : small === 0 ? to - at : small
    const body = at + (isLarge ? 16 : 8)
    if (size < body - at) throw new NotUnderstood('one of its parts is smaller than its own name')
    const isOpen = at + size > to
    if (isOpen && !isTop) throw new NotUnderstood('one of its parts is larger than what holds it')
    boxes.push({ type, start: at, body, end: Math.min(at + size, to), isOpen })
    at += size
  }
  return boxes
}

/** What is said about the pictures; everything else is picture. */
const WORDS: ReadonlySet<string> = new Set(['Exif', 'mime', 'uri '])

/** Properties without which an item cannot be read: the decoder's settings and the size. */
const NEEDED: ReadonlySet<string> = new Set(['hvcC', 'av1C', 'avcC', 'jpgC', 'ispe'])

function locateItems(numbers: NumberReader, meta: Box): Omit<PictureData, 'container'> {
  const inside = boxesIn(numbers, meta.body + 4, meta.end)
  const child = (type: string): Box | undefined => inside.find((box) => box.type === type)
  const [iinf, iloc] = [child('iinf'), child('iloc')]
  if (!iinf || !iloc) throw new NotUnderstood('it has no table of its pictures')
  const types = itemTypes(numbers, iinf)
  const extents = itemExtents(numbers, iloc, child('idat'))
  const iprp = child('iprp')
  const ipco = iprp && boxesIn(numbers, iprp.body, iprp.end).find(({ type }) => type === 'ipco')
  const properties = ipco ? boxesIn(numbers, ipco.body, ipco.end).filter(({ type }) => NEEDED.has(type)) : []
  const pictures = [...types].filter(([, type]) => !WORDS.has(type)).sort(([a], [b]) => a - b)
  const ranges = [
    ...properties.map(({ start, end }) => ({ start, end })),
    ...pictures.flatMap(([id]) => extents.get(id) ?? []),
  ]
  return {
    marks: pictures.map(([id, type]) => `${id}:${type}`).join(' '),
    ranges: pictures.length === 0 ? [] : ranges,
    isWhole: ranges.every(({ end }) => end <= numbers.source.sizeBytes),
  }
}

function itemTypes(numbers: NumberReader, iinf: Box): Map<number, string> {
  const version = numbers.at(iinf.body, 1)
  const entries = boxesIn(numbers, iinf.body + (version === 0 ? 6 : 8), iinf.end).filter(({ type }) => type === 'infe')
  return new Map(
    entries.map(({ body }) => {
      const infe = numbers.at(body, 1)
      if (infe < 2) throw new NotUnderstood('its items have no types')
      const idBytes = infe === 2 ? 2 : 4
      const type = Buffer.from(numbers.source.read(body + 4 + idBytes + 2, 4)).toString('latin1')
      return [numbers.at(body + 4, idBytes), type]
    }),
  )
}

function itemExtents(numbers: NumberReader, iloc: Box, idat: Box | undefined): Map<number, Range[]> {
  const version = numbers.at(iloc.body, 1)
  const sizes = numbers.at(iloc.body + 4, 2)
  const [offsetBytes, lengthBytes, baseBytes] = [sizes >> 12, (sizes >> 8) & 15, (sizes >> 4) & 15]
  const indexBytes = version === 0 ? 0 : sizes & 15
  let at = iloc.body + 6
  const take = (bytes: number): number => {
    if (at + bytes > iloc.end) throw new NotUnderstood('the table of its pictures is cut short')
    const value = bytes === 0 ? 0 : numbers.at(at, bytes)
    at += bytes
    return value
  }
  const idBytes = version < 2 ? 2 : 4
  const count = take(idBytes)
  if (count > MOST_ITEMS) throw new NotUnderstood('it has more pictures in it than any file')
  const items = new Map<number, Range[]>()
  let total = 0
  for (let item = 0; item < count; item++) {
    const id = take(idBytes)
    const construction = version === 0 ? 0 : take(2) & 15
    take(2)
    const base = take(baseBytes)
    const extents = take(2)
    total += extents
    if (total > MOST_ITEMS) throw new NotUnderstood('it has more pictures in it than any file')
    const ranges: Range[] = []
    for (let extent = 0; extent < extents; extent++) {
      take(indexBytes)
      const offset = base + take(offsetBytes)
      const length = take(lengthBytes)
      if (construction > 1) throw new NotUnderstood('its pictures are made of other items’ parts')
      const from = construction === 1 ? (idat?.body ?? Number.NaN) : 0
      if (Number.isNaN(from)) throw new NotUnderstood('its pictures lie in a part that is not there')
      ranges.push({ start: from + offset, end: from + offset + length })
    }
    items.set(id, ranges)
  }
  return items
}
