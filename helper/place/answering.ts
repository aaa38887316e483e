// Whether drives answer at all. A drive that hangs (a failing disk, a share whose server is gone) holds up whoever asks it, for minutes or for
// ever, and the main thread asks drives all day. So each is first asked from the side, with a limit to the waiting; one that is silent is kept
// from the main thread, to which it is as good as away, until it has answered.
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import type { DurableFiles } from '../files/durable.js'
import { noteStuck } from '../unheld-exit.js'
import { MARKER_FILE, ROOT_FOLDER } from './marker.js'

/** Longer than a drive takes to spin up. */
const PATIENCE_MS = 20_000

interface Question {
  /** Resolves when it was answered, whatever the answer is. */
  readonly answered: Promise<void>
  /** Nobody waits for it any more. */
  isSilent: boolean
}

export class Answering {
  readonly #questions = new Map<string, Question>()
  readonly #patienceMs: number

  constructor(patienceMs = PATIENCE_MS) {
    this.#patienceMs = patienceMs
  }

  /** Asks the drive of this folder, once at a time: each question that is left open keeps a thread.
   *  @returns whether it answered in time */
  async ask(folder: string): Promise<boolean> {
    const question = this.#questions.get(folder) ?? this.#begin(folder)
    if (question.isSilent) return false
    let timer: NodeJS.Timeout | undefined
    const inTime = await Promise.race([
      question.answered.then(() => true),
      // An answer that came while this thread was busy is heard first.
      new Promise<false>((resolve) => {
        timer = setTimeout(() => setImmediate(() => resolve(false)), this.#patienceMs)
      }),
    ])
    clearTimeout(timer)
    if (!inTime) this.#giveUp(question)
    return inTime
  }

  /** Whether a path leads to a drive that was asked and has not answered. */
  isSilent(file: string): boolean {
    for (const [folder, { isSilent }] of this.#questions)
      if (isSilent && (file === folder || file.startsWith(folder + path.sep))) return true
    return false
  }

  #begin(folder: string): Question {
    // That there is no marker, or no such folder, is an answer too.
    const answered = readFile(path.join(folder, ROOT_FOLDER, MARKER_FILE)).then(
      () => this.#end(folder),
      () => this.#end(folder),
    )
    const question = { answered, isSilent: false }
    this.#questions.set(folder, question)
    return question
  }

  #end(folder: string): void {
    this.#questions.delete(folder)
  }

  #giveUp(question: Question): void {
    if (question.isSilent) return
    question.isSilent = true
    void question.answered.then(noteStuck())
  }
}

/** The same files, but what lies on a silent drive is not asked for: it fails with ETIMEDOUT instead of waiting. */
export function keptFromSilent(files: DurableFiles, answering: Answering): DurableFiles {
  const check = (file: string): void => {
    if (answering.isSilent(file)) throw Object.assign(new Error(`${file} does not answer`), { code: 'ETIMEDOUT' })
  }
  const one =
    <T>(act: (file: string) => T) =>
    (file: string): T => {
      check(file)
      return act(file)
    }
  const two =
    (act: (from: string, to: string) => void) =>
    (from: string, to: string): void => {
      check(from)
      check(to)
      act(from, to)
    }
  return {
    ...files,
    stat: one((file) => files.stat(file)),
    list: one((folder) => files.list(folder)),
    openRead: one((file) => files.openRead(file)),
    openDirect: one((file) => files.openDirect(file)),
    create: one((file) => files.create(file)),
    createDirect: one((file) => files.createDirect(file)),
    openAppend: one((file) => files.openAppend(file)),
    syncFolder: one((folder) => files.syncFolder(folder)),
    syncFileSystem: one((folder) => files.syncFileSystem(folder)),
    makeFolder: one((folder) => files.makeFolder(folder)),
    unlink: one((file) => files.unlink(file)),
    link: two((from, to) => files.link(from, to)),
    rename: two((from, to) => files.rename(from, to)),
  }
}
