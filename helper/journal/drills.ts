// Rehearsed restores as the journal keeps them: when, of what, from where, how it ended.
import type { DrillReport } from '../../shared/methods.js'
import type { Journal, Row } from './journal.js'
import { number, text } from './rows.js'

export interface DrillRow {
  /** When it ended. */
  readonly atMs: number
  readonly shootId: number
  readonly placeId: string
  readonly ok: boolean
  readonly report: DrillReport
}

export function addDrill(journal: Journal, drill: DrillRow): void {
  journal.run('INSERT INTO drills (at_ms, shoot_id, place_id, ok, report) VALUES (?, ?, ?, ?, ?)', [
    drill.atMs,
    drill.shootId,
    drill.placeId,
    drill.ok ? 1 : 0,
    JSON.stringify(drill.report),
  ])
}

/** The newest drill, good or bad; undefined when there has been none.
 *  @param notAfterMs  one that bears a later time was held by a clock that has been set back: nobody knows when, so it says nothing */
export function lastDrill(journal: Journal, notAfterMs = Number.MAX_SAFE_INTEGER): DrillRow | undefined {
  const row = journal.get('SELECT * FROM drills WHERE at_ms <= ? ORDER BY at_ms DESC, id DESC LIMIT 1', [notAfterMs])
  return row && toDrill(row)
}

/** When each pair of shoot and place was drilled last, whatever came of it. */
export function drillTimes(journal: Journal): { shootId: number; placeId: string; atMs: number }[] {
  return journal
    .all('SELECT shoot_id, place_id, max(at_ms) AS at_ms FROM drills GROUP BY shoot_id, place_id')
    .map((row) => ({ shootId: number(row, 'shoot_id'), placeId: text(row, 'place_id'), atMs: number(row, 'at_ms') }))
}

function toDrill(row: Row): DrillRow {
  return {
    atMs: number(row, 'at_ms'),
    shootId: number(row, 'shoot_id'),
    placeId: text(row, 'place_id'),
    ok: number(row, 'ok') === 1,
    report: JSON.parse(text(row, 'report')) as DrillReport,
  }
}
