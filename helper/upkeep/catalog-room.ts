// What is done with catalogs, by hand and by itself: backed up to every drive that is there, checked, listed, restored, thinned. The work
// runs in a thread of the catalog room, one job at a time; here are the places and the journal; the words are in catalog-answers.ts. Longer than
// most files, because every method takes its turn in the one queue below and asks the same thread: apart they could run into one another.
import { existsSync } from 'node:fs'
import path from 'node:path'
import pLimit from 'p-limit'
import { runCatalogJob, clearPrivateFolder } from '../catalog/run-job.js'
import type { CheckFinding } from '../catalog/check-terms.js'
import type { KnownFile } from '../catalog/classify.js'
import type { BackUpAnswer, CatalogJobs, JobName, KnownBackup } from '../catalog/job-kinds.js'
import type { Judgement } from '../catalog/judge.js'
import { isCalledLike } from '../catalog/record.js'
import { receivedError } from '../catalog/sent-error.js'
import { describeError, SafelightError } from '../errors.js'
import type { ChangeJudged } from '../engine/picture-change.js'
import type { Volumes } from '../files/volumes.js'
import {
  catalogReports,
  forgetCatalogBackup,
  listCatalogBackups,
  listLightroomBackups,
  oweCatalog,
  payCatalog,
  replaceCatalogBackups,
  saveCatalogBackup,
  saveCatalogReport,
  saveLightroomBackup,
} from '../journal/catalog-backups.js'
import type { Journal } from '../journal/journal.js'
import { saveDevicesOfCatalog } from '../journal/rehearsals.js'
import { originalsIn } from '../journal/referenced.js'
import type { OpenPlace } from '../place/places.js'
import type { Params, Result } from '../../shared/methods.js'
import { backupResult, checkResult, listResult, restoreResult } from './catalog-answers.js'
import type { FetchedBackup } from './catalog-from-bucket.js'
import { scrubCatalogs, type CatalogScrub, type CatalogScrubRequest } from './catalog-scrub.js'
import { CatalogReconciler, type ReconcileDeps } from './reconcile.js'
import { lightroomWarnings, sameDisk } from './lightroom-warnings.js'

export interface CatalogRoomDeps extends ReconcileDeps {
  readonly journal: Journal
  readonly volumes: Volumes
  readonly clock: () => number
  readonly home: string
  /** How long a catalog must lie still before it is copied. */
  readonly settleMs: () => number
  /** Opens every known drive; those that cannot be opened are given with the reason. */
  readonly openPlaces: (signal: AbortSignal) => Promise<{ places: OpenPlace[]; absent: SafelightError[] }>
  /** The best backup of a catalog that a bucket has, fetched to the home; asked for when no drive has one. */
  readonly fromBucket: (
    name: string,
    asOfMs: number | undefined,
    signal: AbortSignal,
  ) => Promise<FetchedBackup | undefined>
  /** Whether originals that read otherwise were edited or are damaged, by path; see engine/changed-originals.ts. */
  readonly judgeChanged: (files: readonly string[], signal: AbortSignal) => Promise<ReadonlyMap<string, ChangeJudged>>
  /** Told when there is more to protect. */
  readonly onWanted: () => void
  /** Jobs run in this thread; see run-job.ts. */
  readonly withoutThreads?: boolean
}

type Progress = (done: number, all: number) => void

export class CatalogRoom {
  readonly #deps: CatalogRoomDeps
  readonly #limit = pLimit(1)
  readonly #reconciler: CatalogReconciler
  #isCleared = false

  constructor(deps: CatalogRoomDeps) {
    this.#deps = deps
    this.#reconciler = new CatalogReconciler(deps)
  }

  /** @throws CATALOG_IN_USE, SOURCE_CHANGING, SOURCE_MISSING, VOLUME_…, USAGE when no drive is known */
  backUp(
    { catalog, accept = false }: Params<'catalog/backup'>,
    signal: AbortSignal,
  ): Promise<Result<'catalog/backup'>> {
    return this.#limit(async () => {
      requireCatalog(catalog)
      const { places, absent } = await this.#deps.openPlaces(signal)
      if (places.length === 0) throw absent[0] ?? noDrive()
      const begunMs = this.#deps.clock()
      const roots = places.map((place) => place.root)
      const taken = stampsTaken(this.#deps.journal, catalog)
      const settleMs = this.#deps.settleMs()
      const params = { home: this.#deps.home, catalog, roots, taken, isFallAccepted: accept, settleMs }
      const answer = await this.#run('backUp', params, signal)
      this.#save(catalog, answer, places, begunMs)
      const wanted = await this.#reconciler.reconcile(catalog, answer, signal)
      if (wanted > 0) this.#deps.onWanted()
      const warnings = await this.#warningsOf(catalog, answer, places, signal)
      const referenced = catalogReports(this.#deps.journal).get(catalog)
      saveCatalogReport(
        this.#deps.journal,
        catalog,
        { refused: [], referenced: 0, ...referenced, warnings },
        this.#deps.clock(),
      )
      return backupResult(catalog, answer, places, { wanted, warnings, absent })
    })
  }

  check(
    { catalog, places: withPlaces = false, shoot, read, after, seconds, bytes }: Params<'catalog/check'>,
    signal: AbortSignal,
    onProgress: Progress,
  ): Promise<Result<'catalog/check'>> {
    return this.#limit(async () => {
      requireCatalog(catalog)
      const { places } = await this.#deps.openPlaces(signal)
      const roots = places.map((place) => place.root)
      const options = {
        ...(shoot === undefined ? {} : { shoot }),
        ...(read === undefined ? {} : { readsAll: read }),
        ...(after === undefined ? {} : { after }),
        ...(seconds === undefined ? {} : { budgetMs: seconds * 1000 }),
        ...(bytes === undefined ? {} : { budgetBytes: bytes }),
      }
      const found = await this.#run(
        'check',
        { catalog, withPlaces, roots, settleMs: this.#deps.settleMs(), options },
        signal,
        onProgress,
      )
      return checkResult(read === true ? await this.#judged(found, signal) : found)
    })
  }

  /** Dates and formats tell an edit from damage badly: where a good copy is in reach, the pictures themselves are compared. */
  async #judged<F extends Pick<CatalogJobs['check']['result'], 'findings'>>(found: F, signal: AbortSignal): Promise<F> {
    const isOpen = ({ kind, role }: CheckFinding): boolean =>
      role === 'original' && (kind === 'edited' || kind === 'damaged')
    const open = found.findings.filter(isOpen).map(({ file }) => file)
    if (open.length === 0) return found
    const judged = await this.#deps.judgeChanged(open, signal)
    return {
      ...found,
      findings: found.findings.map((finding) => {
        const change = isOpen(finding) ? judged.get(finding.file) : undefined
        if (!change) return finding
        const detail = change.kind === 'damaged' ? change.message : change.kind === 'unsure' ? change.why : undefined
        return { ...finding, kind: change.kind, ...(detail === undefined ? {} : { detail }) }
      }),
    }
  }

  async list(signal: AbortSignal): Promise<Result<'catalog/list'>> {
    const { places } = await this.#deps.openPlaces(signal)
    for (const place of places) await this.learn(place, signal)
    await this.#reconciler.countAgain(signal)
    return listResult(listCatalogBackups(this.#deps.journal), this.#placeNames())
  }

  restore({ name, asOf, to }: Params<'catalog/restore'>, signal: AbortSignal): Promise<Result<'catalog/restore'>> {
    return this.#limit(async () => {
      if (!path.isAbsolute(to)) throw usage(`"${to}" is not a whole path of a folder.`)
      const { places, absent } = await this.#deps.openPlaces(signal)
      const asOfMs = asOf === undefined ? undefined : Date.parse(asOf)
      const candidates = await this.#candidates(places, name, asOfMs, signal)
      const fetched = candidates[0] ? undefined : await this.#deps.fromBucket(name, asOfMs, signal)
      const first = candidates[0] ?? fetched
      if (!first) throw absent[0] && places.length === 0 ? absent[0] : noBackup(name, asOf)
      const params = { name, to, root: first.root, ...(asOfMs === undefined ? {} : { asOfMs }) }
      try {
        return restoreResult(await this.#run('restore', params, signal), first.name)
      } finally {
        await fetched?.release()
      }
    })
  }

  /** @returns what is removed, or would be */
  prune({ dryRun = false }: Params<'prune/run'>, signal: AbortSignal): Promise<Result<'prune/run'>> {
    return this.#limit(async () => {
      const { places, absent } = await this.#deps.openPlaces(signal)
      if (places.length === 0) throw absent[0] ?? noDrive()
      const plan: Result<'prune/run'>['plan'][number][] = []
      const heldBack: string[] = []
      let bytes = 0
      for (const place of places) {
        const params = { root: place.root, nowMs: this.#deps.clock(), isDryRun: dryRun }
        const { catalogs } = await this.#run('thin', params, signal)
        for (const each of catalogs) {
          bytes += each.bytes
          if (each.heldBack !== undefined) heldBack.push(`${each.name} on ${place.name}: ${each.heldBack}`)
          for (const { id, action, why } of each.lines) {
            plan.push({ place: place.name, catalog: each.name, backup: id, action, why })
            const row = { placeId: place.id, name: each.name, stamp: id }
            if (!dryRun && action === 'remove') forgetCatalogBackup(this.#deps.journal, row)
          }
        }
      }
      const removed = plan.filter(({ action }) => action === 'remove').length
      const what = `${removed} catalog backup${removed === 1 ? '' : 's'} of ${plan.length}`
      const summary =
        removed === 0
          ? 'Nothing is to be removed.'
          : dryRun
            ? `${what} would be removed. Nothing was.`
            : `${what} removed, by the plan below.`
      return { ok: true, exitCode: 0, summary, dryRun, plan, removed: dryRun ? 0 : removed, bytes, heldBack }
    })
  }

  /** Reads which catalog backups lie at a place into the journal. */
  async learn(place: Pick<OpenPlace, 'id' | 'root'>, signal: AbortSignal): Promise<number> {
    const found = await this.#run('learn', { root: place.root }, signal)
    const { journal, clock } = this.#deps
    replaceCatalogBackups(journal, place.id, found)
    // A newest backup of which a file is gone is none: another one is due there.
    const newest = new Map(found.map((each) => [each.catalog, each]))
    for (const { catalog, isWhole } of newest.values())
      if (!isWhole && existsSync(catalog)) oweCatalog(journal, catalog, [place.id], clock())
    return found.length
  }

  /** Reads a slice of the backups again that nobody has read for long, and of the live catalogs.
   *  @returns undefined when the day's budget is spent */
  scrub(request: CatalogScrubRequest, signal: AbortSignal): Promise<CatalogScrub | undefined> {
    const { journal, clock } = this.#deps
    return this.#limit(() =>
      scrubCatalogs(
        {
          journal,
          clock,
          run: (kind, params, stop) => this.#run(kind, params, stop),
          learn: (place, stop) => this.learn(place, stop),
        },
        request,
        signal,
      ),
    )
  }

  /** What the photographer has chosen, by the newest backup of each catalog at these places; see pickPath for the keys. */
  async picks(places: readonly Pick<OpenPlace, 'root'>[], signal: AbortSignal): Promise<Map<string, number>> {
    const found = await this.#limit(() => this.#run('picks', { roots: places.map(({ root }) => root) }, signal))
    return new Map(found.map(({ path: file, score }) => [file, score]))
  }

  /** Restores the newest backup of a catalog at one place to an empty folder, opens it, and lists the pictures that have edits in it.
   *  @throws COPY_MISSING, COPY_DIFFERS when the backup is not whole */
  rehearse(
    { root }: Pick<OpenPlace, 'root'>,
    name: string,
    to: string,
    signal: AbortSignal,
  ): Promise<{ judgement: Judgement; stamp: string; edited: ReadonlySet<string> }> {
    return this.#limit(async () => {
      const { judgement, backup } = await this.#run('restore', { root, name, to }, signal)
      const edited = await this.#run('edits', { root, name: backup.name }, signal)
      return { judgement, stamp: backup.stamp, edited: new Set(edited) }
    })
  }

  /** The complete sets are counted again: after copying, more may be complete. */
  countAgain(signal: AbortSignal): Promise<void> {
    return this.#reconciler.countAgain(signal)
  }

  async #run<K extends JobName>(
    kind: K,
    params: Omit<CatalogJobs[K]['params'], 'privateParent'>,
    signal: AbortSignal,
    onProgress?: Progress,
  ): Promise<CatalogJobs[K]['result']> {
    if (!this.#isCleared) await clearPrivateFolder(this.#deps.home)
    this.#isCleared = true
    const lookUp = (folder: string, names: readonly string[]) => knownFiles(this.#deps.journal, folder, names)
    const { home, withoutThreads = false } = this.#deps
    const options = { signal, lookUp, inThisThread: withoutThreads, ...(onProgress ? { onProgress } : {}) }
    return runCatalogJob(home, kind, params, options)
  }

  #save(catalog: string, { places: done }: BackUpAnswer, open: readonly OpenPlace[], begunMs: number): void {
    const { journal } = this.#deps
    journal.transaction(() => {
      for (const { root, backup } of done) {
        const placeId = open.find((place) => place.root === root)?.id
        if (placeId === undefined) continue
        saveCatalogBackup(journal, { ...backup, placeId })
        payCatalog(journal, catalog, placeId, begunMs)
      }
      if (done.length > 0) payCatalog(journal, catalog, '', begunMs)
    })
  }

  async #warningsOf(
    catalog: string,
    { staleLock, failures, places: done }: BackUpAnswer,
    places: readonly OpenPlace[],
    signal: AbortSignal,
  ): Promise<string[]> {
    const { volumes, journal } = this.#deps
    const { devices } = await volumes.describe(path.dirname(catalog))
    saveDevicesOfCatalog(journal, catalog, devices)
    const ofPlaces = places
      .filter((place) => sameDisk(devices, place.volume.devices))
      .map(
        (place) => `The catalog and its backups on "${place.name}" lie on the same disk: if it fails, both are gone.`,
      )
    const failed = failures.map(({ root, error }) => {
      const name = places.find((place) => place.root === root)?.name ?? root
      return `No backup on "${name}": ${describeError(receivedError(error, name))}`
    })
    const lock = staleLock
      ? [
          'The lock file of a Lightroom that ended without removing it lies beside the catalog. It was left alone; Lightroom removes it when it opens the catalog.',
        ]
      : []
    const backups = path.join(path.dirname(catalog), 'Backups')
    const isShared = sameDisk(devices, (await volumes.describe(backups)).devices)
    const mirrorTo = isShared
      ? done.flatMap(({ root, backup }) =>
          sameDisk(devices, places.find((place) => place.root === root)?.volume.devices ?? [])
            ? []
            : [{ root, name: backup.name }],
        )
      : []
    const known = listLightroomBackups(journal, catalog)
    const own = await this.#run('lightroom', { catalog, folders: [], known, mirrorTo }, signal)
    journal.transaction(() => {
      for (const { file, judgement } of own.inspected) {
        const backup = own.found.find((each) => each.file === file)
        if (!backup) continue
        const { stamp, sizeBytes } = backup
        const message = judgement.reasons.find(({ weight }) => weight !== 'note')?.message ?? ''
        const row = { file, catalog, stamp, sizeBytes, verdict: judgement.verdict, message }
        saveLightroomBackup(journal, row, this.#deps.clock())
      }
    })
    const rows = listLightroomBackups(journal, catalog)
    return [...ofPlaces, ...failed, ...lock, ...lightroomWarnings(own.found, rows, isShared)]
  }

  /** Places that have a backup of that name, the best one first. */
  async #candidates(
    places: readonly OpenPlace[],
    name: string,
    asOfMs: number | undefined,
    signal: AbortSignal,
  ): Promise<OpenPlace[]> {
    const found: { place: OpenPlace; best: KnownBackup }[] = []
    for (const place of places) {
      const backups = (await this.#run('learn', { root: place.root }, signal)).filter(
        (each) => each.name.toLowerCase() === name.toLowerCase() && (asOfMs === undefined || each.takenMs <= asOfMs),
      )
      const best = backups.findLast(({ verdict }) => verdict === 'good') ?? backups.at(-1)
      if (best) found.push({ place, best })
    }
    const rank = ({ best }: { best: KnownBackup }) =>
      (best.verdict === 'good' ? Number.MAX_SAFE_INTEGER / 2 : 0) + best.takenMs
    return found.sort((a, b) => rank(b) - rank(a)).map(({ place }) => place)
  }

  #placeNames(): Map<string, string> {
    return new Map(
      this.#deps.journal.all('SELECT id, name FROM places').map((row) => [String(row['id']), String(row['name'])]),
    )
  }
}

/** Names that backups of a catalog have at places that may be away, and in buckets. */
function stampsTaken(journal: Journal, catalog: string): string[] {
  const catalogName = path.basename(catalog, path.extname(catalog))
  return listCatalogBackups(journal).flatMap(({ name, stamp }) => (isCalledLike(name, catalogName) ? [stamp] : []))
}

/** What the journal knows of some originals of one folder. */
function knownFiles(journal: Journal, folder: string, names: readonly string[]): Map<string, KnownFile> {
  const known = new Map<string, KnownFile>()
  for (const [name, { hash, sizeBytes, mtimeMs, places }] of originalsIn(journal, path.resolve(folder), names))
    known.set(name, { reference: { hash, sizeBytes, mtimeMs }, verifiedCopies: places.size })
  return known
}

function requireCatalog(catalog: string): void {
  if (path.isAbsolute(catalog) && catalog.toLowerCase().endsWith('.lrcat')) return
  throw usage(`"${catalog}" is not the path of a catalog: it does not end in .lrcat.`)
}

function usage(message: string): SafelightError {
  return new SafelightError('USAGE', { message, remedy: 'See: safelight catalog --help' })
}

function noDrive(): SafelightError {
  return new SafelightError('USAGE', {
    message: 'No drive for copies has been chosen yet, so there is nowhere to keep a catalog backup.',
    remedy: 'Choose one: safelight place add DRIVE',
  })
}

function noBackup(name: string, asOf: string | undefined): SafelightError {
  return new SafelightError('COPY_MISSING', {
    message: `No connected drive and no bucket has a backup of a catalog "${name}"${asOf === undefined ? '' : ` taken by ${asOf}`}. Nothing was restored.`,
    remedy: 'See which there are: safelight catalog list',
  })
}
