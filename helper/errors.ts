// Every way Safelight can fail, as one family. An error says what happened in a photographer's words, what to do now, and whether
// trying again can help. Codes and exit codes are one table, which docs/protocol.md repeats and a test compares.

/** When the same thing may be tried again without anybody's help. */
export type Retry = 'never' | 'later' | 'when-volume-returns'

/** Exit codes by tens: 0 safe · 1 unexpected · 2 usage · 10–19 a copy is missing or differs · 20–29 a volume or card is away ·
 *  30–39 off-site · 40–49 configuration or journal. */
export const ERROR_CODES = {
  UNEXPECTED: { exit: 1, retry: 'never' },
  USAGE: { exit: 2, retry: 'never' },
  NOT_AVAILABLE: { exit: 2, retry: 'never' },
  MESSAGE_INVALID: { exit: 2, retry: 'never' },
  ANSWER_TOO_LONG: { exit: 2, retry: 'never' },

  COPY_MISSING: { exit: 10, retry: 'later' },
  COPY_DIFFERS: { exit: 11, retry: 'never' },
  SOURCE_UNREADABLE: { exit: 12, retry: 'later' },
  SOURCE_CHANGING: { exit: 13, retry: 'later' },
  INTERRUPTED: { exit: 14, retry: 'later' },
  NOTHING_TO_BACK_UP: { exit: 15, retry: 'never' },
  NAME_NOT_STORABLE: { exit: 16, retry: 'never' },
  NAME_TAKEN: { exit: 17, retry: 'never' },
  SHOOT_UNKNOWN: { exit: 18, retry: 'never' },
  FILE_UNKNOWN: { exit: 18, retry: 'never' },
  CATALOG_IN_USE: { exit: 19, retry: 'later' },

  VOLUME_AWAY: { exit: 20, retry: 'when-volume-returns' },
  VOLUME_REPLACED: { exit: 21, retry: 'when-volume-returns' },
  VOLUME_FULL: { exit: 22, retry: 'later' },
  VOLUME_READ_ONLY: { exit: 23, retry: 'later' },
  VOLUME_FAILING: { exit: 24, retry: 'later' },
  SOURCE_VANISHED: { exit: 25, retry: 'when-volume-returns' },
  SOURCE_MISSING: { exit: 26, retry: 'when-volume-returns' },
  PLACES_OVERLAP: { exit: 27, retry: 'never' },
  VOLUME_BUSY: { exit: 28, retry: 'later' },

  OFFSITE_UNREACHABLE: { exit: 30, retry: 'later' },
  OFFSITE_DENIED: { exit: 31, retry: 'never' },
  OFFSITE_CLOCK: { exit: 32, retry: 'later' },
  OFFSITE_FULL: { exit: 33, retry: 'later' },
  OFFSITE_SUSPENDED: { exit: 34, retry: 'later' },
  OFFSITE_ADDRESS: { exit: 35, retry: 'never' },
  OFFSITE_FOREIGN: { exit: 35, retry: 'never' },
  OFFSITE_UNCONFIRMED: { exit: 36, retry: 'later' },
  OFFSITE_UNLOCKED: { exit: 37, retry: 'later' },
  OFFSITE_REFUSED: { exit: 38, retry: 'never' },
  OFFSITE_COLD: { exit: 39, retry: 'later' },

  HOME_IN_USE: { exit: 40, retry: 'later' },
  JOURNAL_DAMAGED: { exit: 41, retry: 'never' },
  JOURNAL_TOO_NEW: { exit: 42, retry: 'never' },
  HOME_UNUSABLE: { exit: 43, retry: 'never' },
  CONFIG_INVALID: { exit: 44, retry: 'never' },
  PLACE_UNKNOWN: { exit: 45, retry: 'never' },
  PLACE_INVALID: { exit: 46, retry: 'never' },
  HELPER_AWAY: { exit: 47, retry: 'later' },
  HELPER_BUSY: { exit: 47, retry: 'later' },
  PROTOCOL_DIFFERS: { exit: 48, retry: 'never' },
  TOKEN_REFUSED: { exit: 49, retry: 'never' },
  LIGHTROOM_MISSING: { exit: 44, retry: 'never' },
} as const satisfies Record<string, { readonly exit: number; readonly retry: Retry }>

export type ErrorCode = keyof typeof ERROR_CODES

export interface ErrorFacts {
  /** What happened and what is at stake, with names and counts. */
  readonly message: string
  /** What to do now, as one or two sentences. */
  readonly remedy: string
  /** The error of the system below, kept for the log. */
  readonly cause?: unknown
}

export class SafelightError extends Error {
  override readonly name = 'SafelightError'
  readonly code: ErrorCode
  readonly remedy: string

  constructor(code: ErrorCode, { message, remedy, cause }: ErrorFacts) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    this.remedy = remedy
  }

  get exitCode(): number {
    return ERROR_CODES[this.code].exit
  }

  get retry(): Retry {
    return ERROR_CODES[this.code].retry
  }
}

/** Said alike by every command that is given the id of a shoot. */
export function shootUnknown(id: string): SafelightError {
  return new SafelightError('SHOOT_UNKNOWN', {
    message: `No shoot "${id}" is known.`,
    remedy: 'See which there are with: safelight shoots',
  })
}

/** The system's own code of an error (`ENOSPC`, `EIO` …), or '' when it has none. Also '' for trouble with our own home: no drive is to be blamed
 *  for it, and whoever goes on without a drive that fails passes it on. */
export function systemCode(error: unknown): string {
  if (isOfHome(error)) return ''
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
}

/** Whether our own home, the journal in it first of all, cannot be read or written: then nothing that a run says could be kept or believed. */
export function isOfHome(error: unknown): boolean {
  return error instanceof SafelightError && OF_HOME.has(error.code)
}

const OF_HOME: ReadonlySet<ErrorCode> = new Set(['JOURNAL_DAMAGED', 'JOURNAL_TOO_NEW', 'HOME_UNUSABLE'])

/** One line about anything that was thrown, for findings and logs. */
export function describeError(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
