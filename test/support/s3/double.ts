// A small S3 store for tests: real HTTP on a free port of 127.0.0.1, real signatures, bytes in files. It behaves like one of several stores
// (profiles.ts), meets the faults a test plans (faults.ts), and its clock can be moved. checks.ts holds it to what Ceph does.
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkHashes, decodeChunked, readBody } from './bodies.js'
import { FaultPlan, type Fault } from './faults.js'
import type { Call, Reply } from './object-rules.js'
import { operationOf, perform } from './operations.js'
import { PROFILES, type DoubleProfile, type ProfileName } from './profiles.js'
import { checkSignature, type Credentials } from './sigv4.js'
import { DoubleState } from './state.js'
import { S3Error, errorXml } from './xml.js'

export const TEST_CREDENTIALS: Credentials = { accessKeyId: 'test', secretAccessKey: 'testsecret' }

export interface S3Double {
  readonly url: string
  readonly profile: DoubleProfile
  readonly faults: FaultPlan
  readonly state: DoubleState
  /** Every request in its order, by operation; what a test counts. */
  readonly requests: {
    readonly operation: string
    readonly key: string
    readonly headers: IncomingMessage['headers']
  }[]
  /** Added to the clock of this computer. */
  clockOffsetMs: number
  /** 'suspended' and the like: every request is answered with this. */
  account: { readonly status: number; readonly code: string } | undefined
  /** What the policy of the key denies, as a provider's policy would. */
  denies: ((call: Pick<Call, 'operation' | 'headers'>) => boolean) | undefined
  /** Cuts every connection and refuses new ones, then listens again on the same port. */
  restart(whileDown?: () => Promise<void>): Promise<void>
  close(): Promise<void>
}

/** A reply that says something else than what is stored. */
function bent(reply: Reply, fault: Fault | undefined): Reply {
  if (fault?.kind === 'stale-list' && typeof reply.body === 'string')
    return { ...reply, body: reply.body.replaceAll(/<(Contents|Version|Upload)>.*?<\/\1>/gs, '') }
  if (fault?.kind !== 'wrong-checksums') return reply
  const turn = (text: string): string => text.replace(/[A-Za-z0-9]/, (sign) => (sign === 'A' ? 'B' : 'A'))
  const headers = Object.entries(reply.headers ?? {}).map(([name, value]) => [
    name,
    /^(etag|x-amz-checksum-(?!type)|x-amz-meta-)/i.test(name) ? turn(value) : value,
  ])
  const body =
    typeof reply.body === 'string'
      ? reply.body.replace(/(<(?:ETag|Checksum\w+)>)([^<]*)/g, (_, tag: string, value: string) => tag + turn(value))
      : reply.body
  return {
    ...reply,
    headers: Object.fromEntries(headers) as Record<string, string>,
    ...(body === undefined ? {} : { body }),
  }
}

export async function startDouble(profileName: ProfileName = 'aws'): Promise<S3Double> {
  const folder = mkdtempSync(join(tmpdir(), 'safelight-s3-'))
  const state = new DoubleState(folder)
  const profile = PROFILES[profileName]
  const sockets = new Set<Socket>()
  let server = await listen(0)
  const { port } = server.address() as AddressInfo

  const double: S3Double = {
    url: `http://127.0.0.1:${port}`,
    profile,
    faults: new FaultPlan(),
    state,
    requests: [],
    clockOffsetMs: 0,
    account: undefined,
    denies: undefined,
    async restart(whileDown) {
      await hangUp()
      await whileDown?.()
      server = await listen(port)
    },
    async close() {
      await hangUp()
      rmSync(folder, { recursive: true, force: true })
    },
  }
  return double

  async function listen(wanted: number): Promise<Server> {
    const created = createServer((request, response) => void answer(request, response))
    created.on('connection', (socket) => {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => sockets.delete(socket))
    })
    await new Promise<void>((resolve) => created.listen(wanted, '127.0.0.1', resolve))
    return created
  }

  async function hangUp(): Promise<void> {
    const closed = new Promise((resolve) => server.close(resolve))
    for (const socket of sockets) socket.destroy()
    await closed
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // A request that was read to its middle and left gives its socket up.
    const { socket } = request
    const call = describe(request)
    double.requests.push({ operation: call.operation, key: call.key, headers: request.headers })
    const fault = double.faults.next(call.operation, call.key)
    try {
      if (await meetEarly(fault, request, response)) return
      const reply = await handle(call, request, fault)
      if (reply && fault?.kind === 'hold-reply') return
      if (reply && fault?.kind === 'lose-reply') return void request.socket.destroy()
      if (reply) send(request, response, bent(reply, fault), fault)
    } catch (error) {
      // Anything else: the client went away in the middle, and nobody is left to answer.
      if (error instanceof S3Error) sendError(request, response, error)
      else socket.destroy()
    }
  }

  function describe(request: IncomingMessage): Call {
    const url = new URL(request.url ?? '/', 'http://double')
    const [, bucket = '', ...rest] = url.pathname.split('/')
    const key = decodeURIComponent(rest.join('/'))
    const base = { bucket: decodeURIComponent(bucket), key, query: url.searchParams, headers: request.headers }
    const method = request.method ?? 'GET'
    return {
      ...base,
      method,
      operation: operationOf(method, base.key, url.searchParams, request.headers),
      body: Buffer.alloc(0),
    }
  }

  async function handle(call: Call, request: IncomingMessage, fault: Fault | undefined): Promise<Reply | undefined> {
    const nowMs = Date.now() + double.clockOffsetMs
    const payload = checkSignature(request, TEST_CREDENTIALS, nowMs)
    if (double.account) throw new S3Error(double.account.status, double.account.code, 'The account cannot be used.')
    if (double.denies?.(call)) throw new S3Error(403, 'AccessDenied', 'Access Denied by the policy of this key.')
    const isChunked = payload.startsWith('STREAMING-')
    if (isChunked && profile.chunkedBodies === '411')
      throw new S3Error(411, 'MissingContentLength', 'You must provide the Content-Length HTTP header.')
    if (isChunked && profile.chunkedBodies === '501')
      throw new S3Error(501, 'NotImplemented', 'Transfering payloads in multiple chunks is not supported.')
    if (isChunked && profile.chunkedBodies === 'stall') return undefined
    const raw = await readBody(request)
    if (fault?.kind === 'flip-bit' && raw.length > 0) raw[0] = (raw[0] ?? 0) ^ 1
    const { body, trailers } = isChunked ? decodeChunked(raw) : { body: raw, trailers: {} }
    const headers = { ...call.headers, ...trailers }
    checkHashes(body, headers, payload, profile)
    return perform({ ...call, headers, body }, { state, profile, nowMs })
  }

  function send(request: IncomingMessage, response: ServerResponse, reply: Reply, fault: Fault | undefined): void {
    const body = typeof reply.body === 'string' ? Buffer.from(reply.body) : (reply.body ?? Buffer.alloc(0))
    for (const [name, value] of Object.entries(reply.headers ?? {})) response.setHeader(name, value)
    response.setHeader('x-amz-request-id', 'double')
    response.setHeader('date', new Date(Date.now() + double.clockOffsetMs).toUTCString())
    response.statusCode = reply.status
    if (typeof reply.body === 'string' && reply.body !== '') response.setHeader('content-type', 'application/xml')
    if (reply.status !== 204) response.setHeader('content-length', reply.contentLength ?? body.length)
    if (request.method === 'HEAD') return void response.end()
    if (fault?.kind !== 'cut-reply') return void response.end(body)
    response.write(body.subarray(0, fault.bytes), () => request.socket.destroy())
  }

  function sendError(request: IncomingMessage, response: ServerResponse, error: S3Error): void {
    // The rest of the body is not wanted; a connection with unread bytes in it cannot be used again.
    if (!request.complete) response.setHeader('connection', 'close')
    send(
      request,
      response,
      { status: error.status, headers: error.headers, body: errorXml(error.code, error.message) },
      undefined,
    )
    request.resume()
  }

  /** @returns true when the fault has taken the place of the answer */
  async function meetEarly(
    fault: Fault | undefined,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<boolean> {
    switch (fault?.kind) {
      case 'status':
        await readBody(request)
        sendError(request, response, new S3Error(fault.status, fault.code, 'A planned fault.', fault.headers))
        return true
      case 'error-in-200':
        await readBody(request)
        send(request, response, { status: 200, body: errorXml(fault.code, 'A planned fault.') }, undefined)
        return true
      case 'captive-portal':
        await readBody(request)
        response.setHeader('content-type', 'text/html')
        response.end('<html><body>Welcome to Hotel Safelight. Please log in.<br></body></html>')
        return true
      case 'freeze':
        request.resume()
        return true
      case 'reset-after': {
        const { socket } = request
        let seen = 0
        for await (const chunk of request) {
          seen += (chunk as Buffer).length
          if (seen >= fault.bytes) break
        }
        socket.resetAndDestroy()
        return true
      }
      case 'hold-reply':
      case 'lose-reply':
      case 'cut-reply':
      case 'flip-bit':
      case 'wrong-checksums':
      case 'stale-list':
      case undefined:
        return false
    }
  }
}
