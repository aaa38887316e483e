// A small object, read whole: the marker of a folder, the status of a computer, a key.
import type { ObjectStore } from './object-store.js'

/** None of them is longer. */
const MAX_BYTES = 64 * 1024

/** @returns undefined when it is not there, or too long to be one
 *  @throws OFFSITE_* */
export async function textAt(store: ObjectStore, key: string, signal: AbortSignal): Promise<string | undefined> {
  const opened = await store.read({ key }, signal)
  if (!opened) return undefined
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of opened.body) {
    bytes += chunk.length
    if (bytes > MAX_BYTES) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
