// The composition root: everything that the rooms need is made here, once, and handed to them as plain data. Holds the home for as long as
// it is open; whoever opens it second is told who holds it. What a method does stands in daemon/, one file per kind.
import path from 'node:path'
import { readConfig } from './config.js'
import { around, COPYING } from './daemon/around.js'
import type { LearnPlace } from './daemon/copy-handlers.js'
import { deferred, once } from './daemon/deferred.js'
import { leavingPages } from './daemon/leave-pages.js'
import { ingestDeps, lightroomHandlers } from './daemon/lightroom-handlers.js'
import type { Rehearsers } from './daemon/rehearse-handlers.js'
import { Workshop, type WorkshopOptions } from './daemon/workshop.js'
import { SafelightError, systemCode } from './errors.js'
import { allowedRoots, judgeReferenced } from './ingest/ingest.js'
import { Queue, type QueueDeps, type QueueTimes } from './ingest/queue.js'
import { claimHome, type Ownership } from './instance.js'
import { Journal } from './journal/journal.js'
import { lazily, loadEverything } from './lazily.js'
import type { OpenBucket } from './offsite/open-bucket.js'
import { placeError } from './place/place-error.js'
import { stateOfPlace } from './place/places.js'
import type { RestoreRoom } from './restore/room.js'
import type { BackupResult } from '../shared/methods.js'
import type { Handlers, RequestContext } from './server/handlers.js'
import { watched } from './server/watched.js'
import { Activity } from './status/activity.js'
import type { StatusWatch, WatchDeps, WatchTimes } from './status/watch.js'
import type { BucketKeeper, BucketKeeperDeps, BucketTimes } from './upkeep/bucket-keeper.js'
import type { CatalogKeeper, KeeperDeps, KeeperTimes } from './upkeep/catalog-keeper.js'
import type { BucketCatalogWish, FetchedBackup } from './upkeep/catalog-from-bucket.js'
import type { CatalogRoom } from './upkeep/catalog-room.js'
import type { RehearsalKeeper } from './upkeep/rehearsal-keeper.js'
import type { ThawKeeper } from './upkeep/thaw-keeper.js'

/** Each is loaded when a method first needs it. */
const load = {
  copying: lazily(() => import('./daemon/copy-handlers.js')),
  places: lazily(() => import('./daemon/place-handlers.js')),
  restoring: lazily(() => import('./daemon/restore-handlers.js')),
  restoreRoom: lazily(() => import('./restore/room.js')),
  rebuilding: lazily(() => import('./restore/rebuild.js')),
  card: lazily(() => import('./daemon/card-handlers.js')),
  rehearsing: lazily(() => import('./daemon/rehearse-handlers.js')),
  status: lazily(() => import('./daemon/status-handlers.js')),
  watching: lazily(() => import('./daemon/watching.js')),
  page: lazily(() => import('./daemon/page-handlers.js')),
  setUp: lazily(() => import('./daemon/setup-handlers.js')),
  doctor: lazily(() => import('./doctor.js')),
  pruning: lazily(() => import('./daemon/prune-handler.js')),
  lightroom: lazily(() => import('./catalog/lightroom-process.js')),
  catalogRoom: lazily(() => import('./upkeep/catalog-room.js')),
  catalogKeeper: lazily(() => import('./upkeep/catalog-keeper.js')),
  changedOriginals: lazily(() => import('./engine/changed-originals.js')),
  catalogFromBucket: lazily(() => import('./upkeep/catalog-from-bucket.js')),
  bucketRoom: lazily(() => import('./upkeep/bucket-room.js')),
  bucketMethods: lazily(() => import('./upkeep/bucket-methods.js')),
  studio: lazily(() => import('./upkeep/studio-methods.js')),
  bucketKeeper: lazily(() => import('./upkeep/bucket-keeper.js')),
  bucketSource: lazily(() => import('./restore/bucket.js')),
  ageKeys: lazily(() => import('./offsite/age-keys.js')),
  uploadTimes: lazily(() => import('./offsite/upload-times.js')),
}

export interface DaemonOptions extends WorkshopOptions {
  /** What this process does, for whoever is turned away. */
  readonly command: string
}

export class Daemon {
  readonly handlers: Partial<Handlers>
  readonly activity = new Activity()
  readonly journal: Journal
  readonly #ownership: Ownership
  readonly #shop: Workshop
  readonly #catalogs = once(() => this.#makeCatalogRoom())
  readonly #buckets = once(async () => new (await load.bucketRoom()).BucketRoom(this.#shop))
  readonly #restores = once(() => this.#makeRestoreRoom())
  #queue: Queue | undefined
  #keeper: CatalogKeeper | undefined
  #bucketKeeper: BucketKeeper | undefined

  private constructor(options: DaemonOptions, ownership: Ownership, journal: Journal) {
    this.#ownership = ownership
    this.journal = journal
    this.#shop = new Workshop(options, journal)
    const learn: LearnPlace = async (deps, place, signal) => {
      const { assertThere, rebuildFrom } = await load.rebuilding()
      try {
        const result = await rebuildFrom(deps, place, signal)
        await (await this.#catalogs()).learn(place, signal)
        assertThere(deps, place)
        return result
      } catch (error) {
        // Pulled in the middle: what was learned of whole shoots is kept.
        throw systemCode(error) === '' ? error : placeError(error, place.name)
      }
    }
    this.#shop.learnWith(learn)
    const handlers = around(COPYING, this.#makeHandlers(learn), (run) => this.#shop.awake.during(run))
    const isAlone = this.#shop.helper === 'down'
    this.handlers = watched(isAlone ? leavingPages(this.#shop, handlers) : handlers, this.activity)
  }

  /** @throws HOME_IN_USE, HOME_UNUSABLE, JOURNAL_DAMAGED, JOURNAL_TOO_NEW */
  static async open(options: DaemonOptions): Promise<Daemon> {
    // The helper outlives a new version of its own files: it loads nothing later.
    if (options.helper === 'running') await loadEverything()
    const ownership = await claimHome(options.home, options.command, (options.clock ?? Date.now)())
    try {
      return new Daemon(options, ownership, Journal.open(options.home))
    } catch (error) {
      ownership.release()
      throw error
    }
  }

  /** Like open, but a journal that cannot be read, or not all of it, is moved out of the way for a new one. */
  static async openForRebuild(options: DaemonOptions): Promise<Daemon> {
    const now = options.clock ?? Date.now
    try {
      const daemon = await Daemon.open(options)
      if (daemon.journal.isSound()) return daemon
      daemon.#abandon()
    } catch (error) {
      if (!(error instanceof SafelightError) || error.code !== 'JOURNAL_DAMAGED') throw error
    }
    const ownership = await claimHome(options.home, options.command, now())
    Journal.moveAside(options.home, now())
    return new Daemon(options, ownership, Journal.open(options.home))
  }

  /** Closes a journal that may not even bear being closed. */
  #abandon(): void {
    try {
      this.close()
    } catch (error) {
      if (!(error instanceof SafelightError)) throw error
    }
  }

  close(): void {
    try {
      this.journal.close()
    } finally {
      this.#ownership.release()
    }
  }

  #makeHandlers(learn: LearnPlace): Partial<Handlers> {
    const shop = this.#shop
    return {
      ...deferred(['backup/run', 'verify/run', 'rebuild/run'], async () =>
        (await load.copying()).copyHandlers(shop, learn, this.#buckets),
      ),
      ...deferred(['place/list', 'place/add', 'place/rename', 'place/remove'], async () =>
        (await load.places()).placeHandlers(shop, learn, this.#restores, this.#buckets),
      ),
      ...deferred(['restore/plan', 'restore/run', 'heal/run'], async () =>
        (await load.restoring()).restoreHandlers(shop, await this.#restores()),
      ),
      ...deferred(['card/check'], async () => (await load.card()).cardHandlers(shop)),
      ...deferred(['drill/run'], async () =>
        (await load.rehearsing()).rehearseHandlers(shop, await this.#rehearsers()),
      ),
      ...lightroomHandlers(shop, {
        owed: () => this.#queue?.wake(),
        left: (catalog) => {
          this.#keeper?.left(catalog)
          this.#queue?.sweepSoon()
        },
      }),
      ...this.#catalogHandlers(),
      ...deferred(['shoots/list', 'status/get', 'file/story', 'photos/states', 'status/accept'], async () =>
        (await load.status()).statusHandlers(shop),
      ),
      ...deferred(['files/find'], async () => (await load.page()).pageHandlers(shop)),
      ...deferred(['setup/look', 'setup/keep', 'setup/install', 'setup/prove', 'setup/sheet'], async () =>
        (await load.setUp()).setUpHandlers(shop, (home) =>
          Daemon.open({ home, command: 'live proof', volumes: shop.volumes, clock: shop.clock }),
        ),
      ),
      'studio/status': async (params, { signal }) => {
        const [{ studioStatus }, buckets] = await Promise.all([load.studio(), this.#buckets()])
        return studioStatus(buckets, params, shop.clock(), signal)
      },
      'doctor/run': async ({ bucket }, { signal }) => {
        const [{ doctor }, { doctorWithBucket }] = await Promise.all([load.doctor(), load.bucketMethods()])
        return doctorWithBucket(doctor(shop), bucket, this.#buckets, signal)
      },
    }
  }

  async #rehearsers(): Promise<Rehearsers> {
    return {
      restores: await this.#restores(),
      catalogs: await this.#catalogs(),
      catalogFromBucket: (wanted, signal) => this.#catalogFromBucket(wanted, signal),
    }
  }

  #catalogHandlers(): Partial<Handlers> {
    return {
      'catalog/backup': async (params, { signal }) => {
        const [catalogs, buckets, { thenOffsite }] = await Promise.all([
          this.#catalogs(),
          this.#buckets(),
          load.bucketMethods(),
        ])
        return thenOffsite(catalogs.backUp(params, signal), buckets, signal)
      },
      'catalog/check': async (params, { signal, progress }) =>
        (await this.#catalogs()).check(params, signal, (done, all) => progress(checkProgress(done, all))),
      'catalog/list': async (_params, { signal }) => (await this.#catalogs()).list(signal),
      'catalog/restore': async (params, { signal }) => (await this.#catalogs()).restore(params, signal),
      'prune/run': async (params, { signal }) => {
        const [catalogs, { pruneAll }] = await Promise.all([this.#catalogs(), load.pruning()])
        return pruneAll(this.#shop, (each, stop) => catalogs.prune(each, stop), params, signal)
      },
    }
  }

  /** Begins the work that nobody asks for: the helper does it, a single command does not. */
  startQueue(times: QueueTimes, onFault: QueueDeps['onFault']): Queue {
    const shop = this.#shop
    this.#queue = new Queue(
      {
        files: shop.files,
        journal: shop.journal,
        clock: shop.clock,
        drivesAnswer: () => shop.drivesAnswer(),
        onFault,
        backUp: (sources, signal) =>
          this.#tellingBuckets(() =>
            shop.alone(() =>
              this.activity.during('Copying and verifying new photos', (progress) =>
                shop.awake.during(() =>
                  shop.withEngine(async (deps) =>
                    (await load.copying()).backUpSources(shop, deps, sources, signal, progress),
                  ),
                ),
              ),
            ),
          ),
      },
      times,
    )
    this.#queue.start()
    return this.#queue
  }

  /** What is proven on the way may go off-site while the rest is still being copied. */
  async #tellingBuckets<T>(act: () => Promise<T>): Promise<T> {
    const timer = setInterval(() => this.#bucketKeeper?.wake(), TELL_BUCKETS_MS)
    try {
      return await act()
    } finally {
      clearInterval(timer)
      this.#bucketKeeper?.wake()
    }
  }

  /** Begins to send off-site by itself. */
  async startBucketKeeper(times: BucketTimes, onFault: BucketKeeperDeps['onFault']): Promise<BucketKeeper> {
    const shop = this.#shop
    const [{ BucketKeeper }, { mayUploadNow }] = await Promise.all([load.bucketKeeper(), load.uploadTimes()])
    const keeper = new BucketKeeper(
      {
        journal: shop.journal,
        clock: shop.clock,
        random: Math.random,
        buckets: await this.#buckets(),
        mayUpload: () => mayUploadNow(readConfig(shop.home), new Date(shop.clock())),
        readBackBytesPerDay: readConfig(shop.home).readBackMegabytesPerDay * 1e6,
        reasonToWait: () => shop.waiting.first(),
        stayAwake: (act) => shop.awake.during(act),
        onSent: () => this.#queue?.wake(),
        onFault,
      },
      times,
    )
    this.#bucketKeeper = keeper
    keeper.start()
    return keeper
  }

  /** Begins to open new pictures, to scrub and to drill by itself. */
  async startRehearsals(lookMs: number, onFault: KeeperDeps['onFault']): Promise<RehearsalKeeper> {
    const { rehearsalKeeper } = await load.rehearsing()
    const keeper = rehearsalKeeper(this.#shop, await this.#rehearsers(), lookMs, onFault)
    keeper.start()
    return keeper
  }

  /** Begins to back up catalogs by itself, when Lightroom has left them. */
  async startCatalogKeeper(times: KeeperTimes, onFault: KeeperDeps['onFault']): Promise<CatalogKeeper> {
    const shop = this.#shop
    const [{ CatalogKeeper }, { findLightroom }] = await Promise.all([load.catalogKeeper(), load.lightroom()])
    const catalogs = await this.#catalogs()
    this.#keeper = new CatalogKeeper(
      {
        journal: shop.journal,
        clock: shop.clock,
        findLightroom,
        drives: () =>
          shop.drives().map((place) => ({ id: place.id, isHere: stateOfPlace(shop.files, place) === 'here' })),
        // A laptop is often closed right after Lightroom: the catalog goes off-site at once as the photos do.
        backUp: (catalog, signal) =>
          shop.awake.during(() => this.#tellingBuckets(() => catalogs.backUp({ catalog }, signal))),
        onFault,
      },
      times,
    )
    this.#keeper.start()
    return this.#keeper
  }

  async #makeRestoreRoom(): Promise<RestoreRoom> {
    const shop = this.#shop
    const { RestoreRoom } = await load.restoreRoom()
    return new RestoreRoom({
      home: shop.home,
      clock: shop.clock,
      volumes: shop.volumes,
      withEngine: (act) => shop.withEngine(act),
      placesHere: (deps, signal) => shop.placesHere(deps, signal),
      openBuckets: async () => {
        if (shop.buckets().length === 0) return []
        const [{ bucketSource }, { readIdentities }] = await Promise.all([load.bucketSource(), load.ageKeys()])
        return (await this.#openBuckets()).map((bucket) => bucketSource(bucket, readIdentities(shop.home)))
      },
      resend: async (placeId, shootIds, signal) => {
        const place = shop.buckets().find(({ id }) => id === placeId)
        if (!place) return []
        return (await (await this.#buckets()).send(place, { shootIds: () => shootIds }, signal)).findings
      },
      picks: async (places, signal) => (await this.#catalogs()).picks(places, signal),
      waiting: () => ({
        goesOnByItself: shop.helper === 'running',
        lookMs: readConfig(shop.home).coldLookMinutes * 60_000,
      }),
    })
  }

  /** Begins to go on with restores that wait for cold storage. */
  async startThawKeeper(tickMs: number, onFault: KeeperDeps['onFault']): Promise<ThawKeeper> {
    const { thawKeeper } = await load.restoring()
    const keeper = thawKeeper(this.#shop, await this.#restores(), this.activity, tickMs, onFault)
    keeper.start()
    return keeper
  }

  /** Begins to tell what is to be told. */
  async startWatch(onFault: WatchDeps['onFault'], times?: WatchTimes): Promise<StatusWatch> {
    const { startWatch } = await load.watching()
    return startWatch(this.#shop, onFault, times, (status) => this.#bucketKeeper?.know(status))
  }

  /** For a command that works alone: says in the buckets to which it has just sent how this computer is now, as the helper does by itself.
   *  @returns what could not be said, in words; nothing that was sent is less safe for it */
  async leaveStatus({ offsite = [] }: BackupResult, signal: AbortSignal): Promise<string[]> {
    const sentTo = new Set(offsite.flatMap(({ place, trouble }) => (trouble === undefined ? [place] : [])))
    if (sentTo.size === 0) return []
    const [buckets, { statusOf }] = await Promise.all([this.#buckets(), load.status()])
    const status = statusOf(this.#shop)
    const failures: string[] = []
    for (const place of buckets.places()) {
      if (!sentTo.has(place.name) || !buckets.isStatusDue(place.id, status)) continue
      try {
        await buckets.leaveStatus(place, status, signal)
      } catch (error) {
        if (!(error instanceof SafelightError)) throw error
        failures.push(`The status could not be left in "${place.name}". ${error.message}`)
      }
    }
    return failures
  }

  /** Where every open page is told something from now on. */
  announceBy(announce: WatchDeps['broadcast']): void {
    this.#shop.announce = announce
  }

  /** Every bucket that can be read from. One whose settings are damaged is simply not read from; status says so. */
  async #openBuckets(): Promise<OpenBucket[]> {
    const room = await this.#buckets()
    return room.places().flatMap((place) => {
      try {
        return [room.open(place)]
      } catch (error) {
        if (error instanceof SafelightError) return []
        throw error
      }
    })
  }

  /** The best backup of a catalog that a bucket has, fetched to the home. */
  async #catalogFromBucket(
    { name, asOfMs, placeId, ...limits }: BucketCatalogWish,
    signal: AbortSignal,
  ): Promise<FetchedBackup | undefined> {
    const { home, journal } = this.#shop
    if (this.#shop.buckets().length === 0) return undefined
    const [{ bestInBuckets, fetchBackup }, { readIdentities }] = await Promise.all([
      load.catalogFromBucket(),
      load.ageKeys(),
    ])
    const { fetcher } = await this.#restores()
    const buckets = await this.#openBuckets()
    try {
      const asked = buckets.filter(({ place }) => placeId === undefined || place.id === placeId)
      const best = bestInBuckets(journal, asked, name, asOfMs)
      const deps = {
        fetcher,
        identities: readIdentities(home),
        folder: path.join(home, 'fetched-catalog'),
        ...limits,
      }
      return best && (await fetchBackup(deps, best.bucket, best.row, signal))
    } finally {
      for (const bucket of buckets) bucket.close()
      await fetcher.clear()
    }
  }

  async #makeCatalogRoom(): Promise<CatalogRoom> {
    const shop = this.#shop
    const { CatalogRoom } = await load.catalogRoom()
    return new CatalogRoom({
      journal: shop.journal,
      volumes: shop.volumes,
      clock: shop.clock,
      home: shop.home,
      settleMs: () => readConfig(shop.home).catalogSettleSeconds * 1000,
      openPlaces: (signal) => shop.withEngine((deps) => shop.openKnown(deps, shop.drives(), signal)),
      allowRoots: (roots) => allowedRoots(ingestDeps(shop), roots),
      judge: (file, isOffline, catalog, roots) => judgeReferenced(ingestDeps(shop), file, isOffline, catalog, roots),
      judgeChanged: (files, signal) =>
        shop.withEngine(async (deps) => {
          const { judgeChanged } = await load.changedOriginals()
          return judgeChanged(deps, await shop.placesHere(deps, signal), files, signal)
        }),
      onWanted: () => this.#queue?.wake(),
      withoutThreads: shop.withoutThreads,
      fromBucket: (name, asOfMs, signal) => this.#catalogFromBucket({ name, asOfMs }, signal),
    })
  }
}

/** Between two words to the buckets while photos are being copied. */
const TELL_BUCKETS_MS = 5_000

function checkProgress(filesDone: number, filesTotal: number): Parameters<RequestContext['progress']>[0] {
  return { stage: 'check', filesDone, filesTotal, bytesDone: 0, bytesTotal: 0, bytesPerSecond: 0 }
}
