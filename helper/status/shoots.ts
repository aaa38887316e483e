// Every shoot with its verdict, from the groups that the journal keeps, and what people search them by.
import { groupsByShoot, listSummaries, type FileGroup, type ShootSummary } from '../journal/health-groups.js'
import type { Journal } from '../journal/journal.js'
import { listPlaces } from '../journal/places.js'
import { latestClock } from '../journal/rehearsals.js'
import { number, textList } from '../journal/rows.js'
import type { Outcome, Shoot, ShootPlace } from '../../shared/methods.js'
import { offsiteCountOf, offsiteStateOf } from './buckets.js'
import { factsOf, workingFacts, type PlaceFacts } from './counting.js'
import { healthOfShoot, type Places, type ShootHealth } from './health.js'
import { owedShoots } from './owed.js'
import { placeNames, type StatusDeps } from './place-report.js'
import { CLOCK_TOLERANCE_MS, DEFAULT_POLICY } from './policy.js'
import { scoreOf } from './score.js'

export type JudgingDeps = Pick<StatusDeps, 'journal' | 'clock' | 'policy'>

export interface JudgedShoot {
  readonly summary: ShootSummary
  readonly groups: readonly FileGroup[]
  readonly places: Places
  readonly health: ShootHealth
}

export function judgeShoots(deps: JudgingDeps, chosen?: ReadonlySet<number>): JudgedShoot[] {
  const { journal } = deps
  const policy = deps.policy?.() ?? DEFAULT_POLICY
  const nowMs = judgingTime(deps)
  const groups = groupsByShoot(journal)
  const placesOf = placesBySource(journal)
  return listSummaries(journal)
    .filter(({ id }) => chosen?.has(id) ?? true)
    .map((summary) => {
      const its = groups.get(summary.id) ?? []
      const places = placesOf(summary.sourceId)
      const health = summary.files === 0 ? LET_GO : healthOfShoot(its, places, policy, nowMs)
      return { summary, groups: its, places, health }
    })
}

/** Nothing of it is in the library any more; there is nothing to be said "protected" of. */
const LET_GO: ShootHealth = {
  verdict: 'unknown',
  missing: ['its originals were removed on purpose; the copies that are kept are in no verdict'],
  good: [],
}

/** Where the clock was set back nothing can be dated, and everything is judged as if its proofs had run out. */
export function judgingTime({ journal, clock }: Pick<StatusDeps, 'journal' | 'clock'>): number {
  return isClockSetBack(journal, clock()) ? Number.MAX_SAFE_INTEGER : clock()
}

export function isClockSetBack(journal: Journal, nowMs: number): boolean {
  return nowMs < (latestClock(journal) ?? Number.NEGATIVE_INFINITY) - CLOCK_TOLERANCE_MS
}

/** Every place by id, with the originals of a source among them. */
export function placesBySource(journal: Journal): (sourceId: number) => Places {
  const shared = listPlaces(journal).map(factsOf)
  const known = new Map<number, Places>(
    journal
      .all('SELECT id, devices FROM sources')
      .map((row) => [number(row, 'id'), byId([workingFacts(textList(row, 'devices')), ...shared])]),
  )
  return (sourceId) => known.get(sourceId) ?? byId(shared)
}

function byId(places: readonly PlaceFacts[]): Places {
  return new Map(places.map((place) => [place.id, place]))
}

export interface ShootsQuery {
  readonly search?: string
  readonly offset?: number
  readonly limit?: number
  /** This one alone, by its id. */
  readonly shoot?: string
  /** Only those that are not protected, or are owed photos. */
  readonly onlyOpen?: boolean
}

export function listShootsReport(
  deps: JudgingDeps,
  { search, offset = 0, limit, shoot, onlyOpen = false }: ShootsQuery = {},
): Outcome & { shoots: Shoot[]; total: number } {
  const found = search === undefined ? undefined : shootsMatching(deps.journal, search)
  const chosen = shoot === undefined ? found : shootNamed(deps.journal, shoot, found)
  const owed = onlyOpen ? owedShoots(deps.journal) : new Map<string, unknown>()
  const judged = judgeShoots(deps, chosen).filter(
    ({ summary, health }) => !onlyOpen || health.verdict !== 'protected' || owed.has(summary.key),
  )
  const end = limit === undefined ? undefined : offset + limit
  const names = placeNames(deps.journal)
  const total = judged.length
  const said = `${total} shoot${total === 1 ? '' : 's'}${search === undefined ? '' : ` matching "${search}"`}.`
  const shoots = judged.slice(offset, end).map((each) => toShoot(deps, each, names))
  return { ok: true, exitCode: 0, summary: said, shoots, total }
}

function toShoot(deps: JudgingDeps, judged: JudgedShoot, names: ReadonlyMap<string, string>): Shoot {
  const { summary, groups, places, health } = judged
  const { key, files, bytes, firstMs, lastMs, letGo } = summary
  const score = scoreOf(groups, health.good, deps.policy?.() ?? DEFAULT_POLICY, {}, judgingTime(deps))
  return {
    id: key,
    files,
    bytes,
    verdict: health.verdict,
    places: shownPlaces(groups, places, names, { files, nowMs: deps.clock() }),
    missing: health.missing,
    ...(health.provenMs === undefined ? {} : { provenAt: iso(health.provenMs) }),
    ...(health.validUntilMs === undefined ? {} : { validUntil: iso(health.validUntilMs) }),
    ...(firstMs === undefined ? {} : { firstAt: iso(firstMs) }),
    ...(lastMs === undefined ? {} : { lastAt: iso(lastMs) }),
    ...(letGo === 0 ? {} : { letGo }),
    score: score.filter(({ rule }) => rule !== 'errors'),
  }
}

/** The originals first, then the places. */
function shownPlaces(
  groups: readonly FileGroup[],
  places: Places,
  names: ReadonlyMap<string, string>,
  { files: all, nowMs }: { readonly files: number; readonly nowMs: number },
): ShootPlace[] {
  return [...places.keys()].flatMap((placeId): ShootPlace[] => {
    const its = groups.flatMap(({ files, copies }) =>
      copies.filter((copy) => copy.placeId === placeId).map((copy) => ({ files, copy })),
    )
    if (its.length === 0) return []
    const verified = its.filter(({ copy }) => copy.state === 'verified')
    const proofs = verified.flatMap(({ copy }) => (copy.provenMs === undefined ? [] : [copy.provenMs]))
    return [
      {
        place: names.get(placeId) ?? placeId,
        files: its.reduce((sum, { files }) => sum + files, 0),
        verified: verified.reduce((sum, { files }) => sum + files, 0),
        ...(proofs.length === 0 ? {} : { provenAt: iso(Math.min(...proofs)) }),
        ...(places.get(placeId)?.role === 'bucket' ? offsiteStateOf(all, offsiteCountOf(groups, placeId, nowMs)) : {}),
      },
    ]
  })
}

function shootNamed(journal: Journal, key: string, among: ReadonlySet<number> | undefined): ReadonlySet<number> {
  const row = journal.get('SELECT id FROM shoots WHERE key = ?', [key])
  const id = row && number(row, 'id')
  return new Set(id !== undefined && (among?.has(id) ?? true) ? [id] : [])
}

// ── searching ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Part of a shoot's id, part of a file's name, the beginning of a hash, or a day, month or year of which it has a file; case does not count. */
export function shootsMatching(journal: Journal, search: string): ReadonlySet<number> {
  const wanted = search.trim().toLowerCase()
  const summaries = listSummaries(journal)
  const byKey = summaries.filter(({ key }) => key.toLowerCase().includes(wanted)).map(({ id }) => id)
  return new Set([
    ...byKey,
    ...shootsWithName(journal, wanted),
    ...(HASH.test(wanted) ? shootsWithHash(journal, wanted) : []),
    ...(DATE.test(wanted) ? shootsOfDate(journal, wanted, summaries) : []),
  ])
}

const HASH = /^[0-9a-f]{8,64}$/
const DATE = /^\d{4}(-\d\d(-\d\d)?)?$/

/** By the beginning of the name, which an index answers; only where that finds nothing is every name looked at. */
function shootsWithName(journal: Journal, wanted: string): number[] {
  const byPrefix = journal.all(
    'SELECT DISTINCT shoot_id FROM files WHERE name >= ?1 COLLATE NOCASE AND name < ?2 COLLATE NOCASE',
    [wanted, `${wanted}\u{10ffff}`],
  )
  const rows =
    byPrefix.length > 0
      ? byPrefix
      : journal.all("SELECT DISTINCT shoot_id FROM files WHERE name LIKE ? ESCAPE '\\'", [
          `%${wanted.replaceAll(/[\\%_]/g, (sign) => `\\${sign}`)}%`,
        ])
  return rows.map((row) => number(row, 'shoot_id'))
}

function shootsWithHash(journal: Journal, wanted: string): number[] {
  return journal
    .all(
      'SELECT DISTINCT f.shoot_id FROM versions v JOIN files f ON f.id = v.file_id WHERE v.hash >= ?1 AND v.hash < ?2',
      [wanted, `${wanted}g`],
    )
    .map((row) => number(row, 'shoot_id'))
}

function shootsOfDate(journal: Journal, wanted: string, summaries: readonly ShootSummary[]): number[] {
  const [fromMs, toMs] = periodOf(wanted)
  return summaries
    .filter(({ firstMs = 0, lastMs = 0 }) => firstMs < toMs && lastMs >= fromMs)
    .filter(
      ({ id }) =>
        journal.get('SELECT 1 AS found FROM files WHERE shoot_id = ? AND mtime_ms >= ? AND mtime_ms < ? LIMIT 1', [
          id,
          fromMs,
          toMs,
        ]) !== undefined,
    )
    .map(({ id }) => id)
}

/** The photographer's days, so local time. */
function periodOf(wanted: string): readonly [number, number] {
  const [year = 0, month, day] = wanted.split('-').map(Number)
  const start = new Date(year, (month ?? 1) - 1, day ?? 1)
  const end = new Date(
    month === undefined ? year + 1 : year,
    month === undefined ? 0 : day === undefined ? month : month - 1,
    day === undefined ? 1 : day + 1,
  )
  return [start.getTime(), end.getTime()]
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}
