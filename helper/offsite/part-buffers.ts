// Memory for the parts of one run: a fixed number of pieces, whoever has files to send waits for one. Used again and again: new memory for
// each of thousands of parts would have to be made, cleared and collected, which costs as much as sending them.
import { DEFAULT_PART_BYTES } from './parts.js'

/** Smaller ones are no trouble to anybody. */
const LEAST_BYTES = 1024 * 1024

/** 96 MiB: enough to keep a line busy that is as quick as this computer. */
const PIECES = 6

export class PartBuffers {
  readonly #free: ArrayBuffer[] = []
  readonly #waiting: (() => void)[] = []
  #left = PIECES

  /** Of exactly this length; what is in it is left over from another use. To be given back, or let go, in any case. */
  async take(sizeBytes: number): Promise<Buffer> {
    if (!isPiece(sizeBytes)) return Buffer.allocUnsafeSlow(sizeBytes)
    if (this.#left === 0) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    else this.#left -= 1
    return Buffer.from(this.#free.pop() ?? new ArrayBuffer(DEFAULT_PART_BYTES), 0, sizeBytes)
  }

  /** For what nobody reads any more: the store has it. */
  giveBack({ buffer, length }: Buffer): void {
    if (isPiece(length)) this.#free.push(buffer as ArrayBuffer)
    this.#next(length)
  }

  /** For what may still be on its way somewhere: another may be taken, but not this memory. */
  letGo({ length }: Buffer): void {
    this.#next(length)
  }

  #next(length: number): void {
    if (!isPiece(length)) return
    const first = this.#waiting.shift()
    if (first) first()
    else this.#left += 1
  }
}

function isPiece(sizeBytes: number): boolean {
  return sizeBytes >= LEAST_BYTES && sizeBytes <= DEFAULT_PART_BYTES
}
