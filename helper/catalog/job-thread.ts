// The thread in which everything about catalogs runs that may take its time: backups, checks, restores, reading what lies at a place,
// thinning. Copying gigabytes goes by synchronous calls, and the thread that answers requests must not wait for them. What only the
// journal knows is asked of the other side by message.
import { parentPort, workerData } from 'node:worker_threads'
import type { AskedFolder, KnownFiles } from './known-files.js'
import { runJob } from './jobs.js'
import type { CatalogJobs, JobName, JobTools } from './job-kinds.js'
import { sendError, type SentError } from './sent-error.js'

export interface JobSetup<K extends JobName = JobName> {
  readonly kind: K
  readonly params: CatalogJobs[K]['params']
}

export type FromThread =
  | { readonly kind: 'result'; readonly value: unknown }
  | { readonly kind: 'failed'; readonly error: SentError }
  | { readonly kind: 'look-up'; readonly id: number; readonly folders: readonly AskedFolder[] }
  | { readonly kind: 'progress'; readonly done: number; readonly all: number }

export type ToThread =
  | { readonly kind: 'stop' }
  | { readonly kind: 'found'; readonly id: number; readonly known: readonly (KnownFiles | undefined)[] }

const port = parentPort
if (port) {
  const stop = new AbortController()
  const waiting = new Map<number, (known: readonly (KnownFiles | undefined)[]) => void>()
  const say = (message: FromThread) => port.postMessage(message)
  port.on('message', (message: ToThread) => {
    if (message.kind === 'stop') stop.abort()
    else waiting.get(message.id)?.(message.known)
  })
  let asked = 0
  const tools: JobTools = {
    signal: stop.signal,
    onProgress: (done, all) => say({ kind: 'progress', done, all }),
    lookUp: (folders) =>
      new Promise((resolve) => {
        asked += 1
        const id = asked
        waiting.set(id, (known) => {
          waiting.delete(id)
          resolve(known)
        })
        say({ kind: 'look-up', id, folders: folders.map(({ folder, names }) => ({ folder, names })) })
      }),
  }
  const { kind, params } = workerData as JobSetup
  runJob(kind, params, tools)
    .then(
      (value) => say({ kind: 'result', value }),
      (error: unknown) => say({ kind: 'failed', error: sendError(error) }),
    )
    .finally(() => port.close())
}
