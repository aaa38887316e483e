// Reading the originals again. Where size and date stand still and the bytes do not, an original has rotted; where they moved, somebody
// worked on it, and the next backup takes it as a new version, unless the picture in it has rotted besides.
import path from 'node:path'
import { filesOfShoot, saveCopy, setCopyState, type FileRow } from '../journal/files.js'
import { sourceById, type ShootRow } from '../journal/shoots.js'
import { WORKING } from '../model.js'
import type { OpenPlace } from '../place/places.js'
import { judgeChange, pictureChange, unsureWhether } from './picture-change.js'
import type { BackupRun } from './run.js'
import type { VerifyRequest } from './verify.js'
import type { Tally } from './verify-shoot.js'

/** @returns the sources whose originals are not there to be read, as people know them */
export async function verifyOriginals(
  run: BackupRun,
  shoots: readonly ShootRow[],
  tally: Tally,
  { only, places, compareWith = places }: Pick<VerifyRequest, 'only' | 'places' | 'compareWith'>,
): Promise<string[]> {
  const away = new Set<string>()
  for (const shoot of shoots) {
    if (run.signal.aborted) break
    const source = sourceById(run.deps.journal, shoot.sourceId)
    if (source.path === '' || run.deps.files.stat(source.path)?.kind !== 'folder') {
      away.add(source.path === '' ? `"${source.label}"` : `"${source.label}" (${source.path})`)
      continue
    }
    const folder = path.join(source.path, ...shoot.pathFromRoot.split('/'))
    const files = [...filesOfShoot(run.deps.journal, shoot.id).values()].filter(
      (file) =>
        file.goneMs === undefined &&
        (only === undefined || only({ versionId: file.version.id, placeId: WORKING, path: file.name })),
    )
    await Promise.all(
      files.map((file) =>
        verifyOriginal(run, { shoot, file: path.join(folder, file.name), known: file, compareWith }, tally),
      ),
    )
  }
  return [...away]
}

interface Original {
  readonly shoot: ShootRow
  readonly file: string
  readonly known: FileRow
  readonly compareWith: readonly OpenPlace[]
}

async function verifyOriginal(run: BackupRun, original: Original, tally: Tally): Promise<void> {
  const { shoot, file, known } = original
  const { pool, journal, clock } = run.deps
  const { result } = await pool.run({ kind: 'hash', file, sizeBytes: known.sizeBytes, fromDevice: true })
  run.counts.done += 1
  const find = (kind: string, message: string): void =>
    run.find({ kind, place: WORKING, shoot: shoot.key, file: known.name, message })
  if ('failure' in result) {
    if (result.failure.kind === 'stopped') return
    tally.checked += 1
    if (result.failure.kind === 'vanished') find('missing', 'the original is no longer there; its copies are kept')
    else find('unreadable', `the original cannot be read: ${result.failure.message}`)
    return
  }
  tally.checked += 1
  tally.bytesRead += result.stat.sizeBytes
  tally[result.how] += 1
  const { version } = known
  if (result.hash === version.hash) {
    tally.good += 1
    const { sizeBytes, mtimeMs } = result.stat
    saveCopy(journal, {
      versionId: version.id,
      placeId: WORKING,
      path: known.name,
      state: 'verified',
      sizeBytes,
      mtimeMs,
      provenMs: clock(),
      provenHow: result.how,
    })
    return
  }
  const { name, copies } = known
  const change = await pictureChange(run, original.compareWith, { shoot, name, file, version, copies: copies.values() })
  const { sizeBytes, mtimeMs } = result.stat
  const judged = judgeChange(change, sizeBytes === known.sizeBytes && mtimeMs === known.mtimeMs)
  if (judged.kind === 'damaged') {
    find('damaged', judged.message)
    const copy = copies.get(WORKING)
    if (copy) setCopyState(journal, copy, 'damaged')
  } else if (judged.kind === 'unsure') {
    run.warn(unsureWhether(shoot.key, name, judged.why))
  } else {
    tally.good += 1
    run.warn(
      `Originals of "${shoot.key}" have changed since their last backup; run it again to keep the new content too`,
    )
  }
}
