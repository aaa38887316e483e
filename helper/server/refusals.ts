// What the door says when it says no: one named error per reason, in words for whoever wrote the other side or has an old one installed.
import { PROTOCOL_VERSION } from '../../shared/methods.js'
import { SafelightError } from '../errors.js'

export function notARequest(why: string): SafelightError {
  return new SafelightError('MESSAGE_INVALID', {
    message: `Safelight got a message that it does not understand: ${why}.`,
    remedy: 'Update the plugin and the helper to the same version of Safelight.',
  })
}

export function notGreeted(): SafelightError {
  return notARequest('the first message of a connection is "session/hello"')
}

export function notAvailable(method: string): SafelightError {
  return new SafelightError('NOT_AVAILABLE', {
    message: `This version of Safelight cannot do "${method}" yet.`,
    remedy: 'Update Safelight; nothing else is affected.',
  })
}

export function tooBusy(limit: number): SafelightError {
  return new SafelightError('HELPER_BUSY', {
    message: `The Safelight helper is already working on ${limit} requests of this connection.`,
    remedy: 'Wait for one of them to end; this is tried again by itself.',
  })
}

export function answerTooLong(method: string): SafelightError {
  return new SafelightError('ANSWER_TOO_LONG', {
    message: `The answer to "${method}" is longer than one message may be.`,
    remedy: 'Ask for less at once: one shoot, or a narrower search.',
  })
}

export function interrupted(cause: unknown): SafelightError {
  return new SafelightError('INTERRUPTED', {
    message: 'The work was stopped before it was done. What was finished until then stays.',
    remedy: 'Ask for the same again; it goes on where it stopped.',
    cause,
  })
}

/** Either side may be the older one; the words say which.
 *  @param otherSide  e.g. "This plugin", "The running helper" */
export function protocolDiffers(otherSide: string, theirs: number, theirVersion: string): SafelightError {
  const isOlder = theirs < PROTOCOL_VERSION
  return new SafelightError('PROTOCOL_DIFFERS', {
    message: `${otherSide} (version ${theirVersion.slice(0, 64)}) is ${isOlder ? 'older' : 'newer'} than this part of Safelight, and the two do not understand each other (protocol ${theirs} and ${PROTOCOL_VERSION}).`,
    remedy:
      'Install the same version of both: run "safelight plugin install" and restart Lightroom, then "safelight stop" and "safelight start".',
  })
}

/** A plugin that says the token instead of proving that it knows it. */
export function linesDiffer(): SafelightError {
  return new SafelightError('PROTOCOL_DIFFERS', {
    message: 'This plugin is older than the Safelight program, and the two do not understand each other.',
    remedy: 'Run "safelight plugin install" and restart Lightroom.',
  })
}

export function helperAway(what: string, cause?: unknown): SafelightError {
  return new SafelightError('HELPER_AWAY', {
    message: `${what} Nothing is being backed up while it is away.`,
    remedy: 'Run "safelight start". If it does not stay up, "safelight doctor" says why.',
    cause,
  })
}

export function tokenRefused(): SafelightError {
  return new SafelightError('TOKEN_REFUSED', {
    message:
      'The other side does not have the secret of this Safelight; it was left from an earlier start or installation.',
    remedy: 'Run "safelight plugin install" and restart Lightroom.',
  })
}
