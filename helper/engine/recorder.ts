// Writes down what came of each file, in the order that the promise demands: first the log beside the copies, then the journal. Outcomes
// are gathered for a moment and written together, so that twenty thousand sidecars do not cost twenty thousand syncs; what a crash takes
// of such a moment is found again by the next run, because the copies themselves are already whole under their final names.
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { DurableFiles } from '../files/durable.js'
import type { Journal } from '../journal/journal.js'
import { appendEvents, type LogEvent } from '../manifest/log.js'
import { assertStillThere, isStillThere, type OpenPlace } from '../place/places.js'
import { neverOurTurn, type Turn, type Turns } from '../place/turn.js'
import type { FileRecord } from './file-record.js'
import { writeRecords } from './write-record.js'

export interface RecorderDeps {
  readonly files: DurableFiles
  readonly journal: Journal
  readonly clock: () => number
  readonly turns: Turns
}

const BATCH_RECORDS = 1024
/** The first moments are short, so that a small backup is known, and goes off-site, at once; each is twice as long as the one before. */
const BATCH_MS = { first: 30, most: 500 }

/** Between two tries where another computer is writing its records. */
const OTHERS_TURN_MS = 50

/** A quarter of an hour of them: then the place where it is never our turn is out of the run. */
const SETTLE_TRIES = (15 * 60_000) / OTHERS_TURN_MS

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
  #batchMs = BATCH_MS.first
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

  /** The same at once, in this computer's turn. */
  introduceNow(shootId: number, place: OpenPlace): void {
    const key = `${shootId} ${place.id}`
    const folder = this.#folders.get(key)
    if (folder === undefined || !isStillThere(this.#deps.files, place)) return
    const at = path.join(place.root, 'Photos', ...folder.split('/'))
    const events = this.#takeIntroduction(key)
    if (events.length > 0) appendEvents(this.#deps.files, place.root, at, events)
  }

  add(record: FileRecord): void {
    this.#waiting.push(record)
    if (this.#waiting.length >= BATCH_RECORDS) this.flush()
    else this.#timer ??= setTimeout(() => this.#flushUnasked(), this.#batchMs)
  }

  #flushUnasked(): void {
    try {
      this.flush()
    } catch (error) {
      this.#failure = error instanceof Error ? error : new Error(String(error))
    }
  }

  /** Everything added so far is on the disk when this ends. @throws what the journal threw, now or since the last call */
  async settle(): Promise<void> {
    for (let tries = 1; !this.flush(tries >= SETTLE_TRIES); tries++) await wait(OTHERS_TURN_MS)
  }

  /** @returns whether everything added so far is on the disk; not while another computer writes its records at one of these places
   *  @param isLast  then without those places
   *  @throws what the journal threw, now or since the last call */
  flush(isLast = false): boolean {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const earlier = this.#failure
    this.#failure = undefined
    if (earlier) throw earlier
    if (this.#waiting.length === 0) return true
    this.#batchMs = Math.min(BATCH_MS.most, this.#batchMs * 2)
    const { turns, busy } = this.#takeTurns(isLast)
    if (busy.size > 0 && !isLast) {
      this.#timer = setTimeout(() => this.#flushUnasked(), OTHERS_TURN_MS)
      return false
    }
    try {
      this.#write(busy)
    } finally {
      for (const turn of turns) turn.release()
    }
    return true
  }

  /** All that are needed or none, so that two computers never wait for one another. */
  #takeTurns(isLast: boolean): { readonly turns: readonly Turn[]; readonly busy: ReadonlySet<string> } {
    const turns: Turn[] = []
    const busy = new Set<string>()
    for (const place of this.#places.values()) {
      if (!this.#waiting.some(({ events }) => events.has(place.id))) continue
      const turn = this.#deps.turns.tryTake(place.root)
      if (turn) turns.push(turn)
      else busy.add(place.id)
    }
    if (busy.size > 0 && !isLast) for (const turn of turns.splice(0)) turn.release()
    return { turns, busy }
  }

  /** @param busy  places where it was never our turn */
  #write(busy: ReadonlySet<string>): void {
    const records = this.#waiting
    this.#waiting = []
    const failed = new Set<string>()
    for (const place of this.#places.values()) {
      try {
        if (busy.has(place.id)) throw neverOurTurn(place.root)
        this.#appendLogs(place, records)
      } catch (error) {
        failed.add(place.id)
        this.#onPlaceFailure(place.id, error)
      }
    }
    const nowMs = this.#deps.clock()
    this.#deps.journal.transaction(() => writeRecords(this.#deps.journal, records, failed, nowMs))
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
    assertStillThere(this.#deps.files, place)
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
