// The composition root: everything that the rooms need is made here, once, and handed to them as plain data. Holds the home for as long as
// it is open; whoever opens it second is told who holds it. What a method does stands in daemon/, one file per kind.
import path from 'node:path'
import { findLightroom } from './catalog/lightroom-process.js'
import { readConfig } from './config.js'
import { backUpSources, copyHandlers, type LearnPlace } from './daemon/copy-handlers.js'
import { ingestDeps, lightroomHandlers } from './daemon/lightroom-handlers.js'
import { pageHandlers } from './daemon/page-handlers.js'
import { placeHandlers } from './daemon/place-handlers.js'
import { pruneAll } from './daemon/prune-handler.js'
import { restoreHandlers } from './daemon/restore-handlers.js'
import { setUpHandlers } from './daemon/setup-handlers.js'
import { leavingPages, startWatch, statusHandlers } from './daemon/status-handlers.js'
import { rehearsalKeeper, rehearseHandlers } from './daemon/rehearse-handlers.js'
import { Workshop, type WorkshopOptions } from './daemon/workshop.js'
import { doctor } from './doctor.js'
import { SafelightError } from './errors.js'
import { allowedRoots, judgeReferenced } from './ingest/ingest.js'
import { Queue, type QueueDeps, type QueueTimes } from './ingest/queue.js'
import { claimHome, type Ownership } from './instance.js'
import { Journal } from './journal/journal.js'
import { mayUploadNow } from './offsite/upload-times.js'
import { readIdentities } from './offsite/age-keys.js'
import type { OpenBucket } from './offsite/open-bucket.js'
import { stateOfPlace } from './place/places.js'
import { rebuildFrom } from './restore/rebuild.js'
import { bucketSource } from './restore/bucket.js'
import { RestoreRoom } from './restore/room.js'
import type { Handlers, RequestContext } from './server/handlers.js'
import { watched } from './server/watched.js'
import { Activity } from './status/activity.js'
import type { StatusWatch, WatchDeps, WatchTimes } from './status/watch.js'
import { doctorWithBucket, thenOffsite } from './upkeep/bucket-methods.js'
import { BucketKeeper, type BucketKeeperDeps, type BucketTimes } from './upkeep/bucket-keeper.js'
import { BucketRoom } from './upkeep/bucket-room.js'
import { CatalogKeeper, type KeeperDeps, type KeeperTimes } from './upkeep/catalog-keeper.js'
import { bestInBuckets, fetchBackup, type FetchedBackup } from './upkeep/catalog-from-bucket.js'
import { CatalogRoom } from './upkeep/catalog-room.js'
import type { RehearsalKeeper } from './upkeep/rehearsal-keeper.js'

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
  readonly #catalogs: CatalogRoom
  readonly #buckets: BucketRoom
  readonly #restores: RestoreRoom
  #queue: Queue | undefined
  #keeper: CatalogKeeper | undefined
  #bucketKeeper: BucketKeeper | undefined

  private constructor(options: DaemonOptions, ownership: Ownership, journal: Journal) {
    this.#ownership = ownership
    this.journal = journal
    this.#shop = new Workshop(options, journal)
    this.#catalogs = this.#makeCatalogRoom()
    this.#buckets = new BucketRoom(this.#shop)
    this.#restores = this.#makeRestoreRoom()
    const learn: LearnPlace = async (deps, place, signal) => {
      const result = await rebuildFrom(deps, place, signal)
      await this.#catalogs.learn(place, signal)
      return result
    }
    this.#shop.learnWith(learn)
    const handlers = this.#makeHandlers(learn)
    const isAlone = this.#shop.helper === 'down'
    this.handlers = watched(isAlone ? leavingPages(this.#shop, handlers) : handlers, this.activity)
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
      ...copyHandlers(shop, learn, this.#buckets),
      ...placeHandlers(shop, learn, this.#restores, this.#buckets),
      ...restoreHandlers(shop, this.#restores),
      ...rehearseHandlers(shop, { restores: this.#restores, catalogs: this.#catalogs }),
      ...lightroomHandlers(shop, {
        owed: () => this.#queue?.wake(),
        left: (catalog) => {
          if (catalog !== undefined) this.#keeper?.left(catalog)
          this.#queue?.sweepSoon()
        },
      }),
      ...this.#catalogHandlers(),
      ...statusHandlers(shop),
      ...pageHandlers(shop),
      ...setUpHandlers(shop, (home) =>
        Daemon.open({ home, command: 'live proof', volumes: shop.volumes, clock: shop.clock }),
      ),
      'doctor/run': ({ bucket }, { signal }) => doctorWithBucket(doctor(shop), bucket, this.#buckets, signal),
    }
  }

  #catalogHandlers(): Partial<Handlers> {
    return {
      'catalog/backup': (params, { signal }) =>
        thenOffsite(this.#catalogs.backUp(params, signal), this.#buckets, signal),
      'catalog/check': (params, { signal, progress }) =>
        this.#catalogs.check(params, signal, (done, all) => progress(checkProgress(done, all))),
      'catalog/list': (_params, { signal }) => this.#catalogs.list(signal),
      'catalog/restore': (params, { signal }) => this.#catalogs.restore(params, signal),
      'prune/run': (params, { signal }) =>
        pruneAll(this.#shop, (each, stop) => this.#catalogs.prune(each, stop), params, signal),
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
        onFault,
        backUp: (sources, signal) =>
          this.#tellingBuckets(() =>
            shop.alone(() =>
              this.activity.during('Copying and verifying new photos', (progress) =>
                shop.withEngine((deps) => backUpSources(shop, deps, sources, signal, progress)),
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
  startBucketKeeper(times: BucketTimes, onFault: BucketKeeperDeps['onFault']): BucketKeeper {
    const shop = this.#shop
    const keeper = new BucketKeeper(
      {
        journal: shop.journal,
        clock: shop.clock,
        random: Math.random,
        buckets: this.#buckets,
        mayUpload: () => mayUploadNow(readConfig(shop.home), new Date(shop.clock())),
        readBackBytesPerDay: readConfig(shop.home).readBackMegabytesPerDay * 1e6,
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
  startRehearsals(lookMs: number, onFault: KeeperDeps['onFault']): RehearsalKeeper {
    const keeper = rehearsalKeeper(this.#shop, { restores: this.#restores, catalogs: this.#catalogs }, lookMs, onFault)
    keeper.start()
    return keeper
  }

  /** Begins to back up catalogs by itself, when Lightroom has left them. */
  startCatalogKeeper(times: KeeperTimes, onFault: KeeperDeps['onFault']): CatalogKeeper {
    const shop = this.#shop
    this.#keeper = new CatalogKeeper(
      {
        journal: shop.journal,
        clock: shop.clock,
        findLightroom,
        drives: () =>
          shop.drives().map((place) => ({ id: place.id, isHere: stateOfPlace(shop.files, place) === 'here' })),
        // A laptop is often closed right after Lightroom: the catalog goes off-site at once as the photos do.
        backUp: (catalog, signal) => this.#tellingBuckets(() => this.#catalogs.backUp({ catalog }, signal)),
        onFault,
      },
      times,
    )
    this.#keeper.start()
    return this.#keeper
  }

  #makeRestoreRoom(): RestoreRoom {
    const shop = this.#shop
    return new RestoreRoom({
      home: shop.home,
      clock: shop.clock,
      volumes: shop.volumes,
      withEngine: (act) => shop.withEngine(act),
      placesHere: (deps, signal) => shop.placesHere(deps, signal),
      openBuckets: () =>
        Promise.resolve(this.#openBuckets().map((bucket) => bucketSource(bucket, readIdentities(shop.home)))),
      resend: async (placeId, shootIds, signal) => {
        const place = this.#buckets.places().find(({ id }) => id === placeId)
        return place ? (await this.#buckets.send(place, { shootIds: () => shootIds }, signal)).findings : []
      },
      picks: (places, signal) => this.#catalogs.picks(places, signal),
    })
  }

  /** Begins to tell what is to be told. */
  startWatch(onFault: WatchDeps['onFault'], times?: WatchTimes): StatusWatch {
    return startWatch(this.#shop, onFault, times)
  }

  /** Where every open page is told something from now on. */
  announceBy(announce: WatchDeps['broadcast']): void {
    this.#shop.announce = announce
  }

  /** Every bucket that can be read from. One whose settings are damaged is simply not read from; status says so. */
  #openBuckets(): OpenBucket[] {
    return this.#buckets.places().flatMap((place) => {
      try {
        return [this.#buckets.open(place)]
      } catch (error) {
        if (error instanceof SafelightError) return []
        throw error
      }
    })
  }

  /** The best backup of a catalog that a bucket has, fetched to the home. */
  async #catalogFromBucket(
    name: string,
    asOfMs: number | undefined,
    signal: AbortSignal,
  ): Promise<FetchedBackup | undefined> {
    const { home, journal } = this.#shop
    const buckets = this.#openBuckets()
    try {
      const best = bestInBuckets(journal, buckets, name, asOfMs)
      const deps = {
        fetcher: this.#restores.fetcher,
        identities: readIdentities(home),
        folder: path.join(home, 'fetched-catalog'),
      }
      return best && (await fetchBackup(deps, best.bucket, best.row, signal))
    } finally {
      for (const bucket of buckets) bucket.close()
      await this.#restores.fetcher.clear()
    }
  }

  #makeCatalogRoom(): CatalogRoom {
    const shop = this.#shop
    return new CatalogRoom({
      journal: shop.journal,
      volumes: shop.volumes,
      clock: shop.clock,
      home: shop.home,
      settleMs: () => readConfig(shop.home).catalogSettleSeconds * 1000,
      openPlaces: (signal) => shop.withEngine((deps) => shop.openKnown(deps, shop.drives(), signal)),
      allowRoots: (roots) => allowedRoots(ingestDeps(shop), roots),
      judge: (file, isOffline, catalog, roots) => judgeReferenced(ingestDeps(shop), file, isOffline, catalog, roots),
      onWanted: () => this.#queue?.wake(),
      fromBucket: (name, asOfMs, signal) => this.#catalogFromBucket(name, asOfMs, signal),
    })
  }
}

/** Between two words to the buckets while photos are being copied. */
const TELL_BUCKETS_MS = 5_000

function checkProgress(filesDone: number, filesTotal: number): Parameters<RequestContext['progress']>[0] {
  return { stage: 'check', filesDone, filesTotal, bytesDone: 0, bytesTotal: 0, bytesPerSecond: 0 }
}
