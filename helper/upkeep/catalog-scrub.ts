// The scrub's part for catalogs: backups at the drives and the live catalogs that have not changed since are read again before their proofs run
// out, within the same budget of a day as the photos. What a read finds is in the journal when it returns: a proof that is renewed, or a backup
// that is none any more and another one that is owed in its stead.
import { existsSync } from 'node:fs'
import path from 'node:path'
import type { CatalogJobs } from '../catalog/job-kinds.js'
import type { ReadAgainLimits, ReadAgainResult, ReadFinding } from '../catalog/read-again.js'
import { listCatalogBackups } from '../journal/catalog-backups.js'
import {
  catalogProofs,
  liveCatalog,
  proveCatalogBackup,
  saveCatalogProofs,
  saveLiveCatalog,
} from '../journal/catalog-proofs.js'
import type { Journal } from '../journal/journal.js'
import { getMeta, setMeta } from '../journal/meta.js'
import { WORKING } from '../model.js'
import { MARKER_FILE } from '../place/marker.js'
import type { OpenPlace } from '../place/places.js'
import { DAY_MS, dueBefore, SLICE_BYTES, withinBudget } from './scrub-budget.js'

export type Place = Pick<OpenPlace, 'id' | 'root' | 'name'>

export interface CatalogScrubRequest {
  /** Open drives. */
  readonly places: readonly Place[]
  readonly localDays: number
  /** Of reading, a day; what photos took of it is gone. */
  readonly budgetMs: number
  /** Over all places: a backup of a catalog that is to be made meanwhile waits no longer than that. */
  readonly sliceBytes?: number
}

export interface CatalogScrubDeps {
  readonly journal: Journal
  readonly clock: () => number
  readonly run: <K extends 'readPlace' | 'readLive'>(
    kind: K,
    params: Omit<CatalogJobs[K]['params'], 'privateParent'>,
    signal: AbortSignal,
  ) => Promise<CatalogJobs[K]['result']>
  /** Reads anew which backups lie at a place. */
  readonly learn: (place: Place, signal: AbortSignal) => Promise<unknown>
}

export interface CatalogScrub {
  readonly filesRead: number
  /** Sentences. */
  readonly findings: readonly string[]
}

/** @returns undefined when the day's budget is spent */
export async function scrubCatalogs(
  deps: CatalogScrubDeps,
  request: CatalogScrubRequest,
  signal: AbortSignal,
): Promise<CatalogScrub | undefined> {
  const { journal, clock } = deps
  return withinBudget(deps, request.budgetMs, async (begunMs, leftMs) => {
    const findings: string[] = []
    let filesRead = 0
    let bytesLeft = request.sliceBytes ?? SLICE_BYTES
    const limits = (): ReadAgainLimits => ({
      dueMs: dueBefore(begunMs, request.localDays),
      nowMs: begunMs,
      budgetMs: leftMs - (clock() - begunMs),
      budgetBytes: bytesLeft,
    })
    const take = (read: ReadAgainResult, inWords: (finding: ReadFinding) => string): void => {
      bytesLeft -= read.bytesRead
      filesRead += read.fresh.length + read.findings.length
      findings.push(...read.findings.map(inWords))
    }
    for (const place of request.places) {
      if (bytesLeft <= 0 || wasTried(journal, place.id, begunMs)) continue
      const read = await scrubPlace(deps, place, limits(), signal)
      take(read, ({ path: file, kind }) => `${place.name}: ${file} ${SAID[kind]}`)
    }
    const roots = request.places.map(({ root }) => root)
    for (const catalog of new Set(listCatalogBackups(journal).map((row) => row.catalog))) {
      if (bytesLeft <= 0 || wasTried(journal, catalog, begunMs) || !existsSync(catalog)) continue
      const read = await scrubLive(deps, catalog, roots, limits(), signal)
      if (read.kind === 'read') take(read, ({ path: file, kind }) => `${file} ${SAID[kind]}`)
    }
    return { filesRead, findings }
  })
}

const SAID = {
  differs: 'no longer reads as it was when the backup was made',
  unreadable: 'could not be read',
} as const

async function scrubPlace(
  { journal, run, learn }: CatalogScrubDeps,
  place: Place,
  limits: ReadAgainLimits,
  signal: AbortSignal,
): Promise<CatalogJobs['readPlace']['result']> {
  const marker = path.join(place.root, MARKER_FILE)
  const known = catalogProofs(journal, place.id)
  const read = await run('readPlace', { root: place.root, marker, known, limits }, signal)
  const whole = new Map(read.backups.map(({ name, stamp, provenMs }) => [`${name}/${stamp}`, provenMs]))
  const counted = listCatalogBackups(journal).filter((row) => row.placeId === place.id && row.verdict !== 'bad')
  journal.transaction(() => {
    saveCatalogProofs(journal, place.id, read.fresh, read.gone)
    for (const row of counted) {
      const provenMs = whole.get(`${row.name}/${row.stamp}`)
      if (provenMs !== undefined) proveCatalogBackup(journal, row, provenMs)
    }
    noteTry(journal, place.id, read.findings.length, limits.nowMs)
  })
  const isLost = counted.some((row) => whole.get(`${row.name}/${row.stamp}`) === undefined)
  if (isLost) await learn(place, signal)
  return read
}

async function scrubLive(
  { journal, run }: CatalogScrubDeps,
  catalog: string,
  roots: readonly string[],
  limits: ReadAgainLimits,
  signal: AbortSignal,
): Promise<CatalogJobs['readLive']['result']> {
  const known = catalogProofs(journal, WORKING)
  const read = await run('readLive', { catalog, roots, known, limits }, signal)
  if (read.kind !== 'read') return read
  const { hash, provenMs, fresh, findings } = read
  const before = liveCatalog(journal, catalog)
  const right = new Set(fresh.map((proof) => proof.path))
  const stillDiffers = before?.hash === hash ? before.differs.filter((file) => !right.has(file)) : []
  const differs = [...new Set([...stillDiffers, ...findings.map((finding) => finding.path)])]
  journal.transaction(() => {
    saveCatalogProofs(journal, WORKING, fresh, [])
    saveLiveCatalog(journal, catalog, { hash, provenMs, differs })
    noteTry(journal, catalog, findings.length, limits.nowMs)
  })
  return read
}

/** What gave no proof is left in peace until the next day. */
function noteTry(journal: Journal, what: string, findings: number, nowMs: number): void {
  if (findings > 0) setMeta(journal, `catalog-scrub ${what}`, String(nowMs))
}

function wasTried(journal: Journal, what: string, nowMs: number): boolean {
  const tried = Number(getMeta(journal, `catalog-scrub ${what}`) ?? Number.NEGATIVE_INFINITY)
  return nowMs >= tried && nowMs - tried < DAY_MS
}
