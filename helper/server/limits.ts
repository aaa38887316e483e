// Every limit of the wire on the Node side, with its reason. Tests lower them; nothing else does.
import { MAX_MESSAGE_BYTES } from '../../shared/methods.js'

/** Longest path that any system hands out (Windows with the long-path prefix), in UTF-16 units. */
export const MAX_PATH_LENGTH = 32_767

export interface Limits {
  /** One message, in or out. */
  readonly messageBytes: number
  /** One answer, all its parts together. */
  readonly answerBytes: number
  /** Connections at one time: a Lightroom, a page, a few command lines. */
  readonly connections: number
  /** Requests of one connection in work at one time; more are answered HELPER_BUSY. */
  readonly parallelRequests: number
  /** Above this many unsent bytes no more is read from a client, and progress is not sent to it. */
  readonly pauseBytes: number
  /** Above this many unsent bytes the client is cut off: it asks and does not read. */
  readonly cutOffBytes: number
  /** At most one progress notification per request in this time. */
  readonly progressEveryMs: number
  /** A ping goes out this often; a client silent for two of these is gone (or does not read). */
  readonly heartbeatMs: number
  /** A client that has the token and does not say hello within this time is cut off. */
  readonly helloMs: number
  /** Time for the HTTP head of a request. */
  readonly headMs: number
  /** How long close waits for handlers to notice their abort. */
  readonly closeMs: number
}

export const LIMITS: Limits = {
  messageBytes: MAX_MESSAGE_BYTES,
  answerBytes: 64 * 1024 * 1024,
  connections: 32,
  parallelRequests: 16,
  pauseBytes: 1024 * 1024,
  cutOffBytes: 8 * 1024 * 1024,
  progressEveryMs: 200,
  heartbeatMs: 30_000,
  helloMs: 10_000,
  headMs: 5_000,
  closeMs: 10_000,
}
