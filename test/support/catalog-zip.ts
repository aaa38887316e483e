// Zip files made byte by byte, right ones and wrong ones, as Lightroom and as an attacker would write them: deflated or stored, Zip64 or not,
// with any name, any declared size and any check word.
import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs'
import { crc32, deflateRawSync } from 'node:zlib'

export interface ZipEntry {
  readonly name: string
  readonly content: Uint8Array
  readonly isStored?: boolean
  /** Declares sizes and offset in the Zip64 extra field. */
  readonly isZip64?: boolean
  /** Lies: what the central directory says instead of the truth. */
  readonly declaredBytes?: number
  readonly declaredCrc?: number
}

const MAX_32 = 0xffff_ffff

export function makeZip(file: string, entries: readonly ZipEntry[]): void {
  const [local, central]: [Buffer[], Buffer[]] = [[], []]
  let offset = 0
  for (const entry of entries) {
    const packed = entry.isStored ? Buffer.from(entry.content) : deflateRawSync(entry.content)
    const facts: CentralFacts = {
      name: entry.name,
      method: entry.isStored ? 0 : 8,
      crc: entry.declaredCrc ?? crc32(entry.content),
      packedBytes: packed.length,
      unpackedBytes: entry.declaredBytes ?? entry.content.length,
      offset,
      isZip64: entry.isZip64 ?? false,
    }
    const header = localHeader(facts)
    local.push(header, packed)
    central.push(centralHeader(facts))
    offset += header.length + packed.length
  }
  const directory = Buffer.concat(central)
  writeFileSync(file, Buffer.concat([...local, directory, endOfDirectory(entries.length, directory.length, offset)]))
}

/** One stored entry that is larger than 4 GiB: holes where nothing was written, Zip64 throughout.
 *  @param content  the first bytes; zeros follow up to `sizeBytes` */
export function makeHugeZip(file: string, name: string, content: Uint8Array, sizeBytes: number): void {
  const crc = crcOf(content, sizeBytes)
  const facts: CentralFacts = {
    name,
    method: 0,
    crc,
    packedBytes: sizeBytes,
    unpackedBytes: sizeBytes,
    offset: 0,
    isZip64: true,
  }
  const header = localHeader(facts)
  const directory = centralHeader(facts)
  const descriptor = openSync(file, 'w')
  try {
    writeSync(descriptor, header, 0, header.length, 0)
    writeSync(descriptor, content, 0, content.length, header.length)
    const end = Buffer.concat([directory, endOfDirectory(1, directory.length, header.length + sizeBytes, true)])
    writeSync(descriptor, end, 0, end.length, header.length + sizeBytes)
  } finally {
    closeSync(descriptor)
  }
}

interface CentralFacts {
  readonly name: string
  readonly method: 0 | 8
  readonly crc: number
  readonly packedBytes: number
  readonly unpackedBytes: number
  readonly offset: number
  readonly isZip64: boolean
}

function localHeader(facts: CentralFacts): Buffer {
  const name = Buffer.from(facts.name)
  const extra = facts.isZip64 ? zip64Extra([facts.unpackedBytes, facts.packedBytes]) : Buffer.alloc(0)
  const header = Buffer.alloc(30)
  header.writeUInt32LE(0x04034b50, 0)
  header.writeUInt16LE(facts.isZip64 ? 45 : 20, 4)
  header.writeUInt16LE(0x0800, 6)
  header.writeUInt16LE(facts.method, 8)
  header.writeUInt32LE(facts.crc, 14)
  header.writeUInt32LE(facts.isZip64 ? MAX_32 : facts.packedBytes, 18)
  header.writeUInt32LE(facts.isZip64 ? MAX_32 : facts.unpackedBytes, 22)
  header.writeUInt16LE(name.length, 26)
  header.writeUInt16LE(extra.length, 28)
  return Buffer.concat([header, name, extra])
}

function centralHeader(facts: CentralFacts): Buffer {
  const name = Buffer.from(facts.name)
  const extra = facts.isZip64 ? zip64Extra([facts.unpackedBytes, facts.packedBytes, facts.offset]) : Buffer.alloc(0)
  const header = Buffer.alloc(46)
  header.writeUInt32LE(0x02014b50, 0)
  header.writeUInt16LE(facts.isZip64 ? 45 : 20, 4)
  header.writeUInt16LE(facts.isZip64 ? 45 : 20, 6)
  header.writeUInt16LE(0x0800, 8)
  header.writeUInt16LE(facts.method, 10)
  header.writeUInt32LE(facts.crc, 16)
  header.writeUInt32LE(facts.isZip64 ? MAX_32 : facts.packedBytes, 20)
  header.writeUInt32LE(facts.isZip64 ? MAX_32 : facts.unpackedBytes, 24)
  header.writeUInt16LE(name.length, 28)
  header.writeUInt16LE(extra.length, 30)
  header.writeUInt32LE(facts.isZip64 ? MAX_32 : facts.offset, 42)
  return Buffer.concat([header, name, extra])
}

function zip64Extra(values: readonly number[]): Buffer {
  const extra = Buffer.alloc(4 + values.length * 8)
  extra.writeUInt16LE(1, 0)
  extra.writeUInt16LE(values.length * 8, 2)
  for (const [index, value] of values.entries()) extra.writeBigUInt64LE(BigInt(value), 4 + index * 8)
  return extra
}

function endOfDirectory(entries: number, directoryBytes: number, directoryOffset: number, isZip64 = false): Buffer {
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(entries, 8)
  end.writeUInt16LE(entries, 10)
  end.writeUInt32LE(directoryBytes, 12)
  end.writeUInt32LE(isZip64 ? MAX_32 : directoryOffset, 16)
  if (!isZip64) return end
  const record = Buffer.alloc(56)
  record.writeUInt32LE(0x06064b50, 0)
  record.writeBigUInt64LE(44n, 4)
  record.writeUInt16LE(45, 12)
  record.writeUInt16LE(45, 14)
  record.writeBigUInt64LE(BigInt(entries), 24)
  record.writeBigUInt64LE(BigInt(entries), 32)
  record.writeBigUInt64LE(BigInt(directoryBytes), 40)
  record.writeBigUInt64LE(BigInt(directoryOffset), 48)
  const locator = Buffer.alloc(20)
  locator.writeUInt32LE(0x07064b50, 0)
  locator.writeBigUInt64LE(BigInt(directoryOffset + directoryBytes), 8)
  locator.writeUInt32LE(1, 16)
  return Buffer.concat([record, locator, end])
}

function crcOf(content: Uint8Array, sizeBytes: number): number {
  const zeros = Buffer.alloc(16 * 1024 * 1024)
  let sum = crc32(content)
  for (let left = sizeBytes - content.length; left > 0; left -= zeros.length)
    sum = crc32(zeros.subarray(0, Math.min(left, zeros.length)), sum)
  return sum
}
