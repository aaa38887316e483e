// What Lightroom told us of, or its catalog names, and is not proven anywhere yet, by shoot and in words. It makes a shoot at risk whatever else is known of it.
import path from 'node:path'
import type { Journal } from '../journal/journal.js'
import { catalogReports } from '../journal/catalog-backups.js'
import { refusedOf } from '../journal/refused.js'
import { listCatalogs, wantedByFolder } from '../journal/wanted.js'

export interface OwedShoot {
  readonly id: string
  readonly files: number
  /** One sentence per reason. */
  readonly missing: readonly string[]
}

export function owedShoots(journal: Journal): Map<string, OwedShoot> {
  const counts = new Map<string, Map<string, number>>()
  for (const { root, pathFromRoot, why, files } of wantedByFolder(journal)) {
    const id = [path.basename(root.replaceAll('\\', '/')), ...(pathFromRoot === '' ? [] : [pathFromRoot])].join('/')
    const reasons = counts.get(id) ?? new Map<string, number>()
    counts.set(id, reasons)
    const reason = why === '' ? 'being copied' : why
    reasons.set(reason, (reasons.get(reason) ?? 0) + files)
  }
  const owed = new Map([...counts].map(([id, reasons]) => [id, toOwed(id, reasons)]))
  for (const refused of [
    ...[...catalogReports(journal).values()].map((report) => report.refused),
    toldAndRefused(journal),
  ])
    for (const { shoot, why, files } of refused) {
      const before = owed.get(shoot)
      const sentence = `${files} file${files === 1 ? '' : 's'} of the catalog cannot be copied: ${why}`
      owed.set(shoot, {
        id: shoot,
        files: (before?.files ?? 0) + files,
        missing: [...(before?.missing ?? []), sentence],
      })
    }
  return owed
}

/** What Lightroom told of and may not be read, by folder, until a backup of its catalog has counted it. */
function toldAndRefused(journal: Journal): { readonly shoot: string; readonly why: string; readonly files: number }[] {
  const counts = new Map<string, { shoot: string; why: string; files: number }>()
  const count = (shoot: string, why: string, files: number): void => {
    if (files === 0) return
    const key = `${shoot}\n${why}`
    counts.set(key, { shoot, why, files: (counts.get(key)?.files ?? 0) + files })
  }
  for (const { path: catalog } of listCatalogs(journal)) {
    const { photos, more } = refusedOf(journal, catalog)
    for (const photo of photos) count(folderOf(photo.path), photo.why, 1)
    count(folderOf(catalog), 'further photos that may not be read', more)
  }
  return [...counts.values()]
}

/** With either slash: the path is of the computer that told of it. */
function folderOf(file: string): string {
  return file.replace(/[\\/][^\\/]*$/, '') || '/'
}

/** Imported photos that are proven nowhere, by reason; '' while they are being copied. */
export function owedByReason(journal: Journal): { why: string; files: number }[] {
  const reasons = new Map<string, number>()
  for (const { why, files } of wantedByFolder(journal)) reasons.set(why, (reasons.get(why) ?? 0) + files)
  return [...reasons].map(([why, files]) => ({ why, files }))
}

function toOwed(id: string, reasons: ReadonlyMap<string, number>): OwedShoot {
  const files = [...reasons.values()].reduce((sum, count) => sum + count, 0)
  return {
    id,
    files,
    missing: [...reasons].map(
      ([reason, count]) => `${count} imported photo${count === 1 ? '' : 's'} not copied yet: ${reason}`,
    ),
  }
}
