// Planned faults on the durable surface. A `FaultSet` is a list of faults, each for some calls, in whichever thread they are made: the main
// thread gets `set.files`, every worker thread started afterwards gets the same plan through the thread's environment data and counts in the
// same shared memory. At its end a test asks `assertAllHit()`: a planned fault that never came about has tested nothing.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { getEnvironmentData, setEnvironmentData } from 'node:worker_threads'
import { alignedBuffer } from '../../helper/files/aligned.js'
import { DIRECT_BYTES, systemFiles, type DurableFiles } from '../../helper/files/durable.js'

export type Method = keyof DurableFiles

/** What happens instead of, or around, the call. */
export type Act =
  /** The call throws the system's error of this code. */
  | { readonly fail: string }
  /** The call is made, and then throws: the server or the disk did it and said otherwise. */
  | { readonly failAfter: string }
  /** read() gives at most this many bytes. */
  | { readonly short: number }
  /** write() writes the first bytes and then fails with this code: a disk that fills in the middle. */
  | { readonly partly: number; readonly fail: string }
  /** write() and read() pass one wrong bit on. */
  | { readonly flip: true }
  /** openDirect() and syncFileSystem() say that this system has no such thing. */
  | { readonly absent: true }
  /** Before the call, something else happens to a file. */
  | {
      readonly alter: 'grow' | 'shrink' | 'rewrite' | 'remove' | 'replace' | 'rot'
      readonly file: string
    }
  /** A folder is moved away before the call, as a drive that is pulled takes everything with it. */
  | { readonly moveAway: string; readonly to: string }
  /** The call never returns, as of a drive that hangs; only in a worker, which can be ended all the same. */
  | { readonly hang: true }
  /** The process is killed before the call. */
  | { readonly kill: true }

export interface Fault {
  readonly on: Method | readonly Method[]
  /** Part of the path; of a descriptor, the path it was opened under; of link and rename, either path. */
  readonly path?: string
  /** The path must end with this. */
  readonly name?: string
  /** Matching calls to let through first. */
  readonly after?: number
  /** Matching calls to hit; 1 when left out. */
  readonly times?: number
  readonly act: Act
}

interface Plan {
  readonly faults: readonly Fault[]
  /** Kill before the call of this number, counted over all threads from 1; 0 for never. */
  readonly killAt: number
  /** A file that receives one line per call, when given. */
  readonly trace?: string
  readonly counters: SharedArrayBuffer
}

const KEY = 'safelight-test-faults'
const WORDS_PER_FAULT = 2

export class FaultSet {
  readonly files: DurableFiles
  /** The module to start workers with. */
  readonly workerFile = new URL('./faulty-worker.js', import.meta.url)
  readonly #plan: Plan

  constructor(faults: readonly Fault[] = [], { killAt = 0, trace }: { killAt?: number; trace?: string } = {}) {
    const words = 1 + faults.length * WORDS_PER_FAULT
    this.#plan = {
      faults,
      killAt,
      counters: new SharedArrayBuffer(words * Int32Array.BYTES_PER_ELEMENT),
      ...(trace === undefined ? {} : { trace }),
    }
    setEnvironmentData(KEY, this.#plan)
    this.files = withFaults(systemFiles, this.#plan)
  }

  /** Calls made so far, in all threads. */
  get calls(): number {
    return Atomics.load(new Int32Array(this.#plan.counters), 0)
  }

  /** How often fault `index` came about. */
  hits(index: number): number {
    return Atomics.load(new Int32Array(this.#plan.counters), hitWord(index))
  }

  assertAllHit(): void {
    this.#plan.faults.forEach((fault, index) => {
      const wanted = fault.times === undefined || fault.times === Infinity ? 1 : fault.times
      assert.ok(
        this.hits(index) >= wanted,
        `planned fault ${JSON.stringify(fault)} was hit ${this.hits(index)} times instead of ${wanted}`,
      )
    })
  }
}

/** What a worker thread works with: the real disk, and the faults of the set that was made last. */
export function faultyFilesOfThread(): DurableFiles {
  return withFaults(systemFiles, getEnvironmentData(KEY) as unknown as Plan)
}

function matchWord(index: number): number {
  return 1 + index * WORDS_PER_FAULT
}

function hitWord(index: number): number {
  return 2 + index * WORDS_PER_FAULT
}

function withFaults(files: DurableFiles, plan: Plan): DurableFiles {
  const counters = new Int32Array(plan.counters)
  const opened = new Map<number, string>()
  const direct = new Set<number>()

  /** Counts the call and returns what is planned for it. */
  function meet(method: Method, paths: readonly string[]): Act | undefined {
    const call = Atomics.add(counters, 0, 1) + 1
    if (plan.trace !== undefined) fs.appendFileSync(plan.trace, `${call} ${method} ${paths.join(' ')}\n`)
    if (call === plan.killAt) process.kill(process.pid, 'SIGKILL')
    for (const [index, fault] of plan.faults.entries()) {
      if (!isFor(fault, method, paths)) continue
      const earlier = Atomics.add(counters, matchWord(index), 1) - (fault.after ?? 0)
      if (earlier < 0 || earlier >= (fault.times ?? 1)) continue
      Atomics.add(counters, hitWord(index), 1)
      return fault.act
    }
    return undefined
  }

  /** Makes a call that has no result of its own kind to bend. */
  function pass<T>(method: Method, paths: readonly string[], call: () => T): T {
    const act = meet(method, paths)
    if (act === undefined) return call()
    if ('failAfter' in act) {
      call()
      throw systemError(act.failAfter, method, paths)
    }
    before(act, method, paths)
    return call()
  }

  const pathOf = (descriptor: number): string[] => [opened.get(descriptor) ?? '']
  const open = (file: string, descriptor: number): number => {
    opened.set(descriptor, file)
    return descriptor
  }

  return {
    stat: (file) => pass('stat', [file], () => files.stat(file)),
    statOpen: (descriptor) => pass('statOpen', pathOf(descriptor), () => files.statOpen(descriptor)),
    list: (folder) => pass('list', [folder], () => files.list(folder)),
    openRead: (file) => pass('openRead', [file], () => open(file, files.openRead(file))),
    openDirect(file) {
      const act = meet('openDirect', [file])
      if (act && 'absent' in act) return undefined
      if (act) before(act, 'openDirect', [file])
      const descriptor = files.openDirect(file)
      return descriptor === undefined ? undefined : open(file, descriptor)
    },
    create: (file) => pass('create', [file], () => open(file, files.create(file))),
    // To a plan the two are one call: what fails is the making of the file.
    createDirect(file) {
      const act = meet('create', [file])
      if (act && 'failAfter' in act) {
        files.create(file)
        throw systemError(act.failAfter, 'create', [file])
      }
      if (act) before(act, 'create', [file])
      const descriptor = files.createDirect(file)
      if (descriptor === undefined) return undefined
      direct.add(descriptor)
      return open(file, descriptor)
    },
    openAppend: (file) => pass('openAppend', [file], () => open(file, files.openAppend(file))),
    read(descriptor, into, offset, length, position) {
      const act = meet('read', pathOf(descriptor))
      if (act && 'short' in act) return files.read(descriptor, into, offset, Math.min(length, act.short), position)
      if (act && !('flip' in act)) before(act, 'read', pathOf(descriptor))
      const count = files.read(descriptor, into, offset, length, position)
      if (act && 'flip' in act && count > 0) flipBit(into, offset + Math.floor(count / 2))
      return count
    },
    write(descriptor, from, offset, length) {
      const act = meet('write', pathOf(descriptor))
      if (act && 'flip' in act && length > 0) {
        const wrong = alignedBuffer(64 * 1024 * Math.ceil(length / (64 * 1024)))
        wrong.set(from.subarray(offset, offset + length))
        flipBit(wrong, Math.floor(length / 2))
        files.write(descriptor, wrong, 0, length)
        return
      }
      if (act && 'partly' in act) {
        const part = Math.min(length, act.partly)
        files.write(descriptor, from, offset, direct.has(descriptor) ? part - (part % DIRECT_BYTES) : part)
        throw systemError(act.fail, 'write', pathOf(descriptor))
      }
      if (act) before(act, 'write', pathOf(descriptor))
      files.write(descriptor, from, offset, length)
    },
    truncate: (descriptor, length) => pass('truncate', pathOf(descriptor), () => files.truncate(descriptor, length)),
    setTimes: (descriptor, mtimeMs) => pass('setTimes', pathOf(descriptor), () => files.setTimes(descriptor, mtimeMs)),
    sync: (descriptor) => pass('sync', pathOf(descriptor), () => files.sync(descriptor)),
    close(descriptor) {
      pass('close', pathOf(descriptor), () => files.close(descriptor))
      opened.delete(descriptor)
      direct.delete(descriptor)
    },
    syncFolder: (folder) => pass('syncFolder', [folder], () => files.syncFolder(folder)),
    syncFileSystem(folder) {
      const act = meet('syncFileSystem', [folder])
      if (act && 'absent' in act) return false
      if (act) before(act, 'syncFileSystem', [folder])
      return files.syncFileSystem(folder)
    },
    makeFolder: (folder) => pass('makeFolder', [folder], () => files.makeFolder(folder)),
    link: (from, to) => pass('link', [from, to], () => files.link(from, to)),
    rename: (from, to) => pass('rename', [from, to], () => files.rename(from, to)),
    unlink: (file) => pass('unlink', [file], () => files.unlink(file)),
  }
}

function isFor(fault: Fault, method: Method, paths: readonly string[]): boolean {
  const methods = typeof fault.on === 'string' ? [fault.on] : fault.on
  const { path: part, name } = fault
  return (
    methods.includes(method) &&
    (part === undefined || paths.some((each) => each.includes(part))) &&
    (name === undefined || paths.some((each) => each.endsWith(name)))
  )
}

function before(act: Act, method: Method, paths: readonly string[]): void {
  if ('fail' in act) throw systemError(act.fail, method, paths)
  if ('kill' in act) process.kill(process.pid, 'SIGKILL')
  else if ('hang' in act) Atomics.wait(new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)), 0, 0)
  else if ('moveAway' in act) fs.renameSync(act.moveAway, act.to)
  else if ('alter' in act) alter(act.alter, act.file)
  else throw new Error(`a fault that ${method} cannot have: ${JSON.stringify(act)}`)
}

function alter(how: string, file: string): void {
  const stats = fs.statSync(file)
  switch (how) {
    case 'grow':
      fs.appendFileSync(file, 'more')
      return
    case 'shrink':
      fs.truncateSync(file, Math.floor(stats.size / 2))
      return
    case 'rewrite':
      fs.writeFileSync(file, Buffer.alloc(stats.size, 0x5a))
      return
    case 'rot': {
      const bytes = fs.readFileSync(file)
      flipBit(bytes, Math.floor(bytes.length / 2))
      fs.writeFileSync(file, bytes)
      fs.utimesSync(file, stats.atimeMs / 1000, stats.mtimeMs / 1000)
      return
    }
    case 'replace': {
      const other = path.join(path.dirname(file), `.other-${path.basename(file)}`)
      fs.copyFileSync(file, other)
      fs.renameSync(other, file)
      return
    }
    case 'remove':
      fs.rmSync(file)
      return
    default:
      throw new Error(`nothing is known of ${how}`)
  }
}

function flipBit(bytes: Uint8Array, at: number): void {
  bytes[at] = (bytes[at] ?? 0) ^ 1
}

export function systemError(code: string, call: string, paths: readonly string[]): Error {
  return Object.assign(new Error(`${code}: planned, ${call} '${paths.join("' -> '")}'`), { code, syscall: call })
}
