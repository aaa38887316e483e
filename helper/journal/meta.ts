// Single facts that belong to the home as a whole.
import { randomBytes } from 'node:crypto'
import type { Journal } from './journal.js'
import { text } from './rows.js'

export function getMeta(journal: Journal, key: string): string | undefined {
  const row = journal.get('SELECT value FROM meta WHERE key = ?', [key])
  return row && text(row, 'value')
}

export function setMeta(journal: Journal, key: string, value: string): void {
  journal.run('INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)', [key, value])
}

export function deleteMeta(journal: Journal, key: string): void {
  journal.run('DELETE FROM meta WHERE key = ?', [key])
}

/** Marks temporary names as this home's, so that a later run may clear them away. */
export function temporaryTag(journal: Journal): string {
  const known = getMeta(journal, 'temporary-tag')
  if (known !== undefined) return known
  const tag = randomBytes(6).toString('hex')
  setMeta(journal, 'temporary-tag', tag)
  return tag
}

/** Breaks in a place's chain of manifests, which stay known after the chain has gone on: evidence does not mend itself. */
export function chainBreaks(journal: Journal, placeId: string): string[] {
  return JSON.parse(getMeta(journal, `chain-breaks ${placeId}`) ?? '[]') as string[]
}

export function noteChainBreaks(journal: Journal, placeId: string, breaks: readonly string[]): void {
  if (breaks.length > 0)
    setMeta(
      journal,
      `chain-breaks ${placeId}`,
      JSON.stringify([...new Set([...chainBreaks(journal, placeId), ...breaks])]),
    )
}

export function forgetChainBreaks(journal: Journal, placeId: string): void {
  deleteMeta(journal, `chain-breaks ${placeId}`)
}
