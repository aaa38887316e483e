// Lightroom's photos as the wire has them. Only inside a task, in batches, and giving way in between: one read of 200 is cheap, 200 reads of
// one are not. Virtual copies have no file of their own and are left out; an offline original is sent as offline, with its last known path.
import { isWellFormed } from '../shared/json.js'
import { PHOTOS_PER_MESSAGE, type ImportedPhoto } from '../shared/methods.js'
import { giveWay } from './tasks.js'

const LrFileUtils = lightroom('LrFileUtils')

export interface PhotoReading {
  readonly photos: readonly ImportedPhoto[]
  /** Ids of photos of which Lightroom said nothing: just removed, or not quite there yet. */
  readonly unread: readonly number[]
  /** Sentences about photos whose names cannot be put into a message. */
  readonly unsendable: readonly string[]
}

const KEYS = ['path', 'uuid', 'fileFormat', 'isVideo', 'isVirtualCopy'] as const
/** File checks may touch a slow network drive; this many are done before Lightroom gets its turn. */
const CHECKS_PER_TURN = 20

/** @param photos at most 200 of them */
export function readPhotos(catalog: LrCatalog, photos: readonly LrPhoto[]): PhotoReading {
  const metadata = catalog.batchGetRawMetadata(photos, KEYS)
  giveWay()
  const read: ImportedPhoto[] = []
  const unread: number[] = []
  const unsendable: string[] = []
  let checks = 0
  for (const photo of photos) {
    const raw = metadata.get(photo)
    if (raw?.path === undefined) {
      unread.push(photo.localIdentifier)
      continue
    }
    if (raw.isVirtualCopy === true) continue
    if (!isWellFormed(raw.path)) {
      unsendable.push(
        'One photo has a file name that cannot be passed on; rename it, then use Protect Selected Photos Now.',
      )
      continue
    }
    checks += 1
    if (checks % CHECKS_PER_TURN === 0) giveWay()
    read.push({
      id: photo.localIdentifier,
      uuid: raw.uuid ?? '',
      path: raw.path,
      format: raw.fileFormat ?? '',
      isVideo: raw.isVideo === true,
      isOffline: LrFileUtils.exists(raw.path) !== 'file',
    })
  }
  return { photos: read, unread, unsendable }
}

/** The catalog's root folders: nothing outside these is ever read. */
export function rootsOf(catalog: LrCatalog): string[] {
  return catalog
    .getFolders()
    .map((folder) => folder.getPath())
    .filter((folder) => isWellFormed(folder))
}

/** In pieces of what one message may carry. */
export function inBatches<T>(items: readonly T[]): T[][] {
  const batches: T[][] = []
  for (let from = 0; from < items.length; from += PHOTOS_PER_MESSAGE)
    batches.push(items.slice(from, from + PHOTOS_PER_MESSAGE))
  return batches
}
