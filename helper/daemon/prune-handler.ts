// Pruning as a whole: catalog backups by their thinning, copies by the windows that the user set, and neither while a hold stands.
import { readConfig } from '../config.js'
import { standingHold } from '../journal/rehearsals.js'
import { carryOut, planCopies, shownCopy } from '../upkeep/prune-copies.js'
import { placeNames } from '../status/place-report.js'
import type { Params, Result } from '../../shared/methods.js'
import type { Workshop } from './workshop.js'

type Prune = Result<'prune/run'>

export async function pruneAll(
  shop: Workshop,
  thinCatalogs: (params: Params<'prune/run'>, signal: AbortSignal) => Promise<Prune>,
  { dryRun = false }: Params<'prune/run'>,
  signal: AbortSignal,
): Promise<Prune> {
  const isHeld = standingHold(shop.journal) !== undefined
  return shop.alone(async () => {
    const catalogs = await thinCatalogs({ dryRun: dryRun || isHeld }, signal)
    // What other computers did at the drives is part of what is planned.
    const places = await shop.withEngine((deps) => shop.placesHere(deps, signal))
    const plan = planCopies(shop, readConfig(shop.home).retention, shop.policy())
    const names = placeNames(shop.journal)
    const wanted = plan.lines
      .filter(({ action }) => action === 'remove')
      .map((line) => shownCopy(names.get(line.copy.placeId) ?? line.copy.placeId, line))
    const { done, left } = dryRun
      ? { done: wanted, left: [] }
      : await shop.withEngine((deps) => carryOut(deps, plan, places, signal))
    const away = dryRun ? 0 : wanted.length - done.length - left.length
    const bytes = done.reduce((sum, each) => sum + each.bytes, 0)
    const heldBack = [
      ...(plan.heldBack === undefined ? [] : [plan.heldBack]),
      ...(isHeld && plan.heldBack === undefined ? [HELD] : []),
      ...left,
      ...(away > 0 ? [`${away} copies are on places that are not connected; they go with the next prune`] : []),
      ...catalogs.heldBack,
    ]
    const copies = `${done.length} cop${done.length === 1 ? 'y' : 'ies'} of photos`
    const ofCopies = done.length === 0 ? '' : dryRun ? ` ${copies} would be removed too.` : ` ${copies} removed too.`
    return {
      ...catalogs,
      dryRun,
      summary: `${isHeld && !dryRun ? `${HELD}. Nothing was removed.` : catalogs.summary}${ofCopies}`,
      removed: isHeld ? 0 : catalogs.removed + (dryRun ? 0 : done.length),
      bytes: (isHeld && !dryRun ? 0 : catalogs.bytes) + bytes,
      heldBack,
      copies: done,
    }
  })
}

const HELD = 'Nothing is removed while a hold stands after a mass loss: safelight status'
