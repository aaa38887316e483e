// Catalog backups that nobody asks for: owed when Lightroom leaves a catalog, when the bridge is lost, and when a catalog is found to have changed
// since its last backup. What is owed stands in the journal, so it survives a restart and a kill; it is paid once Lightroom is gone and a
// drive is there, and until then it says why not.
import { statSync } from 'node:fs'
import { stateText } from '../catalog/known-backup.js'
import { describeError, SafelightError, systemCode } from '../errors.js'
import {
  listOwedCatalogs,
  newestCatalogBackup,
  oweCatalog,
  sayWhyOwed,
  type OwedCatalog,
} from '../journal/catalog-backups.js'
import type { Journal } from '../journal/journal.js'
import { listCatalogs } from '../journal/wanted.js'
import { isReached } from '../wall-clock.js'

export interface KeeperDeps {
  readonly journal: Journal
  readonly clock: () => number
  readonly findLightroom: () => Promise<readonly number[] | 'unknown'>
  /** Every known drive, and whether it is connected. */
  readonly drives: () => readonly { readonly id: string; readonly isHere: boolean }[]
  readonly backUp: (catalog: string, signal: AbortSignal) => Promise<unknown>
  /** Told what went wrong in work that nobody waits for. */
  readonly onFault: (error: unknown, what: string) => void
}

export interface KeeperTimes {
  /** Between two looks whether Lightroom has left, while a backup is owed. */
  readonly pollMs: number
  /** Between two tries of what failed. */
  readonly retryMs: number
  /** Between two looks whether a catalog has changed. */
  readonly lookMs: number
}

export class CatalogKeeper {
  readonly #deps: KeeperDeps
  readonly #times: KeeperTimes
  readonly #stop = new AbortController()
  readonly #notBefore = new Map<string, number>()
  #timer: NodeJS.Timeout | undefined
  #work: Promise<void> | undefined
  #nextLookMs = 0
  #drivesSeen = ''

  constructor(deps: KeeperDeps, times: KeeperTimes) {
    this.#deps = deps
    this.#times = times
  }

  /** Looks now, and again at every poll. Started once more, it looks at once. */
  start(): void {
    clearInterval(this.#timer)
    this.#timer = setInterval(() => this.#begin(), this.#times.pollMs)
    this.#begin()
  }

  /** Lightroom has left this catalog, or seems to have; undefined: one that nobody could name, so each is looked at. */
  left(catalog: string | undefined): void {
    if (catalog === undefined) this.#nextLookMs = 0
    else {
      this.#owe(catalog)
      this.#notBefore.delete(catalog)
    }
    this.#begin()
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

  #owe(catalog: string): void {
    const drives = this.#deps.drives().map(({ id }) => id)
    oweCatalog(this.#deps.journal, catalog, drives.length === 0 ? [''] : drives, this.#deps.clock())
  }

  #begin(): void {
    if (this.#work || this.#stop.signal.aborted) return
    this.#work = this.#run()
      .catch((error: unknown) => {
        if (!this.#stop.signal.aborted) this.#deps.onFault(error, 'backing up a catalog')
      })
      .finally(() => (this.#work = undefined))
  }

  async #run(): Promise<void> {
    const drives = this.#deps.drives()
    const here = new Set(drives.filter(({ isHere }) => isHere).map(({ id }) => id))
    const seen = [...here].join(' ')
    if (seen !== this.#drivesSeen || isReached(this.#nextLookMs, this.#deps.clock(), this.#times.lookMs))
      this.#look(drives.map(({ id }) => id))
    if (seen !== this.#drivesSeen) this.#notBefore.clear()
    this.#drivesSeen = seen
    const owed = listOwedCatalogs(this.#deps.journal)
    for (const catalog of new Set(owed.map((each) => each.catalog))) {
      if (this.#stop.signal.aborted) return
      const its = owed.filter((each) => each.catalog === catalog)
      if (here.size === 0) this.#say(its, drives.length === 0 ? NO_DRIVE : DRIVES_AWAY)
      else if (its.some(({ placeId }) => placeId === '' || here.has(placeId))) await this.#pay(catalog, its, here)
    }
  }

  async #pay(catalog: string, its: readonly OwedCatalog[], here: ReadonlySet<string>): Promise<void> {
    if (!isReached(this.#notBefore.get(catalog) ?? 0, this.#deps.clock(), this.#times.retryMs)) return
    const lightroom = await this.#deps.findLightroom()
    if (lightroom !== 'unknown' && lightroom.length > 0) {
      this.#say(its, LIGHTROOM_OPEN)
      return
    }
    try {
      await this.#deps.backUp(catalog, this.#stop.signal)
      sayWhyOwed(this.#deps.journal, catalog, DRIVES_AWAY)
      // What is owed to a drive that is here all the same has failed there.
      if (listOwedCatalogs(this.#deps.journal).some((each) => each.catalog === catalog && here.has(each.placeId)))
        this.#notBefore.set(catalog, this.#deps.clock() + this.#times.retryMs)
    } catch (error) {
      if (this.#stop.signal.aborted) return
      const isOpen = error instanceof SafelightError && error.code === 'CATALOG_IN_USE'
      // An open catalog is looked at again at the next poll; anything else is not hurried.
      if (!isOpen) this.#notBefore.set(catalog, this.#deps.clock() + this.#times.retryMs)
      this.#say(its, isOpen ? LIGHTROOM_OPEN : describeError(error))
      if (!(error instanceof SafelightError)) this.#deps.onFault(error, `backing up ${catalog}`)
    }
  }

  /** A catalog that is not as its last backup saw it is owed one, whatever was or was not told. */
  #look(drives: readonly string[]): void {
    const { journal, clock } = this.#deps
    this.#nextLookMs = clock() + this.#times.lookMs
    for (const { path: catalog } of listCatalogs(journal)) {
      const state = stateOnDisk(catalog)
      if (state === '') continue
      const stale = drives.filter((place) => newestCatalogBackup(journal, catalog, place)?.state !== state)
      oweCatalog(journal, catalog, stale, clock())
    }
  }

  #say(its: readonly OwedCatalog[], why: string): void {
    for (const { catalog } of its.slice(0, 1)) sayWhyOwed(this.#deps.journal, catalog, why)
  }
}

const NO_DRIVE = 'no drive for copies has been chosen yet'
const DRIVES_AWAY = 'the drive for it is not connected'
const LIGHTROOM_OPEN = 'Lightroom is open; the backup is made when it has quit'

/** @returns '' when it is not there: its drive may be away */
function stateOnDisk(catalog: string): string {
  const part = (role: string, file: string) => {
    const stat = statOf(file)
    return stat ? [{ role, sizeBytes: stat.size, modifiedMs: stat.mtimeMs }] : []
  }
  const main = part('catalog', catalog)
  return main.length === 0 ? '' : stateText([...main, ...part('wal', `${catalog}-wal`)])
}

function statOf(file: string): { readonly size: number; readonly mtimeMs: number } | undefined {
  try {
    return statSync(file)
  } catch (error) {
    if (systemCode(error) !== '') return undefined
    throw error
  }
}
