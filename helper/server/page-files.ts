// The status page over HTTP: exchanges a one-time code for a session and serves the few built files to whoever has one. Promises that no
// file is found by a path that came in (only by its exact name), that nothing is asked of anywhere else (the policy forbids it), and that a
// browser keeps nothing. What the page shows goes over its WebSocket, not over this.
import { readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import path from 'node:path'
import { cookieOf, type PageDoor } from './page-door.js'

/** What a build makes; nothing else is served. */
export const PAGE_FILES = {
  '': { file: 'index.html', type: 'text/html; charset=utf-8' },
  'page.js': { file: 'page.js', type: 'text/javascript; charset=utf-8' },
  'page.css': { file: 'page.css', type: 'text/css; charset=utf-8' },
  'icon.svg': { file: 'icon.svg', type: 'image/svg+xml' },
} as const satisfies Record<string, { readonly file: string; readonly type: string }>

type PageName = keyof typeof PAGE_FILES

/** Where a link that is handed out leads; the code follows. */
const OPEN_PATH = '/open'
const SESSION_PATH = /^\/(?<id>[0-9a-f]{32})\/(?<name>[a-z.]*)$/

export type PagePath =
  | { readonly kind: 'open'; readonly code: string }
  | { readonly kind: 'file'; readonly session: string; readonly name: string }

/** What a request asks of the page; undefined for what is not the page's. */
export function pagePathOf(url: string | undefined): PagePath | undefined {
  const [, code] = /^\/open\?code=([0-9a-f]{64})$/.exec(url ?? '') ?? []
  if (code !== undefined) return { kind: 'open', code }
  const { id, name } = SESSION_PATH.exec(url ?? '')?.groups ?? {}
  return id === undefined || name === undefined ? undefined : { kind: 'file', session: id, name }
}

/** The name of the page's own WebSocket below its folder. */
export const PAGE_SOCKET = 'rpc'

export function linkTo(port: number, code: string): string {
  return `http://127.0.0.1:${port}${OPEN_PATH}?code=${code}`
}

export class PageFiles {
  readonly #read = new Map<PageName, Buffer>()

  /** @param folder  where the build laid the files */
  constructor(
    private readonly folder: string,
    private readonly door: PageDoor,
  ) {}

  /** Answers one request whose Host was already found to be ours. */
  answer(request: IncomingMessage, response: ServerResponse, asked: PagePath, port: number): void {
    for (const [name, value] of Object.entries(headersOf(port))) response.setHeader(name, value)
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405, { allow: 'GET, HEAD' }).end()
      return
    }
    if (asked.kind === 'open') this.#open(request, response, asked.code)
    else this.#file(request, response, asked)
  }

  #open(request: IncomingMessage, response: ServerResponse, code: string): void {
    // Only a person's own opening of the link counts: a foreign page that embeds or prefetches it would use the code up.
    const isOpening = request.method === 'GET' && isNavigation(request)
    const session = isOpening ? this.door.redeem(code) : undefined
    if (session === undefined) {
      sayClosed(response, 'This link was used already, or is older than a minute.')
      return
    }
    response.writeHead(303, { location: `/${session.id}/`, 'set-cookie': cookieOf(session) }).end()
  }

  #file(request: IncomingMessage, response: ServerResponse, { session, name }: PagePath & { kind: 'file' }): void {
    if (!this.door.admits(session, request.headers.cookie)) {
      sayClosed(response, 'This page was closed when Safelight was started anew, or was never opened in this browser.')
      return
    }
    if (!isPageName(name)) {
      response.writeHead(404).end()
      return
    }
    const body = this.#bytesOf(name)
    response.writeHead(200, { 'content-type': PAGE_FILES[name].type, 'content-length': body.length })
    response.end(request.method === 'HEAD' ? undefined : body)
  }

  #bytesOf(name: PageName): Buffer {
    const known = this.#read.get(name) ?? readFileSync(path.join(this.folder, PAGE_FILES[name].file))
    this.#read.set(name, known)
    return known
  }
}

function isPageName(name: string): name is PageName {
  return Object.hasOwn(PAGE_FILES, name)
}

/** Browsers say what a request is for; one that does not say (an old one, a person's script) is believed. */
function isNavigation({ headers }: IncomingMessage): boolean {
  const purpose = `${String(headers['sec-purpose'] ?? '')}${String(headers['purpose'] ?? '')}`
  const mode = headers['sec-fetch-mode']
  return (
    purpose === '' &&
    (mode === undefined || mode === 'navigate') &&
    (headers['sec-fetch-dest'] ?? 'document') === 'document'
  )
}

/** `ws:` is named because not every browser takes 'self' for a WebSocket too. */
function headersOf(port: number): Record<string, string> {
  return {
    'content-security-policy': `default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self' ws://127.0.0.1:${port}; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': 'camera=(), microphone=(), geolocation=(), usb=()',
    'cache-control': 'no-store',
  }
}

function sayClosed(response: ServerResponse, why: string): void {
  response.writeHead(401, { 'content-type': 'text/html; charset=utf-8' })
  response.end(
    `<!doctype html><html lang="en"><meta charset="utf-8"><title>Safelight</title><h1>This page cannot be opened with this address.</h1><p>${why} Your backups are not affected.</p><p>Open it again from Lightroom: File, Plug-in Extras, Open Safelight Page; or run <code>safelight open</code>.</p></html>\n`,
  )
}
