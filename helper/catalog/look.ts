// The other side of look-thread.ts: two threads that take turns, the questions to each answered in their order.
import { SafelightError } from '../errors.js'
import { openThread } from './asked-thread.js'
import type { FoldersRequest, HashRequest, LookAnswer, LookRequest, PackedLook } from './look-format.js'

export interface Look {
  /** Before the first slice. @param folders  see `FoldersRequest` */
  begin(folders: ReadonlyMap<number, string>): void
  /** @param json  a slice's rows, as SQLite made them */
  into(json: string): Promise<PackedLook>
  hash(file: string): Promise<Extract<LookAnswer, { kind: 'hashed' | 'failed' }>>
  close(): Promise<void>
}

/** They take turns, an order each: asking the system takes longer than all else of a check. */
export const LOOKING_THREADS = 2

export function openLook(signal?: AbortSignal): Look {
  const threads = Array.from({ length: LOOKING_THREADS }, () =>
    openThread<LookRequest | HashRequest, LookAnswer>(new URL('./look-thread.js', import.meta.url), {
      signal,
      ended: failed,
    }),
  )
  let turn = 0
  const ask = (request: LookRequest | HashRequest): Promise<LookAnswer> => {
    turn = (turn + 1) % LOOKING_THREADS
    const thread = threads[turn]
    if (!thread) throw failed('there is no thread that looks')
    return thread.ask(request)
  }
  return {
    begin(folders) {
      for (const thread of threads) thread.tell({ kind: 'folders', folders } satisfies FoldersRequest)
    },
    async into(json) {
      const answer = await ask({ kind: 'look', json })
      if (answer.kind === 'looked') return answer
      throw failed(answer.kind === 'failed' ? answer.message : answer.kind)
    },
    async hash(file) {
      const answer = await ask({ kind: 'hash', file })
      if (answer.kind === 'looked') throw failed(answer.kind)
      return answer
    },
    async close() {
      await Promise.all(threads.map((thread) => thread.close()))
    },
  }
}

function failed(message: string): SafelightError {
  return new SafelightError('SOURCE_UNREADABLE', {
    message: `The folders of the catalog could not be looked at: ${message}.`,
    remedy: 'Check that the drive with the photos answers, and try again.',
  })
}
