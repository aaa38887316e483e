// The helper's own work, with nobody asking: what Lightroom told is copied as soon as a drive is there, and every known shoot is looked at
// again now and then, so that sidecars written later and events that were lost are protected too. One piece of work at a time; what cannot
// be done now stays owed, says why, and is tried again when a drive comes or a while has passed.
import path from 'node:path'
import { describeError, SafelightError } from '../errors.js'
import type { DurableFiles } from '../files/durable.js'
import { filesOfShoot, verifiedElsewhere } from '../journal/files.js'
import type { Journal } from '../journal/journal.js'
import { listPlaces } from '../journal/places.js'
import { listShoots, listSources } from '../journal/shoots.js'
import { fulfil, listCatalogs, listWanted, sayWhy, type WantedRow } from '../journal/wanted.js'
import { stateOfPlace } from '../place/places.js'
import type { SourcePath } from '../engine/sources.js'
import { isReached } from '../wall-clock.js'
import type { BackupResult } from '../../shared/methods.js'

export interface QueueDeps {
  readonly files: DurableFiles
  readonly journal: Journal
  readonly clock: () => number
  /** Resolves when it is known which drives answer; the others are not waited for. */
  readonly drivesAnswer?: () => Promise<void>
  /** Backs these up to every place that is there. */
  backUp(sources: readonly SourcePath[], signal: AbortSignal): Promise<BackupResult>
  /** Told what went wrong in work that nobody waits for. */
  onFault(error: unknown, what: string): void
}

export interface QueueTimes {
  /** Between two looks whether a drive has come or gone. */
  readonly driveCheckMs: number
  /** Between two tries of what failed while its drive was there. */
  readonly retryMs: number
  /** Between two looks at every known shoot. */
  readonly sweepMs: number
}

export const QUEUE_TIMES: QueueTimes = { driveCheckMs: 15_000, retryMs: 5 * 60_000, sweepMs: 60 * 60_000 }

/** Photos taken on in one go; the rest follows at once. */
const WANTED_AT_ONCE = 2000

export class Queue {
  readonly #deps: QueueDeps
  readonly #times: QueueTimes
  readonly #stop = new AbortController()
  #timer: NodeJS.Timeout | undefined
  #work: Promise<void> | undefined
  #isAskedAgain = false
  #sweepIsDue = false
  #placesSeen = ''
  #notBeforeMs = 0
  #nextSweepMs = 0

  constructor(deps: QueueDeps, times: QueueTimes = QUEUE_TIMES) {
    this.#deps = deps
    this.#times = times
  }

  /** Begins: what was left owed the last time, and a look at everything. */
  start(): void {
    this.#timer = setInterval(() => void this.#drivesAnswer().then(() => this.#look()), this.#times.driveCheckMs)
    this.sweepSoon()
  }

  /** Something new is owed. */
  wake(): void {
    this.#notBeforeMs = 0
    this.#begin()
  }

  /** Every known shoot is to be looked at. */
  sweepSoon(): void {
    this.#sweepIsDue = true
    this.wake()
  }

  /** Resolves when what can be done now is done. */
  async idle(): Promise<void> {
    while (this.#work) await this.#work
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    this.#stop.abort()
    await this.#work
  }

  /** A drive that came may be what everything waits for. */
  #look(): void {
    if (this.#stop.signal.aborted) return
    const here = this.#placesHere()
    const hasChanged = here !== this.#placesSeen
    this.#placesSeen = here
    const nowMs = this.#deps.clock()
    if (isReached(this.#nextSweepMs, nowMs, this.#times.sweepMs)) this.#sweepIsDue = true
    if (hasChanged) this.sweepSoon()
    else if (isReached(this.#notBeforeMs, nowMs, this.#times.retryMs)) this.#begin()
  }

  async #drivesAnswer(): Promise<void> {
    await this.#deps.drivesAnswer?.()
  }

  #placesHere(): string {
    return listPlaces(this.#deps.journal)
      .filter((place) => stateOfPlace(this.#deps.files, place) === 'here')
      .map((place) => place.id)
      .join(' ')
  }

  #begin(): void {
    if (this.#stop.signal.aborted) return
    if (this.#work) {
      this.#isAskedAgain = true
      return
    }
    this.#work = this.#run().finally(() => {
      this.#work = undefined
      if (this.#isAskedAgain) {
        this.#isAskedAgain = false
        this.#begin()
      }
    })
  }

  async #run(): Promise<void> {
    try {
      await this.#drivesAnswer()
      this.#placesSeen = this.#placesHere()
      const hasBuckets = listPlaces(this.#deps.journal).some((place) => place.kind === 'bucket')
      if (this.#placesSeen === '' && !hasBuckets) {
        const rows = listWanted(this.#deps.journal)
        const why =
          listPlaces(this.#deps.journal).length === 0
            ? 'no drive for copies has been chosen yet'
            : 'no drive for copies is connected'
        this.#deps.journal.transaction(() =>
          sayWhy(
            this.#deps.journal,
            rows.map((row) => row.id),
            why,
          ),
        )
        return
      }
      while (await this.#protectSome()) if (this.#stop.signal.aborted) return
      if (this.#sweepIsDue) await this.#sweep()
    } catch (error) {
      this.#notBeforeMs = this.#deps.clock() + this.#times.retryMs
      this.#deps.onFault(error, 'protecting what Lightroom imported')
    }
  }

  /** @returns whether anything was brought to an end, so that looking for more is worth while */
  async #protectSome(): Promise<boolean> {
    const { journal, clock } = this.#deps
    const rows = listWanted(journal, WANTED_AT_ONCE)
    if (rows.length === 0) return false
    // A root that is not there is a drive that is away: its files wait, and nothing is looked for in its stead.
    const here = rows.filter((row) => this.#deps.files.stat(row.root)?.kind === 'folder')
    const result = here.length === 0 ? undefined : await this.#tryBackUp(sourcesOf(here))
    const done = rows.filter((row) => isProven(journal, row))
    const open = rows.filter((row) => !done.includes(row))
    journal.transaction(() => {
      fulfil(
        journal,
        done.map((row) => row.id),
      )
      for (const row of open) sayWhy(journal, [row.id], whyOpen(this.#deps.files, row, result))
    })
    if (open.length > 0) this.#notBeforeMs = clock() + this.#times.retryMs
    return done.length > 0 && rows.length === WANTED_AT_ONCE
  }

  /** Every shoot of every catalog, by the files known of it. Costs a look at names and dates where nothing changed. */
  async #sweep(): Promise<void> {
    const { journal, clock } = this.#deps
    this.#sweepIsDue = false
    this.#nextSweepMs = clock() + this.#times.sweepMs
    const roots = new Set(listCatalogs(journal).flatMap((catalog) => catalog.roots.map((root) => path.resolve(root))))
    for (const source of listSources(journal).filter((each) => roots.has(path.resolve(each.path)))) {
      if (this.#stop.signal.aborted || this.#deps.files.stat(source.path)?.kind !== 'folder') continue
      const within = new Map<string, ReadonlySet<string>>()
      for (const shoot of listShoots(journal).filter((each) => each.sourceId === source.id)) {
        within.set(shoot.pathFromRoot, new Set(filesOfShoot(journal, shoot.id).keys()))
      }
      await this.#tryBackUp([{ folder: source.path, within }])
    }
  }

  async #tryBackUp(sources: readonly SourcePath[]): Promise<BackupResult | SafelightError> {
    try {
      return await this.#deps.backUp(sources, this.#stop.signal)
    } catch (error) {
      if (error instanceof SafelightError) return error
      throw error
    }
  }
}

function sourcesOf(rows: readonly WantedRow[]): SourcePath[] {
  const roots = new Map<string, Map<string, Set<string>>>()
  for (const { root, pathFromRoot, name } of rows) {
    const within = roots.get(root) ?? new Map<string, Set<string>>()
    roots.set(root, within)
    within.set(pathFromRoot, new Set([...(within.get(pathFromRoot) ?? []), name]))
  }
  return [...roots].map(([folder, within]) => ({ folder, within }))
}

function isProven(journal: Journal, { root, pathFromRoot, name }: WantedRow): boolean {
  return verifiedElsewhere(journal, root, pathFromRoot, name)
}

function whyOpen(files: DurableFiles, row: WantedRow, result: BackupResult | SafelightError | undefined): string {
  const folder = path.join(row.root, ...row.pathFromRoot.split('/'))
  if (result === undefined || files.stat(path.join(folder, row.name)) === undefined)
    return row.isOffline
      ? 'the original is on a drive that is not connected'
      : 'the original is not where Lightroom says it is'
  if (result instanceof SafelightError) return describeError(result)
  return (
    result.findings.find((finding) => finding.file === row.name)?.message ??
    (result.ok ? 'not verified yet' : result.summary)
  )
}
