// Whether a path really stays below the folder it is joined to: judged part by part on the disk, because a link in a tree can point
// anywhere, and a record that came from elsewhere can name anything.
import path from 'node:path'
import type { DurableFiles } from './durable.js'

/** The first thing between `root` and `folder` (itself included) that is there and is no plain folder; undefined when nothing is.
 *  @param root    absolute; taken as it is
 *  @param folder  absolute, below `root` or `root` itself
 *  @throws the system's error when a part cannot be looked at (a name too long, no permission) */
export function obstacleBelow(files: DurableFiles, root: string, folder: string): string | undefined {
  const below = path.relative(root, folder)
  if (below === '..' || below.startsWith(`..${path.sep}`) || path.isAbsolute(below)) return folder
  let at = root
  for (const part of below === '' ? [] : below.split(path.sep)) {
    at = path.join(at, part)
    const kind = files.stat(at)?.kind
    if (kind === undefined) return undefined
    if (kind !== 'folder') return at
  }
  return undefined
}
