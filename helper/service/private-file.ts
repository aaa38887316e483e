// Small files that hold a secret: readable by their owner alone from the first byte on, whatever the umask, and never half written.
import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  closeSync,
  fchmodSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import path from 'node:path'
import { SafelightError, systemCode } from '../errors.js'

/** Such a file is a few hundred bytes; more than this is not ours. */
const MAX_BYTES = 64 * 1024

/** Writes `file` in one step: a reader sees the old or the new content. Its folder is made 0700 first.
 *  @throws HOME_UNUSABLE */
export function writePrivateFile(file: string, content: string): void {
  const folder = path.dirname(file)
  const temporary = path.join(folder, `.${path.basename(file)}.${randomBytes(6).toString('hex')}.tmp`)
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    // Windows keeps others out of %APPDATA% by its access lists; mode bits mean nothing there.
    if (process.platform !== 'win32') chmodSync(folder, 0o700)
    writeSynced(temporary, content)
    renameSync(temporary, file)
    syncFolder(folder)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw new SafelightError('HOME_UNUSABLE', {
      message: `Safelight cannot write ${file}: ${systemCode(error)}. Lightroom and the helper cannot find each other without it.`,
      remedy: 'Give your user the right to write there, or name another folder with --home.',
      cause: error,
    })
  }
}

/** The JSON in a private file; undefined when there is no such file or no JSON in it. */
export function readPrivateJson(file: string): unknown {
  try {
    const text = readFileSync(file)
    return text.length > MAX_BYTES ? undefined : JSON.parse(text.toString('utf8'))
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR' || error instanceof SyntaxError)
      return undefined
    throw new SafelightError('HOME_UNUSABLE', {
      message: `Safelight cannot read ${file}: ${systemCode(error)}.`,
      remedy: 'Run Safelight as the user who set it up, or give your user the right to read that file.',
      cause: error,
    })
  }
}

function writeSynced(file: string, content: string): void {
  const descriptor = openSync(file, 'wx', 0o600)
  try {
    if (process.platform !== 'win32') fchmodSync(descriptor, 0o600)
    writeSync(descriptor, content)
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

function syncFolder(folder: string): void {
  if (process.platform === 'win32') return
  const descriptor = openSync(folder, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
