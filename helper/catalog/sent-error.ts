// An error as it crosses the border between threads, where classes do not pass.
import { describeError, ERROR_CODES, SafelightError, systemCode, type ErrorCode } from '../errors.js'
import { placeError } from '../place/place-error.js'

export interface SentError {
  readonly message: string
  /** Of SafelightError; or the system's own. */
  readonly code: string
  readonly remedy?: string
}

export function sendError(error: unknown): SentError {
  return error instanceof SafelightError
    ? { message: error.message, code: error.code, remedy: error.remedy }
    : { message: describeError(error), code: systemCode(error) }
}

/** @param where  the drive that it may be about */
export function receivedError({ message, code, remedy }: SentError, where: string): Error {
  if (Object.hasOwn(ERROR_CODES, code))
    return new SafelightError(code as ErrorCode, { message, remedy: remedy ?? 'Run it again.' })
  return code === '' ? new Error(message) : placeError(Object.assign(new Error(message), { code }), where)
}
