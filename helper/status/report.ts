// The answer to "what is safe?": the shoots, the catalogs, the places, the rehearsals, and one verdict on all of them, read from the journal at
// the moment of asking. Names what is missing, what is to be told, and what to do next.
import { ERROR_CODES, shootUnknown } from '../errors.js'
import { groupsByShoot, type FileGroup } from '../journal/health-groups.js'
import type { Journal } from '../journal/journal.js'
import { listPlaces } from '../journal/places.js'
import { lastRehearsal, standingHold, type Rehearsal } from '../journal/rehearsals.js'
import type { Verdict } from '../model.js'
import type { StatusResult } from '../../shared/methods.js'
import { catalogSentence, catalogsReport } from './catalogs.js'
import { overallVerdict, type ShootHealth } from './health.js'
import { nextSteps } from './next-steps.js'
import { brokenReport } from './broken.js'
import { coldReport } from './cold-report.js'
import { noticesOf } from './notices.js'
import { owedByReason, owedShoots, type OwedShoot } from './owed.js'
import { placesReport, type StatusDeps } from './place-report.js'
import { CLOCK_TOLERANCE_MS, DAY_MS, DEFAULT_POLICY, type Policy } from './policy.js'
import { scoreOf } from './score.js'
import { isClockSetBack, judgeShoots, judgingTime, type JudgedShoot } from './shoots.js'

export interface StatusQuery {
  /** A shoot's id: this one and all below it; everything when left out. */
  readonly shoot?: string
  readonly helper: 'running' | 'down'
  /** How long nobody was at work before this helper started. */
  readonly silentMs?: number
}

/** @throws SHOOT_UNKNOWN */
export function statusReport(deps: StatusDeps, query: StatusQuery): StatusResult {
  const { journal } = deps
  const nowMs = deps.clock()
  const policy = deps.policy?.() ?? DEFAULT_POLICY
  const shoot = query.shoot?.replace(/\/+$/, '')
  const isAsked = (id: string): boolean => shoot === undefined || id === shoot || id.startsWith(`${shoot}/`)
  const judged = judgeShoots(deps).filter(({ summary }) => isAsked(summary.key))
  const counted = judged.filter(({ summary }) => summary.files > 0)
  const states = withOwed(counted, owedShoots(journal)).filter((each) => isAsked(each.id))
  if (shoot !== undefined && judged.length + states.length === 0) throw shootUnknown(shoot)
  const originals = overallVerdict(states.map((each) => each.verdict))
  const catalogs = shoot === undefined ? catalogsReport(deps) : []
  const rehearsal = lastRehearsal(journal, nowMs + CLOCK_TOLERANCE_MS)
  const drill = drillReport(journal, rehearsal, policy, nowMs)
  const verdict = jointVerdict(originals, states.length > 0, catalogs, shoot === undefined ? drill : undefined)
  const count = (wanted: Verdict): number => states.filter((each) => each.verdict === wanted).length
  const exitCode = states.length > 0 && verdict === 'protected' ? 0 : ERROR_CODES.COPY_MISSING.exit
  const hold = holdReport(journal)
  const brokenAtImport = brokenReport(journal, isAsked)
  const base = {
    ok: exitCode === 0,
    exitCode,
    verdict,
    helper: query.helper,
    asOf: iso(nowMs),
    shoots: {
      protected: count('protected'),
      partly: count('partly'),
      atRisk: count('at-risk'),
      unknown: count('unknown'),
    },
    notProtected: states
      .filter((each) => each.verdict !== 'protected')
      .map(({ id, verdict: its, missing }) => ({ id, verdict: its, missing })),
    catalogs: shoot === undefined ? catalogs : catalogsReport(deps),
    places: placesReport(deps),
    originals,
    files: counted.reduce((sum, { summary }) => sum + summary.files, 0),
    bytes: counted.reduce((sum, { summary }) => sum + summary.bytes, 0),
    score: libraryScore(counted, policy, rehearsal, judgingTime(deps)),
    ...times(counted, verdict),
    bestBefore: policy.bestBefore,
    ...(drill ? { drill } : {}),
    ...(hold ? { hold } : {}),
    ...(brokenAtImport ? { brokenAtImport } : {}),
    ...coldReport(journal, nowMs),
  }
  const draft: StatusResult = { ...base, summary: '' }
  const notices = noticesOf(draft, {
    nowMs,
    owed: owedByReason(journal),
    shootsAt: (placeId) => shootsAt(judged, placeId),
    isClockSetBack: isClockSetBack(journal, nowMs),
    silentMs: query.silentMs ?? 0,
  })
  const told: StatusResult = { ...draft, notices }
  return { ...told, summary: summaryOf(told, states.length, shoot === undefined), next: nextSteps(told) }
}

interface ShootState {
  readonly id: string
  readonly verdict: Verdict
  readonly missing: readonly string[]
}

/** A shoot with photos that were told of and are not proven anywhere is at risk, however safe the rest of it is. */
function withOwed(judged: readonly JudgedShoot[], owed: ReadonlyMap<string, OwedShoot>): ShootState[] {
  const known = new Set(judged.map(({ summary }) => summary.key))
  const states = judged.map(({ summary: { key: id }, health: { verdict, missing } }): ShootState => {
    const open = owed.get(id)
    return open ? { id, verdict: 'at-risk', missing: [...open.missing, ...missing] } : { id, verdict, missing }
  })
  const unmet = [...owed.values()]
    .filter(({ id }) => !known.has(id))
    .map(({ id, missing }): ShootState => ({ id, verdict: 'at-risk', missing }))
  return [...states, ...unmet]
}

/** Originals, catalogs and rehearsals together: as good as the worst of them. */
function jointVerdict(
  originals: Verdict,
  hasShoots: boolean,
  catalogs: StatusResult['catalogs'],
  drill: StatusResult['drill'],
): Verdict {
  if (!hasShoots) return originals
  const ofDrill: Verdict[] =
    drill?.state === 'red' ? ['at-risk'] : drill?.state === 'overdue' || drill?.state === 'failed' ? ['partly'] : []
  return overallVerdict([originals, ...catalogs.flatMap(({ verdict }) => (verdict ? [verdict] : [])), ...ofDrill])
}

/** Due a month after the first place was met, and then a month after each. */
export function drillReport(
  journal: Journal,
  last: Rehearsal | undefined,
  { bestBefore }: Pick<Policy, 'bestBefore'>,
  nowMs: number,
): StatusResult['drill'] {
  const places = listPlaces(journal)
  const firstMs = Math.min(...places.map(({ addedMs }) => addedMs))
  if (places.length === 0 || groupsByShoot(journal).size === 0) return undefined
  const sinceMs = Math.min(last?.atMs ?? firstMs, nowMs)
  const dueMs = sinceMs + bestBefore.drillDays * DAY_MS
  const redMs = sinceMs + bestBefore.drillRedDays * DAY_MS
  const isFailed = last !== undefined && last.errors > 0
  const state =
    nowMs > redMs ? 'red' : nowMs > dueMs ? 'overdue' : isFailed ? 'failed' : last === undefined ? 'not due' : 'fresh'
  return { state, ...(last ? { at: iso(last.atMs) } : {}), due: iso(dueMs) }
}

function holdReport(journal: Journal): StatusResult['hold'] {
  const hold = standingHold(journal)
  if (!hold) return undefined
  const { sinceMs, gone, changed, of } = hold
  const message = `Of ${of} known originals ${gone} are gone and ${changed} changed in one pass. Nothing is removed from any place while this stands. If it was on purpose: safelight prune --release-hold`
  return { since: iso(sinceMs), gone, changed, of, message }
}

function libraryScore(
  judged: readonly JudgedShoot[],
  policy: Policy,
  rehearsal: Rehearsal | undefined,
  nowMs: number,
): NonNullable<StatusResult['score']> {
  const groups: FileGroup[] = []
  const good: ShootHealth['good'][number][] = []
  for (const each of judged) {
    groups.push(...each.groups)
    good.push(...each.health.good)
  }
  return scoreOf(groups, good, policy, rehearsal ? { drill: rehearsal } : {}, nowMs)
}

function times(judged: readonly JudgedShoot[], verdict: Verdict): { provenAt?: string; validUntil?: string } {
  const oldestMs = Math.min(...judged.map(({ health }) => health.provenMs ?? Number.POSITIVE_INFINITY))
  const endMs = Math.min(...judged.map(({ health }) => health.validUntilMs ?? Number.POSITIVE_INFINITY))
  return {
    ...(Number.isFinite(oldestMs) ? { provenAt: iso(oldestMs) } : {}),
    ...(verdict === 'protected' && Number.isFinite(endMs) ? { validUntil: iso(endMs) } : {}),
  }
}

/** Shoots with files at a place. */
function shootsAt(judged: readonly JudgedShoot[], placeId: string): string[] {
  return judged
    .filter(({ groups }) => groups.some(({ copies }) => copies.some((copy) => copy.placeId === placeId)))
    .map(({ summary }) => summary.key)
}

function summaryOf(status: StatusResult, shoots: number, isWhole: boolean): string {
  if (shoots === 0) return 'Nothing is backed up yet. Begin with: safelight backup FOLDER --to DRIVE'
  const { verdict, originals, notProtected, catalogs, drill } = status
  const total = `${shoots} shoot${shoots === 1 ? '' : 's'}`
  if (verdict === 'protected') return `All is well: ${total}, every photo on three devices, one of them off-site.`
  const short = notProtected.length
  const ofShoots =
    originals === 'protected'
      ? `Every photo of ${total} is protected.`
      : `${short} of ${total} ${short === 1 ? 'is' : 'are'} not fully protected.`
  if (!isWhole) return ofShoots
  const rehearsal =
    drill?.state === 'overdue' || drill?.state === 'red'
      ? ' A rehearsed restore is overdue: safelight drill.'
      : drill?.state === 'failed'
        ? ' The last rehearsed restore found errors.'
        : ''
  return `${ofShoots}${catalogSentence(catalogs)}${rehearsal}`
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}
