// A disk that is full at one chosen call of the durable surface, and a catalog backup run against it.
import assert from 'node:assert/strict'
import { backUpCatalog } from '../../helper/catalog/backup.js'
import type { DurableFiles } from '../../helper/files/durable.js'
import type { World, WorldDeps } from './catalog-world.js'

/** Backs the catalog up to `root`; a full disk is an answer, anything else a failure of the test. */
export async function attempt(world: World, deps: WorldDeps, root: string): Promise<'done' | 'failed'> {
  try {
    await backUpCatalog(deps, world.catalog, { privateParent: world.privateParent, roots: [root] })
    return 'done'
  } catch (error) {
    assert.match(String(error), /ENOSPC/)
    return 'failed'
  }
}

export type Fault = 'create' | 'sync' | 'link' | 'write' | 'syncFolder'

/** The n-th call of one method fails as a full disk does; all others pass. */
export function failing(files: DurableFiles, method: Fault, nth: number): DurableFiles {
  let calls = 0
  const count = (called: Fault) => {
    calls += called === method ? 1 : 0
    if (called === method && calls === nth) throw Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' })
  }
  return {
    ...files,
    create(file) {
      count('create')
      return files.create(file)
    },
    sync(descriptor) {
      count('sync')
      files.sync(descriptor)
    },
    link(from, to) {
      count('link')
      files.link(from, to)
    },
    write(...args) {
      count('write')
      files.write(...args)
    },
    syncFolder(folder) {
      count('syncFolder')
      files.syncFolder(folder)
    },
  }
}
