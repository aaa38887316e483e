// The disks as the engine meets them in a simulation: the real file system, and on it whatever the history has in store. A kill freezes
// everything at one call: what the home holds at that instant is set aside, and every later call fails, as nothing of a dead process gets
// through any more; when the engine has unwound, the home is put back as it was. Rot leaves the time of change alone, which no test can do
// to a real file, so that lie is told here.
import fs from 'node:fs'
import path from 'node:path'
import { systemFiles, type DurableFiles, type EntryStat } from '../../../helper/files/durable.js'

export type Trouble =
  | { readonly kind: 'kill'; readonly atCall: number }
  /** Calls that write below this folder fail from the given one on. */
  | {
      readonly kind: 'fail'
      readonly code: 'ENOSPC' | 'EIO' | 'EROFS'
      readonly below: string
      readonly atCall: number
    }
  /** The drive is pulled: its folder is moved away before the call. */
  | { readonly kind: 'pull'; readonly atCall: number; readonly act: () => void }
  /** One bit of what is written, or read, is wrong. */
  | {
      readonly kind: 'flip'
      readonly on: 'read' | 'write'
      readonly below: string
      readonly atCall: number
      readonly tell: (file: string) => void
    }

export class Killed extends Error {}

const WRITING: ReadonlySet<string> = new Set([
  'create',
  'openAppend',
  'write',
  'truncate',
  'makeFolder',
  'link',
  'rename',
  'sync',
])

export class Surface {
  /** Of the life that goes on now; whatever a dead one still has under way never gets through. */
  files: DurableFiles
  /** Counted since the trouble was planned. */
  calls = 0
  hasHappened = false
  readonly #home: string
  #trouble: Trouble | undefined
  #life = { isDead: false }
  readonly #opened = new Map<number, string>()
  /** What the time of change of a rotten file was before. */
  readonly #unchanged = new Map<string, { readonly ctimeMs: number; readonly real: number }>()

  constructor(home: string) {
    this.#home = home
    this.files = this.#wrap(this.#life)
  }

  plan(trouble: Trouble | undefined): void {
    this.#trouble = trouble
    this.calls = 0
    this.hasHappened = false
  }

  get isDead(): boolean {
    return this.#life.isDead
  }

  /** After a kill, when the dead engine has been closed: the home as it was at that instant. */
  revive(): void {
    fs.rmSync(this.#home, { recursive: true, force: true })
    fs.renameSync(`${this.#home}-at-kill`, this.#home)
    // The claim of a process that is dead; this one, which played it, is not.
    for (const name of fs.readdirSync(this.#home)) if (name.startsWith('owner-')) fs.rmSync(path.join(this.#home, name))
    this.#life = { isDead: false }
    this.files = this.#wrap(this.#life)
    this.#trouble = undefined
    this.#opened.clear()
  }

  /** From now on the file shows the time of change that it had before. */
  hideChange(file: string, before: EntryStat): void {
    this.#unchanged.set(file, { ctimeMs: before.ctimeMs, real: fs.lstatSync(file).ctimeMs })
  }

  #meet(life: { readonly isDead: boolean }, method: string, file: string): 'flip' | undefined {
    if (life.isDead) throw new Killed('nothing gets through from the dead')
    this.calls += 1
    const trouble = this.#trouble
    if (!trouble || this.calls < trouble.atCall) return undefined
    switch (trouble.kind) {
      case 'kill':
        this.kill()
        throw new Killed('killed')
      case 'pull':
        this.#trouble = undefined
        this.hasHappened = true
        trouble.act()
        return undefined
      case 'fail':
        if (!WRITING.has(method) || !file.startsWith(trouble.below)) return undefined
        this.hasHappened = true
        throw Object.assign(new Error(`${trouble.code}: planned, ${method} '${file}'`), { code: trouble.code })
      case 'flip':
        if (method !== trouble.on || !file.startsWith(trouble.below)) return undefined
        this.#trouble = undefined
        this.hasHappened = true
        trouble.tell(file)
        return 'flip'
    }
    return undefined
  }

  /** Kills the engine between two of its calls. */
  kill(): void {
    if (this.isDead) return
    this.#life.isDead = true
    this.hasHappened = true
    fs.rmSync(`${this.#home}-at-kill`, { recursive: true, force: true })
    fs.cpSync(this.#home, `${this.#home}-at-kill`, { recursive: true, preserveTimestamps: true })
  }

  #stat(file: string, stat: EntryStat): EntryStat {
    const lie = this.#unchanged.get(file)
    return lie?.real === stat.ctimeMs ? { ...stat, ctimeMs: lie.ctimeMs } : stat
  }

  #wrap(life: { readonly isDead: boolean }): DurableFiles {
    const real = systemFiles
    const name = (descriptor: number): string => this.#opened.get(descriptor) ?? ''
    const open = (file: string, descriptor: number): number => {
      this.#opened.set(descriptor, file)
      return descriptor
    }
    const pass = <T>(method: string, file: string, call: () => T): T => {
      this.#meet(life, method, file)
      return call()
    }
    return {
      stat: (file) =>
        pass('stat', file, () => {
          const stat = real.stat(file)
          return stat && this.#stat(file, stat)
        }),
      statOpen: (descriptor) =>
        pass('statOpen', name(descriptor), () => this.#stat(name(descriptor), real.statOpen(descriptor))),
      list: (folder) => pass('list', folder, () => real.list(folder).sort((a, b) => (a.name < b.name ? -1 : 1))),
      openRead: (file) => pass('openRead', file, () => open(file, real.openRead(file))),
      openDirect: (file) =>
        pass('openDirect', file, () => {
          const descriptor = real.openDirect(file)
          return descriptor === undefined ? undefined : open(file, descriptor)
        }),
      // In memory there is nothing past the page cache.
      createDirect: (file) => pass('createDirect', file, () => undefined),
      create: (file) => pass('create', file, () => open(file, real.create(file))),
      openAppend: (file) => pass('openAppend', file, () => open(file, real.openAppend(file))),
      read: (descriptor, into, offset, length, position) => {
        const flip = this.#meet(life, 'read', name(descriptor)) === 'flip'
        const count = real.read(descriptor, into, offset, length, position)
        if (flip && count > 0) into[offset + (count >> 1)]! ^= 1
        return count
      },
      write: (descriptor, from, offset, length) => {
        if (this.#meet(life, 'write', name(descriptor)) !== 'flip' || length === 0)
          real.write(descriptor, from, offset, length)
        else {
          const wrong = Uint8Array.from(from.subarray(offset, offset + length))
          wrong[length >> 1]! ^= 1
          real.write(descriptor, wrong, 0, length)
        }
      },
      truncate: (descriptor, length) => pass('truncate', name(descriptor), () => real.truncate(descriptor, length)),
      setTimes: (descriptor, mtimeMs) => pass('setTimes', name(descriptor), () => real.setTimes(descriptor, mtimeMs)),
      // These disks are in memory and lose nothing: what a power loss takes is in test/crash/power-loss.
      sync: (descriptor) => pass('sync', name(descriptor), () => undefined),
      close: (descriptor) => {
        real.close(descriptor)
        this.#opened.delete(descriptor)
      },
      syncFolder: (folder) => pass('syncFolder', folder, () => undefined),
      syncFileSystem: (folder) => pass('syncFileSystem', folder, () => true),
      makeFolder: (folder) => pass('makeFolder', folder, () => real.makeFolder(folder)),
      link: (from, to) => pass('link', to, () => real.link(from, to)),
      rename: (from, to) => pass('rename', to, () => real.rename(from, to)),
      unlink: (file) => pass('unlink', file, () => real.unlink(file)),
    }
  }
}
