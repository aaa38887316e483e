// A backup and the buckets, together: while the drives are written, what is proven already goes off-site; the backup's answer comes when both
// are through, and says of each bucket how much of these shoots it has confirmed. Trouble with a bucket takes nothing away from the drives.
import { ERROR_CODES, isOfHome, SafelightError } from '../errors.js'
import type { Progress } from '../engine/progress.js'
import type { Journal } from '../journal/journal.js'
import { offsiteCounts, type OffsiteCount } from '../journal/offsite.js'
import type { PlaceRow } from '../journal/places.js'
import { number } from '../journal/rows.js'
import { listShoots, listSources } from '../journal/shoots.js'
import type { SendProgress, SendReport } from '../offsite/send.js'
import type { BackupResult } from '../../shared/methods.js'
import type { BucketRoom } from './bucket-room.js'

export interface AlongsideDeps {
  readonly journal: Journal
  readonly clock: () => number
  readonly buckets: BucketRoom
}

export interface AlongsideRequest {
  /** Folders that are backed up: their shoots are sent. */
  readonly folders: readonly string[]
  /** Writes the drives; told how far that is. */
  readonly backUp: (onProgress: (progress: Progress) => void) => Promise<BackupResult>
}

/** Between two looks for newly proven copies while the drives are written: ten times what a look takes, within these. */
const LOOKS_MS = { least: 20, most: 300 }

export async function backUpAndSend(
  { journal, clock, buckets }: AlongsideDeps,
  { folders, backUp }: AlongsideRequest,
  signal: AbortSignal,
  onProgress: (progress: Progress) => void,
): Promise<BackupResult> {
  const places = buckets.places()
  if (places.length === 0) return backUp(onProgress)
  const engine = { isOver: false }
  let wake: () => void = () => undefined
  const over = new Promise<void>((resolve) => {
    wake = resolve
  })
  const backedUp = backUp(onProgress).finally(() => {
    engine.isOver = true
    wake()
  })
  const meter = new SendMeter(clock)
  const sending = places.map((place) => {
    let hasLookedAgain = false
    let lookedSince = performance.now()
    const more = async (): Promise<boolean> => {
      if (engine.isOver) {
        const isLast = hasLookedAgain
        hasLookedAgain = true
        return !isLast
      }
      const tookMs = performance.now() - lookedSince
      await Promise.race([pause(Math.min(LOOKS_MS.most, Math.max(LOOKS_MS.least, 10 * tookMs))), over])
      lookedSince = performance.now()
      return true
    }
    const tell = (progress: SendProgress): void => {
      if (engine.isOver) onProgress(meter.show(place.id, progress))
    }
    return sendSafely(buckets, place, { shootIds: () => shootsOf(journal, folders), more, onProgress: tell }, signal)
  })
  const [result, ...sent] = await Promise.allSettled([backedUp, ...sending])
  if (result.status === 'rejected') throw result.reason
  const outcomes = sent.map((each, index) => {
    const place = places[index]
    if (!place) throw new Error('more was sent than there are places')
    if (each.status === 'rejected') throw each.reason
    return outcomeAt(journal, place, shootsOf(journal, folders), each.value, clock())
  })
  return withOffsite(result.value, outcomes, signal.aborted)
}

type Sent = SendReport | { readonly failure: SafelightError } | 'stopped'

async function sendSafely(
  buckets: BucketRoom,
  place: PlaceRow,
  options: Parameters<BucketRoom['send']>[1],
  signal: AbortSignal,
): Promise<Sent> {
  try {
    return await buckets.send(place, options, signal)
  } catch (error) {
    if (signal.aborted) return 'stopped'
    if (error instanceof SafelightError && !isOfHome(error)) return { failure: error }
    throw error
  }
}

function shootsOf(journal: Journal, folders: readonly string[]): Set<number> {
  const sources = new Set(
    listSources(journal)
      .filter((source) => folders.includes(source.path))
      .map(({ id }) => id),
  )
  return new Set(
    listShoots(journal)
      .filter((row) => sources.has(row.sourceId))
      .map(({ id }) => id),
  )
}

/** What a bucket has of the shoots that were asked for. */
export interface OffsiteOutcome {
  readonly place: string
  readonly files: number
  readonly confirmed: number
  readonly locked: number
  readonly lockedUntilMs?: number
  readonly isLockWished: boolean
  readonly sent: Sent
}

function outcomeAt(
  journal: Journal,
  place: PlaceRow,
  shootIds: ReadonlySet<number>,
  sent: Sent,
  nowMs: number,
): OffsiteOutcome {
  const counts = offsiteCounts(journal, nowMs).filter(
    ({ placeId, shootId }) => placeId === place.id && shootIds.has(shootId),
  )
  const sum = (pick: (count: OffsiteCount) => number): number => counts.reduce((all, count) => all + pick(count), 0)
  const ends = counts.flatMap(({ lockedUntilMs }) => (lockedUntilMs === undefined ? [] : [lockedUntilMs]))
  return {
    place: place.name,
    files: filesOf(journal, shootIds),
    confirmed: sum(({ confirmed }) => confirmed),
    locked: sum(({ locked }) => locked),
    ...(ends.length === 0 ? {} : { lockedUntilMs: Math.min(...ends) }),
    isLockWished: place.settings['lock'] !== undefined,
    sent,
  }
}

function filesOf(journal: Journal, shootIds: ReadonlySet<number>): number {
  return journal
    .all('SELECT shoot_id, count(*) AS n FROM files WHERE version_id IS NOT NULL GROUP BY shoot_id')
    .filter((row) => shootIds.has(number(row, 'shoot_id')))
    .reduce((sum, row) => sum + number(row, 'n'), 0)
}

/** Pure: the answer of the drives, with what became of the buckets. */
export function withOffsite(
  result: BackupResult,
  outcomes: readonly OffsiteOutcome[],
  isInterrupted: boolean,
): BackupResult {
  const findings = outcomes.flatMap(({ sent }) => (isReport(sent) ? sent.findings : []))
  const exits = outcomes.map((outcome) => exitOf(outcome, isInterrupted))
  const exitCode = result.exitCode !== 0 ? result.exitCode : (exits.find((code) => code !== 0) ?? 0)
  return {
    ...result,
    ok: exitCode === 0,
    exitCode,
    summary: [result.summary, ...outcomes.map(sentenceOf)].join(' '),
    findings: [...result.findings, ...findings],
    warnings: [...result.warnings, ...outcomes.flatMap(({ sent }) => (isReport(sent) ? sent.warnings : []))],
    offsite: outcomes.map((outcome) => {
      const { place, files, confirmed, locked, lockedUntilMs, sent } = outcome
      const trouble = troubleOf(sent)
      return {
        place,
        files,
        confirmed,
        locked,
        filesSent: isReport(sent) ? sent.filesSent + sent.filesCopied : 0,
        bytesSent: isReport(sent) ? sent.bytesSent : 0,
        ...(lockedUntilMs === undefined ? {} : { lockedUntil: new Date(lockedUntilMs).toISOString() }),
        ...(trouble === undefined ? {} : { trouble }),
      }
    }),
  }
}

function isReport(sent: Sent): sent is SendReport {
  return sent !== 'stopped' && !('failure' in sent)
}

function troubleOf(sent: Sent): string | undefined {
  if (sent === 'stopped') return 'it was stopped'
  if ('failure' in sent) return `${sent.failure.message} ${sent.failure.remedy}`
  return sent.findings[0]?.message
}

function exitOf({ files, confirmed, locked, isLockWished, sent }: OffsiteOutcome, isInterrupted: boolean): number {
  if (sent !== 'stopped' && 'failure' in sent) return sent.failure.exitCode
  if (isInterrupted || sent === 'stopped') return ERROR_CODES.INTERRUPTED.exit
  if (confirmed < files) return ERROR_CODES.OFFSITE_UNCONFIRMED.exit
  return isLockWished && locked < files ? ERROR_CODES.OFFSITE_UNLOCKED.exit : 0
}

function sentenceOf({ place, files, confirmed, locked, lockedUntilMs, isLockWished, sent }: OffsiteOutcome): string {
  const trouble = troubleOf(sent)
  if (confirmed < files) {
    const why = trouble === undefined ? '' : ` ${trouble.replace(/\.?$/, '.')}`
    return `Off-site, "${place}" has confirmed ${confirmed} of ${files} files; the others do not count yet.${why}`
  }
  if (trouble !== undefined) return `Off-site, "${place}" has confirmed all ${files} files, but: ${trouble}`
  if (locked >= files && lockedUntilMs !== undefined && files > 0)
    return `Off-site, all ${files} files are confirmed by "${place}" and locked until ${new Date(lockedUntilMs).toISOString().slice(0, 10)}.`
  return isLockWished
    ? `Off-site, all ${files} files are confirmed by "${place}", but only ${locked} of them are locked.`
    : `Off-site, all ${files} files are confirmed by "${place}".`
}

/** Rate and time left of what goes over the line. */
class SendMeter {
  readonly #clock: () => number
  readonly #progress = new Map<string, SendProgress>()
  readonly #begunMs: number

  constructor(clock: () => number) {
    this.#clock = clock
    this.#begunMs = clock()
  }

  show(placeId: string, progress: SendProgress): Progress {
    this.#progress.set(placeId, progress)
    const all = [...this.#progress.values()]
    const sum = (pick: (each: SendProgress) => number): number => all.reduce((total, each) => total + pick(each), 0)
    const bytesDone = sum((each) => each.bytesDone)
    const bytesTotal = sum((each) => each.bytesTotal)
    const seconds = (this.#clock() - this.#begunMs) / 1000
    const bytesPerSecond = seconds > 0 ? Math.round(bytesDone / seconds) : 0
    return {
      stage: 'sending off-site',
      filesDone: sum((each) => each.filesDone),
      filesTotal: sum((each) => each.filesTotal),
      bytesDone,
      bytesTotal,
      bytesPerSecond,
      ...(bytesPerSecond > 0 ? { secondsLeft: Math.round((bytesTotal - bytesDone) / bytesPerSecond) } : {}),
    }
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}
