// Writes down what came of each file, in the order that the promise demands: first the log beside the copies, then the journal. Outcomes
// are gathered for a moment and written together, so that twenty thousand sidecars do not cost twenty thousand syncs; what a crash takes
// of such a moment is found again by the next run, because the copies themselves are already whole under their final names.
import path from 'node:path'
import type { DurableFiles } from '../files/durable.js'
import { dropCopyAt, ensureVersion, saveCopy, saveFile, setNewestVersion, type SourceState } from '../journal/files.js'
import type { Journal } from '../journal/journal.js'
import { addStep } from '../journal/steps.js'
import { appendEvents, type LogEvent } from '../manifest/log.js'
import { WORKING, type CopyState, type FileStat, type Hash, type ProofMethod } from '../model.js'
import { isStillThere, type OpenPlace } from '../place/places.js'

/** Content, as far as a version is concerned. */
export interface Content {
  readonly hash: Hash
  readonly sizeBytes: number
  readonly mtimeMs: number
}

export interface CopyRecord {
  readonly placeId: string
  readonly content: Content
  /** Below the shoot's folder at the place. */
  readonly path: string
  readonly state: CopyState
  readonly stat: Pick<FileStat, 'sizeBytes' | 'mtimeMs'>
  readonly provenHow?: ProofMethod
  /** When, if not now. */
  readonly provenMs?: number
  /** Its bytes came out of the page cache: it is to be read again as late as possible. */
  readonly isToBeReRead?: boolean
}

/** All that one file's task found out. */
export interface FileRecord {
  readonly shootId: number
  readonly name: string
  /** What the original shows now. */
  readonly original: SourceState
  /** The newest content, when the original was read and is to be believed. */
  readonly newest?: Content
  /** State of the original as a copy, when it was read. */
  readonly originalState?: 'verified' | 'damaged'
  readonly copies: readonly CopyRecord[]
  /** Names under which a place no longer holds what it did. */
  readonly emptied: readonly { readonly placeId: string; readonly path: string }[]
  /** By place. */
  readonly events: ReadonlyMap<string, readonly LogEvent[]>
}

export interface RecorderDeps {
  readonly files: DurableFiles
  readonly journal: Journal
  readonly clock: () => number
}

const BATCH_RECORDS = 256
const BATCH_MS = 250

/** From this many logs on, one sync of the whole file system costs less than one for each. */
const SYNC_TOGETHER_FROM = 8

export class Recorder {
  readonly #deps: RecorderDeps
  readonly #places: ReadonlyMap<string, OpenPlace>
  readonly #onPlaceFailure: (placeId: string, error: unknown) => void
  /** Where each shoot lies at each place: `shootId placeId` → folder. */
  readonly #folders = new Map<string, string>()
  readonly #introductions = new Map<string, LogEvent>()
  #waiting: FileRecord[] = []
  #timer: NodeJS.Timeout | undefined
  /** What went wrong in a flush that nobody was waiting for: whoever comes next is told. */
  #failure: Error | undefined

  /** @param onPlaceFailure  told when a place's log cannot be written: its copies in that batch are then not recorded */
  constructor(
    deps: RecorderDeps,
    places: readonly OpenPlace[],
    onPlaceFailure: (placeId: string, error: unknown) => void,
  ) {
    this.#deps = deps
    this.#places = new Map(places.map((place) => [place.id, place]))
    this.#onPlaceFailure = onPlaceFailure
  }

  setFolder(shootId: number, placeId: string, folder: string): void {
    this.#folders.set(`${shootId} ${placeId}`, folder)
  }

  /** Says at the head of the next events of a shoot at a place where its originals are. */
  introduce(shootId: number, placeId: string, event: LogEvent): void {
    this.#introductions.set(`${shootId} ${placeId}`, event)
  }

  add(record: FileRecord): void {
    this.#waiting.push(record)
    if (this.#waiting.length >= BATCH_RECORDS) this.flush()
    else this.#timer ??= setTimeout(() => this.#flushUnasked(), BATCH_MS)
  }

  #flushUnasked(): void {
    try {
      this.flush()
    } catch (error) {
      this.#failure = error instanceof Error ? error : new Error(String(error))
    }
  }

  /** Everything added so far is on the disk when this returns. @throws what the journal threw, now or since the last call */
  flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const earlier = this.#failure
    this.#failure = undefined
    if (earlier) throw earlier
    const records = this.#waiting
    this.#waiting = []
    if (records.length === 0) return
    const failed = new Set<string>()
    for (const place of this.#places.values()) {
      try {
        this.#appendLogs(place, records)
      } catch (error) {
        failed.add(place.id)
        this.#onPlaceFailure(place.id, error)
      }
    }
    const nowMs = this.#deps.clock()
    this.#deps.journal.transaction(() => {
      for (const record of records) writeRecord(this.#deps.journal, record, failed, nowMs)
    })
  }

  #appendLogs(place: OpenPlace, records: readonly FileRecord[]): void {
    const byFolder = new Map<string, LogEvent[]>()
    for (const record of records) {
      const events = record.events.get(place.id)
      const folder = this.#folders.get(`${record.shootId} ${place.id}`)
      if (!events || folder === undefined) continue
      const gathered = byFolder.get(folder) ?? this.#takeIntroduction(`${record.shootId} ${place.id}`)
      byFolder.set(folder, gathered)
      gathered.push(...events)
    }
    if (byFolder.size === 0) return
    if (!isStillThere(this.#deps.files, place))
      throw Object.assign(new Error('the drive is no longer there'), { code: 'ENODEV' })
    const together = byFolder.size >= SYNC_TOGETHER_FROM
    for (const [folder, events] of byFolder)
      appendEvents(
        this.#deps.files,
        place.root,
        path.join(place.root, 'Photos', ...folder.split('/')),
        events,
        !together,
      )
    if (together && !this.#deps.files.syncFileSystem(place.root)) {
      for (const folder of byFolder.keys()) this.#syncLog(place, folder)
    }
  }

  #takeIntroduction(key: string): LogEvent[] {
    const event = this.#introductions.get(key)
    this.#introductions.delete(key)
    return event ? [event] : []
  }

  #syncLog(place: OpenPlace, folder: string): void {
    const at = path.join(place.root, 'Photos', ...folder.split('/'))
    appendEvents(this.#deps.files, place.root, at, [])
    this.#deps.files.syncFolder(at)
  }
}

function writeRecord(journal: Journal, record: FileRecord, failedPlaces: ReadonlySet<string>, nowMs: number): void {
  const fileId = saveFile(journal, record.shootId, record.name, record.original)
  const { newest } = record
  if (newest) setNewestVersion(journal, fileId, ensureVersion(journal, fileId, newest, nowMs))
  if (newest && record.originalState) {
    const { sizeBytes, mtimeMs } = record.original
    const versionId = ensureVersion(journal, fileId, newest, nowMs)
    saveCopy(journal, {
      versionId,
      placeId: WORKING,
      path: record.name,
      sizeBytes,
      mtimeMs,
      state: record.originalState,
      ...(record.originalState === 'verified' ? { provenMs: nowMs, provenHow: 'cached' as const } : {}),
    })
  }
  for (const { placeId, path } of record.emptied)
    if (!failedPlaces.has(placeId)) dropCopyAt(journal, fileId, placeId, path)
  for (const copy of record.copies) {
    if (!failedPlaces.has(copy.placeId)) writeCopy(journal, record.shootId, fileId, copy, nowMs)
  }
}

function writeCopy(journal: Journal, shootId: number, fileId: number, copy: CopyRecord, nowMs: number): void {
  const versionId = ensureVersion(journal, fileId, copy.content, nowMs)
  dropCopyAt(journal, fileId, copy.placeId, copy.path)
  saveCopy(journal, {
    versionId,
    placeId: copy.placeId,
    path: copy.path,
    state: copy.state,
    sizeBytes: copy.stat.sizeBytes,
    mtimeMs: copy.stat.mtimeMs,
    ...(copy.provenHow === undefined ? {} : { provenMs: copy.provenMs ?? nowMs, provenHow: copy.provenHow }),
  })
  addStep(journal, { kind: 'seal', shootId, placeId: copy.placeId, payload: '' }, nowMs)
  if (copy.isToBeReRead) addStep(journal, { kind: 're-read', shootId, placeId: copy.placeId, payload: '' }, nowMs)
}
