// The file that goes off-site, read part by part: opened for reading only, with a look at its size and time before and after, so that bytes
// of two contents never become one object.
import { open } from 'node:fs/promises'
import { SafelightError } from '../errors.js'

export interface SourceState {
  readonly sizeBytes: number
  readonly mtimeMs: number
}

export interface UploadSource {
  /** The name for messages. */
  readonly name: string
  state(): Promise<SourceState>
  /** Exactly `sizeBytes` bytes from `offsetBytes`.
   *  @param memory  of that length, where they are to lie; a source that has them in memory may leave it as it is
   *  @throws SOURCE_CHANGING when the file has become shorter */
  read(offsetBytes: number, sizeBytes: number, memory?: Buffer): Promise<Buffer>
  close(): Promise<void>
}

/** @throws SOURCE_VANISHED, SOURCE_UNREADABLE */
export async function openFileSource(path: string): Promise<UploadSource> {
  const handle = await open(path, 'r').catch((error: unknown) => {
    const isGone = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    throw new SafelightError(isGone ? 'SOURCE_VANISHED' : 'SOURCE_UNREADABLE', {
      message: `${path} could not be opened to send it off-site.`,
      remedy: 'Connect the drive that holds it; sending goes on by itself.',
      cause: error,
    })
  })
  return {
    name: path,
    async state() {
      const { size, mtimeMs } = await handle.stat()
      return { sizeBytes: size, mtimeMs }
    },
    async read(offsetBytes, sizeBytes, memory) {
      const buffer = memory ?? Buffer.allocUnsafeSlow(sizeBytes)
      for (let filled = 0; filled < sizeBytes;) {
        const { bytesRead } = await handle.read(buffer, filled, sizeBytes - filled, offsetBytes + filled)
        if (bytesRead === 0) throw sourceChanging(path)
        filled += bytesRead
      }
      return buffer
    },
    close: () => handle.close(),
  }
}

export function sourceChanging(name: string): SafelightError {
  return new SafelightError('SOURCE_CHANGING', {
    message: `${name} changed while it was being sent off-site; what had been sent was thrown away.`,
    remedy: 'Nothing to do: it is sent again when it has come to rest.',
  })
}
