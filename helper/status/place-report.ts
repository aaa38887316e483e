// What is known of each place: whether it is there, what it counts as, how much room it has left, how much of the library lies there proven.
import { systemCode } from '../errors.js'
import type { DurableFiles } from '../files/durable.js'
import type { Volumes } from '../files/volumes.js'
import type { Policy } from './policy.js'
import { groupsByShoot, listSummaries } from '../journal/health-groups.js'
import type { Journal } from '../journal/journal.js'
import { listPlaces, type PlaceRow } from '../journal/places.js'
import { text, textList } from '../journal/rows.js'
import { WORKING } from '../model.js'
import { stateOfPlace, type PlaceState } from '../place/places.js'
import type { Place } from '../../shared/methods.js'
import { bucketReport, readTrouble } from './buckets.js'
import { countDevices, factsOf, isOffSite, roleOf } from './counting.js'
import { DAY_MS } from './policy.js'

export interface StatusDeps {
  readonly files: DurableFiles
  readonly journal: Journal
  readonly volumes: Volumes
  readonly clock: () => number
  /** DEFAULT_POLICY when left out. */
  readonly policy?: () => Policy
}

export function placesReport(deps: StatusDeps): Place[] {
  const counts = countsByPlace(deps.journal)
  const needed30DaysBytes = growthBytes(deps.journal, deps.clock())
  return listPlaces(deps.journal).map((place) => {
    const count = counts.get(place.id)
    return {
      ...placeReport(deps, place),
      files: count?.files ?? 0,
      verified: count?.verified ?? 0,
      ...(count?.oldestMs === undefined ? {} : { provenAt: new Date(count.oldestMs).toISOString() }),
      needed30DaysBytes,
    }
  })
}

/** A drive that is pulled, or fails, while it is asked has no room to speak of; the rest of the status stands. */
function roomAt({ volumes }: StatusDeps, place: PlaceRow): ReturnType<StatusDeps['volumes']['room']> | undefined {
  try {
    return volumes.room(place.path)
  } catch (error) {
    if (systemCode(error) === '') throw error
    return undefined
  }
}

export function placeReport(deps: StatusDeps, place: PlaceRow): Place {
  const state = stateOf(deps, place)
  const room = place.kind === 'drive' && state === 'here' ? roomAt(deps, place) : undefined
  const facts = factsOf(place)
  return {
    id: place.id,
    name: place.name,
    kind: place.kind,
    path: place.path,
    state,
    role: roleOf(place),
    isOffSite: isOffSite(facts),
    addedAt: new Date(place.addedMs).toISOString(),
    ...(facts.medium === undefined ? {} : { medium: facts.medium }),
    ...bucketReport(deps.journal, place, deps.clock()),
    ...(room ? { freeBytes: room.freeBytes, totalBytes: room.totalBytes } : {}),
    ...(place.volume.fileSystem === undefined ? {} : { fileSystem: place.volume.fileSystem }),
    ...(place.lastSeenMs === undefined ? {} : { lastSeenAt: new Date(place.lastSeenMs).toISOString() }),
    warnings: warningsOf(deps.journal, place),
  }
}

/** A bucket is here while the last attempt to reach it did not fail. */
function stateOf({ files, journal }: StatusDeps, place: PlaceRow): PlaceState {
  if (place.kind === 'drive') return stateOfPlace(files, place)
  const trouble = readTrouble(journal, place.id)
  return trouble && trouble.isPause !== true ? 'away' : 'here'
}

/** What keeps a place from counting in full, each as the end of "it is …". */
function warningsOf(journal: Journal, place: PlaceRow): string[] {
  const role = roleOf(place)
  if (role === 'card')
    return [
      `a camera card: cards are formatted, so it never counts as a copy (if it is a drive: safelight place add "${place.path}" --role drive)`,
    ]
  if (role === 'gallery') return ['a client gallery: it is made for showing, so it never counts as a copy of raw files']
  const sharing = journal
    .all('SELECT label, devices FROM sources ORDER BY label')
    .filter((row) => {
      const devices = textList(row, 'devices')
      return devices.length > 0 && place.devices.length > 0 && countDevices([place, { devices }]) < 2
    })
    .map((row) => `on the same physical device as the originals of "${text(row, 'label')}": not a second device`)
  const others = listPlaces(journal)
    .filter((other) => other.id !== place.id && other.devices.length > 0 && place.devices.length > 0)
    .filter((other) => countDevices([place, other]) < 2)
    .map((other) => `on the same physical device as "${other.name}": the two count as one`)
  const unknown =
    place.kind === 'drive' && place.devices.length === 0
      ? ['on a disk that cannot be told apart from others: not counted as a second device']
      : []
  const sync =
    place.volume.syncClient === undefined ? [] : [`a folder of ${place.volume.syncClient}: never counts as off-site`]
  const several = role === 'raid' ? ['on a set of disks that fail together: it counts as one copy on one medium'] : []
  return [...sharing, ...others, ...unknown, ...sync, ...several]
}

export interface PlaceTally {
  readonly files: number
  readonly verified: number
  readonly oldestMs?: number
}

/** By place, the originals among them. */
export function countsByPlace(journal: Journal): Map<string, PlaceTally> {
  const counts = new Map<string, { files: number; verified: number; oldestMs?: number }>()
  for (const groups of groupsByShoot(journal).values())
    for (const { files, copies } of groups)
      for (const { placeId, state, provenMs } of copies) {
        const count = counts.get(placeId) ?? { files: 0, verified: 0 }
        counts.set(placeId, count)
        count.files += files
        if (state !== 'verified') continue
        count.verified += files
        if (provenMs !== undefined) count.oldestMs = Math.min(count.oldestMs ?? provenMs, provenMs)
      }
  return counts
}

/** Bytes of the shoots that were first met in the last 30 days: what the next 30 may need as well. */
export function growthBytes(journal: Journal, nowMs: number): number {
  return listSummaries(journal)
    .filter(({ metMs }) => metMs !== undefined && metMs <= nowMs && nowMs - metMs <= FORECAST_DAYS * DAY_MS)
    .reduce((sum, { bytes }) => sum + bytes, 0)
}

const FORECAST_DAYS = 30

/** What people call a place, by id. */
export function placeNames(journal: Journal): Map<string, string> {
  return new Map([[WORKING, WORKING], ...listPlaces(journal).map((place) => [place.id, place.name] as const)])
}
