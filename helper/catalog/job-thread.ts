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
  /** Some of the findings that the result then leaves out: as one message, a hundred thousand would hold up the other side. */
  | { readonly kind: 'findings'; readonly some: readonly unknown[] }
  | { readonly kind: 'failed'; readonly error: SentError }
  | { readonly kind: 'look-up'; readonly id: number; readonly folders: readonly AskedFolder[] }
  | { readonly kind: 'progress'; readonly done: number; readonly all: number }

export type ToThread =
  | { readonly kind: 'stop' }
  /** The findings have been taken. */
  | { readonly kind: 'go-on' }
  | { readonly kind: 'found'; readonly id: number; readonly known: readonly (KnownFiles | undefined)[] }

/** A millisecond or two for the other side. */
const FINDINGS_AT_ONCE = 2_000

const port = parentPort
if (port) {
  const stop = new AbortController()
  const waiting = new Map<number, (known: readonly (KnownFiles | undefined)[]) => void>()
  const say = (message: FromThread) => port.postMessage(message)
  let goOn: () => void = () => undefined
  const sayResult = async (value: unknown): Promise<void> => {
    const findings = findingsOf(value)
    for (let at = 0; at < findings.length; at += FINDINGS_AT_ONCE) {
      const taken = new Promise<void>((resolve) => (goOn = resolve))
      say({ kind: 'findings', some: findings.slice(at, at + FINDINGS_AT_ONCE) })
      await taken
    }
    say({ kind: 'result', value: findings.length === 0 ? value : { ...(value as object), findings: [] } })
  }
  port.on('message', (message: ToThread) => {
    if (message.kind === 'stop') stop.abort()
    else if (message.kind === 'go-on') goOn()
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
    .then(sayResult)
    .catch((error: unknown) => say({ kind: 'failed', error: sendError(error) }))
    .finally(() => port.close())
}

function findingsOf(value: unknown): readonly unknown[] {
  const findings: unknown = typeof value === 'object' && value !== null && 'findings' in value ? value.findings : []
  return Array.isArray(findings) ? (findings as readonly unknown[]) : []
}
