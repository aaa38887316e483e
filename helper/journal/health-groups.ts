// What the verdicts are made of: the files of each shoot, gathered into groups that share the places, states and times of their copies. Kept
// in the journal, and counted again for exactly those shoots whose rows have changed since (triggers mark them), so that asking costs what
// has changed and not what there is. Knows no clock: a group says when its copies were proven, and health.ts what that is worth.
import type { CopyState, ProofMethod } from '../model.js'
import type { Journal, Row } from './journal.js'
import { number, optionalNumber, text } from './rows.js'

/** One copy of a file's newest content, as far as a verdict is concerned. */
export interface GroupCopy {
  readonly placeId: string
  readonly state: CopyState
  readonly how?: ProofMethod
  /** At most an hour (in a shoot with very many groups, a day) before the proof was made: never after it. */
  readonly provenMs?: number
  /** Until when nobody can delete it there; never too late. */
  readonly lockedUntilMs?: number
}

export interface FileGroup {
  readonly files: number
  readonly bytes: number
  readonly copies: readonly GroupCopy[]
}

export interface ShootSummary {
  readonly id: number
  readonly key: string
  readonly sourceId: number
  readonly files: number
  readonly bytes: number
  /** Dates of its oldest and newest file. */
  readonly firstMs?: number
  readonly lastMs?: number
  /** When the first of its contents was seen. */
  readonly metMs?: number
  /** Gone and not missed. */
  readonly letGo: number
}

const HOUR_MS = 60 * 60 * 1000
const DAY_MS = 24 * HOUR_MS

/** Proofs that were spread over many hours are counted by the day from so many groups on. */
const GROUPS_BY_THE_HOUR = 48

/** Counts again what has changed.
 *  @param budgetMs  stops after so long, for whoever must not keep others waiting; everything when left out
 *  @returns         whether anything is left to be counted */
export function refreshGroups(journal: Journal, budgetMs = Number.POSITIVE_INFINITY): boolean {
  const stale = journal.all('SELECT shoot_id FROM stale_shoots')
  if (stale.length === 0) return false
  const begun = performance.now()
  let done = 0
  journal.transaction(() => {
    for (const row of stale) {
      const shootId = number(row, 'shoot_id')
      recount(journal, shootId)
      journal.run('DELETE FROM stale_shoots WHERE shoot_id = ?', [shootId])
      done += 1
      if (performance.now() - begun > budgetMs) break
    }
  })
  kept.delete(journal)
  return done < stale.length
}

/** An original that is gone counts as long as it is missed: not when no catalog names it any more, nor when it lies under another name. */
const COUNTED = '(gone_ms IS NULL OR (let_go_ms IS NULL AND moved_ms IS NULL))'

function recount(journal: Journal, shootId: number): void {
  journal.run('DELETE FROM health_groups WHERE shoot_id = ?', [shootId])
  journal.run('DELETE FROM shoot_summaries WHERE shoot_id = ?', [shootId])
  journal.run(
    `INSERT INTO shoot_summaries (shoot_id, files, bytes, first_ms, last_ms, met_ms, let_go)
     SELECT ?1, coalesce(sum(${COUNTED}), 0), coalesce(sum(CASE WHEN ${COUNTED} THEN size END), 0), min(mtime_ms), max(mtime_ms),
       (SELECT min(v.first_seen_ms) FROM files x JOIN versions v ON v.file_id = x.id WHERE x.shoot_id = ?1), coalesce(sum(NOT ${COUNTED}), 0)
     FROM files WHERE shoot_id = ?1`,
    [shootId],
  )
  insertGroups(journal, shootId, HOUR_MS)
  const groups = journal.get('SELECT count(*) AS n FROM health_groups WHERE shoot_id = ?', [shootId])
  if (groups === undefined || number(groups, 'n') <= GROUPS_BY_THE_HOUR) return
  journal.run('DELETE FROM health_groups WHERE shoot_id = ?', [shootId])
  insertGroups(journal, shootId, DAY_MS)
}

/** A copy under another name than the file's own (`Versions/…`) is no copy of it: nobody would find it there. */
function insertGroups(journal: Journal, shootId: number, grainMs: number): void {
  journal.run(
    `INSERT INTO health_groups (shoot_id, copies, files, bytes)
     SELECT ?1, copies, count(*), sum(size) FROM (
       SELECT f.size, coalesce(group_concat(c.place_id || ' ' || c.state || ' ' || coalesce(cast(c.proven_ms / ?2 AS INTEGER) * ?2, '') || ' '
         || coalesce(cast(o.locked_until_ms / ?2 AS INTEGER) * ?2, '') || ' ' || coalesce(c.proven_how, ''), char(10) ORDER BY c.place_id), '') AS copies
       FROM files f LEFT JOIN copies c ON c.version_id = f.version_id AND c.path = f.name
         LEFT JOIN objects o ON o.place_id = c.place_id AND o.copy_version = c.version_id AND o.copy_path = c.path WHERE f.shoot_id = ?1 AND ${COUNTED} GROUP BY f.id
     ) GROUP BY copies`,
    [shootId, grainMs],
  )
}

interface Kept {
  groups?: ReadonlyMap<number, readonly FileGroup[]>
  summaries?: readonly ShootSummary[]
}

/** What was read of the tables above, until something changes: parsing it costs more than judging it. */
const kept = new WeakMap<Journal, Kept>()

function keptOf(journal: Journal): Kept {
  refreshGroups(journal)
  const known = kept.get(journal) ?? {}
  kept.set(journal, known)
  return known
}

/** All groups of all shoots, by shoot. */
export function groupsByShoot(journal: Journal): ReadonlyMap<number, readonly FileGroup[]> {
  const known = keptOf(journal)
  return (known.groups ??= readGroups(journal))
}

function readGroups(journal: Journal): ReadonlyMap<number, readonly FileGroup[]> {
  const groups = new Map<number, FileGroup[]>()
  for (const row of journal.all('SELECT shoot_id, copies, files, bytes FROM health_groups')) {
    const shootId = number(row, 'shoot_id')
    const its = groups.get(shootId)
    if (its) its.push(toGroup(row))
    else groups.set(shootId, [toGroup(row)])
  }
  return groups
}

/** The latest time that any copy's proof bears; at most PROOF_GRAIN_MS too early. */
export function newestProof(journal: Journal): number {
  let newest = Number.NEGATIVE_INFINITY
  for (const groups of groupsByShoot(journal).values())
    for (const { copies } of groups) for (const { provenMs = newest } of copies) newest = Math.max(newest, provenMs)
  return newest
}

/** How much too early a group's proofs may be. */
export const PROOF_GRAIN_MS = DAY_MS

/** Every shoot that has files, by its id. */
export function listSummaries(journal: Journal): readonly ShootSummary[] {
  const known = keptOf(journal)
  return (known.summaries ??= journal
    .all(
      'SELECT s.id, s.key, s.source_id, m.files, m.bytes, m.first_ms, m.last_ms, m.met_ms, m.let_go FROM shoots s JOIN shoot_summaries m ON m.shoot_id = s.id WHERE m.files + m.let_go > 0 ORDER BY s.key',
    )
    .map(toSummary))
}

function toSummary(row: Row): ShootSummary {
  const firstMs = optionalNumber(row, 'first_ms')
  const lastMs = optionalNumber(row, 'last_ms')
  const metMs = optionalNumber(row, 'met_ms')
  return {
    id: number(row, 'id'),
    key: text(row, 'key'),
    sourceId: number(row, 'source_id'),
    files: number(row, 'files'),
    bytes: number(row, 'bytes'),
    ...(firstMs === undefined ? {} : { firstMs }),
    ...(lastMs === undefined ? {} : { lastMs }),
    ...(metMs === undefined ? {} : { metMs }),
    letGo: number(row, 'let_go'),
  }
}

function toGroup(row: Row): FileGroup {
  const lines = text(row, 'copies')
  return {
    files: number(row, 'files'),
    bytes: number(row, 'bytes'),
    copies: lines === '' ? [] : lines.split('\n').map(toCopy),
  }
}

/** `place state time lock how`: the last has blanks in it. */
function toCopy(line: string): GroupCopy {
  const [placeId = '', state = '', time = '', lock = '', ...how] = line.split(' ')
  return {
    placeId,
    state: state as CopyState,
    ...(time === '' ? {} : { provenMs: Number(time), how: how.join(' ') as ProofMethod }),
    ...(lock === '' ? {} : { lockedUntilMs: Number(lock) }),
  }
}
