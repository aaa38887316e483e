// All computers that keep their copies below one prefix of a bucket, from the bucket alone: whose folders lie there, and what each has left of
// itself. Reads two small objects for each and writes nothing.
import pLimit from 'p-limit'
import type { BucketRequest } from './add-bucket.js'
import { openForProbe } from './add-bucket.js'
import { markerAt } from './bucket-marker.js'
import { STATUS_FILE } from './leave-status.js'
import type { OpenBucketDeps } from './open-bucket.js'
import { textAt } from './text-at.js'

export interface FoundMachine {
  /** Its folder below the prefix. */
  readonly folder: string
  readonly host: string
  /** What status.json holds; absent when there is none, or it is too long to be one. */
  readonly status?: string
}

const AT_ONCE = 8
/** More computers than these are no studio. */
const MACHINES_MAX = 1000

/** @throws OFFSITE_* */
export async function machinesBelow(
  deps: OpenBucketDeps,
  request: BucketRequest,
  signal: AbortSignal,
): Promise<FoundMachine[]> {
  const { address, store } = openForProbe(deps, request)
  try {
    const base = address.prefix === '' ? '' : `${address.prefix}/`
    const { folders } = await store.listLevel(base, signal)
    const limit = pLimit(AT_ONCE)
    const found = await Promise.all(
      folders.slice(0, MACHINES_MAX).map((folder) =>
        limit(async (): Promise<FoundMachine[]> => {
          const marker = await markerAt(store, `${folder}place.json`, signal)
          if (!marker) return []
          const name = folder.slice(base.length, -1)
          const status = await textAt(store, `${folder}${STATUS_FILE}`, signal)
          return [{ folder: name, host: marker.machine?.host ?? name, ...(status === undefined ? {} : { status }) }]
        }),
      ),
    )
    return found.flat()
  } finally {
    store.close()
  }
}
