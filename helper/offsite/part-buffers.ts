// Memory for the parts of one run, used again and again: new memory for each of thousands of parts would have to be made, cleared and
// collected, which costs as much as sending them.
import { DEFAULT_PART_BYTES } from './parts.js'

/** Smaller ones are no trouble to anybody. */
const LEAST_BYTES = 1024 * 1024

export class PartBuffers {
  readonly #free: ArrayBuffer[] = []

  /** Of exactly this length; what is in it is left over from another use. */
  take(sizeBytes: number): Buffer {
    if (sizeBytes < LEAST_BYTES || sizeBytes > DEFAULT_PART_BYTES) return Buffer.allocUnsafeSlow(sizeBytes)
    return Buffer.from(this.#free.pop() ?? new ArrayBuffer(DEFAULT_PART_BYTES), 0, sizeBytes)
  }

  /** Only what nobody reads any more: a part that the store has, not one whose sending failed. */
  giveBack({ buffer }: Buffer): void {
    if (buffer instanceof ArrayBuffer && buffer.byteLength === DEFAULT_PART_BYTES) this.#free.push(buffer)
  }
}
