// What has become of an original that does not read as it was: edited, or rotten, or both. Programs write captions, ratings and settings into
// JPEG, DNG, TIFF, HEIF and films; the picture in the file stays what it was. So the picture is compared, apart from the words, with a good
// copy of what the original was, at a place that is there. Where that cannot tell, nobody can, and that is said.
import path from 'node:path'
import type { PictureChange } from '../files/picture/picture.js'
import type { CopyRow, VersionRow } from '../journal/files.js'
import type { ShootRow } from '../journal/shoots.js'
import { WORKING } from '../model.js'
import type { OpenPlace } from '../place/places.js'
import { kindOfFile } from './file-kinds.js'
import { shootFolderAt } from './finish.js'
import type { BackupRun } from './run.js'

export interface ChangedOriginal {
  readonly shoot: ShootRow
  readonly name: string
  /** Where it lies. */
  readonly file: string
  /** What it was. */
  readonly version: VersionRow
  readonly copies: Iterable<CopyRow>
}

/** @param places  open ones, whose copies may be compared with
 *  @returns undefined where there is nothing to tell: no good copy in reach, or a kind of file that does not allow it */
export async function pictureChange(
  run: BackupRun,
  places: readonly OpenPlace[],
  { shoot, name, file, version, copies }: ChangedOriginal,
): Promise<PictureChange | undefined> {
  const kind = kindOfFile(name)
  if (kind !== 'photo' && kind !== 'video') return undefined
  for (const copy of copies) {
    const place = places.find(({ id }) => id === copy.placeId)
    if (!place || copy.placeId === WORKING || copy.state !== 'verified' || copy.versionId !== version.id) continue
    const { change } = await run.deps.pool.run({
      kind: 'compare',
      file,
      sizeBytes: version.sizeBytes,
      reference: path.join(shootFolderAt(run, place, shoot), ...copy.path.split('/')),
      referenceHash: version.hash,
    })
    if (change.kind === 'unlike') return undefined
    if (change.kind !== 'no-reference') return change
  }
  return undefined
}

export type ChangeJudged =
  | { readonly kind: 'edited' }
  | { readonly kind: 'damaged'; readonly message: string }
  | { readonly kind: 'unsure'; readonly why: string }

/** What is made of an original that reads otherwise.
 *  @param change  of its picture; undefined where there is nothing to tell it by
 *  @param isStill  its size and date are what they were: nobody who edits leaves them so */
export function judgeChange(change: PictureChange | undefined, isStill: boolean): ChangeJudged {
  if (isStill) {
    const what = change === undefined ? '' : (WHAT_DIFFERS[change.kind] ?? '')
    return {
      kind: 'damaged',
      message: `the original is damaged: its bytes changed while its size and date stand still${what}; its good copies were left alone`,
    }
  }
  if (change?.kind === 'rotten') return { kind: 'damaged', message: editedAndRotten(change.wrongBytes) }
  return change?.kind === 'unsure' ? change : { kind: 'edited' }
}

const WHAT_DIFFERS: Partial<Record<PictureChange['kind'], string>> = {
  words: ' (the picture in it is whole; what is said about it is not as it was)',
  rotten: ' (within the picture itself)',
}

/** Of an original whose size or date shows that somebody worked on it. */
export function editedAndRotten(wrongBytes: number): string {
  return `the original was edited, and its picture has rotted besides: ${wrongBytes} byte${wrongBytes === 1 ? '' : 's'} of the picture itself ${wrongBytes === 1 ? 'is' : 'are'} not what was first read, which no caption, rating or setting does. The good copies were left alone and nothing else was done: safelight restore puts a good one beside it. To keep it as it is, give it another name`
}

export function unsureWhether(shoot: string, name: string, why: string): string {
  return `${shoot}/${name} has changed, and it is unsure whether by an edit or by damage (${why}). Look at it; its earlier content is kept`
}
