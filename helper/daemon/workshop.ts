// What every method works with: the engine and its workers, the places that are there, and whose turn it is. One per open home.
import os from 'node:os'
import { setTimeout as wait } from 'node:timers/promises'
import pLimit from 'p-limit'
import type { EngineDeps } from '../engine/run.js'
import { isOfHome, SafelightError } from '../errors.js'
import { systemFiles, type DurableFiles } from '../files/durable.js'
import { chooseHashEngine } from '../files/hash.js'
import { systemVolumes, type Volumes } from '../files/volumes.js'
import type { Journal } from '../journal/journal.js'
import { temporaryTag } from '../journal/meta.js'
import { listPlaces, noteShared, type PlaceRow } from '../journal/places.js'
import { readConfig } from '../config.js'
import { lazily } from '../lazily.js'
import { systemAwake, type Awake } from '../manners/awake.js'
import { BusyLightroom } from '../manners/busy-lightroom.js'
import { usualReasons, WaitReasons } from '../manners/wait-reasons.js'
import type { probeStore } from '../offsite/probe.js'
import { Answering, keptFromSilent } from '../place/answering.js'
import { openPlace, type OpenPlace, type PlaceDeps } from '../place/places.js'
import { policyOf, type Policy } from '../status/policy.js'
import type { WatchDeps } from '../status/watch.js'

const pooling = lazily(() => import('../engine/pool.js'))
const catchingUp = lazily(() => import('../engine/catch-up.js'))

export interface WorkshopOptions {
  readonly home: string
  readonly files?: DurableFiles
  readonly volumes?: Volumes
  readonly clock?: () => number
  /** How to wait between two tries of a request; a test of many does not. */
  readonly wait?: (ms: number, signal?: AbortSignal) => Promise<void>
  /** How a store is tried; a test of many buckets of one store tries it once. */
  readonly probe?: typeof probeStore
  /** The module copy workers start with; tests name one whose disk has faults. */
  readonly workerFile?: URL
  /** How long a drive may be silent before another place is asked; tests wait less. */
  readonly patienceMs?: number
  /** Work in the main thread instead of in workers; tests that must run the same way twice ask for it. */
  readonly withoutThreads?: boolean
  /** What keeps the computer awake, and why upkeep waits; tests give their own. */
  readonly awake?: Awake
  readonly waiting?: WaitReasons
  /** Whether this is the helper that outlives its callers, or a command that works alone. */
  readonly helper?: 'running' | 'down'
}

/** Learns everything that a place says of itself: shoots and catalogs. */
export type Learn<Result> = (deps: EngineDeps, place: OpenPlace, signal: AbortSignal) => Promise<Result>

export class Workshop {
  readonly home: string
  readonly journal: Journal
  readonly files: DurableFiles
  readonly volumes: Volumes
  readonly clock: () => number
  readonly wait: (ms: number, signal?: AbortSignal) => Promise<void>
  readonly helper: 'running' | 'down'
  readonly awake: Awake
  /** Why upkeep waits now. Whoever knows a reason adds it. */
  readonly waiting: WaitReasons
  readonly lightroom = new BusyLightroom()
  /** How long nobody was at work before this helper started, as long as that is to be said. */
  silentMs: () => number = () => 0
  /** Tells every open page something; the server gives it. */
  announce: WatchDeps['broadcast'] = () => undefined
  readonly withoutThreads: boolean
  /** How a store is tried; see offsite/probe.ts. */
  readonly probe: typeof probeStore | undefined
  readonly #workerFile: URL | undefined
  readonly #patienceMs: number | undefined
  readonly #answering: Answering
  readonly #limit = pLimit(1)
  readonly #restoreLimit = pLimit(1)
  #learn: Learn<unknown> = () => Promise.resolve()

  constructor(options: WorkshopOptions, journal: Journal) {
    this.home = options.home
    this.journal = journal
    this.#answering = new Answering(options.patienceMs)
    this.files = options.files ?? keptFromSilent(systemFiles, this.#answering)
    this.volumes = options.volumes ?? systemVolumes()
    this.clock = options.clock ?? Date.now
    this.wait = options.wait ?? pause
    this.helper = options.helper ?? 'down'
    this.awake = options.awake ?? systemAwake()
    this.waiting = options.waiting ?? new WaitReasons()
    if (!options.waiting) this.waiting.add(...usualReasons({ config: () => readConfig(this.home), clock: this.clock }))
    this.waiting.add(() => this.lightroom.reason())
    this.withoutThreads = options.withoutThreads ?? false
    this.probe = options.probe
    this.#workerFile = options.workerFile
    this.#patienceMs = options.patienceMs
  }

  /** How a place that this journal meets for the first time is learned. */
  learnWith(learn: Learn<unknown>): void {
    this.#learn = learn
  }

  /** One at a time: two runs over the same shoot would get in each other's way. */
  alone<T>(act: () => Promise<T>): Promise<T> {
    return this.#limit(act)
  }

  /** Restores take turns among themselves; new photos need not wait for one. */
  byTurns<T>(act: () => Promise<T>): Promise<T> {
    return this.#restoreLimit(act)
  }

  async withEngine<T>(act: (deps: EngineDeps) => Promise<T>): Promise<T> {
    const [workerFile, patienceMs] = [this.#workerFile, this.#patienceMs]
    const { WorkerPool } = await pooling()
    const pool = new WorkerPool({
      temporaryTag: temporaryTag(this.journal),
      ...(workerFile === undefined ? {} : { workerFile }),
      ...(patienceMs === undefined ? {} : { patienceMs }),
      ...(this.withoutThreads ? { inThisThread: this.files } : {}),
    })
    try {
      return await act({
        files: this.files,
        journal: this.journal,
        hash: chooseHashEngine(),
        clock: this.clock,
        pool,
        volumes: this.volumes,
      })
    } finally {
      await pool.close()
    }
  }

  placeDeps(): PlaceDeps {
    return {
      files: this.files,
      journal: this.journal,
      volumes: this.volumes,
      clock: this.clock,
      userFolder: os.homedir(),
    }
  }

  /** For how long each claim is believed, as the user has it now. */
  policy(): Policy {
    return policyOf(readConfig(this.home))
  }

  drives(): PlaceRow[] {
    return listPlaces(this.journal).filter((place) => place.kind === 'drive')
  }

  buckets(): PlaceRow[] {
    return listPlaces(this.journal).filter((place) => place.kind === 'bucket')
  }

  /** Opens a place; one that was in use before this journal met it is learned first, and what other computers did at any since it was open. */
  async open(deps: EngineDeps, folder: string, signal: AbortSignal, only?: PlaceRow): Promise<OpenPlace> {
    if (!(await this.#answering.ask(folder))) throw doesNotAnswer(folder, only)
    const place = await openPlace(this.placeDeps(), folder, only ? { only } : {})
    if (place.isUnknownHere) {
      noteShared(this.journal, place.id)
      await this.#learn(deps, place, signal)
    } else (await catchingUp()).catchUp(deps, place)
    return place
  }

  /** Asks every known drive whether it answers; those that do not are as good as away to this thread. */
  async drivesAnswer(): Promise<void> {
    await Promise.all(this.drives().map(({ path }) => this.#answering.ask(path)))
  }

  /** Opens those of the given places that are there. */
  async openKnown(
    deps: EngineDeps,
    known: readonly PlaceRow[],
    signal: AbortSignal,
  ): Promise<{ readonly places: OpenPlace[]; readonly absent: SafelightError[] }> {
    const [places, absent]: [OpenPlace[], SafelightError[]] = [[], []]
    for (const place of known) {
      try {
        places.push(await this.open(deps, place.path, signal, place))
      } catch (error) {
        if (!(error instanceof SafelightError) || isOfHome(error)) throw error
        absent.push(error)
      }
    }
    return { places: unique(places), absent }
  }

  /** The known drives that are connected; the others are simply not read from. */
  async placesHere(deps: EngineDeps, signal: AbortSignal): Promise<OpenPlace[]> {
    return (await this.openKnown(deps, this.drives(), signal)).places
  }
}

function doesNotAnswer(folder: string, place: PlaceRow | undefined): SafelightError {
  return new SafelightError('VOLUME_AWAY', {
    message: `${place ? `The drive "${place.name}" at ${folder}` : folder} does not answer. Nothing was read from it or written to it.`,
    remedy: 'Unplug it and connect it again, or restart the computer or the server that it belongs to.',
  })
}

export function unique(places: readonly OpenPlace[]): OpenPlace[] {
  return places.filter((place, index) => places.findIndex((other) => other.id === place.id) === index)
}

async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  await wait(ms, undefined, signal ? { signal } : {})
}
