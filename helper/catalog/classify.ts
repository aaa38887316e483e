// What one file that the catalog references is: present, edited, damaged, missing … Pure: what the disk says, what Safelight remembers, what
// Lightroom remembers; a state comes out. The rule behind it: Lightroom writes into pictures that can hold XMP and into sidecars, and never
// into a proprietary raw. So other bytes in a raw are damage until proven otherwise, and other bytes under the same size and time always.
import type { Hash } from '../model.js'

export interface FoundFile {
  readonly sizeBytes: number
  readonly mtimeMs: number
  /** When it was read in this check. */
  readonly hash?: Hash
}

export type Presence =
  | { readonly kind: 'found'; readonly file: FoundFile }
  | { readonly kind: 'missing' }
  | { readonly kind: 'root-offline' }
  | { readonly kind: 'unreadable'; readonly message: string }

/** What the journal knows of a path. `verifiedCopies` leaves the original itself out. */
export interface KnownFile {
  readonly reference: { readonly hash: Hash; readonly sizeBytes: number; readonly mtimeMs: number }
  readonly verifiedCopies: number
}

export interface FileFacts {
  readonly role: 'original' | 'sidecar'
  /** Lightroom's word for the format of the photo; of a sidecar it does not matter. */
  readonly format: string
  readonly name: string
  readonly presence: Presence
  readonly known: KnownFile | undefined
  /** Its size at import, as Lightroom wrote it down. */
  readonly importedBytes: number | undefined
}

export type FileState =
  /** There, and its bytes hash to the reference. */
  | 'proven'
  /** There, with the size and mtime of the reference; its bytes were not read. */
  | 'present'
  /** There, and nothing is known to compare it with. */
  | 'unknown-content'
  | 'edited'
  | 'damaged'
  /** A raw whose size is not the one Lightroom imported. */
  | 'size-differs-from-import'
  /** Its mtime moved and its bytes must be read before anything can be said. */
  | 'must-be-read'
  | 'missing'
  | 'root-offline'
  | 'unreadable'

export type CopyFinding = 'not-in-any-place' | 'only-one-copy'

/** FAT, zip and SMB round times to two seconds. */
const TIME_TOLERANCE_MS = 2_000

/** Formats whose files Lightroom writes XMP into. */
const EMBEDS_XMP: ReadonlySet<string> = new Set([
  'JPG',
  'JPEG',
  'DNG',
  'TIFF',
  'PSD',
  'PSB',
  'HEIC',
  'HEIF',
  'PNG',
  'AVIF',
  'JXL',
])
const EMBEDS_XMP_BY_EXTENSION: ReadonlySet<string> = new Set([
  'jpg',
  'jpeg',
  'dng',
  'tif',
  'tiff',
  'psd',
  'psb',
  'heic',
  'heif',
  'png',
  'avif',
  'jxl',
])

export function classifyFile(facts: FileFacts): FileState {
  const { presence, known } = facts
  if (presence.kind !== 'found') return presence.kind
  const { file } = presence
  const reference = known?.reference
  if (!reference) return isRawOfOtherSize(facts, file) ? 'size-differs-from-import' : 'unknown-content'
  const isSameSize = file.sizeBytes === reference.sizeBytes
  const isSameTime = Math.abs(file.mtimeMs - reference.mtimeMs) <= TIME_TOLERANCE_MS
  if (file.hash === reference.hash) return 'proven'
  if (file.hash === undefined && isSameSize) return isSameTime ? 'present' : 'must-be-read'
  // From here on the bytes differ: by their hash, or by their number.
  const isNewer = file.mtimeMs > reference.mtimeMs + TIME_TOLERANCE_MS
  return mayBeEdited(facts) && isNewer ? 'edited' : 'damaged'
}

/** What `classifyFile` says of a file that nobody read, as far as a few numbers decide it.
 *  @returns undefined when there is more to it */
export function plainState(file: {
  /** Negative when there was nothing to see. */
  readonly sizeBytes: number
  readonly mtimeMs: number
  /** Of the reference; undefined when nothing is known. */
  readonly knownBytes: number | undefined
  readonly knownMtimeMs: number
  /** Of an original. */
  readonly importedBytes: number | undefined
}): 'present' | 'unknown-content' | undefined {
  const { sizeBytes, mtimeMs, knownBytes, knownMtimeMs, importedBytes } = file
  if (sizeBytes < 0) return undefined
  if (knownBytes === undefined)
    return importedBytes === undefined || importedBytes === sizeBytes ? 'unknown-content' : undefined
  return sizeBytes === knownBytes && Math.abs(mtimeMs - knownMtimeMs) <= TIME_TOLERANCE_MS ? 'present' : undefined
}

/** Whether the copies of a file that is there (or is not) are enough. An edited file's new content has no copy yet: that is a matter of the
 *  next backup and is found by its hash there. */
export function classifyCopies(known: Pick<KnownFile, 'verifiedCopies'> | undefined): CopyFinding | undefined {
  if (!known || known.verifiedCopies === 0) return 'not-in-any-place'
  return known.verifiedCopies === 1 ? 'only-one-copy' : undefined
}

function mayBeEdited({ role, format, name }: FileFacts): boolean {
  if (role === 'sidecar') return true
  return (
    EMBEDS_XMP.has(format.toUpperCase()) ||
    (format === '' && EMBEDS_XMP_BY_EXTENSION.has(name.slice(name.lastIndexOf('.') + 1).toLowerCase()))
  )
}

function isRawOfOtherSize({ role, format, importedBytes }: FileFacts, file: FoundFile): boolean {
  return role === 'original' && format === 'RAW' && importedBytes !== undefined && importedBytes !== file.sizeBytes
}
