// What is still to be done, and the seals that were done last. A step is written in the same transaction as the outcome that calls for it,
// so a crash between the two cannot happen, and running a step twice does no harm.
import type { Hash } from '../model.js'
import type { Journal, Row } from './journal.js'
import { number, text } from './rows.js'

/** `clear`: a run is, or was, writing in this folder; what it left half done there may go. `records`: manifest and log of this shoot were
 *  written anew and are still to be sent to a bucket. */
export type StepKind = 'seal' | 're-read' | 'protect' | 'clear' | 'records'

export interface Step {
  readonly id: number
  readonly kind: StepKind
  readonly shootId: number
  readonly placeId: string
  readonly payload: string
}

export interface SealRow {
  readonly generation: number
  readonly manifestHash: Hash
  readonly sealedMs: number
}

/** Asks for a step; asking twice is asking once. */
export function addStep(journal: Journal, step: Omit<Step, 'id'>, nowMs: number): void {
  journal.run('INSERT OR IGNORE INTO steps (kind, shoot_id, place_id, payload, created_ms) VALUES (?, ?, ?, ?, ?)', [
    step.kind,
    step.shootId,
    step.placeId,
    step.payload,
    nowMs,
  ])
}

export function finishStep(journal: Journal, step: Pick<Step, 'kind' | 'shootId' | 'placeId' | 'payload'>): void {
  journal.run('DELETE FROM steps WHERE kind = ? AND shoot_id = ? AND place_id = ? AND payload = ?', [
    step.kind,
    step.shootId,
    step.placeId,
    step.payload,
  ])
}

export function stepsOf(journal: Journal, kind: StepKind): Step[] {
  return journal.all('SELECT * FROM steps WHERE kind = ? ORDER BY id', [kind]).map(toStep)
}

export function sealOf(journal: Journal, shootId: number, placeId: string): SealRow | undefined {
  const row = journal.get('SELECT * FROM seals WHERE shoot_id = ? AND place_id = ?', [shootId, placeId])
  return (
    row && {
      generation: number(row, 'generation'),
      manifestHash: text(row, 'manifest_hash'),
      sealedMs: number(row, 'sealed_ms'),
    }
  )
}

export function saveSeal(journal: Journal, shootId: number, placeId: string, seal: SealRow): void {
  journal.run(
    'INSERT OR REPLACE INTO seals (shoot_id, place_id, generation, manifest_hash, sealed_ms) VALUES (?, ?, ?, ?, ?)',
    [shootId, placeId, seal.generation, seal.manifestHash, seal.sealedMs],
  )
}

function toStep(row: Row): Step {
  return {
    id: number(row, 'id'),
    kind: text(row, 'kind') as StepKind,
    shootId: number(row, 'shoot_id'),
    placeId: text(row, 'place_id'),
    payload: text(row, 'payload'),
  }
}
