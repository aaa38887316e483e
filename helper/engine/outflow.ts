// One file under its temporary name while its bytes arrive. A large one is written past the page cache where the system allows it: that
// costs a third of the processor time, pushes nothing that Lightroom uses out of memory, and what is read back afterwards cannot come from
// memory. Direct writes must be whole sectors from an aligned buffer, so the last one is padded and the padding cut off again.
import { directLength, type DurableFiles } from '../files/durable.js'
import { systemCode } from '../errors.js'

export interface Outflow {
  readonly file: string
  descriptor: number
  isDirect: boolean
  written: number
}

/** From this size on it pays to pass the page cache; smaller files are gathered there and made durable together. */
export const DIRECT_FROM_BYTES = 1024 * 1024

/** Stands for no descriptor: the number of one that was closed may be another file's by now. */
const NONE = -1

export function isOpen(out: Outflow): boolean {
  return out.descriptor !== NONE
}

export function openOutflow(files: DurableFiles, file: string, sizeBytes: number): Outflow {
  const direct = sizeBytes >= DIRECT_FROM_BYTES ? files.createDirect(file) : undefined
  return { file, descriptor: direct ?? files.create(file), isDirect: direct !== undefined, written: 0 }
}

/** A file that has all its bytes, for its date and its sync. */
export function reopenOutflow(files: DurableFiles, file: string, written: number): Outflow {
  return { file, descriptor: files.openAppend(file), isDirect: false, written }
}

/** Appends the first `count` bytes of the buffer; whatever follows them in it may be overwritten.
 *  @param count  a multiple of `DIRECT_BYTES`, except at the end of the file */
export function append(files: DurableFiles, out: Outflow, buffer: Uint8Array, count: number): void {
  if (out.isDirect) appendDirect(files, out, buffer, count)
  else files.write(out.descriptor, buffer, 0, count)
  out.written += count
}

function appendDirect(files: DurableFiles, out: Outflow, buffer: Uint8Array, count: number): void {
  const padded = directLength(count)
  buffer.fill(0, count, padded)
  try {
    files.write(out.descriptor, buffer, 0, padded)
  } catch (error) {
    // Some file systems take the flag and refuse the write (FUSE, network): then the file is begun again the ordinary way.
    if (systemCode(error) !== 'EINVAL' || out.written > 0) throw error
    files.close(out.descriptor)
    out.descriptor = NONE
    files.unlink(out.file)
    out.descriptor = files.create(out.file)
    out.isDirect = false
    files.write(out.descriptor, buffer, 0, count)
  }
}

/** The file has all its bytes and no more, and its date. */
export function endOutflow(files: DurableFiles, out: Outflow, mtimeMs: number): void {
  if (out.isDirect && directLength(out.written) !== out.written) files.truncate(out.descriptor, out.written)
  files.setTimes(out.descriptor, mtimeMs)
}
