// What has become of originals that somebody else has found to read otherwise: the judgement of a verification, for files named by their paths.
import path from 'node:path'
import { filesOfShoot, type FileRow } from '../journal/files.js'
import { listShoots, listSources, type ShootRow } from '../journal/shoots.js'
import type { OpenPlace } from '../place/places.js'
import { judgeChange, pictureChange, type ChangeJudged } from './picture-change.js'
import { BackupRun, type EngineDeps } from './run.js'

/** @param files  absolute
 *  @returns by path; left out where there is nothing to judge by: a file that is not known or not there, no good copy in reach, a kind of
 *           file whose picture cannot be told from what is said about it */
export async function judgeChanged(
  deps: EngineDeps,
  places: readonly OpenPlace[],
  files: readonly string[],
  signal: AbortSignal,
): Promise<Map<string, ChangeJudged>> {
  const run = new BackupRun(deps, places, signal)
  const shoots = shootsByFolder(deps)
  const known = new Map<number, Map<string, FileRow>>()
  const judged = new Map<string, ChangeJudged>()
  for (const file of files) {
    if (signal.aborted) break
    const stat = deps.files.stat(file)
    const name = path.basename(file)
    for (const shoot of shoots.get(path.dirname(path.normalize(file))) ?? []) {
      const rows = known.get(shoot.id) ?? filesOfShoot(deps.journal, shoot.id)
      known.set(shoot.id, rows)
      const row = rows.get(name)
      if (!stat || !row) continue
      const { version, copies, sizeBytes, mtimeMs } = row
      const change = await pictureChange(run, places, { shoot, name, file, version, copies: copies.values() })
      if (change === undefined) continue
      judged.set(file, judgeChange(change, stat.sizeBytes === sizeBytes && stat.mtimeMs === mtimeMs))
      break
    }
  }
  return judged
}

function shootsByFolder({ journal }: EngineDeps): Map<string, ShootRow[]> {
  const paths = new Map(listSources(journal).map((source) => [source.id, source.path]))
  const byFolder = new Map<string, ShootRow[]>()
  for (const shoot of listShoots(journal)) {
    const folder = path.join(paths.get(shoot.sourceId) ?? '', ...shoot.pathFromRoot.split('/'))
    byFolder.set(folder, [...(byFolder.get(folder) ?? []), shoot])
  }
  return byFolder
}
