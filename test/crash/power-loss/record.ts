// Preloaded into a run (`node --import`), this writes down everything that the run asks of the disks, in every thread, the journal's own
// SQLite included: what was written where, which names came and went, and what was synced. Each call is noted with the moment it began and
// the moment it ended, counted over all threads, so that a sync is believed only for what had ended before it began. Whether anything
// went past it is tested by playing the record to its end (disk.ts): then the disk in the model must be the real one.
//
// Of child processes there are `sync -f` and the shell that runs it, which are noted; of asynchronous calls the runs in question make none that change anything.
import childProcess from 'node:child_process'
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import path from 'node:path'
import { getEnvironmentData, isMainThread, setEnvironmentData, threadId } from 'node:worker_threads'

/** One call. Paths are absolute, `handle` stands for one opening of one file, bytes are base64. */
export type Call =
  | { readonly call: 'open'; readonly path: string; readonly handle: string; readonly truncates: boolean }
  | { readonly call: 'write'; readonly handle: string; readonly at: number | 'end' | 'on'; readonly bytes: string }
  | { readonly call: 'truncate'; readonly handle: string; readonly length: number }
  | { readonly call: 'times'; readonly handle: string; readonly mtimeMs: number }
  | { readonly call: 'sync'; readonly handle: string }
  | { readonly call: 'sync-disk' | 'make-folder' | 'unlink' | 'remove-tree'; readonly path: string }
  | { readonly call: 'link' | 'rename'; readonly from: string; readonly to: string }

export type Noted = Call & { readonly began: number; readonly ended: number }

interface Settings {
  /** Only what lies below is noted. */
  readonly root: string
  /** A folder outside of it that receives one file per thread. */
  readonly into: string
  readonly moments: SharedArrayBuffer
}

const KEY = 'safelight-test-record'

function settingsOfThread(): Settings | undefined {
  if (!isMainThread) return getEnvironmentData(KEY) as unknown as Settings
  const { RECORD_ROOT: root, RECORD_INTO: into } = process.env
  if (root === undefined || into === undefined) return undefined
  const settings = { root, into, moments: new SharedArrayBuffer(4) }
  setEnvironmentData(KEY, settings)
  return settings
}

const settings = settingsOfThread()
if (settings) startRecording(settings)

function startRecording({ root, into, moments }: Settings): void {
  const clock = new Int32Array(moments)
  const moment = (): number => Atomics.add(clock, 0, 1)
  const { openSync, writeSync } = fs
  const record = openSync(path.join(into, `${threadId}.jsonl`), 'a')
  const handles = new Map<number, string>()
  const appending = new Set<string>()
  let opened = 0
  /** Node's own calls call one another: the outermost counts. */
  let depth = 0

  const isBelow = (file: unknown): file is string => typeof file === 'string' && file.startsWith(`${root}/`)
  const note = (call: Call, began: number): void => {
    writeSync(record, `${JSON.stringify({ ...call, began, ended: moment() } satisfies Noted)}\n`)
  }

  /** Replaces one function of `fs` by itself and a note of what it did. */
  function wrap(
    name: keyof typeof fs,
    noteIt: (args: readonly unknown[], result: unknown, began: number, before: unknown) => void,
    look: (args: readonly unknown[]) => unknown = () => undefined,
  ): void {
    const real = fs[name] as (...args: unknown[]) => unknown
    const wrapped = (...args: unknown[]): unknown => {
      if (depth > 0) return real(...args)
      depth += 1
      try {
        const before = look(args)
        const began = moment()
        const result = real(...args)
        noteIt(args, result, began, before)
        return result
      } finally {
        depth -= 1
      }
    }
    Object.assign(fs, { [name]: Object.assign(wrapped, real) })
  }

  const changes = (flags: unknown): { writes: boolean; truncates: boolean } =>
    typeof flags === 'number'
      ? { writes: (flags & 3) !== 0, truncates: (flags & fs.constants.O_TRUNC) !== 0 }
      : { writes: flags !== undefined && flags !== 'r', truncates: String(flags).startsWith('w') }

  wrap('openSync', ([file, flags], descriptor, began) => {
    const at = String(file)
    if (!isBelow(at) && at !== root) return
    const handle = `${threadId}-${(opened += 1)}`
    handles.set(descriptor as number, handle)
    if (typeof flags === 'number' && (flags & fs.constants.O_APPEND) !== 0) appending.add(handle)
    note({ call: 'open', path: at, handle, truncates: changes(flags).truncates }, began)
  })
  wrap('closeSync', ([descriptor]) => void handles.delete(descriptor as number))
  wrap('writeSync', ([descriptor, from, ...rest], count, began) => {
    const handle = handles.get(descriptor as number)
    if (handle === undefined) return
    if (typeof from === 'string') throw new Error('nothing is written as text through a descriptor')
    const bytes = from as Uint8Array
    const [offset = 0, , position] = rest as (number | null | undefined)[]
    const start = bytes.byteOffset + (offset ?? 0)
    const written = Buffer.from(bytes.buffer, start, count as number).toString('base64')
    note({ call: 'write', handle, at: appending.has(handle) ? 'end' : (position ?? 'on'), bytes: written }, began)
  })
  wrap('ftruncateSync', ([descriptor, length], _, began) => {
    const handle = handles.get(descriptor as number)
    if (handle !== undefined) note({ call: 'truncate', handle, length: Number(length ?? 0) }, began)
  })
  wrap('futimesSync', ([descriptor, , mtime], _, began) => {
    const handle = handles.get(descriptor as number)
    if (handle !== undefined) note({ call: 'times', handle, mtimeMs: Number(mtime) * 1000 }, began)
  })
  for (const name of ['fsyncSync', 'fdatasyncSync'] as const)
    wrap(name, ([descriptor], _, began) => {
      const handle = handles.get(descriptor as number)
      if (handle !== undefined) note({ call: 'sync', handle }, began)
    })
  for (const name of ['writeFileSync', 'appendFileSync'] as const)
    wrap(name, ([file, data, options], _, began) => {
      if (!isBelow(file)) return
      const flag = typeof options === 'object' && options !== null && 'flag' in options ? options.flag : undefined
      const handle = `${threadId}-${(opened += 1)}`
      const isAppending = name === 'appendFileSync' || flag === 'a'
      note({ call: 'open', path: file, handle, truncates: !isAppending }, began)
      const bytes = Buffer.from(data as string | Uint8Array).toString('base64')
      note({ call: 'write', handle, at: 'end', bytes }, moment())
    })
  wrap('mkdirSync', ([folder, options], made, began) => {
    if (!isBelow(folder)) return
    const isDeep =
      typeof options === 'object' && options !== null && 'recursive' in options && options.recursive === true
    if (!isDeep) note({ call: 'make-folder', path: folder }, began)
    else if (typeof made === 'string')
      for (let at = made; ; at = path.join(at, path.relative(at, folder).split(path.sep)[0] ?? '')) {
        note({ call: 'make-folder', path: at }, moment())
        if (at === folder) return
      }
  })
  wrap('unlinkSync', ([file], _, began) => isBelow(file) && note({ call: 'unlink', path: file }, began))
  wrap('rmdirSync', ([file], _, began) => isBelow(file) && note({ call: 'unlink', path: file }, began))
  wrap(
    'rmSync',
    ([file], _, began, wasThere) =>
      isBelow(file) && wasThere === true && note({ call: 'remove-tree', path: file }, began),
    ([file]) => fs.existsSync(String(file)),
  )
  wrap('linkSync', ([from, to], _, began) => isBelow(to) && note({ call: 'link', from: String(from), to }, began))
  wrap('renameSync', ([from, to], _, began) => isBelow(to) && note({ call: 'rename', from: String(from), to }, began))
  for (const name of ['copyFileSync', 'cpSync', 'symlinkSync', 'truncateSync', 'utimesSync'] as const)
    wrap(name, (args) => {
      if (args.some(isBelow)) throw new Error(`${name} is not something that this record can hold`)
    })

  const noteSync = (folder: unknown, began: number): void => {
    if (isBelow(folder)) note({ call: 'sync-disk', path: folder }, began)
  }
  const { spawn, spawnSync } = childProcess
  const spawnAndNote = (command: string, args: readonly string[], ...rest: unknown[]): unknown => {
    const began = moment()
    const result = (spawnSync as (...all: unknown[]) => { status: number | null })(command, args, ...rest)
    if (command === 'sync' && result.status === 0) noteSync(args[1], began)
    return result
  }
  /** The shell that syncs whenever it is told to (files/syncing.ts): a line to it is the question, `yes` that it was done. */
  const spawnAndListen = (command: string, args: readonly string[], ...rest: unknown[]): unknown => {
    const child = (spawn as (...all: unknown[]) => childProcess.ChildProcess)(command, args, ...rest)
    const { stdin, stdout } = child
    if (command !== 'sh' || !args.some((arg) => arg.includes('sync -f')) || !stdin || !stdout) return child
    const asked: number[] = []
    const write = stdin.write.bind(stdin) as (text: string) => boolean
    stdin.write = (text: string) => {
      asked.push(moment())
      return write(text)
    }
    stdout.on('data', (answers: Buffer | string) => {
      for (const answer of String(answers).trim().split('\n')) {
        const began = asked.shift()
        if (answer === 'yes' && began !== undefined) noteSync(args.at(-1), began)
      }
    })
    return child
  }
  Object.assign(childProcess, { spawnSync: spawnAndNote, spawn: spawnAndListen })
  syncBuiltinESMExports()
}
