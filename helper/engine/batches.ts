// Which jobs go to a worker together.
import type { Job, Patience } from './jobs.js'

/** Below this a file costs more in syncs and messages than in bytes. */
const SMALL_BYTES = 1024 * 1024
/** Each is a file held open until it is durable. */
const BATCH_COPIES = 256
const BATCH_BYTES = 32 * 1024 * 1024

/** Takes the next large job alone, or a share of the small ones at the head of the queue that wait for the same source. */
export function takeBatch<W extends { readonly job: Job }>(queue: W[], workers: number): W[] {
  const first = queue.shift()
  if (first === undefined) return []
  const batch = [first]
  if (!isSmall(first)) return batch
  const share = Math.ceil((queue.length + 1) / workers)
  let [bytes, copies] = [sizeOf(first.job), copiesOf(first.job)]
  while (batch.length < share) {
    const next = queue[0]
    if (next === undefined || !isSmall(next)) break
    if (patienceOf(next.job)?.source !== patienceOf(first.job)?.source) break
    bytes += sizeOf(next.job)
    copies += copiesOf(next.job)
    if (bytes > BATCH_BYTES || copies > BATCH_COPIES) break
    batch.push(next)
    queue.shift()
  }
  return batch
}

function sizeOf(job: Job): number {
  return job.kind === 'copy' ? job.expected.sizeBytes : job.sizeBytes
}

function copiesOf(job: Job): number {
  return job.kind === 'copy' ? job.targets.length : 1
}

export function isSmall({ job }: { readonly job: Job }): boolean {
  return sizeOf(job) <= SMALL_BYTES
}

export function patienceOf(job: Job | undefined): Patience | undefined {
  return job?.kind === 'copy' ? job.patience : undefined
}
