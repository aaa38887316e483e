// What one computer says of itself to the others of a studio: verdict, counts and dates in status.json of its folder in the bucket. It names no
// shoot and no file, so that it may lie readable beside an encrypted place. And what the others make of it: pure, and never greener than its age.
import { z } from 'zod'
import type { StatusResult, StudioMachine } from '../../shared/methods.js'
import { parseJson } from '../parse-json.js'
import { CLOCK_TOLERANCE_MS, DAY_MS } from './policy.js'

const count = z.int().min(0)
const when = z.iso.datetime()

const MachineStatus = z.object({
  format: z.literal(1),
  machine: z.object({ id: z.string().max(200), host: z.string().max(300) }),
  asOf: when,
  verdict: z.enum(['protected', 'partly', 'at-risk', 'unknown']),
  validUntil: when.exactOptional(),
  provenAt: when.exactOptional(),
  shoots: z.object({ protected: count, partly: count, atRisk: count, unknown: count }),
  files: count,
  bytes: count,
  /** What is to be told, by kind. */
  notices: z.array(z.string().max(40)).max(100),
})

export type MachineStatus = z.infer<typeof MachineStatus>

export function machineStatus(
  status: StatusResult,
  machine: { readonly id: string; readonly host: string },
): MachineStatus {
  const { asOf, verdict, validUntil, provenAt, shoots, files = 0, bytes = 0, notices = [] } = status
  return {
    format: 1,
    machine: { ...machine },
    asOf,
    verdict,
    ...(validUntil === undefined ? {} : { validUntil }),
    ...(provenAt === undefined ? {} : { provenAt }),
    shoots: { ...shoots },
    files,
    bytes,
    notices: [...new Set(notices.filter(({ severity }) => severity !== 'news').map(({ kind }) => kind))].slice(0, 100),
  }
}

/** @returns undefined when it cannot be understood */
export function parseMachineStatus(text: string): MachineStatus | undefined {
  return MachineStatus.safeParse(parseJson(text)).data
}

/** A helper that is at work says it again each day: of one that was not heard for longer, nothing is known. */
const SILENT_AFTER_MS = 2 * DAY_MS

/** @param said  undefined when nothing, or nothing that can be understood, lies there */
export function machineOf(
  marker: { readonly folder: string; readonly host: string },
  said: MachineStatus | undefined,
  nowMs: number,
): StudioMachine {
  if (!said)
    return {
      ...marker,
      verdict: 'unknown',
      why: 'it has not said yet how it is, or its Safelight is of an earlier version',
    }
  const asOfMs = Date.parse(said.asOf)
  const { asOf, validUntil, shoots, files, bytes, notices } = said
  const facts = { ...marker, asOf, shoots, files, bytes, notices, ...(validUntil === undefined ? {} : { validUntil }) }
  if (asOfMs > nowMs + CLOCK_TOLERANCE_MS)
    return { ...facts, verdict: 'unknown', why: 'what it says bears a date to come: one of the two clocks is wrong' }
  if (nowMs - asOfMs > SILENT_AFTER_MS)
    return {
      ...facts,
      verdict: 'unknown',
      why: `it was not heard of for ${Math.floor((nowMs - asOfMs) / DAY_MS)} days; it said "${said.verdict}" then`,
    }
  if (said.verdict === 'protected' && validUntil !== undefined && Date.parse(validUntil) <= nowMs)
    return { ...facts, verdict: 'unknown', why: 'its proofs have run out since' }
  return { ...facts, verdict: said.verdict }
}
