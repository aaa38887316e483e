// What a restore has to do, decided from facts alone: what the journal knows of a file, which places are there, what lies at the target.
// Pure: the same facts give the same plan, so that it can be shown first, tested, and made again after a crash.
import { kindOfFile } from '../engine/file-kinds.js'
import { belongsTo, stemOf } from '../files/scan.js'
import type { CopyRow, VersionRow } from '../journal/files.js'
import type { FileHistory } from '../journal/history.js'
import type { EntryKind } from '../files/durable.js'

/** One content of one file that is to come back. */
export interface Wanted {
  readonly name: string
  readonly version: VersionRow
  readonly copies: readonly CopyRow[]
  /** The newest content that is known: the one whose return makes the original whole. */
  readonly isNewest: boolean
  /** Named, or part of a whole shoot; else it only belongs to a named file, and comes along where it is missing. */
  readonly isAsked: boolean
}

export interface PlaceFacts {
  readonly id: string
  readonly isHere: boolean
  /** 0 is nearest: a drive at this computer before one over the network. */
  readonly distance: number
}

/** What lies under a file's name at the target. */
export interface Found {
  readonly kind: EntryKind
  readonly sizeBytes: number
}

/** `missing` nothing lies there · `to-compare` something of the same size does, and its hash decides · `in-the-way` something else does ·
 *  `left-alone` it only comes along, and something is there */
export type TargetCondition = 'missing' | 'to-compare' | 'in-the-way' | 'left-alone'

export interface FilePlan {
  readonly wanted: Wanted
  readonly condition: TargetCondition
  /** Copies at places that are there, the best first; even one that was called damaged is tried in the end, because only its hash is wrong. */
  readonly candidates: readonly CopyRow[]
  /** Places that hold a copy and are not there. */
  readonly away: readonly string[]
}

export interface ShootFacts {
  readonly wanted: readonly Wanted[]
  readonly places: ReadonlyMap<string, PlaceFacts>
  /** By name. */
  readonly found: ReadonlyMap<string, Found>
}

/** @returns in the order of the facts */
export function planFiles({ wanted, places, found }: ShootFacts): FilePlan[] {
  return wanted.map((each) => ({
    wanted: each,
    condition: conditionOf(each, found.get(each.name)),
    candidates: each.copies
      .filter((copy) => places.get(copy.placeId)?.isHere === true)
      .sort((a, b) => rank(a) - rank(b) || distance(places, a) - distance(places, b) || provenLast(a, b)),
    away: [...new Set(each.copies.map((copy) => copy.placeId))].filter((id) => places.get(id)?.isHere === false),
  }))
}

function conditionOf({ version, isAsked }: Wanted, found: Found | undefined): TargetCondition {
  if (!found) return 'missing'
  if (!isAsked) return 'left-alone'
  return found.kind === 'file' && found.sizeBytes === version.sizeBytes ? 'to-compare' : 'in-the-way'
}

const RANK = { verified: 0, written: 1, planned: 2, damaged: 2, missing: 3 } as const

function rank({ state }: CopyRow): number {
  return RANK[state]
}

function distance(places: ShootFacts['places'], { placeId }: CopyRow): number {
  return places.get(placeId)?.distance ?? Infinity
}

function provenLast(a: CopyRow, b: CopyRow): number {
  return (b.provenMs ?? 0) - (a.provenMs ?? 0)
}

/** The content of a file that is to come back.
 *  @param asOfMs  the newest content first seen by then; when left out, the newest of all
 *  @returns undefined when the file was not known yet by then */
export function chooseContent(file: FileHistory, asOfMs: number | undefined): Omit<Wanted, 'isAsked'> | undefined {
  const last = file.versions.find((version) => version.id === file.newestId) ?? file.versions.at(-1)
  const then = asOfMs === undefined ? last : file.versions.filter((version) => version.firstSeenMs <= asOfMs).at(-1)
  // A content that came back after a change counts from its first day, so where nothing newer was seen since, the newest is meant.
  const isNothingNewer = file.versions.every((version) => asOfMs === undefined || version.firstSeenMs <= asOfMs)
  const chosen = then && isNothingNewer ? last : then
  return chosen && { name: file.name, version: chosen, copies: chosen.copies, isNewest: chosen.id === last?.id }
}

/** The names of a shoot that come back when these are asked for: a photo or video brings along what belongs to it (sidecars, the JPEG of a
 *  raw), a sidecar only itself.
 *  @returns by name, whether it was asked for itself */
export function chooseNames(all: readonly string[], asked: ReadonlySet<string> | undefined): Map<string, boolean> {
  if (!asked) return new Map(all.map((name) => [name, true]))
  const stems = new Set([...asked].filter((name) => ['photo', 'video'].includes(kindOfFile(name))).map(stemOf))
  return new Map(all.filter((name) => asked.has(name) || belongsTo(name, stems)).map((name) => [name, asked.has(name)]))
}

/** No file system takes a longer name, in bytes. */
const NAME_MAX_BYTES = 255

/** `IMG_1.CR3` → `IMG_1 (restored 2026-11-23).CR3`, then `… (restored 2026-11-23 2).CR3`; a name that would be too long is cut.
 *  @param what  why it does not have its own name
 *  @param n     from 1 */
export function besideName(name: string, what: 'restored' | 'damaged', day: string, n: number): string {
  const { stem, extension } = splitName(name)
  const mark = ` (${what} ${day}${n === 1 ? '' : ` ${n}`})`
  const parts = Array.from(stem)
  while (parts.length > 1 && Buffer.byteLength(`${parts.join('')}${mark}${extension}`) > NAME_MAX_BYTES) parts.pop()
  return `${parts.join('')}${mark}${extension}`
}

/** Whether a name is one that `besideName` gives to `name`, on whatever day. */
export function isBeside(name: string, what: 'restored' | 'damaged', candidate: string): boolean {
  const mark = new RegExp(`\\(${what} (\\d{4}-\\d\\d-\\d\\d)(?: ([1-9]\\d*))?\\)`)
  const [, day, n] = mark.exec(candidate) ?? []
  return day !== undefined && candidate === besideName(name, what, day, n === undefined ? 1 : Number(n))
}

function splitName(name: string): { stem: string; extension: string } {
  const dot = name.lastIndexOf('.')
  return dot > 0 ? { stem: name.slice(0, dot), extension: name.slice(dot) } : { stem: name, extension: '' }
}

export interface PlanTotals {
  files: number
  /** To fetch at most: what is missing, in the way, or would have to be compared and differs. */
  bytes: number
  missing: number
  inTheWay: number
  toCompare: number
  /** No copy of them is in reach. */
  outOfReach: number
  /** By place, how many files would come from it. */
  readonly from: Map<string, number>
  /** The same, their bytes. */
  readonly bytesFrom: Map<string, number>
  /** To read in order to be sure that they are what they seem to be. */
  bytesToCompare: number
}

export function noTotals(): PlanTotals {
  return {
    files: 0,
    bytes: 0,
    missing: 0,
    inTheWay: 0,
    toCompare: 0,
    outOfReach: 0,
    from: new Map(),
    bytesFrom: new Map(),
    bytesToCompare: 0,
  }
}

export function addToTotals(totals: PlanTotals, plans: readonly FilePlan[]): void {
  for (const { wanted, condition, candidates } of plans) {
    totals.files += 1
    if (condition === 'to-compare') {
      totals.toCompare += 1
      totals.bytesToCompare += wanted.version.sizeBytes
    }
    if (condition === 'left-alone' || condition === 'to-compare') continue
    if (condition === 'missing') totals.missing += 1
    else totals.inTheWay += 1
    const first = candidates[0]
    if (!first) {
      totals.outOfReach += 1
      continue
    }
    totals.bytes += wanted.version.sizeBytes
    totals.from.set(first.placeId, (totals.from.get(first.placeId) ?? 0) + 1)
    totals.bytesFrom.set(first.placeId, (totals.bytesFrom.get(first.placeId) ?? 0) + wanted.version.sizeBytes)
  }
}

/** The moment that a date means: the end of that day where this computer is; a full timestamp means itself.
 *  @returns undefined when it is no date */
export function endOfDay(typed: string): number | undefined {
  const [, year, month, day] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(typed) ?? []
  if (year === undefined || month === undefined || day === undefined) {
    const atMs = /^\d{4}-\d\d-\d\dT/.test(typed) ? Date.parse(typed) : Number.NaN
    return Number.isNaN(atMs) ? undefined : atMs
  }
  const first = new Date(Number(year), Number(month) - 1, Number(day))
  const isReal = first.getMonth() === Number(month) - 1 && first.getDate() === Number(day)
  return isReal ? new Date(Number(year), Number(month) - 1, Number(day) + 1).getTime() - 1 : undefined
}

/** Year, month, day where this computer is. */
export function dayOf(nowMs: number): string {
  const now = new Date(nowMs)
  const two = (n: number): string => String(n).padStart(2, '0')
  return `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`
}
