// The envelope of every message: JSON-RPC 2.0, one object per WebSocket frame, and on the LrSocket side one line that also carries the
// token. It owns the shape of the envelope and the error codes; what a method's params and result are is methods.ts, and checking them is
// the receiver's. Pure functions, the same in Node and in Lua; nothing here throws.
import { JSON_NULL, decodeJson, encodeJson, isJsonObject, type JsonLimits } from './json.js'
import { MAX_MESSAGE_BYTES } from './methods.js'

export type RequestId = number | string

/** Codes of JSON-RPC 2.0 and ours, which start at -32000; docs/protocol.md repeats this table. */
export const RPC_CODES = {
  /** The text is not JSON. */
  PARSE_ERROR: -32700,
  /** JSON, but not an envelope of ours; batches are not spoken. */
  INVALID_REQUEST: -32600,
  METHOD_NOT_FOUND: -32601,
  INVALID_PARAMS: -32602,
  /** A fault of the helper itself; its log has more. */
  INTERNAL_ERROR: -32603,
  /** The work failed for a reason the helper can name: `data` has the code, the remedy and the exit code. */
  FAILED: -32000,
  /** The helper does not have this room yet. */
  NOT_AVAILABLE: -32001,
  /** Either side is too old for the other; `data` has the helper's protocol and version. */
  WRONG_PROTOCOL: -32002,
  UNAUTHORIZED: -32003,
  /** Try again in a moment. */
  BUSY: -32004,
  TOO_LARGE: -32005,
  CANCELLED: -32006,
  /** Said by the bridge: it cannot reach a helper. */
  HELPER_UNREACHABLE: -32007,
} as const

export type RpcCode = (typeof RPC_CODES)[keyof typeof RPC_CODES]

/** What an error may carry beside its sentence; every member is optional, and more may come. */
export interface RpcErrorData {
  /** The helper's own error code, e.g. `VOLUME_AWAY`. */
  readonly code?: string
  readonly remedy?: string
  readonly exitCode?: number
  /** With WRONG_PROTOCOL: the answering side's. */
  readonly protocol?: number
  readonly version?: string
}

export interface RpcError {
  readonly code: number
  /** What happened, in a photographer's words. */
  readonly message: string
  readonly data?: RpcErrorData
}

export interface RpcRequest {
  readonly jsonrpc: '2.0'
  readonly id: RequestId
  readonly method: string
  readonly params?: unknown
}

export interface RpcNotification {
  readonly jsonrpc: '2.0'
  readonly method: string
  readonly params?: unknown
}

export interface RpcSuccess {
  readonly jsonrpc: '2.0'
  readonly id: RequestId
  readonly result: unknown
}

export interface RpcFailure {
  readonly jsonrpc: '2.0'
  /** `null` when the request's id could not be read. */
  readonly id: RequestId | null
  readonly error: RpcError
}

export type RpcMessage = RpcRequest | RpcNotification | RpcSuccess | RpcFailure

/** An envelope after the door: which of the four it is, or why it is none. Params and results are still unchecked. */
export type Envelope =
  | { readonly kind: 'request'; readonly id: RequestId; readonly method: string; readonly params: unknown }
  | { readonly kind: 'notification'; readonly method: string; readonly params: unknown }
  | { readonly kind: 'success'; readonly id: RequestId; readonly result: unknown }
  | { readonly kind: 'failure'; readonly id: RequestId | undefined; readonly error: RpcError }
  | {
      readonly kind: 'invalid'
      readonly code: RpcCode
      readonly reason: string
      /** The id to answer to, when one could be read. */
      readonly id: RequestId | undefined
    }

export function request(id: RequestId, method: string, params?: unknown): RpcRequest {
  return params === undefined ? { jsonrpc: '2.0', id, method } : { jsonrpc: '2.0', id, method, params }
}

export function notification(method: string, params?: unknown): RpcNotification {
  return params === undefined ? { jsonrpc: '2.0', method } : { jsonrpc: '2.0', method, params }
}

export function success(id: RequestId, result: unknown): RpcSuccess {
  return { jsonrpc: '2.0', id, result: result ?? JSON_NULL }
}

export function failure(
  id: RequestId | null | undefined,
  code: RpcCode,
  message: string,
  data?: RpcErrorData,
): RpcFailure {
  const error = data === undefined ? { code, message } : { code, message, data }
  return { jsonrpc: '2.0', id: id ?? (JSON_NULL as null), error }
}

/** Reads one text (a WebSocket frame) as an envelope. */
export function parseMessage(text: string, limits: JsonLimits = {}): Envelope {
  const decoded = decodeJson(text, limits)
  if (decoded.ok) return parseEnvelope(decoded.value)
  return invalid(RPC_CODES.PARSE_ERROR, `not JSON: ${decoded.problem} (at ${decoded.at})`)
}

/** Tells what a decoded value is as an envelope. Members that JSON-RPC does not know are ignored. */
export function parseEnvelope(value: unknown): Envelope {
  if (!isJsonObject(value)) return invalid(RPC_CODES.INVALID_REQUEST, 'a message is one object')
  const id = isRequestId(value['id']) ? value['id'] : undefined
  if (value['jsonrpc'] !== '2.0') return invalid(RPC_CODES.INVALID_REQUEST, 'jsonrpc must be "2.0"', id)
  const method = value['method']
  if (method !== undefined) {
    if (typeof method !== 'string' || method === '')
      return invalid(RPC_CODES.INVALID_REQUEST, 'method must be a name', id)
    const params = value['params']
    if (params !== undefined && (typeof params !== 'object' || params === JSON_NULL))
      return invalid(RPC_CODES.INVALID_REQUEST, 'params must be an object', id)
    if (value['id'] === undefined) return { kind: 'notification', method, params }
    if (id === undefined) return invalid(RPC_CODES.INVALID_REQUEST, 'id must be a string or a whole number')
    return { kind: 'request', id, method, params }
  }
  return parseResponse(value, id)
}

/** Whether two tokens are equal, in a time that depends on the length of the expected one alone. */
export function isSameToken(expected: string, given: unknown): boolean {
  if (typeof given !== 'string') return false
  let difference = expected.length === given.length && expected.length > 0 ? 0 : 1
  for (let at = 0; at < expected.length; at += 1) {
    const a = expected.charCodeAt(at)
    const b = at < given.length ? given.charCodeAt(at) : 0
    difference += a > b ? a - b : b - a
  }
  return difference === 0
}

/** What stands on one LrSocket line, without its newline. */
export type Line =
  | { readonly kind: 'message'; readonly message: unknown }
  /** `reason` is for a log or a sentence; such a line is dropped, never answered. */
  | { readonly kind: 'refused'; readonly reason: 'not-json' | 'not-a-line' | 'wrong-token' | 'too-long' }

/** Reads a line and proves its token. The message inside is for parseEnvelope, or to be relayed as it is. */
export function openLine(text: string, token: string, limits: JsonLimits = {}): Line {
  if (text.length > MAX_LINE_BYTES) return { kind: 'refused', reason: 'too-long' }
  const decoded = decodeJson(text, limits)
  if (!decoded.ok) return { kind: 'refused', reason: 'not-json' }
  if (!isJsonObject(decoded.value)) return { kind: 'refused', reason: 'not-a-line' }
  if (!isSameToken(token, decoded.value['token'])) return { kind: 'refused', reason: 'wrong-token' }
  const message = decoded.value['message']
  return message === undefined ? { kind: 'refused', reason: 'not-a-line' } : { kind: 'message', message }
}

/** Writes a line, newline included; undefined when the message cannot be written or is too large. */
export function writeLine(token: string, message: RpcMessage, limits: JsonLimits = {}): string | undefined {
  const encoded = encodeJson({ token, message }, limits)
  if (!encoded.ok || encoded.value.length > MAX_LINE_BYTES) return undefined
  return `${encoded.value}\n`
}

/** A message, its token and the few bytes around both. */
export const MAX_LINE_BYTES = MAX_MESSAGE_BYTES + 1024

function parseResponse(value: Record<string, unknown>, id: RequestId | undefined): Envelope {
  const error = value['error']
  if (error !== undefined && error !== JSON_NULL) {
    const parsed = parseError(error)
    if (parsed === undefined) return invalid(RPC_CODES.INVALID_REQUEST, 'error must have a code and a message', id)
    return { kind: 'failure', id, error: parsed }
  }
  if (value['result'] === undefined)
    return invalid(RPC_CODES.INVALID_REQUEST, 'neither a method, a result nor an error', id)
  if (id === undefined) return invalid(RPC_CODES.INVALID_REQUEST, 'an answer needs the id of its request')
  return { kind: 'success', id, result: value['result'] }
}

function parseError(error: unknown): RpcError | undefined {
  if (!isJsonObject(error)) return undefined
  const code = error['code']
  const message = error['message']
  if (typeof code !== 'number' || typeof message !== 'string') return undefined
  const data = error['data']
  return isJsonObject(data) ? { code, message, data: parseErrorData(data) } : { code, message }
}

function parseErrorData(data: Record<string, unknown>): RpcErrorData {
  const { code, remedy, exitCode, protocol, version } = data
  return {
    ...(typeof code === 'string' ? { code } : {}),
    ...(typeof remedy === 'string' ? { remedy } : {}),
    ...(typeof exitCode === 'number' ? { exitCode } : {}),
    ...(typeof protocol === 'number' ? { protocol } : {}),
    ...(typeof version === 'string' ? { version } : {}),
  }
}

function isRequestId(value: unknown): value is RequestId {
  if (typeof value === 'number') return value % 1 === 0
  return typeof value === 'string' && value.length <= 128
}

function invalid(code: RpcCode, reason: string, id?: RequestId): Envelope {
  return { kind: 'invalid', code, reason, id }
}
