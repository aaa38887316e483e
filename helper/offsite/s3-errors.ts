// What a store's refusal means. S3 errors come as codes, statuses, socket errors, cut bodies and pages of a hotel's login portal; here
// they become one kind (for the retry table) and one sentence (for people). No header, key or signature is ever put into a message.
import { SafelightError, systemCode, type ErrorCode } from '../errors.js'
import type { FaultKind } from './s3-retry.js'

export interface StoreFault {
  readonly kind: FaultKind
  /** As the store called it, for the log. */
  readonly code: string
  readonly status?: number
  readonly retryAfterMs?: number
}

/** Codes of S3 and of the stores that speak it (AWS's list of error codes; Ceph: UserSuspended, QuotaExceeded). */
const KINDS: Readonly<Record<string, FaultKind>> = {
  SlowDown: 'busy',
  InternalError: 'busy',
  ServiceUnavailable: 'busy',
  OperationAborted: 'busy',
  ConditionalRequestConflict: 'busy',
  RequestTimeout: 'timeout',
  XAmzContentSHA256Mismatch: 'checksum',
  XAmzContentChecksumMismatch: 'checksum',
  BadDigest: 'checksum',
  IncompleteBody: 'checksum',
  RequestTimeTooSkewed: 'clock',
  RequestExpired: 'clock',
  InvalidAccessKeyId: 'denied',
  SignatureDoesNotMatch: 'denied',
  ExpiredToken: 'denied',
  InvalidToken: 'denied',
  TokenRefreshRequired: 'denied',
  CredentialsProviderError: 'denied',
  AccessDenied: 'forbidden',
  Forbidden: 'forbidden',
  QuotaExceeded: 'full',
  StorageQuotaExceeded: 'full',
  InsufficientStorage: 'full',
  UserSuspended: 'suspended',
  AccountProblem: 'suspended',
  AllAccessDisabled: 'suspended',
  NotSignedUp: 'suspended',
  NoSuchBucket: 'address',
  PermanentRedirect: 'address',
  AuthorizationHeaderMalformed: 'address',
  IllegalLocationConstraintException: 'address',
  InvalidBucketName: 'address',
  InvalidObjectState: 'cold',
  NoSuchKey: 'not-found',
  NoSuchVersion: 'not-found',
  NotFound: 'not-found',
  NoSuchUpload: 'no-such-upload',
  PreconditionFailed: 'precondition',
  NotImplemented: 'refused',
}

const TLS_CODE =
  /^(CERT_|ERR_TLS|ERR_SSL|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_(VERIFY|GET)|EPROTO$)/
const SOCKET_CODE =
  /^(ECONN|EPIPE|ENOTFOUND|EAI_|ENET|EHOST|EADDRNOTAVAIL|ERR_STREAM_PREMATURE_CLOSE|UND_ERR|HPE_|ERR_SOCKET)/

export function classifyFault(error: unknown): StoreFault {
  const status = statusOf(error)
  const code = codeOf(error)
  const retryAfterMs = retryAfterOf(error)
  const fault = (kind: FaultKind): StoreFault => ({
    kind,
    code: code || String(status ?? 'unknown'),
    ...(status === undefined ? {} : { status }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  })

  if (clockWasFoundWrong(error) && status === 403) return fault('clock')
  const named = KINDS[code]
  // Backblaze says AccessDenied, with these words, when a spending cap is reached.
  if (named === 'forbidden' && /cap exceeded|quota/i.test(textOf(error))) return fault('full')
  if (named) return fault(named)
  if (code === 'TimeoutError' || code === 'ETIMEDOUT' || code === 'ESOCKETTIMEDOUT') return fault('timeout')
  if (TLS_CODE.test(code)) return fault('tls')
  if (SOCKET_CODE.test(code)) return fault('network')
  if (status === 507) return fault('full')
  if (status === 501) return fault('refused')
  if (status === 429 || status === 408 || (status !== undefined && status >= 500)) return fault('busy')
  if (status === 301 || status === 307) return fault('address')
  if (status === 401) return fault('denied')
  if (status === 403) return fault('forbidden')
  if (status === 404) return fault('not-found')
  if (status === 412) return fault('precondition')
  if (status !== undefined && status >= 400) return fault('refused')
  // A reply began and could not be read: cut off, or the login page of a captive portal in the store's place.
  return fault('network')
}

/** The sentence and the remedy for a fault that trying again did not mend.
 *  @param doing  what was being done, as in "sending IMG_0412.CR3" */
export function faultToError(
  fault: StoreFault,
  storeName: string,
  doing: string,
  cause: unknown,
  clockCorrectionMs = 0,
): SafelightError {
  const { code, happened, remedy } = wordsFor(fault, storeName, clockCorrectionMs)
  return new SafelightError(code, {
    message: `${happened} (while ${doing}; the store's word: ${fault.code})`,
    remedy,
    // Only the facts: an SDK error holds the whole request, with its Authorization header.
    cause: new Error(`${fault.code}${fault.status === undefined ? '' : ` ${fault.status}`}: ${describeCause(cause)}`),
  })
}

interface Words {
  readonly code: ErrorCode
  readonly happened: string
  readonly remedy: string
}

function wordsFor(fault: StoreFault, store: string, clockCorrectionMs: number): Words {
  switch (fault.kind) {
    case 'network':
    case 'timeout':
      return unreachable(
        fault.kind === 'timeout' || fault.code === 'ETIMEDOUT'
          ? `${store} stopped answering.`
          : fault.code === 'ENOTFOUND' || fault.code === 'EAI_AGAIN'
            ? `The address of ${store} was not found: there is no internet connection, or the endpoint is misspelt.`
            : `${store} could not be reached, or the connection broke.`,
        'Nothing is lost: the upload goes on by itself where it stopped. If it lasts, check the internet connection (a hotel network may want you to log in first).',
      )
    case 'tls':
      return unreachable(
        /EXPIRED/.test(fault.code)
          ? `The security certificate of ${store} has expired.`
          : `${store} could not prove who it is: its security certificate is not valid for this address.`,
        'Nothing was sent. On a hotel or airport network, log in to the network first. If it lasts, check the endpoint and this computer’s clock, and ask the provider.',
      )
    case 'busy':
      return unreachable(
        `${store} is too busy or has a fault of its own.`,
        'Nothing to do: Safelight tries again later and goes on where it stopped.',
      )
    case 'checksum':
      return {
        code: 'OFFSITE_UNCONFIRMED',
        happened: `What arrived at ${store} was not what was sent, several times in a row; the store refused it and nothing wrong was kept.`,
        remedy: 'Safelight tries again later. If it lasts, test this computer’s memory and network equipment.',
      }
    case 'clock':
      return {
        code: 'OFFSITE_CLOCK',
        happened: `This computer’s clock is wrong${clockWords(clockCorrectionMs)}, and ${store} therefore refuses everything it signs.`,
        remedy: 'Set the date and time of this computer (automatically, if possible), then try again.',
      }
    case 'denied':
      if (fault.code === 'CredentialsProviderError') return noKey(store)
      return {
        code: 'OFFSITE_DENIED',
        happened:
          fault.code === 'ExpiredToken'
            ? `The access key for ${store} has expired.`
            : `${store} does not accept the access key or its secret.`,
        remedy:
          'Put the right access key and secret into the AWS credentials file (a profile) or into AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and check the profile’s name.',
      }
    case 'forbidden':
      return {
        code: 'OFFSITE_DENIED',
        happened: `The access key is valid, but ${store} does not allow it to do this.`,
        remedy:
          'Give the key the rights to put, get and list objects in this bucket (and to read and set retention, if copies are to be locked).',
      }
    case 'full':
      return {
        code: 'OFFSITE_FULL',
        happened: `${store} is full: its quota or spending limit is reached. New photos are not going off-site.`,
        remedy: 'Raise the limit at the provider, or free space there. Safelight goes on by itself.',
      }
    case 'suspended':
      return {
        code: 'OFFSITE_SUSPENDED',
        happened: `The account behind ${store} is suspended. New photos are not going off-site.`,
        remedy: 'Ask the provider why (often an unpaid bill). Safelight goes on by itself afterwards.',
      }
    case 'address':
      return {
        code: 'OFFSITE_ADDRESS',
        happened: `There is no such bucket at this address: ${store}${fault.code === 'AuthorizationHeaderMalformed' ? ' (it lies in another region)' : ''}.`,
        remedy: 'Check the bucket’s name, --endpoint and --region.',
      }
    case 'cold':
      return {
        code: 'OFFSITE_COLD',
        happened: `The object is in cold storage at ${store} and cannot be read at once.`,
        remedy: 'Ask for its restore first; depending on the class that takes minutes to two days.',
      }
    case 'not-found':
    case 'no-such-upload':
      return {
        code: 'OFFSITE_UNCONFIRMED',
        happened: `${store} does not have it.`,
        remedy: 'Safelight sends it again. If it happens often, look who else deletes in this bucket.',
      }
    case 'precondition':
      return {
        code: 'OFFSITE_UNCONFIRMED',
        happened: `The object at ${store} was changed by somebody else in the meantime.`,
        remedy: 'Look who else writes below this prefix; a prefix belongs to one Safelight alone.',
      }
    case 'refused':
      return {
        code: 'OFFSITE_REFUSED',
        happened: `${store} refuses this kind of request.`,
        remedy: 'Run safelight doctor to see what this store can do; report it if it should be able to do this.',
      }
  }
}

/** Most often the helper's: it was started at login, and what a terminal has in its environment it never sees. */
function noKey(store: string): Words {
  return {
    code: 'OFFSITE_DENIED',
    happened: `No access key for ${store} was found, neither in the environment that Safelight was started with, nor in the AWS credentials file, nor in the keychain of this system.`,
    remedy:
      'Put the key into a profile of the AWS credentials file and name it: safelight place add … --profile NAME; or into the keychain: safelight place add … --keychain. What is set in a terminal (AWS_ACCESS_KEY_ID) is not seen by a helper that started at login.',
  }
}

function unreachable(happened: string, remedy: string): Words {
  return { code: 'OFFSITE_UNREACHABLE', happened, remedy }
}

function clockWords(correctionMs: number): string {
  if (Math.abs(correctionMs) < 60_000) return ''
  const minutes = Math.round(Math.abs(correctionMs) / 60_000)
  return ` by about ${minutes} minutes (it is ${correctionMs > 0 ? 'slow' : 'fast'})`
}

/** The store's own sentence; it names resources, never secrets. The strings it was asked to sign are cut off with the rest. */
function describeCause(cause: unknown): string {
  return cause instanceof Error ? cause.message.slice(0, 300) : 'no further words'
}

function codeOf(error: unknown): string {
  const own = systemCode(error)
  if (own) return own
  if (!(error instanceof Error)) return ''
  // A HEAD has no body, and the SDK then invents these names.
  if (['Error', 'UnknownError', 'Unknown', 'SyntaxError', 'TypeError'].includes(error.name)) {
    return error.cause instanceof Error ? codeOf(error.cause) : ''
  }
  return error.name
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : ''
}

function metadataOf(error: unknown): { httpStatusCode?: unknown; clockSkewCorrected?: unknown } {
  if (typeof error !== 'object' || error === null || !('$metadata' in error)) return {}
  const metadata = error.$metadata
  return typeof metadata === 'object' && metadata !== null ? metadata : {}
}

function statusOf(error: unknown): number | undefined {
  const status = metadataOf(error).httpStatusCode
  return typeof status === 'number' ? status : undefined
}

function clockWasFoundWrong(error: unknown): boolean {
  return metadataOf(error).clockSkewCorrected === true
}

function retryAfterOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('$response' in error)) return undefined
  const response = error.$response
  if (typeof response !== 'object' || response === null || !('headers' in response)) return undefined
  const headers = response.headers as Readonly<Record<string, string | undefined>>
  const seconds = Number(headers['retry-after'])
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : undefined
}
