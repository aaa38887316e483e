// What the first bytes of a database, of its -wal and of its -journal say, without any SQLite. Pure: bytes in, facts out. Formats: the
// "Database File Format" page of sqlite.org, sections 1.3, 3 and 4.

export const DATABASE_HEADER_BYTES = 100
export const WAL_HEADER_BYTES = 32
export const WAL_FRAME_HEADER_BYTES = 24
export const JOURNAL_HEADER_BYTES = 28

export interface DatabaseHeader {
  readonly isWalMode: boolean
  readonly pageSize: number
  /** Size in pages by the header's own word; stale while a -wal is pending. */
  readonly pages: number
}

export interface WalHeader {
  readonly pageSize: number
  /** The two salts as one string; each frame repeats them. */
  readonly salt: string
}

export interface JournalHeader {
  /** How many page images follow; `undefined`: as many as the file holds. */
  readonly records: number | undefined
  readonly nonce: number
  readonly pagesBefore: number
  readonly sectorSize: number
  readonly pageSize: number
}

/** @returns undefined when these are not the first bytes of an SQLite database */
export function readDatabaseHeader(bytes: Buffer): DatabaseHeader | undefined {
  if (bytes.length < DATABASE_HEADER_BYTES || bytes.toString('latin1', 0, 16) !== 'SQLite format 3\0') return undefined
  const raw = bytes.readUInt16BE(16)
  const pageSize = raw === 1 ? 65_536 : raw
  if (!isPageSize(pageSize)) return undefined
  return { isWalMode: bytes[18] === 2 && bytes[19] === 2, pageSize, pages: bytes.readUInt32BE(28) }
}

/** @returns undefined for an empty or overwritten -wal, which SQLite ignores */
export function readWalHeader(bytes: Buffer): WalHeader | undefined {
  if (bytes.length < WAL_HEADER_BYTES) return undefined
  const magic = bytes.readUInt32BE(0)
  const pageSize = bytes.readUInt32BE(8)
  if ((magic !== 0x377f0682 && magic !== 0x377f0683) || !isPageSize(pageSize)) return undefined
  return { pageSize, salt: bytes.toString('hex', 16, 24) }
}

/** @returns undefined for a journal that is not hot: Lightroom 6 keeps one with a zeroed header while it is open */
export function readJournalHeader(bytes: Buffer): JournalHeader | undefined {
  if (bytes.length < JOURNAL_HEADER_BYTES || bytes.toString('hex', 0, 8) !== 'd9d505f920a163d7') return undefined
  const pageSize = bytes.readUInt32BE(24)
  if (!isPageSize(pageSize)) return undefined
  const records = bytes.readUInt32BE(8)
  return {
    records: records === 0xffffffff ? undefined : records,
    nonce: bytes.readUInt32BE(12),
    pagesBefore: bytes.readUInt32BE(16),
    sectorSize: bytes.readUInt32BE(20),
    pageSize,
  }
}

function isPageSize(size: number): boolean {
  return size >= 512 && size <= 65_536 && (size & (size - 1)) === 0
}
