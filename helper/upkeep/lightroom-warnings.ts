// What is to be said of Lightroom's own backups. Pure.
import { sameDeviceWarning, type LightroomBackup } from '../catalog/lightroom-backups.js'
import type { LightroomBackupRow } from '../journal/catalog-backups.js'

export function sameDisk(a: readonly string[], b: readonly string[]): boolean {
  return sameDeviceWarning(a, b) !== undefined
}

/** @param isOnCatalogDisk  whether they lie on a disk that the catalog lies on too */
export function lightroomWarnings(
  found: readonly LightroomBackup[],
  opened: readonly LightroomBackupRow[],
  isOnCatalogDisk: boolean,
): string[] {
  if (found.length === 0) return []
  const there = new Set(found.map(({ file }) => file))
  const bad = opened
    .filter(({ file, verdict }) => there.has(file) && verdict !== 'good')
    .map(({ stamp, verdict, message }) => `Lightroom's own backup of ${stamp} is ${verdict}: ${message}`)
  return isOnCatalogDisk
    ? [
        "Lightroom's own backups lie on the same disk as the catalog: if that disk fails, both are gone. The newest are kept on your backup drives as well.",
        ...bad,
      ]
    : bad
}
