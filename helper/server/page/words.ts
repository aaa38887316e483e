// Numbers and dates as this page writes them. Dates are the reader's own, with the month in letters, so that no order of day and month is
// guessed; everything else is said by shared/words.ts.
export { countWords, sizeWords, verdictWords } from '../../../shared/words.js'

const DATE = new Intl.DateTimeFormat(undefined, { year: 'numeric', month: 'short', day: 'numeric' })
const MOMENT = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' })
const CLOCK = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' })

export function dateWords(iso: string): string {
  return written(DATE, iso)
}

export function momentWords(iso: string): string {
  return written(MOMENT, iso)
}

export function clockWords(iso: string): string {
  return written(CLOCK, iso)
}

/** A text that is no date is shown as it came. */
function written(format: Intl.DateTimeFormat, iso: string): string {
  const at = new Date(iso)
  return Number.isNaN(at.getTime()) ? iso : format.format(at)
}

const SPANS = [
  [86_400_000, 'day'],
  [3_600_000, 'hour'],
  [60_000, 'minute'],
  [1000, 'second'],
] as const

/** `4 minutes`; never less than one second. */
export function spanWords(ms: number): string {
  const [unitMs, unit] = SPANS.find(([size]) => ms >= size) ?? [1000, 'second']
  const count = Math.max(1, Math.floor(ms / unitMs))
  return `${count} ${unit}${count === 1 ? '' : 's'}`
}

export function agoWords(iso: string, nowMs: number): string {
  const ms = nowMs - Date.parse(iso)
  if (Number.isNaN(ms)) return iso
  if (ms < 0) return `on ${dateWords(iso)}`
  return ms < 60_000 ? 'just now' : `${spanWords(ms)} ago`
}

export function numberWords(count: number): string {
  return count.toLocaleString('en')
}
