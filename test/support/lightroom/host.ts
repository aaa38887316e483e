// A Lightroom Classic for tests: it loads a plugin's folder, unmodified, into a real Lua 5.1 under the rules of rules.ts, with LrSocket on real
// TCP, real files, real processes, and a clock of its own that moves only when the test waits. It promises to note every broken rule in
// `faults` and to disturb nothing outside the folders it was given. It draws no window: dialogs are recorded and answered by the test.
// Long, because all that happens in a Lightroom happens by the turn of its one clock.
import { spawn } from 'node:child_process'
import {
  copyFileSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { backgroundWords } from './cmd.js'
import { LrSocketServer, type FarEnd, type QueuedEvent, type SocketHabits } from './sockets.js'
import { LuaVm, bytesFromText, textFromBytes } from './vm.js'

export interface Fault {
  /** Number in rules.ts; 0 is an error that Lightroom would show as a dialog. */
  readonly rule: number
  readonly message: string
}

export interface Dialog {
  readonly kind: 'message' | 'confirm' | 'modal'
  readonly title: string
  readonly text: string
  readonly style: string
  /** Counts the looks at one dialog, from 1; see Reply. */
  readonly round: number
}

/** The button, then lines `field=text` for what is typed and `list[]=value` for what is chosen. `look` as the button types and looks again. */
export type Reply = string

export interface ProgressBar {
  readonly title: string
  caption: string
  portion: number
  isDone: boolean
  isCanceled: boolean
}

export interface HostOptions {
  /** The folder `Something.lrplugin`. */
  readonly plugin: string
  /** Stands for the user's home folder: plugin.json is looked for below it, Lightroom's preferences are kept in it. */
  readonly home: string
  readonly catalog: string
  /** Root folders of the catalog; the folders of its photos when left out. */
  readonly roots?: readonly string[]
  readonly env?: NodeJS.ProcessEnv
  readonly platform?: 'mac' | 'windows'
  /** Answers dialogs; without it every dialog is answered with its first button. */
  readonly answer?: (dialog: Dialog) => Reply
  readonly rules?: {
    readonly shuffle?: boolean
    readonly cancelBareTasks?: boolean
    readonly separateMenus?: boolean
    readonly raiseOnSend?: boolean
    readonly lateCallbacks?: boolean
    readonly costs?: boolean
  }
  readonly habits?: Partial<SocketHabits>
  /** Seconds of Lightroom's clock that pass per real second while the test waits; Infinity jumps to the next thing to do. */
  readonly rate?: number
  /** Real milliseconds after which a client that has not hung up at a quit counts as one that never does. */
  readonly hangMs?: number
}

export interface ImportedFile {
  readonly path: string
  readonly format?: string
  readonly isVideo?: boolean
  readonly isVirtualCopy?: boolean
}

/** Real milliseconds that a fact may take on the slowest of machines. */
const PATIENCE_MS = 50_000

/** Above those after which a bridge that is told nothing goes by itself. */
const HANG_MS = 10_000

/** Lightroom's clock starts here: seconds since 2001-01-01. */
const EPOCH = 820_000_000

export class LightroomHost {
  readonly faults: Fault[] = []
  readonly dialogs: Dialog[] = []
  readonly bezels: string[] = []
  readonly progress: ProgressBar[] = []
  readonly log: string[] = []
  readonly openedUrls: string[] = []
  readonly commands: string[] = []
  readonly gates: string[] = []
  /** Milliseconds that the exit hook took, once quit() was called. */
  exitMs: number | undefined
  /** Lines that were handed to the plugin's onMessage. */
  linesHeard = 0
  answer: (dialog: Dialog) => Reply

  private vm!: LuaVm
  private virtualNow = EPOCH
  private nextWake = -1
  private readonly sockets = new Map<number, LrSocketServer>()
  private readonly farEnds = new Set<FarEnd>()
  private readonly events: QueuedEvent[] = []
  private readonly executions = new Map<number, { status: number | undefined }>()
  private lastId = 0
  private isOver = false
  private readonly habits: SocketHabits

  private constructor(private readonly options: HostOptions) {
    this.answer = options.answer ?? (() => 'ok')
    this.habits = { receiveTellsOfLoss: true, sendTellsOfLoss: false, ...options.habits }
  }

  /** Starts Lightroom: opens the catalog, loads the plugin and runs its init script. */
  static async start(options: HostOptions): Promise<LightroomHost> {
    const host = new LightroomHost(options)
    await host.boot()
    return host
  }

  /** Seconds since Lightroom was started, by its own clock. */
  get seconds(): number {
    return this.virtualNow - EPOCH
  }

  get isPluginEnabled(): boolean {
    return this.vm.run('return host.enabled') === true
  }

  /** Virtual costs and counted Lua instructions of the plugin so far. */
  get work(): { instructions: number; longestSlice: number; longestSliceTask: string; longestFreezeSeconds: number } {
    const [instructions, longestSlice, longestSliceTask, longestFreezeSeconds] = String(
      this.vm.run(
        'return host.instructions .. "|" .. host.sliceMax .. "|" .. host.sliceMaxTask .. "|" .. host.sliceMaxSeconds',
      ),
    ).split('|')
    return {
      instructions: Number(instructions),
      longestSlice: Number(longestSlice),
      longestSliceTask: longestSliceTask ?? '',
      longestFreezeSeconds: Number(longestFreezeSeconds),
    }
  }

  // ------------------------------------------------------------ what a photographer does

  /** Adds photos to the open catalog, one after another, as an import does. @returns their ids */
  import(files: readonly (string | ImportedFile)[]): number[] {
    return files.map((file) => {
      const photo = typeof file === 'string' ? { path: file } : file
      const format = photo.format ?? (photo.isVideo ? 'VIDEO' : 'RAW')
      return Number(
        this.vm.call('addPhotoId', photo.path, format, photo.isVideo ?? false, photo.isVirtualCopy ?? false),
      )
    })
  }

  /** A large catalog at once; its files do not exist. @returns the highest id */
  importMany(count: number, folder: string): number {
    return Number(this.vm.call('addMany', count, folder))
  }

  isInCatalog(file: string): boolean {
    return this.vm.call('isInCatalog', file) === true
  }

  /** How many photos a filter or a smart collection finds whose field of the plugin contains the text; undefined when Lightroom offers no
   *  such field. */
  countByField(id: string, text: string): number | undefined {
    const count = Number(this.vm.call('countByField', id, text))
    return count < 0 ? undefined : count
  }

  /** The plugin's fields of every photo, by path. */
  fields<K extends string>(...ids: K[]): Map<string, Record<K, string>> {
    const lines = bytesFromText(String(this.vm.call('fieldLines', ...ids))).toString('utf8')
    return new Map(
      lines.split('\n').map((line) => {
        const [file = '', ...values] = line.split('\t')
        return [file, Object.fromEntries(ids.map((id, index) => [id, values[index] ?? ''])) as Record<K, string>]
      }),
    )
  }

  /** Fields written so far, one for each photo and field. */
  get fieldWrites(): number {
    return Number(this.vm.run('return host.fieldWrites or 0'))
  }

  /** How often a plugin asked that Lightroom offer its own catalog backup at the next quit. */
  get ownBackupsAsked(): number {
    return Number(this.vm.run('return host.ownBackups or 0'))
  }

  /** A choice made in the Plug-in Manager. */
  choose(key: string, isChosen: boolean): void {
    this.vm.call('choose', key, isChosen ? 1 : 0)
  }

  /** Batch reads say nothing of the newest photo for so long; Infinity stands for a photo that was removed. */
  silenceNewest(seconds: number): void {
    this.vm.call('silence', Math.min(seconds, 1e9))
  }

  /** Selects the first photos of the catalog; 0 selects none. */
  select(count: number): void {
    this.vm.call('select', count)
  }

  /** Another catalog, which in Lightroom is a quit and a start; the plugin is loaded anew. */
  async openCatalog(catalog: string): Promise<void> {
    await this.quit()
    this.isOver = false
    await this.boot(catalog)
  }

  pressMenu(title: string): 'ran' | 'greyed' | 'disabled' | 'failed' | 'unknown' {
    return this.vm.call('pressMenu', title) as 'ran'
  }

  /** Opens the Plug-in Manager at this plugin. @returns what is shown; call managerText() later for what was filled in since */
  openPluginManager(): boolean {
    return this.vm.call('openManager') === true
  }

  managerText(): string {
    return String(
      this.vm.run(`
        local lines = {}
        for _, section in ipairs(host.manager or {}) do host.render(section, host.managerProperties, lines) end
        return table.concat(lines, '\\n')`),
    )
  }

  cancelProgress(): void {
    for (const bar of this.progress) if (!bar.isDone) bar.isCanceled = true
  }

  /** Lightroom works on the catalog itself: write gates wait or fail. */
  keepCatalogBusy(seconds: number): void {
    this.vm.call('keepBusy', seconds)
  }

  /** Reload Plug-in: the old instance is cancelled, scripts are read again, no new file name is seen. */
  reload(): void {
    this.vm.call('runUnload')
    this.vm.call('cancelAll')
    this.vm.call('loadPlugin')
  }

  /** A second environment of the same plugin while the first lives on, as has been seen in the field. */
  loadAgain(): void {
    this.vm.call('loadPlugin')
  }

  /** The latest environment is thrown away with its tasks, as has been seen of ones that a menu began. */
  dropNewestInstance(): void {
    this.vm.call('dropNewest')
  }

  /** A menu held open or a modal dialog: time passes and no task runs. */
  freeze(seconds: number): void {
    this.virtualNow += seconds
    for (const socket of this.sockets.values()) socket.tick(this.virtualNow)
  }

  /** Quits properly: the exit hook, its ten seconds, then everything is closed. */
  async quit(): Promise<void> {
    const startedAt = performance.now()
    this.vm.run(`host.now = ${this.virtualNow}`)
    this.vm.call('beginQuit')
    this.exitMs = performance.now() - startedAt
    const begun = this.virtualNow
    await this.waitFor(() => this.exitIsDone() || this.virtualNow - this.progressAt() > 10, 60)
    if (!this.exitIsDone())
      this.fault(22, `the exit hook did not call done within ${Math.round(this.virtualNow - begun)} s`)
    const hasClients = (): boolean => [...this.sockets.values()].some((socket) => socket.hasClient)
    const deadline = performance.now() + (this.options.hangMs ?? HANG_MS)
    while (hasClients() && performance.now() < deadline) await turnOfTheLoop()
    if (hasClients()) this.fault(26, 'a client stayed connected: Lightroom 14.5 hangs at exit')
    this.end()
  }

  /** A crash: no hook runs, the sockets are gone. */
  kill(): void {
    this.end()
  }

  // ------------------------------------------------------------ time

  /** Tells of the test's own end of a plugin's socket, so that no time leaps over what is under way between the two: a slow machine would
   *  otherwise turn a moment on the loopback into minutes of Lightroom's clock. */
  attach(socket: FarEnd): void {
    this.farEnds.add(socket)
  }

  /** Waits for what a real process does: Lightroom's clock goes no faster than the clock on the wall. */
  async waitForProcess(fact: () => boolean): Promise<void> {
    await this.waitFor(fact, Infinity, PATIENCE_MS, 1)
  }

  /** Lets Lightroom run until the fact holds.
   *  @param seconds  of its clock; more is a failure with the last log lines */
  async waitFor(
    fact: () => boolean,
    seconds = 300,
    realMs = PATIENCE_MS,
    rate = this.options.rate ?? Infinity,
  ): Promise<void> {
    const until = this.virtualNow + seconds
    const deadline = performance.now() + realMs
    while (!fact()) {
      if (this.virtualNow > until || performance.now() > deadline)
        throw new Error(
          `not so after ${Math.round(this.seconds)} s of Lightroom's time; faults: ${JSON.stringify(this.faults)}; log: ${this.log.slice(-8).join(' | ')}`,
        )
      await this.step(rate)
    }
  }

  /** Lets Lightroom run for so long by its own clock. */
  async pass(seconds: number): Promise<void> {
    const until = this.virtualNow + seconds
    await this.waitFor(() => this.virtualNow >= until, seconds + 1, 120_000)
  }

  private async step(rate: number): Promise<void> {
    if (this.turn()) {
      await turnOfTheLoop()
      return
    }
    const before = performance.now()
    // Twice round the event loop, so that what is on its way through the loopback arrives before time jumps over it.
    for (let round = 0; round < 3; round += 1) await turnOfTheLoop()
    if (this.events.length > 0 || this.isUnderWay()) return
    if (rate === Infinity && !this.isExecuting()) {
      const wakes = [this.nextWake, ...[...this.sockets.values()].map(({ givesUpAt }) => givesUpAt ?? -1)]
      const next = Math.min(...wakes.filter((wake) => wake > this.virtualNow))
      this.virtualNow = Number.isFinite(next) ? Math.min(next, this.virtualNow + 1) : this.virtualNow + 1
    } else {
      // A real process cannot be hurried.
      await shortWhile()
      this.virtualNow += ((performance.now() - before) / 1000) * (rate === Infinity ? 1 : rate)
    }
    for (const socket of this.sockets.values()) socket.tick(this.virtualNow)
  }

  /** Whether a connection, a byte or a goodbye is between the two ends of a socket that both lie in this process. */
  private isUnderWay(): boolean {
    if ([...this.sockets.values()].some(({ isOpening }) => isOpening)) return true
    for (const far of this.farEnds) {
      if (far.destroyed) {
        this.farEnds.delete(far)
        continue
      }
      if (far.connecting) return true
      const near = [...this.sockets.values()].find((socket) => socket.isAt(far.remotePort))
      if (near === undefined || !near.isSettledWith(far)) return true
    }
    return false
  }

  /** Delivers what arrived and runs what is due. @returns whether there was anything */
  private turn(): boolean {
    if (this.isOver) return false
    let didSomething = false
    for (let event = this.events.shift(); event !== undefined; event = this.events.shift()) {
      didSomething = true
      if (event.event === 'message') this.linesHeard += 1
      this.vm.call('socketEvent', event.id, event.event, event.value)
    }
    const [ran, next] = String(this.vm.call('tick', this.virtualNow)).split(' ')
    const cost = Number(this.vm.run('return string.format("%.17g", host.now)'))
    if (cost > this.virtualNow) this.virtualNow = cost
    this.nextWake = Number(next)
    return didSomething || Number(ran) > 0
  }

  private isExecuting(): boolean {
    return [...this.executions.values()].some(({ status }) => status === undefined)
  }

  private exitIsDone(): boolean {
    return Number(this.vm.run('return host.exit.done')) > 0
  }

  private progressAt(): number {
    return Number(this.vm.run('return host.exit.progressAt'))
  }

  // ------------------------------------------------------------ life

  private async boot(catalog = this.options.catalog): Promise<void> {
    this.vm = await LuaVm.open(this.functions())
    const { plugin, home, rules = {} } = this.options
    const files = readdirSync(plugin).filter((name) => statSync(path.join(plugin, name)).isFile())
    const settings = Object.entries({ ...rules, platform: this.options.platform ?? 'mac' })
    const paths = {
      home,
      temp: path.join(home, 'tmp'),
      desktop: path.join(home, 'Desktop'),
      documents: path.join(home, 'Documents'),
    }
    this.vm.run(`
      host.now = ${this.virtualNow}
      host.pluginFolder = ${quoted(plugin)}
      host.files = {${files.map((name) => `[${quoted(name)}] = true`).join(', ')}}
      host.options = {${settings.map(([key, value]) => `${key} = ${typeof value === 'string' ? quoted(value) : String(value)}`).join(', ')}}
      host.standardPaths = {${Object.entries(paths)
        .map(([key, value]) => `${key} = ${quoted(value)}`)
        .join(', ')}}`)
    if (this.options.roots) this.vm.run(`host.roots = {${this.options.roots.map(quoted).join(', ')}}`)
    this.vm.call('loadPrefs', this.readPrefs())
    this.vm.call('openCatalog', catalog)
    this.vm.call('loadPlugin')
  }

  private end(): void {
    if (this.isOver) return
    this.vm.call('cancelAll')
    this.isOver = true
    for (const socket of this.sockets.values()) socket.close()
    this.sockets.clear()
    this.events.length = 0
    this.vm.close()
  }

  private get prefsFile(): string {
    return path.join(this.options.home, 'lightroom-preferences.lua')
  }

  private readPrefs(): string {
    try {
      return readFileSync(this.prefsFile, 'utf8')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
      throw error
    }
  }

  private fault(rule: number, message: string): void {
    this.faults.push({ rule, message })
  }

  // ------------------------------------------------------------ what Lua asks of Node

  private functions(): Record<string, (...args: never[]) => string | number | boolean | undefined> {
    return { ...this.fileFunctions(), ...this.socketFunctions(), ...this.uiFunctions(), ...this.processFunctions() }
  }

  private fileFunctions(): Record<string, (...args: never[]) => string | number | boolean | undefined> {
    return {
      readFile: (file: string) => quietly(() => textFromBytes(readFileSync(file)), undefined),
      writeFile: (file: string, text: string) => quietly(() => (writeFileSync(file, bytesFromText(text)), true), false),
      exists: (file: string) => quietly(() => (statSync(file).isDirectory() ? 'directory' : 'file'), ''),
      // As text: a whole number from 2^31 would not survive the passage.
      fileSize: (file: string) => quietly(() => String(statSync(file).size), '-1'),
      fileTime: (file: string) => quietly(() => String(statSync(file).mtimeMs / 1000), '0'),
      copyFile: (from: string, to: string) => quietly(() => (copyFileSync(from, to), true), false),
      moveFile: (from: string, to: string) => quietly(() => (renameSync(from, to), true), false),
      deleteFile: (file: string) => quietly(() => (rmSync(file), true), false),
      createFolder: (folder: string) => quietly(() => (mkdirSync(folder, { recursive: true }), true), false),
      listFiles: (folder: string) =>
        quietly(
          () =>
            readdirSync(folder)
              .map((name) => path.join(folder, name))
              .join('\n'),
          '',
        ),
      savePrefs: (text: string) => (writeFileSync(this.prefsFile, text), true),
    }
  }

  private socketFunctions(): Record<string, (...args: never[]) => string | number | boolean | undefined> {
    return {
      socketNew: (mode: 'send' | 'receive', port: number) => {
        this.lastId += 1
        const queue = (event: QueuedEvent): void => void this.events.push(event)
        this.sockets.set(
          this.lastId,
          new LrSocketServer(this.lastId, mode, port, this.habits, () => this.virtualNow, queue),
        )
        return this.lastId
      },
      socketListen: (id: number) => (this.sockets.get(id)?.listen(), true),
      socketSend: (id: number, text: string) => (this.sockets.get(id)?.send(text), true),
      socketClose: (id: number) => {
        this.sockets.get(id)?.close()
        return this.sockets.delete(id)
      },
    }
  }

  private uiFunctions(): Record<string, (...args: never[]) => string | number | boolean | undefined> {
    return {
      fault: (rule: number, message: string) => (this.fault(rule, message), true),
      log: (line: string) => this.log.push(line),
      dialog: (kind: Dialog['kind'], title: string, text: string, style: string, round: number) => {
        const dialog = { kind, title, text, style, round }
        this.dialogs.push(dialog)
        return this.answer(dialog)
      },
      bezel: (text: string) => this.bezels.push(text),
      openUrl: (url: string) => this.openedUrls.push(url),
      gate: (name: string) => this.gates.push(name),
      progressNew: (title: string) =>
        this.progress.push({ title, caption: '', portion: 0, isDone: false, isCanceled: false }) - 1,
      progressSet: (id: number, done: number, total: number) =>
        this.changeBar(id, (bar) => (bar.portion = done / total)),
      progressCaption: (id: number, text: string) => this.changeBar(id, (bar) => (bar.caption = text)),
      progressDone: (id: number) => this.changeBar(id, (bar) => (bar.isDone = true)),
      progressCanceled: (id: number) => this.progress[id]?.isCanceled ?? false,
    }
  }

  private changeBar(id: number, change: (bar: ProgressBar) => unknown): boolean {
    const bar = this.progress[id]
    if (bar !== undefined) change(bar)
    return bar !== undefined
  }

  private processFunctions(): Record<string, (...args: never[]) => string | number | boolean | undefined> {
    return {
      execute: (command: string) => {
        this.lastId += 1
        this.commands.push(command)
        const execution: { status: number | undefined } = { status: undefined }
        this.executions.set(this.lastId, execution)
        this.runCommand(command, (status) => (execution.status = status))
        return this.lastId
      },
      executeDone: (id: number) => this.executions.get(id)?.status !== undefined,
      executeStatus: (id: number) => this.executions.get(id)?.status ?? -1,
    }
  }

  /** macOS: sh, and an exit code times 256. Windows: what cmd.exe makes of the line, carried out here. */
  private runCommand(command: string, ended: (status: number) => void): void {
    const env = this.options.env ?? process.env
    if (this.options.platform === 'windows') {
      const words = backgroundWords(command)
      if (words === undefined) {
        this.fault(42, `cmd.exe cannot make sense of ${command}`)
        ended(1)
        return
      }
      const child = spawn(words[0] ?? '', words.slice(1), { env, stdio: 'ignore', detached: true })
      child.once('error', () => ended(1))
      child.once('spawn', () => ended(0))
      child.unref()
      return
    }
    const child = spawn('/bin/sh', ['-c', command], { env, stdio: 'ignore' })
    child.once('error', () => ended(127 * 256))
    child.once('exit', (code) => ended((code ?? 1) * 256))
  }
}

function quietly<T>(call: () => T, otherwise: T): T {
  try {
    return call()
  } catch (error) {
    // The SDK answers with nothing where Node throws: a missing, locked or impossible path.
    if (error instanceof Error && 'code' in error) return otherwise
    throw error
  }
}

function quoted(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`
}

async function turnOfTheLoop(): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(resolve))
}

async function shortWhile(): Promise<void> {
  await new Promise<void>((resolve) => setTimeout(resolve, 2))
}
