// Who may see the status page: one-time codes that become sessions. A code is used once and lives a minute, so that the address in a
// browser's history opens nothing. A session is a secret in a cookie that scripts cannot read; since browsers send cookies to every port of
// a host, it belongs to one folder with a name that nobody can guess. Owns both; keeps digests only. Serving files is page-files.ts.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

/** How long a link that was handed out can be opened: a slow browser's cold start. */
const CODE_MS = 60_000
/** A page that nobody has looked at for so long asks to be opened anew. */
const SESSION_MS = 7 * 24 * 60 * 60 * 1000
/** Links and pages at one time; the oldest give way. */
const MAX_CODES = 8
const MAX_SESSIONS = 16

export interface PageSession {
  /** Name of the folder that the page lives in: `/<id>/`. */
  readonly id: string
  /** For the cookie. */
  readonly secret: string
}

interface Kept {
  readonly digest: Buffer
  /** By the clock that is handed in. */
  validUntilMs: number
}

export class PageDoor {
  readonly #codes: Kept[] = []
  readonly #sessions = new Map<string, Kept>()

  /** @param clock  milliseconds of a clock that nobody sets back */
  constructor(private readonly clock: () => number = () => performance.now()) {}

  /** A code that opens the page once. */
  newCode(): string {
    const code = randomBytes(32).toString('hex')
    this.#codes.push({ digest: digestOf(code), validUntilMs: this.clock() + CODE_MS })
    if (this.#codes.length > MAX_CODES) this.#codes.shift()
    return code
  }

  /** @returns the session that the code opens; undefined when it is none, was used, or is too old */
  redeem(code: string): PageSession | undefined {
    const digest = digestOf(code)
    const at = this.#codes.findIndex((each) => timingSafeEqual(each.digest, digest))
    const [kept] = at < 0 ? [] : this.#codes.splice(at, 1)
    if (kept === undefined || kept.validUntilMs < this.clock()) return undefined
    const session = { id: randomBytes(16).toString('hex'), secret: randomBytes(32).toString('hex') }
    this.#sessions.set(session.id, { digest: digestOf(session.secret), validUntilMs: this.clock() + SESSION_MS })
    const [oldest] = this.#sessions.keys()
    if (this.#sessions.size > MAX_SESSIONS && oldest !== undefined) this.#sessions.delete(oldest)
    return session
  }

  /** Whether this cookie header belongs to the session; one that is used lives on. */
  admits(id: string, cookies: string | undefined): boolean {
    const kept = this.#sessions.get(id)
    const secret = secretIn(cookies)
    if (kept === undefined || secret === undefined || !timingSafeEqual(kept.digest, digestOf(secret))) return false
    if (kept.validUntilMs < this.clock()) {
      this.#sessions.delete(id)
      return false
    }
    kept.validUntilMs = this.clock() + SESSION_MS
    return true
  }
}

const COOKIE = 'safelight'

export function cookieOf({ id, secret }: PageSession): string {
  return `${COOKIE}=${secret}; Path=/${id}; HttpOnly; SameSite=Strict`
}

/** Exactly one cookie of ours: two would leave open which one was meant. */
function secretIn(cookies: string | undefined): string | undefined {
  const ours = (cookies ?? '').split(';').flatMap((each) => {
    const [name, value] = each.trim().split('=')
    return name === COOKIE ? [value ?? ''] : []
  })
  const [secret = ''] = ours
  return ours.length === 1 && /^[0-9a-f]{64}$/.test(secret) ? secret : undefined
}

function digestOf(secret: string): Buffer {
  return createHash('sha256').update(secret, 'utf8').digest()
}
