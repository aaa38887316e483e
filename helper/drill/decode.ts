// Opening pictures without risk: each is opened in a child process that is killed when it takes too long and replaced when it breaks. One
// child serves many files, because starting one and loading its decoders costs more than most pictures.
import { fork, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describeError } from '../errors.js'
import type { Asked, Said } from './decode-main.js'

export type { Said } from './decode-main.js'

export interface OpenerOptions {
  /** A picture that takes longer is given up. */
  readonly timeoutMs?: number
  /** The program of the child; tests name one that hangs or crashes. */
  readonly program?: URL
}

/** A 150-million-pixel JPEG takes half a minute on a slow machine that does other things as well. */
const TIMEOUT_MS = 120_000
/** Of JavaScript's own memory; the decoders bound theirs. */
const HEAP_MB = 2048

export class Opener {
  readonly #timeoutMs: number
  readonly #program: URL
  #child: ChildProcess | undefined
  #turn: Promise<unknown> = Promise.resolve()

  constructor({ timeoutMs = TIMEOUT_MS, program = new URL('./decode-main.js', import.meta.url) }: OpenerOptions = {}) {
    this.#timeoutMs = timeoutMs
    this.#program = program
  }

  /** One after the other. @param file  absolute path
   *  @returns `failed` when the decoder crashed, hung or was stopped: then nothing is known of the file */
  open(file: string, signal?: AbortSignal): Promise<Said> {
    const turn = this.#turn.then(() => this.#open(file, signal))
    this.#turn = turn
    return turn
  }

  close(): void {
    this.#drop()
  }

  async #open(file: string, signal: AbortSignal | undefined): Promise<Said> {
    if (signal?.aborted) return { kind: 'failed', why: 'stopped' }
    const child = (this.#child ??= this.#start())
    const said = await new Promise<Said>((resolve) => {
      const fail = (why: string): void => resolve({ kind: 'failed', why })
      const timer = setTimeout(() => fail('it took too long'), this.#timeoutMs)
      const stop = (): void => fail('stopped')
      const ended = (code: number | null, by: string | null): void =>
        fail(`the decoder fell over it (${by ?? code ?? '?'})`)
      const broke = (error: Error): void => fail(describeError(error))
      const answer = (message: unknown): void => resolve(message as Said)
      signal?.addEventListener('abort', stop, { once: true })
      child.once('message', answer).once('exit', ended).once('error', broke)
      child.send({ file } satisfies Asked, (error) => {
        if (error) broke(error)
      })
      this.#release = () => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', stop)
        child.off('message', answer).off('exit', ended).off('error', broke)
      }
    })
    this.#release()
    if (said.kind === 'failed') this.#drop()
    return said
  }

  #release: () => void = () => undefined

  #start(): ChildProcess {
    const child = fork(fileURLToPath(this.#program), [], {
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      execArgv: [`--max-old-space-size=${HEAP_MB}`],
      // A long picture must not keep the helper, or a command, from ending.
      env: { ...process.env, NODE_OPTIONS: '' },
    })
    child.on('error', () => undefined)
    child.unref()
    return child
  }

  /** A decoder that hangs listens to nothing softer. */
  #drop(): void {
    this.#child?.kill('SIGKILL')
    this.#child = undefined
  }
}
