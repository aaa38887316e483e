// What a backup has to do for one shoot, decided from facts alone: what the scan saw, what the journal knows, what lies at each place. Pure:
// the same facts give the same plan, so it can be shown, tested, and made again after a crash.
import type { FileStat } from '../model.js'
import type { FileRow } from '../journal/files.js'
import type { ScannedFile } from '../files/scan.js'

/** How an original compares with what the journal remembers of it.
 *  `touched`: same size and mtime, and yet the file system noted a change, or we cannot know (after a rebuild): it must be read to be sure. */
export type SourceCondition = 'new' | 'same' | 'touched' | 'changed'

/** What lies at a place under the file's final name, compared with what the journal remembers.
 *  `good` verified and untouched since · `unproven` written, not yet verified · `absent` never there · `lost` was there, is not ·
 *  `altered` looks different from what was written · `foreign` something is there that the journal knows nothing of */
export type PlaceCondition = 'good' | 'unproven' | 'absent' | 'lost' | 'altered' | 'foreign'

export interface FilePlan {
  readonly scanned: ScannedFile
  readonly known?: FileRow
  readonly source: SourceCondition
  readonly places: ReadonlyMap<string, PlaceCondition>
  /** Nothing needs to be read, sent or proven. */
  readonly isDone: boolean
  /** Most that may be sent to any one place. */
  readonly bytesToSend: number
}

export interface ShootFacts {
  readonly scanned: readonly ScannedFile[]
  readonly known: ReadonlyMap<string, FileRow>
  /** By place, what its folder for this shoot shows, by name. */
  readonly atPlaces: ReadonlyMap<string, ReadonlyMap<string, FileStat>>
}

export interface ShootPlan {
  /** Largest first, so that none is left alone at the end. */
  readonly files: readonly FilePlan[]
  /** Known files whose originals are no longer there. */
  readonly gone: readonly FileRow[]
}

export function planShoot({ scanned, known, atPlaces }: ShootFacts): ShootPlan {
  const shared: Conditions[] = []
  const files = scanned.map((file) => planFile(file, known.get(file.name), atPlaces, shared))
  const seen = new Set(scanned.map((file) => file.name))
  return {
    files: files.sort((a, b) => b.scanned.sizeBytes - a.scanned.sizeBytes),
    gone: [...known.values()].filter((file) => !seen.has(file.name)),
  }
}

type Conditions = ReadonlyMap<string, PlaceCondition>

/** @param shared  what other files of the shoot were found to be: nearly all are alike, and a map for each would take as much memory as all
 *    the rest of their plans */
function planFile(
  scanned: ScannedFile,
  known: FileRow | undefined,
  atPlaces: ShootFacts['atPlaces'],
  shared: Conditions[],
): FilePlan {
  const source = conditionOfSource(scanned, known)
  const found = [...atPlaces].map(([place, there]): [string, PlaceCondition] => [
    place,
    conditionAtPlace(place, known, there.get(scanned.name)),
  ])
  let places = shared.find((alike) => found.every(([place, condition]) => alike.get(place) === condition))
  if (places === undefined) shared.push((places = new Map(found)))
  const conditions = [...places.values()]
  const isDone =
    source === 'same' && known?.goneMs === undefined && conditions.every((condition) => condition === 'good')
  const mustSend =
    source === 'new' ||
    source === 'changed' ||
    conditions.some((condition) => condition !== 'good' && condition !== 'unproven')
  return {
    scanned,
    ...(known ? { known } : {}),
    source,
    places,
    isDone,
    bytesToSend: mustSend && !isDone ? scanned.sizeBytes : 0,
  }
}

export function conditionOfSource(now: FileStat, known: FileRow | undefined): SourceCondition {
  if (known === undefined) return 'new'
  if (now.sizeBytes !== known.sizeBytes || now.mtimeMs !== known.mtimeMs) return 'changed'
  if (known.copies.get('working')?.state === 'damaged') return 'touched'
  return now.ctimeMs === known.ctimeMs ? 'same' : 'touched'
}

export function conditionAtPlace(
  place: string,
  known: FileRow | undefined,
  found: FileStat | undefined,
): PlaceCondition {
  const copy = known?.copies.get(place)
  if (copy === undefined || copy.state === 'planned') return found === undefined ? 'absent' : 'foreign'
  if (found === undefined) return 'lost'
  const isAsWritten = found.sizeBytes === copy.sizeBytes && found.mtimeMs === copy.mtimeMs
  if (!isAsWritten || copy.state === 'damaged' || copy.state === 'missing') return 'altered'
  return copy.state === 'verified' ? 'good' : 'unproven'
}

/** A file of which nothing is owed at one place, as the journal remembers it: not gone, not damaged, its newest content verified there
 *  under its own name. */
export interface GoodFile extends Pick<FileStat, 'sizeBytes' | 'mtimeMs'> {
  readonly ctimeMs?: number
  /** What the place's file system showed after writing. */
  readonly copy: Pick<FileStat, 'sizeBytes' | 'mtimeMs'>
}

/** Whether every file of a folder is as it was, here and at a place, so that there is nothing to do: what `isDone` says of each, without a
 *  plan for each. */
export function areAllDone(
  scanned: readonly ScannedFile[],
  good: ReadonlyMap<string, GoodFile>,
  found: ReadonlyMap<string, FileStat>,
): boolean {
  return scanned.every((file) => {
    const known = good.get(file.name)
    const copy = found.get(file.name)
    return (
      known !== undefined &&
      known.sizeBytes === file.sizeBytes &&
      known.mtimeMs === file.mtimeMs &&
      known.ctimeMs === file.ctimeMs &&
      copy?.sizeBytes === known.copy.sizeBytes &&
      copy.mtimeMs === known.copy.mtimeMs
    )
  })
}

/** What has to fit at one place: the bytes to send there, and what files of this number cost in blocks, manifest and log. */
export function roomNeeded(plans: readonly FilePlan[], place: string): number {
  const sent = plans.filter((plan) => plan.bytesToSend > 0 && isSentTo(plan, place))
  return sent.reduce(
    (sum, plan) => sum + plan.bytesToSend + OVERHEAD_PER_FILE_BYTES,
    sent.length === 0 ? 0 : RESERVE_BYTES,
  )
}

function isSentTo(plan: FilePlan, place: string): boolean {
  const condition = plan.places.get(place)
  return (
    plan.source === 'changed' ||
    (condition !== undefined && condition !== 'good' && condition !== 'unproven' && condition !== 'foreign')
  )
}

/** Half a block of slack, a manifest line and a log line. */
const OVERHEAD_PER_FILE_BYTES = 3 * 1024

/** A drive filled to the last byte cannot even take its own manifest. */
const RESERVE_BYTES = 256 * 1024
