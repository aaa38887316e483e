// Cards that were asked about: what was on each, and to which shoots it belongs. A card is no place: nothing here ever counts as a copy.
import type { Hash } from '../model.js'
import type { Journal } from './journal.js'
import { number, text, textList } from './rows.js'

export interface CardRow {
  readonly id: number
  /** What the volume calls itself, or the folder where it does not. */
  readonly volume: string
  /** As people know it. */
  readonly label: string
  readonly checkedMs: number
  readonly verdict: string
  readonly policy: string
  readonly shoots: readonly string[]
}

export interface CardFileRow {
  readonly file: string
  readonly hash: Hash
}

/** So many cards are remembered; a photographer owns a dozen, each full a few times a month. */
const REMEMBERED = 100

/** Remembers a card as it was read now; the same content on the same card is one row. The oldest are forgotten. */
export function saveCard(
  journal: Journal,
  card: Omit<CardRow, 'id'> & { readonly content: Hash },
  files: readonly CardFileRow[],
): void {
  journal.transaction(() => {
    forget(journal, 'volume = ? AND content = ?', [card.volume, card.content])
    const id = journal.run(
      'INSERT INTO cards (volume, content, label, checked_ms, verdict, policy, shoots) VALUES (?, ?, ?, ?, ?, ?, ?)',
      [card.volume, card.content, card.label, card.checkedMs, card.verdict, card.policy, JSON.stringify(card.shoots)],
    )
    for (const { file, hash } of files)
      journal.run('INSERT INTO card_files (card_id, file, hash) VALUES (?, ?, ?)', [id, file, hash])
    forget(journal, 'id NOT IN (SELECT id FROM cards ORDER BY checked_ms DESC, id DESC LIMIT ?)', [REMEMBERED])
  })
}

function forget(journal: Journal, where: string, values: readonly (string | number)[]): void {
  journal.run(`DELETE FROM card_files WHERE card_id IN (SELECT id FROM cards WHERE ${where})`, values)
  journal.run(`DELETE FROM cards WHERE ${where}`, values)
}

/** The newest first. */
export function listCards(journal: Journal): CardRow[] {
  return journal.all('SELECT * FROM cards ORDER BY checked_ms DESC, id DESC').map((row) => ({
    id: number(row, 'id'),
    volume: text(row, 'volume'),
    label: text(row, 'label'),
    checkedMs: number(row, 'checked_ms'),
    verdict: text(row, 'verdict'),
    policy: text(row, 'policy'),
    shoots: textList(row, 'shoots'),
  }))
}

export function hashesOfCard(journal: Journal, cardId: number): Set<Hash> {
  return new Set(journal.all('SELECT hash FROM card_files WHERE card_id = ?', [cardId]).map((row) => text(row, 'hash')))
}
