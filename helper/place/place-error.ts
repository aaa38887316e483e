// What an error that the system gives at a drive means to the photographer: full, read-only, gone, or failing. A drive that answers with errors
// is named as one, so that nobody looks for the fault in a file.
import { SafelightError, systemCode } from '../errors.js'

/** @param name  of the drive, or its folder where the name cannot be known */
export function placeError(error: unknown, name: string): SafelightError {
  if (error instanceof SafelightError) return error
  switch (systemCode(error)) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new SafelightError('VOLUME_FULL', {
        message: `${name} is full.`,
        remedy: 'Make room on it, or use another drive, and run the same command again.',
        cause: error,
      })
    case 'EROFS':
    case 'EACCES':
    case 'EPERM':
      return new SafelightError('VOLUME_READ_ONLY', {
        message: `${name} cannot be written: it is read-only, or your user may not write there. Nothing was copied to it.`,
        remedy: 'Make it writable (on a Mac: Get Info > Sharing & Permissions), or use another drive.',
        cause: error,
      })
    case 'ENOENT':
    case 'ENOTDIR':
    case 'ENODEV':
    case 'ENXIO':
    case 'ESTALE':
      return new SafelightError('VOLUME_AWAY', {
        message: `${name} is no longer there.`,
        remedy: 'Connect it again and run the same command again.',
        cause: error,
      })
    default:
      return new SafelightError('VOLUME_FAILING', {
        message: `${name} answers with errors (${error instanceof Error ? error.message : String(error)}). Do not trust it with your only copy.`,
        remedy: 'Check its cable and its health, and use another drive meanwhile.',
        cause: error,
      })
  }
}
