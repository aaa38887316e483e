// How long a restore is going to take: by what each place gave the last time, else by what such a disk or line usually gives. An estimate to
// plan an evening by, never a promise.
import type { Journal } from '../journal/journal.js'
import { getMeta, setMeta } from '../journal/meta.js'
import type { Medium } from '../files/volumes.js'

/** Bytes a second that are assumed of what was never measured: the slow end of what is common. */
const ASSUMED: Readonly<Record<Medium | 'bucket', number>> = {
  internal: 200e6,
  removable: 100e6,
  network: 50e6,
  memory: 500e6,
  image: 100e6,
  unknown: 80e6,
  bucket: 6e6,
}

/** Less than this says nothing about a place. */
const MEASURED_FROM_BYTES = 50e6

export function paceOf(journal: Journal, placeId: string, medium: Medium | 'bucket'): number {
  const measured = Number(getMeta(journal, `restore-pace ${placeId}`))
  return measured > 0 ? measured : ASSUMED[medium]
}

/** @param tookMs  of the whole restore that brought these bytes from this place alone */
export function notePace(journal: Journal, placeId: string, bytes: number, tookMs: number): void {
  if (bytes >= MEASURED_FROM_BYTES && tookMs > 0)
    setMeta(journal, `restore-pace ${placeId}`, String(Math.round((bytes * 1000) / tookMs)))
}

/** `about 40 seconds`, `about 3 minutes`, `about 5 hours` */
export function durationInWords(seconds: number): string {
  const units = [
    ['day', 86_400],
    ['hour', 3600],
    ['minute', 60],
    ['second', 1],
  ] as const
  const [name, length] = units.find(([, each]) => seconds >= 2 * each) ?? ['second', 1]
  const count = Math.max(1, Math.round(seconds / length))
  return `about ${count} ${name}${count === 1 ? '' : 's'}`
}
