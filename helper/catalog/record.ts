// catalog.json: what one catalog backup holds, byte for byte, and what was found when it was opened. It is written last, so a backup folder
// without one is unfinished. Read from drives that others may have written to, so it is checked at the door.
import { z } from 'zod'
import { parseJson } from '../parse-json.js'

const hash = z.string().regex(/^[0-9a-f]{64}$/)
/** A path below a folder of ours: never absolute, never upwards. */
const relative = z
  .string()
  .min(1)
  .refine((name) => !/^([/\\]|[A-Za-z]:)/.test(name) && !name.split(/[/\\]/).includes('..'), 'leaves the folder')

const storedFile = z.object({
  role: z.enum(['catalog', 'wal', 'journal']),
  /** As it is called beside the catalog. */
  name: relative,
  /** In the folder of this backup. Packed when it ends in `.gz`. */
  storedAs: relative,
  sizeBytes: z.number().int().nonnegative(),
  hash,
  storedBytes: z.number().int().nonnegative(),
  storedHash: hash,
  modifiedAt: z.iso.datetime(),
})

const dataFile = z.object({
  /** In the .lrcat-data folder, with forward slashes. */
  name: relative,
  /** From the folder of the catalog's backups: `data/000012.blob.<hash>`. */
  storedAs: relative,
  sizeBytes: z.number().int().nonnegative(),
  hash,
  modifiedAt: z.iso.datetime(),
})

const counts = z.object({
  files: z.number(),
  images: z.number(),
  virtualCopies: z.number(),
  developRows: z.number(),
  missingDevelopRows: z.number(),
  historySteps: z.number(),
  keywords: z.number(),
  collections: z.number(),
  imports: z.number(),
  roots: z.number(),
  folders: z.number(),
  faces: z.number(),
  bigDataRows: z.number(),
})

export const recordSchema = z.object({
  format: z.literal(1),
  name: z.string().min(1),
  /** The live catalog's path when it was backed up. */
  catalog: z.string().min(1),
  takenAt: z.iso.datetime(),
  verdict: z.enum(['good', 'suspect', 'bad']),
  reasons: z.array(z.object({ code: z.string(), weight: z.enum(['bad', 'suspect', 'note']), message: z.string() })),
  checks: z.object({ quick: z.enum(['ok', 'failed', 'not run']), integrity: z.enum(['ok', 'failed', 'not run']) }),
  identity: z.string().optional(),
  dbVersion: z.string().optional(),
  crsVersion: z.string().optional(),
  lightroomBackedUpAt: z.iso.datetime().optional(),
  counts: counts.optional(),
  files: z.array(storedFile).min(1),
  /** Left out when the catalog has no .lrcat-data folder. */
  data: z.array(dataFile).optional(),
})

export type BackupRecord = Readonly<z.infer<typeof recordSchema>>
export type StoredPart = BackupRecord['files'][number]
export type StoredDataFile = NonNullable<BackupRecord['data']>[number]

export const RECORD_FILE = 'catalog.json'
export const DATA_FOLDER = 'data'

/** @returns undefined when this is no record of ours, or of a later format */
export function parseRecord(json: string): BackupRecord | undefined {
  return recordSchema.safeParse(parseJson(json)).data
}

/** `YYYY-MM-DD HHMM` in local time, as Lightroom names its own backup folders. */
export function stampOf(ms: number): string {
  const at = new Date(ms)
  const two = (value: number) => String(value).padStart(2, '0')
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}${two(at.getMinutes())}`
}

/** `2026-11-23 0804 (2)` where another backup of that minute has the name already, and so on. */
export function freeStamp(wanted: string, isTaken: (stamp: string) => boolean): string {
  const minute = wanted.replace(/ \(\d+\)$/, '')
  let stamp = wanted
  for (let number = 2; isTaken(stamp); number += 1) stamp = `${minute} (${number})`
  return stamp
}

/** Whether a folder below `Catalogs/` is of a catalog of this name; `Wedding (2)` is what the second of that name is called. */
export function isCalledLike(folder: string, catalogName: string): boolean {
  return folder === catalogName || folder.startsWith(`${catalogName} (`)
}

export function dataBytesOf(record: Pick<BackupRecord, 'data'>): number {
  return (record.data ?? []).reduce((total, file) => total + file.sizeBytes, 0)
}

export function isoOf(ms: number): string {
  return new Date(ms).toISOString()
}
