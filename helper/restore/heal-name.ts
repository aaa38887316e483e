// The name of a copy that is to be made: what lies there that is good and goes to Versions, what is bad and goes to Quarantine, and what a heal
// that was killed had moved and not written down.
import path from 'node:path'
import { systemCode } from '../errors.js'
import { stampOf } from '../files/versions.js'
import type { CopyRow } from '../journal/files.js'
import type { PastVersion } from '../journal/history.js'
import { foundReplaced, type Earlier, type Result } from './heal-results.js'
import type { HealRun, Suspect, Trouble } from './heal-run.js'

/** A heal that was killed had moved an earlier content to Versions, may have put the newest in its place, and had not written that down. */
export async function replacedBefore(run: HealRun, suspect: Suspect, trouble: Trouble): Promise<Result | undefined> {
  const { file, version, copy } = suspect
  const newest = file.versions.find(({ id }) => id === file.newestId)
  const isOther = trouble.was !== 'missing' && trouble.hash !== newest?.hash
  if (!newest || newest.id === version.id || isOther || copy.path !== file.name) return undefined
  const kept = await keptBefore(run, suspect, version)
  return kept && foundReplaced(run, suspect, newest, trouble, kept)
}

/** What a run that was killed moved to Versions and did not write down, where its bytes are those of this content. */
async function keptBefore(
  { engine, finder }: HealRun,
  { shoot, place, file }: Suspect,
  version: PastVersion,
): Promise<CopyRow | undefined> {
  for (const kept of finder.setAside(shoot, place, file.name, version)) {
    if (!('file' in kept)) continue
    const job = { kind: 'hash', file: kept.file, sizeBytes: version.sizeBytes, fromDevice: true } as const
    const { result } = await engine.deps.pool.run(job)
    if (!('failure' in result) && result.hash === version.hash) return kept.copy
  }
  return undefined
}

/** The copy of an earlier content of the same file, which lies as it was written where this one is to go. It is good, and goes to Versions. */
export function earlierUnderName(
  { engine, finder }: HealRun,
  { shoot, file, version, copy }: Suspect,
): Earlier | undefined {
  const earlier = file.versions
    .filter(({ id }) => id !== version.id)
    .flatMap((each) => each.copies.map((its) => ({ version: each, copy: its })))
    .find(({ copy: its }) => its.placeId === copy.placeId && its.path === copy.path)
  const there = earlier?.copy
  if (there?.state !== 'verified' && there?.state !== 'written') return undefined
  const found = finder.locate(shoot, there)
  if (!('file' in found)) return undefined
  try {
    const stat = engine.deps.files.stat(found.file)
    return stat?.sizeBytes === there.sizeBytes && stat.mtimeMs === there.mtimeMs ? earlier : undefined
  } catch (error) {
    if (systemCode(error) === '') throw error
    return undefined
  }
}

/** Where what has the name is to go; a move that was killed half-way has given an earlier content its other name already. */
export async function asideName(
  run: HealRun,
  suspect: Suspect,
  final: string,
  earlier: Earlier | undefined,
): Promise<string> {
  if (!earlier) return freePath(run, suspect, final, 'Quarantine')
  const kept = await keptBefore(run, suspect, earlier.version)
  return kept?.path ?? freePath(run, suspect, final, 'Versions')
}

/** A name in Quarantine/ or Versions/ that nothing has, below the shoot's folder. */
function freePath(
  run: HealRun,
  { shoot, place, copy }: Suspect,
  final: string,
  kept: 'Quarantine' | 'Versions',
): string {
  const { files, clock } = run.engine.deps
  const folder = run.finder.folderOf(shoot, place) ?? path.dirname(final)
  for (let atMs = clock(); ; atMs++) {
    const to = `${kept}/${stampOf(atMs)}/${copy.path.split('/').at(-1) ?? copy.path}`
    const at = path.join(folder, ...to.split('/'))
    if (run.namesGiven.has(at) || files.stat(at) !== undefined) continue
    run.namesGiven.add(at)
    return to
  }
}
