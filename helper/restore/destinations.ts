// Where each shoot of a restore goes: below a folder that the user named, or to where its originals were or are now. What keeps a shoot from
// going anywhere is gathered, each reason once, because the others can still come back.
import type { EngineDeps } from '../engine/run.js'
import { SafelightError } from '../errors.js'
import { sourceById, type ShootRow } from '../journal/shoots.js'
import { folderBelow, namedBase, originalBase, recordMove, type Base } from './target.js'

/** A shoot, and where it goes. */
export interface Destination {
  readonly shoot: ShootRow
  readonly base: Base
  readonly folder: string
}

export interface Destinations {
  readonly list: readonly Destination[]
  /** Folders of originals that are elsewhere now. */
  readonly mapped: readonly { readonly was: string; readonly now: string; readonly why: string }[]
  readonly problems: readonly SafelightError[]
}

/** @param to  the folder that the user named */
export async function findDestinations(
  deps: Pick<EngineDeps, 'files' | 'journal' | 'volumes'>,
  shoots: readonly ShootRow[],
  to: string | undefined,
): Promise<Destinations> {
  const named = to === undefined ? undefined : namedBase(deps.files, to)
  const bases = new Map<number, Base | undefined>()
  const list: Destination[] = []
  const problems: SafelightError[] = []
  for (const shoot of shoots) {
    try {
      if (!bases.has(shoot.sourceId)) {
        bases.set(shoot.sourceId, undefined)
        bases.set(shoot.sourceId, named ?? (await originalBase(deps, sourceById(deps.journal, shoot.sourceId))))
      }
      const base = bases.get(shoot.sourceId)
      if (base) list.push({ shoot, base, folder: folderBelow(deps.journal, base, shoot) })
    } catch (error) {
      if (!(error instanceof SafelightError)) throw error
      problems.push(error)
    }
  }
  const mapped = [...bases.values()].flatMap((base) =>
    base?.moved ? [{ was: base.moved.was, now: base.path, why: base.moved.why }] : [],
  )
  return { list, mapped, problems }
}

/** The journal learns where the originals lie now, before the first of them is restored there. */
export function recordMoves(deps: Pick<EngineDeps, 'journal' | 'clock'>, destinations: readonly Destination[]): void {
  const bases = new Map(destinations.map(({ shoot, base }) => [shoot.sourceId, base]))
  for (const [sourceId, base] of bases) recordMove(deps.journal, sourceById(deps.journal, sourceId), base, deps.clock())
}
