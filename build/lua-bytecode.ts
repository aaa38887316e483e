// Reads a chunk compiled by Lua 5.1 just far enough to tell which globals it touches and which string constants it holds.
// Layout: Lua 5.1's lundump.c (header, then functions with code, constants and inner functions); sizes are taken from the header.

export interface ChunkFacts {
  readonly globals: ReadonlySet<string>
  readonly constants: ReadonlySet<string>
}

export function globalsOf(chunk: Uint8Array): ChunkFacts {
  const reader = new ChunkReader(chunk)
  const globals = new Set<string>()
  const constants = new Set<string>()
  readFunction(reader, globals, constants)
  return { globals, constants }
}

const HEADER_BYTES = 12
const OP_GETGLOBAL = 5
const OP_SETGLOBAL = 7

class ChunkReader {
  private at = HEADER_BYTES
  private readonly view: DataView
  private readonly isLittleEndian: boolean
  private readonly sizeTBytes: number

  constructor(private readonly bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.isLittleEndian = bytes[6] === 1
    this.sizeTBytes = bytes[8] ?? 4
  }

  byte(): number {
    return this.view.getUint8(this.at++)
  }

  int(): number {
    const value = this.view.getUint32(this.at, this.isLittleEndian)
    this.at += 4
    return value
  }

  skip(bytes: number): void {
    this.at += bytes
  }

  string(): string {
    const length = this.int()
    if (this.sizeTBytes === 8) this.skip(4)
    const text = new TextDecoder().decode(this.bytes.subarray(this.at, this.at + Math.max(0, length - 1)))
    this.at += length
    return text
  }
}

function readFunction(reader: ChunkReader, globals: Set<string>, constants: Set<string>): void {
  reader.string()
  reader.skip(8 + 4)
  const code = Array.from({ length: reader.int() }, () => reader.int())
  const own = Array.from({ length: reader.int() }, () => readConstant(reader))
  for (const instruction of code) {
    const operation = instruction & 0x3f
    const name = own[instruction >>> 14]
    if ((operation === OP_GETGLOBAL || operation === OP_SETGLOBAL) && name !== undefined) globals.add(name)
  }
  for (const constant of own) if (constant !== undefined) constants.add(constant)
  const inner = reader.int()
  for (let index = 0; index < inner; index += 1) readFunction(reader, globals, constants)
  reader.skip(reader.int() * 4)
  const locals = reader.int()
  for (let index = 0; index < locals; index += 1) {
    reader.string()
    reader.skip(8)
  }
  const upvalues = reader.int()
  for (let index = 0; index < upvalues; index += 1) reader.string()
}

/** A string constant's text; undefined for nil, booleans and numbers. */
function readConstant(reader: ChunkReader): string | undefined {
  const type = reader.byte()
  if (type === 4) return reader.string()
  if (type === 1) reader.skip(1)
  if (type === 3) reader.skip(8)
  return undefined
}
