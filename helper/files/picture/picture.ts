// The picture in a file apart from what is said about it. Programs write captions, ratings, keywords and settings into JPEG, DNG, TIFF, HEIF,
// CR3 and films; then the file has other bytes and the same picture. This finds where the picture's own bytes lie, without decoding them,
// digests them, and tells of two files whether only the words differ, or the picture itself has rotted, or nobody can say.
import type { HashEngine } from '../hash.js'
import type { Hash } from '../../model.js'
import { locateBoxes } from './boxes.js'
import { NotUnderstood, type ByteSource } from './byte-source.js'
import { locateJpeg } from './jpeg.js'
import { locateTiff } from './tiff.js'

/** `film` is any ISO media file with one stream of data: MP4, MOV and CR3, whose raw data lie in such a file. */
export type Container = 'jpeg' | 'tiff' | 'dng' | 'heif' | 'cr3' | 'film'

/** From `start` up to, not including, `end`. */
export interface Range {
  readonly start: number
  readonly end: number
}

export interface PictureData {
  readonly container: Container
  /** What has to be known to make a picture of the bytes: sizes, sample layout, compression. */
  readonly marks: string
  /** In the order in which they belong together. */
  readonly ranges: readonly Range[]
  /** False when the file speaks of more than it holds: it was cut short. */
  readonly isWhole: boolean
}

export type Located = { readonly ok: true; readonly data: PictureData } | { readonly ok: false; readonly why: string }

/** Never throws for what is in the file; errors of reading it go through. */
export function locatePicture(source: ByteSource): Located {
  try {
    const data = locate(source)
    if (data.ranges.length === 0) return { ok: false, why: 'no picture data were found in it' }
    // A hostile table points to the same bytes a thousand times; reading them would take for ever.
    if (data.isWhole && totalOf(data) > source.sizeBytes * 2) return { ok: false, why: 'its strips overlap' }
    return { ok: true, data }
  } catch (error) {
    if (error instanceof NotUnderstood) return { ok: false, why: error.message }
    throw error
  }
}

function locate(source: ByteSource): PictureData {
  const head = Buffer.from(source.read(0, 12))
  if (head.length < 12) throw new NotUnderstood('it is too short to be a picture')
  if (head.readUInt16BE(0) === 0xffd8) return locateJpeg(source)
  const order = head.toString('latin1', 0, 4)
  if (order === 'II*\0' || order === 'MM\0*') return locateTiff(source, order.startsWith('I'))
  if (head.toString('latin1', 4, 8) === 'ftyp') return locateBoxes(source)
  throw new NotUnderstood('its picture cannot be told from what is said about it in this kind of file')
}

/** BLAKE3 of the picture's own bytes and of what is needed to read them; the same for as long as only the words around it change. */
export function digestPicture(
  source: ByteSource,
  engine: HashEngine,
):
  | { readonly ok: true; readonly digest: Hash; readonly container: Container }
  | { readonly ok: false; readonly why: string } {
  const located = locatePicture(source)
  if (!located.ok) return located
  const { container, marks, isWhole } = located.data
  if (!isWhole) return { ok: false, why: 'it was cut short' }
  const hasher = engine.create()
  hasher.update(Buffer.from(`${container}\n${marks}\n`))
  for (const bytes of pieces(source, located.data)) hasher.update(bytes)
  return { ok: true, digest: hasher.digest(), container }
}

export type PictureChange =
  /** The picture is the same, byte for byte. */
  | { readonly kind: 'words' }
  /** The same picture with wrong bytes in it. */
  | { readonly kind: 'rotten'; readonly wrongBytes: number }
  /** Another picture: drawn anew. */
  | { readonly kind: 'picture' }
  | { readonly kind: 'unsure'; readonly why: string }

/** @param reference  bytes that are known to be good */
export function comparePictures(reference: ByteSource, now: ByteSource): PictureChange {
  const before = locatePicture(reference)
  if (!before.ok) return { kind: 'unsure', why: before.why }
  const after = locatePicture(now)
  if (!after.ok) return { kind: 'unsure', why: after.why }
  if (!after.data.isWhole || !before.data.isWhole) return { kind: 'unsure', why: 'it was cut short' }
  const { container } = before.data
  if (container !== after.data.container) return { kind: 'unsure', why: 'it is another kind of file now' }
  const size = totalOf(before.data)
  if (before.data.marks !== after.data.marks || size !== totalOf(after.data)) return drawnAnew(container)
  const wrongBytes = countDifferent(pieces(reference, before.data), pieces(now, after.data))
  if (wrongBytes === 0) return { kind: 'words' }
  // Pixels that lie there one by one can be retouched without moving the others; compressed ones cannot.
  if (container === 'tiff') return { kind: 'unsure', why: 'its pixels differ, by an edit or by damage' }
  const isLittle = wrongBytes <= Math.max(size * ROT_SHARE, ROT_BYTES) && wrongBytes < size / 2
  return isLittle ? { kind: 'rotten', wrongBytes } : { kind: 'unsure', why: 'most of its picture differs' }
}

/** Rot takes bits, sectors, at the worst a few blocks of flash; an edit draws everything anew. */
const ROT_SHARE = 0.01
const ROT_BYTES = 64 * 1024

function drawnAnew(container: Container): PictureChange {
  return container === 'dng' || container === 'cr3'
    ? { kind: 'unsure', why: 'its raw data differ, which no ordinary edit does' }
    : { kind: 'picture' }
}

function totalOf({ ranges }: PictureData): number {
  return ranges.reduce((sum, { start, end }) => sum + end - start, 0)
}

const PIECE_BYTES = 256 * 1024

function* pieces(source: ByteSource, { ranges }: PictureData): Generator<Uint8Array> {
  for (const { start, end } of ranges)
    for (let at = start; at < end; at += PIECE_BYTES) yield source.read(at, Math.min(PIECE_BYTES, end - at)).slice()
}

/** Of two streams of the same length, however each is cut into pieces. */
function countDifferent(left: Generator<Uint8Array>, right: Generator<Uint8Array>): number {
  let different = 0
  let a: Uint8Array = new Uint8Array(0)
  let b: Uint8Array = new Uint8Array(0)
  for (;;) {
    if (a.length === 0) a = (left.next().value as Uint8Array | undefined) ?? a
    if (b.length === 0) b = (right.next().value as Uint8Array | undefined) ?? b
    const length = Math.min(a.length, b.length)
    if (length === 0) return different + a.length + b.length
    if (Buffer.compare(a.subarray(0, length), b.subarray(0, length)) !== 0)
      for (let index = 0; index < length; index++) if (a[index] !== b[index]) different += 1
    a = a.subarray(length)
    b = b.subarray(length)
  }
}
