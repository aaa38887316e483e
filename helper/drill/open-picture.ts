// Opening one picture or film, to the last row and the last sample. Runs in a process of its own, because decoders are large programs that were
// fed by strangers: what they break is theirs. Says `broken` only of bytes that no decoder could take for a picture; what is merely not known
// here (a camera that is newer than the decoder) is `unknown`, because a good picture must never be called broken.
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs'
import { isRaw, kindOfFile } from '../engine/file-kinds.js'
import { bytesAsSource, type ByteSource } from '../files/picture/byte-source.js'
import { locatePicture, type Located } from '../files/picture/picture.js'

export type Opening =
  | { readonly kind: 'opened'; readonly as: 'raw' | 'picture' | 'video' }
  | { readonly kind: 'broken'; readonly why: string }
  | { readonly kind: 'unknown'; readonly why: string }

/** Larger pictures are not tried: they would not fit into what the decoder may use. */
export const LARGEST_PICTURE_BYTES = 512 * 1024 * 1024

const require = createRequire(import.meta.url)

/** @param file  absolute path
 *  @throws the system's error when it cannot be read, and whatever a decoder throws that says nothing of the file */
export async function openPicture(file: string): Promise<Opening> {
  if (kindOfFile(file) === 'video') return openFilm(file)
  if (statSync(file).size > LARGEST_PICTURE_BYTES) return unknown('it is larger than what is opened here')
  const bytes = await readFile(file)
  const located = locatePicture(bytesAsSource(bytes))
  const container = located.ok ? located.data.container : undefined
  // Makers' own TIFFs and JPEGs are left to the decoders: some of them count their own bytes wrongly.
  if (located.ok && !located.data.isWhole && container !== 'tiff' && container !== 'jpeg')
    return broken('it was cut short: it speaks of more data than it has')
  if (isJpeg(bytes)) return openJpeg(bytes)
  if (container === 'heif') return openHeif(bytes)
  if (container === 'film') return openFilm(file)
  if (isRaw(file) || /\.dng$/i.test(file)) return openRaw(bytes, located)
  return /\.(jpe?g|hei[cf]|hif)$/i.test(file)
    ? broken('it does not begin like a picture of its kind')
    : unknown('there is no decoder for this kind of file')
}

function broken(why: string): Opening {
  return { kind: 'broken', why }
}

function unknown(why: string): Opening {
  return { kind: 'unknown', why }
}

function isJpeg(bytes: Uint8Array): boolean {
  return bytes[0] === 0xff && bytes[1] === 0xd8
}

interface JpegModule {
  readonly decode: (bytes: Uint8Array, options: object) => { readonly width: number; readonly height: number }
}

function openJpeg(bytes: Uint8Array): Opening {
  const { decode } = require('jpeg-js') as JpegModule
  try {
    decode(bytes, {
      tolerantDecoding: false,
      formatAsRGBA: false,
      useTArray: true,
      maxMemoryUsageInMB: 1024,
      maxResolutionInMP: 250,
    })
    return { kind: 'opened', as: 'picture' }
  } catch (error) {
    const why = messageOf(error)
    return /unsupported|not supported|maxMemory|maxResolution|arithmetic|unknown JPEG marker/i.test(why)
      ? unknown(why)
      : broken(`its picture cannot be decoded (${why})`)
  }
}

interface HeifImage {
  get_width(): number
  get_height(): number
  display(into: { data: Uint8ClampedArray; width: number; height: number }, done: (shown: unknown) => void): void
  free(): void
}

interface HeifModule {
  readonly HeifDecoder: new () => { decode(bytes: Uint8Array): HeifImage[] }
}

async function openHeif(bytes: Uint8Array): Promise<Opening> {
  const { HeifDecoder } = require('libheif-js/wasm-bundle') as HeifModule
  const [image] = new HeifDecoder().decode(bytes)
  if (!image) return broken('no picture can be read from it')
  const [width, height] = [image.get_width(), image.get_height()]
  const shown = await new Promise((resolve) =>
    image.display({ data: new Uint8ClampedArray(width * height * 4), width, height }, resolve),
  )
  image.free()
  return shown ? { kind: 'opened', as: 'picture' } : broken('its picture cannot be decoded')
}

/** Node has it; the types of this project, which know no browser, do not. */
interface WasmMemory {
  readonly buffer: ArrayBuffer
}

const { Memory } = (
  globalThis as unknown as { WebAssembly: { Memory: new (of: Record<string, unknown>) => WasmMemory } }
).WebAssembly

interface RawModule {
  readonly LibRaw: new () => {
    open(bytes: Uint8Array, settings: object): void
    imageData(): { readonly width: number; readonly height: number } | undefined
    delete?(): void
  }
}

/** The build is meant for a browser's worker; all it needs of one are these names, and its code handed to it. Its memory is bounded here.
 *  @param sayings  what it prints while it decodes: it goes on after damage, and only says so */
async function loadLibRaw(sayings: string[]): Promise<{ readonly module: RawModule; readonly memory: WasmMemory }> {
  const script = require.resolve('libraw-wasm/dist/libraw.js')
  const names = globalThis as unknown as Record<string, unknown>
  names['self'] ??= globalThis
  names['WorkerGlobalScope'] ??= Object
  const { default: make } = (await import(pathToFileURL(script).href)) as {
    default: (options: object) => Promise<RawModule>
  }
  const memory = new Memory({
    initial: RAW_MEMORY_PAGES.least,
    maximum: RAW_MEMORY_PAGES.most,
    shared: true,
  })
  const say = (text: string): void => void sayings.push(text)
  const wasmBinary = await readFile(script.replace(/\.js$/, '.wasm'))
  return { module: await make({ wasmBinary, wasmMemory: memory, print: say, printErr: say }), memory }
}

/** Of 64 KiB: 256 MiB is what the build asks for, 1.5 GiB opens a raw of 150 million pixels. */
const RAW_MEMORY_PAGES = { least: 4096, most: 24_576 } as const

let libRaw: ReturnType<typeof loadLibRaw> | undefined
const sayings: string[] = []

async function openRaw(bytes: Uint8Array, located: Located): Promise<Opening> {
  libRaw ??= loadLibRaw(sayings)
  const { module, memory } = await libRaw
  sayings.length = 0
  const raw = new module.LibRaw()
  try {
    raw.open(bytes, { halfSize: true, useCameraWb: true, outputBps: 8 })
    const image = raw.imageData()
    const damage = sayings.find((said) => /data corrupted|unexpected end/i.test(said))
    if (damage !== undefined) return broken(`its raw data are damaged (${damage.replace(/^unknown file: /, '')})`)
    return image && image.width > 0 && image.height > 0
      ? { kind: 'opened', as: 'raw' }
      : broken('no picture came out of it')
  } catch (error) {
    return judgeRawError(error, memory, bytes, located)
  } finally {
    raw.delete?.()
  }
}

/** LibRaw throws either a number of its own or a sentence with the number that a call gave back. */
function judgeRawError(error: unknown, memory: WasmMemory, bytes: Uint8Array, located: Located): Opening {
  const at = (error as { excPtr?: unknown }).excPtr
  if (typeof at !== 'number') throw error
  const view = new DataView(memory.buffer)
  const number = view.getInt32(at, true)
  if (number > 0 && number < 64)
    return BROKEN_EXCEPTIONS.has(number)
      ? broken(`its raw data cannot be decoded (${BROKEN_EXCEPTIONS.get(number) ?? ''})`)
      : unknown(`the decoder gave up (${number})`)
  const code = Number(/code (-?\d+)/.exec(textAt(memory, view.getUint32(at + 4, true)))?.[1] ?? Number.NaN)
  if (code !== NOT_SUPPORTED && code !== EMPTY_FILE) return unknown(`the decoder gave up (${code})`)
  if (!isOfAnyRaw(bytes)) return broken('it does not begin like any raw file')
  const isTiff = /^(II\*\0|MM\0\*)/.test(Buffer.from(bytes.subarray(0, 4)).toString('latin1'))
  if (isTiff && !located.ok) return broken(`its build is damaged: ${located.why}`)
  if (isTiff && located.ok && !located.data.isWhole)
    return broken('it was cut short: it speaks of more data than it has')
  return unknown('the decoder does not know this camera')
}

const NOT_SUPPORTED = -2
const EMPTY_FILE = -100_009

const BROKEN_EXCEPTIONS: ReadonlyMap<number, string> = new Map([
  [2, 'decoding failed'],
  [3, 'the compressed data are damaged'],
  [4, 'it ends too soon'],
  [5, 'its data contradict each other'],
  [8, 'it is no raw file'],
  [9, 'the compressed data are damaged'],
])

function textAt(memory: WasmMemory, from: number): string {
  const bytes = new Uint8Array(memory.buffer)
  const end = bytes.indexOf(0, from)
  return end < 0 ? '' : Buffer.from(bytes.slice(from, Math.min(end, from + 200))).toString('latin1')
}

/** How raw files begin: TIFF and its dialects of Olympus and Panasonic, CR3, RAF, X3F, MRW, CRW, R3D, IIQ of old. */
const BEGINNINGS: readonly (readonly [number, string])[] = [
  [0, 'II*\0'],
  [0, 'MM\0*'],
  [0, 'IIR'],
  [0, 'MMOR'],
  [0, 'IIU\0'],
  [4, 'ftyp'],
  [0, 'FUJIFILM'],
  [0, 'FOVb'],
  [0, '\0MRM'],
  [6, 'HEAPCCDR'],
  [4, 'RED'],
  [0, 'IIII'],
  [0, 'MMMM'],
  [0, 'ARRI'],
  [0, 'DSC-Image'],
]

function isOfAnyRaw(bytes: Uint8Array): boolean {
  const head = Buffer.from(bytes.subarray(0, 32)).toString('latin1')
  return BEGINNINGS.some(([at, begins]) => head.startsWith(begins, at))
}

/** Follows the build of a film to its end: its description, and that every sample that it lists lies in the file. */
async function openFilm(file: string): Promise<Opening> {
  const descriptor = openSync(file, 'r')
  try {
    const source = descriptorAsSource(descriptor)
    if (Buffer.from(source.read(4, 4)).toString('latin1') !== 'ftyp' && !/\.mov$/i.test(file))
      return /\.(mp4|m4v|3gp|insv)$/i.test(file)
        ? broken('it does not begin like a film')
        : unknown('there is no reader for this kind of film')
    const located = locatePicture(source)
    if (!located.ok) return broken(`its build is damaged: ${located.why}`)
    if (!located.data.isWhole) return broken('it was cut short: it speaks of more data than it has')
    return await readSamples(source)
  } finally {
    closeSync(descriptor)
  }
}

async function readSamples(source: ByteSource): Promise<Opening> {
  const { createFile, MP4BoxBuffer } = await import('mp4box')
  const film = createFile(false)
  let trouble = ''
  film.onError = (_module, message) => (trouble = message)
  for (let at = 0; at < source.sizeBytes;) {
    const piece = source.read(at, FILM_PIECE_BYTES)
    if (piece.length === 0) break
    const buffer = MP4BoxBuffer.fromArrayBuffer(Uint8Array.from(piece).buffer, at)
    const next: unknown = film.appendBuffer(buffer, at + piece.length >= source.sizeBytes)
    at = typeof next === 'number' && next > at ? next : at + piece.length
  }
  film.flush()
  const tracks = film.getInfo().tracks
  if (trouble !== '') return broken(`its build is damaged: ${trouble}`)
  let samples = 0
  for (const { id } of tracks)
    for (const { offset, size } of film.getTrackSamplesInfo(id)) {
      samples += 1
      if (offset + size > source.sizeBytes) return broken('it lists pictures that lie beyond its end')
    }
  return samples > 0 ? { kind: 'opened', as: 'video' } : broken('it holds not a single picture')
}

const FILM_PIECE_BYTES = 1024 * 1024

function descriptorAsSource(descriptor: number): ByteSource {
  const bytes = Buffer.alloc(FILM_PIECE_BYTES)
  return {
    sizeBytes: fstatSync(descriptor).size,
    read(offset, length) {
      const into = length <= bytes.length ? bytes : Buffer.alloc(length)
      const count = readSync(descriptor, into, 0, length, offset)
      return into.subarray(0, count)
    },
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
