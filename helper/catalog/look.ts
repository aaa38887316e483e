// The main thread's side of look-thread.ts: one worker, one question at a time.
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { SafelightError } from '../errors.js'
import type { HashRequest, LookAnswer, LookRequest, SeenFile } from './look-thread.js'

export interface Look {
  /** @returns per folder, per wanted file, in the order asked */
  into(folders: LookRequest['folders']): Promise<readonly (readonly SeenFile[])[]>
  hash(file: string): Promise<Extract<LookAnswer, { kind: 'hashed' | 'failed' }>>
  close(): Promise<void>
}

export function openLook(signal?: AbortSignal): Look {
  const worker = new Worker(new URL('./look-thread.js', import.meta.url))
  const ask = async (request: LookRequest | HashRequest): Promise<LookAnswer> => {
    signal?.throwIfAborted()
    const answered = once(worker, 'message', signal ? { signal } : {})
    worker.postMessage(request)
    const [answer] = (await answered) as [LookAnswer]
    return answer
  }
  return {
    async into(folders) {
      const answer = await ask({ kind: 'look', folders })
      if (answer.kind === 'looked') return answer.folders
      throw failed(answer.kind === 'failed' ? answer.message : answer.kind)
    },
    async hash(file) {
      const answer = await ask({ kind: 'hash', file })
      if (answer.kind === 'looked') throw failed(answer.kind)
      return answer
    },
    async close() {
      await worker.terminate()
    },
  }
}

function failed(message: string): SafelightError {
  return new SafelightError('SOURCE_UNREADABLE', {
    message: `The folders of the catalog could not be looked at: ${message}.`,
    remedy: 'Check that the drive with the photos answers, and try again.',
  })
}
