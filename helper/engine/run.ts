// One run of a backup while it lasts: which places still answer, what was found, what was done. Everything that tasks share and change is
// here and nowhere else.
import path from 'node:path'
import type { DurableFiles } from '../files/durable.js'
import { namesInVersions } from '../files/versions.js'
import type { Volumes } from '../files/volumes.js'
import type { HashEngine } from '../files/hash.js'
import type { Journal } from '../journal/journal.js'
import { isShared } from '../journal/places.js'
import type { ShootRow, SourceRow } from '../journal/shoots.js'
import type { Finding } from '../../shared/methods.js'
import { temporaryTag } from '../journal/meta.js'
import type { OpenPlace } from '../place/places.js'
import { Turns, type Turn } from '../place/turn.js'
import { placeError } from '../place/place-error.js'
import { SafelightError, systemCode } from '../errors.js'
import type { WorkerPool } from './pool.js'
import { ChainView, learnAgain } from './catch-up.js'
import { Recorder } from './recorder.js'

export interface EngineDeps {
  readonly files: DurableFiles
  readonly journal: Journal
  readonly hash: HashEngine
  readonly clock: () => number
  readonly pool: WorkerPool
  readonly volumes: Volumes
}

/** A shoot on its way, and where it lies. */
export interface ShootInRun {
  readonly row: ShootRow
  readonly source: SourceRow
  /** Folder of the originals. */
  readonly folder: string
  /** By place, its folder below `Photos/`, with `/`. */
  readonly folders: ReadonlyMap<string, string>
}

export interface Counts {
  files: number
  copied: number
  copiedBytes: number
  unchanged: number
  adopted: number
  done: number
  /** Copies that were written and not proven, and were read back at the end. */
  proven: number
}

export class BackupRun {
  readonly deps: EngineDeps
  readonly places: readonly OpenPlace[]
  readonly signal: AbortSignal
  readonly recorder: Recorder
  readonly findings: Finding[] = []
  readonly counts: Counts = { files: 0, copied: 0, copiedBytes: 0, unchanged: 0, adopted: 0, done: 0, proven: 0 }
  readonly copiedByShoot = new Map<number, number>()
  /** What takes something away from the promise, as sentences without their full stop. */
  readonly stakes = new Set<string>()
  /** Why a place is out of the run, by its id. */
  readonly failedPlaces = new Map<string, SafelightError>()
  /** Set when a source folder itself has gone. */
  sourceFailure: SafelightError | undefined
  readonly #turns: Turns
  readonly #chains = new Map<string, ChainView>()
  readonly #sourceIdentities = new Map<number, string>()
  readonly #inVersions = new Map<string, ReadonlyMap<string, readonly string[]>>()
  readonly #warnings = new Map<string, number>()

  constructor(deps: EngineDeps, places: readonly OpenPlace[], signal: AbortSignal) {
    this.deps = deps
    this.places = places
    this.signal = signal
    this.#turns = new Turns(temporaryTag(deps.journal))
    this.recorder = new Recorder({ ...deps, turns: this.#turns }, places, (placeId, error) =>
      this.failPlace(placeId, error),
    )
  }

  /** Acts while no other computer writes records at this place. @throws the system's error, VOLUME_BUSY */
  inTurn<T>(place: OpenPlace, act: (turn: Turn) => T): Promise<T> {
    return this.#turns.inTurn(place.root, act)
  }

  chainAt(place: OpenPlace): ChainView {
    const known = this.#chains.get(place.id) ?? new ChainView(this.deps, place)
    this.#chains.set(place.id, known)
    return known
  }

  /** Learns what another computer that writes there as well has under way in a shoot: what its log says and is not sealed yet.
   *  @param folder  below `Photos/`
   *  @throws the system's error */
  learnUnsealed(place: OpenPlace, folder: string): void {
    if (isShared(this.deps.journal, place.id)) learnAgain(this.deps, place, folder, this.chainAt(place).newest(folder))
  }

  livePlaces(): OpenPlace[] {
    return this.places.filter((place) => !this.failedPlaces.has(place.id))
  }

  placeNamed(id: string): OpenPlace {
    const place = this.places.find((each) => each.id === id)
    if (!place) throw new Error(`place ${id} is not part of this run`)
    return place
  }

  /** Takes a place out of the run. The first reason stays. */
  failPlace(placeId: string, error: unknown): void {
    if (!this.failedPlaces.has(placeId))
      this.failedPlaces.set(placeId, placeError(error, this.placeNamed(placeId).name))
  }

  /** What the system refuses at a place takes it out of the run. @throws any other error */
  placeRefused(placeId: string, error: unknown): void {
    if (systemCode(error) === '') throw error
    this.failPlace(placeId, error)
  }

  /** Remembers which folder of originals this is, for as long as the run lasts. */
  meetSource(source: SourceRow): void {
    this.#sourceIdentities.set(source.id, this.#identityOf(source.path))
  }

  /** Whether a source's own folder has gone, or is another disk's now; then the run takes nothing more.
   *  @param name  the file at which it was noticed */
  isSourceGone({ source }: ShootInRun, name: string): boolean {
    if (this.sourceFailure) return true
    if (this.#identityOf(source.path) === this.#sourceIdentities.get(source.id)) return false
    this.sourceFailure = new SafelightError('SOURCE_VANISHED', {
      message: `"${source.label}" (${source.path}) was taken away while ${name} was being copied.`,
      remedy: 'Connect the card or drive again and run the same command; it goes on where it stopped.',
    })
    return true
  }

  /** The files below Versions/ of a shoot at a place as they were when first asked for, by their names: where each lies, below the shoot's
   *  folder. @throws the system's error */
  namesInVersions(shoot: ShootInRun, place: OpenPlace): ReadonlyMap<string, readonly string[]> {
    const key = `${shoot.row.id} ${place.id}`
    const known = this.#inVersions.get(key)
    if (known) return known
    const folder = path.join(place.root, 'Photos', ...(shoot.folders.get(place.id) ?? '').split('/'))
    const found = namesInVersions(this.deps.files, folder)
    this.#inVersions.set(key, found)
    return found
  }

  #identityOf(folder: string): string {
    try {
      const stat = this.deps.files.stat(folder)
      return stat ? `${stat.device}:${stat.inode}` : ''
    } catch (error) {
      if (systemCode(error) === '') throw error
      return ''
    }
  }

  find(finding: Finding): void {
    this.findings.push(finding)
  }

  /** The same warning many times is one warning with a count. */
  warn(text: string, count = 1): void {
    this.#warnings.set(text, (this.#warnings.get(text) ?? 0) + count)
  }

  /** A warning that belongs into the summary too, because without it the summary would promise more than is true. */
  stress(text: string): void {
    this.stakes.add(text)
    this.warn(text)
  }

  warnings(): string[] {
    return [...this.#warnings].map(([text, count]) => (count === 1 ? text : `${text} (${count} times)`))
  }

  countCopied(shoot: ShootInRun, bytes: number): void {
    this.counts.copied += 1
    this.counts.copiedBytes += bytes
    this.copiedByShoot.set(shoot.row.id, (this.copiedByShoot.get(shoot.row.id) ?? 0) + 1)
  }

  iso(): string {
    return new Date(this.deps.clock()).toISOString()
  }
}
