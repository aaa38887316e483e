// From SQLite's loose values to typed fields. A column that is not what the schema says means a damaged journal, and is thrown as such.
import type { Row } from './journal.js'

export function text(row: Row, column: string): string {
  const value = row[column]
  if (typeof value !== 'string') throw new TypeError(`journal: ${column} is not text`)
  return value
}

export function number(row: Row, column: string): number {
  const value = row[column]
  if (typeof value === 'number') return value
  throw new TypeError(`journal: ${column} is not a number`)
}

export function optionalText(row: Row, column: string): string | undefined {
  return row[column] === null ? undefined : text(row, column)
}

export function optionalNumber(row: Row, column: string): number | undefined {
  return row[column] === null ? undefined : number(row, column)
}

/** A column that holds a JSON list of strings. */
export function textList(row: Row, column: string): string[] {
  const value: unknown = JSON.parse(text(row, column))
  if (!Array.isArray(value) || !value.every((each) => typeof each === 'string'))
    throw new TypeError(`journal: ${column} is not a list`)
  return value
}
