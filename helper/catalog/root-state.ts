// Where a root folder of a catalog is now, asked of this very disk.
import path from 'node:path'
import { existsSync, readdirSync } from 'node:fs'
import { explainRoot, type RootState } from './locate.js'
import type { CatalogRoot } from './reader.js'

export function stateOfRoot(root: CatalogRoot, catalog: string): RootState {
  return explainRoot({
    path: root.path,
    relativePath: root.relativePath,
    catalogFolder: path.dirname(catalog),
    platform: process.platform,
    hasContent,
    letters: process.platform === 'win32' ? 'CDEFGHIJKLMNOPQRSTUVWXYZ'.split('') : [],
  })
}

function hasContent(folder: string): boolean {
  try {
    return existsSync(folder) && readdirSync(folder).length > 0
  } catch (error) {
    // There, and not to be listed: that is not the same as away, and each file will say so.
    if (error instanceof Error) return true
    throw error
  }
}
