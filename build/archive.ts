// Archives that come out the same every time: entries in one order, one date, no owner. Writes tar.gz and zip, reads the tar.gz that npm makes.
// Only what a release needs: regular files, with or without the right to be run.
import { crc32, deflateRawSync, gunzipSync, gzipSync } from 'node:zlib'

export interface Entry {
  /** With `/`, relative. */
  readonly path: string
  readonly bytes: Uint8Array
  readonly isProgram: boolean
}

/** Seconds since 1970 that every entry is dated: 1 January 2020, because zip knows nothing before 1980. */
const DATED = 1_577_836_800
const BLOCK = 512

export function tarGz(entries: readonly Entry[]): Buffer {
  const blocks = sorted(entries).flatMap(({ path, bytes, isProgram }) => {
    const header = tarHeader(path, bytes.length, isProgram)
    return [header, bytes, Buffer.alloc((BLOCK - (bytes.length % BLOCK)) % BLOCK)]
  })
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)]), { level: 6 })
}

function tarHeader(path: string, size: number, isProgram: boolean): Buffer {
  const header = Buffer.alloc(BLOCK)
  const { name, prefix } = splitName(path)
  const octal = (value: number, length: number): string => `${value.toString(8).padStart(length - 1, '0')}\0`
  header.write(name, 0, 100, 'utf8')
  header.write(octal(isProgram ? 0o755 : 0o644, 8), 100)
  header.write(octal(0, 8), 108)
  header.write(octal(0, 8), 116)
  header.write(octal(size, 12), 124)
  header.write(octal(DATED, 12), 136)
  header.write('        ', 148)
  header.write('0', 156)
  header.write('ustar\0' + '00', 257)
  header.write(prefix, 345, 155, 'utf8')
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return header
}

/** ustar has 100 bytes for a name and 155 for the folders before it. */
function splitName(path: string): { readonly name: string; readonly prefix: string } {
  if (Buffer.byteLength(path) <= 100) return { name: path, prefix: '' }
  for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) {
    const [prefix, name] = [path.slice(0, at), path.slice(at + 1)]
    if (Buffer.byteLength(name) <= 100 && Buffer.byteLength(prefix) <= 155) return { name, prefix }
  }
  throw new Error(`the path ${path} is too long for a tar archive`)
}

/** The regular files of a tar.gz; long names as npm writes them (pax) are understood. */
export function readTarGz(archive: Uint8Array): Entry[] {
  const tar = gunzipSync(archive)
  const entries: Entry[] = []
  let longPath: string | undefined
  for (let at = 0; at + BLOCK <= tar.length && tar[at] !== 0;) {
    const header = tar.subarray(at, at + BLOCK)
    const text = (from: number, length: number): string =>
      (header.toString('utf8', from, from + length).split('\0')[0] ?? '').trim()
    const size = parseInt(text(124, 12), 8)
    const bytes = tar.subarray(at + BLOCK, at + BLOCK + size)
    const type = text(156, 1)
    const prefix = text(345, 155)
    const path = longPath ?? (prefix === '' ? text(0, 100) : `${prefix}/${text(0, 100)}`)
    if (type === 'x') longPath = /\d+ path=(.*)\n/.exec(bytes.toString('utf8'))?.[1]
    else {
      if (type === '0' || type === '')
        entries.push({ path, bytes, isProgram: (parseInt(text(100, 8), 8) & 0o100) !== 0 })
      longPath = undefined
    }
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK
  }
  return entries
}

/** 1 January 2020, 00:00, as MS-DOS counts. */
const DOS_DATE = ((2020 - 1980) << 9) | (1 << 5) | 1

export function zip(entries: readonly Entry[]): Buffer {
  const parts: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  for (const { path, bytes, isProgram } of sorted(entries)) {
    const name = Buffer.from(path, 'utf8')
    const packed = deflateRawSync(bytes, { level: 6 })
    // Version 2.0, UTF-8 names, deflate, the date, then checksum and sizes.
    const shared = Buffer.alloc(26)
    shared.writeUInt16LE(20, 0)
    shared.writeUInt16LE(0x0800, 2)
    shared.writeUInt16LE(8, 4)
    shared.writeUInt16LE(0, 6)
    shared.writeUInt16LE(DOS_DATE, 8)
    shared.writeUInt32LE(crc32(bytes), 10)
    shared.writeUInt32LE(packed.length, 14)
    shared.writeUInt32LE(bytes.length, 18)
    shared.writeUInt16LE(name.length, 22)
    const local = Buffer.concat([uint32(0x04034b50), shared, name, packed])
    const rest = Buffer.alloc(14)
    rest.writeUInt32LE(((isProgram ? 0o100755 : 0o100644) << 16) >>> 0, 6)
    rest.writeUInt32LE(offset, 10)
    directory.push(Buffer.concat([uint32(0x02014b50), uint16(0x031e), shared, rest, name]))
    parts.push(local)
    offset += local.length
  }
  const list = Buffer.concat(directory)
  const end = Buffer.alloc(18)
  end.writeUInt16LE(directory.length, 4)
  end.writeUInt16LE(directory.length, 6)
  end.writeUInt32LE(list.length, 8)
  end.writeUInt32LE(offset, 12)
  return Buffer.concat([...parts, list, uint32(0x06054b50), end])
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16LE(value)
  return bytes
}

function sorted(entries: readonly Entry[]): Entry[] {
  return [...entries].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0))
}
