// Undoes an interrupted transaction on a working copy, as SQLite itself would on opening. It is done here because node-sqlite3-wasm takes
// every journal for one in use and reads the half-written pages instead. Format: sqlite.org, "Database File Format", section 3.
import { closeSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs'
import { JOURNAL_HEADER_BYTES, readJournalHeader } from './sqlite-file.js'

export interface RollbackResult {
  readonly pagesRestored: number
}

/** Plays the journal back into the database file: the pages as they were before the transaction, and the size it had.
 *  @param database  a working copy; it is written to
 *  @returns         undefined when the journal is not hot */
export function rollBack(database: string, journal: string): RollbackResult | undefined {
  const from = openSync(journal, 'r')
  try {
    const journalBytes = fstatSync(from).size
    const first = readJournalHeader(readAt(from, 0, JOURNAL_HEADER_BYTES))
    if (!first) return undefined
    const into = openSync(database, 'r+')
    try {
      const pagesRestored = playSegments(from, journalBytes, into)
      ftruncateSync(into, first.pagesBefore * first.pageSize)
      return { pagesRestored }
    } finally {
      closeSync(into)
    }
  } finally {
    closeSync(from)
  }
}

/** A journal is one or more segments, each a header in a sector of its own and the page images that were synced with it. The first image
 *  that does not carry its check word ends the journal: nothing after it had reached the disk, so nothing after it was overwritten. */
function playSegments(from: number, journalBytes: number, into: number): number {
  let restored = 0
  for (let at = 0; at + JOURNAL_HEADER_BYTES <= journalBytes;) {
    const header = readJournalHeader(readAt(from, at, JOURNAL_HEADER_BYTES))
    if (!header) return restored
    const recordBytes = header.pageSize + 8
    const start = at + header.sectorSize
    const records = header.records ?? Math.floor((journalBytes - start) / recordBytes)
    for (let record = 0; record < records; record += 1) {
      const bytes = readAt(from, start + record * recordBytes, recordBytes)
      if (bytes.length < recordBytes) return restored
      const image = bytes.subarray(4, 4 + header.pageSize)
      if (checkWord(header.nonce, image) !== bytes.readUInt32BE(4 + header.pageSize)) return restored
      writeSync(into, image, 0, image.length, (bytes.readUInt32BE(0) - 1) * header.pageSize)
      restored += 1
    }
    const end = start + records * recordBytes
    at = Math.ceil(end / header.sectorSize) * header.sectorSize
  }
  return restored
}

/** Every 200th byte from the end of the page, added to the journal's nonce. */
function checkWord(nonce: number, image: Buffer): number {
  let sum = nonce
  for (let index = image.length - 200; index > 0; index -= 200) sum = (sum + (image[index] ?? 0)) >>> 0
  return sum
}

function readAt(descriptor: number, position: number, length: number): Buffer {
  const buffer = Buffer.alloc(length)
  return buffer.subarray(0, readSync(descriptor, buffer, 0, length, position))
}
