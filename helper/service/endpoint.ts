// endpoint.json: how anybody on this account finds the running helper. Owns its form and who may write and remove it; promises that
// what is found was asked and answered, so that a file left by a crash, a reused pid or a reused port is never taken for a helper.
import { rmSync } from 'node:fs'
import path from 'node:path'
import { z } from 'zod'
import { PROTOCOL_VERSION, type Params } from '../../shared/methods.js'
import { SafelightError, systemCode } from '../errors.js'
import { lazily } from '../lazily.js'
import type { RpcClient } from '../server/client.js'
import { readPrivateJson, writePrivateFile } from './private-file.js'

const connecting = lazily(() => import('../server/client.js'))

export interface Endpoint {
  readonly format: 1
  readonly port: number
  /** 64 hex digits. */
  readonly token: string
  readonly pid: number
  readonly version: string
  readonly protocol: number
  readonly startedAt: string
}

const SCHEMA: z.ZodType<Endpoint> = z.object({
  format: z.literal(1),
  port: z.number().int().min(1).max(65_535),
  token: z.string().regex(/^[0-9a-f]{64}$/),
  pid: z.number().int().min(1),
  version: z.string().max(64),
  protocol: z.number().int(),
  startedAt: z.string(),
})

export function endpointFile(home: string): string {
  return path.join(home, 'endpoint.json')
}

/** Called by the owner of the home, once it answers. */
export function writeEndpoint(home: string, facts: Omit<Endpoint, 'format' | 'protocol'>): Endpoint {
  const endpoint: Endpoint = { format: 1, protocol: PROTOCOL_VERSION, ...facts }
  writePrivateFile(endpointFile(home), `${JSON.stringify(endpoint)}\n`)
  return endpoint
}

/** What the file says, checked in form only; undefined when it is absent or is no endpoint. */
export function readEndpoint(home: string): Endpoint | undefined {
  return SCHEMA.safeParse(readPrivateJson(endpointFile(home))).data
}

/** Removes the file if it is still this helper's; a successor's stays. */
export function removeEndpoint(home: string, token: string): void {
  if (readEndpoint(home)?.token === token) rmSync(endpointFile(home), { force: true })
}

export type Presence =
  /** Asked and answered; `client` is connected and is the caller's to close. */
  | { readonly kind: 'running'; readonly endpoint: Endpoint; readonly client: RpcClient }
  /** It has our token and is alive, but speaks another protocol. */
  | { readonly kind: 'other-version'; readonly endpoint: Endpoint; readonly error: SafelightError }
  /** `why` in words; `endpoint` is the stale file's, if there is one. */
  | { readonly kind: 'down'; readonly why: string; readonly endpoint?: Endpoint }

export interface Caller {
  readonly client: Params<'session/hello'>['client']
  readonly version: string
}

/** Finds out whether a helper works in `home`, by asking it. Takes at most CONNECT_MS. */
export async function findHelper(home: string, caller: Caller): Promise<Presence> {
  const endpoint = readEndpoint(home)
  if (endpoint === undefined) return { kind: 'down', why: 'No helper has been started.' }
  if (!isAlive(endpoint.pid)) return { kind: 'down', why: 'The helper ended without saying so.', endpoint }
  const { RpcClient } = await connecting()
  try {
    const client = await RpcClient.connect({ ...caller, port: endpoint.port, token: endpoint.token })
    return { kind: 'running', endpoint, client }
  } catch (error) {
    if (!(error instanceof SafelightError)) throw error
    if (error.code === 'PROTOCOL_DIFFERS') return { kind: 'other-version', endpoint, error }
    return { kind: 'down', why: `The helper does not answer: ${error.message}`, endpoint }
  }
}

/** Whether a process of this id exists; it may be somebody else's by now. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    if (systemCode(error) === 'EPERM') return true
    if (systemCode(error) === 'ESRCH') return false
    throw error
  }
}
