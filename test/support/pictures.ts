// Small pictures and films made by code: real enough to be opened by the decoders, with the words in them (captions, settings, previews) apart
// from the picture, so that a test can change the one and not the other.
import { createRequire } from 'node:module'
import { contentOf } from './shoots.js'

const jpeg = createRequire(import.meta.url)('jpeg-js') as {
  encode(image: { data: Buffer; width: number; height: number }, quality: number): { data: Buffer }
}

/** What is said about a picture: an XMP packet, a description, and how much room and in which order it all lies. */
export interface Words {
  readonly xmp?: string
  readonly description?: string
  /** Bytes of padding, or of a preview. */
  readonly padding?: number
  /** The picture before the words, or after them. */
  readonly pictureFirst?: boolean
}

/** Drawing costs more than all else here, and most tests draw the same few pictures. */
const drawn = new Map<string, Buffer>()

function drawOnce(what: string, draw: () => Buffer): Buffer {
  const known = drawn.get(what) ?? draw()
  drawn.set(what, known)
  return known
}

export function makeJpeg(seed = 1, words: Words = {}, width = 64, height = 48): Buffer {
  const plain = drawOnce(`jpeg ${seed} ${width} ${height}`, () => drawJpeg(seed, width, height))
  const app1 = words.xmp === undefined ? [] : [segment(0xe1, `http://ns.adobe.com/xap/1.0/\0${words.xmp}`)]
  const padding = words.padding === undefined ? [] : [segment(0xed, Buffer.alloc(words.padding, 7))]
  const comment = words.description === undefined ? [] : [segment(0xfe, words.description)]
  return Buffer.concat([plain.subarray(0, 2), ...app1, ...padding, ...comment, plain.subarray(2)])
}

function drawJpeg(seed: number, width: number, height: number): Buffer {
  const data = Buffer.alloc(width * height * 4, 255)
  contentOf(width * height, seed).forEach((value, index) =>
    data.fill((value >> 2) + ((index * 3) & 127), index * 4, index * 4 + 3),
  )
  return jpeg.encode({ data, width, height }, 80).data
}

function drawRaw(seed: number, width: number, height: number): Buffer {
  const raw = Buffer.alloc(width * height * 2)
  contentOf(width * height, seed).forEach((value, index) => raw.writeUInt16LE(value * 40 + (index & 63), index * 2))
  return raw
}

function segment(code: number, content: string | Buffer): Buffer {
  const body = Buffer.from(content)
  const head = Buffer.from([0xff, code, 0, 0])
  head.writeUInt16BE(body.length + 2, 2)
  return Buffer.concat([head, body])
}

/** A raw DNG, 16 bits a pixel, not compressed. @param isDng  false: a plain TIFF of the same build, in grey */
export function makeDng(seed = 1, words: Words = {}, width = 64, height = 48, isDng = true): Buffer {
  const raw = drawOnce(`raw ${seed} ${width} ${height}`, () => drawRaw(seed, width, height))
  const preview = Buffer.alloc(3 * 8 * 8, (words.padding ?? 0) & 255)
  const xmp = Buffer.from(words.xmp ?? '<x/>')
  const description = Buffer.from(`${words.description ?? 'none'}\0`)
  const padding = Buffer.alloc(words.padding ?? 0)
  const matrix = Buffer.alloc(72)
  ;[1, 0, 0, 0, 1, 0, 0, 0, 1].forEach((value, index) => {
    matrix.writeInt32LE(value * 10_000, index * 8)
    matrix.writeInt32LE(10_000, index * 8 + 4)
  })
  const neutral = Buffer.alloc(24)
  ;[1, 1, 1].forEach((value, index) => {
    neutral.writeUInt32LE(value, index * 8)
    neutral.writeUInt32LE(1, index * 8 + 4)
  })
  const blocks = words.pictureFirst
    ? { raw, padding, xmp, description, preview, matrix, neutral }
    : { padding, xmp, description, preview, matrix, neutral, raw }
  const at = new Map<string, number>()
  let end = 8
  for (const [name, bytes] of Object.entries(blocks)) {
    at.set(name, end)
    end += bytes.length + (bytes.length & 1)
  }
  const place = (name: string): number => at.get(name) ?? 0
  const subAt = end
  const sub = directory([
    [254, 4, 1, 0],
    [256, 4, 1, width],
    [257, 4, 1, height],
    [258, 3, 1, 16],
    [259, 3, 1, 1],
    [262, 3, 1, isDng ? 32803 : 1],
    [273, 4, 1, place('raw')],
    [277, 3, 1, 1],
    [278, 4, 1, height],
    [279, 4, 1, raw.length],
    ...(isDng
      ? ([
          [33421, 3, 2, 0x00020002],
          [33422, 1, 4, 0x02010100],
          [50717, 4, 1, 16383],
        ] as const)
      : []),
  ])
  const mainAt = subAt + sub.length
  const main = directory([
    [254, 4, 1, 1],
    [256, 4, 1, 8],
    [257, 4, 1, 8],
    [258, 3, 1, 8],
    [259, 3, 1, 1],
    [262, 3, 1, 2],
    [
      270,
      2,
      description.length,
      description.length <= 4 ? description.readUIntLE(0, description.length) : place('description'),
    ],
    [271, 2, 4, 0x00746553],
    [272, 2, 4, 0x00656e4f],
    [273, 4, 1, place('preview')],
    [277, 3, 1, 3],
    [278, 4, 1, 8],
    [279, 4, 1, preview.length],
    [330, 4, 1, subAt],
    [700, 1, xmp.length, place('xmp')],
    ...(isDng
      ? ([
          [50706, 1, 4, 0x00000401],
          [50708, 2, 4, 0x00656e4f],
          [50721, 10, 9, place('matrix')],
          [50728, 5, 3, place('neutral')],
        ] as const)
      : []),
  ])
  const head = Buffer.from('II*\0\0\0\0\0', 'latin1')
  head.writeUInt32LE(mainAt, 4)
  const even = Object.values(blocks).flatMap((bytes) => (bytes.length & 1 ? [bytes, Buffer.alloc(1)] : [bytes]))
  return Buffer.concat([head, ...even, sub, main])
}

function directory(entries: readonly (readonly [number, number, number, number])[]): Buffer {
  const bytes = Buffer.alloc(2 + entries.length * 12 + 4)
  bytes.writeUInt16LE(entries.length, 0)
  entries.forEach(([tag, type, count, value], index) => {
    bytes.writeUInt16LE(tag, 2 + index * 12)
    bytes.writeUInt16LE(type, 4 + index * 12)
    bytes.writeUInt32LE(count, 6 + index * 12)
    bytes.writeUInt32LE(value, 10 + index * 12)
  })
  return bytes
}

function box(type: string, ...content: readonly Buffer[]): Buffer {
  const body = Buffer.concat(content)
  const head = Buffer.alloc(8)
  head.writeUInt32BE(body.length + 8, 0)
  head.write(type, 4, 'latin1')
  return Buffer.concat([head, body])
}

function fullBox(type: string, version: number, ...content: readonly Buffer[]): Buffer {
  return box(type, Buffer.from([version, 0, 0, 0]), ...content)
}

function u16(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 2)
  values.forEach((value, index) => bytes.writeUInt16BE(value, index * 2))
  return bytes
}

function u32(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4)
  values.forEach((value, index) => bytes.writeUInt32BE(value, index * 4))
  return bytes
}

/** The build of a HEIC with one picture, its Exif and its XMP; its pixels are no real HEVC, so nothing can decode it. */
export function makeHeifBuild(seed = 1, words: Words = {}): Buffer {
  const picture = contentOf(900, seed)
  const exif = Buffer.from(`Exif${words.description ?? ''}`)
  const xmp = Buffer.from(words.xmp ?? '<x/>')
  const padding = Buffer.alloc(words.padding ?? 0)
  const order = words.pictureFirst ? [picture, padding, exif, xmp] : [exif, padding, xmp, picture]
  const infe = (id: number, type: string): Buffer => fullBox('infe', 2, u16(id, 0), Buffer.from(`${type}\0`, 'latin1'))
  const meta = (from: number): Buffer => {
    const offset = (bytes: Buffer): number =>
      from + order.slice(0, order.indexOf(bytes)).reduce((sum, each) => sum + each.length, 0)
    const item = (id: number, bytes: Buffer): Buffer => Buffer.concat([u16(id, 0, 1), u32(offset(bytes), bytes.length)])
    return fullBox(
      'meta',
      0,
      fullBox('hdlr', 0, u32(0), Buffer.from('pict'), Buffer.alloc(13)),
      fullBox('pitm', 0, u16(1)),
      fullBox('iloc', 0, Buffer.from([0x44, 0x00]), u16(3), item(1, picture), item(2, exif), item(3, xmp)),
      fullBox('iinf', 0, u16(3), infe(1, 'hvc1'), infe(2, 'Exif'), infe(3, 'mime')),
      box('iprp', box('ipco', fullBox('ispe', 0, u32(64, 48)), box('hvcC', Buffer.alloc(23, 1)))),
    )
  }
  const ftyp = box('ftyp', Buffer.from('heic\0\0\0\0mif1heic', 'latin1'))
  const dataAt = ftyp.length + meta(0).length + 8
  return Buffer.concat([ftyp, meta(dataAt), box('mdat', ...order)])
}

/** An MP4 with one video track of `samples` samples. @param brand  `crx `: the build of a CR3 */
export function makeFilm(seed = 1, words: Words = {}, samples = 12, brand = 'isom'): Buffer {
  const sampleBytes = 200
  const media = contentOf(samples * sampleBytes, seed)
  const ftyp = box('ftyp', Buffer.from(`${brand}\0\0\0\x01${brand}mp42`, 'latin1'))
  const says = box(
    'uuid',
    Buffer.from('be7acfcb97a942e89c71999491e3afac', 'hex'),
    Buffer.from(words.xmp ?? '<x/>'),
    Buffer.from(words.description ?? ''),
    Buffer.alloc(words.padding ?? 0),
  )
  const identity = u32(0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
  const moov = (dataAt: number): Buffer =>
    box(
      'moov',
      fullBox(
        'mvhd',
        0,
        u32(0, 0, 1000, samples * 40, 0x10000),
        u16(0x100, 0),
        u32(0, 0),
        identity,
        Buffer.alloc(24),
        u32(2),
      ),
      box(
        'trak',
        fullBox('tkhd', 0, u32(0, 0, 1, 0, samples * 40, 0, 0), u16(0, 0, 0, 0), identity, u32(64 << 16, 48 << 16)),
        box(
          'mdia',
          fullBox('mdhd', 0, u32(0, 0, 1000, samples * 40), u16(0x55c4, 0)),
          fullBox('hdlr', 0, u32(0), Buffer.from('vide'), Buffer.alloc(13)),
          box(
            'minf',
            fullBox('vmhd', 0, u16(0, 0, 0, 0)),
            box('dinf', fullBox('dref', 0, u32(1), box('url ', Buffer.from([0, 0, 0, 1])))),
            box(
              'stbl',
              fullBox(
                'stsd',
                0,
                u32(1),
                box(
                  'mp4v',
                  Buffer.alloc(6),
                  u16(1),
                  Buffer.alloc(16),
                  u16(64, 48),
                  u32(0x480000, 0x480000, 0),
                  u16(1),
                  Buffer.alloc(32),
                  u16(24, 0xffff),
                ),
              ),
              fullBox('stts', 0, u32(1, samples, 40)),
              fullBox('stsc', 0, u32(1, 1, samples, 1)),
              fullBox('stsz', 0, u32(0, samples, ...Array.from({ length: samples }, () => sampleBytes))),
              fullBox('stco', 0, u32(1, dataAt)),
            ),
          ),
        ),
      ),
    )
  const before = words.pictureFirst ? [ftyp] : [ftyp, moov(0), says]
  const dataAt = before.reduce((sum, each) => sum + each.length, 0) + 8
  const mdat = box('mdat', media)
  return Buffer.concat(words.pictureFirst ? [ftyp, mdat, moov(dataAt), says] : [ftyp, moov(dataAt), says, mdat])
}
