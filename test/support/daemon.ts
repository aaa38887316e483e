// A daemon for tests: a home of its own, disks that are told apart by name, and, where wanted, planned faults on every byte.
import path from 'node:path'
import fs from 'node:fs'
import { Daemon, type DaemonOptions } from '../../helper/daemon.js'
import type { Volume, Volumes } from '../../helper/files/volumes.js'
import type { BackupResult, MethodName, Params, Result, VerifyResult } from '../../shared/methods.js'
import type { FaultSet } from './faults.js'

/** Disks of a machine on which each folder directly below `root` is a disk of its own. Room is asked of the real one. */
export function foldersAsDisks(root: string): Volumes {
  return {
    describe(file) {
      const disk = path.relative(root, file).split(path.sep)[0] ?? ''
      return Promise.resolve({
        mountPoint: path.join(root, disk),
        fileSystem: 'ext4',
        devices: [`serial of ${disk}`],
        medium: 'internal',
        isReadOnly: false,
      } satisfies Volume)
    },
    room(file) {
      const { bavail, blocks, bsize } = fs.statfsSync(nearestExisting(file))
      return { freeBytes: bavail * bsize, totalBytes: blocks * bsize }
    },
  }
}

function nearestExisting(file: string): string {
  return fs.existsSync(file) ? file : nearestExisting(path.dirname(file))
}

export interface Act {
  readonly home: string
  readonly volumes?: Volumes
  readonly faults?: FaultSet
  readonly clock?: () => number
  readonly signal?: AbortSignal
  /** Copy in this thread: quicker to start for a few small files, and the same every time. */
  readonly withoutThreads?: boolean
  readonly waiting?: DaemonOptions['waiting']
}

/** Opens a daemon, lets `act` use it, closes it whatever happens. */
export async function withDaemon<T>(options: Act, act: (daemon: Daemon) => Promise<T>): Promise<T> {
  const { home, volumes, faults, clock, withoutThreads, waiting } = options
  const daemonOptions: DaemonOptions = {
    home,
    command: 'test',
    ...(volumes ? { volumes } : {}),
    ...(clock ? { clock } : {}),
    ...(withoutThreads ? { withoutThreads } : {}),
    ...(waiting ? { waiting } : {}),
    ...(faults ? { files: faults.files, workerFile: faults.workerFile } : {}),
  }
  const daemon = await Daemon.open(daemonOptions)
  try {
    return await act(daemon)
  } finally {
    daemon.close()
  }
}

/** One method, in a daemon of its own. */
export function call<M extends MethodName>(options: Act, method: M, params: Params<M>): Promise<Result<M>> {
  return withDaemon(options, (daemon) => {
    const run = daemon.handlers[method]
    if (!run) throw new Error(`there is no ${method}`)
    return run(params, contextOf(options))
  })
}

export function backup(options: Act, paths: readonly string[], to: readonly string[]): Promise<BackupResult> {
  return call(options, 'backup/run', { paths, to })
}

export function verify(options: Act): Promise<VerifyResult> {
  return call(options, 'verify/run', { shoots: [] })
}

function contextOf({ signal }: Act): {
  signal: AbortSignal
  client: { kind: 'cli'; version: string }
  progress: () => void
} {
  return {
    signal: signal ?? new AbortController().signal,
    client: { kind: 'cli', version: 'test' },
    progress: () => undefined,
  }
}
