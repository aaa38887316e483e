// Rebuilding: the journal made again from what a place says of itself. Reads manifests and logs, believes them only as far as they are well
// formed and stay below their folder, looks whether each file they name is there with the size it should have, and hashes nothing unless
// asked. What an existing journal already knows is kept; the place adds to it.
import { setImmediate as turn } from 'node:timers/promises'
import { chainLength, noteReached } from '../engine/catch-up.js'
import { learnShoot } from '../engine/learn-shoot.js'
import { find, folderPath, shootFolders, type Learning, type RecordedPlace } from '../engine/shoot-records.js'
import type { EngineDeps } from '../engine/run.js'
import { ERROR_CODES } from '../errors.js'
import { forgetChainBreaks } from '../journal/meta.js'
import { newestByFolder, readChain } from '../manifest/chain.js'
import { assertStillThere, type OpenPlace } from '../place/places.js'
import type { RebuildResult } from '../../shared/methods.js'

/** @param place  its manifests are read, nothing at it is changed
 *  @throws the system's error, and ENODEV, when it goes in the middle: of the shoot that was being read nothing is learned, above all not that its
 *    files are missing */
export async function rebuildFrom(
  deps: EngineDeps,
  place: RecordedPlace | OpenPlace,
  signal: AbortSignal,
): Promise<RebuildResult> {
  const rebuild: Learning = { deps, place, isLater: false, findings: [], removed: [], files: 0, versions: 0, shoots: 0 }
  const bytes = chainLength(deps, place)
  const chain = readChain(deps.files, place.root, deps.hash)
  for (const message of chain.breaks)
    find(rebuild, '', 'chain.jsonl', `the record of sealed manifests was altered: ${message}`)
  const sealed = newestByFolder(chain)
  for (const folder of shootFolders(rebuild)) {
    if (signal.aborted) return stopped(rebuild)
    deps.journal.transaction(() => {
      learnShoot(rebuild, folder, sealed.get(folder))
      assertThere(deps, place)
    })
    await turn()
  }
  for (const folder of sealed.keys()) {
    if (deps.files.stat(folderPath(place, folder)) === undefined)
      find(rebuild, folder, '', 'this shoot was sealed here once, and its folder is gone')
  }
  assertThere(deps, place)
  deps.journal.transaction(() => {
    noteReached(deps.journal, place.id, chain, bytes)
    forgetChainBreaks(deps.journal, place.id)
  })
  return resultOf(rebuild)
}

/** The records of a bucket were fetched into the home: nobody pulls them. */
export function assertThere({ files }: Pick<EngineDeps, 'files'>, place: RecordedPlace | OpenPlace): void {
  if ('markerIdentity' in place) assertStillThere(files, place)
}

/** What was learned so far is kept; how far the chain reaches is learned by the run that comes to the end. */
function stopped({ place, findings, files, versions, shoots }: Learning): RebuildResult {
  const { exit: exitCode } = ERROR_CODES.INTERRUPTED
  const summary = `Stopped. ${files} files in ${shoots} shoots on "${place.name}" are known again so far. Run the same command again for the rest.`
  return { ok: false, exitCode, summary, place: place.name, shoots, files, versions, findings }
}

function resultOf({ place, findings, files, versions, shoots }: Learning): RebuildResult {
  const exitCode =
    findings.length === 0
      ? 0
      : findings.some((finding) => finding.kind === 'missing')
        ? ERROR_CODES.COPY_MISSING.exit
        : ERROR_CODES.COPY_DIFFERS.exit
  const known = `${files} files in ${shoots} shoots on "${place.name}" are known again`
  const summary =
    findings.length === 0
      ? `${known}. Their bytes were not read; to do that: safelight verify`
      : `${known}; ${findings.length} things are not as they should be (see the list).`
  return { ok: exitCode === 0, exitCode, summary, place: place.name, shoots, files, versions, findings }
}
