// Workers that were given up because a device does not answer them. Nobody waits for them: they end when the device lets go of them, and
// where it never does, the process ends all the same.
import type { Worker } from 'node:worker_threads'
import { noteStuck } from '../unheld-exit.js'

export class LeftWorkers {
  readonly #silent = new Map<string, number>()
  readonly #workers = new Set<Worker>()

  /** @param source  whose answer it waits for */
  add(worker: Worker, source: string | undefined): void {
    if (source !== undefined) this.#silent.set(source, (this.#silent.get(source) ?? 0) + 1)
    const release = noteStuck()
    this.#workers.add(worker)
    worker.unref()
    // It says one last thing, or is stopped right where it wakes.
    worker.removeAllListeners()
    worker.once('message', () => void worker.terminate())
    // What goes wrong in it now concerns nobody: its jobs have been given to others.
    worker.once('error', () => void worker.terminate())
    worker.once('exit', () => {
      release()
      this.#workers.delete(worker)
      if (source !== undefined) this.#silent.set(source, (this.#silent.get(source) ?? 1) - 1)
    })
  }

  /** Ends them where they can be ended, and waits for none. */
  close(): void {
    for (const worker of this.#workers) void worker.terminate()
  }

  /** Whether a worker still waits for it. */
  isSilent(source: string | undefined): boolean {
    return source !== undefined && (this.#silent.get(source) ?? 0) > 0
  }
}
