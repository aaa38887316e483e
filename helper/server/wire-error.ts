// SafelightError on the wire and back. Owns which JSON-RPC code a SafelightError travels under; promises that a client throws the very
// error that the helper threw: code, words, remedy, exit code and retry. Anything else that was thrown becomes UNEXPECTED with its line.
import { RPC_CODES, type RpcCode, type RpcError, type RpcErrorData } from '../../shared/rpc.js'
import { describeError, ERROR_CODES, SafelightError, type ErrorCode, type Retry } from '../errors.js'

export interface WireErrorData extends RpcErrorData {
  readonly code: ErrorCode
  readonly exitCode: number
  readonly remedy: string
  readonly retry: Retry
}

export interface WireError extends RpcError {
  readonly data: WireErrorData
}

/** Codes that say something about the conversation; all others are failures of the work itself. */
const RPC_CODE_OF: Readonly<Partial<Record<ErrorCode, RpcCode>>> = {
  UNEXPECTED: RPC_CODES.INTERNAL_ERROR,
  NOT_AVAILABLE: RPC_CODES.NOT_AVAILABLE,
  MESSAGE_INVALID: RPC_CODES.INVALID_PARAMS,
  ANSWER_TOO_LONG: RPC_CODES.TOO_LARGE,
  INTERRUPTED: RPC_CODES.CANCELLED,
  HELPER_AWAY: RPC_CODES.HELPER_UNREACHABLE,
  HELPER_BUSY: RPC_CODES.BUSY,
  PROTOCOL_DIFFERS: RPC_CODES.WRONG_PROTOCOL,
  TOKEN_REFUSED: RPC_CODES.UNAUTHORIZED,
}

/** Longest message or remedy sent, in characters; an error that lists 100,000 names would not fit into a message. */
const MAX_WORDS = 8192

export function toWireError(error: unknown, rpcCode?: RpcCode): WireError {
  const known = error instanceof SafelightError ? error : unexpected(error)
  return {
    code: rpcCode ?? RPC_CODE_OF[known.code] ?? RPC_CODES.FAILED,
    message: known.message.slice(0, MAX_WORDS),
    data: {
      code: known.code,
      exitCode: known.exitCode,
      remedy: known.remedy.slice(0, MAX_WORDS),
      retry: known.retry,
    },
  }
}

/** The error to throw on the client's side. A code that only a newer helper knows becomes UNEXPECTED, with the words it came with. */
export function fromWireError(wire: RpcError): SafelightError {
  const code = wire.data?.code
  return new SafelightError(isErrorCode(code) ? code : 'UNEXPECTED', {
    message: wire.message,
    remedy: wire.data?.remedy ?? 'Try again; if it stays, look into the log.',
    cause: wire,
  })
}

function unexpected(error: unknown): SafelightError {
  return new SafelightError('UNEXPECTED', {
    message: `Something went wrong inside Safelight: ${describeError(error)}`,
    remedy: 'Nothing was marked safe because of this. Try again; if it stays, look into the log.',
    cause: error,
  })
}

function isErrorCode(code: string | undefined): code is ErrorCode {
  return code !== undefined && Object.hasOwn(ERROR_CODES, code)
}
