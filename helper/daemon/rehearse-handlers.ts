// The method that asks before it is too late whether a restore would work, and what the helper rehearses by itself.
import { readConfig } from '../config.js'
import { rehearseCatalog, type CatalogDrill, type CatalogRehearser } from '../drill/catalog.js'
import { runDrill, type DrillDeps, type RehearsedCatalog } from '../drill/drill.js'
import { openNew } from '../drill/open-new.js'
import type { EngineDeps } from '../engine/run.js'
import { SafelightError } from '../errors.js'
import type { PlaceRow } from '../journal/places.js'
import { findPlace, stateOfPlace } from '../place/places.js'
import type { RestoreRoom } from '../restore/room.js'
import type { Handlers } from '../server/handlers.js'
import type { BucketCatalogWish, FetchedBackup } from '../upkeep/catalog-from-bucket.js'
import type { CatalogRoom } from '../upkeep/catalog-room.js'
import { RehearsalKeeper, type RehearsalDeps } from '../upkeep/rehearsal-keeper.js'
import { scrubSlice } from '../upkeep/scrub.js'
import type { DrillResult, Params } from '../../shared/methods.js'
import type { OnProgress } from '../engine/progress.js'
import type { Workshop } from './workshop.js'

export interface Rehearsers {
  readonly restores: RestoreRoom
  readonly catalogs: CatalogRehearser & Pick<CatalogRoom, 'scrub'>
  readonly catalogFromBucket: (wish: BucketCatalogWish, signal: AbortSignal) => Promise<FetchedBackup | undefined>
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

async function drillDeps(shop: Workshop, rooms: Rehearsers, engine: EngineDeps): Promise<DrillDeps> {
  const { restores } = rooms
  const drives = shop.drives().filter((place) => stateOfPlace(shop.files, place) === 'here')
  return {
    home: shop.home,
    engine,
    placesHere: [...drives.map(({ id }) => id), ...(await restores.bucketsHere())],
    restore: (params, signal, onProgress) => restores.restore(params, signal, onProgress),
    rehearseCatalog: (placeId, to, budgetBytes, signal) =>
      openNewestCatalog(shop, rooms, engine, { drives, placeId, to, budgetBytes }, signal),
  }
}

interface CatalogWish {
  readonly drives: readonly PlaceRow[]
  /** The place that is drilled. */
  readonly placeId: string
  readonly to: string
  readonly budgetBytes: number
}

/** The catalog of the place that is drilled; of another where it has none, and of a bucket when no drive has one. */
async function openNewestCatalog(
  shop: Workshop,
  { catalogs, catalogFromBucket }: Rehearsers,
  engine: EngineDeps,
  { drives, placeId, to, budgetBytes }: CatalogWish,
  signal: AbortSignal,
): Promise<RehearsedCatalog | undefined> {
  const open = (places: CatalogDrill['places']): Promise<RehearsedCatalog | undefined> =>
    rehearseCatalog({ files: shop.files, places, catalogs, to, budgetBytes }, signal)
  const openFromBucket = async (only?: string): Promise<RehearsedCatalog | undefined> => {
    const wish = { placeId: only, folder: `${to} fetched`, mostBytes: budgetBytes }
    const fetched = await catalogFromBucket(wish, signal)
    if (!fetched) return undefined
    try {
      return await open([fetched])
    } finally {
      await fetched.release()
    }
  }
  const openFromDrives = async (): Promise<RehearsedCatalog | undefined> => {
    const { places } = await shop.openKnown(engine, drives, signal)
    return open([...places].sort((a, b) => Number(b.id === placeId) - Number(a.id === placeId)))
  }
  const isDrive = drives.some(({ id }) => id === placeId)
  return (
    (isDrive ? undefined : await openFromBucket(placeId)) ?? (await openFromDrives()) ?? ifReached(openFromBucket())
  )
}

/** A bucket that nobody meant to drill may be out of reach. */
async function ifReached<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked
  } catch (error) {
    if (error instanceof SafelightError && error.code.startsWith('OFFSITE_')) return undefined
    throw error
  }
}
