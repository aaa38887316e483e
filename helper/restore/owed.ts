// What a place should have and never had: on a drive that was added later, or of an original that changed while this drive was away and is gone.
import { copiesOfContent, type FileHistory, type PastVersion } from '../journal/history.js'
import type { CopyRow } from '../journal/files.js'
import type { Journal } from '../journal/journal.js'
import type { ShootRow } from '../journal/shoots.js'
import { WORKING } from '../model.js'
import type { OpenPlace } from '../place/places.js'
import type { Suspect } from './heal-run.js'

/** The newest content of each file, and the earlier ones that lie in Versions elsewhere. */
export function missingAt(files: readonly FileHistory[], shoot: ShootRow, place: OpenPlace): Suspect[] {
  return files.flatMap((file) =>
    pathsOf(file).flatMap(({ version, path }) => {
      if (version.copies.some((copy) => copy.placeId === place.id && copy.state !== 'planned')) return []
      const { id: versionId, sizeBytes, mtimeMs } = version
      const copy = { versionId, placeId: place.id, path, state: 'missing', sizeBytes, mtimeMs } as const
      return [{ shoot, place, file, version, copy }]
    }),
  )
}

/** @param gone  whose original is not there any more, under no name
 *  @returns newest contents that another place has and no backup can bring to this one any more */
export function owedForGood(
  journal: Journal,
  gone: readonly FileHistory[],
  shoot: ShootRow,
  place: OpenPlace,
): Suspect[] {
  return missingAt(gone, shoot, place).filter(
    ({ file, version }) =>
      version.id === file.newestId &&
      version.copies.some((copy) => copy.placeId !== WORKING && copy.state !== 'planned') &&
      !hasUnderOtherName(journal, version, place),
  )
}

/** An original that was moved or renamed has come to the place under its new name, and no later content has taken that name since. */
function hasUnderOtherName(journal: Journal, { hash }: PastVersion, place: OpenPlace): boolean {
  const isGood = ({ placeId, state, path }: CopyRow): boolean =>
    placeId === place.id && !path.startsWith('Versions/') && (state === 'verified' || state === 'written')
  return copiesOfContent(journal, hash).some(isGood)
}

function pathsOf(file: FileHistory): { version: PastVersion; path: string }[] {
  return file.versions.flatMap((version) => {
    if (version.id === file.newestId) return [{ version, path: file.name }]
    const kept = version.copies.find((copy) => copy.placeId !== WORKING && copy.path.startsWith('Versions/'))
    return kept ? [{ version, path: kept.path }] : []
  })
}
