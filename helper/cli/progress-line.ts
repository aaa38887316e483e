// Progress on stderr: one line that is written over on a terminal, a line every few seconds elsewhere. Nothing for work that is over at once.
import { inWords } from '../files/in-words.js'
import type { Progress } from '../engine/progress.js'

const LINE_EVERY_MS = 5000
const SILENT_FOR_MS = 700
const BAR_WIDTH = 24

export class ProgressLine {
  readonly #isTerminal = process.stderr.isTTY
  readonly #startedMs = Date.now()
  #lastLineMs = Date.now()
  #isShown = false

  show(progress: Progress): void {
    const nowMs = Date.now()
    if (nowMs - this.#startedMs < SILENT_FOR_MS) return
    if (this.#isTerminal) {
      const columns = process.stderr.columns
      process.stderr.write(
        `\r${progressText(progress, true)
          .slice(0, columns - 1)
          .padEnd(columns - 1)}`,
      )
      this.#isShown = true
    } else if (nowMs - this.#lastLineMs >= LINE_EVERY_MS) {
      this.#lastLineMs = nowMs
      process.stderr.write(`${progressText(progress, false)}\n`)
    }
  }

  say(text: string): void {
    this.end()
    process.stderr.write(`${text}\n`)
  }

  /** Leaves the terminal on a clean line. */
  end(): void {
    if (this.#isShown) process.stderr.write(`\r${' '.repeat(process.stderr.columns - 1)}\r`)
    this.#isShown = false
  }
}

/** Pure. */
export function progressText(progress: Progress, withBar: boolean): string {
  const { stage, filesDone, filesTotal, bytesDone, bytesTotal, bytesPerSecond, secondsLeft } = progress
  if (filesTotal === 0) return `${stage} …`
  const files = `${filesDone} of ${filesTotal} files`
  const bytes = bytesTotal > 0 ? `, ${inWords(bytesDone)} of ${inWords(bytesTotal)}` : ''
  const rate = bytesPerSecond > 0 ? `, ${inWords(bytesPerSecond)}/s` : ''
  const left = secondsLeft === undefined || bytesTotal === 0 ? '' : `, ${duration(secondsLeft)} left`
  return `${withBar ? `${bar(bytesTotal > 0 ? bytesDone / bytesTotal : filesDone / filesTotal)} ` : ''}${stage}: ${files}${bytes}${rate}${left}`
}

function bar(share: number): string {
  const full = Math.round(Math.min(1, Math.max(0, share)) * BAR_WIDTH)
  return `[${'█'.repeat(full)}${'·'.repeat(BAR_WIDTH - full)}]`
}

function duration(seconds: number): string {
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.round(seconds / 60)
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}
