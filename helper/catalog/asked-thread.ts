// A worker thread that answers questions in their order, and the promises of those who ask. A thread that is no longer wanted is terminated:
// threads of this room hold nothing that needs putting away.
import { Worker } from 'node:worker_threads'

export interface AskedThread<Question, Answer> {
  /** Something that needs no answer. */
  tell(message: unknown): void
  /** @throws what `ended` makes when the thread ends or breaks; the signal's reason when it is called off */
  ask(question: Question): Promise<Answer>
  close(): Promise<void>
}

export interface ThreadOptions {
  readonly workerData?: unknown
  readonly signal?: AbortSignal | undefined
  /** @param why  in words */
  readonly ended: (why: string) => Error
}

export function openThread<Question, Answer>(
  program: URL,
  { workerData, signal, ended }: ThreadOptions,
): AskedThread<Question, Answer> {
  const worker = new Worker(program, { workerData })
  const waiting: { resolve: (answer: Answer) => void; reject: (error: Error) => void }[] = []
  let failure: Error | undefined
  const fail = (error: Error) => {
    failure ??= error
    for (const each of waiting.splice(0)) each.reject(failure)
  }
  const stop = () => fail(reasonOf(signal))
  worker.on('message', (answer: Answer) => waiting.shift()?.resolve(answer))
  worker.on('error', (error) => fail(error))
  worker.on('exit', (code) => fail(ended(`the thread has ended (${code})`)))
  signal?.addEventListener('abort', stop, { once: true })
  return {
    tell: (message) => worker.postMessage(message),
    ask: (question) =>
      new Promise<Answer>((resolve, reject) => {
        if (signal?.aborted) fail(reasonOf(signal))
        if (failure) {
          reject(failure)
          return
        }
        waiting.push({ resolve, reject })
        worker.postMessage(question)
      }),
    async close() {
      signal?.removeEventListener('abort', stop)
      await worker.terminate()
    },
  }
}

function reasonOf(signal: AbortSignal | undefined): Error {
  const reason: unknown = signal?.reason
  return reason instanceof Error ? reason : new Error(String(reason))
}
