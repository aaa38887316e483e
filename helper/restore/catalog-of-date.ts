// Which catalog backup belongs to a restore of an earlier date: pictures of a day without the edits of that day are half of what was asked
// for. Pure.
import type { CatalogBackupRow } from '../journal/catalog-backups.js'
import type { CatalogOfDate } from '../../shared/methods.js'

/** Of each catalog the newest good backup taken by then; where none is good, the newest that is not bad. */
export function catalogsOfDate(
  backups: readonly CatalogBackupRow[],
  asOfMs: number,
  nameOf: (placeId: string) => string,
): CatalogOfDate[] {
  const then = backups.filter(({ takenMs, verdict }) => takenMs <= asOfMs && verdict !== 'bad')
  return [...new Set(then.map(({ name }) => name))].flatMap((name) => {
    const its = then.filter((backup) => backup.name === name).sort((a, b) => a.takenMs - b.takenMs)
    const best = its.findLast(({ verdict }) => verdict === 'good') ?? its.at(-1)
    if (!best) return []
    const { stamp: backup, placeId, takenMs, verdict: judgement } = best
    return [{ name, backup, place: nameOf(placeId), takenAt: new Date(takenMs).toISOString(), judgement }]
  })
}

export function catalogWords(catalogs: readonly CatalogOfDate[]): string[] {
  return catalogs.map(
    ({ name, place, takenAt }) =>
      `The edits of that day are in the backup of the catalog "${name}" of ${takenAt.slice(0, 16).replace('T', ' ')} UTC on "${place}": safelight catalog restore "${name}" --as-of ${takenAt} --to DIR.`,
  )
}
