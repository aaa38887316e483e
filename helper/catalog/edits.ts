// Which pictures of a catalog have develop settings, read from a private copy: a rehearsed restore asks whether the edits of what it opened
// would come back too. Runs in the worker thread.
import { openPrivateCopy, rows } from './copy-database.js'
import { pickPath } from './picks.js'
import type { PrivateCopy } from './private-copy.js'
import { text } from './read-copy.js'

/** @returns the pictures by pickPath */
export function readEdits(copy: PrivateCopy): string[] {
  const database = openPrivateCopy(copy)
  try {
    return rows(
      database,
      `SELECT DISTINCT d.pathFromRoot AS folder, r.absolutePath AS root, f.idx_filename AS name
       FROM Adobe_imageDevelopSettings s JOIN Adobe_images i ON i.id_local = s.image JOIN AgLibraryFile f ON f.id_local = i.rootFile
         JOIN AgLibraryFolder d ON d.id_local = f.folder JOIN AgLibraryRootFolder r ON r.id_local = d.rootFolder
       WHERE s.text IS NOT NULL AND length(s.text) > 0`,
    ).map((row) => pickPath(`${text(row['root'])}/${text(row['folder'])}`, text(row['name'])))
  } finally {
    database.close()
  }
}
