// The main thread's side of look-thread.ts: one worker, questions answered in their order.
import { Worker } from 'node:worker_threads'
import { SafelightError } from '../errors.js'
import {
  MISSING,
  UNREADABLE,
  type HashRequest,
  type LookAnswer,
  type LookRequest,
  type PackedLook,
} from './look-format.js'

export interface WantedFile {
  readonly name: string
  readonly baseName: string
  /** Extensions that Lightroom lists. */
  readonly sidecars: readonly string[]
}

export type Seen =
  | { readonly kind: 'found'; readonly name: string; readonly sizeBytes: number; readonly mtimeMs: number }
  | { readonly kind: 'missing'; readonly name: string }
  | { readonly kind: 'unreadable'; readonly name: string; readonly message: string }

export interface SeenFile {
  readonly main: Seen
  /** In the order of `sidecars`. */
  readonly listed: readonly Seen[]
  /** Files of the same base name that Lightroom does not list: `.acr`, `.wav`, a JPEG beside a raw. */
  readonly others: readonly Seen[]
}

export interface LookedFolder {
  readonly folder: string
  readonly wanted: readonly WantedFile[]
}

export interface Look {
  /** @returns per folder, per wanted file, in the order asked */
  into(folders: readonly LookedFolder[]): Promise<readonly (readonly SeenFile[])[]>
  hash(file: string): Promise<Extract<LookAnswer, { kind: 'hashed' | 'failed' }>>
  close(): Promise<void>
}

/** They take turns, an order each: asking the system takes longer than all else of a check. */
export const LOOKING_THREADS = 2

export function openLook(signal?: AbortSignal): Look {
  const threads = Array.from({ length: LOOKING_THREADS }, () => openThread(signal))
  let turn = 0
  const ask: LookThread['ask'] = (request) => {
    turn = (turn + 1) % LOOKING_THREADS
    const thread = threads[turn]
    if (!thread) throw failed('there is no thread that looks')
    return thread.ask(request)
  }
  return {
    async into(folders) {
      const answer = await ask({
        kind: 'look',
        folders: folders.map(({ folder, wanted }) => ({ folder, wanted: flatten(wanted) })),
      })
      if (answer.kind === 'looked') return unpack(folders, answer)
      throw failed(answer.kind === 'failed' ? answer.message : answer.kind)
    },
    async hash(file) {
      const answer = await ask({ kind: 'hash', file })
      if (answer.kind === 'looked') throw failed(answer.kind)
      return answer
    },
    async close() {
      for (const thread of threads) await thread.close()
    },
  }
}

interface LookThread {
  ask(request: LookRequest | HashRequest): Promise<LookAnswer>
  close(): Promise<void>
}

function openThread(signal: AbortSignal | undefined): LookThread {
  const worker = new Worker(new URL('./look-thread.js', import.meta.url))
  const waiting: { resolve: (answer: LookAnswer) => void; reject: (error: Error) => void }[] = []
  const failAll = (error: Error) => {
    for (const each of waiting.splice(0)) each.reject(error)
  }
  const stop = () => failAll(failed('the check was called off'))
  worker.on('message', (answer: LookAnswer) => waiting.shift()?.resolve(answer))
  worker.on('error', failAll)
  worker.on('exit', () => failAll(failed('the thread that looks has ended')))
  signal?.addEventListener('abort', stop)
  return {
    ask: (request) =>
      new Promise<LookAnswer>((resolve, reject) => {
        signal?.throwIfAborted()
        waiting.push({ resolve, reject })
        worker.postMessage(request)
      }),
    async close() {
      signal?.removeEventListener('abort', stop)
      await worker.terminate()
    },
  }
}

/** One string per folder: a thousand small ones cost more to hand over. No name holds a NUL. */
function flatten(wanted: readonly WantedFile[]): string {
  let flat = ''
  for (const { name, baseName, sidecars } of wanted) flat += `${name}\0${baseName}\0${sidecars.join(',')}\0`
  return flat
}

function unpack(folders: readonly LookedFolder[], packed: PackedLook): SeenFile[][] {
  const exceptions = new Map(packed.exceptions.map((each) => [each.index, each]))
  let [index, file, other] = [0, 0, 0]
  const next = (wanted: string): Seen => {
    const exception = exceptions.get(index)
    const [sizeBytes = MISSING, mtimeMs = 0] = [packed.values[index * 2], packed.values[index * 2 + 1]]
    index += 1
    if (sizeBytes === MISSING) return { kind: 'missing', name: wanted }
    if (sizeBytes === UNREADABLE) return { kind: 'unreadable', name: wanted, message: exception?.message ?? '' }
    return { kind: 'found', name: exception?.name ?? wanted, sizeBytes, mtimeMs }
  }
  return folders.map(({ wanted }) =>
    wanted.map(({ name, baseName, sidecars }) => {
      const main = next(name)
      const listed = sidecars.map((extension) => next(`${baseName}.${extension}`))
      const others: Seen[] = []
      for (let left = packed.otherCounts[file] ?? 0; left > 0; left -= 1) {
        others.push(next(packed.otherNames[other] ?? ''))
        other += 1
      }
      file += 1
      return { main, listed, others }
    }),
  )
}

function failed(message: string): SafelightError {
  return new SafelightError('SOURCE_UNREADABLE', {
    message: `The folders of the catalog could not be looked at: ${message}.`,
    remedy: 'Check that the drive with the photos answers, and try again.',
  })
}
