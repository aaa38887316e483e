// Off-site copies with nobody asking: the helper sends what is proven to every bucket, clears unfinished uploads away at start and daily,
// looks at everything again each month, reads a little back every day, lengthens locks before they run out. What cannot be done now is tried again, at growing intervals and
// without end, and what stands in the way is told. One piece of work per bucket at a time; buckets do not wait for one another.
import { isOfHome, SafelightError } from '../errors.js'
import type { Journal } from '../journal/journal.js'
import { lostEarlier, pendingCopies } from '../journal/offsite.js'
import type { PlaceRow } from '../journal/places.js'
import { hasRecordsToSend } from '../offsite/records.js'
import { isReadBackDue, isRecheckDue, lastReadBack, lastRecheckMs } from '../offsite/recheck-place.js'
import { isSweepDue, lastSweepMs } from '../offsite/sweep-place.js'
import type { MayUpload } from '../offsite/upload-times.js'
import { isReached } from '../wall-clock.js'
import type { StatusResult } from '../../shared/methods.js'
import type { BucketRoom } from './bucket-room.js'

export interface BucketKeeperDeps {
  readonly journal: Journal
  readonly clock: () => number
  /** Between 0 (included) and 1 (excluded); spreads what failed together. */
  readonly random: () => number
  readonly buckets: Pick<
    BucketRoom,
    | 'places'
    | 'send'
    | 'sweep'
    | 'recheck'
    | 'readBack'
    | 'noteTrouble'
    | 'notePause'
    | 'settle'
    | 'owesCatalogs'
    | 'isStatusDue'
    | 'leaveStatus'
  >
  /** Whether the hour and the connection allow it. */
  readonly mayUpload: () => Promise<MayUpload>
  /** What may be read back from each bucket a day; 0: nothing by itself. */
  readonly readBackBytesPerDay: number
  /** Why nothing is read back now, in words. Sending does not wait for it. */
  readonly reasonToWait: () => Promise<string | undefined>
  /** Keeps the computer awake while something is sent. */
  readonly stayAwake: <T>(act: () => Promise<T>) => Promise<T>
  /** Told when something has arrived: what Lightroom told of may be proven now. */
  readonly onSent: () => void
  readonly onFault: (error: unknown, what: string) => void
}

export interface BucketTimes {
  /** Between two looks whether something is waiting, or due. */
  readonly lookMs: number
  /** Between the first two tries of what failed; doubled with every further one. */
  readonly retryMs: number
}

/** The longest wait between two tries: when the internet is back after a night, a quarter of an hour is soon enough. */
const LONGEST_RETRY_MS = 15 * 60_000

interface Shift {
  work: Promise<void> | undefined
  stop: AbortController | undefined
  failures: number
  notBeforeMs: number
  isSwept: boolean
  /** Something may have come since it was last through. */
  isNews: boolean
  lookedMs: number
}

/** Even when nobody told of anything: events can be lost. */
const LOOK_ANYWAY_MS = 5 * 60_000

export class BucketKeeper {
  readonly #deps: BucketKeeperDeps
  readonly #times: BucketTimes
  readonly #shifts = new Map<string, Shift>()
  #timer: NodeJS.Timeout | undefined
  #looking: Promise<void> | undefined
  #isClosed = false
  #readBackWaits = false
  #status: StatusResult | undefined

  constructor(deps: BucketKeeperDeps, times: BucketTimes) {
    this.#deps = deps
    this.#times = times
  }

  start(): void {
    this.#timer = setInterval(() => this.#tick(), this.#times.lookMs)
    this.wake()
  }

  /** Something may be waiting. */
  wake(): void {
    for (const shift of this.#shifts.values()) shift.isNews = true
    this.#tick()
  }

  /** The status as it is now: what is left in the buckets. */
  know(status: StatusResult): void {
    this.#status = status
  }

  #tick(): void {
    if (this.#isClosed || this.#looking) return
    this.#looking = this.#look()
      .catch((error: unknown) => this.#deps.onFault(error, 'looking what is to go off-site'))
      .finally(() => {
        this.#looking = undefined
      })
  }

  /** Resolves when what can be done now is done. */
  async idle(): Promise<void> {
    await this.#looking
    await Promise.all([...this.#shifts.values()].map(({ work }) => work ?? Promise.resolve()))
  }

  async close(): Promise<void> {
    this.#isClosed = true
    clearInterval(this.#timer)
    await this.#looking
    for (const { stop } of this.#shifts.values()) stop?.abort(new Error('the helper stops'))
    await Promise.all([...this.#shifts.values()].map(({ work }) => work ?? Promise.resolve()))
  }

  async #look(): Promise<void> {
    const known = this.#deps.buckets.places()
    this.#readBackWaits = false
    this.#readBackWaits =
      known.some((place) => this.#isReadBackDue(place)) && (await this.#deps.reasonToWait()) !== undefined
    const places = known.filter((place) => this.#isDue(place))
    if (places.length === 0) return
    const may = await this.#deps.mayUpload()
    for (const place of places) {
      const shift = this.#shiftOf(place.id)
      if (!may.may) {
        shift.stop?.abort(new Error(may.why))
        this.#deps.buckets.notePause(place.id, may.why)
      } else if (!shift.work && !this.#isClosed) {
        this.#begin(place, shift)
      }
    }
  }

  #isDue(place: PlaceRow): boolean {
    const { journal, clock } = this.#deps
    const shift = this.#shiftOf(place.id)
    if (shift.work) return true
    const nowMs = clock()
    if (!isReached(shift.notBeforeMs, nowMs, LONGEST_RETRY_MS)) return false
    const isUpkeepDue =
      !shift.isSwept ||
      isSweepDue(lastSweepMs(journal, place.id), nowMs) ||
      isRecheckDue(lastRecheckMs(journal, place.id), nowMs) ||
      this.#isReadBackDue(place) ||
      this.#isStatusDue(place)
    if (isUpkeepDue) return true
    // Asking goes through every file of the library, so it is not done for nothing.
    if (!shift.isNews && Math.abs(nowMs - shift.lookedMs) < LOOK_ANYWAY_MS) return false
    shift.lookedMs = nowMs
    shift.isNews = this.#hasWork(place.id)
    return shift.isNews
  }

  #begin(place: PlaceRow, shift: Shift): void {
    const stop = new AbortController()
    shift.stop = stop
    shift.work = this.#run(place, shift, stop.signal)
      .catch((error: unknown) => this.#deps.onFault(error, `sending to "${place.name}"`))
      .finally(() => {
        shift.work = undefined
        shift.stop = undefined
      })
  }

  async #run(place: PlaceRow, shift: Shift, signal: AbortSignal): Promise<void> {
    const { journal, clock, buckets } = this.#deps
    try {
      if (!shift.isSwept || isSweepDue(lastSweepMs(journal, place.id), clock())) {
        await buckets.sweep(place, signal)
        shift.isSwept = true
      }
      // Before sending, so that what went missing is sent in the same shift.
      if (isRecheckDue(lastRecheckMs(journal, place.id), clock())) await buckets.recheck(place, signal)
      let isStuck = false
      if (this.#hasWork(place.id)) {
        const { filesSent, filesCopied, findings } = await this.#deps.stayAwake(() => buckets.send(place, {}, signal))
        if (filesSent + filesCopied > 0) this.#deps.onSent()
        isStuck = findings.length > 0
      } else {
        buckets.settle(place.id)
      }
      // After sending: what is new is more urgent than what is old. What is found bad is sent in the next shift.
      if (this.#isReadBackDue(place)) await buckets.readBack(place, this.#deps.readBackBytesPerDay, signal)
      if (this.#status && this.#isStatusDue(place)) await buckets.leaveStatus(place, this.#status, signal)
      // What could not be sent is tried again, but not at once: nothing has changed about it.
      if (isStuck) {
        this.#putOff(shift)
        return
      }
      shift.isNews = this.#hasWork(place.id)
      shift.failures = 0
      shift.notBeforeMs = 0
    } catch (error) {
      if (signal.aborted) return
      this.#putOff(shift)
      // Said before it is noted: a damaged journal may not take the note.
      if (!(error instanceof SafelightError) || isOfHome(error)) this.#deps.onFault(error, `sending to "${place.name}"`)
      if (error instanceof SafelightError) buckets.noteTrouble(place.id, error, shift.notBeforeMs)
    }
  }

  #isStatusDue({ id }: PlaceRow): boolean {
    const { buckets } = this.#deps
    return this.#status !== undefined && buckets.isStatusDue(id, this.#status)
  }

  /** The first slice is read a day after a place was added. */
  #isReadBackDue({ id, addedMs }: PlaceRow): boolean {
    if (this.#readBackWaits) return false
    const { journal, clock, readBackBytesPerDay } = this.#deps
    return isReadBackDue(lastReadBack(journal, id) ?? { atMs: addedMs, bytes: 0 }, readBackBytesPerDay, clock())
  }

  #hasWork(placeId: string): boolean {
    const { journal, buckets } = this.#deps
    return (
      hasRecordsToSend(journal, placeId) ||
      [pendingCopies, lostEarlier].some((look) => look(journal, placeId, undefined, 1).length > 0) ||
      buckets.owesCatalogs(placeId)
    )
  }

  #putOff(shift: Shift): void {
    const { clock, random } = this.#deps
    shift.notBeforeMs = clock() + retryAfterMs(shift.failures, this.#times.retryMs, random())
    shift.failures += 1
  }

  #shiftOf(placeId: string): Shift {
    const known = this.#shifts.get(placeId)
    if (known) return known
    const shift: Shift = {
      work: undefined,
      stop: undefined,
      failures: 0,
      notBeforeMs: 0,
      isSwept: false,
      isNews: true,
      lookedMs: 0,
    }
    this.#shifts.set(placeId, shift)
    return shift
  }
}

/** Pure. @param random  between 0 and 1: between half the time and all of it */
export function retryAfterMs(failures: number, firstMs: number, random: number): number {
  const longest = Math.max(firstMs, LONGEST_RETRY_MS)
  return Math.round(Math.min(longest, firstMs * 2 ** Math.min(failures, 20)) * (0.5 + random / 2))
}
