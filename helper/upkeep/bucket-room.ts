// What is done with buckets, by hand and by itself: added, probed, sent to. Owns what must outlive one run: the bandwidth limit of each
// place, which keys are under way, whose turn it is to write a place's records. What is told of each failure is kept in the journal until
// something goes through.
import os from 'node:os'
import pLimit from 'p-limit'
import { readConfig } from '../config.js'
import { SafelightError } from '../errors.js'
import type { DurableFiles } from '../files/durable.js'
import { chooseHashEngine } from '../files/hash.js'
import type { Journal } from '../journal/journal.js'
import { deleteMeta, noteChainBreaks, setMeta } from '../journal/meta.js'
import { listPlaces, placeById, savePlace, type PlaceRow } from '../journal/places.js'
import {
  addBucket,
  openForProbe,
  type AddBucketRequest,
  type AddedBucket,
  type BucketRequest,
} from '../offsite/add-bucket.js'
import { checkName } from '../place/places.js'
import { markerAt, requireOwner, writeMarker } from '../offsite/bucket-marker.js'
import { drivesHere } from '../offsite/candidates.js'
import { createLimiter, type Limiter } from '../offsite/limiter.js'
import { learnStore } from '../offsite/learn-store.js'
import { openBucket, type OpenBucket, type OpenBucketDeps } from '../offsite/open-bucket.js'
import { probeStore } from '../offsite/probe.js'
import type { ProbeReport } from '../offsite/providers.js'
import {
  readSliceBack,
  recheckPlace,
  renewLocks,
  type ReadBackReport,
  type RecheckReport,
} from '../offsite/recheck-place.js'
import { sendAll, type SendOptions, type SendReport } from '../offsite/send.js'
import type { JournalLedger } from '../offsite/journal-ledger.js'
import { hasCatalogsToSend, sendCatalogs, type CatalogsSent } from '../offsite/send-catalogs.js'
import { hasRecordsToSend, isChainAsRead } from '../offsite/records.js'
import { readSettings } from '../offsite/settings.js'
import { isSweepDue, lastSweepMs, sweepPlace } from '../offsite/sweep-place.js'
import { ledgerOf, spoolFolderOf } from '../offsite/upload-file.js'
import { pageOf } from '../status/leave-page.js'
import { machineStatus } from '../status/machine-status.js'
import { withoutDate } from '../status/status-html.js'
import type { StatusResult } from '../../shared/methods.js'
import { isStatusDue, leaveStatus, type StatusToLeave } from '../offsite/leave-status.js'
import { readTrouble, troubleKey, type BucketTrouble } from '../status/buckets.js'

export interface BucketRoomDeps {
  readonly files: DurableFiles
  readonly journal: Journal
  readonly clock: () => number
  readonly home: string
  readonly wait: (ms: number, signal?: AbortSignal) => Promise<void>
  /** See open-bucket.ts. */
  readonly probe?: typeof probeStore | undefined
}

/** What one place shares between runs. */
interface Shared {
  /** Whose turn it is to write its records, and to send its catalogs. */
  readonly limit: ReturnType<typeof pLimit>
  readonly catalogs: ReturnType<typeof pLimit>
  readonly ledger: JournalLedger
  readonly limiter: Limiter | undefined
}

export class BucketRoom {
  readonly #deps: BucketRoomDeps
  readonly #shared = new Map<string, Shared>()
  readonly #underWay = new Map<string, Promise<void>>()
  /** Places that this process may not try. */
  readonly #untried = new Set<string>()

  constructor(deps: BucketRoomDeps) {
    this.#deps = deps
  }

  places(): PlaceRow[] {
    return listPlaces(this.#deps.journal).filter((place) => place.kind === 'bucket')
  }

  /** @throws OFFSITE_*, USAGE */
  async add(request: AddBucketRequest, signal: AbortSignal): Promise<AddedBucket> {
    const { journal, clock } = this.#deps
    const added = await addBucket(
      { ...this.openDeps(), journal, now: clock, hashEngine: chooseHashEngine() },
      request,
      signal,
    )
    this.#shared.delete(added.place.id)
    this.settle(added.place.id)
    return added
  }

  /** Gives a place another name, in its bucket and in the journal. @throws OFFSITE_*, USAGE */
  async rename(place: PlaceRow, name: string): Promise<void> {
    const { journal, clock } = this.#deps
    checkName(journal, name, place.id)
    const bucket = this.open({ ...place, name })
    try {
      const before = await markerAt(bucket.store, bucket.keyOf('place.json'))
      const deps = { journal, now: clock, sleep: this.#deps.wait, hashEngine: chooseHashEngine() }
      await writeMarker(bucket, before, deps)
      savePlace(journal, { ...place, name })
    } finally {
      bucket.close()
    }
  }

  /** Tries what a store does, below a folder of its own. @throws OFFSITE_* */
  async probe(request: BucketRequest, signal: AbortSignal): Promise<ProbeReport> {
    const { address, store } = openForProbe(this.openDeps(), request)
    try {
      const folder = address.prefix === '' ? '' : `${address.prefix}/`
      return await probeStore({ ownPrefix: folder }, { store, now: this.#deps.clock }, signal)
    } finally {
      store.close()
    }
  }

  /** A bucket that is known, made ready. */
  open(place: PlaceRow): OpenBucket {
    const { limiter } = this.#sharedOf(place)
    return openBucket({ ...this.openDeps(), ...(limiter ? { limiter } : {}) }, place)
  }

  /** Sends what is proven and not there yet. @throws OFFSITE_* that ended the run, or the signal's reason */
  async send(place: PlaceRow, options: SendOptions, signal: AbortSignal): Promise<SendReport> {
    try {
      return await this.#with(place, (bucket) => this.#sendTo(bucket, options, signal), signal)
    } catch (error) {
      if (error instanceof SafelightError) this.noteTrouble(place.id, error)
      throw error
    }
  }

  async #sendTo(bucket: OpenBucket, options: SendOptions, signal: AbortSignal): Promise<SendReport> {
    const { journal, clock } = this.#deps
    const { place } = bucket
    const shared = this.#sharedOf(place)
    // A command that runs without the helper clears away too: nobody else may ever do it.
    const isLost = (await shared.ledger.lost()).length > 0
    if (isLost || isSweepDue(lastSweepMs(journal, place.id), clock())) await this.#sweepIn(bucket, signal)
    // What Lightroom knows of the photos first: it is little, and nothing else can make it again.
    const catalogs = await this.sendCatalogs(bucket, signal)
    const sendDeps = {
      ...this.#sendDeps(place),
      underWay: this.#underWay,
      exclusively: <T>(act: () => Promise<T>) =>
        shared.limit(async () => {
          if (hasRecordsToSend(journal, place.id)) await this.#requireOurs(bucket, signal)
          return act()
        }),
      requireOurs: () => this.#requireOurs(bucket, signal),
    }
    const sent = await sendAll(bucket, options, sendDeps, signal)
    noteChainBreaks(journal, place.id, sent.warnings)
    this.settle(place.id)
    return { ...sent, warnings: [...catalogs.failed, ...sent.warnings] }
  }

  /** After a rebuild nothing is known of what a store can do: it is tried before the first thing that depends on it. A key that may not write
   *  there tries nothing, and then nothing is taken for granted. @throws OFFSITE_* when the store cannot be asked */
  async #tried(known: PlaceRow, signal: AbortSignal): Promise<PlaceRow> {
    const { journal, clock } = this.#deps
    const place = placeById(journal, known.id) ?? known
    const settings = readSettings(place)
    if (settings.probedMs > 0 || this.#untried.has(place.id)) return place
    const learned = await learnStore(this.openDeps(), place, clock, signal)
    if (!learned) this.#untried.add(place.id)
    if (!learned) return place
    if (learned.store.etagIsMd5 !== settings.store.etagIsMd5) this.#shared.delete(place.id)
    const row = { ...(placeById(journal, place.id) ?? place), settings: learned }
    savePlace(journal, row)
    return row
  }

  isStatusDue(placeId: string, status: StatusResult): boolean {
    return isStatusDue(this.#deps.journal, placeId, toLeave(status), this.#deps.clock())
  }

  /** Leaves the status in a bucket, for the other computers and for people. @throws OFFSITE_* */
  async leaveStatus(place: PlaceRow, status: StatusResult, signal: AbortSignal): Promise<void> {
    await this.#with(
      place,
      async (bucket) => {
        await this.#requireOurs(bucket, signal)
        const machine = { id: bucket.settings.machineId, host: os.hostname() }
        const json = `${JSON.stringify(machineStatus(status, machine), null, 2)}\n`
        const html = pageOf(this.#deps, status)
        await leaveStatus(bucket, toLeave(status), { json, html }, this.#sendDeps(place), signal)
      },
      signal,
    )
  }

  owesCatalogs(placeId: string): boolean {
    const { files, journal } = this.#deps
    return hasCatalogsToSend(journal, placeId, drivesHere({ files, journal }))
  }

  /** @throws OFFSITE_FOREIGN when another computer has taken the folder over */
  async #requireOurs(bucket: OpenBucket, signal: AbortSignal): Promise<void> {
    const { files, home } = this.#deps
    const areRecordsAsRead = (): Promise<boolean> => isChainAsRead(bucket, { files, home }, signal)
    await requireOwner(bucket, { ...this.#sendDeps(bucket.place), areRecordsAsRead }, signal)
  }

  /** The newest backup of each catalog, where a drive that is here has one that the bucket has not. */
  async sendCatalogs(bucket: OpenBucket, signal: AbortSignal): Promise<CatalogsSent> {
    if (this.owesCatalogs(bucket.place.id)) await this.#requireOurs(bucket, signal)
    const { files, journal } = this.#deps
    const drives = drivesHere({ files, journal })
    return this.#sharedOf(bucket.place).catalogs(() =>
      sendCatalogs(bucket, { ...this.#sendDeps(bucket.place), drives }, signal),
    )
  }

  #sendDeps(place: PlaceRow) {
    const { files, journal, clock, home } = this.#deps
    return {
      files,
      journal,
      home,
      hashEngine: chooseHashEngine(),
      now: clock,
      sleep: this.#deps.wait,
      ledger: this.#sharedOf(place).ledger,
      spoolFolder: spoolFolderOf(home, place.id),
    }
  }

  /** Clears unfinished uploads away. @throws OFFSITE_* */
  async sweep(place: PlaceRow, signal: AbortSignal): Promise<number> {
    return this.#with(place, (bucket) => this.#sweepIn(bucket, signal), signal)
  }

  async #sweepIn(bucket: OpenBucket, signal: AbortSignal): Promise<number> {
    const { journal, clock } = this.#deps
    const { ledger } = this.#sharedOf(bucket.place)
    const { aborted } = await sweepPlace(bucket, { journal, now: clock, ledger }, signal)
    return aborted
  }

  /** The monthly look at everything, and the locks that run out. @throws OFFSITE_* */
  async recheck(place: PlaceRow, signal: AbortSignal): Promise<RecheckReport> {
    const deps = { ...this.#lookDeps(), sleep: this.#deps.wait }
    return this.#with(
      place,
      async (bucket) => {
        const report = await recheckPlace(bucket, deps, signal)
        await renewLocks(bucket, deps, signal)
        return report
      },
      signal,
    )
  }

  /** A day's slice of every byte. @throws OFFSITE_* */
  async readBack(place: PlaceRow, bytesPerDay: number, signal: AbortSignal): Promise<ReadBackReport> {
    const deps = { ...this.#lookDeps(), hashEngine: chooseHashEngine() }
    return this.#with(place, (bucket) => readSliceBack(bucket, bytesPerDay, deps, signal), signal)
  }

  #lookDeps() {
    const { journal, clock, home } = this.#deps
    return { journal, now: clock, believed: readConfig(home).bestBefore }
  }

  /** A bucket was seen when it answered, not when it was meant to be asked. */
  async #with<T>(place: PlaceRow, act: (bucket: OpenBucket) => Promise<T>, signal: AbortSignal): Promise<T> {
    const { journal, clock } = this.#deps
    const bucket = this.open(await this.#tried(place, signal))
    try {
      return await act(bucket)
    } finally {
      const row = placeById(journal, place.id)
      if (row && bucket.store.hasAnswered()) savePlace(journal, { ...row, lastSeenMs: clock() })
      bucket.close()
    }
  }

  /** Nothing is wrong, and nothing is sent now. */
  notePause(placeId: string, why: string): void {
    const trouble: BucketTrouble = { code: 'PAUSED', message: `${why}.`, sinceMs: this.#deps.clock(), isPause: true }
    if (readTrouble(this.#deps.journal, placeId)?.message === trouble.message) return
    setMeta(this.#deps.journal, troubleKey(placeId), JSON.stringify(trouble))
  }

  noteTrouble(placeId: string, error: SafelightError, nextTryMs?: number): void {
    const trouble: BucketTrouble = {
      code: error.code,
      message: `${error.message} ${error.remedy}`,
      sinceMs: this.#deps.clock(),
      ...(nextTryMs === undefined ? {} : { nextTryMs }),
    }
    setMeta(this.#deps.journal, troubleKey(placeId), JSON.stringify(trouble))
  }

  /** Whatever stood in the way does so no longer. */
  settle(placeId: string): void {
    deleteMeta(this.#deps.journal, troubleKey(placeId))
  }

  openDeps(): OpenBucketDeps {
    const { wait, home, probe } = this.#deps
    return { sleep: wait, random: Math.random, home, ...(probe ? { probe } : {}) }
  }

  #sharedOf(place: PlaceRow): Shared {
    const known = this.#shared.get(place.id)
    if (known) return known
    const settings = readSettings(place)
    const { limitBytesPerSecond } = settings
    const shared: Shared = {
      limit: pLimit(1),
      catalogs: pLimit(1),
      ledger: ledgerOf(this.#deps.journal, place.id, settings.store),
      limiter:
        limitBytesPerSecond === undefined
          ? undefined
          : createLimiter(limitBytesPerSecond, { monotonicMs: () => performance.now(), sleep: this.#deps.wait }),
    }
    this.#shared.set(place.id, shared)
    return shared
  }
}

function toLeave(status: StatusResult): StatusToLeave {
  return { verdict: status.verdict, said: withoutDate(status) }
}
