// Starts the worker thread of this room for one job and stands between it and the promises of the callers. A thread that is no longer
// wanted is terminated: it holds nothing but a private copy, which its owner removes.
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { SafelightError } from '../errors.js'
import type { WorkerAnswer, WorkerJob } from './worker-thread.js'

/** Runs a job that answers once.
 *  @throws COPY_DIFFERS when SQLite could not read the copy; the signal's reason when it was called off */
export async function runJob<T>(job: Exclude<WorkerJob, { kind: 'list' }>, signal?: AbortSignal): Promise<T> {
  const worker = start(job)
  try {
    const answer = await nextAnswer(worker, signal)
    if (answer.kind === 'result') return answer.value as T
    throw unreadable(answer.kind === 'failed' ? answer.message : 'no answer')
  } finally {
    await worker.terminate()
  }
}

/** Yields the slices of a listing as JSON text. The next slice is read while the last one is looked at, and no further. */
export async function* runListing(
  job: Extract<WorkerJob, { kind: 'list' }>,
  signal?: AbortSignal,
): AsyncGenerator<string> {
  const worker = start(job)
  try {
    let pending = ask(worker, signal)
    for (;;) {
      const answer = await pending
      if (answer.kind === 'failed') throw unreadable(answer.message)
      if (answer.kind !== 'slice' || answer.json === undefined) return
      pending = ask(worker, signal)
      // Awaited at the top of the loop; until then a failure must not count as unhandled.
      pending.catch(() => undefined)
      yield answer.json
    }
  } finally {
    await worker.terminate()
  }
}

function start(job: WorkerJob): Worker {
  return new Worker(new URL('./worker-thread.js', import.meta.url), { workerData: job })
}

function ask(worker: Worker, signal: AbortSignal | undefined): Promise<WorkerAnswer> {
  const answer = nextAnswer(worker, signal)
  worker.postMessage('next')
  return answer
}

async function nextAnswer(worker: Worker, signal: AbortSignal | undefined): Promise<WorkerAnswer> {
  signal?.throwIfAborted()
  const settled = new AbortController()
  const watched = signal ? AbortSignal.any([signal, settled.signal]) : settled.signal
  try {
    const [answer] = (await Promise.race([
      once(worker, 'message', { signal: watched }),
      once(worker, 'exit', { signal: watched }).then(([code]) => [
        { kind: 'failed', message: `the check stopped (${String(code)})` },
      ]),
    ])) as [WorkerAnswer]
    return answer
  } catch (error) {
    signal?.throwIfAborted()
    throw error
  } finally {
    settled.abort()
  }
}

function unreadable(message: string): SafelightError {
  return new SafelightError('COPY_DIFFERS', {
    message: `The copy of the catalog could not be read: ${message}.`,
    remedy: 'Open the catalog in Lightroom and let it test the integrity, or restore the last good backup.',
  })
}
