// The composition root: everything that the rooms need is made here, once, and handed to them as plain data. Holds the home for as long as
// it is open; whoever opens it second is told who holds it.
import os from 'node:os'
import pLimit from 'p-limit'
import { findLightroom } from './catalog/lightroom-process.js'
import { readConfig } from './config.js'
import { CatalogKeeper, type KeeperDeps, type KeeperTimes } from './upkeep/catalog-keeper.js'
import { CatalogRoom } from './upkeep/catalog-room.js'
import { claimHome, type Ownership } from './instance.js'
import { backUp } from './engine/backup.js'
import { WorkerPool } from './engine/pool.js'
import type { EngineDeps } from './engine/run.js'
import { overlapOf, refuseOverlap, resolveSources, type SourcePath } from './engine/sources.js'
import { verifyCopies } from './engine/verify.js'
import { SafelightError } from './errors.js'
import { systemFiles, type DurableFiles } from './files/durable.js'
import { chooseHashEngine } from './files/hash.js'
import { systemVolumes, type Volumes } from './files/volumes.js'
import { Journal } from './journal/journal.js'
import { temporaryTag } from './journal/meta.js'
import { forgetPlace, listPlaces, placeById, type PlaceRow } from './journal/places.js'
import { catalogAt, noteExit, saveCatalog } from './journal/wanted.js'
import { allowedRoots, ingest, judgeReferenced, refuseOddCatalog, type IngestDeps } from './ingest/ingest.js'
import { Queue, type QueueDeps, type QueueTimes } from './ingest/queue.js'
import { doctor } from './doctor.js'
import {
  findPlace,
  openPlace,
  realFolder,
  renameOpenPlace,
  stateOfPlace,
  type OpenPlace,
  type PlaceDeps,
} from './place/places.js'
import { heal } from './restore/heal.js'
import { rebuildFrom } from './restore/rebuild.js'
import { planRestore, restore } from './restore/restore.js'
import type { Handlers, RequestContext } from './server/handlers.js'
import { listShootsReport, placeReport, placesReport, statusReport } from './status/report.js'
import type { Finding, Outcome, Params, Place, Result } from '../shared/methods.js'

export interface DaemonOptions {
  readonly home: string
  /** What this process does, for whoever is turned away. */
  readonly command: string
  readonly files?: DurableFiles
  readonly volumes?: Volumes
  readonly clock?: () => number
  /** The module copy workers start with; tests name one whose disk has faults. */
  readonly workerFile?: URL
  /** Copy in the main thread instead of in workers; tests that must run the same way twice ask for it. */
  readonly withoutThreads?: boolean
  /** Whether this is the helper that outlives its callers, or a command that works alone. */
  readonly helper?: 'running' | 'down'
}

export class Daemon {
  readonly handlers: Partial<Handlers>
  readonly journal: Journal
  readonly #ownership: Ownership
  readonly #options: DaemonOptions
  readonly #files: DurableFiles
  readonly #volumes: Volumes
  readonly #clock: () => number
  #queue: Queue | undefined
  #keeper: CatalogKeeper | undefined
  readonly #catalogs: CatalogRoom

  private constructor(options: DaemonOptions, ownership: Ownership, journal: Journal) {
    this.#options = options
    this.#ownership = ownership
    this.journal = journal
    this.#files = options.files ?? systemFiles
    this.#volumes = options.volumes ?? systemVolumes()
    this.#clock = options.clock ?? Date.now
    this.#catalogs = this.#makeCatalogRoom()
    this.handlers = this.#makeHandlers()
  }

  /** @throws HOME_IN_USE, HOME_UNUSABLE, JOURNAL_DAMAGED, JOURNAL_TOO_NEW */
  static async open(options: DaemonOptions): Promise<Daemon> {
    const ownership = await claimHome(options.home, options.command, (options.clock ?? Date.now)())
    try {
      return new Daemon(options, ownership, Journal.open(options.home))
    } catch (error) {
      ownership.release()
      throw error
    }
  }

  /** Like open, but a journal that cannot be read is moved out of the way for a new one. */
  static async openForRebuild(options: DaemonOptions): Promise<Daemon> {
    try {
      return await Daemon.open(options)
    } catch (error) {
      if (!(error instanceof SafelightError) || error.code !== 'JOURNAL_DAMAGED') throw error
      const ownership = await claimHome(options.home, options.command, (options.clock ?? Date.now)())
      Journal.moveAside(options.home, (options.clock ?? Date.now)())
      return new Daemon(options, ownership, Journal.open(options.home))
    }
  }

  close(): void {
    this.journal.close()
    this.#ownership.release()
  }

  #makeHandlers(): Partial<Handlers> {
    const status = { files: this.#files, journal: this.journal, volumes: this.#volumes, clock: this.#clock }
    return {
      'backup/run': (params, context) =>
        this.#alone(() => this.#withEngine((deps) => this.#backUp(deps, params, context))),
      'verify/run': (params, context) => this.#withEngine((deps) => this.#verify(deps, params, context)),
      'rebuild/run': (params, context) =>
        this.#alone(() => this.#withEngine((deps) => this.#rebuild(deps, params, context))),
      'restore/plan': (params, context) =>
        this.#withEngine(async (deps) =>
          planRestore(deps, { params, places: await this.#placesHere(deps, context.signal) }, context.signal),
        ),
      'restore/run': (params, context) =>
        this.#restoreLimit(() => this.#withEngine((deps) => this.#restore(deps, params, context))),
      'heal/run': (params, context) => this.#alone(() => this.#withEngine((deps) => this.#heal(deps, params, context))),
      'photos/imported': (params) => Promise.resolve(this.#imported(params)),
      'photos/protect': (params) => Promise.resolve(this.#protect(params)),
      'lightroom/exiting': ({ catalog }) => Promise.resolve(this.#lightroomLeft(catalog)),
      'lightroom/lost': ({ catalog }) => Promise.resolve(this.#lightroomLeft(catalog)),
      'shoots/list': ({ search }) => Promise.resolve(listShootsReport(status, search)),
      'status/get': ({ shoot }) => Promise.resolve(statusReport(status, this.#options.helper ?? 'down', shoot)),
      'doctor/run': () => doctor({ ...status, home: this.#options.home }),
      'place/list': () => Promise.resolve(placeList(placesReport(status))),
      'place/add': ({ path, name }) => this.#alone(() => this.#withEngine((deps) => this.#addPlace(deps, path, name))),
      'place/rename': ({ place, name }) => this.#renamePlace(place, name),
      'place/remove': ({ place }) => Promise.resolve(this.#removePlace(place)),
      'catalog/backup': (params, { signal }) => this.#catalogs.backUp(params, signal),
      'catalog/check': (params, { signal, progress }) =>
        this.#catalogs.check(params, signal, (done, all) => progress(checkProgress(done, all))),
      'catalog/list': (_params, { signal }) => this.#catalogs.list(signal),
      'catalog/restore': (params, { signal }) => this.#catalogs.restore(params, signal),
      'prune/run': (params, { signal }) => this.#catalogs.prune(params, signal),
    }
  }

  // ── what the methods do ──

  async #backUp(
    deps: EngineDeps,
    { paths, to }: Params<'backup/run'>,
    context: RequestContext,
  ): ReturnType<typeof backUp> {
    const sources = resolveSources(paths, process.cwd())
    const folders = to.map((each) => realFolder(this.#placeDeps(), each))
    const known = to.length > 0 ? [] : listPlaces(this.journal).filter((place) => place.kind === 'drive')
    if (to.length === 0 && known.length === 0) throw noPlaces()
    for (const source of sources)
      for (const folder of [...folders, ...known.map((place) => place.path)]) refuseOverlap(source.folder, folder)
    const absent: SafelightError[] = []
    const places: OpenPlace[] = []
    for (const folder of folders) places.push(await this.#open(deps, folder, context.signal))
    for (const place of known) await this.#openKnown(deps, place, places, absent, context.signal)
    const first = absent[0]
    if (places.length === 0 && first) throw first
    return backUp(deps, { sources, places: unique(places), absent }, context.signal, (progress) =>
      context.progress(progress),
    )
  }

  async #verify(
    deps: EngineDeps,
    { shoots, place, all }: Params<'verify/run'>,
    context: RequestContext,
  ): ReturnType<typeof verifyCopies> {
    const isOriginals = place === 'working'
    const wanted = place === undefined || isOriginals ? undefined : findPlace(this.journal, place)
    const candidates = wanted
      ? [wanted]
      : isOriginals
        ? []
        : listPlaces(this.journal).filter((each) => each.kind === 'drive')
    const absent: SafelightError[] = []
    const places: OpenPlace[] = []
    for (const each of candidates) await this.#openKnown(deps, each, places, absent, context.signal)
    const first = absent[0]
    if (places.length === 0 && first && !all) throw first
    return verifyCopies(
      deps,
      { shoots, places, withOriginals: isOriginals || all === true, exclusively: (act) => this.#alone(act) },
      context.signal,
      (progress) => context.progress(progress),
    )
  }

  async #restore(deps: EngineDeps, params: Params<'restore/run'>, context: RequestContext): ReturnType<typeof restore> {
    const places = await this.#placesHere(deps, context.signal)
    const result = await restore(deps, { params, places }, context.signal, (progress) => context.progress(progress))
    return {
      ...result,
      restored: asLongAs(result.restored, context.client.kind === 'cli' ? CLI_LIST_BYTES : LIST_BYTES),
    }
  }

  async #heal(deps: EngineDeps, params: Params<'heal/run'>, context: RequestContext): ReturnType<typeof heal> {
    const places = await this.#placesHere(deps, context.signal)
    return heal(deps, { params, places }, context.signal, (progress) => context.progress(progress))
  }

  async #rebuild(
    deps: EngineDeps,
    { from, rehash }: Params<'rebuild/run'>,
    context: RequestContext,
  ): ReturnType<typeof rebuildFrom> {
    const folder = realFolder(this.#placeDeps(), from)
    const place = await openPlace(this.#placeDeps(), folder, { isNew: true, mustExist: true })
    const result = await this.#learn(deps, place, context.signal)
    if (rehash !== true) return result
    const read = await verifyCopies(
      deps,
      { shoots: [], places: [place], withOriginals: false, exclusively: (act) => act() },
      context.signal,
      (progress) => context.progress(progress),
    )
    const isRead = (finding: Finding): boolean =>
      read.findings.some(
        ({ kind, shoot, file }) => kind === finding.kind && shoot === finding.shoot && file === finding.file,
      )
    const findings = [...result.findings.filter((finding) => !isRead(finding)), ...read.findings]
    const exitCode = Math.max(result.exitCode, read.exitCode)
    return { ...result, ok: exitCode === 0, exitCode, summary: `${result.summary} ${read.summary}`, findings }
  }

  async #addPlace(deps: EngineDeps, typed: string, name: string | undefined): Promise<Outcome & { place: Place }> {
    const folder = realFolder(this.#placeDeps(), typed)
    const place = await openPlace(this.#placeDeps(), folder, { isNew: true, ...(name === undefined ? {} : { name }) })
    if (place.isUnknownHere) await this.#learn(deps, place, new AbortController().signal)
    return this.#placeOutcome(place.id, (row) => `"${row.name}" at ${row.path} is a place for copies now.`)
  }

  async #renamePlace(wanted: string, name: string): Promise<Outcome & { place: Place }> {
    await renameOpenPlace(this.#placeDeps(), findPlace(this.journal, wanted), name)
    return this.#placeOutcome(findPlace(this.journal, name).id, (row) => `The place is called "${row.name}" now.`)
  }

  #removePlace(wanted: string): Outcome {
    const place = findPlace(this.journal, wanted)
    forgetPlace(this.journal, place.id)
    return {
      ok: true,
      exitCode: 0,
      summary: `"${place.name}" is no longer counted. What lies on it was not touched: its copies can be used, and it can be added again.`,
    }
  }

  // ── what Lightroom tells ──

  #imported(telling: Params<'photos/imported'>): Result<'photos/imported'> {
    const result = ingest(this.#ingestDeps(), telling, true)
    this.#queue?.wake()
    return result
  }

  #protect(telling: Params<'photos/protect'>): Result<'photos/protect'> {
    const { accepted, refused } = ingest(this.#ingestDeps(), telling, false)
    this.#queue?.wake()
    const taken =
      accepted === 0
        ? 'Nothing to protect in this selection.'
        : `${accepted} photo${accepted === 1 ? ' is' : 's are'} being protected now.`
    return {
      accepted,
      refused,
      summary:
        refused.length === 0 ? taken : `${taken} ${refused.length} could not be taken: ${refused[0]?.why ?? ''}.`,
    }
  }

  #lightroomLeft(catalog: string | undefined): null {
    if (catalog !== undefined) {
      const deps = this.#ingestDeps()
      refuseOddCatalog(catalog, deps.platform)
      this.journal.transaction(() => {
        saveCatalog(
          this.journal,
          { path: catalog, cursor: 0, roots: catalogAt(this.journal, catalog)?.roots ?? [] },
          this.#clock(),
        )
        noteExit(this.journal, catalog, this.#clock())
      })
      this.#keeper?.left(catalog)
    }
    this.#queue?.sweepSoon()
    return null
  }

  #ingestDeps(): IngestDeps {
    const platform = process.platform === 'win32' || process.platform === 'darwin' ? process.platform : 'linux'
    return { files: this.#files, journal: this.journal, clock: this.#clock, home: this.#options.home, platform }
  }

  /** Begins the work that nobody asks for: the helper does it, a single command does not. */
  startQueue(times: QueueTimes, onFault: QueueDeps['onFault']): Queue {
    this.#queue = new Queue(
      {
        files: this.#files,
        journal: this.journal,
        clock: this.#clock,
        onFault,
        backUp: (sources, signal) =>
          this.#alone(() => this.#withEngine((deps) => this.#backUpSources(deps, sources, signal))),
      },
      times,
    )
    this.#queue.start()
    return this.#queue
  }

  /** Begins to back up catalogs by itself, when Lightroom has left them. */
  startCatalogKeeper(times: KeeperTimes, onFault: KeeperDeps['onFault']): CatalogKeeper {
    this.#keeper = new CatalogKeeper(
      {
        journal: this.journal,
        clock: this.#clock,
        findLightroom,
        drives: () =>
          this.#drives().map((place) => ({ id: place.id, isHere: stateOfPlace(this.#files, place) === 'here' })),
        backUp: (catalog, signal) => this.#catalogs.backUp({ catalog }, signal),
        onFault,
      },
      times,
    )
    this.#keeper.start()
    return this.#keeper
  }

  #makeCatalogRoom(): CatalogRoom {
    const { home } = this.#options
    return new CatalogRoom({
      journal: this.journal,
      volumes: this.#volumes,
      clock: this.#clock,
      home,
      settleMs: () => readConfig(home).catalogSettleSeconds * 1000,
      openPlaces: async (signal) => {
        const [places, absent]: [OpenPlace[], SafelightError[]] = [[], []]
        await this.#withEngine(async (deps) => {
          for (const place of this.#drives()) await this.#openKnown(deps, place, places, absent, signal)
        })
        return { places: unique(places), absent }
      },
      allowRoots: (roots) => allowedRoots(this.#ingestDeps(), roots),
      judge: (file, isOffline, catalog, roots) => judgeReferenced(this.#ingestDeps(), file, isOffline, catalog, roots),
      onWanted: () => this.#queue?.wake(),
    })
  }

  #drives(): PlaceRow[] {
    return listPlaces(this.journal).filter((place) => place.kind === 'drive')
  }

  /** Everything that a place says of itself: shoots and catalogs. */
  async #learn(deps: EngineDeps, place: OpenPlace, signal: AbortSignal): ReturnType<typeof rebuildFrom> {
    const result = await rebuildFrom(deps, place, signal)
    await this.#catalogs.learn(place, signal)
    return result
  }

  /** To every known place that is there and does not overlap with what is to be copied. */
  async #backUpSources(
    deps: EngineDeps,
    sources: readonly SourcePath[],
    signal: AbortSignal,
  ): ReturnType<typeof backUp> {
    const absent: SafelightError[] = []
    const places: OpenPlace[] = []
    for (const place of listPlaces(this.journal).filter((each) => each.kind === 'drive')) {
      const overlap = sources.map((source) => overlapOf(source.folder, place.path)).find((error) => error !== undefined)
      if (overlap) absent.push(overlap)
      else await this.#openKnown(deps, place, places, absent, signal)
    }
    const first = absent[0]
    if (places.length === 0) throw first ?? noPlaces()
    return backUp(deps, { sources, places: unique(places), absent }, signal, () => undefined)
  }

  // ── what they share ──

  /** One at a time: two runs over the same shoot would get in each other's way. */
  readonly #limit = pLimit(1)
  /** Restores take turns among themselves; new photos need not wait for one. */
  readonly #restoreLimit = pLimit(1)

  #alone<T>(act: () => Promise<T>): Promise<T> {
    return this.#limit(act)
  }

  async #withEngine<T>(act: (deps: EngineDeps) => Promise<T>): Promise<T> {
    const { workerFile, withoutThreads } = this.#options
    const pool = new WorkerPool({
      temporaryTag: temporaryTag(this.journal),
      ...(workerFile === undefined ? {} : { workerFile }),
      ...(withoutThreads === true ? { inThisThread: this.#files } : {}),
    })
    try {
      return await act({
        files: this.#files,
        journal: this.journal,
        hash: chooseHashEngine(),
        clock: this.#clock,
        pool,
        volumes: this.#volumes,
      })
    } finally {
      await pool.close()
    }
  }

  #placeDeps(): PlaceDeps {
    return {
      files: this.#files,
      journal: this.journal,
      volumes: this.#volumes,
      clock: this.#clock,
      userFolder: os.homedir(),
    }
  }

  /** Opens a place; one that was in use before this journal met it is learned first. */
  async #open(deps: EngineDeps, folder: string, signal: AbortSignal, only?: PlaceRow): Promise<OpenPlace> {
    const place = await openPlace(this.#placeDeps(), folder, only ? { only } : {})
    if (place.isUnknownHere) await this.#learn(deps, place, signal)
    return place
  }

  async #openKnown(
    deps: EngineDeps,
    place: PlaceRow,
    places: OpenPlace[],
    absent: SafelightError[],
    signal: AbortSignal,
  ): Promise<void> {
    try {
      places.push(await this.#open(deps, place.path, signal, place))
    } catch (error) {
      if (!(error instanceof SafelightError)) throw error
      absent.push(error)
    }
  }

  /** The known drives that are connected; the others are simply not read from. */
  async #placesHere(deps: EngineDeps, signal: AbortSignal): Promise<OpenPlace[]> {
    const places: OpenPlace[] = []
    for (const place of listPlaces(this.journal).filter((each) => each.kind === 'drive'))
      await this.#openKnown(deps, place, places, [], signal)
    return unique(places)
  }

  #placeOutcome(id: string, say: (row: PlaceRow) => string): Outcome & { place: Place } {
    const row = placeById(this.journal, id)
    if (!row) throw new Error('a place just saved is not there')
    const place = placeReport(
      { files: this.#files, journal: this.journal, volumes: this.#volumes, clock: this.#clock },
      row,
    )
    const warnings = place.warnings.map((warning) => ` Mind: it is ${warning}.`).join('')
    return { ok: true, exitCode: 0, summary: `${say(row)}${warnings}`, place }
  }
}

/** What the plugin can take in one message, and what the command line can be sent in parts, with room for the rest of the answer. */
const LIST_BYTES = 512 * 1024
const CLI_LIST_BYTES = 32 * 1024 * 1024

/** The head of a list that, written as JSON, is not longer than this. */
function asLongAs(list: readonly string[], maxBytes: number): readonly string[] {
  let bytes = 0
  const end = list.findIndex((each) => (bytes += Buffer.byteLength(JSON.stringify(each)) + 1) > maxBytes)
  return end < 0 ? list : list.slice(0, end)
}

function unique(places: readonly OpenPlace[]): OpenPlace[] {
  return places.filter((place, index) => places.findIndex((other) => other.id === place.id) === index)
}

function checkProgress(filesDone: number, filesTotal: number): Parameters<RequestContext['progress']>[0] {
  return { stage: 'check', filesDone, filesTotal, bytesDone: 0, bytesTotal: 0, bytesPerSecond: 0 }
}

function noPlaces(): SafelightError {
  return new SafelightError('USAGE', {
    message: 'No drive for the copies is known yet. Nothing was backed up.',
    remedy: 'Name one: safelight backup FOLDER --to DRIVE. Or add one for good: safelight place add DRIVE',
  })
}

function placeList(places: readonly Place[]): Outcome & { places: readonly Place[] } {
  const here = places.filter((place) => place.state === 'here').length
  return {
    ok: true,
    exitCode: 0,
    summary:
      places.length === 0
        ? 'No place is known yet.'
        : `${places.length} place${places.length === 1 ? '' : 's'}, ${here} connected now.`,
    places,
  }
}

export function isHere(files: DurableFiles, place: PlaceRow): boolean {
  return stateOfPlace(files, place) === 'here'
}
