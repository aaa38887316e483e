// One run of sending to one bucket: everything that is proven somewhere and not confirmed there, shoot by shoot, the records of a shoot after
// its photos. May be stopped or killed at any moment and begun again; what was confirmed is not sent twice. A file that cannot be sent is a
// finding and the others go on; a store that is away, full or refuses the key ends the run, and its error says so.
import { ERROR_CODES, isOfHome, SafelightError, type ErrorCode } from '../errors.js'
import { lostEarlier, pendingCopies, type PendingCopy } from '../journal/offsite.js'
import { listShoots, type ShootRow } from '../journal/shoots.js'
import type { Finding } from '../../shared/methods.js'
import { drivesHere, type CandidateDeps } from './candidates.js'
import { inPlainNames } from './names.js'
import { createLanes } from './lanes.js'
import type { OpenBucket } from './open-bucket.js'
import { PartBuffers } from './part-buffers.js'
import { DEFAULT_PART_BYTES } from './parts.js'
import { sendRecords, type RecordDeps } from './records.js'
import { sendCopy } from './send-copy.js'
import type { UploadProgress } from './upload.js'

export interface SendRunDeps extends RecordDeps, CandidateDeps {
  /** Keys that another run of this process is sending now, and how to wait for it. */
  readonly underWay: Map<string, Promise<void>>
  /** One at a time for this place: its records are written in one folder. */
  readonly exclusively: <T>(act: () => Promise<T>) => Promise<T>
  /** Called before anything is sent. @throws what forbids it */
  readonly requireOurs: () => Promise<void>
}

export interface SendOptions {
  /** Only these; everything when left out. */
  readonly shootIds?: () => ReadonlySet<number>
  /** Whether more may come: then the run waits for it instead of ending. Resolves to false when nothing will. */
  readonly more?: () => Promise<boolean>
  readonly onProgress?: (progress: SendProgress) => void
}

export interface SendProgress {
  readonly filesDone: number
  readonly filesTotal: number
  readonly bytesDone: number
  readonly bytesTotal: number
}

export interface SendReport {
  readonly filesSent: number
  readonly bytesSent: number
  /** Copied inside the bucket: moved and renamed files. */
  readonly filesCopied: number
  readonly findings: readonly Finding[]
  readonly warnings: readonly string[]
}

/** Files looked up at once; after each full lot the records of what is complete are sent. */
const LOT_FILES = 500
/** So many small files are under way at once, or half as many large ones: while one is confirmed and written down, others are sent. */
const LANES = 8
const LANES_OF_A_LARGE_FILE = 2
const PARTS_OF_ONE_FILE = 4

/** What ends a run, because every further file would meet it too. */
const ENDS_THE_RUN: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'OFFSITE_UNREACHABLE',
  'OFFSITE_DENIED',
  'OFFSITE_CLOCK',
  'OFFSITE_FULL',
  'OFFSITE_SUSPENDED',
  'OFFSITE_ADDRESS',
  'CONFIG_INVALID',
])

/** @throws OFFSITE_* that ends the run, or the signal's reason */
export async function sendAll(
  bucket: OpenBucket,
  options: SendOptions,
  deps: SendRunDeps,
  signal?: AbortSignal,
): Promise<SendReport> {
  const run = new SendRun(bucket, options, deps, signal)
  try {
    for (;;) {
      const lot = run.nextLot()
      if (lot.length > 0) await run.begin(lot)
      else if (!(await run.waitForMore())) break
      if (lot.length < LOT_FILES) continue
      await run.settled()
      await run.sendRecords(false)
    }
    await run.sendRecords(true)
    return run.report()
  } finally {
    await run.end()
  }
}

class SendRun {
  readonly #bucket: OpenBucket
  readonly #options: SendOptions
  readonly #deps: SendRunDeps
  readonly #signal: AbortSignal | undefined
  readonly #findings: Finding[] = []
  readonly #warnings = new Set<string>()
  /** Tried in this run without success; they are tried again by the next one. */
  readonly #given = new Set<string>()
  readonly #partial = new Map<string, number>()
  readonly #buffers = new PartBuffers()
  readonly #lanes = createLanes(LANES)
  readonly #underWay = new Set<Promise<void>>()
  /** Ends what is under way: when the run is told to, and when one of them met what every other would meet. */
  readonly #stop = new AbortController()
  #failure: unknown
  #filesSent = 0
  #filesCopied = 0
  #bytesSent = 0
  #filesDone = 0
  #bytesDone = 0

  constructor(bucket: OpenBucket, options: SendOptions, deps: SendRunDeps, signal: AbortSignal | undefined) {
    this.#bucket = bucket
    this.#options = options
    this.#deps = deps
    this.#signal = signal
    signal?.addEventListener('abort', this.#forward, { once: true })
  }

  readonly #forward = (): void => {
    this.#stop.abort(this.#signal?.reason)
  }

  /** What is not under way yet. @throws what one of those under way met */
  nextLot(): PendingCopy[] {
    this.#requireNoFailure()
    return this.#pending(LOT_FILES + this.#given.size).slice(0, LOT_FILES)
  }

  #pending(limit: number): PendingCopy[] {
    const { journal } = this.#deps
    const placeId = this.#bucket.place.id
    const shootIds = this.#options.shootIds?.()
    const asked = shootIds === undefined ? [undefined] : [...shootIds]
    const rows = [pendingCopies, lostEarlier].flatMap((look) =>
      asked.flatMap((shootId) => look(journal, placeId, shootId, limit)),
    )
    return rows.filter((pending) => !this.#given.has(nameOf(pending)))
  }

  /** Each is sent when a lane is free for it. */
  async begin(lot: readonly PendingCopy[]): Promise<void> {
    await this.#deps.requireOurs()
    const shoots = new Map(listShoots(this.#deps.journal).map((row) => [row.id, row]))
    const drives = drivesHere(this.#deps)
    for (const pending of lot) {
      const shoot = shoots.get(pending.shootId)
      if (!shoot) throw new Error(`journal: shoot ${pending.shootId} is not there`)
      this.#given.add(nameOf(pending))
      const sending = this.#lanes
        .run(lanesFor(pending.sizeBytes), async () => {
          if (!this.#stop.signal.aborted) await this.#sendOne(shoot, pending, drives, this.#stop.signal)
        })
        .catch((error: unknown) => {
          this.#failure ??= error
          this.#stop.abort(error)
        })
        .finally(() => this.#underWay.delete(sending))
      this.#underWay.add(sending)
    }
  }

  /** @returns whether to look again: something may have come, or what was under way may have left something to be sent */
  async waitForMore(): Promise<boolean> {
    const { more } = this.#options
    if (this.#underWay.size === 0) return (await more?.()) ?? false
    const through = this.#allThrough().then(() => true)
    const mayCome = more !== undefined && (await Promise.race([through, more()]))
    if (!mayCome) await through
    return true
  }

  /** Nothing is under way any more. @throws what one of them met */
  async settled(): Promise<void> {
    await this.#allThrough()
    this.#requireNoFailure()
  }

  /** Whatever is still under way is stopped. */
  async end(): Promise<void> {
    this.#stop.abort(this.#signal?.reason)
    await this.#allThrough()
    this.#signal?.removeEventListener('abort', this.#forward)
  }

  async #allThrough(): Promise<void> {
    await Promise.all(this.#underWay)
  }

  #requireNoFailure(): void {
    this.#signal?.throwIfAborted()
    const failure = this.#failure
    if (failure === undefined) return
    throw failure instanceof Error ? failure : new Error('sending failed', { cause: failure })
  }

  async #sendOne(
    shoot: ShootRow,
    pending: PendingCopy,
    drives: ReturnType<typeof drivesHere>,
    signal: AbortSignal,
  ): Promise<void> {
    const name = `${shoot.key}/${pending.path}`
    const { underWay } = this.#deps
    const id = `${this.#bucket.place.id} ${name}`
    const other = underWay.get(id)
    if (other) {
      // Another run of this process sends it: this one only waits until it is through.
      await other
      return
    }
    const { promise, resolve } = withResolver()
    underWay.set(id, promise)
    try {
      const deps = {
        ...this.#deps,
        drives,
        concurrency: PARTS_OF_ONE_FILE,
        buffers: this.#buffers,
        onProgress: this.#note,
      }
      const outcome = await sendCopy(this.#bucket, shoot, pending, deps, signal)
      if (outcome.kind === 'no-source') this.#find(shoot, pending, 'missing', NO_SOURCE)
      if (outcome.kind === 'sent') this.#filesSent += 1
      if (outcome.kind === 'copied') this.#filesCopied += 1
    } catch (error) {
      if (!(error instanceof SafelightError) || isOfHome(error) || ENDS_THE_RUN.has(error.code)) throw error
      this.#find(shoot, pending, kindOf(error.code), `${error.message} ${error.remedy}`)
    } finally {
      underWay.delete(id)
      resolve()
      this.#filesDone += 1
      this.#bytesDone += pending.sizeBytes
      this.#tell()
    }
  }

  readonly #note = ({ key, sentBytes, reusedBytes, sizeBytes }: UploadProgress): void => {
    const before = this.#partial.get(key) ?? 0
    this.#bytesSent += sentBytes - before
    if (sentBytes + reusedBytes >= sizeBytes) this.#partial.delete(key)
    else this.#partial.set(key, sentBytes)
    this.#tell()
  }

  #tell(): void {
    const { onProgress } = this.#options
    if (!onProgress) return
    const waiting = this.#totals()
    const partial = [...this.#partial.values()].reduce((sum, bytes) => sum + bytes, 0)
    onProgress({
      filesDone: this.#filesDone,
      filesTotal: this.#filesDone + waiting.files,
      bytesDone: this.#bytesDone + partial,
      bytesTotal: this.#bytesDone + waiting.bytes,
    })
  }

  #known: { readonly files: number; readonly bytes: number; readonly doneThen: number } | undefined

  /** What is waiting, counted anew now and then; a count for every part would cost more than sending it. */
  #totals(): { files: number; bytes: number } {
    if (!this.#known || this.#filesDone - this.#known.doneThen >= LOT_FILES) {
      const rows = this.#pending(-1)
      const bytes = rows.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
      this.#known = { files: rows.length, bytes, doneThen: this.#filesDone }
    }
    return this.#known
  }

  #find({ key }: ShootRow, { path }: PendingCopy, kind: string, message: string): void {
    const { keySpace, place } = this.#bucket
    this.#findings.push({ kind, place: place.name, shoot: key, file: path, message: inPlainNames(keySpace, message) })
  }

  /** @param isEnd  nothing more is waiting: shoots of which a file could not be sent are sealed as they are */
  async sendRecords(isEnd: boolean): Promise<void> {
    const scope = this.#options.shootIds?.()
    const open = isEnd ? new Set<number>() : new Set(this.#pending(-1).map(({ shootId }) => shootId))
    const isReady = (shootId: number): boolean => !open.has(shootId) && (scope === undefined || scope.has(shootId))
    const warnings = await this.#deps.exclusively(() => sendRecords(this.#bucket, isReady, this.#deps, this.#signal))
    for (const warning of warnings) this.#warnings.add(warning)
  }

  report(): SendReport {
    return {
      filesSent: this.#filesSent,
      bytesSent: this.#bytesSent,
      filesCopied: this.#filesCopied,
      findings: this.#findings,
      warnings: [...this.#warnings],
    }
  }
}

/** Within one run. */
function nameOf({ versionId, path }: PendingCopy): string {
  return `${versionId} ${path}`
}

const NO_SOURCE =
  'no drive that is connected has its bytes, and the original is not as it was; it is sent when one comes'

function lanesFor(sizeBytes: number): number {
  return sizeBytes > DEFAULT_PART_BYTES ? LANES_OF_A_LARGE_FILE : 1
}

function kindOf(code: ErrorCode): string {
  if (code === 'COPY_DIFFERS') return 'damaged'
  if (code === 'OFFSITE_REFUSED') return 'name'
  return ERROR_CODES[code].exit >= 30 ? 'unconfirmed' : 'unreadable'
}

function withResolver(): { promise: Promise<void>; resolve: () => void } {
  let resolve: () => void = () => undefined
  const promise = new Promise<void>((done) => {
    resolve = done
  })
  return { promise, resolve }
}
