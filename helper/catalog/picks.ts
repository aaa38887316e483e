// Which pictures of a catalog the photographer has chosen: flags and stars, read from a private copy, for a restore that brings the best back
// first. Runs in the worker thread. Columns are probed: where a catalog has none of them, nothing is chosen and nothing is wrong.
import { columnsOf, openPrivateCopy, rows } from './copy-database.js'
import type { PrivateCopy } from './private-copy.js'
import { text } from './read-copy.js'

export interface ChosenPicture {
  /** By pickPath. */
  readonly path: string
  /** Higher comes first: a flag counts more than any star. */
  readonly score: number
}

/** A flagged picture comes before any that has only stars; a rejected one is not chosen, whatever its stars. */
export const FLAG_SCORE = 10

/** @returns the chosen only: flagged as pick, or with at least one star */
export function readPicks(copy: PrivateCopy): ChosenPicture[] {
  const database = openPrivateCopy(copy)
  try {
    const columns = columnsOf(database, 'Adobe_images')
    const score = [
      ...(columns.has('pick')
        ? [`CASE WHEN i.pick >= 1 THEN ${FLAG_SCORE} WHEN i.pick < 0 THEN -1000 ELSE 0 END`]
        : []),
      ...(columns.has('rating') ? ['coalesce(i.rating, 0)'] : []),
    ].join(' + ')
    if (score === '') return []
    return rows(
      database,
      `SELECT r.absolutePath AS root, d.pathFromRoot AS folder, f.idx_filename AS name, max(${score}) AS score
       FROM Adobe_images i JOIN AgLibraryFile f ON f.id_local = i.rootFile JOIN AgLibraryFolder d ON d.id_local = f.folder
         JOIN AgLibraryRootFolder r ON r.id_local = d.rootFolder
       GROUP BY f.id_local HAVING max(${score}) > 0`,
    ).map((row) => ({
      path: pickPath(`${text(row['root'])}/${text(row['folder'])}`, text(row['name'])),
      score: Number(row['score']),
    }))
  } finally {
    database.close()
  }
}

/** The folder's own name and the file's, which stay the same wherever the folder lies now and whichever part of it was backed up. Two
 *  folders of one name share it: what it decides is an order, and nothing else.
 *  @param folder  with forward or backward slashes, with or without one at its end */
export function pickPath(folder: string, name: string): string {
  const last = folder.split(/[/\\]/).findLast((part) => part !== '') ?? ''
  return `${last}/${name}`.normalize('NFC').toLowerCase()
}
