// The method that asks before it is too late whether a restore would work, and what the helper rehearses by itself.
import { readConfig } from '../config.js'
import { rehearseCatalog, type CatalogRehearser } from '../drill/catalog.js'
import { runDrill, type DrillDeps } from '../drill/drill.js'
import { openNew } from '../drill/open-new.js'
import type { EngineDeps } from '../engine/run.js'
import { findPlace, stateOfPlace } from '../place/places.js'
import type { RestoreRoom } from '../restore/room.js'
import type { Handlers } from '../server/handlers.js'
import type { CatalogRoom } from '../upkeep/catalog-room.js'
import { RehearsalKeeper, type RehearsalDeps } from '../upkeep/rehearsal-keeper.js'
import { scrubSlice } from '../upkeep/scrub.js'
import type { DrillResult, Params } from '../../shared/methods.js'
import type { OnProgress } from '../engine/progress.js'
import type { Workshop } from './workshop.js'

export interface Rehearsers {
  readonly restores: RestoreRoom
  readonly catalogs: CatalogRehearser & Pick<CatalogRoom, 'scrub'>
}

export function rehearseHandlers(shop: Workshop, rooms: Rehearsers): Pick<Handlers, 'drill/run'> {
  return {
    'drill/run': (params, { signal, progress }) => drill(shop, rooms, params, signal, (each) => progress(each)),
  }
}

/** One after the other, and among the restores' turns: new photos need not wait for it.
 *  @throws PLACE_UNKNOWN and what a drill throws */
export function drill(
  shop: Workshop,
  rooms: Rehearsers,
  { shoot, place }: Params<'drill/run'>,
  signal: AbortSignal,
  onProgress: OnProgress,
): Promise<DrillResult> {
  const placeId = place === undefined ? undefined : findPlace(shop.journal, place).id
  return shop.byTurns(() =>
    shop.withEngine(async (engine) => {
      const deps = await drillDeps(shop, rooms, engine)
      const wanted = { ...(shoot === undefined ? {} : { shoot }), ...(placeId === undefined ? {} : { placeId }) }
      return runDrill(deps, wanted, signal, onProgress)
    }),
  )
}

/** What the helper does by itself. */
export function rehearsalKeeper(
  shop: Workshop,
  rooms: Rehearsers,
  lookMs: number,
  onFault: RehearsalDeps['onFault'],
): RehearsalKeeper {
  const { files, journal, clock } = shop
  const { scrubHoursPerDay, drillMonthly } = readConfig(shop.home)
  const { localDays, drillDays } = shop.policy().bestBefore
  const budgetMs = scrubHoursPerDay * 60 * 60 * 1000
  const scrub = (signal: AbortSignal): Promise<unknown> =>
    shop.withEngine(async (engine) => {
      const { places } = await shop.openKnown(engine, shop.drives(), signal)
      return scrubSlice(engine, { places, localDays, budgetMs, exclusively: (act) => shop.alone(act) }, signal)
    })
  const scrubCatalogs = async (signal: AbortSignal): Promise<unknown> => {
    const { places } = await shop.withEngine((engine) => shop.openKnown(engine, shop.drives(), signal))
    return rooms.catalogs.scrub({ places, localDays, budgetMs }, signal)
  }
  return new RehearsalKeeper(
    {
      journal,
      clock,
      reasonToWait: () => shop.waiting.firstForHeavyWork(),
      openSome: (signal) => openNew({ files, journal, clock }, OPEN_NEW_MS, signal),
      scrubCatalogs,
      scrub,
      drill: drillMonthly
        ? (signal) => drill(shop, rooms, {}, signal, () => undefined)
        : () => Promise.resolve(undefined),
      onFault,
    },
    { lookMs, drillDays },
  )
}

/** So long new pictures are opened between two looks: a tenth of the time. */
const OPEN_NEW_MS = 60_000

async function drillDeps(shop: Workshop, { restores, catalogs }: Rehearsers, engine: EngineDeps): Promise<DrillDeps> {
  const drives = shop.drives().filter((place) => stateOfPlace(shop.files, place) === 'here')
  return {
    home: shop.home,
    engine,
    placesHere: [...drives.map(({ id }) => id), ...(await restores.bucketsHere())],
    restore: (params, signal, onProgress) => restores.restore(params, signal, onProgress),
    rehearseCatalog: async (placeId, to, budgetBytes, signal) => {
      const { places } = await shop.openKnown(engine, drives, signal)
      const ordered = [...places].sort((a, b) => Number(b.id === placeId) - Number(a.id === placeId))
      return rehearseCatalog({ files: shop.files, places: ordered, catalogs, to, budgetBytes }, signal)
    },
  }
}
