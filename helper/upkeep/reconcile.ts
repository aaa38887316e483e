// A catalog backup against the journal: what the catalog names and nobody has copied is queued, whatever event was missed, and each backup is
// told whether it and the originals at its place are a complete set. Folder by folder, giving way to other work between them.
import path from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import type { BackUpAnswer } from '../catalog/job-kinds.js'
import { compareFolder } from '../catalog/reconcile.js'
import { forgetReferences, readReferences, referencesFile, type ReferencedFolder } from '../catalog/references.js'
import {
  catalogReports,
  listCatalogBackups,
  saveCatalogReport,
  savePair,
  type CatalogBackupRow,
} from '../journal/catalog-backups.js'
import type { Journal } from '../journal/journal.js'
import { listPlaces } from '../journal/places.js'
import { originalsIn } from '../journal/referenced.js'
import { forgetRefused } from '../journal/refused.js'
import { saveCatalog, want, type Wanted } from '../journal/wanted.js'
import { LetGoWitness } from './let-go.js'

export interface ReconcileDeps {
  readonly journal: Journal
  readonly clock: () => number
  readonly home: string
  /** Which of these roots may be read at all. */
  readonly allowRoots: (roots: readonly string[]) => readonly string[]
  /** Whether an original may be read, of all the roots that the catalog names. @returns what is wanted, or why it is refused */
  readonly judge: (file: string, isOffline: boolean, catalog: string, roots: readonly string[]) => Wanted | string
}

/** Folders are compared for so long before other work gets its turn. */
const SLICE_MS = 20

export class CatalogReconciler {
  readonly #deps: ReconcileDeps

  constructor(deps: ReconcileDeps) {
    this.#deps = deps
  }

  /** @returns how many files are wanted that were not before */
  async reconcile(
    catalog: string,
    { references, places, judgement }: BackUpAnswer,
    signal: AbortSignal,
  ): Promise<number> {
    const hash = places[0]?.backup.hash
    if (references === undefined || hash === undefined) return 0
    const { journal, clock, home } = this.#deps
    const named = await this.#rootsOf(references)
    const roots = this.#deps.allowRoots(named)
    const refused = new Map<string, { shoot: string; why: string; files: number }>()
    let [wantedNew, referenced] = [0, 0]
    const witness = new LetGoWitness(journal)
    await this.#compare(references, signal, (folder, unprotected) => {
      witness.sees(folder)
      referenced += folder.names.length
      const wanted: Wanted[] = []
      for (const name of unprotected) {
        const judged = this.#deps.judge(`${folder.root}${folder.folder}${name}`, folder.isOffline, catalog, named)
        if (typeof judged !== 'string') wanted.push(judged)
        else if (folder.names.includes(name)) countRefused(refused, folder, judged)
      }
      if (wanted.length > 0) journal.transaction(() => want(journal, wanted, clock()))
      wantedNew += wanted.length
    })
    journal.transaction(() => {
      saveCatalog(journal, { path: catalog, cursor: 0, roots }, clock())
      const before = catalogReports(journal).get(catalog)
      const report = { warnings: before?.warnings ?? [], refused: [...refused.values()], referenced }
      saveCatalogReport(journal, catalog, report, clock())
      forgetRefused(journal, catalog)
    })
    witness.conclude(judgement.verdict === 'good', roots, clock())
    await this.#countFor(hash, signal)
    const newest = newestByCatalog(listCatalogBackups(journal))
    await forgetReferences(
      home,
      newest.map((row) => referencesFile(home, row.hash)),
    )
    return wantedNew
  }

  /** Counts the complete sets of the newest backup of each catalog again. */
  async countAgain(signal: AbortSignal): Promise<void> {
    const hashes = new Set(newestByCatalog(listCatalogBackups(this.#deps.journal)).map(({ hash }) => hash))
    for (const hash of hashes) await this.#countFor(hash, signal)
  }

  async #countFor(hash: string, signal: AbortSignal): Promise<void> {
    const { journal, clock, home } = this.#deps
    const counts = new Map<string, number>()
    let referenced = 0
    await this.#compare(referencesFile(home, hash), signal, (folder, _wanted, unproven) => {
      referenced += folder.names.length
      for (const [place, count] of unproven) counts.set(place, (counts.get(place) ?? 0) + count)
    })
    if (counts.size === 0) return
    journal.transaction(() => {
      for (const row of listCatalogBackups(journal).filter((each) => each.hash === hash)) {
        const unproven = counts.get(row.placeId)
        if (unproven !== undefined) savePair(journal, row, { referenced, unproven, comparedMs: clock() })
      }
    })
  }

  async #compare(
    references: string,
    signal: AbortSignal,
    each: (folder: ReferencedFolder, wanted: readonly string[], unproven: ReadonlyMap<string, number>) => void,
  ): Promise<void> {
    const places = listPlaces(this.#deps.journal).map(({ id }) => id)
    let sinceMs = performance.now()
    for await (const folder of readReferences(references)) {
      signal.throwIfAborted()
      const known = originalsIn(this.#deps.journal, path.resolve(`${folder.root}${folder.folder}`))
      const { wanted, unproven } = compareFolder(folder, known, places)
      each(folder, wanted, unproven)
      if (performance.now() - sinceMs < SLICE_MS) continue
      await turn()
      sinceMs = performance.now()
    }
  }

  async #rootsOf(references: string): Promise<readonly string[]> {
    const roots = new Set<string>()
    for await (const { root } of readReferences(references))
      if (root !== '') roots.add(withoutSlash(path.normalize(root)))
    return [...roots]
  }
}

function countRefused(
  refused: Map<string, { shoot: string; why: string; files: number }>,
  { root, folder }: ReferencedFolder,
  why: string,
): void {
  const shoot = [path.posix.basename(root), withoutSlash(folder)].filter((part) => part !== '').join('/')
  const key = `${shoot}\n${why}`
  refused.set(key, { shoot, why, files: (refused.get(key)?.files ?? 0) + 1 })
}

function newestByCatalog(rows: readonly CatalogBackupRow[]): CatalogBackupRow[] {
  const newest = new Map<string, CatalogBackupRow>()
  for (const row of rows) if ((newest.get(row.catalog)?.takenMs ?? -1) <= row.takenMs) newest.set(row.catalog, row)
  return [...newest.values()]
}

function withoutSlash(folder: string): string {
  return folder.length > 1 ? folder.replace(/[\\/]+$/, '') : folder
}
