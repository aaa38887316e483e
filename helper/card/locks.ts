// Until when objects in buckets are locked, found by what the bucket confirmed of them: the key that stands for a copy, or the very bytes.
import { objectKey } from '../offsite/names.js'
import type { Journal } from '../journal/journal.js'
import type { PlaceRow } from '../journal/places.js'
import { number, text } from '../journal/rows.js'
import type { Hash } from '../model.js'

export class LockedObjects {
  readonly #journal: Journal
  readonly #places = new Map<string, { readonly byHash: Map<Hash, number>; readonly byKey: Map<string, number> }>()

  constructor(journal: Journal) {
    this.#journal = journal
  }

  /** @param file  path of the copy at the place, with `/`
   *  @returns undefined when it is not locked, or nobody knows */
  until(place: PlaceRow, file: string, hash: Hash): number | undefined {
    const locked = this.#lockedAt(place)
    const key = objectKey({ prefix: '', machineId: '' }, file)
    return locked.byKey.get(key) ?? locked.byKey.get(`${key}.age`) ?? locked.byHash.get(hash)
  }

  /** Asked for once per place; only what is locked, and without what stands before `Photos/` in its key. */
  #lockedAt(place: PlaceRow): { readonly byHash: Map<Hash, number>; readonly byKey: Map<string, number> } {
    const known = this.#places.get(place.id)
    if (known) return known
    const locked = { byHash: new Map<Hash, number>(), byKey: new Map<string, number>() }
    this.#places.set(place.id, locked)
    const { machineId } = place.settings
    const own = typeof machineId === 'string' ? `${machineId}/` : ''
    for (const row of this.#journal.all(
      'SELECT key, blake3, locked_until_ms FROM objects WHERE place_id = ? AND locked_until_ms IS NOT NULL',
      [place.id],
    )) {
      const untilMs = number(row, 'locked_until_ms')
      const key = text(row, 'key')
      const hash = text(row, 'blake3')
      locked.byHash.set(hash, Math.max(untilMs, locked.byHash.get(hash) ?? 0))
      locked.byKey.set(`/${own === '' ? key : key.slice(key.indexOf(own) + own.length)}`, untilMs)
    }
    return locked
  }
}
