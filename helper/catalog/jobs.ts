// How each job of job-thread.ts is made of this room's parts.
import { SafelightError } from '../errors.js'
import { systemFiles } from '../files/durable.js'
import { backUpCatalog } from './backup.js'
import { checkCatalog } from './check.js'
import { inspectCopy } from './inspect.js'
import type {
  BackUpAnswer,
  CatalogJobs,
  JobName,
  JobTools,
  KnownBackup,
  LightroomAnswer,
  RestoreAnswer,
} from './job-kinds.js'
import { judgeBackup } from './judge.js'
import { knownBackup, newestBackupOf, stateOfLive, systemDeps, unpack } from './known-backup.js'
import {
  findLightroomBackups,
  inspectLightroomBackup,
  mirrorLightroomBackup,
  type LightroomBackup,
} from './lightroom-backups.js'
import type { ChosenPicture } from './picks.js'
import { withPrivateFolder, type PrivateCopy } from './private-copy.js'
import { readLiveAgain, readPlaceAgain } from './read-again.js'
import { referencesFile, writeReferences } from './references.js'
import { chooseBackup, newestOfAny, restoreCatalog } from './restore-catalog.js'
import { sendError } from './sent-error.js'
import { discardSnapshot, takeSnapshot } from './snapshot.js'
import { listCatalogs } from './store.js'
import { carryOutThinning, planPlace, type PlaceThinning } from './thin.js'
import type { StoredBackup } from './wholeness.js'
import { runJob as runWorkerJob } from './worker.js'

type Run<K extends JobName> = (params: CatalogJobs[K]['params'], tools: JobTools) => Promise<CatalogJobs[K]['result']>

const JOBS: { readonly [K in JobName]: Run<K> } = {
  backUp,
  check,
  restore,
  edits,
  learn,
  picks,
  lightroom,
  thin,
  readPlace,
  readLive,
}

export function runJob<K extends JobName>(
  kind: K,
  params: CatalogJobs[K]['params'],
  tools: JobTools,
): Promise<CatalogJobs[K]['result']> {
  return JOBS[kind](params, tools)
}

async function backUp(
  { home, catalog, roots, taken, isFallAccepted, settleMs, privateParent }: CatalogJobs['backUp']['params'],
  { signal }: JobTools,
): Promise<BackUpAnswer> {
  let references: string | undefined
  const done = await backUpCatalog(systemDeps(), catalog, {
    roots,
    taken,
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
  { catalog, withPlaces, settleMs, roots, options, privateParent }: CatalogJobs['check']['params'],
  { signal, onProgress, lookUp }: JobTools,
): Promise<CatalogJobs['check']['result']> {
  const run = (copy: PrivateCopy) =>
    checkCatalog({ lookUp, now: Date.now }, copy, {
      catalog,
      withPlaces,
      signal,
      onProgress,
      ...options,
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

function readPlace(
  { root, marker, known, limits }: CatalogJobs['readPlace']['params'],
  { signal }: JobTools,
): Promise<CatalogJobs['readPlace']['result']> {
  return readPlaceAgain({ ...systemDeps(), elapsed: () => performance.now() }, { root, marker, known }, limits, signal)
}

function readLive(
  { catalog, roots, known, limits }: CatalogJobs['readLive']['params'],
  { signal }: JobTools,
): Promise<CatalogJobs['readLive']['result']> {
  const backup = newestBackupOf(catalog, roots)
  if (backup?.record.verdict !== 'good') return Promise.resolve({ kind: 'changed' })
  return readLiveAgain(
    { ...systemDeps(), elapsed: () => performance.now() },
    { catalog, backup, known },
    limits,
    signal,
  )
}

function noBackupYet(cause: SafelightError): SafelightError {
  return new SafelightError('CATALOG_IN_USE', {
    message: `${cause.message} There is no earlier backup of it on a connected drive that could be looked at in its stead.`,
    remedy: 'Quit Lightroom once with a backup drive connected; from then on the check works while Lightroom is open.',
    cause,
  })
}
