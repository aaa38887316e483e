// Reading catalog backups again before what is known of them is too old: each file of a place by its own age, from the device, in slices, so
// that 150 GB of .lrcat-data come round in days and a file of many backups is read once. And the live catalog, where it looks as its last
// backup saw it: its bytes against the hashes of that backup. Memory holds one buffer.
import path from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { systemCode } from '../errors.js'
import { sliceOf } from '../files/slice.js'
import type { Hash } from '../model.js'
import { dataFolderOf, lookAtCatalog, readLock } from './live.js'
import { firstDifference, isCatalogQuiet, type CatalogState, type FileState } from './quiet.js'
import { isoOf } from './record.js'
import { listCatalogs } from './store.js'
import { readBack, type StoreDeps } from './stored-file.js'
import { setAside, storedFilesOf, type StoredBackup } from './wholeness.js'

export interface KnownProof {
  /** Below the place's root with forward slashes; of a live catalog absolute. */
  readonly path: string
  readonly hash: Hash
  readonly provenMs: number
}

export interface ReadAgainLimits {
  /** What was last right before this time is read. */
  readonly dueMs: number
  /** The time that a proof gets. */
  readonly nowMs: number
  readonly budgetMs: number
  /** At least one file is read, however large. */
  readonly budgetBytes: number
}

export interface ReadAgainResult {
  readonly fresh: readonly KnownProof[]
  /** Files that read otherwise, or that the device does not give out. */
  readonly findings: readonly ReadFinding[]
  readonly bytesRead: number
}

export interface ReadFinding {
  readonly path: string
  readonly name: string
  readonly kind: 'differs' | 'unreadable'
}

export interface PlaceReadAgain extends ReadAgainResult {
  /** Of every backup when all of it was last right; absent when a file of it is not there or reads otherwise. */
  readonly backups: readonly { readonly name: string; readonly stamp: string; readonly provenMs?: number }[]
  /** Paths of known proofs that no backup lists any more. */
  readonly gone: readonly string[]
}

interface Subject extends KnownProof {
  /** As the record names it. */
  readonly name: string
  /** Absolute. */
  readonly file: string
  readonly sizeBytes: number
}

export interface ReadAgainDeps extends StoreDeps {
  /** Milliseconds that never go back. */
  readonly elapsed: () => number
}

/** @param marker  a file that is there as long as the place is: nothing is concluded without it
 *  @throws the system's error when a file that reads otherwise cannot be set aside */
export async function readPlaceAgain(
  deps: ReadAgainDeps,
  { root, marker, known }: { readonly root: string; readonly marker: string; readonly known: readonly KnownProof[] },
  limits: ReadAgainLimits,
  signal?: AbortSignal,
): Promise<PlaceReadAgain> {
  const backups = newestFirst(deps, root)
  const subjects = subjectsAt(deps, root, backups)
  const read = await readDue(deps, [...subjects.values()], known, limits, signal)
  const isHere = deps.files.stat(marker) !== undefined
  const findings = isHere ? read.findings : []
  for (const { path: at, kind } of findings) {
    // Out of the way, so that the next backup puts a good one there, and kept for whoever wants to look at it.
    if (kind === 'differs') setAside(deps.files, path.join(root, ...at.split('/')))
  }
  const bad = new Set(read.findings.map((finding) => finding.path))
  return {
    fresh: isHere ? read.fresh : [],
    findings,
    bytesRead: read.bytesRead,
    backups: backups.map((backup) => {
      const paths = storedFilesOf(backup).map(({ file }) => pathBelow(root, file))
      const proofs = paths.map((each) => (bad.has(each) ? undefined : read.lastRight.get(each)))
      const isWhole = proofs.every((each) => each !== undefined)
      const which = { name: path.basename(path.dirname(backup.folder)), stamp: backup.stamp }
      return isWhole ? { ...which, provenMs: Math.min(...proofs) } : which
    }),
    gone: known.map((proof) => proof.path).filter((each) => !subjects.has(each)),
  }
}

export type LiveReadAgain =
  /** Lightroom has it, or it is not as its backup saw it: a new backup says more. */
  | { readonly kind: 'busy' | 'changed' }
  | (ReadAgainResult & {
      readonly kind: 'read'
      readonly hash: Hash
      /** When all of it was last right. */
      readonly provenMs: number
    })

/** @param backup  the newest good one of this catalog */
export async function readLiveAgain(
  deps: ReadAgainDeps & { readonly findLightroom: () => Promise<readonly number[] | 'unknown'> },
  { catalog, backup, known }: { catalog: string; backup: StoredBackup; known: readonly KnownProof[] },
  limits: ReadAgainLimits,
  signal?: AbortSignal,
): Promise<LiveReadAgain> {
  const before = await lookAtCatalog(catalog)
  const subjects = before.main && liveSubjects(catalog, before, backup)
  if (!subjects) return { kind: 'changed' }
  const isQuiet = async (after: CatalogState): Promise<boolean> => {
    const [lightroom, lock] = [await deps.findLightroom(), await readLock(catalog)]
    return isCatalogQuiet({ lightroom, lock, before, after }).kind === 'quiet'
  }
  if (!(await isQuiet(before))) return { kind: 'busy' }
  const { fresh, findings, bytesRead, lastRight } = await readDue(deps, subjects, known, limits, signal)
  const after = await lookAtCatalog(catalog)
  if (firstDifference(before, after) !== undefined) return { kind: 'changed' }
  if (!(await isQuiet(after))) return { kind: 'busy' }
  const hash = subjects[0]?.hash ?? ''
  return { kind: 'read', fresh, findings, bytesRead, hash, provenMs: Math.min(...lastRight.values()) }
}

/** Of each catalog the newest backup before the earlier ones of any. */
function newestFirst({ files }: StoreDeps, root: string): StoredBackup[] {
  return listCatalogs(files, root)
    .flatMap(({ backups }) => [...backups].reverse().map((backup, age) => ({ backup, age })))
    .sort((a, b) => a.age - b.age)
    .map(({ backup }) => backup)
}

/** Every file once, with the time at which it was stored. What is not there in its size is no subject: the listing has called it so. */
function subjectsAt({ files }: StoreDeps, root: string, backups: readonly StoredBackup[]): Map<string, Subject> {
  const subjects = new Map<string, Subject>()
  for (const backup of backups) {
    const takenMs = Date.parse(backup.record.takenAt)
    for (const stored of storedFilesOf(backup)) {
      const at = pathBelow(root, stored.file)
      const before = subjects.get(at)
      // A file of several backups came with the first of them.
      if (before) subjects.set(at, { ...before, provenMs: Math.min(before.provenMs, takenMs) })
      else if (files.stat(stored.file)?.sizeBytes === stored.sizeBytes)
        subjects.set(at, { ...stored, path: at, provenMs: takenMs })
    }
  }
  return subjects
}

/** @returns undefined when the live catalog is not what this backup is of */
function liveSubjects(catalog: string, state: CatalogState, { record }: StoredBackup): Subject[] | undefined {
  const provenMs = Date.parse(record.takenAt)
  const subjects: Subject[] = []
  const isSame = (live: FileState | undefined, sizeBytes: number, modifiedAt: string): boolean =>
    live?.sizeBytes === sizeBytes && isoOf(live.mtimeMs) === modifiedAt
  for (const { role, name, sizeBytes, hash, modifiedAt } of record.files) {
    const live = { catalog: state.main, wal: state.wal, journal: state.journal }[role]
    if (!isSame(live, sizeBytes, modifiedAt)) return undefined
    const file = { catalog, wal: `${catalog}-wal`, journal: `${catalog}-journal` }[role]
    subjects.push({ path: file, name, file, sizeBytes, hash, provenMs })
  }
  const hasWal = record.files.some(({ role }) => role === 'wal')
  if (!hasWal && (state.wal?.sizeBytes ?? 0) > 0) return undefined
  if ((state.data?.size ?? 0) !== (record.data?.length ?? 0)) return undefined
  for (const { name, sizeBytes, hash, modifiedAt } of record.data ?? []) {
    if (!isSame(state.data?.get(name), sizeBytes, modifiedAt)) return undefined
    const file = path.join(dataFolderOf(catalog), ...name.split('/'))
    subjects.push({ path: file, name, file, sizeBytes, hash, provenMs })
  }
  return subjects
}

async function readDue(
  deps: ReadAgainDeps,
  subjects: readonly Subject[],
  known: readonly KnownProof[],
  { dueMs, nowMs, budgetMs, budgetBytes }: ReadAgainLimits,
  signal: AbortSignal | undefined,
): Promise<ReadAgainResult & { readonly lastRight: ReadonlyMap<string, number> }> {
  const begun = deps.elapsed()
  const proofs = new Map(known.map((proof) => [proof.path, proof]))
  const lastRight = new Map<string, number>()
  const [fresh, findings]: [KnownProof[], ReadFinding[]] = [[], []]
  let bytesRead = 0
  const due = subjects.filter(({ path: at, hash, provenMs }) => {
    const proof = proofs.get(at)
    const latest = proof?.hash === hash ? Math.max(proof.provenMs, provenMs) : provenMs
    lastRight.set(at, latest)
    return latest < dueMs || latest > nowMs + DAY_MS
  })
  for (const { path: at, name, file, sizeBytes, hash } of sliceOf(due, budgetBytes)) {
    if (deps.elapsed() - begun >= budgetMs) break
    // Reading blocks this thread; between two files it hears whether it is to stop.
    await turn()
    signal?.throwIfAborted()
    const kind = look(deps, file, hash)
    bytesRead += sizeBytes
    if (kind === 'same') {
      fresh.push({ path: at, hash, provenMs: nowMs })
      lastRight.set(at, nowMs)
    } else findings.push({ path: at, name, kind })
  }
  return { fresh, findings, bytesRead, lastRight }
}

/** One that is of the future was made by a clock that has been set back since. */
const DAY_MS = 24 * 60 * 60 * 1000

/** What reads otherwise is read once more: a cable can err too. */
function look(deps: StoreDeps, file: string, hash: Hash): 'same' | ReadFinding['kind'] {
  try {
    const isSame = readBack(deps, file).bytes.hash === hash || readBack(deps, file).bytes.hash === hash
    return isSame ? 'same' : 'differs'
  } catch (error) {
    if (systemCode(error) === '') throw error
    return 'unreadable'
  }
}

function pathBelow(root: string, file: string): string {
  return path.relative(root, file).split(path.sep).join('/')
}
