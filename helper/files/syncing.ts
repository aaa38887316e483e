// Makes whole file systems durable for several threads, without starting a process out of this one each time: that copies the tables of all
// its memory, and a tenth of the processor time of twenty thousand small files went into it. One small shell is started for each file system
// and runs `sync -f` whenever it is told to. Whoever asks while one is under way waits for the next, and all of them for the same.
import { spawn, type ChildProcess } from 'node:child_process'

/** The folder is its first argument and no part of what it is told to do. Its answers, a line each, are given in the order of the questions. */
const SHELL = ['-c', 'while read -r _; do if sync -f "$1"; then echo yes; else echo no; fi; done', 'sh'] as const

export class FileSystemSyncs {
  readonly #folders = new Map<string, FolderSync>()

  /** Everything written to this folder's file system before the question is on the device when the answer is true; where it is false, whoever
   *  asks has to sync each file. */
  ask(folder: string): Promise<boolean> {
    if (process.platform !== 'linux') return Promise.resolve(false)
    const known = this.#folders.get(folder) ?? new FolderSync(folder)
    this.#folders.set(folder, known)
    return known.ask()
  }

  /** What was asked and not yet answered is answered with no. */
  close(): void {
    for (const each of this.#folders.values()) each.close()
    this.#folders.clear()
  }
}

class FolderSync {
  readonly #folder: string
  #shell: ChildProcess | undefined
  #running: Question | undefined
  #next: Question | undefined

  constructor(folder: string) {
    this.#folder = folder
  }

  ask(): Promise<boolean> {
    const question = this.#next ?? new Question()
    if (this.#running) this.#next = question
    else this.#put(question)
    return question.answered
  }

  #put(question: Question): void {
    this.#running = question
    this.#shell ??= this.#start()
    this.#shell.stdin?.write('\n')
  }

  #start(): ChildProcess {
    // Not in the drive's folder, which could not be ejected then, and not in the terminal's group, where Ctrl-C would reach it too.
    const shell = spawn('sh', [...SHELL, this.#folder], {
      cwd: '/',
      detached: true,
      stdio: ['pipe', 'pipe', 'ignore'],
    })
    let said = ''
    shell.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text
      if (!said.endsWith('\n')) return
      const isDone = said === 'yes\n'
      said = ''
      this.#answer(isDone)
    })
    const gone = (): void => {
      if (this.#shell !== shell) return
      this.#shell = undefined
      this.#answer(false)
    }
    shell.stdin.on('error', gone)
    shell.once('error', gone).once('close', gone)
    return shell
  }

  #answer(isDone: boolean): void {
    const [running, next] = [this.#running, this.#next]
    this.#running = undefined
    this.#next = undefined
    if (next) this.#put(next)
    running?.answer(isDone)
  }

  close(): void {
    this.#shell?.stdin?.end()
    this.#shell?.stdout?.destroy()
    this.#shell?.unref()
    this.#shell = undefined
    for (const question of [this.#running, this.#next]) question?.answer(false)
  }
}

/** Asked by everybody who comes before it is put. */
class Question {
  answer!: (isDone: boolean) => void
  readonly answered = new Promise<boolean>((resolve) => {
    this.answer = resolve
  })
}
