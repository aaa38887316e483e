// What is asked of the restore room: plan, restore, heal. Opens what there is to restore from, drives and buckets, for as long as one request
// lasts, and leaves everything else to the modules beside it.
import path from 'node:path'
import type { OnProgress } from '../engine/progress.js'
import type { EngineDeps } from '../engine/run.js'
import { chooseHashEngine } from '../files/hash.js'
import type { Volumes } from '../files/volumes.js'
import type { OpenPlace } from '../place/places.js'
import type { FillResult, Params, Result } from '../../shared/methods.js'
import type { OpenBucket } from './bucket.js'
import { clearOldFetches, Fetcher } from './fetch.js'
import { fillPlace, type FillRequest } from './fill.js'
import type { Resend } from './heal-buckets.js'
import { heal } from './heal.js'
import { planRestore, restore, type RestoreRequest, type Waiting } from './restore.js'
import { goOn } from './thaw.js'
import type { ThawRow } from '../journal/thaws.js'

export interface RestoreRoomDeps {
  readonly home: string
  readonly clock: () => number
  readonly volumes: Volumes
  readonly withEngine: <T>(act: (deps: EngineDeps) => Promise<T>) => Promise<T>
  /** The known drives that are connected. */
  readonly placesHere: (deps: EngineDeps, signal: AbortSignal) => Promise<OpenPlace[]>
  /** Opens every known bucket whose credentials are there; nothing is asked of the store yet. */
  readonly openBuckets: () => Promise<OpenBucket[]>
  /** Sends what a bucket lacks of these shoots. */
  readonly resend: Resend
  /** What the photographer has chosen, by the newest catalog backups at these places. */
  readonly picks: (places: readonly OpenPlace[], signal: AbortSignal) => Promise<ReadonlyMap<string, number>>
  /** How what is cold is waited for. */
  readonly waiting: () => Waiting
}

export class RestoreRoom {
  readonly #deps: RestoreRoomDeps
  readonly fetcher: Fetcher
  #isCleared = false

  constructor(deps: RestoreRoomDeps) {
    this.#deps = deps
    const { home, volumes, clock } = deps
    this.fetcher = new Fetcher({ folder: path.join(home, 'fetched'), hash: chooseHashEngine(), volumes, clock })
  }

  plan(params: Params<'restore/plan'>, signal: AbortSignal): Promise<Result<'restore/plan'>> {
    return this.#with(params, signal, (engine, request) => planRestore(engine, request, signal))
  }

  restore(params: Params<'restore/run'>, signal: AbortSignal, onProgress: OnProgress): Promise<Result<'restore/run'>> {
    return this.#with(params, signal, (engine, request) => restore(engine, request, signal, onProgress))
  }

  /** One step on with a restore that waits for cold storage. @param restore  runs a restore when it is its turn */
  goOn(row: ThawRow, restore: Parameters<typeof goOn>[0]['restore'], signal: AbortSignal): Promise<void> {
    const { clock, withEngine, waiting, openBuckets } = this.#deps
    return withEngine(({ journal }) =>
      goOn(
        {
          journal,
          clock,
          lookMs: waiting().lookMs,
          restore,
          withBuckets: async (act) => {
            const buckets = await openBuckets()
            try {
              return await act(buckets)
            } finally {
              for (const { store } of buckets) store.close()
            }
          },
        },
        row,
        signal,
      ),
    )
  }

  heal(params: Params<'heal/run'>, signal: AbortSignal, onProgress: OnProgress): Promise<Result<'heal/run'>> {
    return this.#open(signal, (engine, sources) =>
      heal(engine, { params, resend: this.#deps.resend, ...sources }, signal, onProgress),
    )
  }

  /** Ids of the buckets whose credentials are there; whether they answer is not known yet. */
  async bucketsHere(): Promise<string[]> {
    const buckets = await this.#deps.openBuckets()
    for (const { store } of buckets) store.close()
    return buckets.map(({ id }) => id)
  }

  /** Copies to a place what others have and it has not. @param exclusively  one lot is copied while nothing else writes */
  fill(
    place: OpenPlace,
    exclusively: FillRequest['exclusively'],
    signal: AbortSignal,
    onProgress: OnProgress,
  ): Promise<FillResult> {
    return this.#open(signal, (engine, sources) =>
      fillPlace(engine, { place, exclusively, ...sources }, signal, onProgress),
    )
  }

  #with<T>(
    params: Params<'restore/run'>,
    signal: AbortSignal,
    act: (deps: EngineDeps, request: RestoreRequest) => Promise<T>,
  ): Promise<T> {
    return this.#open(signal, async (engine, sources) => {
      const picks = params.first === 'picks' ? await this.#deps.picks(sources.places, signal) : undefined
      return act(engine, { params, ...sources, waiting: this.#deps.waiting(), ...(picks ? { picks } : {}) })
    })
  }

  #open<T>(
    signal: AbortSignal,
    act: (deps: EngineDeps, sources: { places: OpenPlace[]; buckets: OpenBucket[]; fetcher: Fetcher }) => Promise<T>,
  ): Promise<T> {
    return this.#deps.withEngine(async (engine) => {
      if (!this.#isCleared) await clearOldFetches(path.join(this.#deps.home, 'fetched'), this.#deps.clock())
      this.#isCleared = true
      const places = await this.#deps.placesHere(engine, signal)
      const buckets = await this.#deps.openBuckets()
      try {
        return await act(engine, { places, buckets, fetcher: this.fetcher })
      } finally {
        for (const { store } of buckets) store.close()
      }
    })
  }
}
