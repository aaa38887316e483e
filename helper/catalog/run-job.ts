// The side of job-thread.ts that answers requests: starts a thread for one job, answers what it asks of the journal, and ends it. Each job
// has a private folder of its own, which is gone when the job is, whatever happened in it.
import { mkdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { randomUUID } from 'node:crypto'
import { setImmediate as turn } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { SafelightError } from '../errors.js'
import type { KnownFile } from './classify.js'
import type { FromThread, JobSetup, ToThread } from './job-thread.js'
import type { CatalogJobs, JobName } from './job-kinds.js'
import { namesIn, packKnown, type AskedFolder, type KnownFiles } from './known-files.js'
import { receivedError, sendError } from './sent-error.js'

type LookUp = (folder: string, names: readonly string[]) => ReadonlyMap<string, KnownFile>

export interface JobOptions {
  readonly signal: AbortSignal
  readonly onProgress?: (done: number, all: number) => void
  /** What the journal knows of these originals of one folder, which ends in a slash; by name. Asked of few at a time. */
  readonly lookUp?: LookUp
  /** Without a thread of its own: for a test that runs thousands, where nobody waits for an answer meanwhile. */
  readonly inThisThread?: boolean
}

const DRIVE = 'The drive for the catalog backup'

/** How long a thread that was told to stop may take to put its things away. */
const STOP_MS = 5_000

/** @param home  private copies are made below it
 *  @throws what the job throws; INTERRUPTED when it was called off */
export async function runCatalogJob<K extends JobName>(
  home: string,
  kind: K,
  params: Omit<CatalogJobs[K]['params'], 'privateParent'>,
  options: JobOptions,
): Promise<CatalogJobs[K]['result']> {
  if (options.signal.aborted) throw interrupted()
  const privateParent = path.join(privateFolder(home), randomUUID())
  await mkdir(privateParent, { recursive: true, mode: 0o700 })
  const setup = { kind, params: { ...params, privateParent } } as JobSetup
  if (options.inThisThread === true) return runHere<K>(setup, options)
  const worker = new Worker(new URL('./job-thread.js', import.meta.url), { workerData: setup })
  const say = (message: ToThread) => worker.postMessage(message)
  const findings: unknown[] = []
  let ending: NodeJS.Timeout | undefined
  const stop = () => {
    say({ kind: 'stop' })
    ending = setTimeout(() => void worker.terminate(), STOP_MS)
  }
  options.signal.addEventListener('abort', stop, { once: true })
  try {
    return (await new Promise<unknown>((resolve, reject) => {
      worker.on('message', (message: FromThread) => {
        if (message.kind === 'result')
          resolve(findings.length === 0 ? message.value : { ...(message.value as object), findings })
        else if (message.kind === 'findings') {
          for (const finding of message.some) findings.push(finding)
          setImmediate(() => say({ kind: 'go-on' }))
        } else if (message.kind === 'failed')
          reject(options.signal.aborted ? interrupted() : receivedError(message.error, DRIVE))
        else if (message.kind === 'progress') options.onProgress?.(message.done, message.all)
        else
          lookUpByTurns(options.lookUp, message.folders).then(
            (known) => say({ kind: 'found', id: message.id, known }),
            reject,
          )
      })
      worker.on('error', reject)
      worker.on('exit', () => reject(options.signal.aborted ? interrupted() : new Error('the catalog thread ended')))
    })) as CatalogJobs[K]['result']
  } finally {
    options.signal.removeEventListener('abort', stop)
    clearTimeout(ending)
    await worker.terminate()
    await rm(privateParent, { recursive: true, force: true })
  }
}

async function runHere<K extends JobName>(
  { kind, params }: JobSetup,
  { signal, onProgress, lookUp }: JobOptions,
): Promise<CatalogJobs[K]['result']> {
  const { runJob } = await import('./jobs.js')
  const tools = {
    signal,
    onProgress: (done: number, all: number) => onProgress?.(done, all),
    lookUp: (folders: readonly AskedFolder[]) => lookUpByTurns(lookUp, folders),
  }
  try {
    return await runJob(kind, params, tools)
  } catch (error) {
    throw signal.aborted ? interrupted() : receivedError(sendError(error), DRIVE)
  } finally {
    await rm(params.privateParent, { recursive: true, force: true })
  }
}

/** How many originals are looked up before others have their turn: some milliseconds of the journal. */
const LOOKED_UP_AT_ONCE = 200

/** Asks a little at a time: whoever asks the helper something meanwhile is answered in between. */
async function lookUpByTurns(
  lookUp: LookUp | undefined,
  folders: readonly AskedFolder[],
): Promise<(KnownFiles | undefined)[]> {
  const found: (KnownFiles | undefined)[] = []
  for (const asked of folders) {
    const names = namesIn(asked)
    const known: (KnownFile | undefined)[] = []
    for (let at = 0; lookUp && at < names.length; at += LOOKED_UP_AT_ONCE) {
      const some = names.slice(at, at + LOOKED_UP_AT_ONCE)
      const there = lookUp(asked.folder, some)
      for (const name of some) known.push(there.get(name))
      await turn()
    }
    found.push(packKnown(known))
  }
  return found
}

/** Removes the private copies of a helper that was killed. Only for who holds the home, and before the first job. */
export function clearPrivateFolder(home: string): Promise<void> {
  return rm(privateFolder(home), { recursive: true, force: true })
}

function privateFolder(home: string): string {
  return path.join(home, 'private')
}

function interrupted(): SafelightError {
  return new SafelightError('INTERRUPTED', {
    message: 'Stopped before the end. What was finished stays as it is.',
    remedy: 'Run it again to go on.',
  })
}
