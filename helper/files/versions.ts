// What lies in the Versions/ of a shoot's folder at a place, whether or not any record speaks of it.
import path from 'node:path'
import type { DurableFiles } from './durable.js'

/** The folder of a moment in Versions/ and Quarantine/: in UTC, and as every file system can hold it, `20261123T074012-345Z`. */
export function stampOf(atMs: number): string {
  return new Date(atMs).toISOString().replaceAll(/[-:]/g, '').replace('.', '-')
}

/** @param folder  of the shoot, absolute
 *  @returns by name, the paths below that folder, with `/`: `Versions/<stamp>/<name>` */
export function namesInVersions(files: DurableFiles, folder: string): Map<string, string[]> {
  const versions = path.join(folder, 'Versions')
  const found = new Map<string, string[]>()
  if (files.stat(versions)?.kind !== 'folder') return found
  for (const { name: stamp, kind } of files.list(versions)) {
    if (kind !== 'folder') continue
    for (const { name } of files.list(path.join(versions, stamp)))
      found.set(name, [...(found.get(name) ?? []), `Versions/${stamp}/${name}`])
  }
  return found
}
