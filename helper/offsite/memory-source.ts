// Bytes that are in memory already, as a source for an upload: markers, instructions, manifests.
import { sourceChanging, type UploadSource } from './source.js'

/** @param mtimeMs  what the object is to say of its time */
export function memorySource(name: string, bytes: Buffer, mtimeMs: number): UploadSource {
  return {
    name,
    state: () => Promise.resolve({ sizeBytes: bytes.length, mtimeMs }),
    read(offsetBytes, sizeBytes) {
      if (offsetBytes + sizeBytes > bytes.length) return Promise.reject(sourceChanging(name))
      return Promise.resolve(bytes.subarray(offsetBytes, offsetBytes + sizeBytes))
    },
    close: () => Promise.resolve(),
  }
}
