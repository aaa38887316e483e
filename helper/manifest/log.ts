// safelight-log.jsonl: what happened to each copy of a shoot, one line per event, appended only. Together with safelight.b3 it is the
// evidence that lies beside the pictures, and what a rebuild reads: a copy that is in the log but not yet in the manifest was made after
// the last seal.
import path from 'node:path'
import { crc32 } from 'node:zlib'
import { z } from 'zod'
import { appendLines, makeFolders, type DurableFiles } from '../files/durable.js'
import { parseJson } from '../parse-json.js'
import { isSafeRelativePath } from './manifest.js'

export const LOG_FILE = 'safelight-log.jsonl'

const hash = z.string().regex(/^[0-9a-f]{64}$/)
const at = z.iso.datetime()
const relative = z.string().refine(isSafeRelativePath)
/** `server checksum`, `download`: of objects in a bucket. */
const read = z.enum(['direct', 'cached', 'server checksum', 'download'])

/** `path` is where the copy lies below the shoot's folder, `file` the name of the original. */
const LogEvent = z.discriminatedUnion('event', [
  /** Which folder of originals this shoot stands for; the first line, and again whenever that changes. */
  z.object({
    event: z.literal('source'),
    at,
    shoot: z.string(),
    root: z.string(),
    pathFromRoot: z.string().refine((path) => path === '' || isSafeRelativePath(path)),
    volume: z.string().optional(),
    pathOnVolume: z.string().optional(),
    host: z.string(),
    /** Physical devices of the source and of this place; a shared one means that both die together. */
    sourceDevices: z.array(z.string()),
    placeDevices: z.array(z.string()),
    warning: z.string().optional(),
  }),
  /** Bytes were sent (`copied`) or found already lying there (`adopted`), and read back. */
  z.object({
    event: z.enum(['copied', 'adopted']),
    at,
    file: z.string(),
    path: relative,
    bytes: z.int().min(0),
    modified: at,
    sourceHash: hash,
    copyHash: hash,
    read,
    device: z.string(),
    by: z.string(),
    /** Of an object in a bucket: its version there, and until when it cannot be deleted. */
    versionId: z.string().optional(),
    lockedUntil: at.optional(),
  }),
  /** Read again later: `verified` hashes to the reference, `damaged` does not, `missing` and `unreadable` could not be read. */
  z.object({
    event: z.enum(['verified', 'damaged', 'missing', 'unreadable']),
    at,
    file: z.string(),
    path: relative,
    sourceHash: hash,
    copyHash: hash.optional(),
    read: read.optional(),
    device: z.string(),
    why: z.string().optional(),
  }),
  /** An earlier content moved to Versions/. */
  z.object({
    event: z.literal('kept'),
    at,
    file: z.string(),
    path: relative,
    to: relative,
    copyHash: hash,
    why: z.string(),
  }),
  /** Removed by retention, by the user's own windows. */
  z.object({
    event: z.literal('pruned'),
    at,
    file: z.string(),
    path: relative,
    copyHash: hash,
    why: z.string(),
  }),
  /** A damaged copy moved to Quarantine/; without `copyHash` when it could not be read. */
  z.object({
    event: z.literal('quarantined'),
    at,
    file: z.string(),
    path: relative,
    to: relative,
    copyHash: hash.optional(),
    why: z.string(),
  }),
  /** Taking or placing a file failed. */
  z.object({ event: z.literal('failed'), at, file: z.string(), why: z.string() }),
  /** safelight.b3 was written anew. */
  z.object({ event: z.literal('sealed'), at, generation: z.int().min(1), files: z.int().min(0), manifestHash: hash }),
])

export type LogEvent = z.infer<typeof LogEvent>

/** One line: the event as JSON, whose last field is the checksum of all before it. */
export function formatEvent(event: LogEvent): string {
  const text = JSON.stringify(event).slice(0, -1)
  return `${text},"crc32":"${checksumOf(text)}"}`
}

/** The end of a line that carries a checksum; older ones do not. */
const CHECKSUM = /,"crc32":"([^"]*)"\}$/

function isAltered(line: string): boolean {
  const said = CHECKSUM.exec(line)
  return said !== null && said[1] !== checksumOf(line.slice(0, said.index))
}

function checksumOf(text: string): string {
  return crc32(text).toString(16).padStart(8, '0')
}

/** Appends events to the log of a shoot at a place, making its folder when it is the first.
 *  @param root  the `Safelight` folder, which must exist */
export function appendEvents(
  files: DurableFiles,
  root: string,
  folder: string,
  events: readonly LogEvent[],
  sync = true,
): void {
  makeFolders(files, root, folder)
  appendLines(files, path.join(folder, LOG_FILE), events.map(formatEvent), sync)
}

/** A line longer than this is not ours. */
const LINE_MAX = 1024 * 1024

/** @returns the events, and the numbers (from 1) of the lines that cannot be understood or were altered; a last line cut off by a crash is neither */
export function parseLog(text: string): { events: LogEvent[]; badLines: number[] } {
  const events: LogEvent[] = []
  const badLines: number[] = []
  const lines = text.split('\n')
  lines.slice(0, -1).forEach((line, index) => {
    const event = line.length > LINE_MAX || isAltered(line) ? undefined : LogEvent.safeParse(parseJson(line)).data
    if (event) events.push(event)
    else badLines.push(index + 1)
  })
  return { events, badLines }
}

/** The date of a file as the log says it: to the nearest millisecond, where toISOString would cut off what is behind it. */
export function modifiedAt(mtimeMs: number): string {
  return new Date(Math.round(mtimeMs)).toISOString()
}
