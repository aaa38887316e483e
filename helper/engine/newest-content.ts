// Which of the contents that the records of a place tell of is a file's newest, where the journal knows another one already.
import {
  dropCopyAt,
  firstSeenOf,
  saveCopy,
  saveFile,
  setNewestVersion,
  type FileRow,
  type VersionRow,
} from '../journal/files.js'
import type { ShootRow } from '../journal/shoots.js'
import { WORKING, type CopyState } from '../model.js'
import type { Learning } from './shoot-records.js'

/** As the journal knew it before. */
interface KnownShoot {
  readonly row: ShootRow
  readonly files: ReadonlyMap<string, FileRow>
}

interface LearnedContent extends Omit<VersionRow, 'id'> {
  readonly versionId: number
  /** Of its copy at the place. */
  readonly state: CopyState
}

/** What lies under a file's own name at a place. Inside the caller's transaction. */
export function settleNewest(learning: Learning, shoot: KnownShoot, name: string, content: LearnedContent): void {
  const { isLater } = learning
  const { state } = content
  if (!isLater && state !== 'verified' && state !== 'written') return
  believeRecords(learning, shoot, name, content)
  if (!isLater && state === 'verified') believeEarlier(learning, shoot, name, content)
}

/** Our own originals we read ourselves. Of another computer's the records say which content is the newest; and to a rebuild it is the one that
 *  was seen last, of drives that were away at different times, in whatever order they are read. */
function believeRecords(
  { deps: { journal }, isLater }: Learning,
  { row, files }: KnownShoot,
  name: string,
  { versionId, sizeBytes, mtimeMs }: LearnedContent,
): void {
  const file = files.get(name)
  if (!file || file.goneMs !== undefined || file.version.id === versionId || file.copies.has(WORKING)) return
  if (!isLater && firstSeenOf(journal, versionId) <= firstSeenOf(journal, file.version.id)) return
  setNewestVersion(journal, saveFile(journal, row.id, name, { sizeBytes, mtimeMs }), versionId)
}

/** A home that knew nothing read an original first, and a drive has proven that it was another content before, of the very size and date: the
 *  original rotted in between, as it would have been found to have, had this home been there. The next run reads it and says so. */
function believeEarlier(
  { deps: { journal } }: Learning,
  { files }: KnownShoot,
  name: string,
  { versionId, hash, sizeBytes, mtimeMs }: LearnedContent,
): void {
  const file = files.get(name)
  const original = file?.copies.get(WORKING)
  if (!file || !original || file.version.hash === hash) return
  const isSameState = file.version.sizeBytes === sizeBytes && Math.abs(file.version.mtimeMs - mtimeMs) <= 1
  if (!isSameState || firstSeenOf(journal, versionId) >= firstSeenOf(journal, file.version.id)) return
  dropCopyAt(journal, file.id, WORKING, name)
  setNewestVersion(journal, file.id, versionId)
  saveCopy(journal, { ...original, versionId, state: 'damaged' })
}
