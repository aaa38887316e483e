// Starts the worker thread of this room for one job, and puts into words what SQLite says of a copy. The thread holds nothing but a private
// copy, which its owner removes.
import { SafelightError } from '../errors.js'
import { openThread } from './asked-thread.js'
import type { Slice } from './columns.js'
import type { CatalogOutline, ListingOptions } from './read-copy.js'
import type { ListQuestion, WorkerAnswer, WorkerJob } from './worker-thread.js'

/** Runs a job that answers once.
 *  @throws COPY_DIFFERS when SQLite could not read the copy; the signal's reason when it was called off */
export async function runJob<T>(job: Exclude<WorkerJob, { kind: 'list' }>, signal?: AbortSignal): Promise<T> {
  signal?.throwIfAborted()
  const thread = openThread<'begin', WorkerAnswer>(PROGRAM, { workerData: job, signal, ended: unreadable })
  try {
    const answer = await thread.ask('begin')
    if (answer.kind === 'result') return answer.value as T
    throw unreadable(answer.kind === 'failed' ? answer.message : 'no answer')
  } finally {
    await thread.close()
  }
}

/** A thread that has a private copy open, to read the outline and the files that it lists. */
export interface Listing {
  /** Before the slices. */
  outline(): Promise<CatalogOutline>
  /** Lightroom's words for the formats of a slice's files, by id; left out of a slice unless the listing is asked `withFormats`. */
  formats(slice: Slice): Promise<ReadonlyMap<number, unknown>>
  /** The next slice is read while the last one is looked at, and no further. */
  slices(): AsyncGenerator<Slice>
  close(): Promise<void>
}

export function openListing(options: ListingOptions, signal?: AbortSignal): Listing {
  const thread = openThread<ListQuestion, WorkerAnswer>(PROGRAM, {
    workerData: { kind: 'list', ...options } satisfies WorkerJob,
    signal,
    ended: unreadable,
  })
  const resultOf = async (question: ListQuestion): Promise<unknown> => {
    const answer = await thread.ask(question)
    if (answer.kind === 'result') return answer.value
    throw unreadable(answer.kind === 'failed' ? answer.message : 'no answer')
  }
  return {
    outline: async () => (await resultOf({ kind: 'outline' })) as CatalogOutline,
    formats: async ({ afterId, lastId }) =>
      new Map((await resultOf({ kind: 'formats', afterId, lastId })) as readonly (readonly [number, unknown])[]),
    async *slices() {
      let pending = thread.ask({ kind: 'next' })
      for (;;) {
        const answer = await pending
        if (answer.kind === 'failed') throw unreadable(answer.message)
        if (answer.kind !== 'slice' || answer.slice === undefined) return
        pending = thread.ask({ kind: 'next' })
        // Awaited at the top of the loop; until then a failure must not count as unhandled.
        pending.catch(() => undefined)
        yield answer.slice
      }
    },
    close: () => thread.close(),
  }
}

const PROGRAM = new URL('./worker-thread.js', import.meta.url)

function unreadable(message: string): SafelightError {
  return new SafelightError('COPY_DIFFERS', {
    message: `The copy of the catalog could not be read: ${message}.`,
    remedy: 'Open the catalog in Lightroom and let it test the integrity, or restore the last good backup.',
  })
}
