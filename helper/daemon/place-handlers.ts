// The methods about places: which there are, what they are called, and which no longer count.
import { ERROR_CODES } from '../errors.js'
import { inWords } from '../files/in-words.js'
import { forgetPlace, placeById, setLocation, type PlaceRow } from '../journal/places.js'
import { findPlace, openPlace, realFolder, renameOpenPlace, type OpenPlace } from '../place/places.js'
import type { RestoreRoom } from '../restore/room.js'
import type { Handlers } from '../server/handlers.js'
import { placeReport, placesReport } from '../status/place-report.js'
import type { BucketRoom } from '../upkeep/bucket-room.js'
import type { FillResult, Outcome, Params, Place, Result } from '../../shared/methods.js'
import type { LearnPlace } from './copy-handlers.js'
import { lazily } from '../lazily.js'
import type { Workshop } from './workshop.js'

const bucketMethods = lazily(() => import('../upkeep/bucket-methods.js'))

export function placeHandlers(
  shop: Workshop,
  learn: LearnPlace,
  restores: () => Promise<RestoreRoom>,
  buckets: () => Promise<BucketRoom>,
): Pick<Handlers, 'place/list' | 'place/add' | 'place/rename' | 'place/remove'> {
  return {
    'place/list': () => Promise.resolve(placeList(placesReport(shop))),
    'place/add': async (params, { signal, progress }) => {
      if (params.path.startsWith('s3://')) {
        const { addBucketPlace } = await bucketMethods()
        return addBucketPlace(shop, await buckets(), params, signal)
      }
      const place = await shop.alone(() => addDrive(shop, learn, params, signal))
      if (params.fill !== true) return addedOutcome(shop, place.id)
      const room = await restores()
      const filled = await room.fill(
        place,
        (act) => shop.alone(act),
        signal,
        (each) => progress(each),
      )
      return withFilled(addedOutcome(shop, place.id), filled)
    },
    'place/rename': async ({ place: wanted, name }) => {
      const place = findPlace(shop.journal, wanted)
      if (place.kind === 'bucket') await (await buckets()).rename(place, name)
      else await renameOpenPlace(shop.placeDeps(), place, name)
      const { id } = findPlace(shop.journal, name)
      return placeOutcome(shop, id, (row) => `The place is called "${row.name}" now.`)
    },
    'place/remove': ({ place }) => Promise.resolve(removePlace(shop, place)),
  }
}

async function addDrive(
  shop: Workshop,
  learn: LearnPlace,
  { path: typed, name, location, role }: Params<'place/add'>,
  signal: AbortSignal,
): Promise<OpenPlace> {
  const folder = realFolder(shop.placeDeps(), typed)
  const place = await openPlace(shop.placeDeps(), folder, {
    isNew: true,
    ...(name === undefined ? {} : { name }),
    ...(role === undefined ? {} : { role }),
  })
  if (location !== undefined) setLocation(shop.journal, place.id, location)
  if (place.isUnknownHere) await shop.withEngine((deps) => learn(deps, place, signal))
  return place
}

function addedOutcome(shop: Workshop, id: string): Outcome & { place: Place } {
  return placeOutcome(shop, id, (row) => `"${row.name}" at ${row.path} is a place for copies now.`)
}

function withFilled(added: Outcome & { place: Place }, filled: FillResult): Result<'place/add'> {
  const { files, bytes, left, failure } = filled
  const exitCode =
    filled.exitCode ?? (filled.findings.length > 0 || left > 0 ? ERROR_CODES.COPY_MISSING.exit : added.exitCode)
  const summary = [
    added.summary,
    files === 0 && left === 0
      ? 'Everything that is known is on it already.'
      : `${files} files (${inWords(bytes)}) were copied to it from the other places, read back and proven.`,
    ...(failure === undefined ? [] : [failure]),
    ...(left > 0
      ? [`${left} are not on it yet: connect the drives that have them and run the same command again, which goes on.`]
      : []),
  ].join(' ')
  return { ...added, ok: exitCode === 0, exitCode, summary, filled }
}

function removePlace(shop: Workshop, wanted: string): Outcome {
  const place = findPlace(shop.journal, wanted)
  forgetPlace(shop.journal, place.id)
  return {
    ok: true,
    exitCode: 0,
    summary: `"${place.name}" is no longer counted. What lies on it was not touched: its copies can be used, and it can be added again.`,
  }
}

function placeOutcome(shop: Workshop, id: string, say: (row: PlaceRow) => string): Outcome & { place: Place } {
  const row = placeById(shop.journal, id)
  if (!row) throw new Error('a place just saved is not there')
  const place = placeReport(shop, row)
  const warnings = place.warnings.map((warning) => ` Mind: it is ${warning}.`).join('')
  return { ok: true, exitCode: 0, summary: `${say(row)}${warnings}`, place }
}

function placeList(places: readonly Place[]): Outcome & { places: readonly Place[] } {
  const here = places.filter((place) => place.state === 'here').length
  return {
    ok: true,
    exitCode: 0,
    summary:
      places.length === 0
        ? 'No place is known yet.'
        : `${places.length} place${places.length === 1 ? '' : 's'}, ${here} connected now.`,
    places,
  }
}
