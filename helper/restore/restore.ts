// Restoring: shoots, single files or everything, from the nearest good copy to where the originals were or below a named folder.
//
//   plan     for each shoot: what is wanted, where it goes, what lies there, which copies there are     (pure; shown by --dry-run)
//   restore  the same plan again, shoot by shoot, each file fetched from the first copy that hashes to the reference
//
// Nothing that lies at a target is ever overwritten. A restore that was interrupted is the same restore once more: what is there already is
// recognised by its hash and left, so that only what was in flight is fetched again. Long, because a plan that is shown and the run that follows
// it are one class over the same facts: apart, they could come to disagree.
import path from 'node:path'
import { SafelightError, systemCode } from '../errors.js'
import { inWords } from '../files/in-words.js'
import { forEachBounded } from '../engine/bounded.js'
import { ProgressMeter, type OnProgress } from '../engine/progress.js'
import type { EngineDeps } from '../engine/run.js'
import { withSmallHeap } from '../engine/small-heap.js'
import { listCatalogBackups } from '../journal/catalog-backups.js'
import { saveCopy, saveFile, setCopyState } from '../journal/files.js'
import { listPlaces } from '../journal/places.js'
import { fold, type ShootRow } from '../journal/shoots.js'
import { WORKING } from '../model.js'
import { placeError } from '../place/place-error.js'
import { findPlace, type OpenPlace } from '../place/places.js'
import type { Params, RestorePlan, RestoreResult } from '../../shared/methods.js'
import type { OpenBucket } from './bucket.js'
import { catalogsOfDate } from './catalog-of-date.js'
import { coldFiles, isLikelyCold, type ColdCopy } from './cold.js'
import { canBeTried, CopyFinder } from './copies.js'
import { findDestinations, recordMoves, type Destination, type Destinations } from './destinations.js'
import type { Fetcher } from './fetch.js'
import { notePace, paceOf } from './pace.js'
import { PickOrder } from './picks.js'
import { addToTotals, dayOf, noTotals, planFiles, type FilePlan, type PlaceFacts, type PlanTotals } from './plan.js'
import { planReport, RestoreTally, restoreReport, type RestoreFacts } from './report.js'
import { restoreFile, type FileResult, type ShootTarget } from './restore-file.js'
import { SlowPlaces } from './slow-places.js'
import { clearBelow, lookAtTarget, placeFacts, select, wantedOf, type Selection } from './select.js'
import { openBase, type Base } from './target.js'
import { askFor, noLongerWaits } from './thaw.js'

export interface RestoreRequest {
  readonly params: Params<'restore/run'>
  /** Open places to restore from. */
  readonly places: readonly OpenPlace[]
  readonly buckets: readonly OpenBucket[]
  readonly fetcher: Fetcher
  /** What the photographer has chosen, where that is asked for; see pickPath for the keys. */
  readonly picks?: ReadonlyMap<string, number>
  /** How what is cold is waited for. */
  readonly waiting: Waiting
}

export interface Waiting {
  /** Somebody looks again without being asked. */
  readonly goesOnByItself: boolean
  /** Between two looks. */
  readonly lookMs: number
}

/** Files under way at once: enough for the workers to find small ones in batches, few enough to keep in memory. */
const TASKS_AT_ONCE = 1024

/** What was restored is written down after so many files. */
const RECORD_LOT = 256

type OnlySome = PickOrder['passes'][number]

interface Task {
  readonly destination: Destination
  readonly plan: FilePlan
  readonly target: ShootTarget
  /** Of the same destination, by folded name, what is on its way. */
  readonly turns: Map<string, Promise<void>>
}

/** What a restore would do. Writes nothing.
 *  @throws USAGE, SHOOT_UNKNOWN, FILE_UNKNOWN, and what keeps every single shoot from being restored */
export async function planRestore(
  deps: EngineDeps,
  request: RestoreRequest,
  signal: AbortSignal,
): Promise<RestorePlan> {
  const run = await RestoreRun.begin(deps, request, signal)
  return planReport(run.facts())
}

/** @throws the same, and VOLUME_FULL before the first byte */
export async function restore(
  deps: EngineDeps,
  request: RestoreRequest,
  signal: AbortSignal,
  onProgress: OnProgress,
): Promise<RestoreResult> {
  const run = await RestoreRun.begin(deps, request, signal)
  const meter = new ProgressMeter(deps.pool, run.tally, onProgress, deps.clock)
  const stop = (): void => deps.pool.stop()
  signal.addEventListener('abort', stop, { once: true })
  if (signal.aborted) stop()
  try {
    run.checkRoom()
    meter.begin('restoring', run.totals.files, run.totals.bytes)
    await run.restoreAll()
    if (request.params.thaw === true) await run.thaw(request.params)
    if (!signal.aborted) await request.fetcher.clear()
  } finally {
    signal.removeEventListener('abort', stop)
    run.recordAll()
    meter.close()
  }
  const report = restoreReport({ ...run.facts(), tally: run.tally, isInterrupted: signal.aborted })
  if (report.ok && report.cold === undefined) noLongerWaits(deps.journal, deps.clock, request.params, report.summary)
  return report
}

class RestoreRun {
  readonly totals: PlanTotals = noTotals()
  readonly tally = new RestoreTally()
  readonly #deps: EngineDeps
  readonly #selection: Selection
  readonly #places: ReadonlyMap<string, PlaceFacts>
  readonly #finder: CopyFinder
  readonly #isFromOnePlace: boolean
  readonly #signal: AbortSignal
  readonly #placeNames: ReadonlyMap<string, string>
  readonly #fetcher: Fetcher
  readonly #buckets: ReadonlyMap<string, OpenBucket>
  readonly #picks: PickOrder
  readonly #pace: ReadonlyMap<string, number>
  readonly #slow = new SlowPlaces((placeId) => this.#pace.get(placeId))
  #destinations: Destinations = { list: [], mapped: [], problems: [] }
  readonly #obstacles: { shoot: string; file: string; path: string }[] = []
  /** In the plan: what is likely to be cold; in a run: what was. */
  readonly #cold: ColdCopy[] = []
  #isThawing = false
  readonly #waiting: Waiting
  readonly #filesByShoot = new Map<number, number>()
  readonly #bytesByBase = new Map<string, { bytes: number; files: number }>()
  /** Why shoots cannot be restored, each reason once. */
  readonly #problems = new Map<string, SafelightError>()
  /** Why nothing more goes to a base. */
  readonly #ended = new Map<string, SafelightError>()
  #notYet = 0
  #record: { shoot: ShootRow; plan: FilePlan; result: FileResult }[] = []

  private constructor(deps: EngineDeps, selection: Selection, request: RestoreRequest, signal: AbortSignal) {
    const { from } = request.params
    const only = from === undefined ? undefined : findPlace(deps.journal, from).id
    const places = request.places.filter((place) => only === undefined || place.id === only)
    this.#deps = deps
    this.#selection = selection
    this.#isFromOnePlace = only !== undefined
    const buckets = request.buckets.filter((bucket) => only === undefined || bucket.id === only)
    this.#places = placeFacts(deps.journal, places, buckets, only)
    this.#finder = new CopyFinder(deps, places, buckets)
    this.#fetcher = request.fetcher
    this.#waiting = request.waiting
    this.#buckets = new Map(buckets.map((bucket) => [bucket.id, bucket]))
    this.#picks = new PickOrder(deps.journal, request.picks)
    this.#pace = new Map([
      ...places.map((place) => [place.id, paceOf(deps.journal, place.id, place.volume.medium)] as const),
      ...buckets.map((bucket) => [bucket.id, paceOf(deps.journal, bucket.id, 'bucket')] as const),
    ])
    this.#signal = signal
    this.#placeNames = new Map(listPlaces(deps.journal).map((place) => [place.id, place.name]))
  }

  /** Finds out where everything goes, and what that means. */
  static async begin(deps: EngineDeps, request: RestoreRequest, signal: AbortSignal): Promise<RestoreRun> {
    const selection = select(deps.journal, request.params)
    const run = new RestoreRun(deps, selection, request, signal)
    run.#destinations = await findDestinations(deps, selection.shoots, request.params.to)
    for (const problem of run.#destinations.problems) run.#note(problem)
    for (const destination of run.#destinations.list) {
      if (signal.aborted) break
      run.#look(destination)
    }
    const [first] = run.#problems.values()
    if (run.#filesByShoot.size === 0 && first) throw first
    return run
  }

  #look(destination: Destination): void {
    try {
      const plans = this.#plan(destination)
      const { shoot, base } = destination
      const before = this.totals.bytes
      addToTotals(this.totals, plans)
      this.#picks.count(shoot, plans)
      for (const plan of plans) this.#lookAtFile(destination, plan)
      this.#filesByShoot.set(shoot.id, plans.length)
      const atBase = this.#bytesByBase.get(base.path) ?? { bytes: 0, files: 0 }
      this.#bytesByBase.set(base.path, {
        bytes: atBase.bytes + this.totals.bytes - before,
        files: atBase.files + plans.length,
      })
    } catch (error) {
      this.#note(error)
    }
  }

  #lookAtFile({ shoot, folder }: Destination, { wanted, condition, candidates }: FilePlan): void {
    if (condition === 'in-the-way' && this.#obstacles.length < OBSTACLES_SHOWN)
      this.#obstacles.push({ shoot: shoot.key, file: wanted.name, path: path.join(folder, wanted.name) })
    const [first] = condition === 'missing' || condition === 'in-the-way' ? candidates : []
    if (!first || !this.#buckets.has(first.placeId)) return
    const found = this.#finder.point(shoot, first)
    const { hash, sizeBytes } = wanted.version
    if (canBeTried(found) && 'remote' in found && isLikelyCold(found.remote.bucket, found.remote.path, sizeBytes))
      this.#cold.push({ ...found.remote, hash, sizeBytes })
  }

  #plan({ shoot, base, folder }: Destination): FilePlan[] {
    const { wanted, notYet } = wantedOf(this.#deps.journal, this.#selection, shoot)
    this.#notYet += notYet
    return planFiles({ wanted, places: this.#places, found: lookAtTarget(this.#deps, base.path, folder, wanted) })
  }

  #note(error: unknown): void {
    if (!(error instanceof SafelightError)) throw error
    this.#problems.set(error.message, error)
  }

  facts(): RestoreFacts {
    const nameOf = (placeId: string): string => this.#nameOf(placeId)
    const { asOfMs } = this.#selection
    const cold = coldFiles(this.#cold, this.#isThawing, this.#waiting.goesOnByItself)
    return {
      title: this.#selection.title,
      totals: this.totals,
      seconds: this.#seconds(),
      obstacles: this.#obstacles,
      mapped: this.#destinations.mapped,
      catalogs: asOfMs === undefined ? [] : catalogsOfDate(listCatalogBackups(this.#deps.journal), asOfMs, nameOf),
      ...(this.#picks.isAsked ? { picks: this.#picks.counted } : {}),
      ...(cold ? { cold } : {}),
      problems: [...this.#problems.values(), ...this.#ended.values()],
      targets: this.#destinations.list
        .filter(({ shoot }) => this.#filesByShoot.has(shoot.id))
        .map(({ shoot, folder }) => ({ shoot: shoot.key, folder, files: this.#filesByShoot.get(shoot.id) ?? 0 })),
      notYet: this.#notYet,
      slow: this.#slow.ids.map(nameOf),
      nameOf,
    }
  }

  /** One place after the other, as if each were read alone; what is only compared is read at the target. */
  #seconds(): number {
    const { bytesFrom, bytesToCompare } = this.totals
    const fetching = [...bytesFrom].map(([id, bytes]) => bytes / (this.#pace.get(id) ?? COMPARE_PACE))
    return Math.ceil(fetching.reduce((sum, each) => sum + each, bytesToCompare / COMPARE_PACE))
  }

  #nameOf(placeId: string): string {
    return this.#placeNames.get(placeId) ?? placeId
  }

  /** @throws VOLUME_FULL */
  checkRoom(): void {
    for (const [base, { bytes, files }] of this.#bytesByBase) {
      const { freeBytes } = this.#deps.volumes.room(base)
      const neededBytes = bytes + files * OVERHEAD_PER_FILE_BYTES
      if (bytes > 0 && neededBytes > freeBytes)
        throw new SafelightError('VOLUME_FULL', {
          message: `The disk of ${base} has too little room: ${inWords(neededBytes)} are needed and ${inWords(freeBytes)} are free. Nothing was restored.`,
          remedy: `Free ${inWords(neededBytes - freeBytes)} there, or restore to another disk with --to DIR.`,
        })
    }
  }

  async restoreAll(): Promise<void> {
    const begunMs = this.#deps.clock()
    recordMoves(this.#deps, this.#destinations.list)
    // Likely is not known: from here on it is what the stores say.
    this.#cold.length = 0
    const isLong = this.totals.files > TASKS_AT_ONCE
    await (isLong ? withSmallHeap(() => this.#allPasses()) : this.#allPasses())
    if (this.#slow.ids.length > 0) this.#clearAfterSlow()
    const [from, ...others] = this.tally.from.keys()
    const place = [...this.#placeNames].find(([, name]) => name === from)?.[0]
    if (place !== undefined && others.length === 0)
      notePace(this.#deps.journal, place, this.tally.bytesRestored, this.#deps.clock() - begunMs)
  }

  /** What a worker that was given up had begun for files that another has brought since. */
  #clearAfterSlow(): void {
    for (const { base, folder } of this.#destinations.list) {
      if (this.#ended.has(base.path)) continue
      try {
        clearBelow(this.#deps, base.path, folder)
      } catch (error) {
        if (systemCode(error) === '') throw error
        this.#end(base, error)
      }
    }
  }

  async #allPasses(): Promise<void> {
    for (const only of this.#picks.passes) await this.#pass(only)
  }

  /** @param only  the files that this pass is about */
  async #pass(only: OnlySome): Promise<void> {
    // Where a disk has no hard links, two names that it takes for one could overwrite each other: such files wait for one another.
    await forEachBounded(this.#tasks(only), TASKS_AT_ONCE, ({ destination, plan, target, turns }) => {
      const name = fold(plan.wanted.name)
      const one = (turns.get(name) ?? Promise.resolve()).then(() => this.#one(destination, plan, target))
      turns.set(name, one)
      return one
    })
  }

  /** One after the other, for as long as the restore goes on. */
  *#tasks(only: OnlySome): Generator<Task> {
    const day = dayOf(this.#deps.clock())
    for (const destination of this.#destinations.list) {
      const ready = this.#isOver(destination.base) ? undefined : this.#ready(destination, day)
      if (ready === undefined) continue
      const turns = new Map<string, Promise<void>>()
      for (const plan of only(destination.shoot, ready.plans)) {
        if (this.#isOver(destination.base)) break
        yield { destination, plan, target: ready.target, turns }
      }
    }
  }

  /** Asks for what is cold. */
  async thaw(params: RestoreRequest['params']): Promise<void> {
    const { journal, clock } = this.#deps
    const { goesOnByItself, lookMs } = this.#waiting
    const cold = coldFiles(this.#cold, false, goesOnByItself)
    if (!cold) return
    const request = { params, title: this.#selection.title, copies: this.#cold, hours: cold.hours, lookMs }
    const { asked, failures } = await askFor(journal, clock, request, this.#signal)
    for (const error of failures) this.#note(error)
    this.#isThawing = asked > 0
  }

  #isOver(base: Base): boolean {
    return this.#signal.aborted || this.#ended.has(base.path)
  }

  /** Opens the base, clears what an earlier run left, and plans again from what is there now. */
  #ready(destination: Destination, day: string): { plans: FilePlan[]; target: ShootTarget } | undefined {
    const { shoot, base, folder } = destination
    if (!this.#filesByShoot.has(shoot.id)) return undefined
    const notYet = this.#notYet
    try {
      const identity = openBase(this.#deps.files, base)
      clearBelow(this.#deps, base.path, folder)
      const target = {
        base: base.path,
        identity,
        folder,
        day,
        mayUseOriginal: !base.isOriginal && !this.#isFromOnePlace,
      }
      return { plans: this.#plan(destination), target }
    } catch (error) {
      if (error instanceof SafelightError) this.#note(error)
      else if (systemCode(error) === '') throw error
      else this.#end(base, error)
      return undefined
    } finally {
      this.#notYet = notYet
    }
  }

  #end(base: Base, error: unknown): void {
    if (!this.#ended.has(base.path)) this.#ended.set(base.path, targetError(base, error))
  }

  async #one(destination: Destination, plan: FilePlan, target: ShootTarget): Promise<void> {
    const { shoot, base } = destination
    if (this.#isOver(base)) return
    const { files, pool } = this.#deps
    const finder = this.#finder
    const deps = { files, pool, finder, fetcher: this.#fetcher, slow: this.#slow, signal: this.#signal }
    const result = await restoreFile(deps, shoot, plan, target)
    if (result.kind === 'lost') this.#noteCold(shoot, plan, result)
    if (result.kind === 'refused-by-target') {
      const { kind, message } = result.failure
      if (kind === 'stopped') return
      const code = BASE_ENDS.get(kind)
      if (code !== undefined) {
        this.#end(base, Object.assign(new Error(message), { code }))
        return
      }
    }
    this.tally.add(shoot, plan, result, (placeId) => this.#nameOf(placeId))
    this.#record.push({ shoot, plan, result })
    if (this.#record.length >= RECORD_LOT) this.recordAll()
  }

  #noteCold(shoot: ShootRow, { wanted }: FilePlan, { failed }: FileResult): void {
    const cold = failed.find(({ kind }) => kind === 'cold')
    const found = cold && this.#finder.point(shoot, cold.copy)
    const { hash, sizeBytes } = wanted.version
    if (found && canBeTried(found) && 'remote' in found) this.#cold.push({ ...found.remote, hash, sizeBytes })
  }

  /** The originals that are whole again, and the copies that are not, go to the journal. */
  recordAll(): void {
    const lot = this.#record
    this.#record = []
    if (lot.length === 0) return
    const { journal } = this.#deps
    const original = new Set(this.#destinations.list.filter(({ base }) => base.isOriginal).map(({ shoot }) => shoot.id))
    journal.transaction(() => {
      for (const { shoot, plan, result } of lot) {
        for (const { copy, kind } of result.failed) {
          if ((kind === 'damaged' || kind === 'missing') && copy.placeId !== WORKING) setCopyState(journal, copy, kind)
        }
        if (original.has(shoot.id)) this.#recordOriginal(shoot, plan, result)
      }
    })
  }

  #recordOriginal(shoot: ShootRow, { wanted }: FilePlan, result: FileResult): void {
    const isWhole = (result.kind === 'restored' || result.kind === 'there') && !result.isBeside && wanted.isNewest
    if (!isWhole) return
    const { journal, clock } = this.#deps
    saveFile(journal, shoot.id, wanted.name, result.stat)
    saveCopy(journal, {
      versionId: wanted.version.id,
      placeId: WORKING,
      path: wanted.name,
      state: 'verified',
      sizeBytes: result.stat.sizeBytes,
      mtimeMs: result.stat.mtimeMs,
      provenMs: clock(),
      provenHow: result.how,
    })
  }
}

const OBSTACLES_SHOWN = 100

/** Bytes a second at which what is there already is read. */
const COMPARE_PACE = 200e6

/** Half a block of slack and a name. */
const OVERHEAD_PER_FILE_BYTES = 3 * 1024

/** Failures after which nothing more goes to a base, and the system's code that tells them apart. */
const BASE_ENDS: ReadonlyMap<string, string> = new Map([
  ['place-away', 'ENODEV'],
  ['place-full', 'ENOSPC'],
  ['place-read-only', 'EROFS'],
])

function targetError(base: Base, cause: unknown): SafelightError {
  const { code } = placeError(cause, base.path)
  const folder = base.path
  const [message, remedy] = TARGET_TROUBLE[code] ?? [
    `${folder} answers with errors (${systemCode(cause)}).`,
    'Check that disk, or restore to another one with --to DIR.',
  ]
  return new SafelightError(code, { message: message.replace('DISK', folder), remedy, cause })
}

const TARGET_TROUBLE: Readonly<Record<string, readonly [string, string]>> = {
  VOLUME_FULL: [
    'The disk of DISK is full. What was restored before is whole.',
    'Make room there and run the same command again, or restore to another disk with --to DIR.',
  ],
  VOLUME_READ_ONLY: [
    'DISK cannot be written: it is read-only, or your user may not write there.',
    'Make it writable and run the same command again, or restore to another folder with --to DIR.',
  ],
  VOLUME_AWAY: [
    'DISK went away while files were being restored to it. What was restored before is whole.',
    'Connect it again and run the same command again; it goes on where it stopped.',
  ],
}
