// The jobs of job-thread.ts: what each takes, what it answers, and how it is made of this room's parts. Plain data both ways, because it
// crosses a thread.
import { setTimeout as wait } from 'node:timers/promises'
import { SafelightError } from '../errors.js'
import { systemFiles } from '../files/durable.js'
import { chooseHashEngine } from '../files/hash.js'
import { backUpCatalog } from './backup.js'
import { checkCatalog, type CheckResult } from './check.js'
import type { KnownFile } from './classify.js'
import { sendError, type SentError } from './sent-error.js'
import { inspectCopy } from './inspect.js'
import { judgeBackup, type Judgement } from './judge.js'
import {
  findLightroomBackups,
  inspectLightroomBackup,
  mirrorLightroomBackup,
  type LightroomBackup,
} from './lightroom-backups.js'
import { findLightroom } from './lightroom-process.js'
import type { ChosenPicture } from './picks.js'
import { withPrivateFolder, type PrivateCopy } from './private-copy.js'
import type { CatalogState } from './quiet.js'
import type { BackupRecord } from './record.js'
import { referencesFile, writeReferences } from './references.js'
import { chooseBackup, newestOfAny, restoreCatalog } from './restore-catalog.js'
import { discardSnapshot, takeSnapshot, type SnapshotDeps } from './snapshot.js'
import { listCatalogs, type StoredBackup } from './store.js'
import { fetchStored, type StoreDeps } from './stored-file.js'
import { carryOutThinning, planPlace, type PlaceThinning } from './thin.js'
import { runJob as runWorkerJob } from './worker.js'

/** One backup at a place, without its list of files. */
export interface KnownBackup {
  /** Folder below `Catalogs/`. */
  readonly name: string
  readonly stamp: string
  readonly catalog: string
  readonly takenMs: number
  readonly verdict: BackupRecord['verdict']
  readonly reasons: readonly string[]
  readonly counts: Readonly<Record<string, number>>
  readonly hash: string
  readonly state: string
}

export interface BackUpAnswer {
  readonly judgement: Judgement
  readonly takenAtMs: number
  readonly staleLock: boolean
  readonly places: readonly {
    readonly root: string
    readonly kind: 'stored' | 'unchanged'
    readonly backup: KnownBackup
    readonly bytesWritten: number
  }[]
  /** Places that failed while others were completed. */
  readonly failures: readonly { readonly root: string; readonly error: SentError }[]
  /** Where the references were written; left out when the catalog could not be read. */
  readonly references?: string
}

export interface LightroomAnswer {
  readonly found: readonly LightroomBackup[]
  readonly inspected: readonly { readonly file: string; readonly judgement: Judgement }[]
  readonly mirrored: number
}

export interface RestoreAnswer {
  readonly backup: KnownBackup
  readonly catalog: string
  readonly written: readonly string[]
  readonly alreadyThere: readonly string[]
  readonly movedAway: readonly { readonly from: string; readonly to: string }[]
  readonly staleLock: boolean
  /** Of the restored files, opened. */
  readonly judgement: Judgement
}

interface Base {
  /** Where private copies are made; the job's own. */
  readonly privateParent: string
}

export interface CatalogJobs {
  backUp: {
    params: Base & {
      readonly home: string
      readonly catalog: string
      readonly roots: readonly string[]
      readonly isFallAccepted: boolean
      readonly settleMs: number
    }
    result: BackUpAnswer
  }
  check: {
    params: Base & {
      readonly catalog: string
      readonly withPlaces: boolean
      readonly settleMs: number
      /** Where backups lie, for a catalog that is open. */
      readonly roots: readonly string[]
      readonly budgetMs?: number
    }
    result: CheckResult & {
      /** Set when the catalog is open and a backup was looked at in its stead. */
      readonly asOfMs?: number
    }
  }
  restore: {
    params: Base & {
      readonly root: string
      readonly name: string
      readonly asOfMs?: number
      readonly to: string
    }
    result: RestoreAnswer
  }
  /** Pictures with develop settings in the newest backup of a catalog at a place, by pickPath. */
  edits: { params: Base & { readonly root: string; readonly name: string }; result: readonly string[] }
  learn: { params: Base & { readonly root: string }; result: readonly KnownBackup[] }
  /** Of the newest backup of each catalog at any of these places. */
  picks: { params: Base & { readonly roots: readonly string[] }; result: readonly ChosenPicture[] }
  lightroom: {
    params: Base & {
      readonly catalog: string
      readonly folders: readonly string[]
      /** Files that were opened before, with their sizes then. */
      readonly known: readonly { readonly file: string; readonly sizeBytes: number }[]
      /** Where to mirror them to: place root and the catalog's folder name there. */
      readonly mirrorTo: readonly { readonly root: string; readonly name: string }[]
    }
    result: LightroomAnswer
  }
  thin: {
    params: Base & { readonly root: string; readonly nowMs: number; readonly isDryRun: boolean }
    result: PlaceThinning
  }
}

export type JobName = keyof CatalogJobs

export interface JobTools {
  readonly signal: AbortSignal
  readonly onProgress: (done: number, all: number) => void
  readonly lookUp: (paths: readonly string[]) => Promise<ReadonlyMap<string, KnownFile>>
}

type Run<K extends JobName> = (params: CatalogJobs[K]['params'], tools: JobTools) => Promise<CatalogJobs[K]['result']>

const JOBS: { readonly [K in JobName]: Run<K> } = { backUp, check, restore, edits, learn, picks, lightroom, thin }

export function runJob<K extends JobName>(
  kind: K,
  params: CatalogJobs[K]['params'],
  tools: JobTools,
): Promise<CatalogJobs[K]['result']> {
  return JOBS[kind](params, tools)
}

async function backUp(
  { home, catalog, roots, isFallAccepted, settleMs, privateParent }: CatalogJobs['backUp']['params'],
  { signal }: JobTools,
): Promise<BackUpAnswer> {
  let references: string | undefined
  const done = await backUpCatalog(systemDeps(), catalog, {
    roots,
    privateParent,
    isFallAccepted,
    settleMs,
    signal,
    async onStored(snapshot, { verdict }) {
      const hash = snapshot.parts[0]?.hash
      if (verdict === 'bad' || hash === undefined) return
      references = referencesFile(home, hash)
      await writeReferences(snapshot.copy, catalog, references, signal)
    },
  })
  const state = stateOfLive(done.state)
  return {
    judgement: done.judgement,
    takenAtMs: done.takenAtMs,
    staleLock: done.staleLock !== undefined,
    places: done.places.map(({ root, result }) => ({
      root,
      kind: result.kind,
      backup: { ...knownBackup(result.backup), state },
      bytesWritten: result.kind === 'stored' ? result.bytesWritten : 0,
    })),
    failures: done.failures.map(({ root, error }) => ({ root, error: sendError(error) })),
    ...(references === undefined ? {} : { references }),
  }
}

async function check(
  { catalog, withPlaces, settleMs, roots, budgetMs, privateParent }: CatalogJobs['check']['params'],
  { signal, onProgress, lookUp }: JobTools,
): Promise<CatalogJobs['check']['result']> {
  const run = (copy: PrivateCopy) =>
    checkCatalog({ lookUp, now: Date.now }, copy, {
      catalog,
      withPlaces,
      signal,
      onProgress,
      ...(budgetMs === undefined ? {} : { budgetMs }),
    })
  try {
    const snapshot = await takeSnapshot(catalog, systemDeps(), { privateParent, settleMs, signal })
    try {
      return await run(snapshot.copy)
    } finally {
      await discardSnapshot(snapshot)
    }
  } catch (error) {
    if (!(error instanceof SafelightError) || error.code !== 'CATALOG_IN_USE') throw error
    const backup = newestBackupOf(catalog, roots)
    if (!backup) throw noBackupYet(error)
    return withPrivateFolder(privateParent, async (copy) => {
      await unpack(backup, copy, signal)
      return { ...(await run(copy)), asOfMs: Date.parse(backup.record.takenAt) }
    })
  }
}

async function restore(
  { root, name, asOfMs, to, privateParent }: CatalogJobs['restore']['params'],
  { signal }: JobTools,
): Promise<RestoreAnswer> {
  const folder = listCatalogs(systemFiles, root).find((each) => each.name.toLowerCase() === name.toLowerCase())
  const backup = folder && (chooseBackup(folder, asOfMs) ?? newestOfAny(folder, asOfMs))
  if (!backup)
    throw new SafelightError('COPY_MISSING', {
      message: `There is no backup of a catalog "${name}"${asOfMs === undefined ? '' : ' as old as that'} here. Nothing was restored.`,
      remedy: 'See which there are: safelight catalog list',
    })
  const deps = systemDeps()
  const { catalog, written, alreadyThere, movedAway, staleLock } = await restoreCatalog(deps, backup, to, signal)
  // Opened from a copy: SQLite would write beside the restored files.
  const judgement = await withPrivateFolder(privateParent, async (copy) => {
    await unpack(backup, copy, signal, to)
    return judgeBackup({ facts: await inspectCopy(copy, { isThorough: true }, signal) })
  })
  return {
    backup: knownBackup(backup),
    catalog,
    written,
    alreadyThere,
    movedAway,
    staleLock: staleLock !== undefined,
    judgement,
  }
}

async function edits(
  { root, name, privateParent }: CatalogJobs['edits']['params'],
  { signal }: JobTools,
): Promise<readonly string[]> {
  const folder = listCatalogs(systemFiles, root).find((each) => each.name === name)
  const backup = folder && (chooseBackup(folder) ?? newestOfAny(folder))
  if (!backup) return []
  return withPrivateFolder(privateParent, async (copy) => {
    await unpack(backup, copy, signal)
    return runWorkerJob<string[]>({ kind: 'edits', copy }, signal)
  })
}

function learn({ root }: CatalogJobs['learn']['params']): Promise<readonly KnownBackup[]> {
  return Promise.resolve(listCatalogs(systemFiles, root).flatMap(({ backups }) => backups.map(knownBackup)))
}

async function picks(
  { roots, privateParent }: CatalogJobs['picks']['params'],
  { signal }: JobTools,
): Promise<readonly ChosenPicture[]> {
  const newest = new Map<string, StoredBackup>()
  for (const { backups } of roots.flatMap((root) => listCatalogs(systemFiles, root)))
    for (const backup of backups) {
      const { catalog, takenAt, verdict } = backup.record
      const known = newest.get(catalog)
      if (verdict !== 'bad' && (!known || known.record.takenAt < takenAt)) newest.set(catalog, backup)
    }
  const found: ChosenPicture[] = []
  for (const backup of newest.values())
    await withPrivateFolder(privateParent, async (copy) => {
      await unpack(backup, copy, signal)
      found.push(...(await runWorkerJob<ChosenPicture[]>({ kind: 'picks', copy }, signal)))
    })
  return found
}

/** How many of Lightroom's own backups are opened in one go, newest first: each is unpacked as a whole. */
const INSPECTED_AT_ONCE = 2
/** How many of them a place keeps a mirror of, newest first. */
const MIRRORED = 3

async function lightroom(
  { catalog, folders, known, mirrorTo, privateParent }: CatalogJobs['lightroom']['params'],
  { signal }: JobTools,
): Promise<LightroomAnswer> {
  const found = await findLightroomBackups(catalog, folders)
  const newestFirst = [...found].reverse()
  const isKnown = ({ file, sizeBytes }: LightroomBackup) =>
    known.some((each) => each.file === file && each.sizeBytes === sizeBytes)
  const inspected: LightroomAnswer['inspected'][number][] = []
  for (const backup of newestFirst.filter((each) => !isKnown(each)).slice(0, INSPECTED_AT_ONCE)) {
    const { judgement } = await inspectLightroomBackup(backup, privateParent, undefined, signal)
    inspected.push({ file: backup.file, judgement })
  }
  let mirrored = 0
  for (const { root, name } of mirrorTo)
    for (const backup of newestFirst.slice(0, MIRRORED))
      if (await mirrorLightroomBackup(systemDeps(), root, name, backup, signal)) mirrored += 1
  return { found, inspected, mirrored }
}

function thin({ root, nowMs, isDryRun }: CatalogJobs['thin']['params'], { signal }: JobTools): Promise<PlaceThinning> {
  const plan = planPlace(systemFiles, root, nowMs)
  if (!isDryRun) carryOutThinning(systemFiles, plan, signal)
  return Promise.resolve(plan)
}

/** Sizes and dates of the files that make up a catalog, as one text to compare. A -journal that holds nothing does not count. */
export function stateText(
  parts: readonly { readonly role: string; readonly sizeBytes: number; readonly modifiedMs: number }[],
): string {
  return parts
    .filter(({ role, sizeBytes }) => role === 'catalog' || (role === 'wal' && sizeBytes > 0))
    .map(({ role, sizeBytes, modifiedMs }) => `${role} ${sizeBytes} ${Math.floor(modifiedMs)}`)
    .join(', ')
}

function stateOfLive({ main, wal }: CatalogState): string {
  return stateText([
    ...(main ? [{ role: 'catalog', sizeBytes: main.sizeBytes, modifiedMs: main.mtimeMs }] : []),
    ...(wal ? [{ role: 'wal', sizeBytes: wal.sizeBytes, modifiedMs: wal.mtimeMs }] : []),
  ])
}

function knownBackup({ folder, stamp, record }: StoredBackup): KnownBackup {
  const main = record.files.find(({ role }) => role === 'catalog')
  return {
    name: folder.split(/[/\\]/).at(-2) ?? record.name,
    stamp,
    catalog: record.catalog,
    takenMs: Date.parse(record.takenAt),
    verdict: record.verdict,
    reasons: record.reasons.filter(({ weight }) => weight !== 'note').map(({ message }) => message),
    counts: { ...record.counts },
    hash: main?.hash ?? '',
    state: stateText(
      record.files.map(({ role, sizeBytes, modifiedAt }) => ({ role, sizeBytes, modifiedMs: Date.parse(modifiedAt) })),
    ),
  }
}

/** The newest one that can be read. */
function newestBackupOf(catalog: string, roots: readonly string[]): StoredBackup | undefined {
  return roots
    .flatMap((root) => listCatalogs(systemFiles, root).flatMap(({ backups }) => backups))
    .filter(({ record }) => record.catalog === catalog && record.verdict !== 'bad')
    .sort((a, b) => Date.parse(a.record.takenAt) - Date.parse(b.record.takenAt))
    .at(-1)
}

/** Puts the database of a backup into a private folder.
 *  @param from  where it was restored to; unpacked from the place when left out */
async function unpack(backup: StoredBackup, copy: PrivateCopy, signal: AbortSignal, from?: string): Promise<void> {
  const suffix = { catalog: '', wal: '-wal', journal: '-journal' } as const
  for (const part of backup.record.files) {
    const isPacked = from === undefined && part.storedAs.endsWith('.gz')
    const source = from === undefined ? `${backup.folder}/${part.storedAs}` : `${from}/${part.name}`
    await fetchStored(systemDeps(), source, `${copy.file}${suffix[part.role]}`, {
      isPacked,
      mustHash: part.hash,
      signal,
    })
  }
}

function systemDeps(): SnapshotDeps & StoreDeps {
  return {
    files: systemFiles,
    hash: chooseHashEngine(),
    findLightroom,
    now: Date.now,
    wait: (ms, signal) => wait(ms, undefined, signal ? { signal } : {}),
  }
}

function noBackupYet(cause: SafelightError): SafelightError {
  return new SafelightError('CATALOG_IN_USE', {
    message: `${cause.message} There is no earlier backup of it on a connected drive that could be looked at in its stead.`,
    remedy: 'Quit Lightroom once with a backup drive connected; from then on the check works while Lightroom is open.',
    cause,
  })
}
