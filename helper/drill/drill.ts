// The rehearsed restore. A backup is what it restores: so one shoot is fetched from one place to a temporary folder by the same restore that
// would be used in need, every byte of it is compared with the reference, and then it is opened, because bytes that are right can still be no
// picture. What was found is kept and dated. Nothing but the temporary folder is ever written.
import path from 'node:path'
import fs from 'fs-extra'
import type { OnProgress } from '../engine/progress.js'
import type { EngineDeps } from '../engine/run.js'
import { describeError, shootUnknown } from '../errors.js'
import { addDrill, drillTimes } from '../journal/drills.js'
import { historyOfShoot } from '../journal/history.js'
import { listPlaces } from '../journal/places.js'
import { listShoots, type ShootRow } from '../journal/shoots.js'
import { factsOf, isOffSite } from '../status/counting.js'
import type { DrillReport, DrillResult, Finding, Params, Result } from '../../shared/methods.js'
import type { OpenerOptions } from './decode.js'
import { openRestored, type Wanted } from './open-restored.js'
import { chooseDrill, chooseFiles, type Candidate } from './plan.js'
import { exitCodeOf, interrupted, noRoom, nothingToDrill, summaryOf } from './words.js'

export interface RehearsedCatalog {
  /** As people know it, with the day of its backup. */
  readonly title: string
  /** Why it is not good; empty when it is. */
  readonly reasons: readonly string[]
  /** Pictures with develop settings, by pickPath. */
  readonly edited: ReadonlySet<string>
}

export interface DrillDeps {
  readonly home: string
  readonly engine: EngineDeps
  /** Ids of the places that can be restored from now. */
  readonly placesHere: readonly string[]
  readonly restore: (
    params: Params<'restore/run'>,
    signal: AbortSignal,
    onProgress: OnProgress,
  ) => Promise<Result<'restore/run'>>
  /** Restores the newest catalog backup at this place, or at another where it has none, and opens it; undefined when there is none.
   *  @throws what keeps it from being restored */
  readonly rehearseCatalog: (
    placeId: string,
    to: string,
    budgetBytes: number,
    signal: AbortSignal,
  ) => Promise<RehearsedCatalog | undefined>
  readonly opener?: OpenerOptions
}

/** A quarter of an hour a month (a habit that is kept), of which the last minutes are for opening what came. */
export const DRILL_MS = 15 * 60 * 1000
const RESTORE_MS = 10 * 60 * 1000

/** What comes in ten minutes: from a drive at 20 MB/s, off-site at 30 Mbit/s. */
const BUDGET_BYTES = { local: 12_000_000_000, offSite: 2_000_000_000 } as const

/** Of what is free where the temporary folder lies. */
const ROOM_SHARE = 0.5

/** @throws SHOOT_UNKNOWN, PLACE_UNKNOWN, VOLUME_AWAY, NOTHING_TO_BACK_UP, VOLUME_FULL, INTERRUPTED */
export async function runDrill(
  deps: DrillDeps,
  { shoot, placeId }: { readonly shoot?: string; readonly placeId?: string },
  signal: AbortSignal,
  onProgress: OnProgress,
): Promise<DrillResult> {
  const { journal, clock } = deps.engine
  const chosen = chooseDrill(candidates(deps, shoot, placeId))
  if (!chosen) throw nothingToDrill(shoot, deps.placesHere.length > 0)
  const row = listShoots(journal).find(({ id }) => id === chosen.shootId)
  if (!row) throw shootUnknown(chosen.key)
  const folder = path.join(deps.home, 'drill')
  const begunMs = clock()
  await fs.remove(folder)
  await fs.ensureDir(folder)
  try {
    const timed = AbortSignal.any([signal, AbortSignal.timeout(DRILL_MS)])
    const report = await new Drill(deps, row, chosen, folder, begunMs).run(timed, onProgress)
    if (signal.aborted) throw interrupted()
    const ok = report.findings.length === 0
    addDrill(journal, { atMs: clock(), shootId: row.id, placeId: chosen.placeId, ok, report })
    const exitCode = ok ? 0 : exitCodeOf(report.findings)
    return { ok, exitCode, summary: summaryOf(report), ...report }
  } finally {
    await fs.remove(folder)
  }
}

function candidates(
  { engine, placesHere }: DrillDeps,
  shoot: string | undefined,
  placeId: string | undefined,
): Candidate[] {
  const { journal } = engine
  const times = drillTimes(journal)
  const latest = (pick: (each: (typeof times)[number]) => boolean): number | undefined => {
    const found = times.filter(pick).map(({ atMs }) => atMs)
    return found.length === 0 ? undefined : Math.max(...found)
  }
  const shoots = listShoots(journal).filter(({ key }) => shoot === undefined || key === shoot)
  if (shoot !== undefined && shoots.length === 0) throw shootUnknown(shoot)
  const places = listPlaces(journal).filter(
    ({ id }) => placesHere.includes(id) && (placeId === undefined || id === placeId),
  )
  const counts = new Map(
    journal
      .all(
        `SELECT f.shoot_id || ' ' || c.place_id AS pair, count(*) AS n FROM files f JOIN copies c ON c.version_id = f.version_id AND c.path = f.name
         WHERE c.state = 'verified' GROUP BY f.shoot_id, c.place_id`,
      )
      .map((row) => [String(row['pair']), Number(row['n'])]),
  )
  return places.flatMap((place) =>
    shoots.map((row): Candidate => {
      const shootDrilledMs = latest((each) => each.shootId === row.id)
      const placeDrilledMs = latest((each) => each.placeId === place.id)
      return {
        shootId: row.id,
        key: row.key,
        placeId: place.id,
        isOffSite: isOffSite(factsOf(place)),
        files: counts.get(`${row.id} ${place.id}`) ?? 0,
        ...(shootDrilledMs === undefined ? {} : { shootDrilledMs }),
        ...(placeDrilledMs === undefined ? {} : { placeDrilledMs }),
      }
    }),
  )
}

class Drill {
  readonly #deps: DrillDeps
  readonly #shoot: ShootRow
  readonly #chosen: Candidate
  readonly #folder: string
  readonly #begunMs: number
  readonly #findings: Finding[] = []
  readonly #notTried: string[] = []
  readonly #placeName: string

  constructor(deps: DrillDeps, shoot: ShootRow, chosen: Candidate, folder: string, begunMs: number) {
    this.#deps = deps
    this.#shoot = shoot
    this.#chosen = chosen
    this.#folder = folder
    this.#begunMs = begunMs
    this.#placeName = listPlaces(deps.engine.journal).find(({ id }) => id === chosen.placeId)?.name ?? chosen.placeId
  }

  async run(signal: AbortSignal, onProgress: OnProgress): Promise<DrillReport> {
    const wanted = this.#choose()
    const restored = await this.#restore(wanted, signal, onProgress)
    const identical = await this.#compare(wanted, restored)
    const catalog = await this.#openCatalog(signal)
    const opened = await openRestored(
      {
        ...this.#deps,
        shoot: this.#shoot,
        find: (kind, file, message) => this.#find(kind, file, message),
        notTried: this.#notTried,
      },
      { files: identical, restored, edited: catalog?.edited ?? new Set() },
      signal,
    )
    const { clock } = this.#deps.engine
    return {
      at: new Date(clock()).toISOString(),
      shoot: this.#shoot.key,
      place: this.#placeName,
      tookSeconds: Math.round((clock() - this.#begunMs) / 1000),
      files: wanted.length,
      bytes: wanted.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
      identical: identical.length,
      opened: { ...opened, ...(catalog ? { catalog: catalog.title } : {}) },
      findings: this.#findings,
      notTried: this.#notTried,
    }
  }

  /** Only what has a copy at the place that is believed to be good: the rest is status's to tell. */
  #choose(): Wanted[] {
    const { journal, volumes } = this.#deps.engine
    const all = historyOfShoot(journal, this.#shoot.id).flatMap(({ name, versions, newestId }): Wanted[] => {
      const newest = versions.find(({ id }) => id === newestId)
      const isThere = newest?.copies.some(
        (copy) => copy.placeId === this.#chosen.placeId && copy.path === name && copy.state === 'verified',
      )
      return newest && isThere ? [{ name, sizeBytes: newest.sizeBytes, versionId: newest.id, hash: newest.hash }] : []
    })
    const room = volumes.room(this.#folder).freeBytes * ROOM_SHARE
    const budget = Math.min(room, this.#chosen.isOffSite ? BUDGET_BYTES.offSite : BUDGET_BYTES.local)
    const turn = drillTimes(journal).filter(({ shootId }) => shootId === this.#shoot.id).length
    const chosen = chooseFiles(all, budget, turn)
    if (chosen.length < all.length)
      this.#notTried.push(`${all.length - chosen.length} of ${all.length} files: more than fits into a drill`)
    if (chosen.length === 0) throw noRoom(this.#folder)
    return chosen
  }

  /** @returns where each file lies now, by its name */
  async #restore(wanted: readonly Wanted[], signal: AbortSignal, onProgress: OnProgress): Promise<Map<string, string>> {
    const timed = AbortSignal.any([signal, AbortSignal.timeout(RESTORE_MS)])
    const { restored, findings } = await this.#deps.restore(
      { shoot: this.#shoot.key, files: wanted.map(({ name }) => name), to: this.#folder, from: this.#chosen.placeId },
      timed,
      onProgress,
    )
    this.#findings.push(...findings)
    return new Map(restored.map((file) => [path.basename(file), file]))
  }

  /** Reads what came back once more, apart from the restore, and compares it with the reference.
   *  @returns the files that are as they were first read */
  async #compare(wanted: readonly Wanted[], restored: ReadonlyMap<string, string>): Promise<Wanted[]> {
    const { pool } = this.#deps.engine
    const judged = await Promise.all(
      wanted.map(async (each) => {
        const file = restored.get(each.name)
        if (file === undefined) return { each, why: 'it did not come back' }
        const { result } = await pool.run({ kind: 'hash', file, sizeBytes: each.sizeBytes, fromDevice: true })
        if ('failure' in result) return { each, why: `it came back and cannot be read: ${result.failure.message}` }
        return { each, why: result.hash === each.hash ? undefined : 'it came back with other bytes' }
      }),
    )
    for (const { each, why } of judged)
      if (why !== undefined && !this.#findings.some(({ file }) => file === each.name))
        this.#find('damaged', each.name, why)
    return judged.filter(({ why }) => why === undefined).map(({ each }) => each)
  }

  async #openCatalog(signal: AbortSignal): Promise<RehearsedCatalog | undefined> {
    const to = path.join(this.#folder, 'catalog')
    try {
      const budget = this.#chosen.isOffSite ? BUDGET_BYTES.offSite : BUDGET_BYTES.local
      const catalog = await this.#deps.rehearseCatalog(this.#chosen.placeId, to, budget, signal)
      if (!catalog) this.#notTried.push('a catalog: no place in reach has a backup of one that fits into a drill')
      for (const reason of catalog?.reasons ?? []) this.#find('catalog', '', reason)
      return catalog
    } catch (error) {
      if (signal.aborted) this.#notTried.push('the catalog: time was up')
      else this.#find('catalog', '', `the catalog did not come back: ${describeError(error)}`)
      return undefined
    }
  }

  #find(kind: string, file: string, message: string): void {
    this.#findings.push({ kind, place: this.#placeName, shoot: this.#shoot.key, file, message })
  }
}
