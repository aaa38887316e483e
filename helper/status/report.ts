// The answers to "what is safe?": the shoots, the places, and the whole, read from the journal at the moment of asking.
import { ERROR_CODES, shootUnknown } from '../errors.js'
import type { DurableFiles } from '../files/durable.js'
import type { Volumes } from '../files/volumes.js'
import type { Journal } from '../journal/journal.js'
import { listPlaces, type PlaceRow } from '../journal/places.js'
import { number, optionalNumber, text, textList } from '../journal/rows.js'
import { WORKING, type ProofMethod, type Verdict } from '../model.js'
import { stateOfPlace } from '../place/places.js'
import type { Outcome, Place, Shoot, StatusResult } from '../../shared/methods.js'
import { owedShoots, type OwedShoot } from './owed.js'
import { catalogSentence, catalogsReport } from './catalogs.js'
import { healthOfShoot, overallVerdict, type PlaceCount, type PlaceFacts } from './health.js'

export interface StatusDeps {
  readonly files: DurableFiles
  readonly journal: Journal
  readonly volumes: Volumes
  readonly clock: () => number
}

interface ShootReport {
  readonly shoot: Shoot
  readonly missing: readonly string[]
}

/** @param search  part of a shoot's id or of a file's name, without regard to case */
export function listShootsReport(deps: StatusDeps, search?: string): Outcome & { shoots: Shoot[] } {
  const shoots = reportShoots(deps, search).map((each) => each.shoot)
  const found = `${shoots.length} shoot${shoots.length === 1 ? '' : 's'}${search === undefined ? '' : ` matching "${search}"`}.`
  return { ok: true, exitCode: 0, summary: found, shoots }
}

/** @param typed  a shoot's id: this one and all below it; everything when left out
 *  @throws SHOOT_UNKNOWN */
export function statusReport(deps: StatusDeps, helper: 'running' | 'down', typed?: string): StatusResult {
  const shoot = typed?.replace(/\/+$/, '')
  const isAsked = (id: string): boolean => shoot === undefined || id === shoot || id.startsWith(`${shoot}/`)
  const reports = withOwed(reportShoots(deps), owedShoots(deps.journal)).filter((each) => isAsked(each.id))
  if (shoot !== undefined && reports.length === 0) throw shootUnknown(shoot)
  const count = (verdict: Verdict): number => reports.filter((each) => each.verdict === verdict).length
  const verdict = overallVerdict(reports.map((each) => each.verdict))
  const catalogs = catalogsReport(deps.journal)
  const aboutCatalogs = shoot === undefined ? catalogSentence(catalogs) : ''
  const isSafe = reports.length > 0 && verdict === 'protected' && aboutCatalogs === ''
  const exitCode = isSafe ? 0 : ERROR_CODES.COPY_MISSING.exit
  return {
    ok: exitCode === 0,
    exitCode,
    summary: `${summaryOf(reports, verdict)}${aboutCatalogs}`,
    verdict,
    helper,
    asOf: new Date(deps.clock()).toISOString(),
    shoots: {
      protected: count('protected'),
      partly: count('partly'),
      atRisk: count('at-risk'),
      unknown: count('unknown'),
    },
    notProtected: reports
      .filter((each) => each.verdict !== 'protected')
      .map(({ id, verdict: its, missing }) => ({ id, verdict: its, missing })),
    catalogs,
    places: placesReport(deps),
  }
}

interface ShootState {
  readonly id: string
  readonly verdict: Verdict
  readonly missing: readonly string[]
}

/** A shoot with photos that were told of and are not proven anywhere is at risk, however safe the rest of it is. */
function withOwed(reports: readonly ShootReport[], owed: ReadonlyMap<string, OwedShoot>): ShootState[] {
  const known = new Set(reports.map((each) => each.shoot.id))
  const states = reports.map(({ shoot: { id, verdict }, missing }): ShootState => {
    const open = owed.get(id)
    return open ? { id, verdict: 'at-risk', missing: [...open.missing, ...missing] } : { id, verdict, missing }
  })
  const unmet = [...owed.values()]
    .filter(({ id }) => !known.has(id))
    .map(({ id, missing }): ShootState => ({ id, verdict: 'at-risk', missing }))
  return [...states, ...unmet]
}

export function placesReport(deps: StatusDeps): Place[] {
  return listPlaces(deps.journal).map((place) => placeReport(deps, place))
}

export function placeReport(deps: StatusDeps, place: PlaceRow): Place {
  const state = stateOfPlace(deps.files, place)
  const room = state === 'here' ? deps.volumes.room(place.path) : undefined
  const sharing = deps.journal
    .all('SELECT label, devices FROM sources ORDER BY label')
    .filter((row) => textList(row, 'devices').some((device) => place.devices.includes(device)))
    .map((row) => `on the same physical device as the originals of "${text(row, 'label')}": not a second device`)
  const unknown =
    place.kind === 'drive' && place.devices.length === 0
      ? ['on a disk that cannot be told apart from others: not counted as a second device']
      : []
  const sync =
    place.volume.syncClient === undefined ? [] : [`a folder of ${place.volume.syncClient}: never counts as off-site`]
  return {
    id: place.id,
    name: place.name,
    kind: place.kind,
    path: place.path,
    state,
    ...(room ? { freeBytes: room.freeBytes, totalBytes: room.totalBytes } : {}),
    ...(place.volume.fileSystem === undefined ? {} : { fileSystem: place.volume.fileSystem }),
    ...(place.lastSeenMs === undefined ? {} : { lastSeenAt: new Date(place.lastSeenMs).toISOString() }),
    warnings: [...sharing, ...unknown, ...sync],
  }
}

function reportShoots(deps: StatusDeps, search?: string): ShootReport[] {
  const { journal } = deps
  const nowMs = deps.clock()
  const places = listPlaces(journal)
  const names = new Map([[WORKING, WORKING], ...places.map((place) => [place.id, place.name] as const)])
  const counts = countsByShoot(journal)
  const shoots = journal.all(
    `SELECT s.id, s.key, r.devices, count(f.id) AS files, coalesce(sum(f.size), 0) AS bytes FROM shoots s JOIN sources r ON r.id = s.source_id
     JOIN files f ON f.shoot_id = s.id ${search === undefined ? '' : SEARCH} GROUP BY s.id ORDER BY s.key`,
    search === undefined ? [] : [pattern(search), pattern(search)],
  )
  return shoots.map((row) => {
    const facts: PlaceFacts[] = [
      { id: WORKING, name: WORKING, kind: 'working', devices: textList(row, 'devices'), isOffSite: false },
      ...places.map((place): PlaceFacts => ({
        id: place.id,
        name: place.name,
        kind: place.kind,
        devices: place.devices,
        isOffSite: place.location === 'off-site' && place.volume.syncClient === undefined,
      })),
    ]
    const files = number(row, 'files')
    const its = counts.get(number(row, 'id')) ?? []
    const { verdict, missing } = healthOfShoot({ files, counts: its }, facts, nowMs)
    const shown = its.map(({ placeId, files: there, verified, oldestProofMs }) => ({
      place: names.get(placeId) ?? placeId,
      files: there,
      verified,
      ...(oldestProofMs === undefined ? {} : { provenAt: new Date(oldestProofMs).toISOString() }),
    }))
    return { shoot: { id: text(row, 'key'), files, bytes: number(row, 'bytes'), verdict, places: shown }, missing }
  })
}

const SEARCH = `WHERE s.key LIKE ? ESCAPE '\\' OR EXISTS (SELECT 1 FROM files x WHERE x.shoot_id = s.id AND x.name LIKE ? ESCAPE '\\')`

function pattern(search: string): string {
  return `%${search.replaceAll(/[\\%_]/g, (sign) => `\\${sign}`)}%`
}

/** The originals first, then the places. */
function countsByShoot(journal: Journal): Map<number, PlaceCount[]> {
  const rows = journal.all(
    `SELECT f.shoot_id, c.place_id, count(*) AS files, sum(c.state = 'verified') AS verified, sum(c.state = 'damaged') AS damaged,
       min(CASE WHEN c.state = 'verified' THEN c.proven_ms END) AS oldest, max(CASE WHEN c.state = 'verified' THEN c.proven_how = 'server checksum' END) AS by_server
     FROM files f JOIN copies c ON c.version_id = f.version_id AND c.path = f.name GROUP BY f.shoot_id, c.place_id ORDER BY c.place_id <> 'working', c.place_id`,
  )
  const counts = new Map<number, PlaceCount[]>()
  for (const row of rows) {
    const oldestProofMs = optionalNumber(row, 'oldest')
    const how: ProofMethod = optionalNumber(row, 'by_server') === 1 ? 'server checksum' : 'cached'
    const shootId = number(row, 'shoot_id')
    const list = counts.get(shootId) ?? []
    counts.set(shootId, list)
    list.push({
      placeId: text(row, 'place_id'),
      files: number(row, 'files'),
      verified: number(row, 'verified'),
      damaged: number(row, 'damaged'),
      ...(oldestProofMs === undefined ? {} : { oldestProofMs, how }),
    })
  }
  return counts
}

function summaryOf(reports: readonly ShootState[], verdict: Verdict): string {
  if (reports.length === 0) return 'Nothing is backed up yet. Begin with: safelight backup FOLDER --to DRIVE'
  const total = `${reports.length} shoot${reports.length === 1 ? '' : 's'}`
  if (verdict === 'protected')
    return `All is well: ${total}, every photo at three places on two devices, one of them off-site.`
  const short = reports.filter((each) => each.verdict !== 'protected').length
  return `${short} of ${total} ${short === 1 ? 'is' : 'are'} not fully protected.`
}
