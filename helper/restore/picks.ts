// The order of a restore that brings the best back first: what is flagged or has stars in the newest catalog backup, with everything that
// belongs to it, in all shoots, before the rest of any. Only the order changes, never what comes back.
import path from 'node:path'
import { pickPath } from '../catalog/picks.js'
import { stemOf } from '../files/scan.js'
import type { Journal } from '../journal/journal.js'
import { sourceById, type ShootRow } from '../journal/shoots.js'
import type { FilePlan } from './plan.js'

export class PickOrder {
  /** Files of the plan that come first. */
  counted = 0
  readonly #journal: Journal
  readonly #scores: ReadonlyMap<string, number> | undefined

  /** @param scores  by pickPath; undefined when no order was asked for */
  constructor(journal: Journal, scores: ReadonlyMap<string, number> | undefined) {
    this.#journal = journal
    this.#scores = scores
  }

  get isAsked(): boolean {
    return this.#scores !== undefined
  }

  count(shoot: ShootRow, plans: readonly FilePlan[]): void {
    if (this.isAsked) this.counted += this.#chosen(shoot, plans).length
  }

  /** Each takes the plans of a shoot and gives those that are its turn; together they give each plan once. */
  get passes(): readonly ((shoot: ShootRow, plans: readonly FilePlan[]) => readonly FilePlan[])[] {
    if (!this.isAsked) return [(_shoot, plans) => plans]
    return [
      (shoot, plans) => this.#chosen(shoot, plans),
      (shoot, plans) => {
        const chosen = new Set(this.#chosen(shoot, plans))
        return plans.filter((plan) => !chosen.has(plan))
      },
    ]
  }

  #chosen(shoot: ShootRow, plans: readonly FilePlan[]): FilePlan[] {
    const root = sourceById(this.#journal, shoot.sourceId).path
    const scores = new Map<string, number>()
    for (const { wanted } of plans) {
      const score = this.#scores?.get(pickPath(`${root}/${shoot.pathFromRoot}`, wanted.name)) ?? 0
      const stem = stemOf(wanted.name)
      if (score > 0) scores.set(stem, Math.max(score, scores.get(stem) ?? 0))
    }
    const scoreOf = ({ wanted: { name } }: FilePlan): number =>
      scores.get(stemOf(name)) ?? scores.get(stemOf(path.parse(name).name)) ?? 0
    return plans.filter((plan) => scoreOf(plan) > 0).sort((a, b) => scoreOf(b) - scoreOf(a))
  }
}
